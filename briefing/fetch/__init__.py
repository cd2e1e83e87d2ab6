"""Fetching over HTTP(S): one thread-safe `Fetcher` for a run.

Guarantees: total deadlines (a slow drip cannot stretch them), a size limit after decompression, redirects followed one
by one with every check repeated, private addresses refused at connect time, a rate limit for each server, retries with
backoff, ``Retry-After``, conditional requests through a shared cache, and one readable `FetchError` otherwise. Feeds
and pages are not parsed here.

`urls` splits addresses, `addresses` tells public ones, `network` connects, `cache` stores responses, `response` decodes
them, `refresh` reads where a page leads on, `cookies` keeps those of a chain of redirects, `rate_limit` spaces
requests, `request_queue` schedules them over servers, `failures` words errors, `imap` reads mailboxes. Modules that
import httpx are imported when a `Fetcher` is made and not before.
"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import getproxies

from briefing import retry
from briefing._version import __version__
from briefing.address import shown
from briefing.bounded_io import CutOffError
from briefing.errors import BlockedAddressError, FetchError, OutOfTimeError, UntrustedError
from briefing.fetch.rate_limit import BusyError, RateLimiter, ServerSuspendedError, TooLongError
from briefing.fetch.request_queue import RequestState, round_robin
from briefing.fetch.response import Fetched, read_response
from briefing.fetch.urls import origin, parsed, server_of

if TYPE_CHECKING:
    import httpx

    from briefing.fetch.addresses import Resolver
    from briefing.fetch.cookies import ChainCookies

__all__ = ["Fetched", "Fetcher", "Request", "Wanted", "shown"]

_log = logging.getLogger(__name__)

USER_AGENT = f"briefing/{__version__} (+feed reader)"
MOST_REDIRECTS = 5
LARGEST_PICTURE = 5_000_000
"""Bytes."""
_HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"}
_FEEDS = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9"


class Wanted(Enum):
    """What an address is asked for; the value is the ``Accept`` header. Some serve a feed and a page at one address."""

    PAGE = "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8"
    FEED_OR_PAGE = f"{_FEEDS}, text/html;q=0.8, application/xhtml+xml;q=0.8, application/xml;q=0.7, */*;q=0.5"
    """Plain JSON last: of an article, some sites have it for programs of their own."""
    FEED = f"{_FEEDS}, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
    """For servers that hand out the page to all who would take one."""
    PICTURE = "image/webp, image/jpeg, image/png, image/gif;q=0.8, image/*;q=0.5"


@dataclass(frozen=True, slots=True)
class Request:
    """What to fetch."""

    url: str = field(repr=False)
    """An http(s) address; ``user:password@`` in it becomes basic authentication at its own origin."""
    allow_local: bool = False
    """Whether this origin (scheme, host, port as given) may be private; targets of its redirects may not."""
    anew: bool = False
    """Whether to revalidate a response that is still fresh."""
    private: bool = False
    """Whether to bypass the cache; always for an address with a secret."""
    wanted: Wanted = Wanted.PAGE
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Sent to this origin alone, in place of the fetcher's own; the responses bypass the cache."""


