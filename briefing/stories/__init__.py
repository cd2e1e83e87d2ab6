"""Groups articles into stories.

Pure. `group` is the entry: copies of one text first (`near_duplicates`), then articles about one event within days, by
their words (`similarity`) and, if there is a model for it, by sentence embeddings (`embeddings`). Articles are compared
by ascending id, so that the order of the input never matters. Not here: identity by URL (`canonical`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from briefing.nlp.text import word_count
from briefing.stories.boilerplate import without_publisher_boilerplate
from briefing.stories.clustering import THRESHOLD, Cluster, Vectoriser, clusters
from briefing.stories.embeddings import with_embeddings
from briefing.stories.near_duplicates import copies
from briefing.stories.similarity import is_roundup, tfidf_vectors
from briefing.types import Article

__all__ = ["THRESHOLD", "Bundle", "Vectoriser", "group", "tfidf_vectors", "with_embeddings"]

_FULL_WORDS = 120
"""Words of an article that counts fully as the first of a story; a shorter one counts for less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Articles about one story."""

    articles: tuple[Article, ...]
    """At least one, each an original; the first represents the story."""
    copies: tuple[Article, ...]
    """Near duplicates of these."""
    event: bool = False
    """Whether it is a great event, told from so many sides that parts of it alone may look like many stories."""


def group(
    articles: Sequence[Article],
    *,
    threshold: float = THRESHOLD,
    compare: Vectoriser = tfidf_vectors,
    events: Sequence[Collection[str]] = (),
) -> tuple[Bundle, ...]:
    """Partition `articles` into stories; every article is in exactly one, as itself or as a copy.

    `threshold`: least mean similarity, 0 to 1, of groups that are joined. The first article of a bundle is the one most
    similar to the others, among equals the newest; of two articles the newer, unless it is much shorter. `events`: sets
    of ids of articles that are known to be about one event: stories of them are joined if they are at all alike.
    """
    ordered = sorted(articles, key=lambda article: (article.id, article.title, article.source, article.text))
    compared = without_publisher_boilerplate(ordered)
    roundups = {index for index, article in enumerate(compared) if is_roundup(article)}
    sets = copies(compared, roundups)
    alone = {number for number, (first, *_) in enumerate(sets) if first in roundups}
    known = [
        {number for number, copied in enumerate(sets) if any(ordered[index].id in event for index in copied)}
        for event in events
    ]
    found = clusters([compared[first] for first, *_ in sets], threshold, compare, alone, known)
    bundles = [_bundle(cluster, sets, ordered) for cluster in found]
    return tuple(sorted(bundles, key=lambda bundle: bundle.articles[0].id))


def _bundle(cluster: Cluster, sets: Sequence[Sequence[int]], articles: Sequence[Article]) -> Bundle:
    """The bundle of a cluster of sets of copies."""

    def order(pair: tuple[Sequence[int], float]) -> tuple[float, float, int, int]:
        (first, *_), mean = pair
        article = articles[first]
        newest = article.published.timestamp() if article.published else 0.0
        fullness = min(1.0, word_count(article.text) / _FULL_WORDS)
        return -round(mean * fullness, 1), -newest, -len(article.text), first

    own = [sets[number] for number in cluster.members]
    ordered = [members for members, _ in sorted(zip(own, cluster.means, strict=True), key=order)]
    return Bundle(
        articles=tuple(articles[first] for first, *_ in ordered),
        copies=tuple(articles[index] for _, *others in ordered for index in others),
        event=cluster.event,
    )
