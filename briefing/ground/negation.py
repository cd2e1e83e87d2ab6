"""Finds negations that a point and its sentences do not share. Pure.

Of twelve rules about the meaning of a sentence (places, units and bounds, moods, speakers, roles, opposites, ...) the
only one that separated supported from unsupported claims any better than without it (docs/trust.md). In languages
other than English, in which the model's check has not been measured, a lost negation counts as well as an added one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from briefing.ground.analysis import AnalysedSentence, Word
from briefing.ground.evidence import Evidence
from briefing.ground.exact import Missing
from briefing.nlp.lexicon import DENIALS, DENIALS_WITH_NE, IDLE_DENIALS

_DENIAL = re.compile(
    r"\b(?:not|no|never|nor|none|neither|without|cannot|\w+n['’]t|den(?:y|ies|ied|ying)|refus\w+|reject\w*|"
    r"fail(?:s|ed|ing)?|lack\w*|un(?:able|likely|clear|harmed|aware|changed)|rul(?:es|ed) out|stop\w*|halt\w*|nobody|"
    r"nothing)\b",
    re.IGNORECASE,
)
# "Not only" and "nothing but" negate nothing; "no later than" sets a limit.
_IDLE = re.compile(
    r"\bnot (?:only|just|least|to mention)\b|\bno (?:doubt|later|fewer|less|more) |\bwhether or not\b|\bnothing but\b",
    re.IGNORECASE,
)
_IDLE_BY_LANGUAGE = {
    language: re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b", re.IGNORECASE)
    for language, phrases in IDLE_DENIALS.items()
}
_NE_DISTANCE = 4
"""Words after "ne" within which a "plus" belongs to it: "ne circulent désormais plus"."""
_SCOPE = 3
"""Words after a negation that are in its scope."""
_LONGEST_FUNCTION_WORD = 4
"""Letters of a word that may be an article or a preposition; these languages have no list of them here."""


def denies(text: str, language: str = "en") -> bool:
    """Whether `text` has a negation or, in English, a verb such as "refuse"."""
    if language in DENIALS:
        return bool(_denials(AnalysedSentence(text), language)[1])
    return bool(_DENIAL.search(_IDLE.sub(" ", text)))


def missing_negation(point: str, chosen: Sequence[int], evidence: Evidence) -> list[Missing]:
    """Kind ``negation``: one that no chosen sentence has; except in English, also one that the point lost."""
    language = evidence.language
    if denies(point, language):
        lacks = not any(denies(evidence.analysed[index].text, language) for index in chosen)
    else:
        stems = AnalysedSentence(point).stems
        lacks = any(_negated(evidence.analysed[index], language) & stems for index in chosen)
    return [Missing("negation", point)] if lacks else []


def _negated(sentence: AnalysedSentence, language: str) -> frozenset[str]:
    """Stems of what a sentence negates: of the longer words right after a negation."""
    words, indices = _denials(sentence, language)
    return frozenset(
        word.stem
        for index in indices
        for word in words[index + 1 : index + 1 + _SCOPE]
        if word.stem and len(word.surface) > _LONGEST_FUNCTION_WORD
    )


def _denials(sentence: AnalysedSentence, language: str) -> tuple[tuple[Word, ...], list[int]]:
    """The words of a sentence without idle phrases, and the indices of its negations; none in English."""
    denials = DENIALS.get(language, frozenset())
    idle = _IDLE_BY_LANGUAGE.get(language)
    if idle and idle.search(sentence.text):
        sentence = AnalysedSentence(idle.sub(" ", sentence.text))
    parts = [word.surface.casefold().replace("’", "'").rpartition("'") for word in sentence.words]
    indices = [index for index, (_, _, word) in enumerate(parts) if word in denials]
    if language == "fr":
        ne = [index for index, (elided, _, word) in enumerate(parts) if elided == "n" or word == "ne"]
        indices += [
            index
            for index, (_, _, word) in enumerate(parts)
            if word in DENIALS_WITH_NE and _belongs_to_ne(word, index, ne)
        ]
    return sentence.words, indices


def _belongs_to_ne(word: str, index: int, ne: Sequence[int]) -> bool:
    """Whether a French word at `index` goes with one of the words "ne"; "plus" must follow it closely."""
    return any(0 < index - start <= _NE_DISTANCE for start in ne) if word == "plus" else bool(ne)
