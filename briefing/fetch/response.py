"""An HTTP response to a `Fetched` value or the target of its redirect: status, bounded body, content type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefing.bounded_io import CutOffError, TooLargeError, inflated
from briefing.encodings import charset_of, media_type_of
from briefing.errors import FetchError
from briefing.fetch.refresh import header_target, refresh_target
from briefing.fetch.urls import joined, parsed
from briefing.retry import retry_after

if TYPE_CHECKING:
    import httpx

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HTML = frozenset({"text/html", "application/xhtml+xml", ""})


class UnknownEncodingError(Exception):
    """A content encoding that was not asked for; the message is its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A complete, successful response."""

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
    """Whether a request was sent now; False where the cached response is still fresh."""


def read_response(
    subject: str,
    url: httpx.URL,
    response: httpx.Response,
    *,
    max_bytes: int,
    now: Callable[[], float],
    from_cache: bool = False,
    asked: bool = True,
) -> Fetched | str:
    """The response, or the address that it redirects to, by its status or by a page that only leads on (`refresh`).

    `now` tells seconds since 1970.

    Raises `FetchError` or `RetryableError`.
    """
    from briefing.fetch import failures

    headers = response.headers
    if response.status_code in _REDIRECTS and "location" in headers:
        return joined(subject, url, _location(response))
    if response.status_code not in range(200, 204):
        wait = retry_after(headers.get("retry-after"), now())
        raise failures.status_error(subject, response.status_code, wait)
    try:
        if stated_length(headers.get("content-length", "")) > max_bytes:
            raise TooLargeError
        body = _decoded(response.iter_raw(), headers.get("content-encoding", ""), max_bytes)
    except (TooLargeError, CutOffError, UnknownEncodingError) as error:
        raise failures.body_error(subject, error, max_bytes) from error
    content_type = headers.get("content-type", "")
    if media_type_of(content_type) in _HTML:
        target = header_target(headers.get("refresh", ""), str(url))
        target = target or refresh_target(body, str(url), charset_of(content_type))
        if target and _is_elsewhere(target, url):
            return target
    return Fetched(
        url=str(url),
        status=response.status_code,
        content_type=media_type_of(content_type),
        charset=charset_of(content_type),
        body=body,
        from_cache=from_cache,
        asked=asked,
    )


def _location(response: httpx.Response) -> str:
    """The ``Location`` header: UTF-8, else Latin-1, whatever the other headers are in."""
    raw = next(value for name, value in response.headers.raw if name.lower() == b"location")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _is_elsewhere(target: str, url: httpx.URL) -> bool:
    """Whether it is a usable address of another page: pages may reload themselves."""
    try:
        return parsed("", target)[0] != url
    except FetchError:
        return False


def _decoded(chunks: Iterable[bytes], content_encoding: str, limit: int) -> bytes:
    """The body without its content encoding, of which gzip, deflate and identity are known; at most `limit` bytes."""
    encodings = re.split(r"[\s,]+", content_encoding.strip().lower())
    encodings = [name for name in encodings if name not in ("", "identity", "none")]
    if encodings:
        if len(encodings) > 1 or encodings[0] not in ("gzip", "x-gzip", "deflate"):
            raise UnknownEncodingError(", ".join(encodings))
        return inflated(chunks, limit)
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise TooLargeError
    return bytes(body)


def stated_length(content_length: str) -> int:
    """Bytes that a ``Content-Length`` header announces; 0 where it is not a number."""
    number = content_length.strip()
    return int(number[:15]) if number.isascii() and number.isdigit() else 0
