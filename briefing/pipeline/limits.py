"""Limits for articles of an edition and of each source, and the failures that say how many are over them.

A mere headline (stub) counts against the limit of its source, not against that of the edition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from briefing.errors import OutOfTimeError
from briefing.pipeline.candidates import failure_of, skipped
from briefing.types import Article, Failure, FailureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The configured limits of reading."""

    max_articles: int = 0
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
    """Whether an article counts against the limits; called only where they leave something out."""


class Quota:
    """Counts articles against the limits while they are read; sources are known by their indices."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.used: Counter[int] = Counter()
        """Articles that count, by source."""
        self._stubs: Counter[int] = Counter()
        self._transient = 0
        """Articles that could not be fetched and may be there another time."""

    def has(self, source: int, planned: Counter[int]) -> bool:
        """Whether one more of `source` may be read, with as many of each source `planned` or used."""
        most = self._limits.max_articles
        return not ((most and planned.total() >= most) or self._full(source, planned) or self._walled(source))

    def note(self, source: int, result: Article | Failure, *, transient: bool) -> None:
        """Count a result; `transient`: it could not be fetched, and may be another time.

        Transient failures count once there are more of them than the limit: else a site that is down would hold up the
        run, item by item.
        """
        if isinstance(result, Article):
            self.used[source] += self._limits.counts(result)
            return
        self._stubs[source] += result.stub is not None and result.kind is FailureKind.SKIPPED
        self._transient += transient
        self.used[source] += transient and self._transient > (self._limits.max_articles or self._limits.max_per_source)

    def left_out(self, counts: Mapping[int, int], names: Mapping[int, str]) -> list[Failure]:
        """A failure for each source with unread articles (`counts`): their number, and the limit or the deadline."""
        failures: list[Failure] = []
        rest: list[int] = []
        for source in sorted(counts):
            if self._full(source, self.used):
                cause = f"{counts[source]} articles are over the limit for one source"
            elif self._walled(source):
                cause = f"{counts[source]} articles were left alone, for too many of its pages give only a headline"
            else:
                rest.append(source)
                continue
            failures.append(skipped(names[source], cause))
        most = self._limits.max_articles
        if most and self.used.total() >= most:
            over = sum(counts[source] for source in rest)
            return [*failures, skipped("limit", f"{over} articles are over the limit of {most}")] if over else failures
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
        stubs, most = self._stubs[source], self._limits.max_articles
        if not most:
            return False
        return stubs >= most or (self._stubs.total() >= most and stubs > self.used[source])
