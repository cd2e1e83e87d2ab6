"""Politeness: how many requests a server gets at once, how far apart they start, and when it is left alone.

A pause that a server asks for holds for every request to it, not only for the one that it refused, and later ones start
further apart. One that asks for a long pause or for too many, one that does not answer at all, and one that answers one
address after another with an error of its own, is given up: its other addresses fail at once instead of costing a time
limit or three requests each. One whose certificate nobody vouches for is given up at the first. Answers out of the
cache are not concerned.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from briefing.errors import FetchError

__all__ = ["LONGEST_WAIT", "BusyError", "HostSuspendedError", "RateLimiter", "TooLongError"]

LONGEST_WAIT = 60.0
"""Seconds: a server that asks to be left alone for longer is not asked again in this run."""
_LONGEST_PEACE = 86_400.0
"""Seconds for which a server that asks for a long pause gets it, also from later runs."""
_MOST_WAITS = 180.0
"""Seconds of pauses in all that one server gets in a run."""
_MOST_REFUSALS = 5
"""In a row."""
_FIRST_PAUSE = 2.0
"""Seconds for a server that asks for fewer requests and does not say for how long; doubled each time."""
_SHORTEST_PAUSE = 1.0
"""Seconds: some ask for none."""
_WIDEST_GAP = 5.0
"""Seconds."""
_GOOD = 10
"""Answers in a row after which the gap to a server that asked for a pause is halved."""
_MOST_DEAD = 3
"""Connections without an answer, in a row; addresses, where the server answered before."""
_MOST_BROKEN = 5
"""Addresses that a server answers with an error of its own, in a row."""
_NOT_ALONE = 3
"""Addresses with such an error, in a row, from which on none is tried again: it is the server and not an address."""


@dataclass(frozen=True, slots=True)
class _GivenUp:
    """Why a server is not asked again in this run."""

    deed: str
    """What the server does or did, as the rest of a sentence about it."""
    remedy: str
    kind: type[FetchError] = FetchError
    dead: bool = False
    """Whether it did not answer, rather than asked for a pause."""


class HostSuspendedError(Exception):
    """The server was not asked."""

    def __init__(self, why: _GivenUp) -> None:
        self.why = why
        super().__init__(why.deed)

    def as_error(self, subject: str) -> FetchError:
        """The same about one address."""
        error = self.why.kind(subject, f"its server {self.why.deed}", self.why.remedy)
        error.asked = False
        return error


class TooLongError(Exception):
    """The wait for a server would take longer than there is time."""


class BusyError(Exception):
    """There is no request to the server now without a wait."""

    def __init__(self, server: str) -> None:
        self.server = server
        super().__init__(server)


@dataclass(slots=True)
class _Server:
    slots: threading.Semaphore
    gap: float
    next_start: float = 0.0
    pause_until: float = 0.0
    waits: float = 0.0
    """Seconds of pauses that it asked for."""
    refusals: int = 0
    """In a row."""
    good: int = 0
    """Answers since its gap was set."""
    answered: bool = False
    dead: list[str] = field(default_factory=list)
    """Addresses of connections without an answer, since the last one."""
    broken: set[str] = field(default_factory=set)
    """Addresses answered with an error of the server's own, since the last answer that was none."""
    given_up: _GivenUp | None = None


