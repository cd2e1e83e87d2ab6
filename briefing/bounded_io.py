"""Reading within limits of time and size: streams of servers, compressed data. Pure: stream and clock are arguments.

A time limit on each read does not stop a server that sends one byte a minute, and the standard library's mail clients
buffer until the line or the literal is complete.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_SLICE = 4096
"""Bytes."""
BOMB_RATIO = 100
"""Text seldom shrinks to less than a twentieth; deflate can reach 1 : 1032."""


class TooSlowError(TimeoutError):
    """The answer was not complete within its total time, whether or not data kept coming."""


class TooLargeError(Exception):
    """More bytes than allowed."""


class BombError(TooLargeError):
    """A small compressed body that decompresses to more than allowed."""


class CutOffError(Exception):
    """Compressed data that ends too early, or is damaged.

    `content`: what came before; None where the damage is in the first member of a gzip file.
    """

    def __init__(self, cause: str, content: bytes | None = None) -> None:
        self.content = content
        super().__init__(cause)


class _Raw(Protocol):
    def readinto(self, buffer: memoryview, /) -> int | None: ...
    def close(self) -> None: ...


class BoundedReader(io.RawIOBase):
    """Reads from `raw` under a limit on what comes between two calls of `begin`.

    Raises `TimeoutError`, `TooSlowError`, or `OSError`.

    Args:
        raw: an unbuffered stream whose reads honour `set_timeout`.
        set_timeout: sets the timeout of one read, in seconds.
        silence: seconds without a byte.
        seconds: in total.
        most: bytes in total.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        raw: _Raw,
        set_timeout: Callable[[float], object],
        *,
        silence: float,
        seconds: float,
        most: int,
        clock: Callable[[], float],
    ) -> None:
        super().__init__()
        self._raw, self._set_timeout, self._clock = raw, set_timeout, clock
        self._silence, self._seconds, self._most = silence, seconds, most
        self.begin()

    def begin(self, seconds: float | None = None) -> None:
        """Reset the limits; the total time to `seconds`, where given."""
        self._allowed = self._seconds if seconds is None else max(0.0, seconds)
        self._end, self._left = self._clock() + self._allowed, self._most
        self._set_timeout(min(self._silence, max(0.1, self._allowed)))

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """See `io.RawIOBase`."""
        left = self._end - self._clock()
        late = TooSlowError(f"its answer was not complete after {self._allowed:.3g} seconds")
        if left <= 0:
            raise late
        self._set_timeout(min(self._silence, left))
        try:
            count = self._raw.readinto(memoryview(buffer))
        except TimeoutError as silent:
            raise late if left < self._silence else silent from None
        self._left -= count or 0
        if self._left < 0:
            raise OSError(f"its answer is longer than {self._most / 1e6:g} MB")
        return count

    def close(self) -> None:
        """Close the stream."""
        if not self.closed:
            self._raw.close()
        super().close()


def inflated(chunks: Iterable[bytes], limit: int) -> bytes:
    """A gzip, zlib or raw deflate stream decompressed, holding at most `limit` + 1 bytes of the result.

    All of `chunks` is consumed. Raises `TooLargeError`, `BombError` or `CutOffError`.
    """
    body, taken = bytearray(), 0
    inflater, members, ended = None, 0, False
    for chunk in _slices(chunks):  # to the last one, even after the end: the cache keeps only what was read completely
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
                raise CutOffError(str(error), bytes(body) if members else None) from error
            if len(body) > limit:
                read = taken - len(inflater.unconsumed_tail)
                raise BombError if len(body) > BOMB_RATIO * read else TooLargeError
            data = inflater.unconsumed_tail
            if inflater.eof:
                # A gzip file may have several members; anything else after the end is padding to ignore.
                data, inflater, members = inflater.unused_data, None, members + 1
                if data and not data.startswith(b"\x1f\x8b"):
                    data, ended = b"", True
    if inflater is not None:
        raise CutOffError("the compressed data ends too early", bytes(body))
    return bytes(body)


def _slices(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """`chunks` in small pieces: the end of each gzip member copies the rest of its piece, and empty ones have 20 bytes.

    9.9 MB of empty members in one chunk took 57 s; in pieces of 4 KiB 0.4 s.
    """
    for chunk in chunks:
        for start in range(0, len(chunk), _SLICE):
            yield chunk[start : start + _SLICE]


def _inflater(start: bytes) -> zlib._Decompress:
    # "deflate" should be zlib's format (RFC 9110) but some servers send it bare; its first byte tells.
    zlib_or_gzip = start[:1] == b"\x1f" or start[0] & 0x0F == 8
    return zlib.decompressobj(zlib.MAX_WBITS | 32 if zlib_or_gzip else -zlib.MAX_WBITS)
