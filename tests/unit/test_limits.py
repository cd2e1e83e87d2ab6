"""Limits on articles and stubs, the deadline for reading, and the failures that report them."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from briefing.errors import FetchError
from briefing.extract import extract_article
from briefing.fetch import Fetched, Request
from briefing.pipeline import NoProgress
from briefing.pipeline.deadline import ReadDeadline
from briefing.pipeline.limits import Limits
from briefing.pipeline.read import read_sources
from briefing.pipeline.read_result import ReadResult
from briefing.pipeline.read_session import ReadSession
from briefing.pipeline.window import Window
from briefing.types import Source, SourceKind

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
WALL = (
    "<html><body><h1>Headline of the paper</h1><p>Subscribe to continue reading. Already a subscriber? Sign in. "
    "Subscribe now for unlimited access. Cancel any time. To continue reading, become a member today.</p></body></html>"
)
LATER = "Thu, 16 May 2024 20:{0:02}:00 GMT"
EARLIER = "Thu, 16 May 2024 08:{0:02}:00 GMT"


def feed(host: str, count: int, date: str = LATER) -> str:
    one = "<item><title>Headline of the paper number {0}</title><link>{1}</link><pubDate>{2}</pubDate></item>"
    items = "".join(one.format(n, f"https://{host}/{n}", date.format(n)) for n in range(count))
    return f"<rss version='2.0'><channel><title>{host}</title>{items}</channel></rss>"


def article(url: str) -> str:
    town = f"Town{url.rpartition('/')[2]}"
    text = (
        f"The council of {town} voted on Tuesday for a tram line to the hospital of {town}, said its mayor. "
        f"About 400 people of {town} came to the town hall for it and stayed until the evening. "
    )
    return f"<html><body><article><h1>Headline of the paper of {town}</h1><p>{text * 2}</p></article></body></html>"


class GoneError(FetchError):
    """A permanent failure."""

    lasting = True


class Web:
    """An in-memory fetcher that records its requests."""

    def __init__(self, pages: dict[str, str | Callable[[str], str | None]]) -> None:
        self._pages = pages
        self.asked: list[str] = []

    def forget_unreachable(self) -> None:
        """Of the fetcher's interface; does nothing."""

    def fetch_many(self, wanted: Iterable[Request], **_: Any) -> Iterator[tuple[Request, Fetched | FetchError]]:
        for one in wanted:
            self.asked.append(one.url)
            found = next((page for place, page in self._pages.items() if one.url.startswith(place)), None)
            body = found(one.url) if callable(found) else found
            if body is None:
                yield one, GoneError(one.url, "the server answered with 404")
                continue
            kind = "application/rss+xml" if body.startswith("<rss") else "text/html"
            yield (
                one,
                Fetched(
                    url=one.url, status=200, content_type=kind, charset="utf-8", body=body.encode(), from_cache=False
                ),
            )


def reading(web: Web, places: Sequence[str], time: ReadDeadline | None = None, **limits: int) -> ReadResult:
    sources = [Source(location=place) for place in places]
    session = ReadSession(
        limits=Limits(**limits),  # type: ignore[arg-type]
        window=Window(now=NOW),
        open_fetcher=lambda: web,  # type: ignore[arg-type, return-value]
        progress=NoProgress(),
        time=time or ReadDeadline(),
    )
    return read_sources(sources, session)


def causes(found: ReadResult) -> list[str]:
    return [one.cause for one in found.failures if not one.stub]


def test_stub_counts_against_max_per_source() -> None:
    web = Web({"https://paper.example/feed": feed("paper.example", 30), "https://paper.example/": WALL})
    found = reading(web, ["https://paper.example/feed"], max_per_source=5)
    assert (len(web.asked), sum(one.stub is not None for one in found.failures)) == (6, 5)
    assert causes(found) == ["25 articles are over the limit for one source"]
    assert {one.cause for one in found.failures if one.stub} == {"it is behind a paywall"}


def test_stubs_do_not_count_against_max_stories_and_fetching_ends() -> None:
    pages: dict[str, str | Callable[[str], str | None]] = {
        "https://paper.example/feed": feed("paper.example", 30),
        "https://post.example/feed": feed("post.example", 10, EARLIER),
        "https://paper.example/": WALL,
        "https://post.example/": article,
    }
    web = Web(pages)
    found = reading(web, ["https://paper.example/feed", "https://post.example/feed"], max_stories=4)
    assert [one.source for one in found.articles] == ["post.example"] * 4
    assert sum(one.stub is not None for one in found.failures) == 4
    assert len(web.asked) == 10
    assert causes(found) == [
        "26 articles were left alone, for too many of its pages give only a headline",
        "6 articles are over the limit of 4 stories",
    ]


@pytest.mark.parametrize("limit", ["max_stories", "max_per_source"])
def test_articles_unread_at_the_deadline_are_not_reported_as_over_a_limit(limit: str) -> None:
    clock = SimpleNamespace(now=NOW)

    def gone(url: str) -> None:
        clock.now = NOW + timedelta(hours=3)

    web = Web({"https://paper.example/feed": feed("paper.example", 30), "https://paper.example/": gone})
    time = ReadDeadline(lambda now: NOW + timedelta(hours=2), lambda: clock.now)
    found = reading(web, ["https://paper.example/feed"], time, **{limit: 5})
    assert causes(found)[-1] == "25 articles were not read: the time for reading was up"
    assert not any("limit" in cause for cause in causes(found))
    assert (found.failures[-1].subject, found.failures[-1].remedy) == ("paper.example", "The next run reads it")
    assert len(found.stubs) == 2 * 5  # the items and their headlines; the others are left to the next run


