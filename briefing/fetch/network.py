"""Connections: SSRF guard, total deadline, proxies. No redirects, retries or caching here.

There are three kinds of connection pool, never mixed, so that a kept-alive connection which one request was allowed to
open cannot serve another that was not:

* *guarded*: resolves the name, checks every address, connects to one that it checked. A name that resolves differently
  a moment later (DNS rebinding) gains nothing. TLS still verifies the host name, which httpcore passes on separately.
* *open*: for the origin of a source the reader typed and allowed to be local.
* *proxied*: where the environment names a proxy (``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY``, ``NO_PROXY``). The
  proxy connects, so the guard can only refuse a name that resolves to a private address here; a name that does not
  resolve here is the proxy's business. An allowed local origin is reached directly.
"""

from __future__ import annotations

import contextlib
import math
import os
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote
from urllib.request import proxy_bypass

import httpcore
import httpx

from briefing.errors import ConfigError
from briefing.fetch.addresses import PrivateAddressError, Resolver, UnknownHostError, lookup, refuse_private
from briefing.fetch.cache import LONGEST_FRESH, capped_freshness


class UnusableProxyError(httpcore.ProxyError):
    """The environment names a proxy that cannot be used; the message says by which variable, and why."""


class Deadline(threading.local):
    """The deadline of the calling thread's request, which never changes threads.

    A read timeout alone does not stop a server that sends one byte a second.
    """

    at: float = math.inf
    """Of this attempt, in seconds of `time.monotonic`; waiting for a slot postpones it."""
    last: float = math.inf
    """Of the caller, on the same clock; nothing postpones it."""

    @property
    def passed(self) -> bool:
        """Whether either deadline is over."""
        return time.monotonic() >= min(self.at, self.last)

    @property
    def left(self) -> float:
        """Seconds of the caller's time; infinite where there is no limit."""
        return self.last - time.monotonic()

    def clip(self, timeout: float | None) -> float | None:
        """The timeout (seconds), clipped to the deadline. Raises `httpcore.TimeoutException` after it."""
        end = min(self.at, self.last)
        if end == math.inf:
            return timeout
        left = end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("total time used up")
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    """A socket whose every operation ends at the deadline; closing it wakes a thread that reads from it."""

    surplus = False
    """Whether bytes came behind the response, which the next request would take for its own (response splitting)."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.clip(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.clip(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.clip(timeout))
        return _Stream(secured, self._deadline)

    def close(self) -> None:
        raw = self._stream.get_extra_info("socket")
        if isinstance(raw, socket.socket):
            with contextlib.suppress(OSError):
                # Not SSLSocket's own shutdown, which pulls the TLS object from under a reading thread.
                socket.socket.shutdown(raw, socket.SHUT_RDWR)
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        # A pool asks this before it reuses a connection, and closes a readable one.
        return (info == "is_readable" and self.surplus) or self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Opens sockets; with `guard`, only to public addresses."""

    def __init__(self, resolver: Resolver, deadline: Deadline, *, guard: bool) -> None:
        self._resolver, self._deadline, self._guard = resolver, deadline, guard
        self._sockets = httpcore.SyncBackend()
        self._streams: weakref.WeakSet[_Stream] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """Close every connection, also one that no pool knows of yet, and refuse new ones."""
        with self._lock:
            self._closed = True
            streams = list(self._streams)
        for stream in streams:
            stream.close()

    def _registered(self, stream: _Stream) -> _Stream:
        with self._lock:
            if not self._closed:
                self._streams.add(stream)
                return stream
        stream.close()
        raise httpcore.ConnectError("the fetcher was closed")

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = lookup(self._resolver, host, port)
        if self._guard:
            refuse_private(host, addresses)
        failure: httpcore.ConnectError | httpcore.ConnectTimeout = UnknownHostError(host)
        for address in addresses:
            try:
                stream = self._sockets.connect_tcp(
                    address, port, self._deadline.clip(timeout), local_address, socket_options
                )
                return self._registered(_Stream(stream, self._deadline))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"


