"""Layer 2: whether a point affirms what its sentences deny, or says the opposite. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from briefing.facts import stem
from briefing.ground.exact import Missing
from briefing.ground.reading import Reading, Word
from briefing.ground.vocabulary import DENIALS, OPPOSITES, SAYING

__all__ = ["denies", "polarity"]

_DENIAL = re.compile(
    r"\b(?:not|no|never|nor|none|neither|without|cannot|\w+n['’]t|den(?:y|ies|ied|ying)|refus\w+|reject\w*|"
    r"fail(?:s|ed|ing)?|lack\w*|un(?:able|likely|clear|harmed|aware|changed)|rul(?:es|ed) out|stop\w*|halt\w*|nobody|"
    r"nothing|ohne|nicht|kein\w*|pas|jamais|nunca|non)\b",
    re.IGNORECASE,
)
# "Not only", "no longer than", "nothing but" deny nothing; "no later than" sets a limit.
_IDLE = re.compile(
    r"\bnot (?:only|just|least|to mention)\b|\bno (?:doubt|later|fewer|less|more) |\bwhether or not\b|\bnothing but\b",
    re.IGNORECASE,
)


def denies(text: str) -> bool:
    """Whether `text` denies anything, in so many words or by a verb such as "refuse"."""
    return bool(_DENIAL.search(_IDLE.sub(" ", text)))


def polarity(point: Reading, near: Sequence[Reading]) -> Iterator[Missing]:
    """Denials and opposites that set `point` against the sentences behind it."""
    yield from _negated(point, near)
    yield from _opposite(point, near)


def _negated(point: Reading, near: Sequence[Reading]) -> Iterator[Missing]:
    if denies(point.text):
        # "Released without charge" denies nothing but the charge.
        aside = "" if "without" in point.text else "without"
        if not any(denies(sentence.text.replace(aside, " ") if aside else sentence.text) for sentence in near):
            word = next((w for w in point.words if w.key in DENIALS), None)
            yield Missing("negation", word.surface if word else point.text)
        return
    # Only a word that every sentence behind the point denies can have lost its denial.
    for word in point.words:
        told = [found for sentence in near if _said(word) in (found := _spoken(sentence))]
        if told and all(found[_said(word)] for found in told):
            yield Missing("negation", word.surface)
            return


def _spoken(sentence: Reading) -> dict[str, bool]:
    """Stems of a sentence, and whether it denies them each time: the first content word behind "not", "never", "no"."""
    found: dict[str, bool] = {}
    idle = not denies(sentence.text) or bool(_IDLE.search(sentence.text))
    waiting = -1
    for word in sentence.words:
        said = _said(word)
        if word.key in DENIALS and not idle:
            waiting = word.clause
        elif said:
            found[said] = found.get(said, True) and waiting == word.clause
            waiting = -1
    found.pop("", None)
    return found


def _said(word: Word) -> str:
    """What a word is compared by: its stem; verbs of saying are function words, and yet "has not said" denies one."""
    return word.root or (stem(word.key) if word.key in SAYING else "")


def _opposite(point: Reading, near: Sequence[Reading]) -> Iterator[Missing]:
    passages = [_passage(point, sentence) for sentence in near]
    there = frozenset().union(*(_sides(words) for words in passages))
    keys = {word.key for words in passages for word in words} | {word.root for words in passages for word in words}
    mine = _sides(point.words)
    # "Did not approve" is "rejected".
    if _flatly(point.words) != any(_flatly(words) for words in passages):
        return
    for word in point.words:
        root = stem(word.key)
        if word.key in keys or root in keys:
            continue
        for line, side in OPPOSITES.get(root, ()):
            if (line, 1 - side) in there and (line, side) not in there and (line, 1 - side) not in mine:
                yield Missing("opposite", word.surface)
                return


def _passage(point: Reading, sentence: Reading) -> list[Word]:
    """The clause of a sentence that shares most with the point, where one shares more than the others; else all."""
    clauses: dict[int, list[Word]] = {}
    for word in sentence.words:
        clauses.setdefault(word.clause, []).append(word)
    said = {word.root or word.key for word in point.words if word.root or word.key[:1].isdigit()} - OPPOSITES.keys()
    shared = sorted(
        ((len(said & {word.root or word.key for word in words}), -clause) for clause, words in clauses.items()),
        reverse=True,
    )
    if len(shared) > 1 and shared[0][0] > max(1, shared[1][0]):
        return clauses[-shared[0][1]]
    return list(sentence.words)


def _flatly(words: Sequence[Word]) -> bool:
    return any(word.key in DENIALS for word in words)


def _sides(words: Sequence[Word]) -> frozenset[tuple[int, int]]:
    return frozenset(side for word in words for side in OPPOSITES.get(stem(word.key), ()))
