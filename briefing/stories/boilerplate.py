"""What a publisher says around all its articles ("Subscribe to our channel", "The views here are the author's own").

Of three articles of one source, or of one site, everything that they have in common word for word is such a phrase. Of
two it is where the rest of them tells of different things: a follow-up, which repeats how it all began, and a second
version of one article keep their words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from briefing.canonical import canonical_url
from briefing.nlp.facts import stems
from briefing.nlp.text import fold
from briefing.types import Article

__all__ = ["tell_apart", "without_standing_words"]

_RUN = 5
_READ = 5000
"""Words of an article, from its beginning: no story is told apart by what stands behind them."""
_OFTEN = 3
"""Articles of one publisher from which on a run of five words is its standing phrase."""
_FEWEST = 6
"""Runs that two articles share, ten words in a row, below which these are no more than a turn of speech."""
_RELATED = 0.2
"""Share of the content words of two articles, what both say word for word apart, that makes them tell of one thing."""
_VERSION = 8
"""Words below which a text that begins as another says too little of its own to be anything but a version of it."""
_EARLY = 3
"""Words that may stand before a shared beginning."""
_VERSIONS = 0.7
"""Share of the shorter text's runs that two versions of one article have in common."""
_OWNED = 0.1
"""Share of an article's words, those of another apart, from which on they may be its news and not a page's clutter."""
_TRIED = 20
"""Articles with one beginning that another is compared with."""


@dataclass(frozen=True, slots=True)
class _Said:
    """An article's words, and the runs of five that begin at each."""

    article: Article
    words: tuple[str, ...]
    runs: tuple[int, ...]

    @classmethod
    def by(cls, article: Article) -> _Said:
        words = tuple(article.text.split(None, _READ)[:_READ])
        folded = [fold(word) for word in words]
        starts = range(len(folded) - _RUN + 1)
        return cls(article, words, tuple(hash(tuple(folded[start : start + _RUN])) for start in starts))

    def places(self, runs: Iterable[int]) -> set[int]:
        """Of the words that stand in any of `runs`."""
        wanted = frozenset(runs)
        starts = (start for start, run in enumerate(self.runs) if run in wanted)
        return {place for start in starts for place in range(start, start + _RUN)}


def without_standing_words(articles: Sequence[Article]) -> list[Article]:
    """The same articles, for comparing, without the words and parts of titles that are their publishers' own.

    Of an article of nothing else, the title is what it says.
    """
    said = [_Said.by(article) for article in articles]
    parts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    of: defaultdict[str, list[int]] = defaultdict(list)
    seen: set[tuple[str, str, str]] = set()
    for place, article in enumerate(articles):
        for publisher in _publishers(article):
            if (known := (publisher, article.title, article.text)) not in seen:  # one that came twice counts once
                seen.add(known)
                of[publisher].append(place)
                parts[publisher].update(set(_parts(article.title)))
    phrases = {publisher: _phrases([said[place] for place in places]) for publisher, places in of.items()}
    bare = []
    for article, one in zip(articles, said, strict=True):
        publishers = _publishers(article)
        kept = [part for part in _parts(article.title) if all(parts[name][part] < _OFTEN for name in publishers)]
        standing = one.places(run for name in publishers for run in phrases[name].of(one))
        text = " ".join(word for place, word in enumerate(one.words) if place not in standing)
        title = " ".join(kept)
        bare.append(replace(article, title=title, text=text or title))
    return bare


def tell_apart(one: Article, other: Article) -> bool:
    """Whether two articles tell of different things although they share many words: a good part of each is its own, and
    these parts are not about one thing.
    """
    first, second = _Said.by(one), _Said.by(other)
    shared = set(first.runs).intersection(second.runs)
    owned = min(1 - len(said.places(shared)) / max(1, len(said.words)) for said in (first, second))
    return owned >= _OWNED and bool(shared) and _apart(first, second, shared)


def _publishers(article: Article) -> tuple[str, ...]:
    """Its source, and its site, which may be read through several feeds."""
    site = canonical_url(article.url).partition("/")[0] if article.url else ""
    return (f"source {article.source}", *([f"site {site}"] if site else []))


def _parts(title: str) -> list[str]:
    """What stands between bars and dashes: two in "Flood in Harwick | Evening News"."""
    return re.split(r"\s+[|–—•·-]\s+", title.strip())


@dataclass(frozen=True, slots=True)
class _Phrases:
    """What one publisher says in several articles: runs of words."""

    common: frozenset[int]
    """In many of them."""
    of_two: Mapping[tuple[str, str], set[int]]
    """In two that tell of different things, by title and text."""

    def of(self, one: _Said) -> frozenset[int]:
        return self.common.union(self.of_two.get((one.article.title, one.article.text), ()))


def _phrases(published: Sequence[_Said]) -> _Phrases:
    articles = _without_versions(published)
    counts = Counter(run for one in articles for run in set(one.runs))
    twice: defaultdict[int, list[int]] = defaultdict(list)
    for place, one in enumerate(articles):
        for run in set(one.runs):
            if counts[run] == 2:
                twice[run].append(place)
    shared: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for run, (first, second) in twice.items():
        shared[first, second].add(run)
    common = frozenset(run for run, count in counts.items() if count >= _OFTEN)
    of_two: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for pair, runs in shared.items():
        one, other = (articles[place] for place in pair)
        if len(runs) >= _FEWEST and _apart(one, other, runs | common):
            for said in (one, other):
                of_two[said.article.title, said.article.text] |= runs
    return _Phrases(common, of_two)


def _without_versions(articles: Sequence[_Said]) -> list[_Said]:
    """The first of each article's versions: what they have in common is the article, not its publisher's."""
    firsts: list[_Said] = []
    begun: defaultdict[int, list[_Said]] = defaultdict(list)
    for one in articles:
        opening = set(one.runs[: _EARLY + 1])
        alike = [other for run in opening for other in begun[run][-_TRIED:]]
        if any(_are_versions(one, other) for other in alike):
            continue
        firsts.append(one)
        for run in opening:
            begun[run].append(one)
    return firsts


def _are_versions(one: _Said, other: _Said) -> bool:
    runs = set(one.runs)
    shared = runs.intersection(other.runs)
    most = len(shared) >= _VERSIONS * min(len(runs), len(set(other.runs)))
    return most and not _apart(one, other, shared)


def _apart(one: _Said, other: _Said, shared: set[int]) -> bool:
    """Whether two articles tell of different things but for the runs that they have in common."""
    places = [said.places(shared) for said in (one, other)]
    rests = [
        [word for place, word in enumerate(said.words) if place not in taken]
        for said, taken in zip((one, other), places, strict=True)
    ]
    if min(map(len, rests)) < _VERSION and all(min(taken) <= _EARLY for taken in places):
        return False
    titles = [_parts(said.article.title) for said in (one, other)]
    named = [set(titles[0]) - set(titles[1]), set(titles[1]) - set(titles[0])]
    mine, theirs = (frozenset(stems(" ".join([*name, *rest]))) for name, rest in zip(named, rests, strict=True))
    return len(mine & theirs) < _RELATED * min(len(mine), len(theirs))
