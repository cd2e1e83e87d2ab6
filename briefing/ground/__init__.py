"""Checks key points against their article: verdict, probability, citations.

Pure. `Evidence` is an article analysed once; `check` looks one point up in it:

1. **exact facts** (`exact`): every number with its unit, every quotation and every name must be in the article, in
   whatever form ("$2.3 million" is "2.3m dollars", "one in five" is "20 %", "UN" is "United Nations", "Iraqi" is
   "Iraq", "yesterday" is a date): kinds ``number``, ``quotation``, ``name``;
2. **alignment** (`align`): the fewest sentences, two at most, that hold these facts and most of the point's other
   words are cited; one sentence must have some of the point's words, else ``support``;
3. **negation** (`negation`): what the point denies, a cited sentence must deny: ``negation``.

A point in which a part fails is ``unsupported``; one that is similar to no sentence is ``uncertain``. Meaning beyond
these rules takes a model: `weigh` adds the log-odds of the one tuned for it (`combination`), `settle` the probability
that any other gives for an uncertain point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from briefing.ground.align import choose, closeness, in_order
from briefing.ground.analysis import AnalysedSentence
from briefing.ground.combination import CUT, features, probability
from briefing.ground.evidence import Evidence, sentence_key
from briefing.ground.exact import Missing, match_facts
from briefing.ground.negation import missing_negation
from briefing.ground.translated import look_up
from briefing.types import Citation, Verdict

__all__ = ["Check", "Evidence", "Missing", "check", "probability", "settle", "weigh"]

SUPPORT = 0.3
"""Least share of a point's stems in one sentence."""
LIKELY = 0.569
"""Least probability of a supported point in which nothing fails: a sentence has half of its stems. Of labelled claims
in which nothing failed, 76 in 100 above it were supported and 65 in 100 below."""


@dataclass(frozen=True, slots=True)
class Check:
    """Result of checking a point."""

    verdict: Verdict
    score: float
    """Probability, 0 to 1, that the article supports the point (`combination`)."""
    citations: tuple[Citation, ...]
    missing: tuple[Missing, ...]
    """The parts that fail, the most informative first; empty unless the verdict is ``unsupported``."""
    features: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Rule features that a model's log-odds are combined with; empty for the article's own sentence and for a point in
    another language, which log-odds do not change."""


def check(
    point: str,
    evidence: Evidence,
    *,
    translated: bool = False,
    language: str = "",
    cited: Sequence[int] = (),
) -> Check:
    """Look `point` up in `evidence`.

    `translated`: the point is in another `language` (ISO 639-1) than the article; then only numbers, months and
    acronyms can be compared (`translated`), a point that passes is ``uncertain``, and it has no citation if no fact
    finds its sentence. `cited`: the sentences that its model gave. Under a millisecond if the evidence was used before.
    """
    if (verbatim := evidence.sentence_index.get(sentence_key(point))) is not None:
        return Check(Verdict.SUPPORTED, 1.0, (evidence.cite(verbatim),), ())
    if translated:
        missing, chosen, share = look_up(point, evidence, language, cited)
        verdict = Verdict.UNSUPPORTED if missing else Verdict.UNCERTAIN
        return Check(verdict, share, tuple(map(evidence.cite, chosen)), tuple(missing))
    analysed = AnalysedSentence(point)
    missing, wanted = match_facts(analysed, evidence)
    chosen, _ = choose(wanted, analysed.stems, evidence)
    missing += missing_negation(point, chosen, evidence)
    similarity = closeness(analysed, evidence)
    found = features(missing, similarity, in_order(analysed, evidence))
    score = probability(found)
    if not missing and (similarity < SUPPORT or not chosen):  # function words alone identify no sentence
        missing = [Missing("support", point)]
    supported = Verdict.SUPPORTED if score >= LIKELY else Verdict.UNCERTAIN
    verdict = Verdict.UNSUPPORTED if missing else supported
    return Check(verdict, score, tuple(map(evidence.cite, chosen)), tuple(missing), found)


def settle(found: Check, point: str, likely: float | None) -> Check:
    """Decide an uncertain check by a model's probability that the citations support `point`.

    Kind ``model`` if it fails; None, no answer of the model, leaves it uncertain.
    """
    if found.verdict is not Verdict.UNCERTAIN or likely is None:
        return found
    return _decided(found, point, likely, 0.5)


def weigh(found: Check, point: str, log_odds: float) -> Check:
    """Decide a check by its features together with the tuned model's log-odds (prompts/check.j2).

    A part that fails stays so; kind ``model`` if only the model speaks against the point.
    """
    if not found.features:
        return found
    likely = probability(found.features, log_odds)
    return replace(found, score=likely) if found.missing else _decided(found, point, likely, CUT)


def _decided(found: Check, point: str, likely: float, threshold: float) -> Check:
    if likely < threshold:
        return replace(found, verdict=Verdict.UNSUPPORTED, score=likely, missing=(Missing("model", point),))
    return replace(found, verdict=Verdict.SUPPORTED, score=likely)
