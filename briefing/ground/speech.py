"""Layer 4: who said it, and whether a claim is told as a fact. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from briefing.ground.exact import Missing, forms
from briefing.ground.reading import Reading
from briefing.ground.vocabulary import CLAIMS, SAYING

__all__ = ["claimed", "speaker", "speech"]

_BE = frozenset({"is", "are", "was", "were", "be", "been", "being"})
BEFORE, AFTER = 20, 6
"""Words around a verb of saying among which the article's speaker is looked for."""


def speech(point: Reading, near: Sequence[Reading]) -> Iterator[Missing]:
    """The speaker that `point` names, where its sentences give the words to somebody else by name."""
    # "Sources say": what the article writes small is no name.
    small = {word.key for sentence in near for word in sentence.words if not word.capital}
    mine = speaker(point) - small
    if not mine:
        return
    told = [(_speakers(sentence, BEFORE, AFTER), _speakers(sentence, 8, 4)) for sentence in near]
    if any(word.key in mine and word.surface.isupper() for word in point.words):
        told = [(sentence.keys, named) for sentence, (_, named) in zip(near, told, strict=True)]
    if any(forms(key) & heard for key in mine for heard, _ in told) or not any(named for _, named in told):
        return
    yield Missing("attribution", next(word.surface for word in point.words if word.key in mine))


def claimed(point: Reading, behind: Sequence[Reading]) -> bool:
    """Whether every sentence behind `point` reports a claim or an opinion, and `point` does not say that it is one."""
    if not behind or _reports(point):
        return False
    return all(any(word.key in CLAIMS for word in sentence.words) or _accords(sentence) for sentence in behind)


def _reports(sentence: Reading) -> bool:
    return any(word.key in CLAIMS | SAYING for word in sentence.words) or _accords(sentence) or '"' in sentence.text


def _accords(sentence: Reading) -> bool:
    return "according to" in sentence.text.casefold()


def speaker(point: Reading) -> frozenset[str]:
    """Names right before a verb of saying, or behind "according to"."""
    words = point.words
    for at, word in enumerate(words):
        if word.key in SAYING and at:
            before = [w for w in words[max(0, at - 4) : at] if w.clause == word.clause]
            if any(w.key in _BE for w in before):
                continue  # "is believed", "were told": nobody's words
            found = frozenset(w.key for w in before if w.capital and w.root and not w.possessive)
            if found:
                return found
        if word.key == "to" and at and words[at - 1].key == "according":
            return frozenset(w.key for w in words[at + 1 : at + 5] if w.capital and w.root)
    return frozenset()


def _speakers(sentence: Reading, before: int, behind: int) -> frozenset[str]:
    """Names up to so many words before and behind a verb of saying, outside quotation marks."""
    words = Reading(_QUOTED.sub(" ", sentence.text)).words
    found: set[str] = set()
    for at, word in enumerate(words):
        if word.key in SAYING or word.key == "according":
            around = [*words[max(0, at - before) : at], *words[at + 1 : at + 1 + behind]]
            found |= {w.key for w in around if w.capital and w.root and not w.surface.isupper()}
    return frozenset(found)


_QUOTED = re.compile(r"[\"“][^\"”]*[\"”]")
