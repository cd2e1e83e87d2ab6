"""A run over thirty feeds of a real server, good, bad and hostile: every good article, every bad feed by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from briefing.config import Config
from briefing.fetch import Fetcher
from briefing.pipeline import NoProgress, RunContext, make_edition, write_edition
from briefing.testing.engine import FakeEngine
from briefing.testing.server import Server
from briefing.types import Edition, FailureKind, Source, SourceKind

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
WORDS = ("harbour", "tram", "museum", "river", "school", "bridge", "forest", "castle", "market", "library")


def story(number: int) -> str:
    word = WORDS[number % 10]
    return (
        f"The {word} of Town{number} opened on Tuesday after works that took {number + 2} years, the mayor said. "
        f"About {number + 100} people came to see the {word}, and many of them stayed until the evening. "
        f"The works on the {word} were paid for by a levy that the council of Town{number} had voted for in March. "
        f"Visitors can walk through the {word} every day but Monday, and children pay nothing until the summer ends."
    )


def page(number: int) -> str:
    return (
        f"<html><head><title>Story {number} of the day</title></head><body><nav><a href='/'>Home</a></nav><article>"
        f"<h1>Story {number} of the day</h1><p>{story(number)}</p></article><footer>All rights reserved</footer>"
        "</body></html>"
    )


def rss(number: int, link: str, description: str = "A teaser.") -> str:
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed {number}</title><item>'
        f"<title>Story {number} of the day</title><link>{link}</link><description>{description}</description>"
        f"<pubDate>Thu, 16 May 2024 20:00:00 GMT</pubDate></item></channel></rss>"
    )


def atom(number: int, link: str) -> str:
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Feed {number}</title><entry><title>Story {number} of the day'
        f'</title><id>{link}</id><link href="{link}"/><updated>2024-05-16T20:00:00Z</updated></entry></feed>'
    )


def json_feed(number: int, link: str) -> str:
    item = {"id": link, "url": link, "title": f"Story {number} of the day", "date_published": "2024-05-16T20:00:00Z"}
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": f"Feed {number}", "items": [item]}
    return json.dumps(feed)


def at(server: Server, path: str) -> str:
    """The address of a path of `server`; one of another server stays as it is."""
    return path if "://" in path else server.url(path)


def context(
    server: Server, paths: list[str], folder: Path, engine: FakeEngine, days: int = 0, max_stories: int = 50
) -> RunContext:
    sources = tuple(Source(location=at(server, path), allow_local=True) for path in paths)
    # These pages are about one another's like; that is the business of other tests.
    config = Config(
        sources=sources, state=folder / "state.db", out=folder / "out", timezone="UTC", group=False,
        max_stories=max_stories,
    )  # fmt: skip
    quick = partial(
        Fetcher, connect_timeout=2, read_timeout=1, total_timeout=1.5, retries=1, backoff=0.01, gap=0.0, per_host=16
    )
    now = NOW + timedelta(days=days)
    return RunContext(config, clock=lambda: now, progress=NoProgress(), engine=engine, fetcher=quick)


def answer(prompt: object) -> str:
    lines = prompt.document.split(". ")[:3]  # type: ignore[attr-defined]
    return "# News of the day\n" + "\n".join(f"- {line.rstrip('.')}." for line in lines)


def headlines(edition: Edition) -> set[str]:
    return {one.articles[0].title for one in edition.stories}


@pytest.fixture
def silent() -> Iterator[list[Server]]:
    """Three more: a server that leaves several requests without an answer is given up, with all that is good on it."""
    with Server() as one, Server() as another, Server() as third:
        yield [one, another, third]


def test_a_list_of_feeds_is_no_source_but_can_be_imported(server: Server, tmp_path: Path) -> None:
    feeds = f'<opml version="2.0"><body><outline text="A" xmlUrl="{server.url("/feed")}"/></body></opml>'
    server.serves("/feeds", feeds, type="text/xml")
    with context(server, ["/feeds"], tmp_path, FakeEngine()) as run:
        edition, _ = make_edition(run)
    (failure,) = edition.failures
    assert (failure.subject, failure.cause) == (server.url("/feeds"), "it is a list of feeds")
    assert "`briefing sources import`" in failure.remedy


def test_the_cache_of_pages_lies_beside_the_state_file(server: Server, tmp_path: Path) -> None:
    server.serves("/feed", rss(1, server.url("/page")), type="application/rss+xml")
    server.serves("/page", page(1), type="text/html")
    with context(server, ["/feed"], tmp_path, FakeEngine().says(answer)) as run:
        assert len(make_edition(run)[0].stories) == 1
    assert (tmp_path / "state-http.db").is_file()


@pytest.mark.slow
def test_thirty_feeds_of_which_many_are_bad(server: Server, silent: list[Server], tmp_path: Path) -> None:
    good: list[str] = []
    for number in range(18):
        link = server.url(f"/page{number}")
        kind = (rss, atom, json_feed)[number % 3]
        server.serves(
            f"/feed{number}", kind(number, link), type="application/xml" if number % 3 < 2 else "application/json"
        )
        server.serves(f"/page{number}", page(number), type="text/html")
        good.append(f"/feed{number}")
    # Recovers at the second try.
    server.fails("/feed18", 503, times=1, retry_after="0")
    server.serves("/feed18", rss(18, server.url("/page18")), type="application/rss+xml")
    server.serves("/page18", page(18), type="text/html")
    # The page is gone or private, but the feed has the text.
    server.serves("/feed19", rss(19, server.url("/gone"), story(19)), type="application/rss+xml")
    server.serves("/feed20", rss(20, "http://169.254.169.254/latest", story(20)), type="application/rss+xml")
    # Malformed, but readable.
    server.serves("/feed21", rss(21, server.url("/page21")).replace("</channel></rss>", "") + "&nbsp;", type="text/xml")
    server.serves("/page21", page(21), type="text/html")
    slow, hangs, cuts = silent
    bad = {
        "/missing": "404",
        "/broken": "503",
        slow.url("/slow"): "after 1.5 seconds",
        hangs.url("/hangs"): "fell silent",
        "/bomb": "unfold",
        "/loop": "circle",
        "/meta": "169.254.169.254",
        cuts.url("/cut"): "broke before the answer was complete",
        "/html": "no article",
        "/empty": "empty",
    }
    server.fails("/broken", 503)
    slow.slow("/slow")
    hangs.hangs("/hangs")
    server.bombs("/bomb")
    server.loops("/loop")
    server.redirects("/meta", "http://169.254.169.254/latest/meta-data/")
    cuts.cuts("/cut", rss(99, server.url("/page0")), after=50)
    server.serves("/html", "<html><body><p>Not a feed and not an article.</p></body></html>", type="text/html")
    server.serves("/empty", "", type="application/rss+xml")
    paths = [*good, "/feed18", "/feed19", "/feed20", "/feed21", *bad]
    assert len(paths) == 32

    with context(server, paths, tmp_path, FakeEngine(at_once=3).says(answer)) as open_:
        edition, report = make_edition(open_)

    assert headlines(edition) == {f"Story {number} of the day" for number in range(22)}
    failed = {failure.subject: failure for failure in edition.failures if failure.kind is FailureKind.FAILED}
    assert set(failed) == {at(server, path) for path in bad}
    causes = {path: failed[at(server, path)].cause for path in bad}
    assert [(path, causes[path]) for path, reason in bad.items() if reason not in causes[path]] == []
    assert report.condensed == 22
    by_title = {one.articles[0].title: one.articles[0] for one in edition.stories}
    for number in (19, 20):
        warnings = by_title[f"Story {number} of the day"].warnings
        assert warnings == ("From the feed's text: the page could not be read.",)
    assert all("All rights reserved" not in one.articles[0].text for one in edition.stories)


@pytest.mark.slow
def test_second_run_uses_cached_summaries_and_writes_the_same_bytes(server: Server, tmp_path: Path) -> None:
    for number in range(3):
        server.serves(
            f"/feed{number}", rss(number, server.url(f"/page{number}")), type="application/rss+xml", etag='"1"'
        )
        server.serves(f"/page{number}", page(number), type="text/html", etag='"1"')
    paths = [f"/feed{number}" for number in range(3)]
    texts, asked, counted = [], [], []
    for _ in range(2):
        engine = FakeEngine().says(answer)
        with context(server, paths, tmp_path, engine) as open_:
            edition, _ = make_edition(open_)
            written = write_edition(edition, open_)
            counted.append(open_.store.counters())
        texts.append(written[0].read_bytes())
        asked.append(len(engine.asked))
    assert texts[0] == texts[1]
    assert asked[0] > 0
    assert asked[1] == 0
    assert counted[0]["engine.answer"] == asked[0]
    assert "engine.answer" not in counted[1]
    assert counted[1]["summary.hit"] == 3
    assert [seen.headers.get("if-none-match") for seen in server.seen("/feed0")] == [None, '"1"']


def test_local_addresses_are_refused_unless_the_reader_allowed_them(server: Server, tmp_path: Path) -> None:
    server.serves("/feed", rss(1, server.url("/page")), type="application/rss+xml")
    config = Config(sources=(Source(location=server.url("/feed")),), state=tmp_path / "state.db")
    with RunContext(config, clock=lambda: NOW, progress=NoProgress(), engine=FakeEngine()) as open_:
        edition, _ = make_edition(open_)
    assert edition.stories == ()
    assert "--allow-local" in edition.failures[0].remedy
    assert server.requests == []


def test_a_link_to_a_private_address_is_refused_without_advice_that_does_not_help(
    server: Server, tmp_path: Path
) -> None:
    with Server() as other:
        server.serves("/feed", rss(1, other.url("/page")), type="application/rss+xml")
        config = Config(sources=(Source(location=server.url("/feed"), allow_local=True),), state=tmp_path / "state.db")
        with RunContext(config, clock=lambda: NOW, progress=NoProgress(), engine=FakeEngine()) as open_:
            edition, _ = make_edition(open_)
        assert other.requests == []
    (failure,) = edition.failures
    assert "not an address on the public internet" in failure.cause
    assert failure.remedy.startswith("What a source links or redirects to may never be local")


def test_a_feed_may_not_lead_to_another_local_server(server: Server, tmp_path: Path) -> None:
    with Server() as secret:
        secret.serves("/admin", page(7), type="text/html")
        server.serves("/feed", rss(7, secret.url("/admin")), type="application/rss+xml")
        with context(server, ["/feed"], tmp_path, FakeEngine()) as open_:
            edition, _ = make_edition(open_)
        assert edition.stories == ()
        assert secret.requests == []


def home(kind: str, feed: str = "") -> str:
    """A home page, and the feed that it names in a head that nothing ends."""
    bodies = {
        "links": "".join(f"<li><a href='/s{i}'>Story number {i}</a></li>" for i in range(60)),
        "teasers": "".join(
            f"<h2><a href='/s{i}'>Story {i} of the day</a></h2><p>{story(i)[:150]}</p>" for i in range(5)
        ),
        "latest": f"<article><h1><a href='/s1'>Story 1 of the day</a></h1><p>{story(1)}</p></article>",
    }
    link = f"<link rel='alternate' type='application/rss+xml' href='{feed}'>" if feed else ""
    return f"<!doctype html><html><head><title>The Post</title>{link}<body><main>{bodies[kind]}</main></html>"


@pytest.mark.parametrize("path", ["/", "/news"])
@pytest.mark.parametrize("kind", ["links", "teasers"])
def test_home_page_is_replaced_by_its_feed(server: Server, tmp_path: Path, kind: str, path: str) -> None:
    server.serves(path, home(kind, "/feed"), type="text/html")
    server.serves("/feed", rss(4, server.url("/page4")), type="application/rss+xml")
    server.serves("/page4", page(4), type="text/html")
    with context(server, [path], tmp_path, FakeEngine().says(answer)) as open_:
        edition, _ = make_edition(open_)
    assert headlines(edition) == {"Story 4 of the day"}


def test_site_root_is_read_as_its_feed_unless_kind_is_page(server: Server, tmp_path: Path) -> None:
    server.serves("/", home("latest", "/feed"), type="text/html")
    server.serves("/feed", rss(4, server.url("/page4")), type="application/rss+xml")
    server.serves("/page4", page(4), type="text/html")
    told = []
    for kind in (SourceKind.AUTO, SourceKind.PAGE):
        source = Source(location=server.url("/"), kind=kind, allow_local=True)
        config = Config(sources=(source,), state=tmp_path / f"{kind}.db", timezone="UTC")
        with RunContext(config, clock=lambda: NOW, progress=NoProgress(), engine=FakeEngine().says(answer)) as open_:
            told.append(headlines(make_edition(open_)[0]))
    assert told == [{"Story 4 of the day"}, {"Story 1 of the day"}]


@pytest.mark.parametrize("kind", ["links", "teasers"])
def test_home_page_without_a_feed_is_reported(server: Server, tmp_path: Path, kind: str) -> None:
    server.serves("/", home(kind), type="text/html")
    with context(server, ["/"], tmp_path, FakeEngine()) as open_:
        edition, _ = make_edition(open_)
    assert edition.stories == ()
    (failure,) = edition.failures
    assert "not an article" in failure.cause
    assert "feed" in failure.remedy


def test_feed_source_that_serves_a_page_fails(server: Server, tmp_path: Path) -> None:
    server.serves("/", home("latest", "/feed"), type="text/html")
    server.serves("/feed", home("latest", "/feed"), type="text/html")
    with context(server, ["/"], tmp_path, FakeEngine()) as open_:
        edition, _ = make_edition(open_)
    assert edition.stories == ()
    assert [failure.cause for failure in edition.failures] == ["it is a web page, not a feed (“The Post”)"]
    assert [seen.path for seen in server.requests] == ["/", "/feed"]


def test_old_and_duplicate_articles_are_skipped(server: Server, tmp_path: Path) -> None:
    old = rss(1, server.url("/page1")).replace("16 May 2024", "1 May 2024")
    server.serves("/old", old, type="application/rss+xml")
    for path in ("/a", "/b"):
        server.serves(path, rss(2, server.url("/page2")), type="application/rss+xml")
    server.serves("/page2", page(2), type="text/html")
    with context(server, ["/old", "/a", "/b"], tmp_path, FakeEngine().says(answer)) as open_:
        edition, _ = make_edition(open_)
    assert headlines(edition) == {"Story 2 of the day"}
    assert {failure.kind for failure in edition.failures} == {FailureKind.SKIPPED}
    assert len(edition.failures) == 2


@pytest.mark.slow
@pytest.mark.parametrize("second", ["down", "quiet"])
def test_feed_names_and_summaries_are_stable_when_one_feed_has_nothing_new(
    server: Server, tmp_path: Path, second: str
) -> None:
    for number in range(2):
        feed = rss(number, server.url(f"/page{number}")).replace(f"<title>Feed {number}</title>", "<title>News</title>")
        server.serves(f"/feed{number}", feed, type="application/rss+xml")
        server.serves(f"/page{number}", page(number), type="text/html")
    told, asked = [], []
    for _ in range(2):
        engine = FakeEngine().says(answer)
        with context(server, ["/feed0", "/feed1"], tmp_path, engine) as open_:
            edition, _ = make_edition(open_)
            write_edition(edition, open_)
        told.append({story.articles[0].title: story.articles[0].source for story in edition.stories})
        asked.append(len(engine.asked))
        if second == "down":
            server.fails("/feed1", 503)
        else:
            server.serves("/feed1", '<rss version="2.0"><channel><title>News</title></channel></rss>')
    host = server.url("/").removeprefix("http://").rstrip("/")
    assert told[0] == {f"Story {number} of the day": f"News ({host}/feed{number})" for number in range(2)}
    assert told[1]["Story 0 of the day"] == told[0]["Story 0 of the day"]
    assert asked[1] == 0


@pytest.mark.slow
def test_failed_fetch_is_retried_by_the_next_edition_and_counts_against_no_limit(
    server: Server, tmp_path: Path
) -> None:
    for number in range(4):
        server.serves(f"/feed{number}", rss(number, server.url(f"/page{number}")), type="application/rss+xml")
    server.fails("/page0", 500, times=2)  # once more after the first try
    server.serves("/page0", page(0), type="text/html")
    server.fails("/page1", 404)
    for number in (2, 3):
        server.serves(f"/page{number}", page(number), type="text/html")
    paths = [f"/feed{number}" for number in range(4)]
    told, failed = [], []
    for days in range(2):
        with context(server, paths, tmp_path, FakeEngine().says(answer), days=days, max_stories=2) as open_:
            edition, _ = make_edition(open_)
            write_edition(edition, open_)
        told.append(headlines(edition))
        failed.append(sum(failure.stage == "fetch" for failure in edition.failures))
    assert told == [{"Story 2 of the day", "Story 3 of the day"}, {"Story 0 of the day"}]
    assert failed == [2, 0]  # what is gone for good is named once


def test_unreachable_site_is_not_tried_for_every_item(server: Server, tmp_path: Path) -> None:
    for number in range(9):
        server.serves(f"/feed{number}", rss(number, server.url(f"/down{number}")), type="application/rss+xml")
        server.fails(f"/down{number}", 500)
    paths = [f"/feed{number}" for number in range(9)]
    with context(server, paths, tmp_path, FakeEngine(), max_stories=2) as open_:
        edition, _ = make_edition(open_)
    assert edition.stories == ()
    assert len({seen.path for seen in server.requests if seen.path.startswith("/down")}) <= 6


def test_canonical_url_merges_two_links(server: Server, tmp_path: Path) -> None:
    def says_it_is(address: str, number: int) -> str:
        return page(number).replace("<head>", f'<head><link rel="canonical" href="{address}">')

    for path, number, link in (("/a", 2, "/story"), ("/b", 2, "/story?from=b"), ("/c", 3, "/other")):
        server.serves(path, rss(number, server.url(link)), type="application/rss+xml")
    server.serves("/story", says_it_is("/story", 2), type="text/html")
    server.serves("/story?from=b", says_it_is("/story", 2), type="text/html")
    server.serves("/other", says_it_is("/story", 3), type="text/html")  # a site that is wrong about its pages
    with context(server, ["/a", "/b", "/c"], tmp_path, FakeEngine().says(answer)) as open_:
        edition, _ = make_edition(open_)
    assert headlines(edition) == {"Story 2 of the day", "Story 3 of the day"}
    assert ["found before" in failure.cause for failure in edition.failures] == [True]


@pytest.mark.slow
def test_real_feeds_become_an_edition(server: Server, tmp_path: Path, shared_data: Path) -> None:
    """Feeds of real outlets, captured; their pages are out of reach, so the feeds' own text stands in."""
    files = sorted((shared_data / "feeds" / "real").iterdir())[:30]
    for number, file in enumerate(files):
        server.serves(f"/real{number}", file.read_bytes(), type="application/xml")
    sources = tuple(Source(location=server.url(f"/real{n}"), allow_local=True) for n in range(len(files)))
    config = Config(
        sources=sources,
        state=tmp_path / "state.db",
        since=None,
        full_text=False,
        max_stories=200,
        timezone="UTC",
        pictures="none",
    )
    with RunContext(config, clock=lambda: NOW, progress=NoProgress(), engine=FakeEngine(at_once=4)) as open_:
        edition, report = make_edition(open_)
    assert report.sources == len(files)
    assert len(edition.stories) > 50
    assert all(failure.cause for failure in edition.failures)
