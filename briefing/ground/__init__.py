"""Whether an article says what a key point says, and where. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from briefing.ground.align import choose
from briefing.ground.evidence import Evidence, quote
from briefing.ground.exact import Missing, facts, unpaired
from briefing.ground.reading import Reading
from briefing.types import Citation, Verdict

__all__ = ["Check", "Evidence", "Missing", "check", "quote"]

SUPPORT = 0.6


@dataclass(frozen=True, slots=True)
class Check:
    """What looking a point up came to."""

    verdict: Verdict
    score: float
    """Share of the point's content words and facts that stand in the cited sentences, 0 to 1."""
    citations: tuple[Citation, ...]
    missing: tuple[Missing, ...]


def check(point: str, evidence: Evidence, *, translated: bool = False) -> Check:
    """Look `point` up in `evidence`."""
    reading = Reading(point)
    missing, wanted = facts(reading, evidence, translated=translated)
    chosen, score = choose(wanted, reading.roots, evidence)
    if not missing:
        held = frozenset().union(*(evidence.keys[i] for i in chosen), evidence.heading.keys)
        if any(not fact & held for fact in wanted):
            missing.append(Missing("scattered", point))
        elif not translated and (astray := list(unpaired(reading, chosen, evidence))):
            missing += astray
        elif not translated and score < SUPPORT:
            missing.append(Missing("support", point))
        elif not translated and _denies(point) and not any(_denies(evidence.sentences[i].text) for i in chosen):
            missing.append(Missing("negation", point))
    verdict = Verdict.UNSUPPORTED if missing else Verdict.UNCERTAIN if translated else Verdict.SUPPORTED
    return Check(verdict, score, tuple(evidence.cite(i) for i in chosen), tuple(missing))


_DENIAL = re.compile(
    r"\b(?:not|no|never|nor|none|neither|without|cannot|\w+n['’]t|den(?:y|ies|ied|ying)|refus\w+|reject\w*|"
    r"fail(?:s|ed|ing)?|lack\w*|un(?:able|likely|clear|harmed|aware)|rul(?:es|ed) out|stop\w*|halt\w*|nobody|nothing|"
    r"ohne|nicht|kein\w*|pas|jamais|nunca|non)\b",
    re.IGNORECASE,
)


def _denies(text: str) -> bool:
    return bool(_DENIAL.search(text))