class Fetcher:
    """Fetches addresses; a context manager that owns the connections and the cache.

    Args:
        cache: SQLite file for the HTTP cache, or None for no cache. A damaged one is set aside.
        connect_timeout, read_timeout, total_timeout: seconds; the last bounds one attempt with its redirects, but not
            its waiting for a slot at the server.
        retries: further attempts after a transient failure.
        backoff: seconds before the first retry (jittered), doubled for each further one.
        max_bytes: limit on a body after decompression.
        per_host: requests to one host at a time.
        gap: seconds between the starts of two requests to one host.
        proxies: scheme to proxy URL; None takes them from the environment.
        sleep: the default ends early when the fetcher is closed.
        clock: seconds, monotonic; advances with `sleep`.
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
        from briefing.fetch.cache import Suspensions, open_cache
        from briefing.fetch.network import Deadline, Network

        self._closed = threading.Event()
        self._sleep, self._clock, self._now = sleep or self._closed.wait, clock, now
        connect, read = connect_timeout, read_timeout
        self._timeouts = {"connect": connect, "pool": connect, "read": read, "write": read}
        self._total, self._retries, self._backoff, self._max_bytes = total_timeout, retries, backoff, max_bytes
        self._deadline = Deadline()
        self._per_host = per_host
        self._network = Network(
            proxies=getproxies() if proxies is None else proxies,
            resolver=resolver or resolve,
            deadline=self._deadline,
            before_request=self._before_request,
        )
        self._cached: httpx.BaseTransport = self._network
        pauses = None
        if cache is not None and (storage := open_cache(cache)) is not None:
            from hishel.httpx import CacheTransport

            self._cached = CacheTransport(self._network, storage, rfc={"shared": False})
            pauses = Suspensions(cache)
        self._limiter = RateLimiter(
            per_server=per_host,
            gap=gap,
            sleep=self._limiter_sleep,
            clock=clock,
            now=now,
            until=pauses.known(now()) if pauses else {},
            keep=pauses.keep if pauses else lambda server, until: None,
        )

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Abort every wait and every request in flight, and close the cache."""
        self._closed.set()
        self._cached.close()

    def forget_unreachable(self) -> None:
        """Ask servers again that were suspended because they did not answer: the network was missing."""
        self._limiter.forget_unreachable()

    def fetch(self, request: Request, *, within: float = math.inf) -> Fetched:
        """The response to one request, in `within` seconds.

        Raises:
            FetchError: after every retry; `BlockedAddressError` for a private address, `OutOfTimeError` after `within`.
        """
        return self._fetch(RequestState(request), self._clock() + within)

    def _fetch(self, state: RequestState, until: float) -> Fetched:
        """With retries. Raises `BusyError` where another server's turn has to come first."""
        from briefing.fetch.failures import RetryableError

        while True:
            try:
                return self._attempt(state, until)
            except RetryableError as failed:
                state.start_again()
                if state.failures > self._retries or failed.final or self._closed.is_set():
                    raise failed.after(state.failures) from failed.__cause__
                url = shown(state.request.url)
                _log.debug("%s: attempt %d failed: %s", url, state.failures, failed.error.cause)
                if not failed.pause:  # the limiter makes all requests to the server wait
                    jitter = random.random()  # noqa: S311 - spreads load, hides nothing
                    delay = retry.backoff_delay(state.failures - 1, self._backoff, jitter)
                    if self._clock() + delay >= until:
                        raise OutOfTimeError(url) from failed
                    self._sleep(delay)

    def fetch_many(
        self, requests: Iterable[Request], workers: int = 8, *, within: float = math.inf
    ) -> Iterator[tuple[Request, Fetched | FetchError]]:
        """Every request with its answer or its error, as they finish; round robin over servers.

        After `within` seconds the rest are `OutOfTimeError`s. At most twice `workers` answers wait for the caller,
        which bounds the memory. A caller that stops early leaves requests in flight; `close` ends them.
        """
        yield from round_robin(
            requests, self._as_value, workers=workers, per_server=self._per_host, until=self._clock() + within,
            clock=self._clock,
        )  # fmt: skip

    def _as_value(self, state: RequestState, until: float) -> Fetched | FetchError | RequestState:
        try:
            return self._fetch(state, until)
        except FetchError as error:
            return error
        except BusyError as busy:
            state.turn = busy.server
            return state

    def _attempt(self, state: RequestState, until: float) -> Fetched:
        begun = time.monotonic()
        left = self._total if state.left is None else state.left
        self._deadline.at, self._deadline.last = begun + left, begun + (until - self._clock())
        try:
            return self._follow_redirects(state)
        finally:
            state.left = self._deadline.at - time.monotonic()
            self._deadline.at = self._deadline.last = math.inf

    def _limiter_sleep(self, seconds: float) -> None:
        import httpcore

        self._sleep(seconds)
        if self._closed.is_set():
            raise httpcore.ConnectError("the fetcher was closed")

    def _before_request(self, url: str) -> None:
        """Wait until the server may be asked; that does not count against its deadline."""
        begun = time.monotonic()
        self._limiter.wait_for_start(server_of(url), self._deadline.left)
        self._deadline.at += time.monotonic() - begun

    def _follow_redirects(self, state: RequestState) -> Fetched:
        request, visited = state.request, state.visited
        subject = shown(request.url)
        url, authorization = parsed(subject, request.url)
        first_origin = origin(url)
        if state.next:
            url, _ = parsed(subject, state.next)
        while (here := (str(url), state.cookies.header(str(url)))) not in visited:
            if len(visited) > MOST_REDIRECTS:
                raise FetchError(subject, f"it redirects more than {MOST_REDIRECTS} times", "Check the address")
            same_origin = origin(url) == first_origin
            try:
                answer = self._hop(
                    subject,
                    url,
                    request,
                    authorization if same_origin else None,
                    request.headers if same_origin else (),
                    local=request.allow_local and same_origin,
                    wait=state.waits_for(server_of(str(url))),
                    cookies=state.cookies,
                )
            except BlockedAddressError as error:
                from briefing.fetch.failures import led_to

                if same_origin:
                    raise
                raise led_to(error, f"it redirects: {error.cause}") from error
            if isinstance(answer, Fetched):
                return answer
            visited.append(here)
            state.next = answer
            url, _ = parsed(subject, answer)
        raise FetchError(subject, f"it redirects in a circle, back to {url}", "Check the address in a browser")

    def _hop(
        self,
        subject: str,
        url: httpx.URL,
        request: Request,
        authorization: bytes | None,
        own: tuple[tuple[str, str], ...],
        *,
        local: bool,
        wait: bool,
        cookies: ChainCookies,
    ) -> Fetched | str:
        """The response, or the address that it redirects to. Raises `BusyError` without `wait`."""
        import httpx

        identity = f"{local} {authorization!r} {url}"  # what a local or authorised request may see is its own
        if request.wanted is not Wanted.PAGE:
            identity += f" {request.wanted.name}"
        if cookies.header(str(url)):
            identity += " with cookies"
        headers = {**_HEADERS, "Accept": request.wanted.value}
        message = httpx.Request(
            "GET",
            url,
            headers={**headers, "Cache-Control": "no-cache"} if request.anew else headers,
            extensions={
                "timeout": self._timeouts,
                "local": local,
                "authorization": authorization,
                "cookies": cookies,
                "headers": own,
                "private": request.private or bool(request.headers) or shown(str(url)) != str(url),
                "caching": {"key": sha256(identity.encode()).hexdigest()},
            },
        )
        begun = time.monotonic()
        try:
            with self._limiter.slot(server_of(str(url)), self._deadline.left, wait=wait):
                self._deadline.at += time.monotonic() - begun  # waiting for a slot does not count
                if self._closed.is_set():
                    raise FetchError(subject, "the run was stopped before it was complete")
                return self._recorded(subject, url, message)
        except TooLongError as error:
            raise OutOfTimeError(subject) from error
        except ServerSuspendedError as error:
            raise error.as_error(subject) from error

    def _recorded(self, subject: str, url: httpx.URL, message: httpx.Request) -> Fetched | str:
        """The result of `_exchange`, which the rate limiter learns of too."""
        import httpcore

        from briefing.fetch import failures

        server, limiter = server_of(str(url)), self._limiter
        try:
            answer = self._exchange(subject, url, message)
        except failures.RetryableError as failed:
            if failed.broken:
                failed.final = limiter.record_server_error(server, str(url), failed.error)
            elif not failed.pause:
                limiter.record_answer(server)
            elif suspended := limiter.record_throttling(server, failed.wait):
                failed.error = failed.because(f"{failed.error.cause} and {suspended}")
                failed.final = True
            raise
        except FetchError:
            limiter.record_answer(server)
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
                failure.final = limiter.record_no_answer(server, str(url), failure.error, slow=slow)
            elif isinstance(failure, UntrustedError):
                limiter.record_no_answer(server, str(url), failure, certain=True)
            elif self._deadline.passed:
                limiter.record_no_answer(server, str(url), failure)
            raise failure from error
        if isinstance(answer, str) or answer.asked:
            limiter.record_answer(server)
        return answer

    def _exchange(self, subject: str, url: httpx.URL, message: httpx.Request) -> Fetched | str:
        """Through the cache, and past it where the cached response is damaged."""
        import sqlite3

        from briefing.fetch.failures import RetryableError

        begun = time.monotonic()
        most = LARGEST_PICTURE if message.headers["Accept"] == Wanted.PICTURE.value else self._max_bytes
        read = partial(read_response, subject, url, max_bytes=min(most, self._max_bytes), now=self._now)
        response = (self._network if message.extensions["private"] else self._cached).handle_request(message)
        caching = response.extensions.get("caching", {})
        from_cache = bool(caching.get("from_cache"))
        asked = not from_cache or bool(caching.get("revalidated"))
        try:
            return read(response, from_cache=from_cache, asked=asked)
        except (sqlite3.Error, RuntimeError, RetryableError) as error:
            damaged = not isinstance(error, RetryableError) or isinstance(error.__cause__, CutOffError)
            if not (from_cache and damaged):
                raise
            _log.debug("%s: the cached response is damaged, and is fetched again", shown(str(url)))
        finally:
            response.close()
            _log.debug(
                "%s: HTTP %d, cached: %s, asked: %s, %.2f s",
                shown(str(url)), response.status_code, from_cache, asked, time.monotonic() - begun,
            )  # fmt: skip
        with closing(self._network.handle_request(message)) as response:
            return read(response)
