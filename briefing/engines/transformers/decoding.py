"""From generated tokens to an answer: text, stop sequences that ignore reasoning, probabilities of the first word."""

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

_TAIL = 24
"""Tokens that are searched after each one for a stop sequence or reasoning mark; most are one or two long."""


class Decoder:
    """Tokens to text."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def text(self, tokens: Sequence[int]) -> str:
        """The text of `tokens` without special ones, except reasoning marks (Magistral's, gpt-oss's are special)."""
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
class _RowState:
    """The state of a row that is being generated."""

    opened: str
    """The mark of the reasoning block that it is in, perhaps opened by its prompt; else empty."""
    skipped: int = 0
    """Leading tokens known to be reasoning or blanks, which are not decoded again."""
    start: int | None = None
    """Tokens before the answer's first; None before it begins."""
    done: bool = False
    """Whether it has ended; later tokens are padding."""


class StopCriterion:
    """Ends each answer of a batch at a stop sequence or at its limit of tokens.

    transformers' own stop strings would also match in reasoning and in the blank lines before an answer, and its limit
    counts reasoning tokens.
    """

    def __init__(
        self,
        decoder: Decoder,
        start: int,
        opened: Sequence[str],
        *,
        stops: tuple[str, ...],
        ends: AbstractSet[int],
        most: int,
    ) -> None:
        """`start`: tokens of the padded prompts; `opened`: the `trailing_opening_mark` of each prompt; `ends`: EOS and
        padding tokens; `most`: tokens of an answer.
        """
        self._decoder, self._start, self._stops, self._ends, self._most = decoder, start, stops, ends, most
        self._states = [_RowState(mark) for mark in opened]
        self.truncated: set[int] = set()
        """Rows that ended at the limit of tokens."""

    def __call__(self, ids: Any, scores: Any, **_: Any) -> Any:
        """For each row of `ids`, whether it has ended."""
        import torch

        rows = ids[:, self._start :].cpu()
        for index, state in enumerate(self._states):
            state.done = state.done or self._is_done(index, rows[index], state)
        return torch.tensor([state.done for state in self._states], dtype=torch.bool, device=ids.device)

    def _is_done(self, index: int, row: Any, state: _RowState) -> bool:
        last = row[-_TAIL:].tolist()
        if last[-1] in self._ends:
            return True
        tail = self._decoder.text(last)
        if state.start is None or has_reasoning(tail):
            self._find_start(row, state, tail)
        if state.start is None:
            return False
        if any(stop in tail for stop in self._stops) and cut_at_stop(self._text(row, state), self._stops)[1]:
            return True
        if len(row) - state.start >= self._most:
            self.truncated.add(index)
        return index in self.truncated

    def _find_start(self, row: Any, state: _RowState, tail: str) -> None:
        """Update whether the answer has begun: a later mark can turn a supposed answer into reasoning."""
        text = self._text(row, state)
        if strip_reasoning(text).strip():
            state.start = len(row) - 1 if state.start is None else state.start
            return
        state.start, mark = None, unclosed_mark(text)
        if mark or not tail.strip():
            # Long reasoning is decoded once; the tail is kept, because it may hold part of a mark.
            state.opened, state.skipped = mark, max(state.skipped, len(row) - _TAIL)

    def _text(self, row: Any, state: _RowState) -> str:
        return state.opened + self._decoder.text(row[state.skipped :].tolist())


def first_word_probabilities(
    tokenizer: Any, choices: tuple[str, ...], tokens: Sequence[int], logits: Sequence[Any]
) -> tuple[float, ...]:
    """`choice_probabilities` at the first word of an answer; empty where no choice begins with it.

    `logits`: for each of the answer's `tokens`, a row over the vocabulary.
    """
    import torch

    for token, row in zip(tokens, logits, strict=False):
        word = tokenizer.decode([token])
        if is_word(word):
            if not begins_choice(word, choices):
                return ()
            top = torch.log_softmax(row.float(), dim=-1).topk(min(TOP_LOGPROBS, row.shape[-1]))
            pairs = zip(top.indices.tolist(), top.values.tolist(), strict=True)
            candidates = [{"token": tokenizer.decode([candidate]), "logprob": value} for candidate, value in pairs]
            return choice_probabilities(choices, {"top_logprobs": candidates})
    return ()
