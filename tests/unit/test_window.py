"""The window of an edition: dates, items seen before, time zones, crashed and repeated runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from briefing.pipeline.window import Window, window_for
from briefing.store import MEMORY, Store

MONDAY = datetime(2024, 5, 13, 6, 30, tzinfo=UTC)
HOUR, DAYS = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(MEMORY) as one:
        yield one


def window(
    store: Store,
    now: datetime,
    since: timedelta | str | None = "last",
    furthest: timedelta | None = 3 * DAYS,
    zone: tzinfo = UTC,
    day: date | None = None,
) -> Window:
    return window_for(since, furthest, now=now, zone=zone, day=day or now.date(), title="T", store=store)


def take(one: Window, items: Mapping[str, datetime | None]) -> list[str]:
    kept, _ = one.taken(items, lambda name: name, lambda name: items[name], "F")
    return [name for name, _, _ in kept]


def made(
    store: Store,
    now: datetime,
    items: Mapping[str, datetime | None],
    day: date | None = None,
    zone: tzinfo = UTC,
    since: timedelta | str | None = "last",
) -> list[str]:
    """What the edition of a run at `now` takes, read and kept."""
    day = day or now.date()
    one = window(store, now, since, zone=zone, day=day)
    kept = take(one, items)
    store.record_seen("T", one.looked, now)
    store.propose(day, "T", kept, now)
    store.put_edition(day, "T", "{}", now)
    return kept


def test_first_run_reaches_back_24_hours(store: Store) -> None:
    ages = {f"{hours}": MONDAY - hours * HOUR for hours in (1, 23, 25, 60)}
    assert made(store, MONDAY, ages) == ["1", "23"]
    # What it left out as too old stays out, although the next one may reach back further.
    assert made(store, MONDAY + DAYS, ages) == []


def test_no_gap_and_no_overlap_between_two_runs(store: Store) -> None:
    items: dict[str, datetime | None] = {f"{hour}": MONDAY - 24 * HOUR + hour * HOUR for hour in range(1, 264)}
    told: dict[date, list[str]] = {}
    for hours in (0, 26.5, 48, 119.5, 121, 239):  # jitter, three days, again on that day, five days
        now = MONDAY + hours * HOUR
        there = {name: moment for name, moment in items.items() if moment and moment <= now}
        told.setdefault(now.date(), []).extend(made(store, now, there))
    numbers = [int(name) for names in told.values() for name in names]
    assert len(numbers) == len(set(numbers))
    # Five days are more than three: what is older than three whole days is not made up for.
    cut = datetime(2024, 5, 20, tzinfo=UTC)
    last = MONDAY + 121 * HOUR
    lost = [int(name) for name, moment in items.items() if moment and last < moment < cut]
    assert sorted(numbers) == sorted(set(range(1, 264)) - set(lost))


def test_backdated_item_is_taken(store: Store) -> None:
    made(store, MONDAY, {"a": MONDAY - HOUR})
    assert made(store, MONDAY + DAYS, {"a": MONDAY - HOUR, "late": MONDAY - 2 * HOUR}) == ["late"]


def test_crashed_run_marks_nothing_as_seen(store: Store) -> None:
    made(store, MONDAY - DAYS, {})
    one = window(store, MONDAY)
    assert take(one, {"a": MONDAY - HOUR, "b": None}) == ["a", "b"]
    store.record_seen("T", one.looked, MONDAY)
    store.propose(MONDAY.date(), "T", ["a", "b"], MONDAY)  # and here it dies
    assert made(store, MONDAY + DAYS, {"a": MONDAY - HOUR, "b": None}) == ["a", "b"]
    assert made(store, MONDAY + 2 * DAYS, {"a": MONDAY - HOUR, "b": None}) == []


def test_remade_edition_covers_the_same_window(store: Store) -> None:
    items: dict[str, datetime | None] = {"a": MONDAY - 23 * HOUR, "b": None}
    assert made(store, MONDAY, items) == ["a", "b"]
    assert made(store, MONDAY + 12 * HOUR, {**items, "c": MONDAY + HOUR, "e": MONDAY - 23 * HOUR}) == ["c", "e"]
    assert made(store, MONDAY + DAYS, {**items, "c": MONDAY + HOUR, "d": MONDAY + 13 * HOUR}) == ["d"]


def test_an_item_that_a_second_run_does_not_find_stays_seen(store: Store) -> None:
    made(store, MONDAY, {"a": MONDAY - HOUR, "b": MONDAY - HOUR})
    made(store, MONDAY + HOUR, {"b": MONDAY - HOUR})
    assert made(store, MONDAY + DAYS, {"a": MONDAY - HOUR, "b": MONDAY - HOUR}) == []


def test_what_a_limit_left_out_is_for_another_day_or_other_limits(store: Store) -> None:
    items: dict[str, datetime | None] = {"a": MONDAY - HOUR, "b": MONDAY - 2 * HOUR}
    one = window(store, MONDAY)
    take(one, items)
    store.record_seen("T", one.looked, MONDAY)
    store.propose(MONDAY.date(), "T", ["a"], MONDAY, passed=("2024-05-13 1 0 0", ["b"]))
    store.put_edition(MONDAY.date(), "T", "{}", MONDAY)
    for _ in range(2):
        again = window_for(
            "last", None, now=MONDAY + HOUR, zone=UTC, day=MONDAY.date(), title="T", store=store,
            limits="2024-05-13 1 0 0",
        )  # fmt: skip
        assert take(again, {**items, "c": MONDAY + HOUR / 2}) == ["c"]
        assert (again.before, len(again.passed)) == (0, 1)
        # Without the limits it is open, and that one has looked changes nothing.
        assert take(window(store, MONDAY + HOUR), items) == ["b"]
    assert take(window(store, MONDAY + DAYS), items) == ["b"]


def test_each_edition_of_a_day_knows_what_it_left_out_itself(store: Store) -> None:
    day, there = MONDAY.date(), {"a": MONDAY - HOUR, "b": MONDAY - HOUR}

    def rest(name: str, on: date = day) -> tuple[list[str], set[str]]:
        stem = f"{on}-{name}" if name else f"{on}"
        one = window_for(
            "last", None, now=MONDAY, zone=UTC, day=on, title="T", store=store, name=name, limits=f"{stem} 5"
        )
        return take(one, there), one.again

    store.record_seen("T", there, MONDAY)
    for name in ("", "late", ""):
        store.propose(day, "T", [], MONDAY, name=name, passed=(f"{day}-{name} 5" if name else f"{day} 5", there))
        store.put_edition(day, "T", "{}", MONDAY, name=name)
    assert rest("")[0] == rest("late")[0] == []
    assert rest("noon") == (["a", "b"], set())
    store.propose(day, "T", [], MONDAY, name="late", passed=(f"{day}-late 9", ["b"]))
    assert rest("late") == (["b"], {"b"})  # that with other limits left it
    assert rest("")[0] == []
    store.remove_edition(day, "T", "")
    assert rest("") == (["a", "b"], set())
    assert rest("late") == (["b"], {"b"})
    next_day = day + timedelta(days=1)
    store.propose(next_day, "T", [], MONDAY + DAYS, passed=(f"{next_day} 5", ["a"]))
    assert store.seen_items("T", ["a"])["a"].passed == (f"{next_day} 5",)  # nothing piles up


def test_editions_of_one_day_see_each_others_items(store: Store) -> None:
    made(store, MONDAY, {"a": MONDAY - HOUR})
    evening = window_for(
        "last", None, now=MONDAY + 12 * HOUR, zone=UTC, day=MONDAY.date(), title="T", store=store, name="evening"
    )
    assert take(evening, {"a": MONDAY - HOUR, "b": MONDAY + HOUR}) == ["b"]
    assert evening.before == 1  # and is said to be, since another edition has it


def test_future_dated_edition_marks_nothing_as_seen_today(store: Store) -> None:
    made(store, MONDAY, {"a": MONDAY - HOUR}, day=date(2027, 5, 28))
    assert made(store, MONDAY + HOUR, {"a": MONDAY - HOUR}) == ["a"]


def test_undated_and_future_dated_items_count_from_first_seen(store: Store) -> None:
    items = {"none": None, "tomorrow": MONDAY + 20 * HOUR}
    for hours, taken in ((0, ["none", "tomorrow"]), (20, ["none", "tomorrow"]), (50, [])):
        one = window(store, MONDAY + hours * HOUR, since=24 * HOUR)
        assert take(one, items) == taken
        store.record_seen("T", one.looked, MONDAY + hours * HOUR)
    (moment,) = window(store, MONDAY).moments([("tomorrow", MONDAY + 20 * HOUR)])
    assert moment == MONDAY


def test_items_without_a_valid_date_keep_no_dated_news_of_the_day_out_of_a_limit(store: Store) -> None:
    items = {"none": None, "far ahead": MONDAY + 90 * DAYS, "today": MONDAY - 20 * HOUR, "last week": MONDAY - 7 * DAYS}
    for later in (timedelta(), 20 * HOUR):
        one = window(store, MONDAY + later, since=None)
        take(one, items)
        store.record_seen("T", one.looked, one.now)
        newest = dict(zip(items, one.moments(list(items.items())), strict=True))
        assert sorted(newest, key=newest.__getitem__, reverse=True) == ["today", "none", "far ahead", "last week"]


def test_time_span_makes_up_for_a_late_run_without_duplicates(store: Store) -> None:
    day = timedelta(hours=24)
    made(store, MONDAY, {"a": MONDAY - HOUR}, since=day)
    items: dict[str, datetime | None] = {"a": MONDAY - HOUR, "b": MONDAY + HOUR, "old": MONDAY - 23 * HOUR}
    assert made(store, MONDAY + 26.5 * HOUR, items, since=day) == ["b"]
    assert made(store, MONDAY + 27 * HOUR, items, since=None) == ["a", "b", "old"]


@pytest.mark.parametrize("hours", range(-11, 15))
def test_date_without_time_is_read_once_in_every_time_zone(hours: int) -> None:
    """A day's item is published in the afternoon; the edition is made at 06:30."""
    zone = ZoneInfo(f"Etc/GMT{-hours:+d}")
    spans: tuple[timedelta | str, ...] = ("last", timedelta(hours=24))
    for since in spans:
        with Store(MEMORY) as store:
            told: list[str] = []
            for number in range(10):
                now = datetime(2024, 5, 13 + number, 6, 30, tzinfo=zone).astimezone(UTC)
                there: dict[str, datetime | None] = {
                    f"{back}": datetime(2024, 5, 13 + number - back, tzinfo=UTC) for back in range(1, 4)
                }
                days = {f"{moment:%d}": moment for moment in there.values() if moment}
                found = made(store, now, {**days}, day=date(2024, 5, 13 + number), zone=zone, since=since)
                told += [name for name in found if name not in told]
            assert told[-1] == "21"
            assert set(told) >= {f"{number}" for number in range(12, 22)}


