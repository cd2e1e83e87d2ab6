"""Invalid links in a feed, and redirects to such addresses: the rest of the feed is read."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

import pytest

from briefing.config import Config
from briefing.errors import FetchError
from briefing.fetch import Fetcher, Request
from briefing.pipeline import NoProgress, RunContext, read
from briefing.testing.server import Server
from briefing.types import Source

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
STORY = (
    "The harbour of Marlow opened on Tuesday after works that took three years, the mayor said. About 400 people came "
    "to see it, and many of them stayed until the evening. "
)
LINKS = (
    "https://host.invalid?mail=a@[b",
    "https://host.invalid:80a/x",
    "http://[bad/feed",
    "http://[::1",
    "http://h.invalid:99999/",
)


def test_odd_links_of_a_feed_cost_only_their_own_items(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    items = "".join(
        f"<item><title>Item {number}</title><link>{escape(link)}</link></item>"
        for number, link in enumerate([*LINKS, server.url("/story")])
    )
    server.serves("/feed", f'<rss version="2.0"><channel><title>Post</title>{items}</channel></rss>', type="text/xml")
    server.serves("/story", f"<h1>Harbour opens</h1><p>{STORY * 3}</p>")
    sources = tuple(Source(location=one, allow_local=True) for one in (*LINKS, server.url("/feed")))
    config = Config(sources=sources, since=None, timezone="UTC")
    with RunContext(
        config, clock=lambda: NOW, progress=NoProgress(), fetcher=lambda cache: Fetcher(cache, retries=0, gap=0.0)
    ) as context:
        reading = read(context)
    assert [article.title for article in reading.articles] == ["Item 5"]
    named = [failure.subject for failure in reading.failures]
    assert named[: len(LINKS)] == list(LINKS)
    assert named[len(LINKS) :] == [f"Post: Item {number}" for number in range(5)]
    assert not any("Error" in failure.cause for failure in reading.failures)


@pytest.mark.parametrize(
    ("location", "cause"),
    [
        ("http://[", "not a usable address"),
        ("//[x/", "not a usable address"),
        ("https://h.invalid:80a/", "it redirects to"),
        ("http://", "it redirects in a circle"),
        ("//h.invalid:99999/", "not a usable address"),
        ("\xff[", "404"),
    ],
)
def test_a_server_that_leads_to_an_odd_address_is_reported(server: Server, location: str, cause: str) -> None:
    server.redirects("/a", location)
    with Fetcher(gap=0.0, retries=0, proxies={}) as fetcher, pytest.raises(FetchError, match=cause) as caught:
        fetcher.fetch(Request(server.url("/a"), allow_local=True))
    assert caught.value.subject == server.url("/a")
