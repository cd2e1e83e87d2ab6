"""Many requests on a thread pool, round robin over servers so that none holds up the others, until a deadline."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from briefing.address import shown
from briefing.errors import FetchError, OutOfTimeError
from briefing.fetch.cookies import ChainCookies
from briefing.fetch.response import Fetched
from briefing.fetch.urls import server_of

if TYPE_CHECKING:
    from briefing.fetch import Request


@dataclass(slots=True)
class RequestState:
    """A request under way: how often it failed, and where its redirects have led it."""

    request: Request
    turn: str | None = None
    """The server whose turn it is, for which it may wait; None: it may wait for any."""
    failures: int = 0
    """Attempts that failed."""
    visited: list[tuple[str, str]] = field(default_factory=list)
    """Addresses that redirected in this attempt, each with the cookies that it was sent."""
    cookies: ChainCookies = field(default_factory=ChainCookies)
    """What this attempt's redirects have set."""
    next: str = ""
    """Target of the last redirect."""
    left: float | None = None
    """Seconds left of this attempt; None before it begins."""

    def start_again(self) -> None:
        """Count the attempt as failed."""
        self.failures += 1
        self.visited.clear()
        self.cookies = ChainCookies()
        self.next, self.left = "", None

    def waits_for(self, server: str) -> bool:
        """Whether it may hold a thread until the server may be asked."""
        return self.turn is None or self.turn == server


class _ServerQueues:
    """A FIFO queue of requests for each server."""

    def __init__(self, requests: Iterable[Request]) -> None:
        self._queues: dict[str, deque[RequestState]] = {}
        for request in requests:
            turn = server_of(request.url)
            self._queues.setdefault(turn, deque()).append(RequestState(request, turn))
        self._order = deque(self._queues)

    def __bool__(self) -> bool:
        return bool(self._order)

    def add(self, state: RequestState) -> None:
        """A request already begun: first in the queue of the server that it waits for."""
        assert state.turn is not None
        queue = self._queues.setdefault(state.turn, deque())
        if not queue:
            self._order.append(state.turn)
        queue.appendleft(state)

    def next(self, free: Callable[[str], bool]) -> RequestState | None:
        """The next request to a server that is `free`, round robin; None where none is."""
        for _ in range(len(self._order)):
            server = self._order.popleft()
            if not free(server):
                self._order.append(server)
                continue
            state = self._queues[server].popleft()
            if self._queues[server]:
                self._order.append(server)
            return state
        return None

    def rest(self) -> list[Request]:
        """Requests still queued."""
        return [state.request for server in self._order for state in self._queues[server]]


def round_robin(
    requests: Iterable[Request],
    fetch: Callable[[RequestState, float], Fetched | FetchError | RequestState],
    *,
    workers: int,
    per_server: int,
    until: float,
    clock: Callable[[], float],
) -> Iterator[tuple[Request, Fetched | FetchError]]:
    """Every request with the result of `fetch`, as they finish; an `OutOfTimeError` after the deadline.

    Args:
        requests: each server's own are begun in this order.
        fetch: is called with a request's state and `until` in a thread. It returns the state to be queued again for
            its new `turn`, rather than block the thread.
        workers: threads; at most twice as many answers wait for the caller.
        per_server: requests to one server in flight.
        until: deadline on `clock`, in seconds.
    """
    queues = _ServerQueues(requests)
    executor = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="fetch")
    running: dict[Future[Fetched | FetchError | RequestState], tuple[str | None, Request]] = {}

    def free(server: str) -> bool:
        busy = sum(turn == server and not future.done() for future, (turn, _) in running.items())
        return busy < per_server  # one more would only block a thread

    try:
        while running or queues:
            left = until - clock()
            while left > 0 and len(running) < 2 * workers and (state := queues.next(free)):
                running[executor.submit(fetch, state, until)] = (state.turn, state.request)
            done, _ = wait(running, timeout=None if left == math.inf else max(0.0, left), return_when=FIRST_COMPLETED)
            if not done and clock() >= until:
                break
            for future in done:
                _, request = running.pop(future)
                if isinstance(answer := future.result(), RequestState):
                    queues.add(answer)
                else:
                    yield request, answer
        for future, (_, request) in running.items():  # some have finished meanwhile
            late = future.result() if future.done() else None
            if late is None or isinstance(late, RequestState):
                late = OutOfTimeError(shown(request.url))
            yield request, late
        for request in queues.rest():
            yield request, OutOfTimeError(shown(request.url))
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
