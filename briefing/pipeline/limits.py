"""How many articles an edition takes, in all and of each source, and what is said of the rest.

A headline of which there is no more (a stub) is told in the place of an article of its source, but takes none of the
places that articles have in all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from briefing.errors import OutOfTimeError
from briefing.pipeline.candidates import failure_of, skipped
from briefing.types import Article, Failure

__all__ = ["Limits", "Quota"]


def _every(article: Article) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is left out on purpose, and how far reading may go."""

    max_articles: int = 0
    """0: no limit."""
    max_per_source: int = 0
    """0: no limit."""
    full_text: bool = True
    """Whether the page behind a feed's item is fetched."""
    offline: bool = False
    """Whether the network is left alone."""
    allow_local: bool = False
    """Whether every source the reader named, also in a list, may be at a private address."""
    counts: Callable[[Article], bool] = _every
    """Whether an article counts against the limits; asked only where they leave something out."""


class Quota:
    """What is left of the limits while the articles come in; sources are known by their numbers."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.used: Counter[int] = Counter()
        """Places that are taken, by source."""
        self._stubs: Counter[int] = Counter()
        self._spared = 0

    def has(self, source: int, planned: Counter[int]) -> bool:
        """Whether one more of `source` may be read where so many places of each are `planned`, or used."""
        most = self._limits.max_articles
        return not ((most and planned.total() >= most) or self._full(source, planned) or self._walled(source))

    def note(self, source: int, result: Article | Failure, *, passing: bool) -> None:
        """Count what was read; `passing`: it could not be fetched, and may be another time.

        Of these, as many take no place as a limit has places: a site that is down would hold up the run, item by item.
        """
        if isinstance(result, Article):
            self.used[source] += self._limits.counts(result)
            return
        self._stubs[source] += result.stub is not None
        self._spared += passing
        self.used[source] += passing and self._spared > (self._limits.max_articles or self._limits.max_per_source)

    def left_out(self, counts: Mapping[int, int], names: Mapping[int, str]) -> list[Failure]:
        """What says how many of each source were not read, and whether for a limit or for want of time."""
        said: list[Failure] = []
        rest: list[int] = []
        for source in sorted(counts):
            if self._full(source, self.used):
                cause = f"{counts[source]} articles are over the limit for one source"
            elif self._walled(source):
                cause = f"{counts[source]} articles were left alone, for too many of its pages give only a headline"
            else:
                rest.append(source)
                continue
            said.append(skipped(names[source], cause))
        most = self._limits.max_articles
        if most and self.used.total() >= most:
            over = sum(counts[source] for source in rest)
            return [*said, skipped("limit", f"{over} articles are over the limit of {most}")] if over else said
        for source in rest:
            late = failure_of(OutOfTimeError(names[source]), names[source], "fetch")
            said.append(replace(late, cause=f"{counts[source]} articles were not read: {late.cause}"))
        return said

    def _full(self, source: int, used: Counter[int]) -> bool:
        each = self._limits.max_per_source
        return bool(each) and used[source] + self._stubs[source] >= each

    def _walled(self, source: int) -> bool:
        """Whether a source gives so many mere headlines that no more of its pages are fetched.

        Without an end, a source behind a wall would cost a request for each of its items.
        """
        stubs, most = self._stubs[source], self._limits.max_articles
        if not most:
            return False
        return stubs >= most or (self._stubs.total() >= most and stubs > self.used[source])
