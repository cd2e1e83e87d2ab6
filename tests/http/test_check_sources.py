"""`check_sources` reports what a run would read, without fetching the pages behind items."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from briefing.config import Config
from briefing.fetch import Fetcher
from briefing.pipeline import NoProgress, RunContext, check_sources, found_in, read
from briefing.testing.engine import FakeEngine
from briefing.testing.server import Server
from briefing.types import Source

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
TEXT = (
    "The harbour of the town opened on Tuesday after works that took three years, the mayor said. About 100 people "
    "came to see it, and many of them stayed until the evening. The works were paid for by a levy that the council had "
    "voted for in March. Visitors can walk along the quay every day but Monday, and children pay nothing until May."
)


@pytest.fixture
def server(server: Server) -> Server:
    for number in range(5):
        page = f"<html><title>Story {number}</title><article><h1>Story {number}</h1><p>{TEXT} {number}</p></article>"
        server.serves(f"/{number}", page, type="text/html")
    server.serves("/headlines", feed(server, ""), type="application/rss+xml")
    server.serves("/whole", feed(server, TEXT), type="application/rss+xml")
    return server


def feed(server: Server, text: str) -> str:
    one = "<item><title>Story {0}</title><link>{1}</link><description>{2}</description></item>"
    items = "".join(one.format(number, server.url(f"/{number}"), text) for number in range(5))
    return f'<rss version="2.0"><channel><title>Feed</title>{items}</channel></rss>'


def context(config: Config, folder: Path) -> RunContext:
    config = replace(config, state=folder / "state.db", allow_local=True, since=None, timezone="UTC")
    quick = partial(Fetcher, connect_timeout=2, read_timeout=1, total_timeout=1.5, retries=0, gap=0.0, per_host=16)
    return RunContext(config, clock=lambda: NOW, progress=NoProgress(), engine=FakeEngine(), fetcher=quick)


@pytest.mark.parametrize(
    ("path", "full_text", "run_reads", "said"),
    [
        ("/headlines", True, 5, []),
        ("/headlines", False, 0, ["5 of its 5 items have too little text without the page behind"]),
        ("/whole", False, 5, []),
    ],
)
def test_a_check_counts_the_items_of_a_feed_and_fetches_no_page(
    server: Server, tmp_path: Path, path: str, full_text: bool, run_reads: int, said: list[str]
) -> None:
    config = Config(sources=(Source(location=server.url(path)),), full_text=full_text)
    with context(config, tmp_path) as opened:
        (checked,) = check_sources(opened)
        assert [seen.path for seen in server.requests] == ["/robots.txt", path][-len(server.requests) :]
        run = read(opened)
    assert (checked.articles, checked.title, checked.failures) == (5, "Feed", ())
    assert [notice.text for notice in checked.notices] == said
    assert len(run.articles) == run_reads


def test_a_check_knows_neither_a_time_span_nor_limits(server: Server, tmp_path: Path) -> None:
    one = "<item><title>Story {0}</title><link>{1}</link><pubDate>{2}</pubDate></item>"
    dates = ("Fri, 17 May 2024 06:10:00 GMT", "Mon, 13 May 2024 06:10:00 GMT", "Mon, 13 May 2019 06:10:00 GMT")
    items = "".join(one.format(number, server.url(f"/{number}"), date) for number, date in enumerate(dates))
    server.serves("/old", f"<rss version='2.0'><channel>{items}</channel></rss>", type="application/rss+xml")
    source = Source(location=server.url("/old"), max_articles=1, mute=("Story",))
    with context(Config(sources=(source,), max_articles=1, max_per_source=1), tmp_path) as opened:
        opened.config = replace(opened.config, since=timedelta(hours=1))
        (checked,) = check_sources(opened)
    assert (checked.articles, checked.newest) == (3, datetime(2024, 5, 17, 6, 10, tzinfo=UTC))


def test_failures_within_a_list_are_named_beside_its_articles(server: Server, tmp_path: Path) -> None:
    places = "\n".join(map(server.url, ("/headlines", "/gone", "/0")))
    (tmp_path / "list.txt").write_text(f"{places}\n")
    config = Config(sources=(Source(location=str(tmp_path / "list.txt")), Source(location=str(tmp_path / "none.opml"))))
    with context(config, tmp_path) as opened:
        found, missing = check_sources(opened)
        run = read(opened)
    # The page is one of those that the feed lists.
    assert (found.articles, [failure.subject for failure in found.failures]) == (5, [server.url("/gone")])
    assert len(run.articles) == found.articles
    assert (missing.articles, [failure.subject for failure in missing.failures]) == (0, [str(tmp_path / "none.opml")])


def test_duplicates_in_a_feed_count_once(server: Server, tmp_path: Path) -> None:
    one = "<item><title>Story {0}</title><link>{1}</link><guid isPermaLink='false'>{0}</guid></item>"
    items = "".join(one.format(number, server.url(f"/{number}")) for number in (0, 1, 0, 1, 2))
    server.serves("/twice", f"<rss version='2.0'><channel>{items}</channel></rss>", type="application/rss+xml")
    with context(Config(sources=(Source(location=server.url("/twice")),)), tmp_path) as opened:
        (checked,) = check_sources(opened)
        assert checked.articles == len(read(opened).articles) == 3


@pytest.mark.parametrize("kind", ["another program's", "of an earlier version", "damaged"])
def test_a_check_neither_changes_nor_needs_the_state_file(server: Server, tmp_path: Path, kind: str) -> None:
    state = tmp_path / "state.db"
    config = Config(sources=(Source(location=server.url("/0")),))
    with context(config, tmp_path) as opened:
        read(opened)
    if kind == "damaged":
        state.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    else:
        with closing(sqlite3.connect(state)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA user_version = 1" if "version" in kind else "PRAGMA application_id = 7")
            connection.commit()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if "http" not in path.name}
    with context(config, tmp_path) as opened:
        (checked,) = check_sources(opened)
    assert (checked.articles, checked.failures) == (1, ())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if "http" not in path.name} == before


def test_a_host_that_answers_without_tls_alone_is_found_so(server: Server, tmp_path: Path) -> None:
    at = server.url("/whole").replace("127.0.0.1", "news.example")
    source = Source(location=at.replace("http:", "https:"), name="News")
    with context(Config(), tmp_path) as opened:
        opened.__dict__["fetcher"] = Fetcher(retries=0, gap=0.0, resolver=lambda host, port: ["127.0.0.1"])
        found, checked = found_in(source, opened, plain=at)
        assert (found.location, found.name, checked.articles) == (at, "News", 5)
        lost = at.replace("/whole", "/gone")
        found, checked = found_in(replace(source, location=lost.replace("http:", "https:")), opened, plain=lost)
        assert (found.location, checked.works) == (lost.replace("http:", "https:"), False)
        opened.fetcher.close()
