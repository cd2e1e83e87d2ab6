"""What a model wrote, from tokens to an answer: thoughts out, an end at a stop string, odds of the first word."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from briefing.engines.output import (
    TOP_LOGPROBS,
    begins_choice,
    choice_probabilities,
    cut_at_stop,
    has_reasoning,
    is_reasoning_mark,
    is_word,
    strip_reasoning,
    unclosed_mark,
)

__all__ = ["Decoder", "StopCriterion", "first_word_probabilities"]

_TAIL = 24
"""Tokens that are looked at after each one, for a stop string or the mark of a thought; most are one or two."""


class Decoder:
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
            number for number in self._special if is_reasoning_mark(str(self._tokenizer.convert_ids_to_tokens(number)))
        )


@dataclass(slots=True)
class _Seen:
    """What is known of a row that is being written."""

    opened: str
    """The mark of the thought that it is in, or that its prompt has opened; empty where there is none."""
    read: int = 0
    """Tokens that are known to be thoughts or blanks, and are not looked at again."""
    began: int | None = None
    """Tokens before the first of the answer; None where it has not begun."""
    over: bool = False
    """Whether it is at its end; what is written then is padding."""


class StopCriterion:
    """Ends each answer of a batch at a stop string, or when it has its tokens.

    transformers' own stop strings would end thoughts, and at once an answer that begins with a blank line; and its
    limit counts the thoughts, for which there must be room.
    """

    def __init__(
        self,
        reader: Decoder,
        start: int,
        opened: Sequence[str],
        *,
        stops: tuple[str, ...],
        ends: AbstractSet[int],
        most: int,
    ) -> None:
        """`start`: tokens of the padded prompts; `opened`: the marks that each prompt ends with (`left_open`); `ends`:
        tokens that end an answer, or pad it; `most`: tokens of an answer.
        """
        self._reader, self._start, self._stops, self._ends, self._most = reader, start, stops, ends, most
        self._seen = [_Seen(mark) for mark in opened]
        self.cut: set[int] = set()
        """Rows that had all their tokens and were not at their end."""

    def __call__(self, ids: Any, scores: Any, **_: Any) -> Any:
        """Which of the rows of `ids` are over."""
        import torch

        rows = ids[:, self._start :].cpu()
        for place, seen in enumerate(self._seen):
            seen.over = seen.over or self._is_over(place, rows[place], seen)
        return torch.tensor([seen.over for seen in self._seen], dtype=torch.bool, device=ids.device)

    def _is_over(self, place: int, row: Any, seen: _Seen) -> bool:
        last = row[-_TAIL:].tolist()
        if last[-1] in self._ends:
            return True
        tail = self._reader.text(last)
        if seen.began is None or has_reasoning(tail):
            self._look(row, seen, tail)
        if seen.began is None:
            return False
        if any(stop in tail for stop in self._stops) and cut_at_stop(self._said(row, seen), self._stops)[1]:
            return True
        if len(row) - seen.began >= self._most:
            self.cut.add(place)
        return place in self.cut

    def _look(self, row: Any, seen: _Seen, tail: str) -> None:
        """Find out whether the answer has begun: a mark makes a thought of what looked like one before it."""
        said = self._said(row, seen)
        if strip_reasoning(said).strip():
            seen.began = len(row) - 1 if seen.began is None else seen.began
            return
        seen.began, thought = None, unclosed_mark(said)
        if thought or not tail.strip():
            # All before the tail, which may hold a part of a mark, is done with: a long thought is read once.
            seen.opened, seen.read = thought, max(seen.read, len(row) - _TAIL)

    def _said(self, row: Any, seen: _Seen) -> str:
        return seen.opened + self._reader.text(row[seen.read :].tolist())


def first_word_probabilities(
    tokenizer: Any, choices: tuple[str, ...], tokens: Sequence[int], logits: Sequence[Any]
) -> tuple[float, ...]:
    """Shares of `choices` (`logprobs`) at the first word of an answer; empty where no answer begins there.

    `logits`: for each of the answer's `tokens`, a row over the vocabulary.
    """
    import torch

    for token, row in zip(tokens, logits, strict=False):
        said = tokenizer.decode([token])
        if is_word(said):
            if not begins_choice(said, choices):
                return ()
            likely = torch.log_softmax(row.float(), dim=-1).topk(min(TOP_LOGPROBS, row.shape[-1]))
            pairs = zip(likely.indices.tolist(), likely.values.tolist(), strict=True)
            return choice_probabilities(
                choices,
                {"top_logprobs": [{"token": tokenizer.decode([one]), "logprob": value} for one, value in pairs]},
            )
    return ()
