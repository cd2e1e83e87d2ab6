"""A web server that breaks the protocol itself, where `briefing.testing.server` only misbehaves within it.

::

    with Web() as web:
        web.lies_about_length("/page", "<p>all of it</p>", says=4)
        web.talks_rubbish("/feed")
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from briefing.testing.server import Server

__all__ = ["Web", "rss"]


class Web(Server):
    """See the module."""

    def sends(self, path: str, *parts: bytes, times: int | None = None) -> None:
        """Writes just these bytes instead of an answer and hangs up."""
        self._pours(path, parts, times)

    def talks_rubbish(self, path: str, said: bytes = b"<p>an answer as in 1991</p>\r\n\r\n") -> None:
        """Answers without a status line, as HTTP/0.9 did."""
        self.sends(path, said)

    def lies_about_length(self, path: str, body: str, *, says: int, more: bytes = b"") -> None:
        """Announces a body of `says` bytes, sends `body` and `more` behind it, and keeps the connection open."""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {says}\r\n\r\n"
        self._pours(path, [head.encode() + body.encode() + more], None, keeps=True)

    def sends_headers_without_end(self, path: str) -> None:
        """One header after another, as fast as the client takes them."""
        self._pours(path, _endless(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n" * 1000), None)

    def sends_a_header_without_end(self, path: str) -> None:
        """One header whose value goes on and on."""
        self._pours(path, _endless(b"HTTP/1.1 200 OK\r\nX-Long: ", b"more" * 10_000), None)

    def promises_without_end(self, path: str) -> None:
        """``103 Early Hints`` for ever, and never an answer."""
        self._pours(path, _endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"), None)

    def breaks_a_chunk(self, path: str) -> None:
        """A chunked body whose second chunk has a length that is no number."""
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.sends(path, head, b"4\r\n<p>o\r\n", b"many\r\nf it</p>\r\n")

    def _pours(self, path: str, parts: Iterable[bytes], times: int | None, *, keeps: bool = False) -> None:
        def answer(handler: object) -> None:
            handler.close_connection = not keeps  # type: ignore[attr-defined]
            for part in parts:
                if self._closing.is_set():
                    return
                handler.wfile.write(part)  # type: ignore[attr-defined]

        self._add(path, times, answer)


def _endless(first: bytes, then: bytes) -> Iterator[bytes]:
    yield first
    while True:
        yield then


def rss(links: Iterable[str], text: str = "") -> str:
    """A feed with an item for each link, dated and numbered."""
    items = "".join(
        f"<item><title>Story {number} of the day</title><link>{link}</link><description>{text}</description>"
        "<pubDate>Thu, 16 May 2024 20:00:00 GMT</pubDate></item>"
        for number, link in enumerate(links)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title>{items}</channel></rss>'
