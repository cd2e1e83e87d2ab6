"""Dates of articles and editions: date-only values, time zones, RFC 3339, plausibility. Pure.

How dates are written is read in `written_dates`.

Hugo, Jekyll and others date articles by day and write midnight for the time. Such a date is kept as midnight sharp in
UTC, whatever zone it was written in: it is shown without a time, and no reader's zone makes it the day before. An exact
time that falls on midnight in UTC (20:00 in New York, 09:00 in Tokyo) is kept a microsecond late, to tell it apart.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, tzinfo

FIRST_DAY = date(1000, 1, 1)
"""The earliest day of an edition: weeks before it are still in the calendar, and its year has four digits."""
_FIRST_YEAR = 1990
"""Of feeds and mails; an earlier date is a clock that was never set."""
UNDATED_AGE = timedelta(hours=24)
"""How old an item without a valid date is taken to be when it is first seen: it keeps no news of the day out."""
_SLACK = timedelta(days=1)
"""How far ahead of now a date may lie: clocks and time zones are wrong by hours, not by days."""


AD_HOC = "ad-hoc"
"""The name of what a run of sources beside the configuration writes."""
_LONGEST_NAME = 40


def edition_day(text: str) -> date:
    """Parse the day of an edition, such as ``2026-05-17``. Raises ValueError that says what is wrong."""
    written = re.fullmatch(r"(\d{4})-(\d\d?)-(\d\d?)", text, re.ASCII)
    if written is None:
        raise ValueError("a date is written as in 2026-05-17")
    try:
        day = date(*map(int, written.groups()))
    except ValueError:
        raise ValueError("there is no such day") from None
    if day < FIRST_DAY:
        raise ValueError(f"editions have dates from {FIRST_DAY} to {date.max}")
    return day


def edition_name(text: str) -> str:
    """What one of a day's editions is called, in lower case, as file names are.

    Raises ValueError that says what is wrong.
    """
    name = unicodedata.normalize("NFC", text).lower()
    if not all(part.isalnum() for part in name.split("-")) or len(name) > _LONGEST_NAME:
        raise ValueError(f"a name is letters, digits and single hyphens, {_LONGEST_NAME} at most, such as evening")
    if name == AD_HOC:
        raise ValueError("that is what a run of other sources is called")
    return name


def in_utc(written: datetime) -> datetime:
    """`written` in UTC; midnight sharp in its own zone becomes midnight in UTC of the same day.

    Without a zone it is UTC. Raises OverflowError or ValueError where the calendar cannot hold it in every zone.
    """
    as_written = written.tzinfo is None or written.time() == time()
    moment = written.replace(tzinfo=UTC) if as_written else exact_time(written)
    if moment.year in {MINYEAR, MAXYEAR}:  # in some zone it would be outside of the calendar
        raise OverflowError(f"{written} is at the calendar's end")
    return moment


def utc_or_none(written: datetime | None) -> datetime | None:
    """`in_utc`, or None where there is no time or the calendar cannot hold it."""
    try:
        return written and in_utc(written)
    except (OverflowError, ValueError):
        return None


def exact_time(moment: datetime) -> datetime:
    """`moment`, aware, in UTC, a microsecond late at midnight so that it is not date-only. Raises OverflowError."""
    utc = moment.astimezone(UTC)
    return utc + datetime.resolution if utc.time() == time() else utc


def is_plausible(moment: datetime, now: datetime | None) -> bool:
    """Whether a feed or mail may have this date, at most a day after `now`; None: no date is in the future."""
    return moment.year >= _FIRST_YEAR and (now is None or moment <= now + _SLACK)


def is_unset(moment: datetime) -> bool:
    """Whether it is about when Unix time begins (1 January 1970): a field that was never filled in."""
    return abs(moment.replace(tzinfo=None) - datetime(1970, 1, 1)) <= _SLACK


def is_date_only(published: datetime) -> bool:
    """Whether only the day is known. `published` is aware."""
    return published.astimezone(UTC).time() == time()


def latest_moment(published: datetime, zone: tzinfo) -> datetime:
    """The latest possible time of publication, UTC: of a date-only value the end of the day in `zone`."""
    if not is_date_only(published):
        return published
    day = published.astimezone(UTC).date() + timedelta(days=1)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def in_zone(published: datetime, zone: tzinfo) -> datetime:
    """`published` in `zone`; a date-only value keeps its day."""
    return published.astimezone(UTC if is_date_only(published) else zone)


def rfc3339(published: datetime, zone: tzinfo) -> str:
    """RFC 3339, which has no date-only values: the time in UTC, of a day its beginning in `zone`."""
    if not is_date_only(published):
        return f"{published.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    moment = datetime.combine(published.astimezone(UTC).date(), time(), zone)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if not moment.utcoffset() else moment.isoformat()
