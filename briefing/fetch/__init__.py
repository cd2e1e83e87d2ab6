"""Fetching over HTTP(S): one `Fetcher` for a run, used from as many threads as you like.

What it promises: time limits that a slow drip cannot stretch, a size limit that holds after decompression, redirects
followed one by one with every check repeated, private addresses refused at connect time, politeness to each host,
retries where they can help, conditional requests through a shared cache, and one readable `FetchError` otherwise.
It does not know what a feed or a page is.

`addresses` says what is public, `network` connects, `cache` remembers, `body` unfolds, `hosts` is polite, `reasons`
explains. They import httpx, so they are imported when a `Fetcher` is made and not before.
"""

from __future__ import annotations

import math
import random
import re
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import unquote
from urllib.request import getproxies

from briefing import patience
from briefing._version import __version__
from briefing.errors import FetchError

if TYPE_CHECKING:
    import httpx

    from briefing.fetch.addresses import Resolver

__all__ = ["Fetched", "Fetcher", "Request", "shown"]

USER_AGENT = f"briefing/{__version__} (+feed reader)"
MOST_REDIRECTS = 5
LONGEST_WAIT = 60.0
"""Seconds: a server that asks to be left alone for longer is not asked again in this run."""
_CREDENTIALS = re.compile(r"^([^/?#]*://)(?:[^/?#]*@|[^/?#:@]*:(?!\d*(?:[/?#]|$))[^@]*@)")
"""Up to the last ``@`` before the path (RFC 3986, 3.2); also where a password holds a ``/`` that it may not."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {
    "User-Agent": USER_AGENT,
    "Accept": "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8",
    "Accept-Encoding": "gzip, deflate",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What to fetch."""

    url: str
    """An http(s) address; ``user:password@`` in it becomes basic authentication at its own origin."""
    allow_local: bool = False
    """Whether this address's own origin (scheme, host, port as given) may be private; what it redirects to may not."""
    anew: bool = False
    """Whether the server is asked although its earlier answer is still fresh."""


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


