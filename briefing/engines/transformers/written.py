"""What a model wrote, from tokens to an answer: thoughts out, an end at a stop string, odds of the first token."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from briefing.engines.odds import ALTERNATIVES, odds
from briefing.engines.thoughts import is_mark, spoken

__all__ = ["AtStop", "Reader", "first_odds"]

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


class AtStop:
    """Ends each answer of a batch at one of its stop strings: transformers' own would end thoughts, and at once an
    answer that begins with a blank line.
    """

    def __init__(self, reader: Reader, start: int, opened: Sequence[str], stops: tuple[str, ...]) -> None:
        """`start`: tokens of the padded prompts; `opened`: the marks that each prompt ends with (`left_open`)."""
        self._reader, self._start, self._opened, self._stops = reader, start, opened, stops

    def __call__(self, ids: Any, scores: Any, **_: Any) -> Any:
        """Which of the rows of `ids` have come to their end."""
        import torch

        rows = ids[:, self._start :].tolist()
        over = [self._is_over(row, opened) for row, opened in zip(rows, self._opened, strict=True)]
        return torch.tensor(over, dtype=torch.bool, device=ids.device)

    def _is_over(self, row: list[int], opened: str) -> bool:
        tail = self._reader.text(row[-_TAIL:])
        return any(stop in tail for stop in self._stops) and spoken(opened + self._reader.text(row), self._stops)[1]


def first_odds(tokenizer: Any, choices: tuple[str, ...], logits: Any) -> tuple[float, ...]:
    """Shares of `choices` by one row of `logits` over the vocabulary (`odds`)."""
    import torch

    likely = torch.log_softmax(logits.float(), dim=-1).topk(min(ALTERNATIVES, logits.shape[-1]))
    pairs = zip(likely.indices.tolist(), likely.values.tolist(), strict=True)
    return odds(
        choices, {"top_logprobs": [{"token": tokenizer.decode([one]), "logprob": value} for one, value in pairs]}
    )
