"""Rate limit for each server: concurrent requests, gap between starts, ``Retry-After``, and a circuit breaker.

A pause that a server asks for holds for every request to it, and widens the gap between later ones. The circuit opens
for the rest of the run where a server asks for a long pause or for too many, does not answer, answers one address after
another with an error of its own, or has an untrusted certificate (at the first): its other addresses then fail at once
instead of costing a time limit or three requests each. Responses from the cache are not limited.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from briefing.errors import FetchError

_log = logging.getLogger(__name__)

LONGEST_WAIT = 60.0
"""Seconds: a server that asks for a longer pause is not asked again in this run."""
_LONGEST_SUSPENSION = 86_400.0
"""Seconds; holds for later runs too."""
_MOST_PAUSED = 180.0
"""Seconds of pauses in total that one server gets in a run."""
_MOST_THROTTLED = 5
"""In a row."""
_FIRST_PAUSE = 2.0
"""Seconds after HTTP 429 without ``Retry-After``; doubled each time."""
_SHORTEST_PAUSE = 1.0
"""Seconds: some servers ask for 0."""
_WIDEST_GAP = 5.0
"""Seconds."""
_ANSWERS_TO_RECOVER = 10
"""Answers in a row after which the gap of a server that asked for a pause is halved."""
_MOST_UNANSWERED = 3
"""Connections without an answer, in a row; addresses, where the server answered before."""
_MOST_SERVER_ERRORS = 5
"""Addresses with an error of the server's own (HTTP 500, 503), in a row."""
_NO_RETRY_FROM = 3
"""Addresses with such an error, in a row, from which on none is retried: it is the server and not an address."""


@dataclass(frozen=True, slots=True)
class _Suspension:
    """Why a server is not asked again in this run."""

    reason: str
    """A predicate, such as "asked for too many pauses"."""
    remedy: str
    kind: type[FetchError] = FetchError
    unanswered: bool = False
    """Whether it did not answer, rather than asked for a pause."""


class ServerSuspendedError(Exception):
    """The circuit is open: no request was sent."""

    def __init__(self, suspension: _Suspension) -> None:
        self.suspension = suspension
        super().__init__(suspension.reason)

    def as_error(self, subject: str) -> FetchError:
        """The `FetchError` of one address."""
        error = self.suspension.kind(subject, f"its server {self.suspension.reason}", self.suspension.remedy)
        error.asked = False
        return error


class TooLongError(Exception):
    """The wait for a server would exceed the deadline."""


class BusyError(Exception):
    """The server has no free slot, or is in a pause."""

    def __init__(self, server: str) -> None:
        self.server = server
        super().__init__(server)


@dataclass(slots=True)
class _Server:
    slots: threading.Semaphore
    gap: float
    next_start: float = 0.0
    pause_until: float = 0.0
    paused: float = 0.0
    """Seconds of pauses that it asked for."""
    throttled: int = 0
    """In a row."""
    answers: int = 0
    """Since its gap was set."""
    answered: bool = False
    unanswered: list[str] = field(default_factory=list)
    """Addresses of connections without an answer, since the last one."""
    server_errors: set[str] = field(default_factory=set)
    """Addresses answered with an error of the server's own, since the last other answer."""
    suspension: _Suspension | None = None


