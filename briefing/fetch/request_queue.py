"""Many requests at once: which one goes next, so that no server holds up the others, and what is late."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from briefing.errors import FetchError, OutOfTimeError
from briefing.fetch.urls import server_of, shown

if TYPE_CHECKING:
    from briefing.fetch import Fetched, Request

__all__ = ["RequestState", "in_turns"]


@dataclass(slots=True)
class RequestState:
    """A request under way: how often it failed, and where its redirects have led it."""

    request: Request
    turn: str | None = None
    """The server whose turn it has, so that it may wait for that one; None: it may wait for each."""
    failures: int = 0
    """Attempts that failed."""
    visited: list[str] = field(default_factory=list)
    """Addresses that redirected it in this attempt."""
    next: str = ""
    """Where the last of them sent it."""
    left: float | None = None
    """Seconds of this attempt's time that are left; None before it begins."""

    def start_again(self) -> None:
        """The attempt failed."""
        self.failures += 1
        self.visited.clear()
        self.next, self.left = "", None

    def waits_for(self, server: str) -> bool:
        """Whether it may hold a thread until the server may be asked."""
        return self.turn is None or self.turn == server


class _Turns:
    """Requests that wait, each server's own in order."""

    def __init__(self, requests: Iterable[Request]) -> None:
        self._queues: dict[str, deque[RequestState]] = {}
        for request in requests:
            turn = server_of(request.url)
            self._queues.setdefault(turn, deque()).append(RequestState(request, turn))
        self._order = deque(self._queues)

    def __bool__(self) -> bool:
        return bool(self._order)

    def add(self, journey: RequestState) -> None:
        """Another one, that has begun: it is the next of those to the server that it waits for."""
        assert journey.turn is not None
        queue = self._queues.setdefault(journey.turn, deque())
        if not queue:
            self._order.append(journey.turn)
        queue.appendleft(journey)

    def next(self, free: Callable[[str], bool]) -> RequestState | None:
        """The next request to a server that is `free`; servers take turns. None where none is."""
        for _ in range(len(self._order)):
            server = self._order.popleft()
            if not free(server):
                self._order.append(server)
                continue
            journey = self._queues[server].popleft()
            if self._queues[server]:
                self._order.append(server)
            return journey
        return None

    def rest(self) -> list[Request]:
        """What still waits."""
        return [journey.request for server in self._order for journey in self._queues[server]]


def in_turns(
    requests: Iterable[Request],
    fetch: Callable[[RequestState, float], Fetched | FetchError | RequestState],
    *,
    workers: int,
    at_once: int,
    until: float,
    clock: Callable[[], float],
) -> Iterator[tuple[Request, Fetched | FetchError]]:
    """Every request with what `fetch` gives for it, as they finish; an `OutOfTimeError` for what is late.

    Args:
        requests: each server's own are begun in this order.
        fetch: is called with a request's journey and `until` in one of the threads. It gives the journey back where
            that cannot go on before its new `turn` comes: a thread that waited meanwhile would be missing elsewhere.
        workers: threads; at most twice as many answers wait for the caller.
        at_once: requests to one server that are under way.
        until: on `clock`, in seconds, when the time is up.
    """
    turns = _Turns(requests)
    executor = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="fetch")
    running: dict[Future[Fetched | FetchError | RequestState], tuple[str | None, Request]] = {}

    def free(server: str) -> bool:
        busy = sum(one == server and not future.done() for future, (one, _) in running.items())
        return busy < at_once  # one more would only wait for its turn, and a thread with it

    try:
        while running or turns:
            left = until - clock()
            while left > 0 and len(running) < 2 * workers and (turn := turns.next(free)):
                running[executor.submit(fetch, turn, until)] = (turn.turn, turn.request)
            done, _ = wait(running, timeout=None if left == math.inf else max(0.0, left), return_when=FIRST_COMPLETED)
            if not done and clock() >= until:
                break
            for future in done:
                _, request = running.pop(future)
                if isinstance(answer := future.result(), RequestState):
                    turns.add(answer)
                else:
                    yield request, answer
        for future, (_, request) in running.items():  # some came just now
            came = future.result() if future.done() else None
            yield request, came if came and not isinstance(came, RequestState) else OutOfTimeError(shown(request.url))
        for request in turns.rest():
            yield request, OutOfTimeError(shown(request.url))
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
