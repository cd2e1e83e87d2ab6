"""Probability that a point is supported: a logistic model of rule features and a model's log-odds. Pure.

The log-odds are log P(yes) minus log P(no) of the tuned model that checks (prompts/check.j2).

`WITHOUT_MODEL` was fitted on half of the labelled data (split by document; ``bench/faithfulness.py --fit`` prints it
again), with equal weight for every data set and label, and the sign of each weight constrained to its meaning; a text
of several sentences counts by its worst one. Ablation, cross-validated there (``--ablate``): balanced accuracy falls by
2.3 points without numbers, 7.1 without names, 1.3 without negations; without closeness by 0.3, and the area under the
ROC curve by 5.6, more than without any other. A quotation that is not verbatim earned no weight, because the labelled
claims misquote by tokenisation; the verdict does not need one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from briefing.ground.exact import Missing

WITHOUT_MODEL: dict[str, float] = {"number": -0.844, "name": -0.763, "negation": -1.539, "closeness": 1.197}
"""Weights of the features in log-odds, where no model checked the point."""
BIAS_WITHOUT_MODEL = -0.32

WITH_MODEL: dict[str, float] = {
    "number": -0.844,
    "name": -0.763,
    "negation": -1.539,
    "in_order": 2.893,
    "log_odds": 0.606,
}
"""Weights where a model checked it. Those of log-odds and order: logistic regression on 396 lines that the tuned model
wrote about 114 articles kept out of its training; two readers labelled half of them each, a quarter was false. Area
under the ROC curve, cross-validated by article: 83; the log-odds alone 82, the order alone 78. The others, with which a
line fails anyway, are those of `WITHOUT_MODEL`."""
BIAS_WITH_MODEL = -1.763

CUT = 0.8
"""Probability below which a point that a model checked is not shown. Of those lines it keeps 55 in 100, of which 7 are
false by readers who were told to be strict; at 0.5 it would keep 81, of which 17."""

_MOST_COUNTED = {"number": 2, "name": 3}


def features(missing: Sequence[Missing], closeness: float, in_order: float) -> dict[str, float]:
    """The features of `probability`: counts of missing numbers, names and negations, and similarity to one sentence.

    `closeness`, `in_order`: the largest share of the point's stems, of its words in order, in one sentence (`align`).
    """
    kinds = [part.kind for part in missing]
    return {
        "number": float(min(_MOST_COUNTED["number"], kinds.count("number"))),
        "name": float(min(_MOST_COUNTED["name"], kinds.count("name"))),
        "negation": float("negation" in kinds),
        "closeness": closeness,
        "in_order": in_order,
    }


def probability(features: Mapping[str, float], log_odds: float | None = None) -> float:
    """Probability, 0 to 1, that a point with these `features` is supported, at even prior odds.

    `log_odds`: the model's; None: no model checked the point.
    """
    if log_odds is None:
        bias, weights, values = BIAS_WITHOUT_MODEL, WITHOUT_MODEL, features
    else:
        bias, weights, values = BIAS_WITH_MODEL, WITH_MODEL, {**features, "log_odds": log_odds}
    logit = bias + sum(weight * values[name] for name, weight in weights.items())
    return 1 / (1 + math.exp(-min(max(logit, -700.0), 700.0)))
