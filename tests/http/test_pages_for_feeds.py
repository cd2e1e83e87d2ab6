"""A feed's address that answers with a web page: never a story, and the page's feed where it names the one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from briefing.config import Config
from briefing.fetch import Fetcher
from briefing.pipeline import NoProgress, RunContext, check_sources, read
from briefing.pipeline.read_result import ReadResult
from briefing.testing.server import ReceivedRequest, Server
from briefing.types import FailureKind, Source, SourceKind

from ..conftest import Cli

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
TEXT = (
    "The harbour of the town opened on Tuesday after works that took three years, the mayor said. About 100 people "
    "came to see it, and many of them stayed until the evening. The works were paid for by a levy that the council had "
    "voted for in March. Visitors can walk along the quay every day but Monday, and children pay nothing until May."
)
PARKED = (
    "<html><head><title>notes.example can be bought</title>{}</head><body><h1>This name is offered</h1><p>The owner of "
    "this name has let it lapse, and it rests with its registrar until somebody makes an offer for it.</p><p>{}</p>"
).format("{}", TEXT)


def feed(number: int = 1) -> str:
    return (
        f"<rss version='2.0'><channel><title>Notes</title><item><title>Harbour opens {number}</title>"
        f"<guid>{number}</guid><description>{TEXT} {number}</description>"
        "<pubDate>Thu, 16 May 2024 20:00:00 GMT</pubDate></item></channel></rss>"
    )


def link(href: str, title: str = "Notes", kind: str = "application/rss+xml") -> str:
    return f'<link rel="alternate" type="{kind}" title="{title}" href="{href}">'


def reading(folder: Path, *sources: Source, days: int = 0) -> ReadResult:
    config = Config(
        sources=tuple(replace(source, allow_local=True) for source in sources), state=folder / "state.db",
        since=None, timezone="UTC", full_text=False,
    )  # fmt: skip
    quick = partial(Fetcher, retries=0, gap=0.0)
    now = NOW + timedelta(days=days)
    with RunContext(config, clock=lambda: now, progress=NoProgress(), fetcher=quick) as context:
        return read(context)


def titles(result: ReadResult) -> list[str]:
    return [article.title for article in result.articles]


def causes(result: ReadResult, kind: FailureKind = FailureKind.FAILED) -> Sequence[str]:
    return [failure.cause for failure in result.failures if failure.kind is kind]


def test_a_page_at_the_address_of_a_feed_is_an_error_with_its_title(server: Server, tmp_path: Path) -> None:
    server.redirects("/feed.xml", "/parked")
    server.serves("/parked", PARKED.format(""))
    result = reading(tmp_path, Source(location=server.url("/feed.xml"), kind=SourceKind.FEED))
    assert titles(result) == []
    assert causes(result) == ["it is a web page, not a feed (“notes.example can be bought”)"]


def test_the_title_of_a_page_in_place_of_a_feed_is_read_in_its_encoding(server: Server, tmp_path: Path) -> None:
    page = f"<meta charset=windows-1251>{PARKED.format('').replace('notes.example', 'Новости')}"
    server.serves("/feed.xml", page.encode("cp1251"), type="text/html")
    result = reading(tmp_path, Source(location=server.url("/feed.xml"), kind=SourceKind.FEED))
    assert causes(result) == ["it is a web page, not a feed (“Новости can be bought”)"]


def test_a_page_at_an_address_that_is_named_like_a_feed_is_no_article(server: Server, tmp_path: Path) -> None:
    for path in ("/feed.xml", "/news.rss", "/feed/", "/atom.xml", "/all.rdf"):
        server.serves(path, PARKED.format(""))
        result = reading(tmp_path, Source(location=server.url(path)))
        assert titles(result) == []
        assert "not a feed" in causes(result)[0]


def test_a_page_at_an_address_of_unknown_kind_is_an_article(server: Server, tmp_path: Path) -> None:
    server.serves("/harbour", PARKED.format(""))
    assert len(titles(reading(tmp_path, Source(location=server.url("/harbour"))))) == 1


def test_what_was_a_feed_and_is_a_page_is_an_error(server: Server, tmp_path: Path) -> None:
    source = Source(location=server.url("/harbour"))
    server.serves("/harbour", feed(), type="text/xml", times=1)
    server.serves("/harbour", PARKED.format(""))
    assert titles(reading(tmp_path, source)) == ["Harbour opens 1"]
    later = reading(tmp_path, source, days=1)
    assert titles(later) == []
    assert "not a feed" in causes(later)[0]


def test_a_home_page_that_named_a_feed_stays_a_home_page(server: Server, tmp_path: Path) -> None:
    source = Source(location=server.url("/"))
    server.serves("/", PARKED.format(link("/one.xml")), times=1)
    server.serves("/", PARKED.format(link("/one.xml") + link("/two.xml")))
    server.serves("/one.xml", feed(), type="text/xml", times=1)
    server.serves("/one.xml", feed(2), type="text/xml")
    assert titles(reading(tmp_path, source)) == ["Harbour opens 1"]
    assert titles(reading(tmp_path, source, days=1)) == ["Harbour opens 2"]


def test_the_one_feed_that_a_page_names_is_read_and_said(server: Server, tmp_path: Path) -> None:
    server.serves("/old.xml", PARKED.format(link("/new.xml")))
    server.serves("/new.xml", feed(), type="text/xml")
    result = reading(tmp_path, Source(location=server.url("/old.xml"), kind=SourceKind.FEED))
    assert titles(result) == ["Harbour opens 1"]
    assert result.failures == []
    (notice,) = result.notices
    assert notice.subject == server.url("/old.xml")
    assert f"now at {server.url('/new.xml')}" in notice.text
    assert "configuration" in notice.remedy


@pytest.mark.parametrize(
    "comments", [link("/comments/feed/"), link("/x", "Notes » Comments Feed"), link("/y", "Kommentar-Feed")]
)
def test_a_feed_of_comments_is_no_second_feed(server: Server, tmp_path: Path, comments: str) -> None:
    server.serves("/old.xml", PARKED.format(link("/new.xml") + comments))
    server.serves("/new.xml", feed(), type="text/xml")
    result = reading(tmp_path, Source(location=server.url("/old.xml"), kind=SourceKind.FEED))
    assert titles(result) == ["Harbour opens 1"]


@pytest.mark.parametrize(
    ("named", "remedy"),
    [
        (link("/one.xml") + link("/two.xml"), "the first of 2"),
        (link("http://localhost:1/feed"), "It names the feed http://localhost:1/feed;"),
        (link("/comments/feed/"), "Open it in a browser"),
    ],
    ids=["two feeds", "another site's", "comments alone"],
)
def test_other_feeds_of_a_page_are_named_and_not_read(server: Server, tmp_path: Path, named: str, remedy: str) -> None:
    server.serves("/old.xml", PARKED.format(named))
    for path in ("/one.xml", "/two.xml", "/comments/feed/"):
        server.serves(path, feed(), type="text/xml")
    result = reading(tmp_path, Source(location=server.url("/old.xml"), kind=SourceKind.FEED))
    assert titles(result) == []
    assert remedy in result.failures[0].remedy
    assert [seen.path for seen in server.requests] == ["/old.xml"]


def test_a_named_feed_that_is_a_page_again_is_an_error(server: Server, tmp_path: Path) -> None:
    server.serves("/old.xml", PARKED.format(link("/new.xml")))
    server.serves("/new.xml", PARKED.format(link("/newer.xml")))
    server.serves("/newer.xml", feed(), type="text/xml")
    result = reading(tmp_path, Source(location=server.url("/old.xml"), kind=SourceKind.FEED))
    assert titles(result) == []
    assert [seen.path for seen in server.requests] == ["/old.xml", "/new.xml"]


def test_a_page_that_names_itself_is_asked_again_for_its_feed(server: Server, tmp_path: Path) -> None:
    def answer(request: ReceivedRequest) -> tuple[int, str, bytes]:
        if "text/html" in request.headers["accept"]:
            return 200, "text/html", PARKED.format(link("/news")).encode()
        return 200, "application/rss+xml", feed().encode()

    server.replies("/news", answer)
    result = reading(tmp_path, Source(location=server.url("/news"), kind=SourceKind.FEED))
    assert (titles(result), result.failures) == (["Harbour opens 1"], [])
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (SourceKind.AUTO, "application/atom+xml"),
        (SourceKind.FEED, "application/atom+xml"),
        (SourceKind.PAGE, "text/html"),
    ],
)
def test_feeds_are_asked_for_unless_a_page_is_wanted(
    server: Server, tmp_path: Path, kind: SourceKind, first: str
) -> None:
    server.serves("/x", feed(), type="text/xml")
    reading(tmp_path, Source(location=server.url("/x"), kind=kind))
    assert server.requests[0].headers["accept"].split(",")[0] == first


def test_pages_of_items_are_asked_for_as_pages(server: Server, tmp_path: Path) -> None:
    item = f"<item><title>Harbour opens</title><link>{server.url('/board meeting|1.html')}</link></item>"
    server.serves("/f", f"<rss version='2.0'><channel><title>N</title>{item}</channel></rss>", type="text/xml")
    server.serves("/board%20meeting|1.html", f"<h1>Harbour opens</h1><p>{TEXT}</p>")
    config = Config(
        sources=(Source(location=server.url("/f"), allow_local=True),),
        state=tmp_path / "s.db",
        since=None,
        timezone="UTC",
    )
    with RunContext(config, clock=lambda: NOW, progress=NoProgress(), fetcher=partial(Fetcher, gap=0.0)) as context:
        (article,) = read(context).articles
    assert article.url == server.url("/board%20meeting|1.html")
    assert server.seen("/board%20meeting|1.html")[0].headers["accept"].startswith("text/html")


def test_summarise_asks_for_the_page_of_an_article(server: Server, cli: Cli) -> None:
    """Some sites have the feed of its comments at the address of an article."""
    page = f"<html><head><title>Harbour opens</title></head><body><article><p>{TEXT}</p><p>{TEXT}</p></article>"

    def answer(request: ReceivedRequest) -> tuple[int, str, bytes]:
        if request.headers["accept"].startswith("text/html"):
            return 200, "text/html", page.encode()
        return 200, "application/rss+xml", feed().encode()

    server.replies("/story", answer)
    done = cli("summarise", server.url("/story"), "--engine", "extractive", "--allow-local")
    assert done.returncode == 0, done.stderr
    assert "Harbour opens\n" in done.stdout


@pytest.mark.parametrize(
    ("body", "cause"),
    [("Too many requests, slow down please. " * 30, "neither RSS"), ('{"error": "too many requests"}', "no JSON Feed")],
    ids=["text", "JSON"],
)
def test_a_notice_in_place_of_a_feed_is_an_error(server: Server, tmp_path: Path, body: str, cause: str) -> None:
    server.serves("/notes", feed(), type="text/xml", times=1)
    server.serves("/notes", body, type="text/plain")
    server.serves("/notes.rss", body, type="text/plain")
    reading(tmp_path, Source(location=server.url("/notes")))
    for source in (
        Source(location=server.url("/notes")),
        Source(location=server.url("/notes.rss")),
        Source(location=server.url("/notes.rss"), kind=SourceKind.FEED),
    ):
        result = reading(tmp_path, source, days=1)
        assert titles(result) == []
        assert cause in causes(result)[0]


def test_check_says_where_the_feed_is_now_and_makes_no_state_file(server: Server, tmp_path: Path) -> None:
    server.serves("/old.xml", PARKED.format(link("/new.xml")))
    server.serves("/new.xml", feed(), type="text/xml")
    server.serves("/harbour", PARKED.format(""))
    sources = tuple(Source(location=server.url(path), allow_local=True) for path in ("/old.xml", "/harbour"))
    config = Config(sources=(replace(sources[0], kind=SourceKind.FEED), sources[1]), state=tmp_path / "state.db")
    with RunContext(config, clock=lambda: NOW, progress=NoProgress(), fetcher=partial(Fetcher, gap=0.0)) as context:
        moved, page = check_sources(context)
    assert (moved.articles, moved.failures) == (1, ())
    assert "now at" in moved.notices[0].text
    assert (page.articles, page.notices) == (1, ())
    assert not (tmp_path / "state.db").exists()


def test_run_and_check_print_where_the_feed_is_now(server: Server, cli: Cli, tmp_path: Path) -> None:
    server.serves("/old.xml", PARKED.format(link("/new.xml")))
    server.serves("/new.xml", feed(), type="text/xml")
    (tmp_path / "briefing.toml").write_text(
        f"[[sources]]\nurl = '{server.url('/old.xml')}'\nkind = 'feed'\nallow_local = true\n", "utf-8"
    )
    said = f"the feed that it names was read, now at {server.url('/new.xml')}. Put this address into the configuration."
    done = cli("run", "--engine", "extractive", "--since", "", "--format", "text")
    assert done.returncode == 0, done.stderr
    assert f"Warning: {server.url('/old.xml')}: it is a web page, not a feed; {said}\n" in done.stderr
    assert "Skipped" not in done.stderr
    assert "Not used" not in done.stderr
    done = cli("sources", "check")
    assert done.returncode == 0, done.stderr
    assert f"\nwarning\t{server.url('/old.xml')}\tit is a web page, not a feed; {said}\n" in done.stdout
