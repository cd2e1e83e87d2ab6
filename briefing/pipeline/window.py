"""Which items of feeds and mailboxes an edition takes: by their dates, and by what earlier editions have seen.

``last``, the default, takes what no finished edition of this title has seen, wherever the clock stood when that one was
made: a late run, a day without one, a change of the clock or an item that enters its feed with an older date lose
nothing. A time span takes what is no older; beyond it, for as long as runs may be late, what no edition has seen.
Neither reaches behind the day before the very first run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeVar

from briefing.dates import is_date_only, latest_moment
from briefing.pipeline.candidates import skipped
from briefing.store import SeenItem, Store
from briefing.types import Failure

__all__ = ["Window", "window_for"]

T = TypeVar("T")

_FIRST = timedelta(hours=24)
"""How far the very first run reaches back."""
_OVERLAP = timedelta(hours=6)
"""How late a run may be that is to leave nothing out between two time spans; a quarter of a shorter span."""


def _unknown(items: Iterable[str]) -> Mapping[str, SeenItem]:
    return {}


@dataclass(slots=True, kw_only=True)
class Window:
    """What one run takes; by default everything."""

    now: datetime
    """UTC."""
    zone: tzinfo = UTC
    """Of the edition: a date without a time stands for the whole day there."""
    reach: datetime | None = None
    """Nothing older is taken; None: no limit."""
    whole: datetime | None = None
    """Since then everything is taken, before only what no earlier edition has seen; None: everything, always."""
    day: date | None = None
    """Of the edition. What it has seen itself, when it was made before, is not seen."""
    known: Callable[[Iterable[str]], Mapping[str, SeenItem]] = _unknown
    """What the store knows of items, by their keys."""
    looked: set[str] = field(default_factory=set)
    """Keys of what was taken, or counts from when it was first seen; the store is to remember them."""
    before: int = 0
    """Items left out because an earlier edition has seen them."""

    def moments(self, items: Sequence[tuple[str, datetime | None]]) -> list[datetime]:
        """When each of `items`, a key and a date, counts as published, UTC: at most now.

        What has no date, or one in the future, counts from when a run first came across it.
        """
        return [moment for moment, _ in self._judged(items)]

    def told(self, key: str) -> bool:
        """Whether an earlier edition has settled the item of this key."""
        return self._settled(self.known([key]).get(key))

    def _settled(self, sighting: SeenItem | None) -> bool:
        settled = sighting.settled if sighting else None
        return settled is not None and (self.day is None or settled < self.day)

    def taken(
        self, items: Iterable[T], key: Callable[[T], str], when: Callable[[T], datetime | None], name: str
    ) -> tuple[list[tuple[T, str, datetime]], list[Failure]]:
        """Those of `items` that the edition takes, with key and moment; and what says how many were left out.

        `items` is gone through once, and only those that are young enough are held.
        """
        young: list[tuple[T, str, datetime | None]] = []
        old = before = 0
        for item in items:
            published = when(item)
            if published and self.reach and latest_moment(min(published, self.now), self.zone) < self.reach:
                old += 1
            else:
                young.append((item, key(item), published))
        kept = []
        judged = self._judged([(one, published) for _, one, published in young])
        for (item, one, _), (moment, seen) in zip(young, judged, strict=True):
            if self.reach and moment < self.reach:
                old += 1
            elif seen and self.whole and moment < self.whole:
                before += 1
            else:
                kept.append((item, one, moment))
                self.looked.add(one)
        left_out = [skipped(name, f"{old} articles are older than the time span asked for")] if old else []
        self.before += before
        if before:
            left_out.append(skipped(name, f"{before} articles were seen by an earlier edition"))
        return kept, left_out

    def _judged(self, items: Sequence[tuple[str, datetime | None]]) -> list[tuple[datetime, bool]]:
        """For each when it counts as published, and whether an earlier edition has settled it."""
        known = self.known([key for key, _ in items])
        found = []
        for key, published in items:
            sighting = known.get(key)
            first = min(sighting.first, self.now) if sighting else self.now
            if undated := published is None or published > self.now:
                self.looked.add(key)
            moment = first if undated or published is None else latest_moment(published, self.zone)
            if published and is_date_only(published):
                moment = min(moment, first)  # of today's, which stands for the whole day: the same in each run
            found.append((min(moment, self.now), self._settled(sighting)))
        return found


def window_for(
    since: timedelta | str | None,
    furthest: timedelta | None,
    *,
    now: datetime,
    zone: tzinfo,
    day: date,
    title: str,
    store: Store,
) -> Window:
    """The window of the edition of `day` called `title`.

    `since`: ``last``, a time span before now, or None for any age. `furthest`: how far ``last`` reaches back, counted
    in whole days of `zone`; None: to the first run. An edition that is made again reaches back as far as it did.
    """
    own, first = store.begun(day, title)
    start = min(now, own or now)
    beginning = min(first or now, start)

    def known(items: Iterable[str]) -> Mapping[str, SeenItem]:
        return store.seen_items(title, items)

    reach: datetime | None
    whole: datetime | None
    if isinstance(since, timedelta):
        whole = start - since
        reach = max(whole - min(_OVERLAP, since / 4), min(whole, beginning - since))
    elif since is None:
        reach = whole = None
    else:
        whole = now + timedelta(days=1)
        reach = beginning - _FIRST
        if furthest is not None:
            back = (start - furthest).astimezone(zone).date()
            reach = max(reach, datetime.combine(back, time(), zone).astimezone(UTC))
    return Window(now=now, zone=zone, reach=reach, whole=whole, day=day, known=known)
