"""Copies of one text: wire reports that many outlets print, reprints with another title, lightly edited versions.

Two texts are copies when most of the shorter one's runs of five words stand in the longer one (containment of
shingles, Broder, "On the resemblance and containment of documents", 1997) and one begins as the other does, or where
that one does: two articles that share no more than what their publisher says under both are none, nor are two that
share what it says above them and then tell of different things. Outlets write their own titles, so one that differs is
no objection, and one that is alike will do for a beginning. A translated copy is not recognised.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from briefing.nlp.facts import numbers, occurrences, stems
from briefing.nlp.text import fold
from briefing.stories.boilerplate import tell_apart
from briefing.types import Article

__all__ = ["CONTAINED", "copies"]

CONTAINED = 0.7
"""Share of the shorter text's shingles that the longer has."""
_RUN = 5
_READ = 800
"""Words of a text: copies begin alike, and ten thousand long texts have many shingles."""
_FEWEST = 20
"""Shingles below which only equal texts are copies: two short notices about two matches share their phrases. Where even
their titles differ, such a text ("Comments") may be all that a feed says of anything."""
_OPENING, _OPENS = 30, 0.5
"""Shingles that are a text's beginning, and the share of them that the other text has."""
_EARLY = 3
"""Words that may stand before what is shared: a place, a changed number. The shortest news before a footer has more."""
_TITLE = 3
"""Content words that two titles must have in common."""
_LONGEST = 2.5
"""A text so many times as long as another that it holds is a roundup or a longer report, not a copy."""
_COMMON = 60
"""Different texts with one shingle from which on it says nothing: a standing phrase."""


def copies(articles: Sequence[Article], alone: Collection[int] = ()) -> list[list[int]]:
    """Places of `articles` that are copies of one text, the one that stands for them first; every place once.

    Those in `alone` are copies of an equal text only: a list of stories is none of them.

    The first is the latest where versions differ in a number, as corrections do; else the longest, then the earliest.
    """
    texts = [_Text.of(article) for article in articles]
    holders: defaultdict[int, list[int]] = defaultdict(list)
    equal: dict[tuple[frozenset[int], str], int] = {}
    members: dict[int, list[int]] = {}
    for place in sorted(range(len(articles)), key=lambda place: (-len(texts[place].shingles), place)):
        mine = texts[place]
        same = (mine.shingles, "" if len(mine.shingles) >= _FEWEST else fold(articles[place].title))
        head = equal.get(same) if mine.shingles else None
        if head is None and place not in alone:
            longer = _holding(mine, texts, holders)
            head = next((one for one in longer if not tell_apart(articles[place], articles[one])), None)
        if head is None:
            head = place
            for shingle in mine.shingles if place not in alone else ():
                holders[shingle].append(place)
        equal.setdefault(same, head)
        members.setdefault(head, []).append(place)
    return [_best_first(found, articles) for _, found in sorted(members.items())]


@dataclass(frozen=True, slots=True)
class _Text:
    """An article as it is compared."""

    opening: tuple[int, ...]
    """Its first shingles, in their order."""
    shingles: frozenset[int]
    title: frozenset[str]
    """Content words."""

    @classmethod
    def of(cls, article: Article) -> _Text:
        said = [key for _, _, key in islice(occurrences(article.text), _READ)]
        runs = max(1, len(said) - _RUN + 1) if said else 0
        shingles = [hash(tuple(said[start : start + _RUN])) for start in range(runs)]
        return cls(tuple(shingles[:_OPENING]), frozenset(shingles), frozenset(stems(article.title)))

    def opens_in(self, other: _Text) -> bool:
        """Whether the other text has the beginning of this one."""
        held = [shingle in other.shingles for shingle in self.opening]
        return any(held[: _EARLY + 1]) and sum(held) >= _OPENS * len(held)


def _holding(mine: _Text, texts: Sequence[_Text], holders: Mapping[int, list[int]]) -> Iterator[int]:
    """Places of the longer texts that hold most of `mine` and begin alike, those that hold most of it first."""
    if len(mine.shingles) < _FEWEST:
        return
    telling = (holders[shingle] for shingle in mine.shingles if shingle in holders and len(holders[shingle]) <= _COMMON)
    shared = Counter(place for places in telling for place in places)
    for place, count in sorted(shared.items(), key=lambda one: (-one[1], one[0])):
        other = texts[place]
        if count < CONTAINED * len(mine.shingles):
            return
        if len(other.shingles) <= _LONGEST * len(mine.shingles) and (
            mine.opens_in(other) or other.opens_in(mine) or len(mine.title & other.title) >= _TITLE
        ):
            yield place


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
