"""How long to leave a server alone before it is asked again. Pure: the clock and the dice are arguments."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

__all__ = ["pause", "retry_after"]


def pause(attempt: int, first: float, dice: float) -> float:
    """Seconds before the retry after attempt number `attempt` (from 0): `first` doubled each time, give or take a half.

    `dice` is a random number from 0 to 1, so that many clients that failed together do not come back together.
    """
    return first * 2.0**attempt * (0.5 + dice)


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (a number or a date, RFC 9110), or None.

    `now` is in seconds since 1970.
    """
    if not value:
        return None
    number = value.strip()
    if number.isascii() and number.isdigit():  # `isdigit` alone takes "²", `float` does not
        return float(number[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None
