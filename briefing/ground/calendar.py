"""Resolves dates relative to an article's publication. Pure.

"On Tuesday" in a report of Wednesday 18 November 2026 is 17 November 2026, and so is "yesterday".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from briefing.nlp.lexicon import MONTHS

__all__ = ["dated"]

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_RELATIVE = {"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1, "overnight": 0}
_MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" for month in MONTHS)
_DATE = re.compile(
    rf"\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+(?P<month>{_MONTH})|"
    rf"(?P<month2>{_MONTH})\.?\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?)\b(?:,?\s+(?P<year>\d{{4}})\b)?",
    re.IGNORECASE,
)
_DAY_WORD = re.compile(rf"\b(?:{'|'.join((*_WEEKDAYS, *_RELATIVE))})\b", re.IGNORECASE)


def dated(text: str, published: date) -> frozenset[str]:
    """Keys of the days that `text` names, under which other names of them may be found: weekday, month, day, year."""
    found: set[str] = set()
    for day in _days(text, published):
        found |= {_WEEKDAYS[day.weekday()], MONTHS[day.month - 1], str(day.day), str(day.year)}
        found |= {word for word, offset in _RELATIVE.items() if day == published + timedelta(days=offset)}
    return frozenset(found)


def _days(text: str, published: date) -> Iterator[date]:
    """Days that `text` names, those with a month only within two weeks of publication."""
    for match in _DAY_WORD.finditer(text):
        word = match[0].casefold()
        if word in _RELATIVE:
            yield published + timedelta(days=_RELATIVE[word])
        else:
            # The last such day up to publication, and the next one: "on Friday" may be either.
            back = (published.weekday() - _WEEKDAYS.index(word)) % 7
            yield published - timedelta(days=back)
            yield published + timedelta(days=(7 - back) % 7 or 7)
    for match in _DATE.finditer(text):
        name = (match["month"] or match["month2"])[:3].casefold()
        month = next(i for i, full in enumerate(MONTHS, 1) if full.startswith(name))
        year = int(match["year"]) if match["year"] else published.year
        try:
            day = date(year, month, int(match["day"] or match["day2"]))
        except ValueError:  # 31 June
            continue
        if abs((day - published).days) <= 14:
            yield day
