"""Runs on several days: each item in one edition, none lost to a gap, a limit or a crash."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from briefing import pipeline
from briefing.config import Config
from briefing.errors import OutputError, UsageError
from briefing.store import MIGRATIONS, Store
from briefing.store import schema as store_module
from briefing.testing.engine import FakeEngine
from briefing.types import Source

MONDAY = datetime(2024, 5, 13, 6, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WORDS = ("harbour", "tram", "museum", "river", "school", "bridge", "forest", "castle", "market", "library")
Item = tuple[int, datetime | None]


def story(number: int) -> str:
    word = WORDS[number % 10]
    return (
        f"The {word} of Town{number} opened on Tuesday after works that took {number + 2} years, the mayor said. "
        f"About {number + 100} people came to see the {word}, and many of them stayed until the evening. "
        f"The works on the {word} were paid for by a levy that the council of Town{number} had voted for in March. "
        f"Visitors can walk through the {word} every day but Monday, and children pay nothing until the summer ends. "
        f"The architect, Ada Brandt, had drawn the {word} of Town{number} anew after the flood of 2019."
    )


class Place:
    """A folder with a feed, a state file and the editions of a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = FakeEngine().says(lambda prompt: "# News\n- " + prompt.document.split(". ")[0] + ".")

    def lists(self, items: Iterable[Item], name: str = "feed.xml", teasers: Iterable[int] = ()) -> None:
        """Make a feed of stories by number and date."""
        short = set(teasers)
        entries = "".join(
            f"<item><title>Story {number}</title><link>https://example.org/{number}</link>"
            f"<description>{'Read on.' if number in short else story(number)}</description>"
            + (f"<pubDate>{format_datetime(when)}</pubDate>" if when else "")
            + "</item>"
            for number, when in items
        )
        feed = f'<rss version="2.0"><channel><title>{name}</title>{entries}</channel></rss>'
        (self.folder / name).write_text(feed)

    def open(self, now: datetime, *sources: str, **wishes: object) -> pipeline.RunContext:
        config = Config(
            sources=tuple(Source(location=str(self.folder / name)) for name in sources or ("feed.xml",)),
            state=self.folder / "state.db", out=self.folder / "out", full_text=False, timezone="UTC", group=False,
            formats=("json",),
        ).with_overrides(**wishes)  # fmt: skip
        return pipeline.RunContext(config, clock=lambda: now, progress=pipeline.NoProgress(), engine=self.engine)

    def run(
        self,
        now: datetime,
        *sources: str,
        day: date | None = None,
        dies: bool = False,
        limits: Mapping[str, object] | None = None,
        **wishes: object,
    ) -> list[int]:
        """The numbers of the stories that the edition tells; where it `dies`, it is made and not written."""
        with self.open(now, *sources, **wishes, **(limits or {})) as context:
            edition, self.report = pipeline.make_edition(context, day=day)
            if edition.stories and not dies:
                pipeline.write_edition(edition, context)
        return sorted(int(one.articles[0].title.split()[1]) for one in edition.stories)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# --- the window -----------------------------------------------------------------------------------------------------


def test_an_item_between_two_runs_is_in_the_second(place: Place) -> None:
    place.lists([(1, MONDAY - 2 * HOUR)])
    assert place.run(MONDAY) == [1]
    place.lists([(2, MONDAY + HOUR), (1, MONDAY - 2 * HOUR)])
    assert place.run(MONDAY + 26.5 * HOUR) == [2]
    assert place.report.seen_before == 1
    assert place.run(MONDAY + 2 * DAY) == []


def test_crash_before_writing_marks_nothing_as_seen(place: Place) -> None:
    place.lists([(1, MONDAY - 2 * HOUR), (2, None)])
    assert place.run(MONDAY, dies=True) == [1, 2]
    assert place.run(MONDAY + 12 * HOUR) == [1, 2]
    place.lists([(1, MONDAY - 2 * HOUR), (2, None), (3, MONDAY + 13 * HOUR)])
    assert place.run(MONDAY + DAY, dies=True) == [3]
    assert place.run(MONDAY + 2 * DAY) == [3]


def test_rerun_gives_the_same_edition(place: Place) -> None:
    place.lists([(1, MONDAY - 2 * HOUR), (2, None)])
    assert place.run(MONDAY) == [1, 2]
    before = (place.folder / "out" / "2024-05-13.json").read_bytes()
    assert place.run(MONDAY) == [1, 2]
    assert (place.folder / "out" / "2024-05-13.json").read_bytes().replace(b'"cached": true', b'"cached": false') == (
        before
    )


