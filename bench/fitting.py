"""The weights of `briefing.ground.combination`, fitted on the tuning half of the labelled claims.

Every data set and both labels weigh the same. Of a text of several sentences that is not supported, only the one that
scores worst is taken for wrong. Cross-validated by document, the same half says what each sign earns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

__all__ = ["Sample", "cross_validated", "fit", "scores"]

ROUNDS, RIDGE = 3, 0.003
FOLDS, SPLITS = 5, 6
POSITIVE = {"closeness", "in_order", "log_odds"}
"""Signs that speak for a point; the others speak against it."""


@dataclass(frozen=True)
class Sample:
    """A labelled claim: what was found of each of its sentences, by sign."""

    source: str
    label: int
    document: str
    signs: Sequence[Mapping[str, float]]


def fit(rows: Sequence[Sample], names: Sequence[str]) -> dict[str, float]:
    """Weights by sign, and ``bias``, with scipy's L-BFGS-B."""
    from scipy.optimize import minimize

    matrices = [_matrix(row, names) for row in rows]
    middle, spread = np.vstack(matrices).mean(0), np.vstack(matrices).std(0) + 1e-9
    matrices = [(matrix - middle) / spread for matrix in matrices]
    of = Counter((row.source, row.label) for row in rows)
    solution = np.zeros(len(names) + 1)
    bounds = [(0, None) if name in POSITIVE else (None, 0) for name in names] + [(None, None)]
    for turn in range(ROUNDS):
        blocks, signs_of, weights = [], [], []
        for row, matrix in zip(rows, matrices, strict=True):
            if row.label:
                used = matrix
            elif len(matrix) == 1 or turn:
                used = matrix[[int((matrix @ solution[:-1]).argmin())]]
            else:
                continue
            blocks.append(used)
            signs_of += [2 * row.label - 1] * len(used)
            weights += [1 / of[row.source, row.label] / len(used)] * len(used)
        x, y, w = np.vstack(blocks), np.array(signs_of), np.array(weights)
        for label in (-1, 1):
            w[y == label] /= 2 * w[y == label].sum()

        def loss(at: Any, x: Any = x, y: Any = y, w: Any = w) -> Any:
            margin = y * (x @ at[:-1] + at[-1])
            slope = -y * w / (1 + np.exp(np.minimum(margin, 700)))
            value = (w * np.logaddexp(0, -margin)).sum() + RIDGE * (at[:-1] ** 2).sum()
            return value, np.append(x.T @ slope + 2 * RIDGE * at[:-1], slope.sum())

        solution = minimize(loss, solution, jac=True, method="L-BFGS-B", bounds=bounds).x
    weights_ = solution[:-1] / spread
    bias = float(solution[-1] - (weights_ * middle).sum())
    found = {name: round(float(weight), 3) for name, weight in zip(names, weights_, strict=True)}
    return {**found, "bias": round(bias, 3)}


def scores(rows: Iterable[Sample], weights: Mapping[str, float]) -> list[float]:
    """Logarithm of the odds of each claim: of its worst sentence."""
    return [
        weights["bias"] + min(sum(weights[n] * one[n] for n in weights if n != "bias") for one in row.signs)
        for row in rows
    ]


def cross_validated(
    rows: Sequence[Sample],
    names: Sequence[str],
    best_cut: Callable[[Sequence[Sample], Sequence[float]], float],
) -> list[list[float]]:
    """Of every claim how far above the cut its score was, weights and cut being from other documents: once a split."""
    found = []
    for split in range(SPLITS):
        folds = [int(sha256(f"{row.document} {split}".encode()).hexdigest()[:8], 16) % FOLDS for row in rows]
        over = [0.0] * len(rows)
        for fold in set(folds):
            known = [row for row, of in zip(rows, folds, strict=True) if of != fold]
            weights = fit(known, names)
            cut = best_cut(known, scores(known, weights))
            for place, row in enumerate(rows):
                if folds[place] == fold:
                    over[place] = scores([row], weights)[0] - cut
        found.append(over)
    return found


def _matrix(row: Sample, names: Sequence[str]) -> Any:
    return np.array([[one[name] for name in names] for one in row.signs])
