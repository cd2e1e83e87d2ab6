"""Choosing the points that are shown by maximal marginal relevance, the main event among them. Pure.

MMR (Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking for Reordering Documents and Producing
Summaries", SIGIR 1998): greedily the point of most relevance and least redundancy. A point's relevance is that of its
most salient cited sentence; redundancy is the share of common stems, or of a common cited sentence. The chosen points
keep the order in which the model wrote them.
"""

from __future__ import annotations

from collections.abc import Sequence

from briefing.nlp.facts import stems
from briefing.types import KeyPoint

LEAD = 3
"""Sentences at the beginning of a report that hold its main event."""
_RELEVANCE = 0.6
"""Lambda of MMR; the rest is the weight of novelty."""


def choose_points(points: Sequence[KeyPoint], most: int, ranking: Sequence[int]) -> list[KeyPoint]:
    """`most` of `points`, in their order, one that `covers_opening` among them if there is any.

    `ranking`: indices of the article's sentences, most salient first.
    """
    cited = [frozenset(citation.sentence for citation in point.citations) for point in points]
    leading = [index for index, point in enumerate(points) if covers_opening(point)]
    return [points[index] for index in choose_indices([p.text for p in points], cited, leading, most, ranking)]


def choose_indices(
    texts: Sequence[str],
    cited: Sequence[frozenset[int]],
    leading: Sequence[int],
    most: int,
    ranking: Sequence[int],
) -> list[int]:
    """Indices of `most` of `texts`, ascending, one of `leading` among them if there is any.

    `cited`: for each text, its sentences; `ranking`: all sentences, most salient first.
    """
    if len(texts) <= most:
        return list(range(len(texts)))
    ranks = {sentence: rank for rank, sentence in enumerate(ranking)}
    total = max(1, len(ranking))
    relevance = [max((1 - ranks.get(s, total) / total for s in sentences), default=0.0) for sentences in cited]
    roots = [frozenset(stems(text)) for text in texts]

    def similarity(i: int, j: int) -> float:
        smaller = min(len(roots[i]), len(roots[j])) or 1
        return max(len(roots[i] & roots[j]) / smaller, 0.5 * bool(cited[i] & cited[j]))

    kept = [max(leading, key=lambda index: (relevance[index], -index))] if leading else []
    while len(kept) < most:

        def score(index: int) -> tuple[float, int]:
            redundancy = max((similarity(index, other) for other in kept), default=0.0)
            return _RELEVANCE * relevance[index] - (1 - _RELEVANCE) * redundancy, -index

        kept.append(max((index for index in range(len(texts)) if index not in kept), key=score))
    return sorted(kept)


def covers_opening(point: KeyPoint) -> bool:
    """Whether the cited sentence that shares most stems with a point is at the beginning of its article."""
    roots = frozenset(stems(point.text))
    best = max(point.citations, key=lambda citation: len(roots.intersection(stems(citation.text))), default=None)
    return best is not None and best.sentence < LEAD