def test_empty_edition_counts_as_a_run(place: Place) -> None:
    place.lists([(9, MONDAY - 40 * HOUR)])
    assert place.run(MONDAY) == []
    place.lists([(9, MONDAY - 40 * HOUR), (1, MONDAY + HOUR)])
    assert place.run(MONDAY + 26.5 * HOUR) == [1]  # the first run was Monday's; 9 was too old for it


def test_each_configuration_has_its_own_editions(place: Place) -> None:
    place.lists([(1, MONDAY - 2 * HOUR)])
    assert place.run(MONDAY, title="Morning") == [1]
    assert place.run(MONDAY + 12 * HOUR, title="Evening") == [1]


def test_catch_up_limits_how_far_back(place: Place) -> None:
    place.lists([(1, MONDAY)])
    place.run(MONDAY + HOUR)
    place.lists([(2, MONDAY + 2 * DAY), (3, MONDAY + 9 * DAY)])
    now = MONDAY + 10 * DAY
    assert place.run(now, dies=True) == [3]
    assert place.run(now, dies=True, catch_up="9d") == [2, 3]
    assert place.run(now, dies=True, catch_up="") == [2, 3]


def test_an_item_dated_anew_is_looked_at_again(place: Place) -> None:
    place.lists([(1, MONDAY)])
    place.run(MONDAY + HOUR)
    place.lists([(1, MONDAY + 2 * HOUR)])
    assert place.run(MONDAY + DAY) == []
    assert place.report.told_before == 1


# --- limits ---------------------------------------------------------------------------------------------------------


def test_what_a_limit_leaves_out_is_told_by_a_later_edition(place: Place) -> None:
    place.lists([(number, MONDAY - number * HOUR) for number in range(1, 6)])
    assert place.run(MONDAY, max_stories=2) == [1, 2]
    assert place.run(MONDAY + DAY, max_stories=2) == [3, 4]
    assert place.run(MONDAY + 2 * DAY, max_stories=2) == [5]


@pytest.mark.parametrize("date_", [None, MONDAY + 90 * DAY], ids=["undated", "far ahead"])
def test_an_item_without_a_valid_date_is_told_once_and_keeps_no_news_of_the_day_out(
    place: Place, date_: datetime | None
) -> None:
    place.lists([(9, date_), (1, MONDAY - 2 * HOUR)])
    assert place.run(MONDAY, max_stories=1) == [1]
    place.lists([(9, date_), (2, MONDAY + 2 * HOUR), (1, MONDAY - 2 * HOUR)])
    assert place.run(MONDAY + DAY, max_stories=1) == [2]
    assert ["impossible date" in notice.text for notice in place.report.notices] == ([True] if date_ else [])
    assert place.run(MONDAY + 2 * DAY, max_stories=1) == [9]
    for days in (3, 4, 10):
        assert place.run(MONDAY + days * DAY) == []
        assert place.run(MONDAY + days * DAY, since="7d") == []


def test_a_date_far_ahead_that_a_page_states_is_not_shown(place: Place) -> None:
    page = f"<html><head><meta name='date' content='2024-08-20'></head><body><h1>Story 3</h1><p>{story(3)}</p></body>"
    (place.folder / "page.html").write_text(page)
    with place.open(MONDAY, "page.html") as context:
        (article,) = pipeline.read(context).articles
    assert article.published is None
    with place.open(MONDAY + 100 * DAY, "page.html") as context:
        (article,) = pipeline.read(context).articles
    assert article.published == datetime(2024, 8, 20, tzinfo=UTC)


@pytest.mark.parametrize("limit", ["max_per_section", "max_per_source", "max_stories"])
def test_told_articles_count_against_no_limit(place: Place, limit: str) -> None:
    old = [(number, MONDAY - number * HOUR) for number in range(1, 4)]
    place.lists(old)
    assert place.run(MONDAY, since="7d", limits={limit: 3}) == [1, 2, 3]
    place.lists([*old, *((number, MONDAY - number * HOUR) for number in range(4, 10))])
    assert place.run(MONDAY + DAY, since="7d", limits={limit: 3}) == [4, 5, 6]
    assert place.run(MONDAY + 2 * DAY, since="7d", limits={limit: 3}) == [7, 8, 9]


