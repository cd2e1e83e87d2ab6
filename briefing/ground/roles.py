"""Layer 5: who does what to whom: "A sued B" is not "B sued A", but "B was sued by A". Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from briefing.ground.exact import Missing
from briefing.ground.reading import Reading, Word
from briefing.ground.vocabulary import FUTURE, PAST_FORMS, POSSIBLE

__all__ = ["roles"]

_BE = frozenset({"is", "are", "was", "were", "be", "been", "being", "gets", "got"})
_MINE, _THEIRS = 4, 7
"""Content words on either side of a verb that count as its doer and its object: in a point, in a sentence."""


def roles(point: Reading, near: Sequence[Reading]) -> Iterator[Missing]:
    """Verbs whose doer in `point` is their object in its sentences, and the other way round."""
    for at, word in enumerate(point.words):
        if not _acts(point.words, at):
            continue
        doer, done = _sides(point.words, at, _MINE)
        if not doer or not done:
            continue
        straight = crossed = False
        for sentence in near:
            for there, other in enumerate(sentence.words):
                if other.root != word.root:
                    continue
                theirs, to_whom = _sides(sentence.words, there, _THEIRS)
                if doer & theirs:
                    straight = True
                elif doer <= to_whom and done & theirs:
                    crossed = True
        if crossed and not straight:
            yield Missing("role", word.surface)
            return


def _acts(words: Sequence[Word], at: int) -> bool:
    """Whether a word is a verb, as far as its form and what stands before it tell, or a comparison."""
    word = words[at]
    if not word.root or (word.capital and at) or not at:
        return False
    if at + 1 < len(words) and words[at + 1].key == "than":
        return True
    before = words[at - 1].key
    if before in {"the", "a", "an", "by", "of", "in", "for"} or (at + 1 < len(words) and words[at + 1].key == "of"):
        return False
    form = word.key in PAST_FORMS or word.key.endswith(("ed", "es")) or (word.key.endswith("s") and len(word.key) > 3)
    return form or before in FUTURE | POSSIBLE | {"to", "has", "have", "had", "not"}


def _sides(words: Sequence[Word], at: int, reach: int) -> tuple[frozenset[str], frozenset[str]]:
    """Stems of who does it and of whom it is done to."""
    before = [word.root for word in words[:at] if word.root][-reach:]
    behind = [word.root for word in words[at + 1 :] if word.root][:reach]
    if any(word.key in _BE for word in words[max(0, at - 3) : at]):
        agents = [i for i, word in enumerate(words[at + 1 : at + 8], at + 1) if word.key == "by"]
        if agents:
            doer = [word.root for word in words[agents[0] + 1 :] if word.root][:reach]
            return frozenset(doer), frozenset(before)
        if words[at].key.endswith("ed") or words[at].key in PAST_FORMS:
            return frozenset(), frozenset(before)
    return frozenset(before), frozenset(behind)