def shown(url: str) -> str:
    """The URL as errors may show it: without user name and password."""
    return _CREDENTIALS.sub(r"\1", url)


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
        resolver: Resolver | None = None,
    ) -> None:
        from briefing.fetch.addresses import resolve
        from briefing.fetch.cache import open_cache
        from briefing.fetch.hosts import Politeness
        from briefing.fetch.network import Deadline, Network

        self._closed = threading.Event()
        self._sleep = sleep or self._closed.wait
        self._timeouts = {
            "connect": connect_timeout,
            "read": read_timeout,
            "write": read_timeout,
            "pool": connect_timeout,
        }
        self._total, self._retries, self._backoff, self._max_bytes = total_timeout, retries, backoff, max_bytes
        self._deadline = Deadline()
        self._hosts = Politeness(at_once=per_host, gap=gap, sleep=self._sleep)
        self._network = Network(
            proxies=getproxies() if proxies is None else proxies,
            resolver=resolver or resolve,
            deadline=self._deadline,
            before=self._hosts.pause,
        )
        self._cached: httpx.BaseTransport = self._network
        if cache is not None and (storage := open_cache(cache)) is not None:
            from hishel.httpx import CacheTransport

            self._cached = CacheTransport(self._network, storage, rfc={"shared": False})

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

    def fetch(self, request: Request) -> Fetched:
        """The answer to one request.

        Raises:
            FetchError: with one readable reason, after every retry; `BlockedAddressError` for a private address.
        """
        from briefing.fetch.reasons import RetryableError

        for attempt in range(self._retries + 1):
            try:
                return self._attempt(request)
            except RetryableError as failed:
                if attempt == self._retries or self._closed.is_set():
                    raise _after(failed.error, attempt + 1) from failed.__cause__
                if failed.wait is not None and failed.wait > LONGEST_WAIT:
                    cause = f"{failed.error.cause} and asks to be left alone for {failed.wait:.0f} seconds"
                    raise FetchError(failed.error.subject, cause, "Try again after that") from failed.__cause__
                pause = patience.pause(attempt, self._backoff, random.random())  # noqa: S311 - spreads load, hides nothing
                self._sleep(max(pause, failed.wait or 0.0))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def fetch_many(
        self, requests: Iterable[Request], workers: int = 8
    ) -> Iterator[tuple[Request, Fetched | FetchError]]:
        """Every request with its answer or its error, as they finish; hosts take turns.

        At most twice `workers` answers wait for the caller, so a slow caller bounds the memory. A caller that stops
        early leaves requests in flight behind; `close` ends them.
        """
        from briefing.fetch.hosts import by_turns, server_of

        queue = by_turns(requests, lambda request: server_of(request.url))[::-1]
        executor = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="fetch")
        running: dict[Future[Fetched | FetchError], Request] = {}
        try:
            while queue or running:
                while queue and len(running) < 2 * workers:
                    request = queue.pop()
                    running[executor.submit(self._as_value, request)] = request
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield running.pop(future), future.result()
        finally:
            executor.shutdown(wait=False, cancel_futures=True)

    def _as_value(self, request: Request) -> Fetched | FetchError:
        try:
            return self.fetch(request)
        except FetchError as error:
            return error

    def _attempt(self, request: Request) -> Fetched:
        self._deadline.at = time.monotonic() + self._total
        try:
            return self._follow(request)
        finally:
            self._deadline.at = math.inf

    def _follow(self, request: Request) -> Fetched:
        subject = shown(request.url)
        url, authorization = _parsed(subject, request.url)
        home = _origin(url)
        visited: list[str] = []
        while str(url) not in visited:
            if len(visited) > MOST_REDIRECTS:
                raise FetchError(subject, f"it redirects more than {MOST_REDIRECTS} times", "Check the address")
            visited.append(str(url))
            at_home = _origin(url) == home
            answer = self._one(
                subject,
                url,
                local=request.allow_local and at_home,
                authorization=authorization if at_home else None,
                anew=request.anew,
            )
            if isinstance(answer, Fetched):
                return answer
            url, _ = _parsed(subject, answer)
        raise FetchError(subject, f"it redirects in a circle, back to {url}", "Check the address in a browser")

    def _one(
        self, subject: str, url: httpx.URL, *, local: bool, authorization: bytes | None, anew: bool
    ) -> Fetched | str:
        """One hop: the answer, or the address that it redirects to."""
        import httpcore
        import httpx

        from briefing.fetch import reasons

        identity = f"{local} {authorization!r} {url}"  # what a local or authorised request may see is its own
        message = httpx.Request(
            "GET",
            url,
            headers={**_HEADERS, "Cache-Control": "no-cache"} if anew else _HEADERS,
            extensions={
                "timeout": self._timeouts,
                "local": local,
                "authorization": authorization,
                "caching": {"key": sha256(identity.encode()).hexdigest()},
            },
        )
        asked = time.monotonic()
        with self._hosts.slot(url.host):
            self._deadline.at += time.monotonic() - asked  # waiting for one's turn is not the server's fault
            if self._closed.is_set():
                raise FetchError(subject, "the run was stopped before it was complete")
            try:
                return self._exchange(subject, url, message)
            except (
                httpcore.TimeoutException,
                httpcore.NetworkError,
                httpcore.ProtocolError,
                httpcore.ProxyError,
                httpcore.UnsupportedProtocol,
            ) as error:
                total = self._total if self._deadline.passed else None
                raise reasons.network_error(subject, error, total=total) from error

    def _exchange(self, subject: str, url: httpx.URL, message: httpx.Request) -> Fetched | str:
        """Through the cache, and past it where what the cache holds turns out to be damaged."""
        import sqlite3

        from briefing.fetch.body import CutOffError
        from briefing.fetch.reasons import RetryableError

        response = self._cached.handle_request(message)
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
        response = self._network.handle_request(message)
        try:
            return self._read(subject, url, response, from_cache=False)
        finally:
            response.close()

    def _read(
        self, subject: str, url: httpx.URL, response: httpx.Response, *, from_cache: bool, asked: bool = True
    ) -> Fetched | str:
        from briefing.fetch import body, reasons

        headers = response.headers
        if response.status_code in _REDIRECTS and "location" in headers:
            return _joined(subject, url, headers["location"])
        if response.status_code not in range(200, 204):
            failure = reasons.status_error(subject, response.status_code)
            if response.status_code in reasons.RETRIED_STATUSES:
                raise reasons.RetryableError(failure, patience.retry_after(headers.get("retry-after"), time.time()))
            raise failure
        try:
            if headers.get("content-length", "").isdigit() and int(headers["content-length"][:15]) > self._max_bytes:
                raise body.TooLargeError
            content = body.unfold(response.iter_raw(), headers.get("content-encoding", ""), self._max_bytes)
        except (body.BombError, body.TooLargeError, body.UnknownEncodingError, body.CutOffError) as error:
            raise reasons.body_error(subject, error, self._max_bytes) from error
        content_type = headers.get("content-type", "")
        return Fetched(
            url=str(url),
            status=response.status_code,
            content_type=body.media_type_of(content_type),
            charset=body.charset_of(content_type),
            body=content,
            from_cache=from_cache,
            asked=asked,
        )


def _parsed(subject: str, address: str) -> tuple[httpx.URL, bytes | None]:
    """The address without credentials and fragment, and the credentials as an ``Authorization`` header."""
    import httpx

    try:
        url = httpx.URL(address.strip())
        host = url.host
        if (url.port is not None and not 0 < url.port < 65536) or re.search(r"%5[BDbd]", host):
            raise ValueError("no such port, or half an IPv6 address")
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(subject, "this is not a usable address", "Check the address") from error
    if url.scheme not in ("http", "https") or not host:
        where = "" if shown(address) == subject else f", and it redirects to {shown(address)}"
        raise FetchError(subject, f"only http and https addresses can be fetched{where}", "Check the address")
    authorization = None
    if url.userinfo:
        pair = f"{unquote(url.username)}:{unquote(url.password)}".encode()
        authorization = b"Basic " + b64encode(pair)
    return url.copy_with(userinfo=b"", fragment=None), authorization


def _joined(subject: str, url: httpx.URL, location: str) -> str:
    import httpx

    try:
        return str(url.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(subject, "it redirects to an address that is not usable", "Check the address") from error


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def _after(error: FetchError, attempts: int) -> FetchError:
    if attempts == 1:
        return error
    return type(error)(error.subject, f"{error.cause}, {attempts} times in a row", error.remedy)
