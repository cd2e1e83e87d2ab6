"""The body of an answer: bounded in size and in how much it may unfold. Nothing here knows of connections."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable

__all__ = [
    "BombError",
    "CutOffError",
    "TooLargeError",
    "UnknownEncodingError",
    "charset_of",
    "media_type_of",
    "stated_length",
    "unfold",
]

BOMB_RATIO = 100
"""Text seldom shrinks to less than a twentieth; deflate can reach 1 : 1032."""
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:+-]+)", re.IGNORECASE)


class TooLargeError(Exception):
    """More bytes than allowed."""


class BombError(Exception):
    """A small compressed body that unfolds into more than allowed."""


class CutOffError(Exception):
    """The compressed body ends too early, or is damaged."""


class UnknownEncodingError(Exception):
    """A content encoding that was not asked for; the message is its name."""


def unfold(chunks: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """The decoded body, never holding more than `limit` bytes of it, in which order ever the input comes.

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
    return _inflated(chunks, limit)


def _plain(chunks: Iterable[bytes], limit: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise TooLargeError
    return bytes(body)


def _inflated(chunks: Iterable[bytes], limit: int) -> bytes:
    body, taken = bytearray(), 0
    inflater, ended = None, False
    for chunk in chunks:  # to the last one, even after the end: the cache keeps only what was read completely
        taken += len(chunk)
        if taken > limit:  # empty members and blocks could go on for ever without growing the body
            raise TooLargeError
        data = b"" if ended else chunk
        while data:
            if inflater is None:
                inflater = _inflater(data)
            try:
                body += inflater.decompress(data, limit + 1 - len(body))
            except zlib.error as error:
                raise CutOffError(str(error)) from error
            if len(body) > limit:
                read = taken - len(inflater.unconsumed_tail)
                raise BombError if len(body) > BOMB_RATIO * read else TooLargeError
            data = inflater.unconsumed_tail
            if inflater.eof:
                # A gzip file may have several members; anything else after the end is padding to ignore.
                data, inflater = inflater.unused_data, None
                if data and not data.startswith(b"\x1f\x8b"):
                    data, ended = b"", True
    if inflater is not None:
        raise CutOffError("the compressed data ends too early")
    return bytes(body)


def _inflater(start: bytes) -> zlib._Decompress:
    # "deflate" should be zlib's format (RFC 9110) but some servers send it bare; its first byte tells.
    zlib_or_gzip = start[:1] == b"\x1f" or start[0] & 0x0F == 8
    return zlib.decompressobj(zlib.MAX_WBITS | 32 if zlib_or_gzip else -zlib.MAX_WBITS)


def stated_length(content_length: str) -> int:
    """Bytes that a ``Content-Length`` header announces; 0 where it announces nothing that is a number."""
    number = content_length.strip()
    return int(number[:15]) if number.isascii() and number.isdigit() else 0


def media_type_of(content_type: str) -> str:
    """``text/html`` of ``Text/HTML; charset=x``."""
    return content_type.partition(";")[0].strip().lower()


def charset_of(content_type: str) -> str | None:
    """The charset parameter, lower case, or None."""
    match = _CHARSET.search(content_type)
    return match[1].lower() if match else None
