"""Layer 5: who does what to whom: "A sued B" is not "B sued A", but "B was sued by A". Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from briefing.facts import stem
from briefing.ground.exact import Missing
from briefing.ground.reading import Reading, Word
from briefing.ground.vocabulary import FUTURE, PAST_FORMS, POSSIBLE

__all__ = ["roles"]

_BE = frozenset({"is", "are", "was", "were", "be", "been", "being", "gets", "got"})
_TURNING = """
open close start begin end stop finish change move increase decrease grow sink break double halve launch improve spread
expand resume continue develop crash burn sell form drop fly shut rise fall raise age cost weigh play hold host include
become remain stand run work start
"""
"""Verbs with which a thing may be doer or object alike: "the shop closed" where somebody closed it."""
_TURNS = frozenset(map(stem, _TURNING.split()))
_WIN = frozenset(map(stem, ("win", "beat", "defeat")))
_LOSE = frozenset(map(stem, ("lose", "loss")))
_MINE, _THEIRS = 4, 7
"""Content words on either side of a verb that count as its doer and its object: in a point, in a sentence."""


def roles(point: Reading, near: Sequence[Reading]) -> Iterator[Missing]:
    """Verbs whose doer in `point` is their object in its sentences."""
    for at, word in enumerate(point.words):
        if not _acts(point.words, at):
            continue
        doer, done = _sides(point.words, at, _MINE)
        if not doer:
            continue
        straight = crossed = False
        for sentence in near:
            for there, other in enumerate(sentence.words):
                if _action(other) != _action(word) or not _acts(sentence.words, there):
                    continue
                about = sentence.roots
                theirs, to_whom = _sides(sentence.words, there, _THEIRS)
                if set(doer) & set(theirs):
                    straight = True
                elif set(doer) <= set(to_whom):
                    turned = bool(set(done) & set(theirs))
                    # Right behind the verb it is the object, even where the point names no other.
                    next_to = set(doer) <= set(to_whom[: len(doer) + 1]) and word.root not in _TURNS
                    crossed |= turned or (
                        next_to and bool(theirs) and _named(point, doer) and not about.isdisjoint(done)
                    )
        if crossed and not straight:
            yield Missing("role", word.surface)
            return
    yield from _subjects(point, near)


def _subjects(point: Reading, near: Sequence[Reading]) -> Iterator[Missing]:
    """Subjects of `point` that do in its sentences not what it says, but somebody or something of theirs does.

    "China and India will become" where only India will; "Africa will double" where its population will.
    """
    for at, word in enumerate(point.words):
        if not _acts(point.words, at):
            continue
        mine = _doers(point.words, at)
        for name in mine:
            found = [_standing(name, word.root, mine, sentence) for sentence in near]
            growth = word.root in _GROWING and point.roots.isdisjoint(_MEASURES)
            if "same" not in found and ("other" in found or (growth and "part" in found)):
                yield Missing("role", next(w.surface for w in point.words if w.key == name))
                return


_GROWING = frozenset(
    map(
        stem, ("rise", "fall", "grow", "increase", "decrease", "double", "triple", "halve", "shrink", "drop", "decline")
    )
)
_MEASURES = frozenset(
    map(
        stem, ("number", "population", "share", "price", "cost", "value", "rate", "amount", "output", "export", "sales")
    )
)


def _doers(words: Sequence[Word], at: int) -> list[str]:
    """Names before a verb in its clause, none of them a possessor or behind a preposition."""
    found: list[str] = []
    for place in range(at - 1, -1, -1):
        word = words[place]
        if word.clause != words[at].clause or (word.root and not word.capital and place < at - 3):
            break
        free = not word.possessive and (not place or words[place - 1].key not in _BEHIND)
        if word.capital and word.root and free:
            found.append(word.key)
    return found


_BEHIND = frozenset({"in", "of", "at", "from", "by", "with", "to", "for", "on", "than", "near"})


def _standing(name: str, verb: str, doers: Sequence[str], sentence: Reading) -> str:
    """What `name` is to `verb` in a sentence: its doer ("same"), what its doer is of ("part"), or not its doer, while
    another of the point's doers is ("other"); empty where the sentence does not tell."""
    words = sentence.words
    told = ""
    for at, word in enumerate(words):
        if word.root != verb:
            continue
        before = [w for w in words[:at] if w.clause == word.clause]
        places = [i for i, w in enumerate(before) if w.key == name]
        if any(not before[i].possessive and (not i or before[i - 1].key not in _BEHIND) for i in places):
            return "same"
        if places and any(w.root in _MEASURES for w in before):
            told = "part"
        elif any(w.key == name for w in words) and set(doers) & {w.key for w in before if not w.possessive}:
            told = told or ("other" if _possessor(name, words) else "")
    return told


def _possessor(name: str, words: Sequence[Word]) -> bool:
    return any(word.key == name and word.possessive for word in words)


def _action(word: Word) -> str:
    """The stem of a verb; one for all that win or lose."""
    return "win" if word.root in _WIN | _LOSE else word.root or word.key


def _named(point: Reading, roots: Sequence[str]) -> bool:
    return any(word.capital and word.root in roots for word in point.words)


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
    return form or before in FUTURE | POSSIBLE | {"to", "has", "have", "had", "not"} | _BE


def _sides(words: Sequence[Word], at: int, reach: int) -> tuple[list[str], list[str]]:
    """Stems of who does it and of whom it is done to, in order."""
    before = [word.root for word in words[:at] if word.root][-reach:]
    behind = [word.root for word in words[at + 1 :] if word.root][:reach]
    if words[at].root in _LOSE:
        return _after(words, at, ("to",), reach), before
    if at + 1 < len(words) and words[at + 1].key == "by":
        return _after(words, at, ("by",), reach), before
    last = [word.key for word in words[max(0, at - 2) : at]]
    if not _BE.isdisjoint(last) and "to" not in last and not words[at].key.endswith("ing"):
        return _after(words, at, ("by",), reach), before
    return before, behind


def _after(words: Sequence[Word], at: int, markers: tuple[str, ...], reach: int) -> list[str]:
    """Stems behind the first of `markers` that follows the verb."""
    for place in range(at + 1, min(len(words), at + 8)):
        if words[place].key in markers:
            return [word.root for word in words[place + 1 :] if word.root][:reach]
    return []