@pytest.mark.parametrize("limit", ["max_per_section", "max_per_source", "max_stories"])
def test_muted_and_unreadable_articles_count_against_no_limit(place: Place, limit: str) -> None:
    place.lists([(number, MONDAY - number * HOUR) for number in range(1, 10)], teasers=[1, 3])
    assert place.run(MONDAY, mute={"words": ["Town2", "Town5"]}, limits={limit: 3}) == [4, 6, 7]
    broken = [failure.subject for failure in place.report.failures if failure.stage == "extract"]
    assert set(broken) >= {"feed.xml: Story 1", "feed.xml: Story 3"}
    assert any("over the limit" in failure.cause for failure in place.report.failures)
    # A page without an article in it is no better tomorrow.
    assert place.run(MONDAY + DAY, mute={"words": ["Town2", "Town5"]}, limits={limit: 3}) == [8, 9]
    assert not [failure for failure in place.report.failures if failure.stage == "extract"]


def test_a_limit_for_one_source_leaves_the_others_alone(place: Place) -> None:
    place.lists([(number, MONDAY - number * HOUR) for number in range(1, 5)], "a.xml")
    place.lists([(number, MONDAY - number * HOUR) for number in range(5, 9)], "b.xml")
    assert place.run(MONDAY, "a.xml", "b.xml", max_per_source=2) == [1, 2, 5, 6]
    causes = {failure.subject: failure.cause for failure in place.report.failures}
    assert causes == dict.fromkeys(("a.xml", "b.xml"), "2 articles are over the limit for one source")


def test_where_a_story_has_nothing_new_the_next_one_of_its_section_is_told(place: Place) -> None:
    place.lists([(1, MONDAY - HOUR)])
    place.run(MONDAY)
    place.lists([(1, MONDAY + HOUR), (2, MONDAY + HOUR / 2), (3, MONDAY)])
    feed = place.folder / "feed.xml"
    feed.write_text(feed.read_text().replace(story(1), f"{story(1)} Read more about the tram of Town1 here."))
    assert place.run(MONDAY + DAY, max_per_section=1, since="7d") == [2]
    assert place.report.told_before == 1


def test_failed_story_is_retried_by_the_next_edition(place: Place) -> None:
    place.lists([(1, MONDAY - HOUR), (2, MONDAY - HOUR)])
    works, place.engine = place.engine, FakeEngine().fails("out of memory", to="Town1")
    assert place.run(MONDAY, points=1) == [2]
    place.engine = works
    assert place.run(MONDAY + DAY, points=1) == [1]


# --- memory ---------------------------------------------------------------------------------------------------------


def test_future_dated_edition_keeps_history_and_is_not_the_latest(place: Place) -> None:
    place.lists([(1, MONDAY)])
    place.run(MONDAY + HOUR)
    place.lists([(2, MONDAY + 20 * HOUR)])
    assert place.run(MONDAY + DAY, day=date(2027, 5, 28)) == [2]
    place.lists([(1, MONDAY), (2, MONDAY + 20 * HOUR)])
    assert place.run(MONDAY + 2 * DAY, since="7d") == [2]
    with place.open(MONDAY + 2 * DAY) as context:
        assert pipeline.known_edition(context, None).date == date(2024, 5, 15)
        assert pipeline.shown_edition(context, None).date == date(2024, 5, 15)
        assert pipeline.shown_edition(context, date(2027, 5, 28)).date == date(2027, 5, 28)
        editions, files = pipeline.write_archive(place.folder / "site", context)
        assert (editions, files > editions) == (3, True)
        assert pipeline.write_archive(place.folder / "site", context) == (3, 0)  # what is the same is left alone
    assert "15 May 2024" in (place.folder / "site" / "atom.xml").read_text()
    with place.open(MONDAY + 1200 * DAY) as context:
        assert pipeline.known_edition(context, None).date == date(2027, 5, 28)


@pytest.mark.slow
def test_a_file_in_a_folder_is_told_once_for_as_long_as_it_lies_there(place: Place) -> None:
    (place.folder / "notes").mkdir()
    (place.folder / "notes" / "a.txt").write_text(f"Story 1\n\n{story(1)}")
    (place.folder / "notes" / "b.md").write_text(f"---\ntitle: Story 2\ndate: 2024-05-01\n---\n{story(2)}")
    told = [place.run(MONDAY + number * DAY, "notes") for number in range(20)]
    assert told == [[1, 2], *[[]] * 19]
    # Nobody looked for weeks: it lay there all the time.
    assert place.run(MONDAY + 60 * DAY, "notes") == []


