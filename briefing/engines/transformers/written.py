"""What a model wrote, from tokens to an answer: thoughts out, an end at a stop string, odds of the first token."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from briefing.engines.odds import ALTERNATIVES, odds
from briefing.engines.thoughts import is_mark, spoken, without_thoughts

__all__ = ["AtEnd", "Reader", "first_odds"]

_TAIL = 24
"""Tokens that are looked at for a stop string after each one; most stop strings are one or two."""


class Reader:
    """Turns tokens into text."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def text(self, tokens: Sequence[int]) -> str:
        """The text of `tokens` without special ones, except those that mark thoughts (Magistral's, gpt-oss's are)."""
        marked = not self._marks.isdisjoint(tokens)
        if marked:
            tokens = [token for token in tokens if token not in self._special or token in self._marks]
        return str(self._tokenizer.decode(tokens, skip_special_tokens=not marked, clean_up_tokenization_spaces=False))

    @cached_property
    def _special(self) -> frozenset[int]:
        added = self._tokenizer.added_tokens_decoder
        return frozenset(
            {number for number, token in added.items() if token.special} | {*self._tokenizer.all_special_ids}
        )

    @cached_property
    def _marks(self) -> frozenset[int]:
        return frozenset(
            number for number in self._special if is_mark(str(self._tokenizer.convert_ids_to_tokens(number)))
        )


class AtEnd:
    """Ends each answer of a batch at a stop string, or when it has its tokens.

    transformers' own stop strings would end thoughts, and at once an answer that begins with a blank line; and its
    limit counts the thoughts, for which there must be room.
    """

    def __init__(self, reader: Reader, start: int, opened: Sequence[str], stops: tuple[str, ...], most: int) -> None:
        """`start`: tokens of the padded prompts; `opened`: the marks that each prompt ends with (`left_open`); `most`:
        tokens of an answer.
        """
        self._reader, self._start, self._opened, self._stops, self._most = reader, start, opened, stops, most
        self._began: dict[int, int] = {}
        self.cut: set[int] = set()
        """Rows that had all their tokens and were not at their end."""

    def __call__(self, ids: Any, scores: Any, **_: Any) -> Any:
        """Which of the rows of `ids` are over."""
        import torch

        rows = ids[:, self._start :].tolist()
        return torch.tensor([self._is_over(*row) for row in enumerate(rows)], dtype=torch.bool, device=ids.device)

    def _is_over(self, place: int, row: list[int]) -> bool:
        if place not in self._began:
            if not without_thoughts(self._opened[place] + self._reader.text(row)).strip():
                return False
            self._began[place] = len(row) - 1
        tail = self._reader.text(row[-_TAIL:])
        if any(stop in tail for stop in self._stops):
            said, stopped = spoken(self._opened[place] + self._reader.text(row), self._stops)
            if not said.strip():  # what looked like an answer was a thought that no mark had opened
                del self._began[place]
            if stopped:
                return True
        if len(row) - self._began.get(place, len(row)) >= self._most:
            self.cut.add(place)
        return place in self.cut


def first_odds(tokenizer: Any, choices: tuple[str, ...], logits: Any) -> tuple[float, ...]:
    """Shares of `choices` by one row of `logits` over the vocabulary (`odds`)."""
    import torch

    likely = torch.log_softmax(logits.float(), dim=-1).topk(min(ALTERNATIVES, logits.shape[-1]))
    pairs = zip(likely.indices.tolist(), likely.values.tolist(), strict=True)
    return odds(
        choices, {"top_logprobs": [{"token": tokenizer.decode([one]), "logprob": value} for one, value in pairs]}
    )
