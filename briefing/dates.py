"""What the date of an article says of when it was published. Pure.

Many programs date what they publish by its day only: Hugo, Jekyll and others write midnight for the time. Such a date
is kept as midnight sharp in UTC of that day, whatever zone it was written in. It stands for the whole day, it is shown
without a time, and no reader's zone makes it the day before. A time of which we know that it is one, and that falls on
midnight in UTC (20:00 in New York, 09:00 in Tokyo), is kept a microsecond late, so that it is no mere day.
"""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, tzinfo

__all__ = ["FIRST_DAY", "edition_day", "exact_time", "in_utc", "in_zone", "is_date_only", "latest_moment", "rfc3339"]

FIRST_DAY = date(1000, 1, 1)
"""The earliest day of an edition: weeks before it are still in the calendar, and its year is written in four digits."""


def edition_day(text: str) -> date:
    """The day of an edition as typed or stored, such as ``2026-05-17``. Raises ValueError that says what is wrong."""
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


def in_utc(written: datetime) -> datetime:
    """`written` in UTC; midnight sharp in its own zone becomes midnight in UTC of the same day.

    A time without a zone is taken for UTC. Raises OverflowError or ValueError where the calendar cannot hold it in
    every zone.
    """
    as_written = written.tzinfo is None or written.time() == time()
    moment = written.replace(tzinfo=UTC) if as_written else exact_time(written)
    if moment.year in {MINYEAR, MAXYEAR}:  # in some zone it would be outside of the calendar
        raise OverflowError(f"{written} is at the calendar's end")
    return moment


def exact_time(moment: datetime) -> datetime:
    """`moment`, aware, in UTC as a time and never as a mere day: at midnight a microsecond late.

    Raises OverflowError where the calendar cannot hold it.
    """
    there = moment.astimezone(UTC)
    return there + datetime.resolution if there.time() == time() else there


def is_date_only(published: datetime) -> bool:
    """Whether only the day is known; `published` is aware."""
    return published.astimezone(UTC).time() == time()


def latest_moment(published: datetime, zone: tzinfo) -> datetime:
    """The latest moment, UTC, at which an article may have been published: of a mere day its end in `zone`."""
    if not is_date_only(published):
        return published
    day = published.astimezone(UTC).date() + timedelta(days=1)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def in_zone(published: datetime, zone: tzinfo) -> datetime:
    """`published` as a reader in `zone` is told it; a mere day stays that day."""
    return published.astimezone(UTC if is_date_only(published) else zone)


def rfc3339(published: datetime, zone: tzinfo) -> str:
    """For Atom, which knows no mere days: the moment in UTC, of a mere day its beginning in `zone`."""
    if not is_date_only(published):
        return f"{published.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    moment = datetime.combine(published.astimezone(UTC).date(), time(), zone)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if not moment.utcoffset() else moment.isoformat()
