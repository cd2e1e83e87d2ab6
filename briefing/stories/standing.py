"""What a source says under all its articles ("Subscribe to our channel", "The views here are the author's own")."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from briefing.text import fold
from briefing.types import Article

__all__ = ["without_standing_words"]

_RUN = 5
_OFTEN = 3
"""Articles of one source from which on a run of five words is its standing phrase."""


def without_standing_words(articles: Sequence[Article]) -> list[Article]:
    """The same articles, for comparing, without words and parts of titles that three articles of their source have.

    Of an article of nothing else, the title is what it says.
    """
    said = [article.text.split() for article in articles]
    runs = [_runs(words) for words in said]
    counts: defaultdict[str, Counter[int]] = defaultdict(Counter)
    parts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for article, found in zip(articles, runs, strict=True):
        counts[article.source].update(set(found))
        parts[article.source].update(set(_parts(article.title)))
    bare = []
    for article, words, found in zip(articles, said, runs, strict=True):
        common = parts[article.source]
        title = " ".join(part for part in _parts(article.title) if common[part] < _OFTEN)
        bare.append(replace(article, title=title, text=" ".join(_kept(words, found, counts[article.source])) or title))
    return bare


def _parts(title: str) -> list[str]:
    """What stands between bars and dashes: two in "Flood in Harwick | Evening News"."""
    return re.split(r"\s+[|–—•·-]\s+", title.strip())


def _runs(words: Sequence[str]) -> list[int]:
    folded = [fold(word) for word in words]
    return [hash(tuple(folded[start : start + _RUN])) for start in range(len(folded) - _RUN + 1)]


def _kept(words: Sequence[str], runs: Sequence[int], counts: Counter[int]) -> list[str]:
    standing = {
        place for start, run in enumerate(runs) if counts[run] >= _OFTEN for place in range(start, start + _RUN)
    }
    return [word for place, word in enumerate(words) if place not in standing]
