"""The deadline for reading: what is not read by then is reported, and read by the next run."""

from __future__ import annotations

import mailbox
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from briefing.config import Config
from briefing.fetch import Fetcher
from briefing.pipeline import NoProgress, Report, RunContext, make_edition, write_edition
from briefing.pipeline.deadline import ReadDeadline
from briefing.testing.engine import FakeEngine
from briefing.testing.server import ReceivedRequest, Server
from briefing.types import Edition, Source

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
TOWNS = ("Marlow", "Ashby", "Corton")
LATE = "the time for reading was up"


def story(town: str) -> str:
    return (
        f"The harbour of {town} opened on Tuesday after works that took three years, the mayor of {town} said. About "
        f"400 people of {town} came to see it, and many of them stayed until the evening. "
    ) * 2


class Morning:
    """A run's clock, which a server can advance."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder, self.now = server, folder, NOW

    def passes(self, path: str, body: str, by: timedelta) -> None:
        """Advance the clock when `path` is requested."""

        def reply(seen: ReceivedRequest) -> tuple[int, str, bytes]:
            self.now += by
            return 200, "text/xml", body.encode()

        self.server.replies(path, reply)

    def run(self, *places: str | Path, **settings: Any) -> tuple[Edition, Report]:
        sources = tuple(Source(location=str(place), allow_local=True) for place in places)
        config = Config(
            sources=sources, state=self.folder / "state.db", out=self.folder / "out", timezone="UTC", group=False
        ).with_overrides(**settings)
        fetcher = partial(Fetcher, retries=0, gap=0.0, proxies={})
        with RunContext(
            config, clock=lambda: self.now, progress=NoProgress(), engine=FakeEngine(), fetcher=fetcher
        ) as context:
            edition, report = make_edition(context)
            if edition.stories:
                write_edition(edition, context)
            return edition, report


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Morning]:
    with Server() as server:
        yield Morning(server, tmp_path)


def titles(edition: Edition) -> list[str]:
    return sorted(one.articles[0].title for one in edition.stories)


def feed(server: Server, text: Callable[[str], str]) -> str:
    items = "".join(
        f"<item><title>{town} opens</title><link>{server.url('/' + town)}</link><description>{text(town)}</description>"
        f"<pubDate>17 May 2024 04:00 GMT</pubDate></item>"
        for town in TOWNS
    )
    return f'<rss version="2.0"><channel><title>Post</title>{items}</channel></rss>'


def test_late_pages_are_reported_and_read_by_the_next_run(morning: Morning) -> None:
    server = morning.server
    for town in TOWNS:
        server.serves(f"/{town}", f"<h1>{town} opens</h1><p>{story(town)}</p>")
    morning.passes("/feed", feed(server, lambda town: "A teaser."), timedelta(minutes=6))
    edition, report = morning.run(server.url("/feed"), budget="10m")
    assert edition.stories == ()
    late = [(f"Post: {town} opens", f"{server.url('/' + town)}: {LATE}") for town in TOWNS]
    assert [(one.subject, one.cause) for one in report.failures] == late
    assert len(server.requests) == 1
    edition, report = morning.run(server.url("/feed"))
    assert titles(edition) == [f"{town} opens" for town in sorted(TOWNS)]
    assert report.seen_before == 0


def test_hanging_page_is_bounded_by_the_deadline(morning: Morning) -> None:
    server = morning.server
    server.serves("/feed", feed(server, lambda town: "A teaser."), type="text/xml")
    for town in TOWNS:
        server.hangs(f"/{town}")

    class Ending(Fetcher):
        """Advance the clock by half a minute without waiting."""

        def fetch_many(self, requests: Any, workers: int = 8, *, within: float = math.inf) -> Any:
            return super().fetch_many(requests, workers, within=within / 300 if morning.server.requests else within)

    config = Config(
        sources=(Source(location=server.url("/feed"), allow_local=True),), state=morning.folder / "state.db",
        budget=timedelta(minutes=1), timezone="UTC",
    )  # fmt: skip
    fetcher = partial(Ending, gap=0.0, proxies={})
    with RunContext(config, clock=lambda: NOW, progress=NoProgress(), engine=FakeEngine(), fetcher=fetcher) as context:
        _, report = make_edition(context)
    assert [one.cause for one in report.failures] == [f"{server.url('/' + town)}: {LATE}" for town in TOWNS]


@pytest.mark.slow
def test_feed_text_replaces_a_late_page_until_the_next_edition(morning: Morning) -> None:
    server = morning.server
    for town in TOWNS:
        server.serves(f"/{town}", f"<h1>{town} opens</h1><p>{story(town)}</p><p>Children of {town} pay nothing.</p>")
    morning.passes("/feed", feed(server, story), timedelta(minutes=6))
    edition, report = morning.run(server.url("/feed"), budget="10m")
    assert titles(edition) == [f"{town} opens" for town in sorted(TOWNS)]
    assert report.failures == ()
    warnings = {warning for one in edition.stories for warning in one.articles[0].warnings}
    assert warnings == {"From the feed's text: the page could not be read."}
    morning.now = NOW + timedelta(days=1)
    _, report = morning.run(server.url("/feed"))
    assert report.seen_before == 0
    assert [len(server.seen(f"/{town}")) for town in TOWNS] == [1, 1, 1]
    morning.now = NOW + timedelta(days=2)
    _, report = morning.run(server.url("/feed"))
    assert report.seen_before == 3


def test_deadline_applies_to_files_folders_and_mailboxes(morning: Morning, tmp_path: Path) -> None:
    morning.passes("/feed", feed(morning.server, lambda town: "A teaser."), timedelta(minutes=6))
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "one.txt").write_text(f"Tram line opens\n\n{story('Ashby')}")
    (tmp_path / "two.txt").write_text(f"Bridge closes\n\n{story('Corton')}")
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["Date"] = "Harbour", "a@example.org", "Fri, 17 May 2024 04:00:00 +0000"
    letter.set_content(story("Marlow"))
    box = mailbox.mbox(tmp_path / "letters.mbox")
    box.add(letter)
    box.close()
    places = [folder, tmp_path / "two.txt", tmp_path / "letters.mbox"]
    _, report = morning.run(morning.server.url("/feed"), *places, budget="10m", full_text=False)
    late = [one.subject for one in report.failures if one.cause == LATE]
    assert late == [str(place) for place in places]
    edition, _ = morning.run(*places)
    assert titles(edition) == ["Bridge closes", "Harbour", "Tram line opens"]


@pytest.mark.parametrize("settings", [{}, {"deadline": "07:00"}, {"budget": "20m"}])
def test_enough_time_changes_nothing(morning: Morning, settings: dict[str, str]) -> None:
    server = morning.server
    for town in TOWNS:
        server.serves(f"/{town}", f"<h1>{town} opens</h1><p>{story(town)}</p>")
    morning.passes("/feed", feed(server, lambda town: "A teaser."), timedelta(minutes=6))
    edition, report = morning.run(server.url("/feed"), **settings)
    assert (len(edition.stories), report.failures) == (3, ())


def test_each_attempt_has_half_of_the_remaining_time() -> None:
    now = NOW
    time = ReadDeadline(lambda begun: NOW + timedelta(minutes=10), lambda: now)
    assert time.left == math.inf
    time.begin(now)
    assert (time.left, time.up) == (300, False)
    now += timedelta(minutes=6)
    assert (time.left, time.up) == (-60, True)
    time.begin(now)
    assert (time.left, time.up) == (120, False)
