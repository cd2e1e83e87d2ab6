"""The dates of a feed's items, and warnings about those that cannot be read. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from briefing.canonical import host_of
from briefing.sanitise import clipped, label
from briefing.written_dates import DateReader, Doubt, Reading

_LONGEST_EXAMPLE = 40
"""Characters of a date that a warning shows."""
_WARNINGS = {
    Doubt.DATE: "a date that cannot be read, such as \u2018{}\u2019",
    Doubt.ORDER: "a date whose day and month cannot be told apart, such as \u2018{}\u2019",
    Doubt.TIME: "a time or time zone that is not known, such as \u2018{}\u2019, so that only the day counts",
}


def item_dates(
    written: Sequence[Sequence[str]], language: str = "", address: str = ""
) -> tuple[list[datetime | None], list[str]]:
    """When each item was published, UTC with date-only values (`dates`), and warnings about what cannot be read.

    Args:
        written: of each item what it has for dates, the best first; empty texts do not count.
        language: of the feed, as it declares it.
        address: of the site, for its country.
    """
    reader = DateReader(language, host_of(address), samples=(text for texts in written for text in texts))
    doubtful: defaultdict[Doubt, list[str]] = defaultdict(list)
    moments = []
    for texts in written:
        moment, doubt, text = _best([(reader.read(text), text) for text in texts if text.strip()])
        moments.append(moment)
        if doubt:
            doubtful[doubt].append(text)
    return moments, [_warning(doubt, texts) for doubt, texts in doubtful.items()]


def impossible(moments: Sequence[datetime | None]) -> list[str]:
    """The warning about items whose dates, `moments`, lie in the future or before there were feeds, if any do."""
    dates = [moment for moment in moments if moment]
    if not dates:
        return []
    have = "has" if len(dates) == 1 else "have"
    return [f"{len(dates)} of its items {have} an impossible date, such as {dates[0].date()}, which does not count"]


def _best(readings: Sequence[tuple[Reading, str]]) -> tuple[datetime | None, Doubt | None, str]:
    """The first date without a doubt, else the first, else the first doubt."""
    found = [
        (moment, reading.doubt if moment else reading.doubt or Doubt.DATE, text)
        for reading, text in readings
        for moment in [reading.published]
    ]
    dated = [one for one in found if one[0]]
    return next((one for one in dated if one[1] is None), (dated or found or [(None, None, "")])[0])


def _warning(doubt: Doubt, texts: Sequence[str]) -> str:
    have = "has" if len(texts) == 1 else "have"
    example = clipped(label(texts[0][:500]), _LONGEST_EXAMPLE)
    return f"{len(texts)} of its items {have} {_WARNINGS[doubt].format(example)}"
