"""Digits before the magnitudes of Chinese, Japanese and Korean: "3.5万" is 35,000, "1億2000万" is 120 million. Pure.

Which digits begin a number, and its unit, `facts` knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

__all__ = ["myriad_numbers"]

_MAGNITUDES = {
    **dict.fromkeys("百백", 10**2), **dict.fromkeys("千천", 10**3), **dict.fromkeys("万萬만", 10**4),
    **dict.fromkeys("亿億억", 10**8), **dict.fromkeys("兆조", 10**12),
}  # fmt: skip
# Kilometre, kilogram, kilowatt and megawatt begin with the signs for a thousand and a trillion: 千米, 千克, 兆瓦.
_PART = r"(\d+(?:,\d{3})*(?:\.\d+)?)\s?([百千백천]?[万萬만]?[万萬亿億兆만억조]|[千천])(?![米克瓦赫卡字帕焦])"
_PARTS = re.compile(_PART)
_WHOLE = re.compile(rf"(?<![\d_.,])(?<!제)(?:{_PART}\s?)*{_PART}(?:\d{{1,4}}(?![\d.,]))?")


def myriad_numbers(text: str) -> Iterator[tuple[int, int, Decimal]]:
    """Yield start, end and value of every number of `text` with such a magnitude; parts that grow smaller are one."""
    for whole in _WHOLE.finditer(text):
        start = end = whole.start()
        total, last = Decimal(0), 0
        for part in _PARTS.finditer(text, whole.start(), whole.end()):
            scale = 1
            for sign in part[2]:
                scale *= _MAGNITUDES[sign]
            if last and scale >= last:  # "1万 2万" are two
                yield start, end, total
                start, total = part.start(), Decimal(0)
            total += Decimal(part[1].replace(",", "")[:30]) * scale
            end, last = part.end(), scale
        rest = text[end : whole.end()]
        if rest.isdigit():
            total, end = total + int(rest), whole.end()
        yield start, end, total
