"""What a server says, never for longer nor more than was allowed. Pure: the connection and the clock are arguments.

A time limit on each read does not stop a server that sends one byte a minute, and the libraries for mail keep all that
comes until the line or the literal is complete.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["BoundedReader", "TooSlowError"]


class TooSlowError(TimeoutError):
    """It was not done in all the time that it had, though it may have said something all the while."""


class _Raw(Protocol):
    def readinto(self, buffer: memoryview, /) -> int | None: ...
    def close(self) -> None: ...


class BoundedReader(io.RawIOBase):
    """Reads from `raw` under a limit on what comes between two calls of `begin`.

    Raises `TimeoutError`, `TooSlowError`, or `OSError`.

    Args:
        raw: an unbuffered stream whose reads end in time when `patience` was called.
        patience: sets for how many seconds one read may take.
        silence: seconds without a byte.
        seconds: in all.
        most: bytes in all.
        clock: seconds, never set back.
    """

    def __init__(
        self,
        raw: _Raw,
        patience: Callable[[float], object],
        *,
        silence: float,
        seconds: float,
        most: int,
        clock: Callable[[], float],
    ) -> None:
        super().__init__()
        self._raw, self._patience, self._clock = raw, patience, clock
        self._silence, self._seconds, self._most = silence, seconds, most
        self.begin()

    def begin(self, seconds: float | None = None) -> None:
        """From here on everything counts anew; in all `seconds` from now on, where they are given."""
        self._allowed = self._seconds if seconds is None else max(0.0, seconds)
        self._end, self._left = self._clock() + self._allowed, self._most
        self._patience(min(self._silence, max(0.1, self._allowed)))

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """See `io.RawIOBase`."""
        left = self._end - self._clock()
        late = TooSlowError(f"its answer was not complete after {self._allowed:.3g} seconds")
        if left <= 0:
            raise late
        self._patience(min(self._silence, left))
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
