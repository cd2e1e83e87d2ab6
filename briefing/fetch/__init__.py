"""Fetching over HTTP(S): one `Fetcher` for a run, used from as many threads as you like.

What it promises: time limits that a slow drip cannot stretch, a size limit that holds after decompression, redirects
followed one by one with every check repeated, private addresses refused at connect time, politeness to each host,
retries where they can help, pauses where a server asks for one, conditional requests through a shared cache, and one
readable `FetchError` otherwise. It does not know what a feed or a page is.

`urls` takes addresses apart, `addresses` says what is public, `network` connects, `cache` remembers, `body` unfolds,
`rate_limit` is polite, `request_queue` gives servers their turns, `failures` explains. Those that import httpx are
imported when a `Fetcher` is made and not before.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.request import getproxies

from briefing import retry
from briefing._version import __version__
from briefing.bounded_io import CutOffError, TooLargeError
from briefing.encodings import charset_of, media_type_of
from briefing.errors import FetchError, OutOfTimeError, UntrustedError
from briefing.fetch.rate_limit import BusyError, HostSuspendedError, RateLimiter, TooLongError
from briefing.fetch.request_queue import RequestState, in_turns
from briefing.fetch.urls import joined, origin, parsed, server_of, shown

if TYPE_CHECKING:
    import httpx

    from briefing.fetch.addresses import Resolver

__all__ = ["Fetched", "Fetcher", "Request", "shown"]

USER_AGENT = f"briefing/{__version__} (+feed reader)"
MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {
    "User-Agent": USER_AGENT,
    "Accept": "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8",
    "Accept-Encoding": "gzip, deflate",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What to fetch."""

    url: str = field(repr=False)
    """An http(s) address; ``user:password@`` in it becomes basic authentication at its own origin."""
    allow_local: bool = False
    """Whether this address's own origin (scheme, host, port as given) may be private; what it redirects to may not."""
    anew: bool = False
    """Whether the server is asked although its earlier answer is still fresh."""
    private: bool = False
    """Whether the answer may hold a secret, so that no cache keeps it; one of an address with a secret always may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A complete, successful answer."""

    url: str
    """Where it came from after all redirects, without credentials."""
    status: int
    content_type: str
    """Media type in lower case without parameters; empty where the server names none."""
    charset: str | None
    """As the server names it, lower case; not checked."""
    body: bytes
    """Decompressed."""
    from_cache: bool
    """Whether the body is the one of an earlier fetch, revalidated or still fresh."""
    asked: bool = True
    """Whether a server said anything now; False where the earlier answer is still fresh."""


