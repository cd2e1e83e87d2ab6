"""Many requests at once: which one goes next, so that no server holds up the others, and what is late."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from briefing.errors import FetchError, OutOfTimeError
from briefing.fetch.urls import server_of, shown

if TYPE_CHECKING:
    from briefing.fetch import Fetched, Request

__all__ = ["in_turns"]


class _Turns:
    """Requests that wait, each server's own in order."""

    def __init__(self, requests: Iterable[Request]) -> None:
        self._queues: dict[str, deque[Request]] = {}
        for request in requests:
            self._queues.setdefault(server_of(request.url), deque()).append(request)
        self._order = deque(self._queues)

    def __bool__(self) -> bool:
        return bool(self._order)

    def next(self, free: Callable[[str], bool]) -> tuple[str, Request] | None:
        """The next request to a server that is `free`, with that server; servers take turns. None where none is."""
        for _ in range(len(self._order)):
            server = self._order.popleft()
            if not free(server):
                self._order.append(server)
                continue
            request = self._queues[server].popleft()
            if self._queues[server]:
                self._order.append(server)
            return server, request
        return None

    def rest(self) -> list[Request]:
        """What still waits."""
        return [request for server in self._order for request in self._queues[server]]


def in_turns(
    requests: Iterable[Request],
    fetch: Callable[[Request, float], Fetched | FetchError],
    *,
    workers: int,
    at_once: int,
    until: float,
    clock: Callable[[], float],
) -> Iterator[tuple[Request, Fetched | FetchError]]:
    """Every request with what `fetch` gives for it, as they finish; an `OutOfTimeError` for what is late.

    Args:
        requests: each server's own are begun in this order.
        fetch: is called with a request and `until` in one of the threads.
        workers: threads; at most twice as many answers wait for the caller.
        at_once: requests to one server that are under way.
        until: on `clock`, in seconds, when the time is up.
    """
    turns = _Turns(requests)
    executor = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="fetch")
    running: dict[Future[Fetched | FetchError], tuple[str, Request]] = {}

    def free(server: str) -> bool:
        busy = sum(one == server and not future.done() for future, (one, _) in running.items())
        return busy < at_once  # one more would only wait for its turn, and a thread with it

    try:
        while running or turns:
            left = until - clock()
            while left > 0 and len(running) < 2 * workers and (turn := turns.next(free)):
                running[executor.submit(fetch, turn[1], until)] = turn
            done, _ = wait(running, timeout=None if left == math.inf else max(0.0, left), return_when=FIRST_COMPLETED)
            if not done and clock() >= until:
                break
            for future in done:
                yield running.pop(future)[1], future.result()
        for request in [*(request for _, request in running.values()), *turns.rest()]:
            yield request, OutOfTimeError(shown(request.url))
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