class RateLimiter:
    """At most `per_server` requests to a server at a time, their starts at least `gap` seconds apart.

    Args:
        sleep: waits for as many seconds on `clock`, or raises.
        clock: seconds, monotonic.
        now: seconds since 1970.
        until: suspensions of earlier runs: server to end, in seconds since 1970.
        keep: stores such a suspension.
    """

    def __init__(
        self,
        *,
        per_server: int,
        gap: float,
        sleep: Callable[[float], object],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        until: Mapping[str, float] | None = None,
        keep: Callable[[str, float], object] = lambda server, until: None,
    ) -> None:
        self._per_server, self._gap, self._sleep = per_server, gap, sleep
        self._clock, self._now, self._until, self._keep = clock, now, dict(until or {}), keep
        self._servers: dict[str, _Server] = {}
        self._lock = threading.Lock()

    @contextmanager
    def slot(self, server: str, most: float = math.inf, *, wait: bool = True) -> Iterator[None]:
        """Hold one of the server's slots, waiting at most `most` seconds for it. Raises `TooLongError`.

        Without `wait`, raises `BusyError` where no slot is free, or the server is in a pause of a second or more.
        """
        state = self._of(server)
        if not wait:
            most = 0.0
        if not state.slots.acquire(timeout=None if most == math.inf else max(0.0, most)):
            raise TooLongError if wait else BusyError(server)
        try:
            if not wait and state.suspension is None and state.next_start - self._clock() >= _SHORTEST_PAUSE:
                raise BusyError(server)
            yield
        finally:
            state.slots.release()

    def wait_for_start(self, server: str, most: float = math.inf) -> None:
        """Wait until the server may be asked. Called when a request is sent, so a cached response never waits.

        Raises `ServerSuspendedError`, or `TooLongError` where that would take `most` seconds or more.
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
        if state.suspension is not None:
            raise ServerSuspendedError(state.suspension)
        if (until := self._until.get(server, 0.0)) > self._now():
            raise ServerSuspendedError(_asked_for_a_pause(until))

    def record_answer(self, server: str) -> None:
        """The server answered and did not throttle."""
        state = self._of(server)
        with self._lock:
            state.answered, state.throttled = True, 0
            state.unanswered.clear()
            state.server_errors.clear()
            state.answers += 1
            if state.answers >= _ANSWERS_TO_RECOVER and state.gap > self._gap:
                state.gap, state.answers = max(self._gap, state.gap / 2), 0

    def record_throttling(self, server: str, seconds: float | None) -> str:
        """The server asked for a pause of `seconds` (None: of any length). The reason of its suspension, or empty."""
        state = self._of(server)
        until = 0.0
        with self._lock:
            state.answered, state.answers = True, 0
            state.unanswered.clear()
            state.throttled += 1
            asked = _FIRST_PAUSE * 2.0 ** (state.throttled - 1) if seconds is None else max(seconds, _SHORTEST_PAUSE)
            now = self._clock()
            state.paused += max(0.0, now + asked - max(now, state.pause_until))
            state.pause_until = max(state.pause_until, now + asked)
            state.next_start = max(state.next_start, state.pause_until)
            state.gap = max(state.gap, min(asked, _WIDEST_GAP))
            if asked > LONGEST_WAIT:
                until = self._now() + min(asked, _LONGEST_SUSPENSION)
                state.suspension = _asked_for_a_pause(until)
            elif state.suspension is None and state.throttled >= _MOST_THROTTLED:
                state.suspension = _given_up(f"asked for a pause {state.throttled} times in a row")
            elif state.suspension is None and state.paused > _MOST_PAUSED:
                state.suspension = _given_up("asked for too many pauses")
            suspension = state.suspension
        _log.debug("%s asked for a pause, of %.1f s", server, asked)
        if until:
            self._keep(server, until)  # outside the lock: it writes to the disk
        return suspension.reason if suspension else ""

    def record_server_error(self, server: str, address: str, error: FetchError) -> bool:
        """The server answered with an error of its own (HTTP 500, 503). Whether `address` is not to be retried."""
        state = self._of(server)
        with self._lock:
            state.answered, state.throttled = True, 0
            state.unanswered.clear()
            state.server_errors.add(address)
            count = len(state.server_errors)
            if count >= _MOST_SERVER_ERRORS and state.suspension is None:
                reason = f"was given up in this run: {error.cause}, for {count} addresses in a row"
                state.suspension = _Suspension(reason, error.remedy, type(error))
            return count >= _NO_RETRY_FROM or state.suspension is not None

    def record_no_answer(
        self, server: str, address: str, error: FetchError, *, slow: bool = False, certain: bool = False
    ) -> bool:
        """A connection for `address` got no response. Whether that address is not to be retried.

        Suspends the server at once where the failure is `certain` to concern all of its addresses. A server that
        answered before is suspended only after several addresses, since one may be at fault; so after a `slow` failure
        of two addresses a third is tried before one of them is retried.
        """
        state = self._of(server)
        with self._lock:
            state.unanswered.append(address)
            different = len(set(state.unanswered))
            count = different if state.answered else len(state.unanswered)
            if (certain or count >= _MOST_UNANSWERED) and state.suspension is None:
                how_often = f", for {count} addresses in a row" if state.answered else f", {count} times in a row"
                reason = f"was given up in this run: {error.cause}{how_often if count > 1 else ''}"
                state.suspension = _Suspension(reason, error.remedy, type(error), unanswered=True)
            return state.suspension is not None or (slow and state.answered and different > 1)

    def forget_unreachable(self) -> None:
        """Lift suspensions for missing answers: the network was down."""
        with self._lock:
            for state in self._servers.values():
                state.unanswered.clear()
                if state.suspension and state.suspension.unanswered:
                    state.suspension = None

    def _of(self, server: str) -> _Server:
        with self._lock:
            return self._servers.setdefault(server, _Server(threading.Semaphore(self._per_server), self._gap))


def _asked_for_a_pause(until: float) -> _Suspension:
    moment = datetime.fromtimestamp(math.ceil(until / 60) * 60, UTC)
    reason = f"asks to be left alone and is not asked again before {moment:%Y-%m-%d %H:%M} UTC"  # it may ask for years
    return _Suspension(reason, "Try again then")


def _given_up(reason: str) -> _Suspension:
    return _Suspension(f"{reason} and was given up in this run", "Try again later")