@pytest.mark.parametrize(("year", "month", "first"), [(2024, 3, 28), (2024, 10, 25)])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Pacific/Auckland"])
@pytest.mark.parametrize("since", ["last", timedelta(hours=24)])
def test_no_gap_at_daylight_saving_changes(
    year: int, month: int, first: int, zone: str, since: timedelta | str
) -> None:
    here = ZoneInfo(zone)
    mornings = [datetime(year, month, first, 6, 30, tzinfo=here) + number * DAYS for number in range(14)]
    with Store(MEMORY) as store:
        told: list[str] = []
        begin = mornings[0].astimezone(UTC) - 24 * HOUR
        for morning in mornings:
            now = morning.astimezone(UTC)
            count = int((now - begin) / (HOUR / 2))
            there: dict[str, datetime | None] = {f"{n}": begin + n * HOUR / 2 for n in range(max(0, count - 60), count)}
            found = made(store, now, there, day=morning.date(), zone=here, since=since)
            told += [name for name in found if since == "last" or name not in told]
        assert sorted(map(int, told)) == list(range(count))


def test_state_file_of_an_earlier_version_counts_its_editions_as_runs(store: Store) -> None:
    store.query("INSERT INTO made VALUES ('2024-05-10', 'T', '2024-05-10T06:30:00.000000+00:00', 1)")
    one = window(store, MONDAY)
    assert one.reach == datetime(2024, 5, 10, tzinfo=UTC)


def test_what_is_left_out_is_counted(store: Store) -> None:
    told = {"told": MONDAY - 20 * HOUR, "also told": MONDAY - 21 * HOUR}
    assert made(store, MONDAY, told) == list(told)
    items = {**told, "old": MONDAY - 9 * DAYS, "new": MONDAY + 3 * HOUR}
    second = window(store, MONDAY + DAYS)
    kept, left_out = second.taken(items, lambda name: name, lambda name: items[name], "F")
    assert [name for name, _, _ in kept] == ["new"]
    assert {failure.cause for failure in left_out} == {
        "1 articles are older than the time span asked for",
        "2 articles were seen by an earlier edition",
    }
    assert second.before == 2
