"""Items that share one address, within a feed and across feeds."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

import pytest

from briefing.config import Config
from briefing.nlp.text import fingerprint
from briefing.pipeline import NoProgress, RunContext, make_edition, write_edition
from briefing.pipeline.candidates import identities, item_keys
from briefing.testing.engine import FakeEngine
from briefing.testing.server import Server
from briefing.types import Edition, FeedItem, Source

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
THINGS = ("mail", "storage", "payments", "search", "maps")


@dataclass(frozen=True)
class Incident:
    """An item of a status page's feed."""

    number: int
    date: str = "Thu, 16 May 2024 {hour}:00:00 GMT"
    guid: str = "tag:status.example,{number}"
    title: str = "Errors in {thing}"
    text: str = (
        "Between nine and ten o'clock {share} of a hundred requests to {thing} in the data centre of Town{number} "
        "ended in an error. An engineer found a worn cable behind the {thing} cabinet and replaced it within the hour."
    )

    def written(self, link: str) -> str:
        fields = {
            "number": self.number,
            "link": link,
            "thing": THINGS[self.number],
            "hour": 10 + self.number,
            "share": self.number + 20,
        }
        date = f"<pubDate>{self.date.format(**fields)}</pubDate>" if self.date else ""
        guid = f"<guid isPermaLink='false'>{self.guid.format(**fields)}</guid>" if self.guid else ""
        return (
            f"<item><title>{self.title.format(**fields)}</title><link>{link}</link>{guid}{date}"
            f"<description>{escape(self.text.format(**fields))}</description></item>"
        )


def rss(link: str, incidents: Sequence[Incident], title: str = "Status") -> str:
    """Newest first, as feeds have it."""
    items = "".join(one.written(link) for one in sorted(incidents, key=lambda one: -one.number))
    return f'<rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>'


@pytest.fixture
def server(server: Server) -> Server:
    server.serves(
        "/status", "<html><body><h1>Status</h1><p>All systems work. " + "Nothing is wrong. " * 30, type="text/html"
    )
    return server


def edition_of(server: Server, paths: Sequence[str], folder: Path, day: int = 0, *, full_text: bool = True) -> Edition:
    sources = tuple(Source(location=server.url(path), allow_local=True) for path in paths)
    config = Config(
        sources=sources, state=folder / "state.db", out=folder / "out", timezone="UTC", group=False, full_text=full_text
    )
    now = NOW + timedelta(days=day)
    with RunContext(config, clock=lambda: now, progress=NoProgress(), engine=FakeEngine()) as open_:
        edition, _ = make_edition(open_)
        write_edition(edition, open_)
        return edition


def told(edition: Edition) -> list[str]:
    return sorted(story.articles[0].title for story in edition.stories)


def causes(edition: Edition) -> list[str]:
    return [failure.cause for failure in edition.failures]