def _certificates() -> ssl.SSLContext:
    """The trusted certificates. Raises `ConfigError` where those that the environment names are unusable."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        name = next((name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)), "")
        if not name:
            raise ConfigError("certifi", f"its certificates cannot be read ({error})", "Install it anew") from error
        reason = (isinstance(error, ssl.SSLError) and error.reason) or error.strerror or error
        cause = f"{os.environ[name]}, which it names, cannot be used as certificates ({reason})"
        raise ConfigError(name, cause, "Name a file of certificates (PEM), or unset it") from error


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._stream: Any = response.stream
        self._connection = response.extensions.get("network_stream")

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        if isinstance(self._connection, _Stream) and _has_surplus(self._stream):
            self._connection.surplus = True
        self._stream.close()


def _has_surplus(stream: Any) -> bool:
    """Whether bytes came behind the end of the response, as with a wrong ``Content-Length``.

    httpcore keeps them for the next request on that connection and has no public API to ask.
    """
    for name in ("_stream", "_connection", "_h11_state"):
        stream = getattr(stream, name, None)
    return bool(stream is not None and stream.trailing_data[0])


class Network(httpx.BaseTransport):
    """Sends one request and returns the response with its raw body. Raises httpcore's exceptions.

    Reads four extensions of a request: ``local`` (the open pool may be used), ``authorization`` (a header), ``headers``
    (in place of those of the same name) and ``cookies`` (`ChainCookies`); the last three must not reach the cache above
    this transport. `before_request` is called
    with the address before a request is sent.
    """

    def __init__(
        self,
        *,
        proxies: Mapping[str, str],
        resolver: Resolver,
        deadline: Deadline,
        before_request: Callable[[str], object],
    ) -> None:
        self._proxies, self._resolver, self._deadline = proxies, resolver, deadline
        self._before_request = before_request
        self._ssl = _certificates()
        self._pools: dict[str, httpcore.ConnectionPool] = {}
        self._backends: list[_Backend] = []
        self._closed = False
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See the class."""
        url = request.url
        headers = list(request.headers.raw)
        if authorization := request.extensions.get("authorization"):
            headers.append((b"Authorization", authorization))
        own = {name.lower(): (name, value) for name, value in request.extensions.get("headers", ())}
        _, own_cookies = own.pop("cookie", ("", ""))
        headers = [header for header in headers if header[0].decode("latin-1").lower() not in own]
        headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in own.values()]
        cookies = request.extensions.get("cookies")
        sent_cookies = cookies.header(str(url)) if cookies else ""
        if together := "; ".join(filter(None, (own_cookies, sent_cookies))):
            headers.append((b"Cookie", together.encode("latin-1")))
        sent = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=headers,
            extensions={"timeout": request.extensions["timeout"]},
        )
        pool = self._pool(url, local=bool(request.extensions.get("local")))
        self._before_request(str(url))
        response = pool.handle_request(sent)
        if cookies:
            set_cookies = (value for name, value in response.headers if name.lower() == b"set-cookie")
            cookies.keep(str(url), (value.decode("latin-1") for value in set_cookies))
        # What was served to a cookie is another client's on the next run, which has to ask again.
        kept = capped_freshness(response.headers, longest=0 if sent_cookies else LONGEST_FRESH)
        return httpx.Response(response.status, headers=kept, stream=_Body(response))

    def close(self) -> None:
        """Close every connection, those in use included: a thread that reads from one gets an error at once."""
        with self._lock:
            self._closed = True
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()
            for backend in self._backends:
                backend.close()
            self._backends.clear()

    def _pool(self, url: httpx.URL, *, local: bool) -> httpcore.ConnectionPool:
        proxy = self._proxy(url)
        if proxy is None:
            return self._opened("open" if local else "guarded")
        try:
            refuse_private(url.host, lookup(self._resolver, url.host, url.port or 443))
        except UnknownHostError:
            pass
        except PrivateAddressError:
            if not local:
                raise
            return self._opened("open")
        return self._opened(proxy)

    def _proxy(self, url: httpx.URL) -> str | None:
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        if not proxy or proxy_bypass(url.host):
            return None
        return _with_scheme(proxy)

    def _proxy_url(self, address: str) -> httpx.URL:
        """A proxy's address, parsed. Raises `UnusableProxyError`."""
        schemes = (scheme for scheme, proxy in self._proxies.items() if proxy and _with_scheme(proxy) == address)
        named = " and ".join(f"{scheme.upper()}_PROXY" for scheme in schemes)
        try:
            url = httpx.URL(address)
            if not url.host or "%" in url.host or not 0 < (url.port or 80) < 65536:
                raise ValueError
        except (httpx.InvalidURL, ValueError) as error:
            raise UnusableProxyError(f"{named}: the address of the proxy cannot be read") from error
        if url.scheme not in ("http", "https"):
            raise UnusableProxyError(f"{named}: the {url.scheme} proxy at {url.host} cannot be used")
        return url

    def _opened(self, kind: str) -> httpcore.ConnectionPool:
        with self._lock:
            if self._closed:
                raise httpcore.ConnectError("the fetcher was closed")
            if kind not in self._pools:
                self._pools[kind] = self._open(kind)
            return self._pools[kind]

    def _open(self, kind: str) -> httpcore.ConnectionPool:
        backend = _Backend(self._resolver, self._deadline, guard=kind == "guarded")
        self._backends.append(backend)
        # The number of connections is bounded by the callers' threads, so nobody waits for the pool.
        common: dict[str, Any] = {
            "ssl_context": self._ssl,
            "max_connections": None,
            "max_keepalive_connections": 16,
            "keepalive_expiry": 15.0,
            "network_backend": backend,
        }
        if "://" not in kind:
            return httpcore.ConnectionPool(**common)
        proxy = self._proxy_url(kind)
        auth = (unquote(proxy.username), unquote(proxy.password)) if proxy.username or proxy.password else None
        return httpcore.HTTPProxy(
            httpcore.URL(scheme=proxy.raw_scheme, host=proxy.raw_host, port=proxy.port, target=b"/"),
            proxy_auth=auth,
            **common,
        )
