"""A run that begins offline waits for the network. The servers are real, the time is simulated."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from briefing.config import Config
from briefing.fetch import Fetcher
from briefing.pipeline import NoProgress, Report, RunContext, make_edition, remember_edition
from briefing.store import Store
from briefing.testing.engine import FakeEngine
from briefing.testing.server import Server
from briefing.types import Edition, Source

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
STORY = (
    "The harbour of Marlow opened on Tuesday after works that took three years, the mayor said. About 400 people came "
    "to see it, and many of them stayed until the evening. The works were paid for by a levy that the council had "
    "voted for in March. Visitors can walk along the quay every day, and children pay nothing until the summer ends."
)
ITEM = f"<item><title>{{}}</title><description>{STORY}</description><pubDate>{{}} GMT</pubDate></item>"
FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>Marlow Post</title>'
    f"{ITEM.format('Harbour opens', '17 May 2024 04:00')}</channel></rss>"
)


class Night:
    """An offline machine: records messages and sleeps of a run; a callback may run during a sleep."""

    def __init__(self) -> None:
        self.now = NOW
        self.pauses: list[float] = []
        self.said: list[str] = []
        self.then: Callable[[int], None] = lambda _: None

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.then(len(self.pauses))

    def progress(self) -> NoProgress:
        progress = NoProgress()
        progress.say = self.said.append  # type: ignore[method-assign, assignment]
        return progress


@pytest.fixture
def night(monkeypatch: pytest.MonkeyPatch) -> Night:
    monkeypatch.setenv("NO_PROXY", "*")
    return Night()


@pytest.fixture
def port() -> int:
    """A port without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def run(
    night: Night, folder: Path, *sources: str, day: date | None = None, **settings: object
) -> tuple[Edition, Report]:
    config = Config(
        sources=tuple(Source(location=one, allow_local=True) for one in sources), state=folder / "state.db",
        out=folder / "out", timezone="UTC", repeat=True,
    ).with_overrides(**settings)  # fmt: skip
    quick = partial(Fetcher, retries=0, backoff=0.01, gap=0.0)
    with RunContext(
        config,
        clock=lambda: night.now,
        progress=night.progress(),
        engine=FakeEngine(),
        fetcher=quick,
        sleep=night.sleep,
    ) as context:
        edition, report = make_edition(context, day=day)
        if edition.stories:
            remember_edition(edition, context)
        return edition, report


def titles(edition: Edition) -> list[str]:
    return [story.articles[0].title for story in edition.stories]


def test_run_continues_once_online(night: Night, tmp_path: Path, port: int) -> None:
    servers: list[Server] = []

    def wakes(count: int) -> None:
        if count == 3:
            servers.append(Server(port))
            servers[0].serves("/feed.xml", FEED, type="application/rss+xml")

    night.then = wakes
    try:
        edition, report = run(night, tmp_path, f"http://127.0.0.1:{port}/feed.xml")
    finally:
        for server in servers:
            server.close()
    assert night.pauses == [5, 10, 20]
    assert titles(edition) == ["Harbour opens"]
    assert (report.failures, report.sources, report.offline) == ((), 1, False)
    assert len(night.said) == 3
    assert "refused the connection" in night.said[0]
    assert "Trying again in 5 seconds; 10 minutes of waiting left" in night.said[0]


@pytest.mark.parametrize("day", [None, date(2024, 5, 17)])
@pytest.mark.parametrize("ends", [{"deadline": "07:00"}, {"budget": "10m"}])
def test_day_is_taken_anew_after_a_suspend(
    night: Night, tmp_path: Path, port: int, day: date | None, ends: dict[str, Any]
) -> None:
    servers: list[Server] = []
    later = FEED.replace("</channel>", ITEM.format("Tram line opens", "18 May 2024 06:00") + "</channel>")

    def wakes(count: int) -> None:
        night.now = NOW + timedelta(days=1, hours=2)
        servers.append(Server(port))
        servers[0].serves("/feed.xml", later, type="application/rss+xml")

    night.then = wakes
    (tmp_path / "story.txt").write_text("Bridge closes\n\n" + STORY.replace("harbour", "bridge"))
    try:
        sources = f"http://127.0.0.1:{port}/feed.xml", str(tmp_path / "story.txt")
        edition, report = run(night, tmp_path, *sources, day=day, since="24h", group=False, **ends)
    finally:
        for server in servers:
            server.close()
    assert edition.date == (day or date(2024, 5, 18))
    # Neither in the future nor too old by the clock of the day on which the network was there.
    assert sorted(titles(edition)) == ["Bridge closes", "Tram line opens"]
    assert (report.brief, report.sources) == (0, 2)


def test_wait_ends_after_ten_minutes_and_local_sources_are_told(night: Night, tmp_path: Path, port: int) -> None:
    (tmp_path / "story.txt").write_text(f"Harbour opens\n\n{STORY}")
    away = f"http://127.0.0.1:{port}/feed.xml"
    edition, report = run(night, tmp_path, away, f"{away}?2", str(tmp_path / "story.txt"))
    assert sum(night.pauses) == 600
    assert night.pauses[:-1] == sorted(night.pauses[:-1])
    assert max(night.pauses) == 120
    assert titles(edition) == ["Harbour opens"]
    assert report.offline
    assert [failure.subject for failure in report.failures] == [away, f"{away}?2"]
    assert (report.sources, report.unread_sources) == (1, 2)


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ({"wait": "90m"}, 5400),
        ({"wait": timedelta(seconds=7)}, 7),
        ({"wait": ""}, 0),
        ({"budget": "4m"}, 120),  # half of the time is for the edition
        ({"deadline": "06:34"}, 120),
        ({"offline": True}, 0),
    ],
)
def test_longest_wait(night: Night, tmp_path: Path, port: int, settings: dict[str, Any], seconds: float) -> None:
    _, report = run(night, tmp_path, f"http://127.0.0.1:{port}/feed.xml", **settings)
    assert sum(night.pauses) == seconds
    assert report.offline is not bool(settings.get("offline"))


