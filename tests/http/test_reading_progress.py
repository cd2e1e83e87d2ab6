"""What is said of sources while they are read, and how many were."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from briefing.config import Config
from briefing.pipeline import NoProgress, RunContext, read
from briefing.pipeline.read_result import ReadResult
from briefing.testing.engine import FakeEngine
from briefing.testing.server import Server
from briefing.types import Source

from ..conftest import Cli
from ..factories import STORY

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
FEED = '<rss version="2.0"><channel><title>Feed</title><item><title>A</title><link>{0}</link></item></channel></rss>'


class Listener(NoProgress):
    """Keeps what is in hand, and how much of each stage is done."""

    def __init__(self) -> None:
        self.in_hand: list[str] = []
        self.begun: list[str] = []
        self.done: dict[str, list[int]] = {}
        self._stage = ""

    def expect(self, *, known: int, seconds: float | None) -> None:
        raise AssertionError("nothing is condensed here")

    def stage(self, name: str, total: int) -> None:
        assert self.in_hand == []
        self._stage = name
        self.done[name] = [0, total]

    def begin(self, subject: str) -> None:
        self.in_hand.append(subject)
        self.begun.append(subject)

    def step(self, subject: str, amount: int = 1) -> None:
        self.in_hand.remove(subject)
        self.done[self._stage][0] += amount


def read_with(listener: Listener, tmp_path: Path, *locations: str) -> ReadResult:
    sources = tuple(Source(location=location, allow_local=True) for location in locations)
    config = Config(sources=sources, since=None, state=tmp_path / "state.db", timezone="UTC")
    with RunContext(config, clock=lambda: NOW, progress=listener, engine=FakeEngine()) as context:
        return read(context)


def test_sources_and_articles_are_in_hand_until_they_are_read(server: Server, tmp_path: Path) -> None:
    server.serves("/feed", FEED.format(server.url("/a")), type="application/rss+xml")
    server.serves("/a", f"<html><title>A</title><article><p>{STORY}</p></article>", type="text/html")
    server.serves(
        "/", '<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head>', type="text/html"
    )
    (tmp_path / "story.txt").write_text(STORY)
    listener = Listener()
    result = read_with(listener, tmp_path, server.url("/"), server.url("/gone"), str(tmp_path / "story.txt"))
    assert len(result.articles) == 2
    assert {server.url("/"), server.url("/gone"), server.url("/feed"), "A"} <= set(listener.begun)
    assert listener.in_hand == []
    assert listener.done == {"read": [3, 3], "fetch": [1, 1]}  # a page and the feed that it names are one source


def test_sources_that_failed_do_not_count_as_read(server: Server, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text(STORY)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "good.txt").write_text(STORY.replace("tram", "ferry"))
    (tmp_path / "folder" / "empty.txt").write_text("")
    (tmp_path / "list.opml").write_text("<opml")
    named = ["story.txt", "folder", "list.opml", "gone.txt", server.url("/gone")]
    sources = [word for location in named for word in ("--source", location)]
    done = cli("run", *sources, "--allow-local", "--engine", "extractive")
    assert "Sources   2 of 6 read\n" in done.stderr
    assert "Sources   1 read\n" in cli("run", *sources[:2], "--engine", "extractive").stderr
