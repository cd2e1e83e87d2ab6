"""Removes publishers' boilerplate from articles ("Subscribe to our channel", "The views here are the author's own").

Word sequences that three articles of one source or site share are boilerplate. Those that two share are, if the rest of
the two is about different things; a follow-up, which repeats how it all began, and a second version of one article keep
their words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from briefing.canonical import canonical_url
from briefing.nlp.facts import stems
from briefing.nlp.text import beginning, fold, pieces
from briefing.types import Article

_SHINGLE = 5
"""Words."""
_READ_WORDS = 5000
"""Words of an article that are compared, from its beginning: no story is told apart by what stands behind them."""
_FREQUENT = 3
"""Articles of one publisher that share a shingle or a part of the title from which on it is boilerplate."""
_LEAST_SHARED = 6
"""Shingles, ten words in a row, below which what two articles share is no more than a common phrase."""
_RELATED = 0.2
"""Share of the content words of two articles, without what they share word for word, from which on they are related."""
_VERSION_REST = 8
"""Words below which the rest of a text that begins as another is too short to make it more than a version of it."""
_LEADING = 3
"""Words that may precede a shared beginning."""
_VERSION_SHARED = 0.7
"""Share of the shorter text's shingles that two versions of one article have in common."""
_OWN = 0.1
"""Share of an article's words that another lacks from which on they may be news and not boilerplate."""
_MOST_COMPARED = 20
"""Articles with the same beginning that another is compared with."""


def shingles(words: Sequence[str]) -> list[int]:
    """Hashes of every five consecutive words; of fewer words, none."""
    return [hash(tuple(words[start : start + _SHINGLE])) for start in range(len(words) - _SHINGLE + 1)]


@dataclass(frozen=True, slots=True)
class _Shingled:
    """An article with its words (`pieces`) and the shingles that begin at each."""

    article: Article
    words: tuple[str, ...]
    shingles: tuple[int, ...]

    @classmethod
    def of(cls, article: Article) -> _Shingled:
        words = tuple(pieces(beginning(article.text, _READ_WORDS)))
        return cls(article, words, tuple(shingles([fold(word).rstrip() for word in words])))

    @property
    def key(self) -> tuple[str, str]:
        """Equal for an article that came twice."""
        return self.article.title, self.article.text

    def covered(self, shared: Iterable[int]) -> set[int]:
        """Indices of the words inside any of these shingles."""
        wanted = frozenset(shared)
        starts = (start for start, shingle in enumerate(self.shingles) if shingle in wanted)
        return {index for start in starts for index in range(start, start + _SHINGLE)}


def without_publisher_boilerplate(articles: Sequence[Article]) -> list[Article]:
    """The same articles for comparing, without the words and parts of titles that are their publishers' boilerplate.

    An article of nothing else keeps its title as text.
    """
    shingled = [_Shingled.of(article) for article in articles]
    published: defaultdict[str, dict[tuple[str, str], _Shingled]] = defaultdict(dict)
    for own in shingled:
        for publisher in _publishers(own.article):
            published[publisher].setdefault(own.key, own)
    parts = {
        publisher: Counter(part for title, _ in keys for part in set(_title_parts(title)))
        for publisher, keys in published.items()
    }
    boilerplate = {publisher: _boilerplate(list(unique.values())) for publisher, unique in published.items()}
    bare = []
    for own in shingled:
        publishers = _publishers(own.article)
        title = " ".join(
            part
            for part in _title_parts(own.article.title)
            if all(parts[publisher][part] < _FREQUENT for publisher in publishers)
        )
        covered = own.covered(shingle for publisher in publishers for shingle in boilerplate[publisher][own.key])
        text = "".join(word for index, word in enumerate(own.words) if index not in covered).rstrip()
        bare.append(replace(own.article, title=title, text=text or title))
    return bare


def different_news(first: Article, second: Article) -> bool:
    """Whether two articles that share many words are about different things: each has a good part of its own, and these
    parts are unrelated.
    """
    pair = _Shingled.of(first), _Shingled.of(second)
    shared = set(pair[0].shingles).intersection(pair[1].shingles)
    own = min(1 - len(article.covered(shared)) / max(1, len(article.words)) for article in pair)
    return own >= _OWN and bool(shared) and _unrelated(*pair, shared)


def _publishers(article: Article) -> tuple[str, ...]:
    """Its source, and its site, which may be read through several feeds."""
    site = canonical_url(article.url).partition("/")[0] if article.url else ""
    return (f"source {article.source}", *([f"site {site}"] if site else []))


def _title_parts(title: str) -> list[str]:
    """Parts between bars and dashes: two in "Flood in Harwick | Evening News"."""
    return re.split(r"\s+[|–—•·-]\s+", title.strip())


def _boilerplate(published: Sequence[_Shingled]) -> dict[tuple[str, str], frozenset[int]]:
    """Shingles of a publisher's boilerplate in each of its articles, by key."""
    articles = _without_versions(published)
    counts = Counter(shingle for article in articles for shingle in set(article.shingles))
    twice: defaultdict[int, list[int]] = defaultdict(list)
    for index, article in enumerate(articles):
        for shingle in set(article.shingles):
            if counts[shingle] == 2:
                twice[shingle].append(index)
    shared: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for shingle, (first, second) in twice.items():
        shared[first, second].add(shingle)
    common = frozenset(shingle for shingle, count in counts.items() if count >= _FREQUENT)
    found = {article.key: common for article in published}
    for (first, second), both in shared.items():
        pair = articles[first], articles[second]
        if len(both) >= _LEAST_SHARED and _unrelated(*pair, both | common):
            for own in pair:
                found[own.key] |= both
    return found


def _without_versions(articles: Sequence[_Shingled]) -> list[_Shingled]:
    """The first of each article's versions: what versions share is the article, not its publisher's boilerplate."""
    firsts: list[_Shingled] = []
    by_opening: defaultdict[int, list[_Shingled]] = defaultdict(list)
    for article in articles:
        opening = set(article.shingles[: _LEADING + 1])
        candidates = [earlier for shingle in opening for earlier in by_opening[shingle][-_MOST_COMPARED:]]
        if any(_are_versions(article, earlier) for earlier in candidates):
            continue
        firsts.append(article)
        for shingle in opening:
            by_opening[shingle].append(article)
    return firsts


def _are_versions(first: _Shingled, second: _Shingled) -> bool:
    own = set(first.shingles)
    shared = own.intersection(second.shingles)
    most = len(shared) >= _VERSION_SHARED * min(len(own), len(set(second.shingles)))
    return most and not _unrelated(first, second, shared)


def _unrelated(first: _Shingled, second: _Shingled, shared: set[int]) -> bool:
    """Whether two articles are about different things, apart from the shingles that they share."""
    covered = [first.covered(shared), second.covered(shared)]
    rests = [
        [word for index, word in enumerate(article.words) if index not in indices]
        for article, indices in zip((first, second), covered, strict=True)
    ]
    if min(map(len, rests)) < _VERSION_REST and all(min(indices) <= _LEADING for indices in covered):
        return False
    titles = [set(_title_parts(article.article.title)) for article in (first, second)]
    own_titles = [titles[0] - titles[1], titles[1] - titles[0]]
    mine, theirs = (
        frozenset(stems(" ".join([*title, "".join(rest)]))) for title, rest in zip(own_titles, rests, strict=True)
    )
    return len(mine & theirs) < _RELATED * min(len(mine), len(theirs))
