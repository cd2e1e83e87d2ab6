"""Whether an article says what a key point says, and where.

Pure. `Evidence` is an article prepared once; `check` looks one point up in it, layer by layer:

1. **exact facts** (`exact`, `numbers`, `calendar`): every number with its unit, every quotation and every name must
   stand in the article, in whatever form ("$2.3 million" is "2.3m dollars", "one in five" is "20 %", "UN" is "United
   Nations", "Iraqi" is "Iraq", "yesterday" is a date): kinds ``number``, ``quotation``, ``name``;
2. **alignment** (`align`): the fewest sentences, two at most, that hold these facts and most of the point's other
   words, else ``scattered`` or ``support``; a count must stand there with a word that stands beside it in the point
   ("28 African countries" and "four dollars" make no "four African countries"): ``pair``;
3. **contradictions**, against every sentence that is about the same: other places, times and halves of names (`places`:
   ``pair``, ``name``), other measures and bounds (`quantities`: ``unit``,
   ``comparison``), denials and opposites (`polarity`: ``negation``, ``opposite``), possibilities told as facts and
   other times (`mood`: ``modality``, ``tense``), other speakers (`speech`: ``attribution``), doer and object changed
   (`roles`: ``role``);
4. **score** (`score`): what the layers found and how many of the point's words are new, as a probability.

A point in which a part fails is ``unsupported``; one that the score leaves open, or that tells a claim as a fact, is
``uncertain``, and a `Judge` (a model; see `judge`) may settle it. Languages other than English have layers 1 and 2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from briefing.facts import stem_of, stems
from briefing.ground.align import choose, close
from briefing.ground.evidence import Evidence, plain, quote
from briefing.ground.exact import Fact, Missing, facts, unpaired
from briefing.ground.judge import Judge
from briefing.ground.mood import mood
from briefing.ground.places import misplaced
from briefing.ground.polarity import denies, polarity
from briefing.ground.quantities import quantities
from briefing.ground.reading import Reading
from briefing.ground.roles import roles
from briefing.ground.score import probability, signs
from briefing.ground.speech import claimed, speaker, speech
from briefing.types import Citation, Verdict

__all__ = ["LAYERS", "Check", "Evidence", "Judge", "Missing", "check", "contradictions", "quote", "settle", "undenied"]

SUPPORT = 0.5
"""Least share of a point's content words and facts in its cited sentences."""
ENOUGH = 0.6
"""Share from which on nothing more is asked; between the two a point is uncertain."""
LIKELY = 0.565
"""Score from which on a point in which nothing fails counts as supported: two new words are its own, three are open.
Of labelled claims in which nothing failed, 78 in 100 above it were supported and 67 in 100 below."""

CONTRADICTIONS: dict[str, Callable[[Reading, Sequence[Reading]], Iterator[Missing]]] = {
    "quantities": quantities,
    "polarity": polarity,
    "mood": mood,
    "speech": speech,
    "roles": roles,
}
"""The layers that set a point against the sentences about the same, by name."""
LAYERS = ("places", *CONTRADICTIONS)
"""With the one that looks at the whole article."""


@dataclass(frozen=True, slots=True)
class Check:
    """What looking a point up came to."""

    verdict: Verdict
    score: float
    """How likely the article supports the point, 0 to 1 (`score`)."""
    citations: tuple[Citation, ...]
    missing: tuple[Missing, ...]
    """The parts that fail, the most telling first; empty unless the verdict is ``unsupported``."""
    claim: bool = False
    """Whether the article only reports what the point tells as a fact; no model makes that ``supported``."""