class RateLimiter:
    """At most `at_once` requests to a server at a time, their starts at least `gap` seconds apart.

    Args:
        at_once, gap: see above.
        sleep: waits for as many seconds on `clock`, or raises.
        clock: seconds, never set back.
        now: seconds since 1970.
        until: by server, seconds since 1970 up to which it asked an earlier run to be left alone.
        keep: is told of a server that asks for that until then.
    """

    def __init__(
        self,
        *,
        at_once: int,
        gap: float,
        sleep: Callable[[float], object],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        until: Mapping[str, float] | None = None,
        keep: Callable[[str, float], object] = lambda server, until: None,
    ) -> None:
        self._at_once, self._gap, self._sleep = at_once, gap, sleep
        self._clock, self._now, self._until, self._keep = clock, now, dict(until or {}), keep
        self._servers: dict[str, _Server] = {}
        self._lock = threading.Lock()

    @contextmanager
    def slot(self, server: str, most: float = math.inf, *, wait: bool = True) -> Iterator[None]:
        """Waits, at most `most` seconds, for one of the server's slots and holds it. Raises `TooLongError`.

        Without `wait`, raises `BusyError` where no slot is free, or the server is left alone for longer than a second.
        """
        state = self._of(server)
        if not wait:
            most = 0.0
        if not state.slots.acquire(timeout=None if most == math.inf else max(0.0, most)):
            raise TooLongError if wait else BusyError(server)
        try:
            if not wait and state.given_up is None and state.next_start - self._clock() >= _SHORTEST_PAUSE:
                raise BusyError(server)
            yield
        finally:
            state.slots.release()

    def pause(self, server: str, most: float = math.inf) -> None:
        """Waits until the server may be asked. Called when a request leaves, so a cached answer never waits.

        Raises `HostSuspendedError`, or `TooLongError` where that would take `most` seconds or more.
        """
        state = self._of(server)
        latest = self._clock() + most
        while True:  # it may ask for a longer pause meanwhile
            with self._lock:
                self._check(server, state)
                now, start = self._clock(), state.next_start
                if now >= start:
                    state.next_start = now + state.gap
                    return
            if start >= latest:
                raise TooLongError
            self._sleep(start - now)

    def _check(self, server: str, state: _Server) -> None:
        if state.given_up is not None:
            raise HostSuspendedError(state.given_up)
        if (until := self._until.get(server, 0.0)) > self._now():
            raise HostSuspendedError(_wants_peace(until))

    def answers(self, server: str) -> None:
        """Notes that the server answered, and asked for nothing."""
        state = self._of(server)
        with self._lock:
            state.answered, state.refusals = True, 0
            state.dead.clear()
            state.broken.clear()
            state.good += 1
            if state.good >= _GOOD and state.gap > self._gap:
                state.gap, state.good = max(self._gap, state.gap / 2), 0

    def refuses(self, server: str, seconds: float | None) -> str:
        """Notes that the server asked for a pause of `seconds`, or did not say how long.

        Empty, or what it does for which it is not asked again in this run.
        """
        state = self._of(server)
        until = 0.0
        with self._lock:
            state.answered, state.good = True, 0
            state.dead.clear()
            state.refusals += 1
            asked = _FIRST_PAUSE * 2.0 ** (state.refusals - 1) if seconds is None else max(seconds, _SHORTEST_PAUSE)
            now = self._clock()
            state.waits += max(0.0, now + asked - max(now, state.pause_until))
            state.pause_until = max(state.pause_until, now + asked)
            state.next_start = max(state.next_start, state.pause_until)
            state.gap = max(state.gap, min(asked, _WIDEST_GAP))
            if asked > LONGEST_WAIT:
                until = self._now() + min(asked, _LONGEST_PEACE)
                state.given_up = _wants_peace(until)
            elif state.given_up is not None:
                pass  # this one was under way
            elif state.refusals >= _MOST_REFUSALS:
                state.given_up = _given_up(f"asked for a pause {state.refusals} times in a row")
            elif state.waits > _MOST_WAITS:
                state.given_up = _given_up("asked for too many pauses")
            given_up = state.given_up
        if until:
            self._keep(server, until)  # writes to a disk: nobody else waits for that
        return given_up.deed if given_up else ""

    def breaks(self, server: str, address: str, error: FetchError) -> bool:
        """Notes an answer that is an error of the server's own (HTTP 500, 503); whether `address` is not tried again.

        It is given up where so many addresses in a row bring nothing else.
        """
        state = self._of(server)
        with self._lock:
            state.answered, state.refusals = True, 0
            state.dead.clear()
            state.broken.add(address)
            count = len(state.broken)
            if count >= _MOST_BROKEN and state.given_up is None:
                deed = f"was given up in this run: {error.cause}, for {count} addresses in a row"
                state.given_up = _GivenUp(deed, error.remedy, type(error))
            return count >= _NOT_ALONE or state.given_up is not None

    def fails(self, server: str, address: str, error: FetchError, *, slow: bool = False, certain: bool = False) -> bool:
        """Notes a connection that brought no answer for `address`; whether that is not tried again.

        Where it is `certain` that none of its addresses will bring one, it is given up at once.

        A server that answered before is given up only where several addresses bring none: one may be the matter. So
        where the failure was `slow` and another address brought none either, a third is tried before one of them is
        tried again.
        """
        state = self._of(server)
        with self._lock:
            state.dead.append(address)
            different = len(set(state.dead))
            count = different if state.answered else len(state.dead)
            if (certain or count >= _MOST_DEAD) and state.given_up is None:
                how_often = f", for {count} addresses in a row" if state.answered else f", {count} times in a row"
                deed = f"was given up in this run: {error.cause}{how_often if count > 1 else ''}"
                state.given_up = _GivenUp(deed, error.remedy, type(error), dead=True)
            return state.given_up is not None or (slow and state.answered and different > 1)

    def forget_dead(self) -> None:
        """Gives those that did not answer another chance: it was the network that was missing."""
        with self._lock:
            for state in self._servers.values():
                state.dead.clear()
                if state.given_up and state.given_up.dead:
                    state.given_up = None

    def _of(self, server: str) -> _Server:
        with self._lock:
            return self._servers.setdefault(server, _Server(threading.Semaphore(self._at_once), self._gap))


def _wants_peace(until: float) -> _GivenUp:
    moment = datetime.fromtimestamp(math.ceil(until / 60) * 60, UTC)
    deed = f"asks to be left alone and is not asked again before {moment:%Y-%m-%d %H:%M} UTC"  # it may ask for years
    return _GivenUp(deed, "Try again then")


def _given_up(deed: str) -> _GivenUp:
    return _GivenUp(f"{deed} and was given up in this run", "Try again later")
