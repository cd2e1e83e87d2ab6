"""Limits for stories of an edition and articles of each source, and the failures that say how many are over them.

A mere headline (stub) counts against the limit of its source, not against that of the edition. A run that makes the
edition of a day again may add as many as the limits say of what has come since; what an earlier run left out only fills
the edition up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from briefing.errors import OutOfTimeError
from briefing.pipeline.candidates import failure_of, skipped
from briefing.pipeline.selection import Selection
from briefing.types import Article, Failure, FailureKind

Events = Sequence[Collection[str]]
"""Sets of ids of articles that are about one event (`stories.group`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The configured limits of reading."""

    max_stories: int = 0
    """0: no limit."""
    max_per_source: int = 0
    """0: no limit."""
    full_text: bool = True
    """Whether the page behind a feed's item is fetched."""
    offline: bool = False
    """Whether nothing is fetched."""
    allow_local: bool = False
    """Whether every configured source, also in a list, may be at a private address."""
    counts: Callable[[Article], bool] = lambda article: True
    """Whether an article counts against its source's limit; called only where limits leave something out."""
    stories: Callable[[Sequence[Article], Events], int] = lambda articles, events: len(articles)
    """How many stories articles tell that count against the edition's limit, given the events that are known; called
    only where it is needed."""
    kept: Callable[[], Sequence[Article]] = tuple
    """The articles that earlier runs of the edition told; called only where there is something that they left out."""


_LEAST_ROUND = 4
"""Stories read together though there is room for fewer: pages are fetched side by side, and some cannot be read."""
_PATIENCE = 3
"""Articles that cannot be fetched for now, for each story of the edition, before they take places in it. A server that
does not answer is given up by `fetch` long before."""


class Quota:
    """Counts stories and articles against the limits while they are read; sources are known by their indices."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.used: Counter[int] = Counter()
        """Articles that count, by source."""
        self._stories = 0
        self._stubs: Counter[int] = Counter()
        self._transient = 0
        """Articles that could not be fetched and may be there another time."""
        self._kept: Sequence[Article] = ()
        """The articles of earlier runs, where they count (`fill_up`)."""

    def next_round(self, waiting: Sequence[Selection], sources: Sequence[int]) -> tuple[list[int], list[Selection]]:
        """The candidates to read next, of as many stories as there is room for, and what goes on waiting.

        `sources`: the index of each candidate's source.
        """
        most = self._limits.max_stories
        room = max(most - self._stories, min(_LEAST_ROUND, most)) if most else len(waiting)
        if self.is_full:
            room = 0
        planned = self.used.copy()
        batch: list[int] = []
        rest: list[Selection] = []
        for one in waiting:
            left: list[int] = []
            for index in one.indices if room else ():
                source = sources[index]
                fits = not (self._full(source, planned) or self._walled(source))
                planned[source] += fits
                (batch if fits else left).append(index)
            taken = room > 0 and len(left) < len(one.indices)
            if not taken or left:
                rest.append(replace(one, indices=tuple(left)) if taken else one)
            room -= taken
        return batch, rest

    def note(self, source: int, result: Article | Failure, *, transient: bool) -> None:
        """Count a result for its source; `transient`: it could not be fetched, and may be another time.

        Transient failures count once there are more of them than the limit: else a site that is down would hold up the
        run, item by item.
        """
        if isinstance(result, Article):
            self.used[source] += self._limits.counts(result)
            return
        self._stubs[source] += result.stub is not None and result.kind is FailureKind.SKIPPED
        self._transient += transient
        self.used[source] += transient and self._transient > _PATIENCE * (
            self._limits.max_stories or self._limits.max_per_source
        )

    def note_stories(self, articles: Sequence[Article], events: Events) -> None:
        """Count the stories that all articles read so far tell, and transient failures beyond the limit as such."""
        if most := self._limits.max_stories:
            # Where a time span lists told articles again, they are among both.
            together = {article.id: article for article in (*self._kept, *articles)}
            stories = self._limits.stories(list(together.values()), events)
            self._stories = stories + max(0, self._transient - _PATIENCE * most)

    def fill_up(self, articles: Sequence[Article], events: Events, names: Mapping[int, str]) -> None:
        """From now on count what earlier runs of the edition told, too, beside the `articles` read so far.

        `names`: those of the sources, by index.
        """
        self._kept = self._limits.kept()
        told = Counter(article.source for article in self._kept)
        self.used.update({source: told[name] for source, name in names.items()})
        self.note_stories(articles, events)

    def is_full_of(self, source: int) -> bool:
        """Whether the limit for one source lets no more of `source` in."""
        return self._full(source, self.used)

    @property
    def is_full(self) -> bool:
        """Whether the edition has as many stories as it may have."""
        return bool(self._limits.max_stories) and self._stories >= self._limits.max_stories

    def left_out(self, counts: Mapping[int, int], names: Mapping[int, str]) -> list[Failure]:
        """A failure for each source with unread articles (`counts`): their number, and the limit or the deadline."""
        failures: list[Failure] = []
        rest: list[int] = []
        for source in sorted(counts):
            if self.is_full_of(source):
                cause = f"{counts[source]} articles are over the limit for one source"
            elif self._walled(source):
                cause = f"{counts[source]} articles were left alone, for too many of its pages give only a headline"
            else:
                rest.append(source)
                continue
            failures.append(skipped(names[source], cause, counted=True))
        if self.is_full:
            over = sum(counts[source] for source in rest)
            cause = f"{over} articles are over the limit of {self._limits.max_stories} stories"
            return [*failures, skipped("limit", cause, counted=True)] if over else failures
        for source in rest:
            late = failure_of(OutOfTimeError(names[source]), names[source], "fetch")
            failures.append(replace(late, cause=f"{counts[source]} articles were not read: {late.cause}"))
        return failures

    def _full(self, source: int, used: Counter[int]) -> bool:
        each = self._limits.max_per_source
        return bool(each) and used[source] + self._stubs[source] >= each

    def _walled(self, source: int) -> bool:
        """Whether a source gave so many mere headlines that no more of its pages are fetched.

        Else a source behind a paywall would cost a request for each of its items.
        """
        stubs, most = self._stubs[source], self._limits.max_stories
        if not most:
            return False
        return stubs >= most or (self._stubs.total() >= most and stubs > self.used[source])