def test_a_file_that_was_away_for_weeks_is_told_again(place: Place) -> None:
    (place.folder / "notes").mkdir()
    path = place.folder / "notes" / "a.txt"
    path.write_text(f"Story 1\n\n{story(1)}")
    assert place.run(MONDAY, "notes") == [1]
    path.unlink()
    place.lists([(2, MONDAY + 15 * DAY)])
    assert place.run(MONDAY + 16 * DAY, "notes", "feed.xml") == [2]
    path.write_text(f"Story 1\n\n{story(1)}")
    assert place.run(MONDAY + 17 * DAY, "notes", "feed.xml") == [1]


def test_what_changes_after_weeks_is_an_update(place: Place) -> None:
    (place.folder / "notes").mkdir()
    path = place.folder / "notes" / "a.md"
    text = f"---\ntitle: Story 1\n---\n{story(1)}"
    path.write_text(text)
    for number in range(12):
        place.run(MONDAY + number * DAY, "notes")
    path.write_text(text.replace("The tram of", "Floods closed every bridge of the county on Sunday. The tram of"))
    with place.open(MONDAY + 12 * DAY, "notes") as context:
        edition, _ = pipeline.make_edition(context)
    assert len(edition.stories) == 1


# --- one is taken away ----------------------------------------------------------------------------------------------


def test_removed_edition_is_untold_and_unseen(place: Place) -> None:
    place.lists([(1, MONDAY - HOUR)])
    place.run(MONDAY)
    with place.open(MONDAY) as context:
        key = "2024-05-13 Morning briefing"
        claim = context.store.claim_delivery((key, "ann@example.org", "mail"), MONDAY)
        context.store.put_delivery((key, "ann@example.org", "mail"), "sent", "", MONDAY, claim)
        context.store.put_delivery((key, "bob@example.org", "mail"), "deferred", "", MONDAY)
        what = pipeline.removal(context, MONDAY.date())
        assert (what.title, what.stories, len(what.deliveries)) == ("Morning briefing", 1, 2)
        assert [path.name for path in what.files] == ["2024-05-13.json"]
        assert context.store.search("Town1")
        pipeline.remove_edition(context, what)
        assert not what.files[0].exists()
        assert context.store.search("Town1") == []
        assert list(pipeline.history(context)) == []
        kept = context.store.deliveries(key)
        assert kept == [("ann@example.org", "sent")]  # nobody is sent that day's edition twice
        with pytest.raises(UsageError, match="no edition of 2024-05-13"):
            pipeline.removal(context, MONDAY.date())
    assert place.run(MONDAY + DAY) == [1]


def test_of_several_editions_of_a_day_one_is_named(place: Place) -> None:
    place.lists([(1, MONDAY - HOUR)])
    for title in ("A", "B"):
        place.run(MONDAY, title=title)
    with place.open(MONDAY) as context:
        with pytest.raises(UsageError, match="'A', 'B'"):
            pipeline.removal(context, MONDAY.date())
        what = pipeline.removal(context, MONDAY.date(), "A")
        assert what.files == ()  # the file may be B's
        pipeline.remove_edition(context, what)
        assert pipeline.removal(context, MONDAY.date()).title == "B"


def test_a_file_that_cannot_be_deleted_leaves_the_edition(place: Place) -> None:
    place.lists([(1, MONDAY - HOUR)])
    place.run(MONDAY)
    with place.open(MONDAY) as context:
        what = pipeline.removal(context, MONDAY.date())
        (file,) = what.files
        file.unlink()
        file.mkdir()  # which is deleted in another way
        with pytest.raises(OutputError, match="cannot be deleted: "):
            pipeline.remove_edition(context, what)
        file.rmdir()
        file.touch()
        assert pipeline.removal(context, MONDAY.date()) == what


def test_the_state_of_an_earlier_version_is_taken_over(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, _opened(place, patch, MIGRATIONS[:6]) as store:
        edition = json.dumps({"stories": []})
        store.query(
            "INSERT INTO editions (date, title, edition, written) VALUES ('2024-05-10', 'Morning briefing', ?,"
            " '2024-05-10T06:31:00.000000+00:00')",
            edition,
        )
        store.query("INSERT INTO told VALUES ('2024-05-10', 'Morning briefing', 'a', NULL, 'h', 'text', 's', NULL)")
    place.lists([(1, MONDAY - 50 * HOUR)])
    assert place.run(MONDAY) == [1]  # a run after the weekend, not the first one
    with _opened(place, monkeypatch, MIGRATIONS) as store:
        assert store.told_texts(date(2024, 5, 13), "Morning briefing", "a") == ["text"]


def _opened(place: Place, patch: pytest.MonkeyPatch, migrations: tuple[tuple[str, ...], ...]) -> Store:
    patch.setattr(store_module, "MIGRATIONS", migrations)
    return Store(place.folder / "state.db")
