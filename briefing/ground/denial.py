"""Whether a point denies what nothing behind it denies. Pure.

Of twelve rules about the meaning of a sentence (places, units and bounds, moods, speakers, roles, opposites, ...) the
only one that told supported from unsupported claims any better than without it (docs/trust.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from briefing.ground.evidence import Evidence
from briefing.ground.exact import Missing

__all__ = ["denies", "undenied"]

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


def undenied(point: str, chosen: Sequence[int], evidence: Evidence) -> list[Missing]:
    """Kind ``negation``: a denial that no cited sentence has."""
    if denies(point) and not any(denies(evidence.readings[i].text) for i in chosen):
        return [Missing("negation", point)]
    return []