UNLIKE = {
    "own dates": Incident(0),
    "one date": Incident(0, date="Thu, 16 May 2024 09:00:00 GMT"),
    "no date": Incident(0, date=""),
    "no guid": Incident(0, guid=""),
    "guid is the link": Incident(0, guid="{link}"),
    "neither": Incident(0, guid="", date=""),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", UNLIKE.values(), ids=UNLIKE.keys())
def test_incidents_with_one_url_are_separate_articles(server: Server, tmp_path: Path, kind: Incident) -> None:
    incidents = [replace(kind, number=number) for number in range(5)]
    for most in (3, 4, 5, 5):
        server.serves("/feed", rss(server.url("/status"), incidents[:most]), type="application/rss+xml", times=1)
    days = [edition_of(server, ["/feed"], tmp_path, day) for day in range(4)]
    titles = [f"Errors in {thing}" for thing in THINGS]
    assert [told(edition) for edition in days] == [sorted(titles[:3]), [titles[3]], [titles[4]], []]
    assert not any("found before" in cause for edition in days for cause in causes(edition))
    first = days[0].stories[0].articles[0]
    assert (first.url, first.warnings) == (server.url("/status"), ())
    assert "worn cable" in first.text
    assert server.seen("/status") == []  # the page is none of theirs


def test_live_blog_posts_with_one_title_and_url_are_separate_articles(server: Server, tmp_path: Path) -> None:
    posts = [Incident(number, title="Live updates") for number in range(3)]
    server.serves("/feed", rss(server.url("/live"), posts), type="application/rss+xml")
    edition = edition_of(server, ["/feed"], tmp_path)
    assert told(edition) == ["Live updates"] * 3
    assert len({story.articles[0].text for story in edition.stories}) == 3


def test_teasers_with_one_url_become_its_page(server: Server, tmp_path: Path) -> None:
    posts = [Incident(number, text="Resolved.") for number in range(3)]
    server.serves("/feed", rss(server.url("/status"), posts), type="application/rss+xml")
    edition = edition_of(server, ["/feed"], tmp_path)
    (story,) = edition.stories
    assert "Nothing is wrong." in story.articles[0].text
    assert causes(edition) == ["it was found before, in the same source"] * 2


@pytest.mark.slow
def test_two_feeds_of_a_status_page_are_deduplicated(server: Server, tmp_path: Path) -> None:
    incidents = [Incident(number) for number in range(3)]
    others = [replace(one, guid="https://status.example/incidents/{number}") for one in incidents]
    server.serves("/rss", rss(server.url("/status"), incidents), type="application/rss+xml")
    server.serves("/atom", rss(server.url("/status"), others), type="application/rss+xml")
    edition = edition_of(server, ["/rss", "/atom"], tmp_path)
    assert told(edition) == sorted(f"Errors in {thing}" for thing in THINGS[:3])
    assert causes(edition) == ["it was found before, in another source"] * 3
    assert edition_of(server, ["/rss", "/atom"], tmp_path, 1).stories == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("other", "both"),
    [
        (Incident(1), True),
        (Incident(0, guid="x"), False),
        (Incident(0, guid="x", title="Errors in mail | The Status"), False),
        (Incident(0, guid="x", title="A cable was worn"), False),
        (Incident(0, guid="x", text="A summary by somebody else, of more words than a mere teaser, which says that "
        "on Thursday a cable broke and that it was then replaced by an engineer of the firm."), False),
    ],
    ids=["other title and text", "same", "longer title", "same text", "same title"],
)  # fmt: skip
def test_feeds_are_deduplicated_by_url_with_title_or_text(
    server: Server, tmp_path: Path, other: Incident, both: bool
) -> None:
    server.serves("/a", rss(server.url("/status"), [Incident(0)], "A"), type="application/rss+xml")
    server.serves("/b", rss(server.url("/status?utm_source=b"), [other], "B"), type="application/rss+xml")
    edition = edition_of(server, ["/a", "/b"], tmp_path, full_text=False)
    assert len(edition.stories) == 1 + both
    assert len({story.articles[0].id for story in edition.stories}) == 1 + both
    assert edition_of(server, ["/a", "/b"], tmp_path, 1, full_text=False).stories == ()


@pytest.mark.slow
def test_new_title_for_a_page_is_not_another_article(server: Server, tmp_path: Path) -> None:
    server.serves("/a", rss(server.url("/status"), [Incident(0)], "A"), type="application/rss+xml")
    renamed = Incident(1, title="What others call it", text="Comments")
    server.serves("/b", rss(server.url("/status"), [renamed], "B"), type="application/rss+xml")
    edition = edition_of(server, ["/a", "/b"], tmp_path)
    assert told(edition) == ["Errors in mail"]
    assert causes(edition) == ["it was found before, in another source"]
    assert edition_of(server, ["/a", "/b"], tmp_path, 1).stories == ()


def item(number: int, url: str = "https://a.example/{number}", guid: str = "tag:{number}", day: int = 1) -> FeedItem:
    return FeedItem(
        url=url.format(number=number),
        title=f"Title {number}",
        published=datetime(2024, 5, day, tzinfo=UTC) if day else None,
        html="",
        guid=guid.format(number=number),
    )


def test_item_key_with_a_unique_url_is_stable() -> None:
    items = [
        item(1),
        item(2),
        item(3, guid=""),
        item(4, guid="", day=0),
        item(5, guid="https://www.a.example/5", day=0),
    ]
    kept = [fingerprint("item", f"a.example/{n}", "2024-05-01T00:00:00+00:00")[:32] for n in (1, 2, 3)]
    assert item_keys(items) == [*kept, *(fingerprint("item", f"a.example/{n}", "")[:32] for n in (4, 5))]
    assert identities(items) == [""] * 5


def test_oldest_of_items_with_one_url_and_date_keeps_its_key() -> None:
    alone = item_keys([item(1, url="https://a.example/")])
    two, old = item_keys([item(2, url="https://a.example/"), item(1, url="https://a.example/")])
    assert [old] == alone
    assert two != old
    assert item_keys([item(3, url="https://a.example/"), item(2, url="https://a.example/")])[0] not in {two, old}


@pytest.mark.slow
def test_stories_told_by_an_earlier_version_are_not_repeated(server: Server, tmp_path: Path) -> None:
    """Items with a guid and without a date had another name in the store; what they said is known all the same."""
    server.serves("/feed", rss(server.url("/status"), [Incident(0, date="")]), type="application/rss+xml")
    assert len(edition_of(server, ["/feed"], tmp_path).stories) == 1
    with sqlite3.connect(tmp_path / "state.db") as store:
        assert store.execute("UPDATE seen SET item = 'as it was'").rowcount == 1
    store.close()
    edition = edition_of(server, ["/feed"], tmp_path, 1)
    assert (edition.stories, edition.developing) == ((), ())
