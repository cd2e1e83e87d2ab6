"""A scripted HTTP server on loopback, for tests of HTTP clients.

::

    with Server() as server:
        server.serves("/feed.xml", feed, type="application/rss+xml", etag='"1"')
        server.fails("/page", 503, times=2, retry_after="1")
        server.serves("/page", "<p>better now</p>")
        ...
        assert [seen.path for seen in server.requests] == [...]

Answers of a path queue up: one with `times` is used that often, then the next; the last one without `times` stays. An
unknown path answers 404. Paths are compared with their query.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request that arrived."""

    path: str
    headers: Mapping[str, str]
    """By lower-case name."""
    connection: int
    """The client's port: equal for requests over one connection."""
    body: bytes = b""
    """Of a POST."""


_Answer = Callable[["_Handler"], None]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: the second would wait 40 ms for an acknowledgement
    server: _Listener

    def do_GET(self) -> None:
        self.server.owner._answer(self, b"")

    def do_HEAD(self) -> None:
        self.server.owner._answer(self, b"")

    def do_POST(self) -> None:
        self.server.owner._answer(self, self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        pass

    def reply(self, status: int, body: bytes, headers: Mapping[str, str], *, length: bool = True) -> None:
        self.head(status, {**({"Content-Length": str(len(body))} if length else {}), **headers})
        if not length:
            self.close_connection = True
        if self.command != "HEAD":
            self.wfile.write(body)

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        self.server.owner._begins()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, owner: Server, port: int, context: ssl.SSLContext | None) -> None:
        self.owner = owner
        self.open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)
        if context:  # the handshake is done on the first read, in the connection's own thread
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.owner.connections += 1
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # many tests have clients that hang up