class Fetcher:
    """Fetches addresses; a context manager that owns the connections and the cache.

    Args:
        cache: SQLite file for the HTTP cache, or None for no cache. A damaged one is set aside.
        connect_timeout, read_timeout, total_timeout: seconds; the last bounds one attempt with its redirects, but not
            its waiting for a turn at the host.
        retries: further attempts after one that failed in a way that may pass.
        backoff: seconds before the first retry (jittered), doubled for each further one.
        max_bytes: limit on a body after decompression.
        per_host: requests to one host at a time.
        gap: seconds between the starts of two requests to one host.
        proxies: scheme to proxy URL; None takes them from the environment.
        sleep: how to wait; the default ends early when the fetcher is closed.
        clock: seconds, never set back; where `sleep` only pretends to wait, it has to go on all the same.
        now: seconds since 1970.
        resolver: how to look a name up; the default asks the system.
    """

    def __init__(
        self,
        cache: Path | None = None,
        *,
        connect_timeout: float = 10.0,
        read_timeout: float = 20.0,
        total_timeout: float = 60.0,
        retries: int = 2,
        backoff: float = 0.5,
        max_bytes: int = 10_000_000,
        per_host: int = 2,
        gap: float = 0.2,
        proxies: Mapping[str, str] | None = None,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        resolver: Resolver | None = None,
    ) -> None:
        from briefing.fetch.addresses import resolve
        from briefing.fetch.cache import Pauses, open_cache
        from briefing.fetch.network import Deadline, Network

        self._closed = threading.Event()
        self._sleep, self._clock, self._now = sleep or self._closed.wait, clock, now
        self._timeouts = {
            "connect": connect_timeout,
            "read": read_timeout,
            "write": read_timeout,
            "pool": connect_timeout,
        }
        self._total, self._retries, self._backoff, self._max_bytes = total_timeout, retries, backoff, max_bytes
        self._deadline = Deadline()
        self._per_host = per_host
        self._network = Network(
            proxies=getproxies() if proxies is None else proxies,
            resolver=resolver or resolve,
            deadline=self._deadline,
            before=self._before,
        )
        self._cached: httpx.BaseTransport = self._network
        pauses = None
        if cache is not None and (storage := open_cache(cache)) is not None:
            from hishel.httpx import CacheTransport

            self._cached = CacheTransport(self._network, storage, rfc={"shared": False})
            pauses = Pauses(cache)
        self._hosts = RateLimiter(
            at_once=per_host,
            gap=gap,
            sleep=self._wait,
            clock=clock,
            now=now,
            until=pauses.known(now()) if pauses else {},
            keep=pauses.keep if pauses else lambda server, until: None,
        )

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends every wait and every request in flight, and closes the cache."""
        self._closed.set()
        self._cached.close()

    def forget_dead(self) -> None:
        """Asks servers again that were given up because they did not answer: the network was missing."""
        self._hosts.forget_dead()

    def fetch(self, request: Request, *, within: float = math.inf) -> Fetched:
        """The answer to one request.

        Raises:
            FetchError: with one readable reason, after every retry; `BlockedAddressError` for a private address,
                `OutOfTimeError` where the answer is not there `within` so many seconds.
        """
        return self._fetch(RequestState(request), self._clock() + within)

    def _fetch(self, journey: RequestState, until: float) -> Fetched:
        from briefing.fetch.failures import RetryableError

        while True:
            try:
                return self._attempt(journey, until)
            except RetryableError as failed:
                journey.start_again()
                if journey.failures > self._retries or failed.final or self._closed.is_set():
                    raise failed.after(journey.failures) from failed.__cause__
                if not failed.pause:  # for that one all requests to the server wait
                    jitter = random.random()  # noqa: S311 - spreads load, hides nothing
                    self._rest(retry.backoff_delay(journey.failures - 1, self._backoff, jitter), journey.request, until)

    def _rest(self, seconds: float, request: Request, until: float) -> None:
        if self._clock() + seconds >= until:
            raise OutOfTimeError(shown(request.url))
        self._sleep(seconds)

    def fetch_many(
        self, requests: Iterable[Request], workers: int = 8, *, within: float = math.inf
    ) -> Iterator[tuple[Request, Fetched | FetchError]]:
        """Every request with its answer or its error, as they finish; servers take turns.

        After `within` seconds what is not there is an `OutOfTimeError`. At most twice `workers` answers wait for the
        caller, so a slow caller bounds the memory. A caller that stops early leaves requests in flight behind; `close`
        ends them.
        """
        yield from in_turns(
            requests, self._as_value, workers=workers, at_once=self._per_host, until=self._clock() + within,
            clock=self._clock,
        )  # fmt: skip

    def _as_value(self, journey: RequestState, until: float) -> Fetched | FetchError | RequestState:
        try:
            return self._fetch(journey, until)
        except FetchError as error:
            return error
        except BusyError as busy:
            journey.turn = busy.server
            return journey

    def _attempt(self, journey: RequestState, until: float) -> Fetched:
        begun = time.monotonic()
        left = self._total if journey.left is None else journey.left
        self._deadline.at, self._deadline.last = begun + left, begun + (until - self._clock())
        try:
            return self._follow(journey)
        finally:
            journey.left = self._deadline.at - time.monotonic()
            self._deadline.at = self._deadline.last = math.inf

    def _wait(self, seconds: float) -> None:
        import httpcore

        self._sleep(seconds)
        if self._closed.is_set():
            raise httpcore.ConnectError("the fetcher was closed")

    def _before(self, url: str) -> None:
        """Wait until the server may be asked; that is no fault of its own."""
        begun = time.monotonic()
        self._hosts.pause(server_of(url), self._deadline.left)
        self._deadline.at += time.monotonic() - begun

    def _follow(self, journey: RequestState) -> Fetched:
        request, visited = journey.request, journey.visited
        subject = shown(request.url)
        url, authorization = parsed(subject, request.url)
        home = origin(url)
        if journey.next:
            url, _ = parsed(subject, journey.next)
        while str(url) not in visited:
            if len(visited) > MOST_REDIRECTS:
                raise FetchError(subject, f"it redirects more than {MOST_REDIRECTS} times", "Check the address")
            at_home = origin(url) == home
            answer = self._one(
                subject,
                url,
                request,
                authorization if at_home else None,
                local=request.allow_local and at_home,
                wait=journey.waits_for(server_of(str(url))),
            )
            if isinstance(answer, Fetched):
                return answer
            visited.append(str(url))
            journey.next = answer
            url, _ = parsed(subject, answer)
        raise FetchError(subject, f"it redirects in a circle, back to {url}", "Check the address in a browser")

    def _one(
        self, subject: str, url: httpx.URL, request: Request, authorization: bytes | None, *, local: bool, wait: bool
    ) -> Fetched | str:
        """One hop: the answer, or the address that it redirects to. Raises `BusyError` without `wait`."""
        import httpx

        identity = f"{local} {authorization!r} {url}"  # what a local or authorised request may see is its own
        message = httpx.Request(
            "GET",
            url,
            headers={**_HEADERS, "Cache-Control": "no-cache"} if request.anew else _HEADERS,
            extensions={
                "timeout": self._timeouts,
                "local": local,
                "authorization": authorization,
                "private": request.private or shown(str(url)) != str(url),
                "caching": {"key": sha256(identity.encode()).hexdigest()},
            },
        )
        begun = time.monotonic()
        try:
            with self._hosts.slot(server_of(str(url)), self._deadline.left, wait=wait):
                self._deadline.at += time.monotonic() - begun  # waiting for one's turn is not the server's fault
                if self._closed.is_set():
                    raise FetchError(subject, "the run was stopped before it was complete")
                return self._noted(subject, url, message)
        except TooLongError as error:
            raise OutOfTimeError(subject) from error
        except HostSuspendedError as error:
            raise error.as_error(subject) from error

    def _noted(self, subject: str, url: httpx.URL, message: httpx.Request) -> Fetched | str:
        """What `_exchange` gives, having told `rate_limit` what it says of the server."""
        import httpcore

        from briefing.fetch import failures

        server = server_of(str(url))
        try:
            answer = self._exchange(subject, url, message)
        except failures.RetryableError as failed:
            if failed.broken:
                failed.final = self._hosts.breaks(server, str(url), failed.error)
            elif not failed.pause:
                self._hosts.answers(server)
            elif given_up := self._hosts.refuses(server, failed.wait):
                error = failed.error
                failed.error = type(error)(subject, f"{error.cause} and {given_up}", error.remedy)
                failed.final = True
            raise
        except FetchError:
            self._hosts.answers(server)
            raise
        except (
            httpcore.TimeoutException,
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.ProxyError,
            httpcore.UnsupportedProtocol,
        ) as error:
            if self._deadline.left <= 0:
                raise OutOfTimeError(subject) from error
            failure = failures.network_error(subject, error, total=self._total if self._deadline.passed else None)
            if isinstance(failure, failures.RetryableError):
                slow = isinstance(error, httpcore.TimeoutException)
                failure.final = self._hosts.fails(server, str(url), failure.error, slow=slow)
            elif isinstance(failure, UntrustedError):
                self._hosts.fails(server, str(url), failure, certain=True)
            elif self._deadline.passed:
                self._hosts.fails(server, str(url), failure)
            raise failure from error
        if isinstance(answer, str) or answer.asked:
            self._hosts.answers(server)
        return answer

    def _exchange(self, subject: str, url: httpx.URL, message: httpx.Request) -> Fetched | str:
        """Through the cache, and past it where what the cache holds turns out to be damaged."""
        import sqlite3

        from briefing.fetch.failures import RetryableError

        response = (self._network if message.extensions["private"] else self._cached).handle_request(message)
        caching = response.extensions.get("caching", {})
        from_cache = bool(caching.get("from_cache"))
        asked = not from_cache or bool(caching.get("revalidated"))
        try:
            return self._read(subject, url, response, from_cache=from_cache, asked=asked)
        except (sqlite3.Error, RuntimeError, RetryableError) as error:
            damaged = not isinstance(error, RetryableError) or isinstance(error.__cause__, CutOffError)
            if not (from_cache and damaged):
                raise
        finally:
            response.close()
        with closing(self._network.handle_request(message)) as response:
            return self._read(subject, url, response, from_cache=False)

    def _read(
        self, subject: str, url: httpx.URL, response: httpx.Response, *, from_cache: bool, asked: bool = True
    ) -> Fetched | str:
        from briefing.fetch import failures
        from briefing.fetch import response as body

        headers = response.headers
        if response.status_code in _REDIRECTS and "location" in headers:
            return joined(subject, url, headers["location"])
        if response.status_code not in range(200, 204):
            wait = retry.retry_after(headers.get("retry-after"), self._now())
            raise failures.status_error(subject, response.status_code, wait)
        try:
            if body.stated_length(headers.get("content-length", "")) > self._max_bytes:
                raise TooLargeError
            content = body.unfold(response.iter_raw(), headers.get("content-encoding", ""), self._max_bytes)
        except (TooLargeError, CutOffError, body.UnknownEncodingError) as error:
            raise failures.body_error(subject, error, self._max_bytes) from error
        content_type = headers.get("content-type", "")
        return Fetched(
            url=str(url),
            status=response.status_code,
            content_type=media_type_of(content_type),
            charset=charset_of(content_type),
            body=content,
            from_cache=from_cache,
            asked=asked,
        )
