"""Similarity of articles: TF-IDF over title, lead and names, decaying with the days between them."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from briefing.nlp.facts import names, stems
from briefing.nlp.text import beginning, paragraphs
from briefing.types import Article

_TITLE, _NAME, _LEAD, _BODY = 3.0, 2.0, 1.0, 0.4
"""Term weights."""
_LEAD_WORDS, _READ_WORDS = 150, 600
_IDF_SMOOTHING = 200.0
"""Pseudo-articles added to the given ones, of which one in a hundred has each term: among a dozen articles no term is
known to be rare. At 19 articles best F1 1.0, at 228 0.96, at the same threshold."""
_HALF_DAYS = 4.0
"""Days between two articles at which their similarity counts half."""
_EMBEDDING_WEIGHT = 0.15
"""Weight of embeddings in the similarity of two articles, the rest being words (`bench/stories.py`)."""
_ROUNDUP = re.compile(
    r"\b(?:morning|evening|daily|weekly|weekend|today'?s)\s+(?:briefing|brief|update|digest|round-?up|report|headlines|"
    r"newsletter)\b|\bround-?up\b|\bnews in brief\b|\bat a glance\b|\btop (?:stories|headlines|\d+)\b|"
    r"\b(?:\d+|five|ten|seven) things\b|\bwhat you need to know today\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SimilarityVectors:
    """Feature vectors of articles; a row for each, in their order."""

    words: Any
    """Sparse TF-IDF matrix, rows of unit length."""
    days: Any
    """Array of publication times in days, NaN if unknown."""
    embeddings: Any = None
    """Matrix with rows of unit length, or None without a model (`embeddings`)."""

    def products(self, rows: Any, columns: Any) -> Any:
        """Array of the cosine similarity of each of `rows` to each of `columns`."""
        words = (self.words[rows] @ self.words[columns].T).toarray()
        if self.embeddings is None:
            return words
        # Negative cosines are chance, and no reason to lower the similarity of words.
        cosines = (self.embeddings[rows] @ self.embeddings[columns].T).clip(0.0, 1.0)
        return (1 - _EMBEDDING_WEIGHT) * words + _EMBEDDING_WEIGHT * cosines


def tfidf_vectors(articles: Sequence[Article]) -> SimilarityVectors:
    """TF-IDF vectors over the stems of title, lead and body, and names.

    The similarity of two articles is the product of their rows, with `time_decay` (`clustering`).
    """
    import numpy as np
    from scipy.sparse import csr_matrix, diags

    bags = [_bag(article) for article in articles]
    frequencies = Counter(term for bag in bags for term in bag)
    terms = {term: column for column, term in enumerate(sorted(frequencies))}
    idf = {
        term: math.log((len(bags) + _IDF_SMOOTHING) / (count + _IDF_SMOOTHING / 100)) ** 1.5
        for term, count in frequencies.items()
    }
    rows = [row for row, bag in enumerate(bags) for _ in bag]
    columns = [terms[term] for bag in bags for term in bag]
    values = [(1 + math.log1p(count)) * idf[term] for bag in bags for term, count in bag.items()]
    matrix: Any = csr_matrix((values, (rows, columns)), shape=(len(bags), len(terms)), dtype=np.float32)
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    lengths[lengths == 0] = 1.0
    days = [article.published.timestamp() / 86400 if article.published else math.nan for article in articles]
    return SimilarityVectors(diags(1 / lengths).astype(np.float32) @ matrix, np.array(days))


def time_decay(days: Any) -> Any:
    """Factor of the similarity of two articles so many `days` apart; 1 if the date of either is unknown."""
    import numpy as np

    return np.where(np.isnan(days), 1.0, 1 / (1 + (np.abs(days) / _HALF_DAYS) ** 2))


def is_roundup(article: Article) -> bool:
    """Whether an article is a list of many stories, which would join them."""
    if _ROUNDUP.search(article.title):
        return True
    parts = [frozenset(stems(paragraph.text)) for paragraph in paragraphs(article.text)]
    parts = [part for part in parts if len(part) >= 8]
    if len(parts) < 5:
        return False
    related = [*pairwise(parts), *((parts[0], part) for part in parts[1:])]
    return not any(len(part & other) > 1 for part, other in related)


def _bag(article: Article) -> dict[str, float]:
    """Weighted term counts."""
    read, lead = beginning(article.text, _READ_WORDS), beginning(article.text, _LEAD_WORDS)
    body = read[len(lead) :]
    bag: defaultdict[str, float] = defaultdict(float)
    for text, weight in ((article.title, _TITLE), (lead, _LEAD), (body, _BODY)):
        for stem in stems(text):
            bag[stem] += weight
    for name in names(f"{article.title}. {lead}"):
        if not name.opens:
            bag[f"name {name.key}"] += _NAME
    return bag
