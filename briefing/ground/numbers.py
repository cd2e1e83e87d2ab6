"""When two numbers are one: rounded, approximated, or named by their size alone. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Context, Decimal

from briefing.ground.analysis import key_of
from briefing.nlp.facts import Number

__all__ = ["in_magnitude", "rounded_matches"]

TOLERANCE = Decimal("0.05")
"""How far an approximated number may be from the article's: "nearly 300" for 289, not for 250."""

_ABOUT = r"about|around|roughly|approximately|some|close to|an estimated"
_OVER = r"more than|over|above|at least|upwards of|exceeding"
_UNDER = r"nearly|almost|under|just under|less than|fewer than|below|up to"
_QUALIFIED = re.compile(
    rf"\b(?:(?P<about>{_ABOUT})|(?P<over>{_OVER})|(?P<under>{_UNDER}))\s(?:a\s|the\s)?$", re.IGNORECASE
)

_SIZES = {
    "dozens": (24, 120), "hundreds": (200, 1500), "thousands": (2000, 999_999), "millions": (2 * 10**6, 10**9),
    "billions": (2 * 10**9, 10**12),
}  # fmt: skip


def rounded_matches(number: Number, text: str, there: Sequence[Number]) -> frozenset[str]:
    """Keys of the numbers `there`, sorted by value, that `number` may stand for in `text`: "over 300" for 312, 1.2m for
    1,234,567.
    """
    qualified = _QUALIFIED.search(text[: max(0, text.find(number.surface))])
    found = set()
    # With a little more on both sides than may be away.
    low, high = (bisect_left(there, number.value * share, key=_value) for share in (Decimal("0.9"), Decimal("1.1")))
    for other in there[low:high]:
        if other.unit != number.unit or not other.value:
            continue
        away = (number.value - other.value) / abs(other.value)
        if qualified and abs(away) <= TOLERANCE:
            fits = qualified["about"] or (away <= 0 if qualified["over"] else away >= 0)
        else:
            # Rounded to its own digits, where these are two or more: 1.2 million, 48 %.
            digits = len(number.value.normalize().as_tuple().digits)
            fits = digits >= 2 and abs(away) < Decimal("0.05") and _rounds_to(other.value, number.value)
        if fits:
            found.add(key_of(other))
    return frozenset(found)


def _value(number: Number) -> Decimal:
    return number.value


_WIDE = Context(prec=80)
"""Thirty digits, the most that `facts` reads, times a trillion fit in; the default context raises there."""


def _rounds_to(exact: Decimal, shown: Decimal) -> bool:
    exponent = shown.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exact.quantize(Decimal(1).scaleb(exponent), context=_WIDE) == shown


def in_magnitude(word: str, there: Iterable[Number]) -> bool | None:
    """Whether a number `there` is of the size that "dozens" or "hundreds" names; None for other words."""
    if word not in _SIZES:
        return None
    low, high = _SIZES[word]
    return any(low <= number.value <= high and number.unit != "%" for number in there)
