"""When the engine `transformers` ends an answer, and at which token it weighs one: letters for tokens, no model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from briefing.engines.transformers.decoding import Decoder, StopCriterion, first_word_probabilities

pytestmark = pytest.mark.slow  # importing PyTorch takes seconds

END = 0


class Letters:
    """A tokeniser whose tokens are letters; it counts those that it was asked to put together."""

    added_tokens_decoder: Mapping[int, Any] = {}
    all_special_ids = (END,)

    def __init__(self) -> None:
        self.decoded = 0

    def decode(self, tokens: Sequence[int], **_: bool) -> str:
        self.decoded += len(tokens)
        return "".join(chr(token) for token in tokens if token != END)

    def convert_ids_to_tokens(self, token: int) -> str:
        return chr(token)


def write(
    *rows: str, stops: tuple[str, ...] = (), most: int = 20, opened: str = ""
) -> tuple[list[str], StopCriterion, int]:
    """What is written of each row until all are over, as `generate` would; those that are over are padded."""
    import torch

    letters = Letters()
    end = StopCriterion(Decoder(letters), 0, [opened] * len(rows), stops=stops, ends={END}, most=most)
    written: list[list[int]] = [[] for _ in rows]
    over = [False] * len(rows)
    for place in range(max(map(len, rows)) + 1):
        for row, tokens, done in zip(rows, written, over, strict=True):
            tokens.append(END if done else ord(f"{row}\0"[place]))
        over = end(torch.tensor(written), None).tolist()
        if all(over):
            break
    return [letters.decode(tokens) for tokens in written], end, letters.decoded


def test_answers_end_at_their_own_token_limit() -> None:
    rows = ("Yes.", "One.\n\nTwo.", "An answer that has nineteen", "An answer that is exactly", "No\0")
    texts, end, _ = write(*rows, stops=("\n\n",), most=25)
    assert texts == ["Yes.", "One.\n\n", rows[2][:25], rows[3], "No"]
    assert end.truncated == {2, 3}
    alone = [write(row, stops=("\n\n",), most=25)[1].truncated for row in rows]
    assert alone == [set(), set(), {0}, {0}, set()]


@pytest.mark.parametrize("opened", ["", "<think>"])
def test_long_reasoning_is_decoded_once(opened: str) -> None:
    mark = "" if opened else "<think>"
    said = mark + "Hm, hm.\n\n" * 300 + "</think>\n\nA bridge.\n\nMore."
    (text,), end, decoded = write(said, stops=("\n\n",), most=20, opened=opened)
    assert text == said.removesuffix("More.")
    assert not end.truncated
    assert decoded < 60 * len(said)


@pytest.mark.parametrize(
    "thought",
    [
        "<think>Hm.\n\n</think>\n\n",
        f"<think>Hm.{' ' * 60}</think>{' ' * 60}",
        "[THINK]A thought that has far more than twenty letters.[/THINK]",
        "<seed:think>Hm.</seed:think>",
        "Hm.</think>\n\n",
    ],
)
def test_an_answer_has_its_tokens_behind_a_thought_whose_marks_are_many_tokens(thought: str) -> None:
    (text,), end, _ = write(f"{thought}A bridge will be built here.", stops=("\n\n",), most=20)
    assert text == f"{thought}A bridge will be bui"
    assert end.truncated == {0}


def step(**likely: float) -> Any:
    """Logits over the letters."""
    import torch

    row = torch.full((128,), -99.0)
    for letter, share in likely.items():
        row[ord(letter)] = math.log(share)
    return row


@pytest.mark.parametrize(
    ("said", "odds"),
    [
        ("y", (0.75, 0.25)),
        ("**y**", (0.75, 0.25)),
        ("\n y", (0.75, 0.25)),
        ("Ty", ()),  # "The ..."
        ("**", ()),
        ("", ()),
    ],
)
def test_the_odds_are_those_at_the_answers_first_word(said: str, odds: tuple[float, ...]) -> None:
    steps = [step(y=0.6, n=0.2) if letter.isalpha() else step(y=0.1, n=0.3) for letter in said]
    tokens = [ord(letter) for letter in said]
    assert first_word_probabilities(Letters(), ("yes", "no"), tokens, [*steps, step(n=1.0)]) == pytest.approx(odds)
