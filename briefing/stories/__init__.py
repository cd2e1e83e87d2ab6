"""Which articles tell the same story.

Pure. `group` is the entry: copies of one text first (`near_duplicates`), then articles about one event in the same
days, by what they say (`similarity`) and, where somebody has a model for it, by what they mean (`embeddings`). Articles
are compared in the order of their ids, so that the order of the input never matters; what an address says about
identity is the business of `canonical`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from briefing.nlp.text import word_count
from briefing.stories.boilerplate import without_standing_words
from briefing.stories.clustering import THRESHOLD, Vectoriser, clusters
from briefing.stories.embeddings import with_embeddings
from briefing.stories.near_duplicates import copies
from briefing.stories.similarity import is_roundup, tfidf_vectors
from briefing.types import Article

__all__ = ["THRESHOLD", "Bundle", "Vectoriser", "group", "tfidf_vectors", "with_embeddings"]

_WORDS = 120
"""Of an article that can stand for a story; a shorter one counts for less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Articles that tell one story."""

    articles: tuple[Article, ...]
    """At least one, each of its own making; the first stands for the story."""
    copies: tuple[Article, ...]
    """The same texts elsewhere."""


def group(
    articles: Sequence[Article], *, threshold: float = THRESHOLD, compare: Vectoriser = tfidf_vectors
) -> tuple[Bundle, ...]:
    """The stories that `articles` tell; every article is in exactly one, as itself or as a copy.

    `threshold`: least mean likeness, 0 to 1, of what is joined. The first article of a bundle is the one most like the
    others, among equals the newest; of two articles the newer, unless it is much shorter.
    """
    ordered = sorted(articles, key=lambda one: (one.id, one.title, one.source, one.text))
    compared = without_standing_words(ordered)
    roundups = {place for place, article in enumerate(compared) if is_roundup(article)}
    sets = copies(compared, roundups)
    alone = {number for number, (first, *_) in enumerate(sets) if first in roundups}
    found = clusters([compared[first] for first, *_ in sets], threshold, compare, alone)
    bundles = [_bundle([sets[place] for place in places], alike, ordered) for places, alike in found]
    return tuple(sorted(bundles, key=lambda bundle: bundle.articles[0].id))


def _bundle(sets: Sequence[Sequence[int]], alike: Sequence[float], articles: Sequence[Article]) -> Bundle:
    def weight(pair: tuple[Sequence[int], float]) -> tuple[float, float, int, int]:
        (first, *_), likeness = pair
        article = articles[first]
        newest = article.published.timestamp() if article.published else 0.0
        told = min(1.0, word_count(article.text) / _WORDS)
        return -round(likeness * told, 1), -newest, -len(article.text), first

    ordered = [places for places, _ in sorted(zip(sets, alike, strict=True), key=weight)]
    return Bundle(
        articles=tuple(articles[first] for first, *_ in ordered),
        copies=tuple(articles[place] for _, *others in ordered for place in others),
    )
