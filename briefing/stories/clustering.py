"""Average-linkage clustering of articles by similarity; unlike single linkage, it does not chain stories together.

What is written of a great event (the deed, the suspect, the mourning, what ministers say) is often too different for
that. Where most of the stories about one name resemble one another somewhat, they are one (`_with_events`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from briefing.stories.shared_names import stories_about_one_name
from briefing.stories.similarity import SimilarityVectors, time_decay
from briefing.types import Article

THRESHOLD = 0.16
"""Least mean similarity of two groups that are joined (`bench/stories.py` prints the curve)."""
Vectoriser = Callable[[Sequence[Article]], SimilarityVectors]
"""`similarity.tfidf_vectors`, or the result of `embeddings.with_embeddings`."""
_SAME_SOURCE = 0.8
"""Factor of the similarity of two articles of one source, which share its words and seldom their event."""
_LEAST_SHARED = 4
"""Terms that two articles must share: some feeds give no more than a line, which tells too little."""
_FLOOR = 0.6
"""Share of the threshold below which pairs are ignored."""
_EVENT = 0.5
"""Share of the threshold at which stories about one name are linked. Of the stories about a politician or a city, few
are that similar; of those about one murder, seven of nine. Of 14 names in the data of `bench/stories.py`, which are of
many years and without dates, one passes wrongly (three stories about a party's committee), of 12 in real feeds none."""
_EVENT_STORIES = 3
"""Least number of stories about one name that make an event; they must be most of those about it."""
_BLOCK = 500
"""Rows compared with all others at once: 500 rows of 10,000 floats are 20 MB."""
_LARGEST = 1500
"""Articles in one linkage; a larger component is first split at a higher floor."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The articles of a story."""

    members: list[int]
    """Their indices, ascending."""
    means: list[float]
    """Of each its mean similarity to all of them; of an event's in proportion to the greatest."""
    event: bool = False
    """Whether they are stories of one great event, joined."""


def clusters(
    articles: Sequence[Article],
    threshold: float,
    compare: Vectoriser,
    alone: Collection[int] = (),
    known: Sequence[Collection[int]] = (),
) -> list[Cluster]:
    """The stories, by their first article. Those in `alone` are stories of their own.

    `known`: sets of articles that are about one event, by what else is known of it.
    """
    import numpy as np

    if len(articles) < 2:
        return [Cluster([index], [1.0]) for index in range(len(articles))]
    _, sources = np.unique(np.array([article.source for article in articles]), return_inverse=True)
    pairs = _Pairs(compare(articles), sources)
    found = []
    for component in _components(pairs, threshold * _FLOOR, frozenset(alone)):
        found += _linked(pairs, component, threshold)
    found = [*_with_events(found, articles, pairs, threshold, known), *(Cluster([index], [1.0]) for index in alone)]
    return sorted(found, key=lambda cluster: cluster.members)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Similarities of pairs of articles, computed on demand."""

    vectors: SimilarityVectors
    sources: Any
    """Array with a number for each article's source."""

    def similarity(self, rows: Any, columns: Any) -> Any:
        """Array of the similarity of each of `rows` to each of `columns`."""
        import numpy as np

        products = self.vectors.products(rows, columns)
        presence = self.vectors.words != 0
        shared = (presence[rows].astype(np.float32) @ presence[columns].T.astype(np.float32)).toarray()
        same_source = self.sources[rows][:, None] == self.sources[columns][None, :]
        days = self.vectors.days
        decay = time_decay(days[rows][:, None] - days[columns][None, :])
        return products * decay * np.where(same_source, _SAME_SOURCE, 1.0) * (shared >= _LEAST_SHARED)

    def among(self, members: Sequence[int]) -> Any:
        """Symmetric array of the similarity of each of `members` to each, 0 to 1; each to itself 1."""
        import numpy as np

        similarity = self.similarity(np.array(members), np.array(members)).astype(float)
        np.fill_diagonal(similarity, 1.0)
        return np.clip((similarity + similarity.T) / 2, 0.0, 1.0).round(9)


def _components(pairs: _Pairs, floor: float, alone: frozenset[int]) -> list[list[int]]:
    """Connected components of the graph of pairs above `floor`."""
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    total = pairs.vectors.words.shape[0]
    everything = np.arange(total)
    firsts, seconds, weights = [], [], []
    for start in range(0, total, _BLOCK):
        block = pairs.similarity(everything[start : start + _BLOCK], everything)
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
        edges = coo_matrix((np.ones(len(first)), (first, second)), shape=(total, total))
        _, labels = connected_components(edges, directed=False)
        if np.bincount(labels).max() <= _LARGEST:
            break
        floor *= 1.2
        kept = weight >= floor
        first, second, weight = first[kept], second[kept], weight[kept]
    return _by_label([(index, label) for index, label in enumerate(labels) if index not in alone])


def _linked(pairs: _Pairs, component: list[int], threshold: float) -> list[Cluster]:
    """The stories of a component."""
    if len(component) == 1:
        return [Cluster(component, [1.0])]
    similarity = pairs.among(component)
    return [
        Cluster([component[row] for row in rows], [float(similarity[row, rows].mean()) for row in rows])
        for rows in _average_linkage(similarity, threshold)
    ]


def _average_linkage(similarity: Any, threshold: float) -> list[list[int]]:
    """The rows of each group whose mean similarity is `threshold` or more."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    labels = fcluster(linkage(squareform(1 - similarity, checks=False), "average"), 1 - threshold, "distance")
    return _by_label(enumerate(labels))


def _with_events(
    found: list[Cluster],
    articles: Sequence[Article],
    pairs: _Pairs,
    threshold: float,
    known: Sequence[Collection[int]],
) -> list[Cluster]:
    """The stories `found`, those of one event joined: what is `known`, then what most stories about one name are."""
    free = set(range(len(found)))
    events: list[Cluster] = []

    def join(numbers: list[int]) -> None:
        free.difference_update(numbers)
        members = sorted(index for number in numbers for index in found[number].members)
        means = pairs.among(members).mean(axis=0)
        events.append(Cluster(members, [float(mean) for mean in means / means.max()], event=True))

    for event in known:
        parts = [number for number in sorted(free) if 2 * _shared(found[number], event) >= len(found[number].members)]
        largest = _most_alike([found[number] for number in parts], pairs, threshold * _EVENT)
        if len(largest) > 1:
            join([parts[row] for row in largest])
    for about in stories_about_one_name([story.members for story in found], articles, _EVENT_STORIES):
        parts = [number for number in about if number in free]
        largest = _most_alike([found[number] for number in parts], pairs, threshold * _EVENT)
        if len(largest) >= _EVENT_STORIES and 2 * len(largest) > len(parts):
            join([parts[row] for row in largest])
    return [*(found[number] for number in free), *events]


def _shared(story: Cluster, event: Collection[int]) -> int:
    return sum(index in event for index in story.members)


def _most_alike(stories: Sequence[Cluster], pairs: _Pairs, threshold: float) -> list[int]:
    """The indices of most of `stories` that average linkage joins, each story counting the same."""
    import numpy as np

    if len(stories) < 2:
        return []
    sizes = [len(story.members) for story in stories]
    similarity = pairs.among([index for story in stories for index in story.members])
    shares = np.repeat(np.eye(len(stories)) / sizes, sizes, axis=0)
    between = (shares.T @ similarity @ shares).clip(0.0, 1.0)
    np.fill_diagonal(between, 1.0)
    return max(_average_linkage(between, threshold), key=len)


def _by_label(labelled: Iterable[tuple[int, Any]]) -> list[list[int]]:
    found: dict[int, list[int]] = {}
    for index, label in labelled:
        found.setdefault(int(label), []).append(index)
    return list(found.values())
