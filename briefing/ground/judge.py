"""The seam for a layer that reads: whatever can say how likely some sentences support a point. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = ["Judge"]


class Judge(Protocol):
    """A model's opinion; asked only about points that the fast layers leave open."""

    def __call__(self, sentences: Sequence[str], point: str, /) -> float | None:
        """Probability, 0 to 1, that `sentences` (those cited, in the article's order) support `point`; None where the
        model did not say.
        """
        ...
