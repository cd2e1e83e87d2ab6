"""Layer 3: whether what only may happen is told as certain, and what is to come as past, or the reverse. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from briefing.ground.exact import Missing
from briefing.ground.reading import Reading, Word
from briefing.ground.vocabulary import FUTURE, PAST_AUXILIARIES, PAST_FORMS, POSSIBLE

__all__ = ["mood"]

REACH = 4
"""Words before a verb in which what governs it is looked for."""


def mood(point: Reading, near: Sequence[Reading]) -> Iterator[Missing]:
    """Verbs that `point` has as a fact or a certainty where its sentences have a possibility, or in another time."""
    mine = _moods(point)
    theirs: dict[str, set[str]] = {}
    for sentence in near:
        for root, (found, _) in _moods(sentence).items():
            theirs.setdefault(root, set()).update(found)
    for root, (found, surface) in mine.items():
        there = theirs.get(root)
        if not there:
            continue
        if there == {"possible"} and not found & {"possible", "plain", "open"}:
            yield Missing("modality", surface)
        elif (there == {"future"} and found == {"past"}) or (there == {"past"} and found == {"future"}):
            yield Missing("tense", surface)


def _moods(sentence: Reading) -> dict[str, tuple[set[str], str]]:
    """By stem of what may be a verb: how it is told, and its surface."""
    found: dict[str, tuple[set[str], str]] = {}
    words = sentence.words
    for at, word in enumerate(words):
        if not word.root or (word.capital and at):
            continue
        kind = _mood(words[max(0, at - REACH) : at], word.key, word.clause)
        found.setdefault(word.root, (set(), word.surface))[0].add(kind)
    return found


def _mood(before: Sequence[Word], key: str, clause: int) -> str:
    """How a verb is told, by what governs it: "may be built", "is expected to rise", "has won"."""
    for word in reversed(before):
        if word.clause != clause:
            break
        if word.key == "would":
            return "open"  # the future of the past, or a condition: "said it would", "would be threatened"
        if word.key in POSSIBLE:
            return "possible"
        if word.key in FUTURE:
            return "future"
        if word.key in PAST_AUXILIARIES:
            return "past"
        if word.key not in _BETWEEN and not word.key.endswith("ly"):
            break
    return "past" if key in PAST_FORMS or (key.endswith("ed") and len(key) > 4) else "plain"


_BETWEEN = frozenset({"to", "be", "being", "not", "also", "soon", "now", "never", "further", "again", "still"})
