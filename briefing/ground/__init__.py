"""Whether an article says what a key point says, and where. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from briefing.ground.align import choose, close
from briefing.ground.evidence import Evidence, quote
from briefing.ground.exact import Missing, facts, unpaired
from briefing.ground.mood import mood
from briefing.ground.polarity import polarity
from briefing.ground.quantities import quantities
from briefing.ground.reading import Reading
from briefing.ground.roles import roles
from briefing.ground.speech import speech
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
    if (
        not missing
        and not translated
        and evidence.language in {"en", "und"}
        and tuple(w.key for w in reading.words) not in evidence.whole
    ):
        near = close(reading, evidence)
        for layer in LAYERS if near else ():
            missing += layer(reading, near)
    verdict = Verdict.UNSUPPORTED if missing else Verdict.UNCERTAIN if translated else Verdict.SUPPORTED
    return Check(verdict, score, tuple(evidence.cite(i) for i in chosen), tuple(missing))


LAYERS = (quantities, polarity, mood, speech, roles)