def test_fetched_pages_are_left_to_the_next_run_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=NOW)
    taken: list[str] = []

    def slowly(body: bytes, **given: Any) -> Any:
        clock.now += timedelta(minutes=50)
        taken.append(given["name"])
        return extract_article(body, **given)

    monkeypatch.setattr("briefing.extract.extract_article", slowly)
    web = Web({"https://paper.example/feed": feed("paper.example", 10), "https://paper.example/": article})
    time = ReadDeadline(lambda now: NOW + timedelta(hours=2), lambda: clock.now)
    found = reading(web, ["https://paper.example/feed"], time)
    assert (len(web.asked), len(taken), len(found.articles)) == (11, 2, 2)
    assert causes(found) == ["the time for reading was up"] * 8
    assert not found.settled  # the next run reads them


def test_page_source_is_left_to_the_next_run_after_the_deadline() -> None:
    clock = SimpleNamespace(now=NOW)

    def slow(url: str) -> str:
        clock.now = NOW + timedelta(hours=2)
        return article(url)

    time = ReadDeadline(lambda now: NOW + timedelta(hours=2), lambda: clock.now)
    found = reading(Web({"https://paper.example/1": slow}), ["https://paper.example/1"], time)
    assert (found.articles, causes(found)) == ([], ["the time for reading was up"])


def test_standard_input_is_read_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Trams\n\nThe council voted 31 to 14 on Tuesday for a tram line to the hospital of the town."
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    late = ReadDeadline(lambda now: NOW, lambda: NOW + timedelta(hours=1))
    found = reading(Web({}), ["-"], late)
    assert ([one.title for one in found.articles], found.failures) == (["Trams"], [])


TEXT = (
    "The payment service answered slowly between nine and ten because a disk of the database was full, and engineers "
    "moved it to another machine where everything works again, says the operator of the service."
)
SAID_LATER = (
    "Update at noon: all customers have their money back, and a report with what was learned from it follows next week "
    "on this page, written by those who were there."
)


@pytest.mark.parametrize("guid", ["<guid isPermaLink='false'>g{0}</guid>", ""], ids=["guid", "title"])
def test_same_guid_in_two_feeds_is_one_article(tmp_path: Path, guid: str) -> None:
    def status(first: str) -> str:
        one = "<item><title>Incident {0}</title><link>https://status.example/</link>" + guid + "<description>{1}"
        said = enumerate((first, f"Another day. {TEXT}"))
        items = "".join(one.format(n, text) + "</description></item>" for n, text in said)
        return f"<rss version='2.0'><channel><title>S</title>{items}</channel></rss>"

    (tmp_path / "a.xml").write_text(status(TEXT))
    (tmp_path / "b.xml").write_text(status(SAID_LATER))
    session = ReadSession(
        limits=Limits(),
        window=Window(now=NOW),
        open_fetcher=lambda: pytest.fail("nothing is to be fetched"),
        progress=NoProgress(),
    )
    found = read_sources(
        [Source(location=str(tmp_path / name), kind=SourceKind.FEED, name=name) for name in ("a.xml", "b.xml")], session
    )
    assert [(one.source, one.title) for one in found.articles] == [("a.xml", "Incident 0"), ("a.xml", "Incident 1")]
    assert len({one.id for one in found.articles}) == 2
    assert [len(found.keys[one.id]) for one in found.articles] == [2, 2]
    assert causes(found) == ["it was found before, in another source"] * 2


LINKS = "<a href='/rss.xml'>RSS</a>"


def test_paywalled_page_is_not_replaced_by_the_feed_of_its_site() -> None:
    web = Web({"https://paper.example/rss.xml": feed("paper.example", 3), "https://paper.example/a": WALL + LINKS})
    found = reading(web, ["https://paper.example/a"])
    assert (found.articles, web.asked) == ([], ["https://paper.example/a"])
    assert causes(found) == ["it is behind a paywall"]


@pytest.mark.parametrize(("last", "articles"), [("/three.xml", 3), ("/four.xml", 0)])
def test_alternative_feed_of_a_page_is_read_if_the_first_fails(last: str, articles: int) -> None:
    names = ["/one.xml", "/comments/feed", "/two.xml", "/three.xml", "/four.xml"]
    link = "<link rel='alternate' type='application/rss+xml' href='{}'>"
    home = f"<html><head>{''.join(map(link.format, names))}</head><body>{LINKS}</body></html>"
    web = Web(
        {
            "https://paper.example/two.xml": "<html>no feed</html>",
            f"https://paper.example{last}": feed("post.example", 3),
            "https://paper.example/comments/feed": feed("post.example", 9),
            "https://post.example/": article,
            **({} if articles else {"https://paper.example/three.xml": lambda url: None}),
            **dict.fromkeys(["https://paper.example/one.xml"], lambda url: None),
            "https://paper.example/": home,
        }
    )
    found = reading(web, ["https://paper.example/"])
    assert len(found.articles) == articles
    assert (found.sources, found.unread_sources) == ((1, 0) if articles else (0, 1))
    assert web.asked[1:4] == [f"https://paper.example{name}" for name in ("/one.xml", "/two.xml", "/three.xml")]
    assert "https://paper.example/four.xml" not in web.asked
    assert len(causes(found)) == (not articles)
