"""Detects near duplicates: wire reports that many outlets print, reprints with another title, edited versions.

Two texts are copies when most five-word shingles of the shorter are in the longer (containment; Broder, "On the
resemblance and containment of documents", 1997) and one has the beginning of the other, wherever it begins. Not copies:
articles that share only boilerplate below them, or boilerplate above them and then differ. Outlets write their own
titles, so a different title does not matter, and a similar one stands in for the beginning. Translations are not
recognised.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from briefing.nlp.facts import occurrences, stems
from briefing.nlp.numerals import numbers
from briefing.nlp.text import fold, pieces
from briefing.stories.boilerplate import different_news, shingles
from briefing.types import Article

CONTAINED = 0.7
"""Share of the shorter text's shingles that the longer has."""
_READ_WORDS = 800
"""Words of a text that are compared: copies begin alike, and ten thousand long texts have many shingles."""
_LEAST_SHINGLES = 20
"""Shingles below which only equal texts are copies: short notices about two matches share their phrases. Their titles
must be equal as well, because such a text ("Comments") may be all that a feed gives of anything."""
_OPENING, _OPENING_SHARED = 30, 0.5
"""Shingles of a text's beginning, and the share of them that the other text must have."""
_LEADING = 3
"""Words that may precede what is shared: a place, a changed number. The shortest news before a footer has more."""
_TITLE_STEMS = 3
"""Stems that two titles must share."""
_LONGEST = 2.5
"""Ratio of lengths above which the longer text is a roundup or a longer report, not a copy."""
_COMMON = 60
"""Texts with one shingle above which it is ignored as a common phrase."""


def copies(articles: Sequence[Article], alone: Collection[int] = ()) -> list[list[int]]:
    """Partition `articles` into sets of copies, as indices, the one that represents them first.

    Those in `alone` (lists of stories) are copies of equal texts only.

    The first is the latest if versions differ in a number, as corrections do; else the longest, then the earliest.
    """
    texts = [_Text.of(article) for article in articles]
    holders: defaultdict[int, list[int]] = defaultdict(list)
    equal: dict[tuple[frozenset[int], str], int] = {}
    members: dict[int, list[int]] = {}
    for index in sorted(range(len(articles)), key=lambda index: (-len(texts[index].shingles), index)):
        text = texts[index]
        key = (text.shingles, "" if len(text.shingles) >= _LEAST_SHINGLES else fold(articles[index].title))
        head = equal.get(key) if text.shingles else None
        if head is None and index not in alone:
            longer = _containing(text, texts, holders)
            head = next((other for other in longer if not different_news(articles[index], articles[other])), None)
        if head is None:
            head = index
            for shingle in text.shingles if index not in alone else ():
                holders[shingle].append(index)
        equal.setdefault(key, head)
        members.setdefault(head, []).append(index)
    return [_best_first(found, articles) for _, found in sorted(members.items())]


@dataclass(frozen=True, slots=True)
class _Text:
    """The features of an article that are compared."""

    opening: tuple[int, ...]
    """Its first shingles, in order."""
    shingles: frozenset[int]
    title: frozenset[str]
    """Stems."""

    @classmethod
    def of(cls, article: Article) -> _Text:
        keys = (key for _, _, key in occurrences(article.text))
        words = list(islice((word for key in keys for word in ([key] if key.isascii() else pieces(key))), _READ_WORDS))
        found = shingles(words) or ([hash(tuple(words))] if words else [])
        return cls(tuple(found[:_OPENING]), frozenset(found), frozenset(stems(article.title)))

    def opens_in(self, other: _Text) -> bool:
        """Whether the other text has the beginning of this one."""
        shared = [shingle in other.shingles for shingle in self.opening]
        return any(shared[: _LEADING + 1]) and sum(shared) >= _OPENING_SHARED * len(shared)


def _containing(text: _Text, texts: Sequence[_Text], holders: Mapping[int, list[int]]) -> Iterator[int]:
    """Indices of longer texts that contain most of `text` and begin alike, by falling containment."""
    if len(text.shingles) < _LEAST_SHINGLES:
        return
    rare = (holders[shingle] for shingle in text.shingles if shingle in holders and len(holders[shingle]) <= _COMMON)
    shared = Counter(index for indices in rare for index in indices)
    for index, count in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
        other = texts[index]
        if count < CONTAINED * len(text.shingles):
            return
        if len(other.shingles) <= _LONGEST * len(text.shingles) and (
            text.opens_in(other) or other.opens_in(text) or len(text.title & other.title) >= _TITLE_STEMS
        ):
            yield index


def _best_first(indices: Sequence[int], articles: Sequence[Article]) -> list[int]:
    facts = {frozenset((number.value, number.unit) for number in numbers(articles[index].text)) for index in indices}
    # A correction replaces numbers; a version that only lacks some was cut at its end.
    corrected = not any(all(other <= version for other in facts) for version in facts)

    def order(index: int) -> tuple[float, float, int]:
        published = articles[index].published
        time, length = published.timestamp() if published else 0.0, len(articles[index].text)
        return (-time, -length, index) if corrected else (-length, time, index)

    return sorted(indices, key=order)
