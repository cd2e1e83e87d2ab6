"""Whether a point denies what nothing behind it denies. Pure.

Of twelve rules about the meaning of a sentence (places, units and bounds, moods, speakers, roles, opposites, ...) the
only one that told supported from unsupported claims any better than without it (docs/trust.md). In languages other
than English, in which no reading of the model has been measured, the opposite counts as well: a denial that was lost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from briefing.ground.analysis import AnalysedSentence, Word
from briefing.ground.evidence import Evidence
from briefing.ground.exact import Missing
from briefing.nlp.lexicon import DENIALS, DENIALS_WITH_NE, IDLE_DENIALS

__all__ = ["denies", "missing_negation"]

_DENIAL = re.compile(
    r"\b(?:not|no|never|nor|none|neither|without|cannot|\w+n['’]t|den(?:y|ies|ied|ying)|refus\w+|reject\w*|"
    r"fail(?:s|ed|ing)?|lack\w*|un(?:able|likely|clear|harmed|aware|changed)|rul(?:es|ed) out|stop\w*|halt\w*|nobody|"
    r"nothing)\b",
    re.IGNORECASE,
)
# "Not only", "no longer than", "nothing but" deny nothing; "no later than" sets a limit.
_IDLE = re.compile(
    r"\bnot (?:only|just|least|to mention)\b|\bno (?:doubt|later|fewer|less|more) |\bwhether or not\b|\bnothing but\b",
    re.IGNORECASE,
)
_IDLE_IN = {
    language: re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b", re.IGNORECASE)
    for language, phrases in IDLE_DENIALS.items()
}
_PARTED = 4
"""Words behind "ne" among which a "plus" belongs to it: "ne circulent désormais plus"."""
_REACH = 3
"""Words behind a denial among which is what it denies."""
_SHORT = 4
"""Letters of a word that may be an article or a preposition, of which no list is kept for these languages."""


def denies(text: str, language: str = "en") -> bool:
    """Whether `text` denies anything, in so many words or, in English, by a verb such as "refuse"."""
    if language in DENIALS:
        return bool(_denials(AnalysedSentence(text), language)[1])
    return bool(_DENIAL.search(_IDLE.sub(" ", text)))


def missing_negation(point: str, chosen: Sequence[int], evidence: Evidence) -> list[Missing]:
    """Kind ``negation``: a denial that no cited sentence has; one that was lost, but for English."""
    language = evidence.language
    if denies(point, language):
        lacks = not any(denies(evidence.analysed[i].text, language) for i in chosen)
    else:
        lacks = any(_denied(evidence.analysed[i], language) & AnalysedSentence(point).stems for i in chosen)
    return [Missing("negation", point)] if lacks else []


def _denied(sentence: AnalysedSentence, language: str) -> frozenset[str]:
    """Stems of what a sentence denies: of the longer words right behind a denial."""
    words, places = _denials(sentence, language)
    return frozenset(
        later.stem
        for place in places
        for later in words[place + 1 : place + 1 + _REACH]
        if later.stem and len(later.surface) > _SHORT
    )


def _denials(sentence: AnalysedSentence, language: str) -> tuple[tuple[Word, ...], list[int]]:
    """The words of a sentence, idle phrases left out, and the places of those that deny; none in English."""
    denials = DENIALS.get(language, frozenset())
    idle = _IDLE_IN.get(language)
    if idle and idle.search(sentence.text):
        sentence = AnalysedSentence(idle.sub(" ", sentence.text))
    parts = [word.surface.casefold().replace("’", "'").rpartition("'") for word in sentence.words]
    places = [place for place, (_, _, word) in enumerate(parts) if word in denials]
    if language == "fr":
        ne = [place for place, (elided, _, word) in enumerate(parts) if elided == "n" or word == "ne"]
        places += [
            place for place, (_, _, word) in enumerate(parts) if word in DENIALS_WITH_NE and _with(ne, place, word)
        ]
    return sentence.words, places


def _with(ne: Sequence[int], place: int, word: str) -> bool:
    """Whether a French word goes with a "ne" at one of those places; "plus" stands close behind it."""
    return any(0 < place - one <= _PARTED for one in ne) if word == "plus" else bool(ne)
