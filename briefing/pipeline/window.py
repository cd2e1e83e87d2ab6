"""Which items of feeds and mailboxes an edition takes: by their dates, and by what earlier editions have seen.

An edition of a day only grows: what its earlier runs have settled is in it (`pipeline.edition`) and not read again.

``last``, the default, takes what no finished edition of this title has seen, independent of the clock: nothing is lost
to a late run, a day without one, a change of the clock or an item that enters its feed with an older date. A time span
takes what is no older; beyond it, for as long as runs may be late, what no edition has seen. Neither reaches further
back than the day before the first run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeVar

from briefing.dates import UNDATED_AGE, is_date_only, is_plausible, latest_moment
from briefing.pipeline.candidates import skipped
from briefing.store import SeenItem, Store
from briefing.types import Failure, stem_of

T = TypeVar("T")

_FIRST = timedelta(hours=24)
"""How far the very first run reaches back."""
_OVERLAP = timedelta(hours=6)
"""How late a run may be without a gap between two time spans; a quarter of a shorter span."""


@dataclass(slots=True, kw_only=True)
class Window:
    """The items that one run takes; by default all."""

    now: datetime
    """UTC."""
    zone: tzinfo = UTC
    """Of the edition: a date without a time is the whole day there."""
    reach: datetime | None = None
    """Nothing older is taken; None: no limit."""
    whole: datetime | None = None
    """Since then everything is taken, before only what no earlier edition has seen; None: everything, always."""
    day: date | None = None
    """Of the edition. What editions of later days have seen counts as unseen."""
    stem: str = ""
    """Of the edition (`types.stem_of`): what it has settled itself, in an earlier run, is left alone without a word."""
    limits: str = ""
    """What an earlier run recorded with the items that the edition's limits left out (`SeenItems.propose`), where this
    one has the same limits: these are left to the next edition, so that the same input gives the same one."""
    known: Callable[[Iterable[str]], Mapping[str, SeenItem]] = lambda keys: {}
    """Looks items up in the store, by their keys."""
    looked: set[str] = field(default_factory=set)
    """Keys for the store to remember: of items taken, or dated by when they were first seen."""
    before: int = 0
    """Items left out because an earlier edition has seen them."""
    own: int = 0
    """Items left alone because an earlier run of this edition has settled them."""
    again: set[str] = field(default_factory=set)
    """Keys of items taken that an earlier run of this edition left out, with other limits."""
    passed: list[object] = field(default_factory=list)
    """Items left out because an earlier run of this edition left them to the next."""

    def moments(self, items: Sequence[tuple[str, datetime | None]]) -> list[datetime]:
        """How new each of `items`, a key and a date, is beside the others: a moment, UTC, at most now.

        An item without a date, or with one far in the future, is a day older than when a run first saw it: it keeps no
        dated news of the day out of a limit (`stories.ranking` takes it for a day old, too).
        """
        judged = self._judged(items, self.known([key for key, _ in items]))
        return [
            moment if published and is_plausible(published, self.now) else moment - UNDATED_AGE
            for (moment, _), (_, published) in zip(judged, items, strict=True)
        ]

    def told(self, key: str) -> bool:
        """Whether an earlier edition has settled the item of this key."""
        return self._settled(self.known([key]).get(key))

    def _settled(self, seen: SeenItem | None) -> bool:
        settled = seen.settled if seen else None
        return settled is not None and (self.day is None or settled <= self.day)

    def taken(
        self, items: Iterable[T], key: Callable[[T], str], when: Callable[[T], datetime | None], name: str
    ) -> tuple[list[tuple[T, str, datetime]], list[Failure]]:
        """Those of `items` that the edition takes, with key and moment; and failures with the numbers left out.

        `items` is iterated once, and only those that are young enough are kept in memory.
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
        known = self.known([item_key for _, item_key, _ in young])
        judged = self._judged([(item_key, published) for _, item_key, published in young], known)
        for (item, item_key, _), (moment, seen) in zip(young, judged, strict=True):
            last = known.get(item_key)
            if self.reach and moment < self.reach:
                old += 1
            elif last and not last.settled and self.limits in last.passed:
                self.passed.append(item)
            elif seen and self.whole and moment < self.whole:
                own = bool(self.stem and last and last.by == self.stem)
                before += not own
                self.own += own
            else:
                kept.append((item, item_key, moment))
                self.looked.add(item_key)
                if last and self.stem and any(line.startswith(f"{self.stem} ") for line in last.passed):
                    self.again.add(item_key)
        left_out = [skipped(name, f"{old} articles are older than the time span asked for")] if old else []
        self.before += before
        if before:
            left_out.append(skipped(name, f"{before} articles were seen by an earlier edition", counted=True))
        return kept, left_out

    def _judged(
        self, items: Sequence[tuple[str, datetime | None]], known: Mapping[str, SeenItem]
    ) -> list[tuple[datetime, bool]]:
        """For each when it counts as published, and whether an earlier edition has settled it; `known`: by key."""
        judged = []
        for key, published in items:
            seen = known.get(key)
            first = min(seen.first, self.now) if seen else self.now
            if undated := published is None or published > self.now:
                self.looked.add(key)
            moment = first if undated or published is None else latest_moment(published, self.zone)
            if published and is_date_only(published):
                moment = min(moment, first)  # today is the whole day: the same moment in each run
            judged.append((min(moment, self.now), self._settled(seen)))
        return judged


def window_for(
    since: timedelta | str | None,
    furthest: timedelta | None,
    *,
    now: datetime,
    zone: tzinfo,
    day: date,
    title: str,
    store: Store,
    name: str = "",
    limits: str = "",
) -> Window:
    """The window of the edition of `day` with that `title` and `name`.

    `since`: ``last``, a time span before now, or None for any age. `furthest`: how far ``last`` reaches back, counted
    in whole days of `zone`; None: to the first run. An edition that is made again reaches back as far as it did.
    `limits`: as in `Window`.
    """
    own, first = store.begun(day, title, name)
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
            first_day = (start - furthest).astimezone(zone).date()
            reach = max(reach, datetime.combine(first_day, time(), zone).astimezone(UTC))
    stem = stem_of(day, name)
    return Window(now=now, zone=zone, reach=reach, whole=whole, day=day, known=known, stem=stem, limits=limits)


def window_without_memory(since: timedelta | str | None, *, now: datetime, zone: tzinfo) -> Window:
    """The window of a run that knows of no edition; ``last`` is then what a first run takes."""
    reach = now - _FIRST if isinstance(since, str) else now - since if since else None
    return Window(now=now, zone=zone, reach=reach)
