"""Which of the points that held are shown: different ones, and the main event among them. Pure.

Maximal marginal relevance (Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking for Reordering
Documents and Producing Summaries", SIGIR 1998): one by one the point that tells most and repeats least. A point tells
as much as the best of the sentences behind it (`salience`); two points repeat one another by the content words they
share, and by the sentences. What was chosen is shown in the order in which the model wrote it.
"""

from __future__ import annotations

from collections.abc import Sequence

from briefing.nlp.facts import stems
from briefing.types import KeyPoint

__all__ = ["LEAD", "choose", "chosen", "leads"]

LEAD = 3
"""Sentences at the beginning of a report that hold its main event."""
_RELEVANCE = 0.6
"""Of the weighing; the rest is novelty."""


def chosen(points: Sequence[KeyPoint], most: int, ranking: Sequence[int]) -> list[KeyPoint]:
    """`most` of `points`, in their order; one that `leads` is among them if there is any.

    `ranking`: indices of the article's sentences, most telling first.
    """
    behind = [frozenset(citation.sentence for citation in point.citations) for point in points]
    leading = [place for place, point in enumerate(points) if leads(point)]
    return [points[place] for place in choose([p.text for p in points], behind, leading, most, ranking)]


def choose(
    texts: Sequence[str],
    behind: Sequence[frozenset[int]],
    leading: Sequence[int],
    most: int,
    ranking: Sequence[int],
) -> list[int]:
    """Places of `most` of `texts`, in their order, of `leading` one at least if there is any.

    `behind`: of each, the sentences that it was made of; `ranking`: these, most telling first.
    """
    if len(texts) <= most:
        return list(range(len(texts)))
    places = {sentence: place for place, sentence in enumerate(ranking)}
    total = max(1, len(ranking))
    relevance = [max((1 - places.get(one, total) / total for one in cited), default=0.0) for cited in behind]
    said = [frozenset(stems(text)) for text in texts]

    def alike(one: int, other: int) -> float:
        smaller = min(len(said[one]), len(said[other])) or 1
        shared = len(said[one] & said[other]) / smaller
        return max(shared, 0.5 * bool(behind[one] & behind[other]))

    kept = [max(leading, key=lambda place: (relevance[place], -place))] if leading else []
    while len(kept) < most:
        rest = [place for place in range(len(texts)) if place not in kept]

        def gain(place: int) -> tuple[float, int]:
            repeated = max((alike(place, other) for other in kept), default=0.0)
            return _RELEVANCE * relevance[place] - (1 - _RELEVANCE) * repeated, -place

        kept.append(max(rest, key=gain))
    return sorted(kept)


def leads(point: KeyPoint) -> bool:
    """Whether a point tells of what stands at the beginning of its article: the sentence it has most words of does."""
    said = frozenset(stems(point.text))
    best = max(point.citations, key=lambda one: len(said.intersection(stems(one.text))), default=None)
    return best is not None and best.sentence < LEAD
