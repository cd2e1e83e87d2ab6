"""How well scores tell held statements from others. Pure; a statement counts as refused below the cut."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

__all__ = ["Scored", "figures"]

TENTH = 0.1
"""Share of held statements that may be refused."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A statement's score: log P(yes) - log P(no)."""

    score: float
    label: int
    kind: str


def figures(found: Sequence[Scored], cut: float) -> dict[str, Any]:
    """AUC, best balanced accuracy and its cut, and what is refused at `cut` and where a tenth of the held ones are."""
    held = sorted(one.score for one in found if one.label)
    wrong = [one.score for one in found if not one.label]
    told: dict[str, Any] = {"statements": len(found), "held": len(held), "wrong": len(wrong)}
    if not held or not wrong:
        return told
    best = max(sorted({one.score for one in found}), key=lambda at: _balanced(held, wrong, at))
    told |= {"auc": _auc(found), "balanced_accuracy": _balanced(held, wrong, best), "best_cut": best}
    for name, at in (("cut", cut), ("tenth", held[int(len(held) * TENTH)])):
        told[name] = {
            "at": at,
            "true_refused": _below(held, at),
            "wrong_refused": _below(wrong, at),
            "balanced_accuracy": _balanced(held, wrong, at),
            "by_kind": _by_kind(found, at),
        }
    return told


def _below(scores: Sequence[float], cut: float) -> float:
    return sum(score < cut for score in scores) / len(scores)


def _balanced(held: Sequence[float], wrong: Sequence[float], cut: float) -> float:
    return (1 - _below(held, cut) + _below(wrong, cut)) / 2


def _by_kind(found: Sequence[Scored], cut: float) -> dict[str, tuple[int, int]]:
    """Refused and all of every kind of wrong statement."""
    kinds: dict[str, list[bool]] = defaultdict(list)
    for one in found:
        if not one.label:
            kinds[one.kind].append(one.score < cut)
    return {kind: (sum(refused), len(refused)) for kind, refused in sorted(kinds.items())}


def _auc(found: Sequence[Scored]) -> float:
    """The share of pairs in the right order, ties half (Mann and Whitney, 1947)."""
    below, right = 0, 0.0
    for _, alike in groupby(sorted(found, key=lambda one: one.score), key=lambda one: one.score):
        labels = [one.label for one in alike]
        held, wrong = sum(labels), len(labels) - sum(labels)
        right += held * (below + wrong / 2)
        below += wrong
    count = sum(one.label for one in found)
    return right / (count * (len(found) - count))
