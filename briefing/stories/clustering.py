"""Average linkage over articles' likenesses, so that stories do not chain together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from briefing.stories.similarity import SimilarityVectors, nearness
from briefing.types import Article

__all__ = ["THRESHOLD", "Vectoriser", "clusters"]

THRESHOLD = 0.16
"""Least mean likeness of two groups that are joined (`bench/stories.py` prints the curve)."""
Vectoriser = Callable[[Sequence[Article]], SimilarityVectors]
"""How articles are compared: `similarity.likeness`, or what `embeddings.with_embeddings` makes."""
_ONE_SOURCE = 0.8
"""What the likeness of two articles of one source is multiplied with: they share its words, and seldom their event."""
_IN_COMMON = 4
"""Words and names that two articles share, below which nothing can be told: feeds give some no more than a line."""
_FLOOR = 0.6
"""Share of the threshold below which a pair is not looked at."""
_ROWS = 500
"""Compared with all others at once: 500 rows of 10,000 floats are 20 MB."""
_LARGEST = 1500
"""Articles that are linked at once; a larger heap is parted at a higher floor first."""


def clusters(
    articles: Sequence[Article], threshold: float, compare: Vectoriser, alone: Collection[int] = ()
) -> list[tuple[list[int], list[float]]]:
    """Places of the articles of each story, in their order, with how much each is like the others of its story.

    Those in `alone` are stories of their own.
    """
    if len(articles) < 2:
        return [([place], [1.0]) for place in range(len(articles))]
    pairs = _Pairs(compare(articles), _numbered([article.source for article in articles]))
    found = [([place], [1.0]) for place in alone]
    for heap in _heaps(pairs, threshold * _FLOOR, frozenset(alone)):
        found += _linked(pairs, heap, threshold)
    return sorted(found)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Likenesses of articles, worked out when they are asked for."""

    compared: SimilarityVectors
    sources: Any

    def alike(self, rows: Any, columns: Any) -> Any:
        """Array of the likeness of each article of `rows` to each of `columns`."""
        import numpy as np

        products = self.compared.products(rows, columns)
        presence = self.compared.words != 0
        shared = (presence[rows].astype(np.float32) @ presence[columns].T.astype(np.float32)).toarray()
        one_source = self.sources[rows][:, None] == self.sources[columns][None, :]
        days = self.compared.days
        near = nearness(days[rows][:, None] - days[columns][None, :])
        return products * near * np.where(one_source, _ONE_SOURCE, 1.0) * (shared >= _IN_COMMON)


def _numbered(names: Sequence[str]) -> Any:
    import numpy as np

    return np.unique(np.array(names), return_inverse=True)[1]


def _heaps(pairs: _Pairs, floor: float, alone: frozenset[int]) -> list[list[int]]:
    """Articles that are tied by pairs over `floor`, directly or through others."""
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    total = pairs.compared.words.shape[0]
    everything = np.arange(total)
    firsts, seconds, weights = [], [], []
    for start in range(0, total, _ROWS):
        block = pairs.alike(everything[start : start + _ROWS], everything)
        rows, columns = np.nonzero(block >= floor)
        kept = rows + start < columns
        firsts.append(rows[kept] + start)
        seconds.append(columns[kept])
        weights.append(block[rows[kept], columns[kept]])
    first, second, weight = np.concatenate(firsts), np.concatenate(seconds), np.concatenate(weights)
    if alone:
        free = ~(np.isin(first, list(alone)) | np.isin(second, list(alone)))
        first, second, weight = first[free], second[free], weight[free]
    while True:
        ties = coo_matrix((np.ones(len(first)), (first, second)), shape=(total, total))
        _, labels = connected_components(ties, directed=False)
        if np.bincount(labels).max() <= _LARGEST:
            break
        floor *= 1.2
        kept = weight >= floor
        first, second, weight = first[kept], second[kept], weight[kept]
    heaps: dict[int, list[int]] = {}
    for place, label in enumerate(labels):
        if place not in alone:
            heaps.setdefault(int(label), []).append(place)
    return list(heaps.values())


def _linked(pairs: _Pairs, heap: list[int], threshold: float) -> list[tuple[list[int], list[float]]]:
    import numpy as np

    if len(heap) == 1:
        return [(heap, [1.0])]
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    alike = pairs.alike(np.array(heap), np.array(heap)).astype(float)
    np.fill_diagonal(alike, 1.0)
    alike = np.clip((alike + alike.T) / 2, 0.0, 1.0).round(9)
    labels = fcluster(linkage(squareform(1 - alike, checks=False), "average"), 1 - threshold, "distance")
    stories: dict[int, list[int]] = {}
    for place, label in enumerate(labels):
        stories.setdefault(int(label), []).append(place)
    return [
        ([heap[place] for place in places], [float(alike[place, places].mean()) for place in places])
        for places in stories.values()
    ]
