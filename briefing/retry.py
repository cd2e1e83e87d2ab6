"""Delays between attempts: exponential backoff with jitter, ``Retry-After``. Pure: clock and jitter are arguments."""

from __future__ import annotations

from email.utils import parsedate_to_datetime


def backoff_delay(attempt: int, base: float, jitter: float) -> float:
    """Seconds before the retry after attempt number `attempt` (from 0): `base` doubled each time, plus or minus 50 %.

    `jitter` is a random number from 0 to 1, so that clients that failed together do not retry together.
    """
    return base * 2.0**attempt * (0.5 + jitter)


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (a number or a date, RFC 9110, 10.2.3), or None.

    `now` is in seconds since 1970.
    """
    if not header:
        return None
    number = header.strip()
    if number.isascii() and number.isdigit():  # `isdigit` alone takes "²", `float` does not
        return float(number[:9])
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None
