"""How alike articles are in what they tell: TF-IDF over title, lead and names, and the days between them."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from briefing.nlp.facts import names, stems
from briefing.nlp.text import paragraphs
from briefing.types import Article

__all__ = ["SimilarityVectors", "is_roundup", "nearness", "tfidf_vectors"]

_TITLE, _NAME, _LEAD, _BODY = 3.0, 2.0, 1.0, 0.4
_LEAD_WORDS, _READ_WORDS = 150, 600
_PRIOR = 200.0
"""Articles that are thought beside the given ones when a word's rarity is told, one in a hundred of which has it: in a
dozen articles no word can be told to be rare. At 19 articles best F1 1.0, at 228 0.96, at the same threshold."""
_DAYS = 4.0
"""Between two articles, at which their likeness counts half."""
_MEANT = 0.15
"""Share of what is meant in the likeness of two articles, the rest being words (`bench/stories.py`)."""
_ROUNDUP = re.compile(
    r"\b(?:morning|evening|daily|weekly|weekend|today'?s)\s+(?:briefing|brief|update|digest|round-?up|report|headlines|"
    r"newsletter)\b|\bround-?up\b|\bnews in brief\b|\bat a glance\b|\btop (?:stories|headlines|\d+)\b|"
    r"\b(?:\d+|five|ten|seven) things\b|\bwhat you need to know today\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SimilarityVectors:
    """What articles are compared by; a row for each, in their order."""

    words: Any
    """Sparse matrix of rows of length 1: what is said, in which words."""
    days: Any
    """Array of times in days, NaN where unknown."""
    meanings: Any = None
    """Matrix of rows of length 1, or None: what is meant, whatever the words (`embeddings`)."""

    def products(self, rows: Any, columns: Any) -> Any:
        """Array of how alike each of `rows` and each of `columns` is in what it tells."""
        said = (self.words[rows] @ self.words[columns].T).toarray()
        if self.meanings is None:
            return said
        # Under 0 is chance, and no reason to doubt what the words say.
        meant = (self.meanings[rows] @ self.meanings[columns].T).clip(0.0, 1.0)
        return (1 - _MEANT) * said + _MEANT * meant


def tfidf_vectors(articles: Sequence[Article]) -> SimilarityVectors:
    """Articles by the words of title, lead and names.

    The likeness of two articles is their rows' product, less for the days between them (`clustering`).
    """
    import numpy as np
    from scipy.sparse import csr_matrix, diags

    bags = [_bag(article) for article in articles]
    held = Counter(term for bag in bags for term in bag)
    terms = {term: column for column, term in enumerate(sorted(held))}
    rarity = {term: math.log((len(bags) + _PRIOR) / (count + _PRIOR / 100)) ** 1.5 for term, count in held.items()}
    rows = [row for row, bag in enumerate(bags) for _ in bag]
    columns = [terms[term] for bag in bags for term in bag]
    values = [(1 + math.log1p(count)) * rarity[term] for bag in bags for term, count in bag.items()]
    matrix: Any = csr_matrix((values, (rows, columns)), shape=(len(bags), len(terms)), dtype=np.float32)
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    lengths[lengths == 0] = 1.0
    days = [article.published.timestamp() / 86400 if article.published else math.nan for article in articles]
    return SimilarityVectors(diags(1 / lengths).astype(np.float32) @ matrix, np.array(days))


def nearness(apart: Any) -> Any:
    """What likeness is multiplied with for so many days between two articles; 1 where either has no date."""
    import numpy as np

    return np.where(np.isnan(apart), 1.0, 1 / (1 + (np.abs(apart) / _DAYS) ** 2))


def is_roundup(article: Article) -> bool:
    """Whether an article is a list of many stories, which would tie them together."""
    if _ROUNDUP.search(article.title):
        return True
    parts = [frozenset(stems(paragraph.text)) for paragraph in paragraphs(article.text)]
    parts = [part for part in parts if len(part) >= 8]
    if len(parts) < 5:
        return False
    tied = sum(len(one & other) > 1 for one, other in pairwise(parts))
    beyond = sum(len(parts[0] & other) > 1 for other in parts[1:])
    return tied == 0 and beyond == 0


def _bag(article: Article) -> dict[str, float]:
    said = article.text.split(None, _READ_WORDS)
    lead, body = " ".join(said[:_LEAD_WORDS]), " ".join(said[_LEAD_WORDS:_READ_WORDS])
    bag: defaultdict[str, float] = defaultdict(float)
    for text, weight in ((article.title, _TITLE), (lead, _LEAD), (body, _BODY)):
        for stem in stems(text):
            bag[stem] += weight
    for name in names(f"{article.title}. {lead}"):
        if not name.opens:
            bag[f"name {name.key}"] += _NAME
    return bag
