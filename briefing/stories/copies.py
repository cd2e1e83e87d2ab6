"""Copies of one text: wire reports that many outlets print, reprints with another title, lightly edited versions.

Two texts are copies when most of the shorter one's runs of five words stand in the longer one (containment of
shingles, Broder, "On the resemblance and containment of documents", 1997). The title counts for nothing: outlets write
their own. A translated copy is not recognised.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from briefing.facts import numbers, tokens
from briefing.types import Article

__all__ = ["CONTAINED", "copies"]

CONTAINED = 0.7
"""Share of the shorter text's shingles that the longer has."""
_RUN = 5
_READ = 800
"""Words of a text: copies begin alike, and ten thousand long texts have many shingles."""
_FEWEST = 20
"""Shingles below which only equal texts are copies: two short notices about two matches share their phrases."""
_LONGEST = 2.5
"""A text so many times as long as another that it holds is a roundup or a longer report, not a copy."""
_COMMON = 60
"""Different texts with one shingle from which on it says nothing: a standing phrase."""


def copies(articles: Sequence[Article], alone: Collection[int] = ()) -> list[list[int]]:
    """Places of `articles` that are copies of one text, the one that stands for them first; every place once.

    Those in `alone` are copies of an equal text only: a list of stories is none of them.

    The first is the latest where versions differ in a number, as corrections do; else the longest, then the earliest.
    """
    shingled = [_shingles(article.text) for article in articles]
    holders: defaultdict[int, list[int]] = defaultdict(list)
    equal: dict[frozenset[int], int] = {}
    members: dict[int, list[int]] = {}
    for place in sorted(range(len(articles)), key=lambda place: (-len(shingled[place]), place)):
        mine = shingled[place]
        head = equal.get(mine) if mine else None
        if head is None and place not in alone:
            head = _held_by(mine, shingled, holders)
        if head is None:
            head = place
            for shingle in mine if place not in alone else ():
                holders[shingle].append(place)
        equal.setdefault(mine, head)
        members.setdefault(head, []).append(place)
    return [_best_first(found, articles) for _, found in sorted(members.items())]


def _held_by(mine: frozenset[int], shingled: Sequence[frozenset[int]], holders: dict[int, list[int]]) -> int | None:
    """The longer text that holds most of `mine`, if any does."""
    if len(mine) < _FEWEST:
        return None
    telling = (holders[shingle] for shingle in mine if shingle in holders and len(holders[shingle]) <= _COMMON)
    shared = Counter(place for places in telling for place in places)
    best = max(shared, key=lambda place: (shared[place], -place), default=None)
    if best is None or shared[best] < CONTAINED * len(mine) or len(shingled[best]) > _LONGEST * len(mine):
        return None
    return best


def _best_first(places: Sequence[int], articles: Sequence[Article]) -> list[int]:
    def published(place: int) -> float:
        when = articles[place].published
        return when.timestamp() if when else 0.0

    facts = {frozenset((number.value, number.unit) for number in numbers(articles[place].text)) for place in places}
    # Only what one version has and the other has not in its place is a correction; a cut end is none.
    corrected = not any(all(other <= one for other in facts) for one in facts)
    if corrected:
        return sorted(places, key=lambda place: (-published(place), -len(articles[place].text), place))
    return sorted(places, key=lambda place: (-len(articles[place].text), published(place), place))


def _shingles(text: str) -> frozenset[int]:
    said = tokens(text)[:_READ]
    runs = max(1, len(said) - _RUN + 1) if said else 0
    return frozenset(hash(tuple(said[start : start + _RUN])) for start in range(runs))
