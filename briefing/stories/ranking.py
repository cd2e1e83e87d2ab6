"""Which stories come first, and why; which are not wanted; which section an article belongs to.

Pure; `now` is an argument. A story's weight is a sum of parts, each of which can be shown (`Ranked.reasons`):

- ``sources``: how many independent sources tell it, each with its own weight; copies of one text are one voice, and a
  source's second article adds nothing. The logarithm of the sum: the tenth source says less than the second.
- ``recency``: 1 for what is new, half of it after twelve hours; what has no date counts as a day old.
- ``place``: where its sources had it: the first items of a feed are what its editors chose.
- ``interests``: the reader's words in the title (1 each) or the beginning (a half each), two at most, times the boost.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from briefing.nlp.text import fold
from briefing.stories import Bundle
from briefing.types import Article

__all__ = ["Ranked", "RankingPreferences", "Reason", "assign_topic", "limit_sections", "muted_by", "rank", "section_of"]

T = TypeVar("T")

_HALF_HOURS = 12.0
_UNDATED_HOURS = 24.0
_PLACE, _FIRST = 0.4, 4.0
"""What the first place of a feed is worth, and the place at which half of that is left."""
_MOST_INTERESTS = 2.0
_COPY = 0.1
"""What a copy adds, of what an article of its own would."""
_LEAD_WORDS = 60
_CLEAR = 2.0
"""What a topic's words must come to, and by how much they must exceed any other topic's, half of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingPreferences:
    """What a reader wants more of, and nothing of. Words may be phrases; case and accents do not matter."""

    interests: Sequence[str] = ()
    boost: float = 1.0
    """What an interest in the title is worth."""
    muted_words: Sequence[str] = ()
    muted_sources: Sequence[str] = ()
    muted_sections: Sequence[str] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    """Of sources by name; 1 where there is none."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a story's weight."""

    name: str
    """``sources``, ``recency``, ``place`` or ``interests``."""
    value: float
    detail: str
    """What it was worked out from, such as names of sources or the words found."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A story and why it stands where it stands."""

    bundle: Bundle
    reasons: tuple[Reason, ...]

    @property
    def score(self) -> float:
        """The sum of the parts."""
        return sum(reason.value for reason in self.reasons)


def rank(
    bundles: Sequence[Bundle], wishes: RankingPreferences, *, now: datetime, positions: Mapping[str, int] | None = None
) -> list[Ranked]:
    """`bundles` by weight; equal ones newest first. `positions`: of articles in their feeds, by id, from 0."""
    ranked = [Ranked(bundle, _reasons(bundle, wishes, now, positions or {})) for bundle in bundles]

    def order(one: Ranked) -> tuple[float, float, str, str]:
        first = one.bundle.articles[0]
        newest = first.published.timestamp() if first.published else -math.inf
        return -round(one.score, 6), -newest, first.title, first.id

    return sorted(ranked, key=order)


def muted_by(article: Article, wishes: RankingPreferences) -> str:
    """What of the reader's mutes an article falls under: the word, source or section; empty for none."""
    for wanted, given in ((wishes.muted_sources, article.source), (wishes.muted_sections, article.section)):
        found = next((name for name in wanted if fold(name) == fold(given)), "")
        if found:
            return found
    return next(iter(_found(wishes.muted_words, f"{article.title} {_lead(article)}")), "")


def limit_sections(
    stories: Sequence[T], most: int, first: Callable[[T], Article], told: Mapping[str, int] | None = None
) -> tuple[list[T], list[T]]:
    """The first of each section, as many as still fit into it, and the others.

    `most`: of a section; 0: no limit. `first`: the article that a story's section goes by, as in `compose`. `told`:
    stories that each section has already.
    """
    counts = Counter(told or {})
    kept: list[T] = []
    over: list[T] = []
    for one in stories:
        name = section_of(first(one))
        counts[name] += 1
        (kept if not most or counts[name] <= most else over).append(one)
    return kept, over


def section_of(article: Article) -> str:
    """The section of a story that begins with `article`."""
    return article.section or article.source


def assign_topic(article: Article, topics: Mapping[str, Sequence[str]]) -> str:
    """The name among `topics` whose words speak of `article` most clearly; empty where none does.

    A word in the title counts 2, in the beginning 1. One word of the beginning is no evidence, and neither are two
    topics that come close to one another.
    """
    scores = {
        name: 2.0 * len(_found(words, article.title)) + len(_found(words, _lead(article)))
        for name, words in topics.items()
    }
    ordered = sorted(scores.items(), key=lambda one: (-one[1], one[0]))
    if not ordered or ordered[0][1] < _CLEAR:
        return ""
    clear = len(ordered) == 1 or ordered[0][1] - ordered[1][1] >= _CLEAR / 2
    return ordered[0][0] if clear else ""


def _reasons(
    bundle: Bundle, wishes: RankingPreferences, now: datetime, positions: Mapping[str, int]
) -> tuple[Reason, ...]:
    own = list(dict.fromkeys(article.source for article in bundle.articles))
    copied = [name for name in dict.fromkeys(article.source for article in bundle.copies) if name not in own]
    voices = sum(wishes.weights.get(name, 1.0) for name in own)
    voices += sum(_COPY * wishes.weights.get(name, 1.0) for name in copied)
    hours = [(now - one.published).total_seconds() / 3600 for one in bundle.articles if one.published]
    age = max(0.0, min(hours, default=_UNDATED_HOURS))
    place = min((positions[one.id] for one in bundle.articles if one.id in positions), default=None)
    first = bundle.articles[0]
    in_title = _found(wishes.interests, first.title)
    in_lead = [word for word in _found(wishes.interests, _lead(first)) if word not in in_title]
    liked = wishes.boost * min(_MOST_INTERESTS, len(in_title) + 0.5 * len(in_lead))
    return (
        Reason("sources", math.log2(1 + max(0.0, voices)), ", ".join([*own, *copied])),
        Reason("recency", 0.5 ** (age / _HALF_HOURS), f"{age:.0f} h" if hours else "?"),
        Reason(
            "place", 0.0 if place is None else _PLACE / (1 + place / _FIRST), "" if place is None else f"{place + 1}"
        ),
        Reason("interests", liked, ", ".join([*in_title, *in_lead])),
    )


def _found(words: Sequence[str], text: str) -> list[str]:
    """Those of `words` that stand in `text` as whole words, in their order."""
    folded = fold(" ".join(text.split()))
    return [word for word in words if re.search(rf"(?<!\w){re.escape(fold(' '.join(word.split())))}(?!\w)", folded)]


def _lead(article: Article) -> str:
    return " ".join(article.text.split(None, _LEAD_WORDS)[:_LEAD_WORDS])
