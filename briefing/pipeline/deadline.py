"""Deadlines of a run: when its edition is due, how long sources are read, when no more prompts are begun."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_log = logging.getLogger(__name__)

_RESERVE = timedelta(seconds=3)
"""For composing, rendering and writing."""


def due(at: str, budget: timedelta | None, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The earlier of the next ``HH:MM`` in `zone` and `now` plus `budget`, in UTC; None where there is neither.

    A time of day that has passed is tomorrow's: a run that starts too late is complete rather than hurried.
    """
    ends = [now + budget] if budget else []
    if at:
        local = now.astimezone(zone)
        today = datetime.combine(local.date(), time.fromisoformat(at), zone)
        ends.append(today if today > local else datetime.combine(local.date() + timedelta(days=1), today.time(), zone))
    return min(ends, default=None)


class ReadDeadline:
    """The deadline for reading sources, half of the time until the edition is due; by default none.

    `deadline` gives the time at which it is due (UTC, None: no limit) for an attempt that begins at the argument.
    """

    def __init__(
        self,
        deadline: Callable[[datetime], datetime | None] = lambda now: None,
        clock: Callable[[], datetime] = lambda: datetime.max,
    ) -> None:
        self._deadline = deadline
        self._clock = clock
        self._end: datetime | None = None

    def begin(self, now: datetime) -> None:
        """Begin an attempt to read all sources."""
        deadline = self._deadline(now)
        self._end = deadline and now + (deadline - now) / 2

    @property
    def left(self) -> float:
        """Seconds; infinite where there is no limit."""
        return (self._end - self._clock()).total_seconds() if self._end else math.inf

    @property
    def up(self) -> bool:
        """Whether the time for reading is up."""
        return self.left <= 0


class StopBefore:
    """True once the slowest answer of the engine so far, begun now, would come after the deadline."""

    def __init__(self, deadline: datetime, clock: Callable[[], datetime]) -> None:
        self._deadline = deadline - _RESERVE
        self._clock = clock
        self._last: datetime | None = None
        self._slowest = timedelta(0)

    def __call__(self) -> bool:
        """To be called before every prompt: the time between two calls counts as that of an answer."""
        now = self._clock()
        if self._last is not None:
            self._slowest = max(self._slowest, now - self._last)
        self._last = now
        stop = now + self._slowest >= self._deadline
        if stop:
            _log.debug("No more prompts: the slowest answer took %.1f s", self._slowest.total_seconds())
        return stop
