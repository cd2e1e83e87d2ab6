"""Layer 2, continued: places, times and names that a point puts where the article has another. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from briefing.facts import stem_of
from briefing.ground.calendar import WEEKDAYS
from briefing.ground.evidence import Evidence
from briefing.ground.exact import Missing, forms
from briefing.ground.reading import Reading, Word
from briefing.ground.synonyms import KIN
from briefing.lexicon import ALIAS_OF, DEMONYM_ENDINGS, MONTHS

__all__ = ["misplaced"]

_PLACING = frozenset({"in", "at", "on", "from", "near", "since", "until", "for"})
_TIMES = frozenset({*WEEKDAYS, *MONTHS})
_APART = 5
"""Words within which two names stand together."""


def misplaced(point: Reading, evidence: Evidence) -> Iterator[Missing]:
    """Kind ``pair``: "held in Dunhaven" where the article has "held in Portwell". Kind ``name``: "Oakmere Stadium"
    where it has "Oakmere Town" and "Highfield Stadium".

    Only what the article fills otherwise: of places that merely stand in other sentences, as many are right as wrong.
    """
    readings = (*evidence.readings, evidence.heading)
    words = point.words
    for at, word in enumerate(words[1:], 1):
        before = words[at - 1]
        if not word.capital or not word.root:
            continue
        if before.key in _PLACING and not before.capital:
            around = _neighbours(words, at)
            if around and not _together_said(point, at, evidence) and _elsewhere(word, around, evidence):
                yield Missing("pair", word.surface)
        elif at > 1 and _joined(before, word) and _halves(before.key, word.key, readings):
            yield Missing("name", f"{before.surface} {word.surface}")


def _neighbours(words: Sequence[Word], at: int) -> list[str]:
    """What is said to be there: up to two stems before the preposition, else behind the name."""
    before = [w.root for w in words[max(0, at - 6) : at - 1] if w.root and not w.capital][-2:]
    return before or [w.root for w in words[at + 1 :] if w.root and not w.capital][:2]


def _elsewhere(word: Word, around: Sequence[str], evidence: Evidence) -> bool:
    """Whether what is said to be at `word` is somewhere else in the article, and never with `word`."""
    wanted = forms(word.key)
    of_time = word.key in _TIMES
    other = False
    for index, reading in enumerate(evidence.readings):
        held = [root in reading.roots or not KIN.get(root, frozenset()).isdisjoint(reading.roots) for root in around]
        if any(held) and not wanted.isdisjoint(evidence.keys[index]):
            return False
        if all(held):
            other |= any(
                here.capital and (here.key in _TIMES) is of_time and (of_time or _placed(reading.words, place))
                for place, here in enumerate(reading.words)
            )
    return other


def _together_said(point: Reading, at: int, evidence: Evidence) -> bool:
    """Whether a sentence has the name with most of what else the point says, or with the number behind it."""
    word = point.words[at]
    rest = point.roots - {word.root}
    number = point.words[at + 1].key if at + 1 < len(point.words) else ""
    there = [r for i, r in enumerate(evidence.readings) if not forms(word.key).isdisjoint(evidence.keys[i])]
    if number[:1].isdigit() and any(number in reading.keys for reading in there):
        return True
    return any(len(rest & reading.roots) > len(rest) / 2 for reading in there)


def _placed(words: Sequence[Word], at: int) -> bool:
    return any(word.key in _PLACING for word in words[max(0, at - 2) : at])


def _joined(before: Word, word: Word) -> bool:
    """Whether two words read as one name."""
    together = before.clause == word.clause and not before.possessive
    return together and before.capital and bool(before.root) and not _adjective(before.key)


def _adjective(key: str) -> bool:
    return key in ALIAS_OF or (len(key) > 5 and key.endswith(tuple(e for e in DEMONYM_ENDINGS if len(e) > 1)))


def _halves(first: str, second: str, readings: Sequence[Reading]) -> bool:
    """Whether two names stand only apart in the article, each with another."""
    with_first = with_second = False
    for reading in readings:
        words = reading.words
        for at, word in enumerate(words):
            if word.key == first and any(w.key == second for w in words[max(0, at - _APART) : at + _APART + 1]):
                return False
            if at and word.capital and words[at - 1].capital and word.clause == words[at - 1].clause:
                with_first |= words[at - 1].key == first
                with_second |= word.key == second and bool(stem_of(words[at - 1].key))
    return with_first and with_second
