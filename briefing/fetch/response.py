"""The body of an answer: bounded in size and in how much it may unfold. Nothing here knows of connections."""

from __future__ import annotations

import re
from collections.abc import Iterable

from briefing.bounded_io import TooLargeError, inflated

__all__ = ["UnknownEncodingError", "stated_length", "unfold"]


class UnknownEncodingError(Exception):
    """A content encoding that was not asked for; the message is its name."""


def unfold(chunks: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """The decoded body, never holding more than `limit` bytes of it, in whatever order the input comes.

    Args:
        chunks: the body as it came over the wire.
        encoding: the ``Content-Encoding`` header; gzip, deflate and none are known.
        limit: bytes after decoding.

    Raises:
        TooLargeError, BombError, CutOffError, UnknownEncodingError: see there.
    """
    names = [name for name in re.split(r"[\s,]+", encoding.strip().lower()) if name not in ("", "identity", "none")]
    if not names:
        return _plain(chunks, limit)
    if len(names) > 1 or names[0] not in ("gzip", "x-gzip", "deflate"):
        raise UnknownEncodingError(", ".join(names))
    return inflated(chunks, limit)


def _plain(chunks: Iterable[bytes], limit: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise TooLargeError
    return bytes(body)


def stated_length(content_length: str) -> int:
    """Bytes that a ``Content-Length`` header announces; 0 where it announces nothing that is a number."""
    number = content_length.strip()
    return int(number[:15]) if number.isascii() and number.isdigit() else 0
