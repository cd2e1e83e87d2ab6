"""Ranks stories, applies mutes, and assigns articles to sections.

Pure; `now` is an argument. A story's score is a sum of parts, each of which can be shown (`Ranked.reasons`):

- ``sources``: the logarithm of the summed weights of its independent sources, because the tenth says less than the
  second; copies of one text are one source, and a source's second article adds nothing.
- ``recency``: 1 for a new story, half of it after twelve hours; without a date, or with one in the future, it
  counts as a day old, or as old as the oldest dated article of its source if that is older.
- ``place``: its position in its sources' feeds, whose first items are the editors' choice.
- ``interests``: the reader's words in the title (1 each) or the lead (0.5 each), two at most, times the boost.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from briefing.dates import UNDATED_AGE, is_plausible
from briefing.nlp.text import beginning, fold, word_pattern
from briefing.stories import Bundle
from briefing.types import Article

T = TypeVar("T")

_HALF_HOURS = 12.0
_FIRST_POSITION, _HALF_POSITION = 0.4, 4.0
"""Value of the first position in a feed, and the position with half of that."""
_MOST_INTERESTS = 2.0
_COPY = 0.1
"""Weight of a copy relative to an original article."""
_LEAD_WORDS = 60
_LEAST_SHARE = 3
"""Stories of one source that no other's go before."""
_CLEAR = 2.0
"""Least score of a topic; it must exceed every other topic's by half of this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingPreferences:
    """A reader's interests, mutes and weights. Words may be phrases; case and accents do not matter."""

    interests: Sequence[str] = ()
    boost: float = 1.0
    """Value of an interest in the title."""
    muted_words: Sequence[str] = ()
    muted_sources: Sequence[str] = ()
    muted_sections: Sequence[str] = ()
    muted_by_source: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Words that are muted in one source alone, by its name."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """By source name; 1 if absent."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a story's score."""

    name: str
    """``sources``, ``recency``, ``place`` or ``interests``."""
    value: float
    detail: str
    """Its evidence, such as names of sources or the words found."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A story with the parts of its score."""

    bundle: Bundle
    reasons: tuple[Reason, ...]

    @property
    def score(self) -> float:
        """The sum of the parts."""
        return sum(reason.value for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A story that the limits left out, by what its sources say of it."""

    title: str
    source: str
    score: float | None
    """None where it was not ranked."""
    reason: str
    """``limit`` (that of the edition), ``source`` (that of its source) ``section`` (that of its section) or ``before``
    (an earlier run of the edition left it out)."""
    items: int
    """Articles that seem to tell it."""


def rank(
    bundles: Sequence[Bundle],
    preferences: RankingPreferences,
    *,
    now: datetime,
    positions: Mapping[str, int] | None = None,
) -> list[Ranked]:
    """`bundles` by falling score; equal ones newest first, those without a date or far ahead of `now` last.

    `positions`: of articles in their feeds, by id, from 0.
    """
    undated: defaultdict[str, float] = defaultdict(lambda: UNDATED_AGE.total_seconds() / 3600)
    for article in (article for bundle in bundles for article in bundle.articles):
        undated[article.source] = max(undated[article.source], _hours(article, now) or 0.0)
    ranked = [Ranked(bundle, _reasons(bundle, preferences, now, positions or {}, undated)) for bundle in bundles]

    def order(story: Ranked) -> tuple[float, float, str, str]:
        first = story.bundle.articles[0]
        age = _hours(first, now)
        return -round(story.score, 6), math.inf if age is None else age, first.title, first.id

    return sorted(ranked, key=order)


def muted_by(article: Article, preferences: RankingPreferences) -> str:
    """The reader's mute that matches an article: a word, source or section; empty if none does."""
    for names, own in ((preferences.muted_sources, article.source), (preferences.muted_sections, article.section)):
        for name in names:
            if name and fold(name) == fold(own):
                return name
    words = (*preferences.muted_words, *preferences.muted_by_source.get(article.source, ()))
    return next(iter(found_in_lead(words, article.title, article.text)), "")


def found_in_lead(words: Sequence[str], title: str, text: str) -> list[str]:
    """Those of `words` that are in a title or the beginning of a text; words may be phrases, as everywhere here."""
    return _found(words, f"{title} {beginning(text, _LEAD_WORDS)}") if words else []


def limit_sections(
    stories: Sequence[T], most: int, first: Callable[[T], Article], filled: Mapping[str, int] | None = None
) -> tuple[list[T], list[T]]:
    """The first stories of each section, as many as it has room for, and the rest.

    `most`: of a section; 0: no limit. `first`: the article that determines a story's section, as in `compose`.
    `filled`: stories that each section has already.
    """
    counts = Counter(filled or {})
    kept: list[T] = []
    over: list[T] = []
    for story in stories:
        name = section_of(first(story))
        counts[name] += 1
        (kept if not most or counts[name] <= most else over).append(story)
    return kept, over


def fair_order(stories: Sequence[T], sources: Callable[[T], Collection[Hashable]], most: int, count: int) -> list[T]:
    """`stories`, best first, with those that are beyond their source's share behind all others, in their order.

    A source's share is twice an even one of the `most` stories of an edition among `count` sources, and at least
    `_LEAST_SHARE`. `sources`: those that tell a story; one that several tell is on the account of the one among them
    with the fewest before it.
    """
    share = max(_LEAST_SHARE, math.ceil(2 * most / max(1, count)))
    taken = Counter[Hashable]()
    within: list[T] = []
    beyond: list[T] = []
    for story in stories:
        teller = min(sorted(sources(story), key=str), key=lambda one: taken[one])
        taken[teller] += 1
        (within if taken[teller] <= share else beyond).append(story)
    return within + beyond


def section_of(article: Article) -> str:
    """The section of a story whose first article is `article`."""
    return article.section or article.source


def assign_topic(article: Article, topics: Mapping[str, Sequence[str]]) -> str:
    """The name among `topics` whose words match `article` most clearly; empty if none does.

    A word in the title counts 2, in the lead 1. One word of the lead is no evidence, and neither are two topics with
    close scores.
    """
    scores = {
        name: 2.0 * len(_found(words, article.title)) + len(_found(words, _lead(article)))
        for name, words in topics.items()
    }
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    if not ordered or ordered[0][1] < _CLEAR:
        return ""
    clear = len(ordered) == 1 or ordered[0][1] - ordered[1][1] >= _CLEAR / 2
    return ordered[0][0] if clear else ""


def _hours(article: Article, now: datetime) -> float | None:
    """How old it is; None without a date that can be."""
    published = article.published
    return (now - published).total_seconds() / 3600 if published and is_plausible(published, now) else None


def _reasons(
    bundle: Bundle,
    preferences: RankingPreferences,
    now: datetime,
    positions: Mapping[str, int],
    undated: Mapping[str, float],
) -> tuple[Reason, ...]:
    """The parts of a story's score. `undated`: by source how old what has no date counts, in hours."""
    own = list(dict.fromkeys(article.source for article in bundle.articles))
    copied = [name for name in dict.fromkeys(article.source for article in bundle.copies) if name not in own]
    weight = sum(preferences.weights.get(name, 1.0) for name in own)
    weight += sum(_COPY * preferences.weights.get(name, 1.0) for name in copied)
    hours = [age for article in bundle.articles if (age := _hours(article, now)) is not None]
    age = max(0.0, min(hours or [undated[name] for name in own]))
    position = min((positions[article.id] for article in bundle.articles if article.id in positions), default=None)
    first = bundle.articles[0]
    in_title = _found(preferences.interests, first.title)
    in_lead = [word for word in _found(preferences.interests, _lead(first)) if word not in in_title]
    interest = preferences.boost * min(_MOST_INTERESTS, len(in_title) + 0.5 * len(in_lead))
    return (
        Reason("sources", math.log2(1 + max(0.0, weight)), ", ".join([*own, *copied])),
        Reason("recency", 0.5 ** (age / _HALF_HOURS), f"{age:.0f} h" if hours else "?"),
        Reason("place", 0.0, "")
        if position is None
        else Reason("place", _FIRST_POSITION / (1 + position / _HALF_POSITION), f"{position + 1}"),
        Reason("interests", interest, ", ".join([*in_title, *in_lead])),
    )


def _found(words: Sequence[str], text: str) -> list[str]:
    """Those of `words` that are in `text` as whole words (`word_pattern`), in their order."""
    folded = fold(" ".join(text.split()))
    return [word for word in words if word_pattern(fold(" ".join(word.split()))).search(folded)]


def _lead(article: Article) -> str:
    return beginning(article.text, _LEAD_WORDS)
