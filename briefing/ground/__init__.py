"""Whether an article says what a key point says, and where.

Pure. `Evidence` is an article prepared once; `check` looks one point up in it:

1. **exact facts** (`exact`, `numbers`, `calendar`): every number with its unit, every quotation and every name must
   stand in the article, in whatever form ("$2.3 million" is "2.3m dollars", "one in five" is "20 %", "UN" is "United
   Nations", "Iraqi" is "Iraq", "yesterday" is a date): kinds ``number``, ``quotation``, ``name``;
2. **alignment** (`align`): the fewest sentences, two at most, that hold these facts and most of the point's other
   words, which are cited; one sentence must have some of the point's words, else ``support``;
3. **denials** (`negation`): what the point denies, a cited sentence must deny: ``negation``.

A point in which a part fails is ``unsupported``; one that comes close to no sentence is ``uncertain``. What the words
*mean* no rule here knows: that takes a model that reads. `weigh` decides with the log-odds of the one tuned for it
(`combination`), `settle` asks any other about what is uncertain (`Judge`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from briefing.ground.align import choose, closeness, in_order
from briefing.ground.analysis import AnalysedSentence
from briefing.ground.combination import CUT, features, probability
from briefing.ground.evidence import Evidence, sentence_key
from briefing.ground.exact import Missing, match_facts
from briefing.ground.judge import Judge
from briefing.ground.negation import missing_negation
from briefing.ground.translated import look_up
from briefing.types import Citation, Verdict

__all__ = ["Check", "Evidence", "Judge", "Missing", "check", "probability", "settle", "weigh"]

SUPPORT = 0.3
"""Least share of a point's stems that one sentence must have."""
LIKELY = 0.569
"""Probability from which on a point in which nothing fails counts as supported: a sentence has half of its stems. Of
labelled claims in which nothing failed, 76 in 100 above it were supported and 65 in 100 below."""


@dataclass(frozen=True, slots=True)
class Check:
    """What looking a point up came to."""

    verdict: Verdict
    score: float
    """How likely the article supports the point, 0 to 1 (`combination`)."""
    citations: tuple[Citation, ...]
    missing: tuple[Missing, ...]
    """The parts that fail, the most telling first; empty unless the verdict is ``unsupported``."""
    features: Mapping[str, float] = field(default_factory=dict, hash=False)
    """What a model's log-odds are weighed with; empty where nothing is left to weigh: the article's own sentence, or a
    point in another language."""


def check(
    point: str,
    evidence: Evidence,
    *,
    translated: bool = False,
    language: str = "",
    cited: Sequence[int] = (),
    judge: Judge | None = None,
) -> Check:
    """Look `point` up in `evidence`.

    `translated`: the point is in another `language` (ISO 639-1) than the article; then only numbers, months and
    acronyms can be compared (`translated`), a point that passes is ``uncertain``, and it has no citation where nothing
    shows which sentence is behind it; `cited`: those that its model gave. `judge` is asked where the rules are unsure.
    Under a millisecond where the evidence was used before, without a judge.
    """
    if (verbatim := evidence.sentence_index.get(sentence_key(point))) is not None:
        return Check(Verdict.SUPPORTED, 1.0, (evidence.cite(verbatim),), ())
    if translated:
        lacks, behind, share = look_up(point, evidence, language, cited)
        verdict = Verdict.UNSUPPORTED if lacks else Verdict.UNCERTAIN
        return Check(verdict, share, tuple(evidence.cite(index) for index in behind), tuple(lacks))
    reading = AnalysedSentence(point)
    missing, wanted = match_facts(reading, evidence)
    chosen, share = choose(wanted, reading.stems, evidence)
    citations = tuple(evidence.cite(i) for i in chosen)
    missing += missing_negation(point, chosen, evidence)
    close = closeness(reading, evidence)
    found = features(missing, close, in_order(reading, evidence))
    score = probability(found)
    if not missing and (close < SUPPORT or not chosen):  # of function words alone no sentence is known
        missing = [Missing("support", point)]
    if missing:
        return Check(Verdict.UNSUPPORTED, score, citations, tuple(missing), found)
    checked = Check(Verdict.SUPPORTED if score >= LIKELY else Verdict.UNCERTAIN, score, citations, (), found)
    unsure = checked.verdict is Verdict.UNCERTAIN
    return settle(checked, point, judge([c.text for c in citations], point)) if judge and unsure else checked


def settle(found: Check, point: str, likely: float | None) -> Check:
    """An uncertain check of `point`, decided by a model's probability that its citations support it.

    Kind ``model`` where it fails; None, where the model did not say, leaves it uncertain.
    """
    if found.verdict is not Verdict.UNCERTAIN or likely is None:
        return found
    if likely < 0.5:
        return replace(found, verdict=Verdict.UNSUPPORTED, score=likely, missing=(Missing("model", point),))
    return replace(found, verdict=Verdict.SUPPORTED, score=likely)


def weigh(found: Check, point: str, log_odds: float) -> Check:
    """The check of `point`, decided by what was looked up together with the tuned model's log-odds (prompts/check.j2).

    A part that fails stays what it was; kind ``model`` where only the model's reading speaks against the point.
    """
    if not found.features:
        return found
    likely = probability(found.features, log_odds)
    if found.missing:
        return replace(found, score=likely)
    if likely < CUT:
        return replace(found, verdict=Verdict.UNSUPPORTED, score=likely, missing=(Missing("model", point),))
    return replace(found, verdict=Verdict.SUPPORTED, score=likely)
