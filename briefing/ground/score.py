"""How likely a point is supported, from what the layers found: one small logistic model. Pure.

Fitted on half of the labelled data (split by document; see ``bench/faithfulness.py --fit``, which prints these numbers
again), every source of labels and both labels weighing the same, weights held to the sign that their meaning allows;
a text of several sentences counts by its worst one. A quotation that is not verbatim earned no weight there, because
the labelled claims misquote by tokenisation; the verdict does not need one. Moods and speakers earned none either:
labellers of retold old news pass "did" for "will".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from briefing.ground.evidence import Evidence
from briefing.ground.exact import Missing
from briefing.ground.reading import Reading
from briefing.ground.synonyms import KIN

__all__ = ["BIAS", "WEIGHTS", "probability", "signs"]

WEIGHTS: dict[str, float] = {
    "number": -0.886,
    "name": -0.703,
    "pair": -0.682,
    "contradiction": -1.169,
    "novel_share": -0.123,
    "novel_words": -0.065,
    "in_one_sentence": 1.108,
}
"""By sign (`signs`): what one of it adds to the logarithm of the odds."""
BIAS = 0.458

_MOST = {"number": 2, "name": 3, "pair": 2, "contradiction": 2, "novel_words": 6}
_CONTRADICTIONS = {"negation", "opposite", "role", "unit", "comparison"}
_PREFIX = 5


def signs(point: Reading, evidence: Evidence, missing: Sequence[Missing]) -> dict[str, float]:
    """What `WEIGHTS` weighs: counts of failing parts, of words that the article has in no form, and copying."""
    kinds = [part.kind for part in missing]
    novel = _novel(point, evidence)
    counts: dict[str, float] = {
        "number": kinds.count("number"),
        "name": kinds.count("name"),
        "pair": kinds.count("pair"),
        "contradiction": sum(kind in _CONTRADICTIONS for kind in kinds),
        "novel_words": novel,
    }
    capped = {sign: min(_MOST[sign], count) for sign, count in counts.items()}
    share = novel / max(1, len(point.roots))
    return {**capped, "novel_share": share, "in_one_sentence": float(_in_one_sentence(point, evidence))}


def probability(found: Mapping[str, float]) -> float:
    """The odds of `signs` as a probability, 0 to 1, at even odds before."""
    return 1 / (1 + math.exp(-(BIAS + sum(weight * found[sign] for sign, weight in WEIGHTS.items()))))


def _novel(point: Reading, evidence: Evidence) -> int:
    """Content words of which the article has no form, no relative by its beginning and no synonym."""
    new = point.roots - evidence.roots
    return sum(
        not (len(root) >= _PREFIX and root[:_PREFIX] in evidence.beginnings)
        and KIN.get(root, frozenset()).isdisjoint(evidence.roots)
        for root in new
    )


def _in_one_sentence(point: Reading, evidence: Evidence) -> bool:
    """Whether one sentence has every content word of the point, in its order."""
    return bool(point.order) and any(
        point.roots <= reading.roots and _subsequence(point.order, reading.order)
        for reading in (*evidence.readings, evidence.heading)
    )


def _subsequence(short: Sequence[str], long: Sequence[str]) -> bool:
    rest = iter(long)
    return all(word in rest for word in short)
