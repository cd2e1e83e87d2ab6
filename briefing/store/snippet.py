"""Snippets of search results: the part of a text with most of the searched phrases, and their spans."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from briefing.nlp.search_terms import word_spans
from briefing.nlp.text import share_of_a_word

_WORDS = 24
"""In a snippet."""
_BEFORE = 4
"""Words before the first hit, where its line begins too far before it."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Consecutive folded words (`search_terms`)."""

    words: tuple[str, ...]
    begins: bool = False
    """Whether the last word is a prefix."""

    def at(self, words: Sequence[str], index: int) -> bool:
        """Whether the phrase begins at `index` of the folded `words`."""
        *firsts, last = self.words
        end = index + len(firsts)
        if end >= len(words) or list(words[index:end]) != firsts:
            return False
        return words[end].startswith(last) if self.begins else words[end] == last


def snippet(text: str, wanted: Sequence[Phrase]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The `_WORDS` words of `text` with most of the `wanted` phrases, and the spans of these in it: first character and
    the one after the last. Of equal windows the earliest, from the beginning of its line where that is near; where
    `text` has none of the phrases, its beginning.
    """
    words = list(word_spans(text))
    folded = [word for *_, word in words]
    hits = sorted(
        (index, index + len(phrase.words) - 1, number)
        for number, phrase in enumerate(wanted)
        for index in range(len(folded))
        if phrase.at(folded, index)
    )
    at = [0.0, *accumulate(map(share_of_a_word, folded))]  # words before each
    lines = [0, *(index for index in range(1, len(words)) if "\n" in text[words[index - 1][1] : words[index][0]])]
    first, most = 0, 0
    for index, last, _ in hits:
        line = max(start for start in lines if start <= index)
        begin = line if at[last] - at[line] < _WORDS else bisect_left(at, at[index] - _BEFORE)
        begin = begin if at[-1] > _WORDS else 0
        matched = len({number for start, end, number in hits if begin <= start and at[end] < at[begin] + _WORDS})
        if matched > most:
            first, most = begin, matched
    if not words:
        return text.replace("\n", " "), ()
    stop = min(bisect_left(at, at[first] + _WORDS), len(words))
    start = words[first][0] if first else 0
    end = words[stop][0] if stop < len(words) else len(text)
    before, after = "…" if first else "", "…" if stop < len(words) else ""
    shown = before + text[start:end].rstrip().replace("\n", " ") + after
    shift = len(before) - start
    spans = [(words[low][0] + shift, words[high][1] + shift) for low, high, _ in hits if first <= low and high < stop]
    return shown, tuple(_merged(spans))


def _merged(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ordered `spans`, overlapping and touching ones merged."""
    begin = end = -1
    for start, stop in spans:
        if start > end:
            if end >= 0:
                yield begin, end
            begin, end = start, stop
        end = max(end, stop)
    if end >= 0:
        yield begin, end