def test_an_offline_day_without_an_edition_stays_open_for_the_next_run(night: Night, tmp_path: Path, port: int) -> None:
    place = f"http://127.0.0.1:{port}/feed.xml"
    night.now = NOW - timedelta(days=2)
    with Server(port) as server:
        server.serves("/feed.xml", FEED.replace("17 May", "15 May"), type="application/rss+xml")
        assert titles(run(night, tmp_path, place, repeat=False)[0]) == ["Harbour opens"]
    night.now = NOW - timedelta(minutes=30)
    edition, report = run(night, tmp_path, place, repeat=False)
    assert (edition.stories, report.offline) == ((), True)
    with Store(tmp_path / "state.db") as store:
        assert store.begun(NOW.date(), edition.title)[0] is None
    night.now = NOW
    with Server(port) as server:
        text = "The library of Benton lends tools since Monday, and half of the town has borrowed a ladder by now. " * 3
        missed = FEED.replace(STORY, text).replace("Harbour opens", "Ladders lent").replace("17 May", "16 May")
        server.serves("/feed.xml", missed, type="application/rss+xml")
        assert titles(run(night, tmp_path, place, repeat=False)[0]) == ["Ladders lent"]


def test_any_answer_of_a_server_counts_as_online(night: Night, tmp_path: Path, port: int) -> None:
    with Server() as server:
        server.fails("/gone.xml", 404)
        _, report = run(night, tmp_path, f"http://127.0.0.1:{port}/feed.xml", server.url("/gone.xml"))
    assert night.pauses == []
    assert not report.offline


def test_blocked_address_does_not_count_as_offline(night: Night, tmp_path: Path) -> None:
    with Server() as server:
        config = Config(sources=(Source(location=server.url("/feed.xml")),), state=tmp_path / "state.db")
        with RunContext(
            config, clock=lambda: NOW, progress=night.progress(), engine=FakeEngine(), sleep=night.sleep
        ) as context:
            _, report = make_edition(context)
    assert "not an address on the public internet" in report.failures[0].cause
    assert night.pauses == []


def test_cached_answer_does_not_count_as_online(night: Night, tmp_path: Path, port: int) -> None:
    with Server() as server:
        place = server.url("/feed.xml")
        headers = {"Cache-Control": "max-age=3600"}
        server.serves("/feed.xml", FEED, type="application/rss+xml", headers=headers)
        run(night, tmp_path, place)
    assert night.pauses == []
    edition, report = run(night, tmp_path, place, f"http://127.0.0.1:{port}/feed.xml")
    assert sum(night.pauses) == 600
    assert report.offline
    assert titles(edition) == ["Harbour opens"]


def test_unreachable_server_beside_a_cached_answer_is_not_offline(night: Night, tmp_path: Path, port: int) -> None:
    with Server() as server:
        headers = {"Cache-Control": "max-age=3600"}
        server.serves("/feed.xml", FEED, type="application/rss+xml", headers=headers, etag='"1"')
        for asked in (1, 2):
            _, report = run(night, tmp_path, server.url("/feed.xml"), f"http://127.0.0.1:{port}/feed.xml")
            assert (night.pauses, report.offline) == ([], False)
            assert len(server.seen("/feed.xml")) == asked
        # Nothing is in doubt, so that nobody is asked.
        _, report = run(night, tmp_path, server.url("/feed.xml"))
        assert len(server.seen("/feed.xml")) == 2


def test_seen_before_is_counted_once_over_all_attempts(night: Night, tmp_path: Path, port: int) -> None:
    with Server() as server:
        place = server.url("/feed.xml")
        headers = {"Cache-Control": "max-age=3600"}
        server.serves("/feed.xml", FEED, type="application/rss+xml", headers=headers)
        run(night, tmp_path, place)
    night.now += timedelta(days=1)
    _, report = run(night, tmp_path, place, f"http://127.0.0.1:{port}/feed.xml")
    assert len(night.pauses) > 2
    assert (report.offline, report.seen_before) == (True, 1)


def test_not_modified_counts_as_online(night: Night, tmp_path: Path, port: int) -> None:
    with Server() as server:
        server.serves("/feed.xml", FEED, type="application/rss+xml", etag='"1"')
        for _ in range(2):
            _, report = run(night, tmp_path, server.url("/feed.xml"), f"http://127.0.0.1:{port}/feed.xml")
            assert not report.offline
        assert len(server.seen("/feed.xml")) == 2
    assert night.pauses == []


@pytest.mark.posix
def test_mail_server_is_retried_and_its_password_command_run_once(night: Night, tmp_path: Path, port: int) -> None:
    command = tmp_path / "my-pass"
    command.write_text(f"#!/bin/sh\necho asked >>{tmp_path}/asked\necho s3cret\n")
    command.chmod(0o755)
    box = Source(location=f"imap://ann@127.0.0.1:{port}/INBOX", password_command=str(command))
    config = Config(sources=(box,), state=tmp_path / "state.db")
    with RunContext(
        config, clock=lambda: NOW, progress=night.progress(), engine=FakeEngine(), sleep=night.sleep
    ) as context:
        _, report = make_edition(context)
    assert sum(night.pauses) == 600
    assert report.offline
    assert (tmp_path / "asked").read_text() == "asked\n"
