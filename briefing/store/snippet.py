"""The part of a story in which what was searched for stands, with where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from briefing.nlp.search_terms import word_spans

__all__ = ["Phrase", "snippet"]

_WORDS = 24
"""Of a story's points, shown with what was found."""
_BEFORE = 4
"""Words shown before what was found, where its line begins too far away."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Folded words (`search_terms`) that have to stand together, in this order."""

    words: tuple[str, ...]
    begins: bool = False
    """Whether the last of them may go on."""

    def at(self, said: Sequence[str], place: int) -> bool:
        """Whether it stands at `place` of the folded words `said`."""
        *firsts, last = self.words
        end = place + len(firsts)
        if end >= len(said) or list(said[place:end]) != firsts:
            return False
        return said[end].startswith(last) if self.begins else said[end] == last


def snippet(text: str, wanted: Sequence[Phrase]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The `_WORDS` words of `text` that hold most of `wanted`, and where in them these stand: first character and the
    one after the last. Of several such parts the earliest, from the beginning of its line where that is near; where
    `text` holds none of them, its beginning.
    """
    words = list(word_spans(text))
    said = [word for *_, word in words]
    hits = sorted(
        (place, place + len(phrase.words) - 1, number)
        for number, phrase in enumerate(wanted)
        for place in range(len(said))
        if phrase.at(said, place)
    )
    lines = [0, *(place for place in range(1, len(words)) if "\n" in text[words[place - 1][1] : words[place][0]])]
    first, most = 0, 0
    for place, last, _ in hits:
        line = max(start for start in lines if start <= place)
        begin = line if last - line < _WORDS else place - _BEFORE
        begin = begin if len(words) > _WORDS else 0
        held = len({number for start, end, number in hits if begin <= start and end < begin + _WORDS})
        if held > most:
            first, most = begin, held
    if not words:
        return text.replace("\n", " "), ()
    stop = min(first + _WORDS, len(words))
    start = words[first][0] if first else 0
    end = words[stop][0] if stop < len(words) else len(text)
    before, behind = "…" if first else "", "…" if stop < len(words) else ""
    shown = before + text[start:end].rstrip().replace("\n", " ") + behind
    move = len(before) - start
    spans = [(words[low][0] + move, words[high][1] + move) for low, high, _ in hits if first <= low and high < stop]
    return shown, tuple(_merged(spans))


def _merged(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """`spans`, ordered, with those that touch as one."""
    begin = end = -1
    for start, stop in spans:
        if start > end:
            if end >= 0:
                yield begin, end
            begin, end = start, stop
        end = max(end, stop)
    if end >= 0:
        yield begin, end
