"""How alike articles are in what they mean: vectors of a language model beside the words, where there is a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from briefing.stories.clustering import Vectoriser
from briefing.stories.similarity import SimilarityVectors, tfidf_vectors
from briefing.types import Article

__all__ = ["Embed", "nearest", "with_embeddings"]

Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]
"""A vector for each text; texts of like meaning have vectors of like direction."""
_READ_WORDS = 150
_FEWEST = 10
"""Articles below which words alone count: what all texts have in common for a model cannot be told from a few."""
_ALIKE = 0.35
_BEFORE_OTHERS = 0.05
"""Cosines, the mean of the sentences taken off: what the nearest one needs, and by how much it is before the next."""


def nearest(text: str, sentences: Sequence[str], embed: Embed) -> int | None:
    """Place of the one of `sentences` that means what `text` means, in whatever languages `embed` knows; None where no
    one does, or several do alike.
    """
    import numpy as np

    if not sentences:
        return None
    vectors = np.array(embed([*sentences, text]), dtype=np.float64)
    if len(sentences) > 2:  # the mean of one or two says nothing of what all texts have in common
        vectors = vectors - vectors[:-1].mean(axis=0)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors / np.where(lengths == 0, 1.0, lengths)
    cosines = [float(cosine) for cosine in vectors[:-1] @ vectors[-1]]
    best, *others = sorted(cosines, reverse=True)
    return cosines.index(best) if best >= _ALIKE and best - max(others, default=-1.0) >= _BEFORE_OTHERS else None


def with_embeddings(embed: Embed) -> Vectoriser:
    """Compares articles by their words and by what `embed` makes of their titles and leads.

    Models differ in how alike they find any two texts (a cosine of 0.1 for one, 0.8 for another), so the mean of the
    articles' vectors is taken off: what is not about the same then is near 0 for every model, and one threshold serves.
    """

    def compare(articles: Sequence[Article]) -> SimilarityVectors:
        import numpy as np

        compared = tfidf_vectors(articles)
        if len(articles) < _FEWEST:
            return compared
        texts = [
            f"{article.title}. {' '.join(article.text.split(None, _READ_WORDS)[:_READ_WORDS])}" for article in articles
        ]
        vectors = np.array(embed(texts), dtype=np.float32)
        vectors -= vectors.mean(axis=0)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return replace(compared, meanings=vectors / np.where(lengths == 0, 1.0, lengths))

    return compare
