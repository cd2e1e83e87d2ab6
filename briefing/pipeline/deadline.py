"""When an edition has to be there, and when nothing more had better be begun for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["ReadDeadline", "StopBefore", "due", "unlimited"]

_RESERVE = timedelta(seconds=3)
"""For composing, rendering and writing."""


def due(at: str, budget: timedelta | None, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The earlier of the next ``HH:MM`` in `zone` and `now` plus `budget`, in UTC; None where there is neither.

    A time of the day that has passed is tomorrow's: a run that comes too late is complete rather than hurried.
    """
    ends = [now + budget] if budget else []
    if at:
        here = now.astimezone(zone)
        today = datetime.combine(here.date(), time.fromisoformat(at), zone)
        ends.append(today if today > here else datetime.combine(here.date() + timedelta(days=1), today.time(), zone))
    return min(ends, default=None)


class ReadDeadline:
    """How long the sources are read: for at most half of the time until the edition has to be there.

    `deadline` gives that moment, UTC, for a try of all sources that begins at the moment it is called with; None: no
    limit.
    """

    def __init__(self, deadline: Callable[[datetime], datetime | None], clock: Callable[[], datetime]) -> None:
        self._deadline = deadline
        self._clock = clock
        self._end: datetime | None = None

    def begin(self, now: datetime) -> None:
        """To be called when a try begins."""
        deadline = self._deadline(now)
        self._end = deadline and now + (deadline - now) / 2

    @property
    def left(self) -> float:
        """Seconds; infinite where there is no limit."""
        return (self._end - self._clock()).total_seconds() if self._end else math.inf

    @property
    def up(self) -> bool:
        """Whether nothing more had better be read."""
        return self.left <= 0


def unlimited() -> ReadDeadline:
    """For those who wait as long as it takes."""
    return ReadDeadline(lambda now: None, lambda: datetime.max)


class StopBefore:
    """Says that it is time to stop: when the engine's slowest answer so far, begun now, would come too late."""

    def __init__(self, deadline: datetime, clock: Callable[[], datetime]) -> None:
        self._deadline = deadline - _RESERVE
        self._clock = clock
        self._last: datetime | None = None
        self._slowest = timedelta(0)

    def __call__(self) -> bool:
        """To be asked before every prompt: the time between two questions is what an answer takes."""
        now = self._clock()
        if self._last is not None:
            self._slowest = max(self._slowest, now - self._last)
        self._last = now
        return now + self._slowest >= self._deadline