class Server:
    """See the module. A context manager; `close` also cuts the connections that are open.

    With `context` it speaks TLS.
    """

    def __init__(self, port: int = 0, *, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[ReceivedRequest] = []
        self.connections = 0
        """Opened connections, also those without a request."""
        self.most_at_once = 0
        """Highest number of requests that waited for the beginning of an answer at one time."""
        self._unanswered = 0
        self._answers: dict[str, list[tuple[int | None, _Answer]]] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._scheme = "https" if context else "http"
        self._listener = _Listener(self, port, context)
        self._thread = threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Stops listening and cuts off running answers."""
        self._closing.set()
        self._listener.shutdown()
        self._thread.join()
        for connection in list(self._listener.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._listener.server_close()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._listener.server_address[1])

    @property
    def origin(self) -> str:
        """``http://127.0.0.1:PORT``; with TLS ``https:``."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"{self.origin}{path}"

    def seen(self, path: str) -> list[ReceivedRequest]:
        """The requests for one path, in order of arrival."""
        return [request for request in list(self.requests) if request.path == path]

    # Answers

    def serves(
        self,
        path: str,
        body: bytes | str = b"",
        *,
        type: str = "text/html; charset=utf-8",  # noqa: A002 - the header's own word
        status: int = 200,
        etag: str = "",
        last_modified: str = "",
        compressed: bool = False,
        length: bool = True,
        headers: Mapping[str, str] | None = None,
        delay: float = 0.0,
        times: int | None = None,
    ) -> None:
        """Answers with a body after `delay` seconds; 304 to a request with the same validator.

        Without `length` there is no Content-Length, and the end of the connection ends the body.
        """
        content = body.encode() if isinstance(body, str) else body
        known = {"Content-Type": type, **(headers or {})}
        if etag:
            known["ETag"] = etag
        if last_modified:
            known["Last-Modified"] = last_modified
        if compressed:
            content = gzip.compress(content)
            known["Content-Encoding"] = "gzip"

        def answer(handler: _Handler) -> None:
            self._closing.wait(delay)
            sent = handler.headers
            current = sent.get("If-None-Match") == etag if etag else sent.get("If-Modified-Since") == last_modified
            if (etag or last_modified) and current:
                handler.reply(304, b"", {name: known[name] for name in known if not name.startswith("Content-")})
            else:
                handler.reply(status, content, known, length=length)

        self._add(path, times, answer)

    def fails(self, path: str, status: int, *, times: int | None = None, retry_after: str = "") -> None:
        """Answers with an error status."""
        headers = {"Retry-After": retry_after} if retry_after else {}
        self._add(path, times, lambda handler: handler.reply(status, b"<p>an error page</p>", headers))

    def redirects(
        self,
        path: str,
        to: str,
        *,
        status: int = 302,
        times: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answers with a redirect; `to` is a path or an address, in a header as it is (UTF-8)."""
        location = to.encode().decode("latin-1")
        sent = {"Location": location, **(headers or {})}
        self._add(path, times, lambda handler: handler.reply(status, b"", sent))

    def wants_cookie(
        self, path: str, body: bytes | str, *, cookie: str = "seen=1", attributes: str = "Path=/", via: str = ""
    ) -> None:
        """Serves HTML to requests that bring `cookie`; others are redirected to the path `via`, which sets it.

        Without `via` the redirect itself sets the cookie and leads back to `path`.
        """
        content = body.encode() if isinstance(body, str) else body
        setting = {"Set-Cookie": f"{cookie}; {attributes}" if attributes else cookie}

        def answer(handler: _Handler) -> None:
            if cookie in (handler.headers.get("Cookie") or "").split("; "):
                handler.reply(200, content, {"Content-Type": "text/html; charset=utf-8"})
            else:
                handler.reply(302, b"", {"Location": via or path, **({} if via else setting)})

        self._add(path, None, answer)
        if via:
            self.redirects(via, path, headers=setting)

    def loops(self, path: str) -> None:
        """Redirects in a circle of two addresses."""
        self.redirects(path, f"{path}-again")
        self.redirects(f"{path}-again", path)

    def slow(self, path: str, *, every: float = 0.05, header: bool = False) -> None:
        """Sends a byte each `every` seconds without end: of the body, or with `header` of a header."""

        def answer(handler: _Handler) -> None:
            if header:
                handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            else:
                handler.head(200, {"Content-Type": "text/html"})
            handler.close_connection = True
            while not self._closing.wait(every):
                handler.wfile.write(b"x")

        self._add(path, None, answer)

    def drips(self, path: str, body: bytes, *, every: float, type: str) -> None:  # noqa: A002 - as in `serves`
        """Sends a body line by line, one each `every` seconds."""

        def answer(handler: _Handler) -> None:
            handler.head(200, {"Content-Type": type})
            handler.close_connection = True
            for line in body.splitlines(keepends=True):
                handler.wfile.write(line)
                if self._closing.wait(every):
                    return

        self._add(path, None, answer)

    def hangs(self, path: str, *, times: int | None = None) -> None:
        """Never answers."""

        def answer(handler: _Handler) -> None:
            handler.close_connection = True
            self._closing.wait()

        self._add(path, times, answer)

    def bombs(self, path: str, *, unfolded: int = 200_000_000) -> None:
        """Answers with a gzip bomb of `unfolded` bytes, a thousandth of that compressed."""
        packed = gzip.compress(bytes(1_000_000))
        body = packed * max(1, unfolded // 1_000_000)
        self._add(path, None, lambda handler: handler.reply(200, body, {"Content-Encoding": "gzip"}))

    def endless(self, path: str) -> None:
        """Answers with an endless body without a length, as fast as the client reads."""

        def answer(handler: _Handler) -> None:
            handler.head(200, {"Content-Type": "text/html"})
            handler.close_connection = True
            while not self._closing.is_set():
                handler.wfile.write(b"<p>more</p>" * 1000)

        self._add(path, None, answer)

    def cuts(
        self,
        path: str,
        body: bytes | str,
        *,
        after: int,
        type: str = "text/html",  # noqa: A002 - as in `serves`
        times: int | None = None,
    ) -> None:
        """Announces the whole body and hangs up after `after` bytes."""
        content = body.encode() if isinstance(body, str) else body

        def answer(handler: _Handler) -> None:
            handler.head(200, {"Content-Type": type, "Content-Length": str(len(content))})
            handler.wfile.write(content[:after])
            handler.close_connection = True

        self._add(path, times, answer)

    def meets(self, path: str, clients: int, body: bytes | str = b"") -> None:
        """Answers when `clients` requests for the path wait at once (after 5 seconds in any case)."""
        barrier = threading.Barrier(clients)
        content = body.encode() if isinstance(body, str) else body

        def answer(handler: _Handler) -> None:
            with contextlib.suppress(threading.BrokenBarrierError):
                barrier.wait(timeout=5)
            handler.reply(200, content, {"Content-Type": "text/html"})

        self._add(path, None, answer)

    def replies(
        self, path: str, reply: Callable[[ReceivedRequest], tuple[int, str, bytes]], *, times: int | None = None
    ) -> None:
        """Answers with the status, content type and body that `reply` returns for the request."""

        def answer(handler: _Handler) -> None:
            with self._lock:
                port = handler.client_address[1]
                request = next(request for request in reversed(self.requests) if request.connection == port)
            status, content_type, body = reply(request)
            handler.reply(status, body, {"Content-Type": content_type})

        self._add(path, times, answer)

    def _add(self, path: str, times: int | None, answer: _Answer) -> None:
        with self._lock:
            answers = self._answers.setdefault(path, [])
            if answers and answers[-1][0] is None:
                answers.pop()
            answers.append((times, answer))

    def _answer(self, handler: _Handler, body: bytes) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._lock:
            self.requests.append(ReceivedRequest(handler.path, headers, handler.client_address[1], body))
            answer = self._next(handler.path)
            self._unanswered += 1
            self.most_at_once = max(self.most_at_once, self._unanswered)
        answer(handler)

    def _begins(self) -> None:
        with self._lock:
            self._unanswered -= 1

    def _next(self, path: str) -> _Answer:
        answers = self._answers.get(path)
        if not answers:
            return lambda handler: handler.reply(404, b"<p>nothing here</p>", {})
        times, answer = answers[0]
        if times is not None:
            answers[:1] = [(times - 1, answer)] if times > 1 else []
        return answer
