"""Sentence embeddings beside TF-IDF, if there is a model: similarity of articles, nearest sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from briefing.nlp.text import beginning
from briefing.stories.clustering import Vectoriser
from briefing.stories.similarity import SimilarityVectors, tfidf_vectors
from briefing.types import Article

Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]
"""A vector for each text; texts of similar meaning have vectors of similar direction."""
_READ_WORDS = 150
_LEAST_ARTICLES = 10
"""Fewer articles are compared by words alone: their mean does not estimate what a model finds in every text."""
_LEAST_COSINE = 0.35
_MARGIN = 0.05
"""Least difference of the nearest sentence's cosine to the next; both cosines after subtracting the sentences' mean."""


def nearest(text: str, sentences: Sequence[str], embed: Embed) -> int | None:
    """Index of the sentence that means the same as `text`, across the languages that `embed` knows; None if none does,
    or several do equally.
    """
    import numpy as np

    if not sentences:
        return None
    vectors = np.array(embed([*sentences, text]), dtype=np.float64)
    if len(sentences) > 2:  # the mean of one or two does not estimate what all texts have in common
        vectors = vectors - vectors[:-1].mean(axis=0)
    vectors = _unit(vectors)
    cosines = [float(cosine) for cosine in vectors[:-1] @ vectors[-1]]
    best, *others = sorted(cosines, reverse=True)
    return cosines.index(best) if best >= _LEAST_COSINE and best - max(others, default=-1.0) >= _MARGIN else None


def with_embeddings(embed: Embed) -> Vectoriser:
    """`tfidf_vectors` with embeddings of titles and leads beside them.

    Models differ in the cosine of unrelated texts (0.1 for one, 0.8 for another); subtracting the articles' mean vector
    brings it near 0 for every model, so that one threshold serves.
    """

    def compare(articles: Sequence[Article]) -> SimilarityVectors:
        import numpy as np

        vectors = tfidf_vectors(articles)
        if len(articles) < _LEAST_ARTICLES:
            return vectors
        texts = [f"{article.title}. {beginning(article.text, _READ_WORDS)}" for article in articles]
        embeddings = np.array(embed(texts), dtype=np.float32)
        return replace(vectors, embeddings=_unit(embeddings - embeddings.mean(axis=0)))

    return compare


def _unit(vectors: Any) -> Any:
    """Rows scaled to unit length; zero rows unchanged."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths == 0, 1.0, lengths)