def check(point: str, evidence: Evidence, *, translated: bool = False, judge: Judge | None = None) -> Check:
    """Look `point` up in `evidence`.

    `translated`: the point is in another language than the article; then only numbers, acronyms and names with digits
    can be compared, and a point that passes is ``uncertain``. `judge` is asked where the fast layers are unsure. Under
    a millisecond where the evidence was used before, without a judge.
    """
    if (verbatim := evidence.whole.get(plain(point))) is not None:
        return Check(Verdict.SUPPORTED, 1.0, (evidence.cite(verbatim),), ())
    reading = Reading(point)
    missing, wanted = facts(reading, evidence, translated=translated)
    chosen, share = choose(wanted, reading.roots, evidence)
    citations = tuple(evidence.cite(i) for i in chosen)
    if translated:
        missing += _scattered(reading, wanted, chosen, evidence) if not missing else []
        return Check(Verdict.UNSUPPORTED if missing else Verdict.UNCERTAIN, share, citations, tuple(missing))
    against = contradictions(reading, evidence)
    astray = list(unpaired(reading, chosen, evidence))
    against += [] if against else [*undenied(reading, chosen, evidence), *uncompared(reading, chosen, evidence)]
    score = probability(signs(reading, evidence, [*missing, *astray, *against]))
    missing = (
        missing
        or _scattered(reading, wanted, chosen, evidence)
        or astray
        or ([Missing("support", point)] if share < SUPPORT else [])
        or against
    )
    if missing:
        return Check(Verdict.UNSUPPORTED, score, citations, tuple(missing))
    claim = _english(evidence) and claimed(reading, [evidence.readings[i] for i in chosen])
    unsure = claim or share < ENOUGH or score < LIKELY
    found = Check(Verdict.UNCERTAIN if unsure else Verdict.SUPPORTED, score, citations, (), claim)
    return settle(found, point, judge([c.text for c in citations], point)) if unsure and judge else found


def settle(found: Check, point: str, likely: float) -> Check:
    """An uncertain check of `point`, decided by a model's probability that its citations support it.

    Kind ``model`` where it fails. A claim told as a fact is ``uncertain`` at best.
    """
    if found.verdict is not Verdict.UNCERTAIN:
        return found
    if likely < 0.5:
        return replace(found, verdict=Verdict.UNSUPPORTED, score=likely, missing=(Missing("model", point),))
    return replace(found, verdict=Verdict.UNCERTAIN if found.claim else Verdict.SUPPORTED, score=likely)


def contradictions(point: Reading, evidence: Evidence, names: Sequence[str] = LAYERS) -> list[Missing]:
    """What the layers of these names hold against `point`; nothing where no sentence is about the same."""
    if not _english(evidence) or plain(point.text) in evidence.whole:
        return []
    placed = list(misplaced(point, evidence)) if "places" in names else []
    near = close(point, evidence)
    # Who else said it is told by the sentence that has the words, not by one that has the speaker.
    said = close(point, evidence, frozenset(map(stem_of, speaker(point)))) if "speech" in names else near
    near_by = {name: said if name == "speech" else near for name in CONTRADICTIONS if name in names}
    return [*placed, *(part for name, found in near_by.items() if found for part in CONTRADICTIONS[name](point, found))]


def _english(evidence: Evidence) -> bool:
    return evidence.language in {"en", "und"}


def _scattered(point: Reading, wanted: frozenset[Fact], chosen: Sequence[int], evidence: Evidence) -> list[Missing]:
    held = frozenset().union(*(evidence.keys[i] for i in chosen), evidence.heading.keys)
    return [Missing("scattered", point.text)] if any(not fact & held for fact in wanted) else []


_COMPARED = re.compile(r"\b(?:more|less)\s+(?!than\b)(\w+)\b(?=[^.;]*\bthan\b)", re.IGNORECASE)


def uncompared(point: Reading, chosen: Sequence[int], evidence: Evidence) -> list[Missing]:
    """What a point compares ("more effective than") and no cited sentence speaks of: small models round lists off."""
    behind = frozenset().union(*(evidence.readings[i].roots for i in chosen), evidence.heading.roots)
    return [
        Missing("comparison", found[0])
        for found in _COMPARED.finditer(point.text)
        if not set(stems(found[1])) <= behind
    ]


def undenied(point: Reading, chosen: Sequence[int], evidence: Evidence) -> list[Missing]:
    """A denial that no cited sentence has."""
    if denies(point.text) and not any(denies(evidence.readings[i].text) for i in chosen):
        return [Missing("negation", point.text)]
    return []
