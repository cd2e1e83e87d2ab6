"""A fortnight of mornings, as a timer starts them: each item in one edition, each letter once, exit codes as told.

Every run is a process of its own over a real web server and a real mail server; only its clock is set.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from briefing import pipeline
from briefing.config import Config
from briefing.errors import ExitCode
from briefing.testing.server import Server
from briefing.types import Source

from ..conftest import Cli
from .conftest import Opener, PostOffice, mail_table, told

BERLIN = ZoneInfo("Europe/Berlin")
READERS = ("ann@example.org", "ben@example.org")

SETTINGS = """title = "Morning"
timezone = "Europe/Berlin"
engine = "extractive"
formats = ["json"]
full_text = false
group = false
wait = ""
state = "state.db"
"""

KILLED = """
import os, signal, sys
from datetime import datetime

import briefing.pipeline
import briefing.store
from briefing.cli import main

now, dies = datetime.fromisoformat(sys.argv.pop(1)), sys.argv.pop(1)
briefing.pipeline.utc_now = lambda: now
setattr(briefing.store.Store, dies, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
main()
"""
STORIES = dict(
    line.split(": ", 1)
    for line in (Path(__file__).parents[1] / "data" / "fortnight" / "stories.txt").read_text("utf-8").splitlines()
)
"""What happened, by the place where it did."""


def at(day: int, time: str, month: int = 3) -> datetime:
    """A moment of 2026 in Berlin, in UTC. The clocks go forward on 29 March."""
    hour, minute = map(int, time.split(":"))
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


@dataclass(frozen=True)
class Item:
    """Of the feed: what it is called, the date it bears, and when the feed begins to list it."""

    place: str
    dated: datetime | None
    listed: datetime
    day_only: bool = False

    def entry(self) -> str:
        dated = self.dated.replace(hour=0, minute=0) if self.dated and self.day_only else self.dated
        stamp = f"<pubDate>{format_datetime(dated)}</pubDate>" if dated else ""
        what = f"<title>{self.place}</title><description>{STORIES[self.place]}</description>"
        return f"<item><link>https://example.org/{self.place}</link>{what}{stamp}</item>"


def usual(place: str, when: datetime) -> Item:
    """Listed as it is dated."""
    return Item(place, when, when)


NEWS = (
    usual("harbour", at(19, "20:00")),
    usual("tram", at(20, "07:30")),  # an hour after Friday's run
    usual("museum", at(21, "12:00")),
    Item("river", at(22, "12:00"), at(22, "12:00"), day_only=True),
    usual("school", at(23, "07:00")),
    usual("bridge", at(23, "22:00")),
    Item("forest", at(22, "18:00"), at(24, "10:00")),  # enters the feed a day and a half late
    usual("castle", at(24, "20:00")),
    usual("market", at(25, "12:00")),
    Item("library", None, at(26, "12:00")),
    usual("airport", at(28, "23:00")),
    usual("stadium", at(29, "01:30")),  # half an hour before the clocks change
    usual("hospital", at(29, "03:30")),
    usual("theatre", at(29, "06:40")),
    usual("lighthouse", at(30, "23:00")),
    usual("monastery", at(31, "12:00")),
    usual("observatory", at(1, "23:59", month=4)),
)


@dataclass
class Desk:
    """The machine on which the runs are: a folder, a feed that changes, a mail server."""

    folder: Path
    office: PostOffice
    port: int
    cli: Cli
    ended: list[int] = field(default_factory=list)

    def configure(self) -> None:
        (self.folder / "briefing.toml").write_text(
            f"{SETTINGS}allow_local = true\n{mail_table(self.office.port, *READERS)}"
            f'[[sources]]\nurl = "http://127.0.0.1:{self.port}/feed.xml"\nname = "Marlow Times"\n'
        )

    def morning(self, now: datetime, *, online: bool = True, dies: str = "") -> str:
        """Run as the timer does, or be killed at a method of the store; what it says on standard error."""
        with ExitStack() as stack:
            if online:
                server = stack.enter_context(Server(self.port))
                entries = "".join(item.entry() for item in reversed(NEWS) if item.listed <= now)
                feed = f'<rss version="2.0"><channel><title>Marlow</title>{entries}</channel></rss>'
                server.serves("/feed.xml", feed, type="application/rss+xml")
            if dies:
                command = [sys.executable, "-W", "error", "-c", KILLED, now.isoformat(), dies, "run", "--send"]
                done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
            else:
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(pipeline, "utc_now", lambda: now)
                    done = self.cli("run", "--send")
        self.ended.append(done.returncode)
        assert "mistake in briefing" not in done.stderr, done.stderr
        return done.stderr

    def editions(self) -> dict[date, list[str]]:
        """What each edition tells, by its date."""
        return {
            date.fromisoformat(file.stem): told(file.read_text("utf-8"))
            for file in sorted(self.folder.glob("briefings/*.json"))
        }


@pytest.fixture
def desk(tmp_path: Path, post_office: Opener, cli: Cli) -> Desk:
    with Server() as free:
        port = free.port
    found = Desk(tmp_path, post_office(), port, cli)
    found.configure()
    return found


@pytest.mark.posix
@pytest.mark.slow
def test_a_fortnight_of_runs(desk: Desk) -> None:
    offline, put_off = int(ExitCode.OFFLINE), int(ExitCode.LETTERS_WAIT)
    desk.morning(at(20, "06:30"))
    desk.morning(at(23, "08:55"))  # nobody was there at the weekend
    assert "the server refused the connection" in desk.morning(at(24, "06:30"), online=False)
    desk.morning(at(24, "11:00"))  # the laptop is online again
    desk.morning(at(25, "06:30"), dies="put_edition")
    desk.morning(at(25, "06:45"))  # what systemd does with a run that was killed
    desk.office.refuse["ben@example.org"] = ["451 4.7.1 greylisted"]
    assert "Not sent to ben@example.org yet" in desk.morning(at(26, "06:31"))
    assert "2026-03-26: Sent to ben@example.org" in desk.morning(at(27, "06:30"))
    assert "Nothing is new" in desk.morning(at(28, "06:30"))
    desk.morning(at(29, "06:30"))  # an hour less since yesterday
    desk.morning(at(30, "06:41"))
    desk.morning(at(1, "07:15", month=4))  # the day before was skipped
    desk.morning(at(2, "06:30", month=4))
    desk.morning(at(2, "06:50", month=4))  # and by hand once more

    assert desk.ended == [0, 0, offline, 0, -signal.SIGKILL, 0, put_off, 0, 0, 0, 0, 0, 0, 0]
    editions = desk.editions()
    assert editions == {
        date(2026, 3, 20): ["harbour"],
        date(2026, 3, 23): ["museum", "river", "school", "tram"],
        date(2026, 3, 24): ["bridge", "forest"],
        date(2026, 3, 25): ["castle"],
        date(2026, 3, 26): ["market"],
        date(2026, 3, 27): ["library"],
        date(2026, 3, 29): ["airport", "hospital", "stadium"],
        date(2026, 3, 30): ["theatre"],
        date(2026, 4, 1): ["lighthouse", "monastery"],
        date(2026, 4, 2): ["observatory"],
    }
    assert sorted(name for names in editions.values() for name in names) == sorted(item.place for item in NEWS)

    letters = [(to, message_from_bytes(data)) for to, data in desk.office.got]
    assert Counter(to for to, _ in letters) == dict.fromkeys(READERS, len(editions))
    assert len({message["Message-ID"] for _, message in letters}) == len(letters)
    for day, names in editions.items():
        letter = next(message for to, message in letters if to == READERS[0] and names[0] in message.as_string())
        assert parsedate_to_datetime(letter["Date"]).date() == day


# --- a real feed ----------------------------------------------------------------------------------------------------


def snapshots(folder: Path, outlet: str) -> Iterable[tuple[datetime, Path]]:
    """The captures of an outlet's feed, one a morning, and when they were made."""
    for file in sorted(folder.glob(f"*__{outlet}.xml")):
        taken = datetime.strptime(file.name.split("__")[0], "%Y-%m-%dT%H").replace(tzinfo=UTC)
        if taken.hour >= 12:
            yield taken + timedelta(minutes=59), file


@pytest.mark.slow
def test_each_item_of_a_week_of_a_real_feed_is_in_one_edition(shared_data: Path, tmp_path: Path) -> None:
    from briefing.sources import read_feed

    editions: list[set[str]] = []
    listed: dict[str, set[str]] = {}  # an outlet may change its titles
    failed: list[str] = []
    begun: datetime | None = None
    for now, file in snapshots(shared_data / "feeds" / "snapshots", "npr"):
        config = Config(
            sources=(Source(location=str(file)),), state=tmp_path / "state.db", engine="extractive", full_text=False,
            timezone="America/New_York", group=False, max_stories=0, title="NPR", pictures="none",
        )  # fmt: skip
        begun = begun or now - timedelta(hours=24)
        for item in read_feed(file.read_bytes(), now=now, subject=file.name).items:
            if item.url and item.published and item.published >= begun:
                listed.setdefault(item.url, set()).add(item.title)
        with pipeline.RunContext(config, clock=lambda now=now: now, progress=pipeline.NoProgress()) as context:  # type: ignore[misc]
            edition, report = pipeline.make_edition(context)
            pipeline.remember_edition(edition, context)
        failed += [str(failure) for failure in report.failures if "teaser" in failure.cause]
        editions.append({article.url or "" for story in edition.stories for article in story.articles})
    counted = Counter(url for urls in editions for url in urls)
    assert len(editions) >= 5
    assert len(counted) > 30
    assert {url: times for url, times in counted.items() if times > 1} == {}
    # What is in none is named: the feed has no more than a teaser of it.
    missing = [titles for url, titles in listed.items() if url not in counted]
    assert [titles for titles in missing if not any(title in one for title in titles for one in failed)] == []


@pytest.mark.slow
def test_two_runs_a_day_over_a_real_feed_lose_and_repeat_nothing(shared_data: Path, tmp_path: Path) -> None:
    days: dict[date, list[Path]] = {}
    for file in sorted((shared_data / "feeds" / "snapshots").glob("*__npr.xml")):
        taken = datetime.strptime(file.name.split("__")[0], "%Y-%m-%dT%H").replace(tzinfo=UTC)
        days.setdefault(taken.date(), []).append(file)
    if sum(len(files) > 1 for files in days.values()) < 2:
        pytest.skip("there are no two captures a day")
    told: dict[date, set[str]] = {}
    with Server() as web:
        for day, files in days.items():
            for file in files:
                taken = datetime.strptime(file.name.split("__")[0], "%Y-%m-%dT%H").replace(tzinfo=UTC)
                now = taken + timedelta(minutes=59)
                web.serves("/feed.xml", file.read_bytes(), type="application/rss+xml")
                config = Config(
                    sources=(Source(location=web.url("/feed.xml"), allow_local=True),), state=tmp_path / "state.db",
                    engine="extractive", full_text=False, timezone="UTC", group=False, max_stories=12, title="NPR",
                    pictures="none", wait=None,
                )  # fmt: skip
                with pipeline.RunContext(config, clock=lambda now=now: now, progress=pipeline.NoProgress()) as context:  # type: ignore[misc]
                    edition, _ = pipeline.make_edition(context, day=day)
                    pipeline.remember_edition(edition, context)
                urls = [article.url or "" for story in edition.stories for article in story.articles]
                assert len(urls) == len(set(urls))
                assert told.get(day, set()) <= set(urls)  # what the first run told is there
                told[day] = set(urls)
    counted = Counter(url for urls in told.values() for url in urls)
    assert len(counted) > 30
    assert {url for url, times in counted.items() if times > 1} == set()
