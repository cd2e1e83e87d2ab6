"""What a feed's item is found by: its link, never a guid that is no address, nor its enclosure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from briefing.sources import read_feed
from briefing.testing.server import Server

from ..conftest import Cli

THINGS = ("harbour", "tram", "museum", "river", "school", "bridge", "forest", "castle", "market", "library", "mill")
FEED = "https://paper.example/feeds/main.xml"


def text(number: int) -> str:
    thing = THINGS[number]
    return (
        f"The {thing} of Town{number} opened on Tuesday after works that took {number + 2} years, the mayor said. "
        f"About {number + 100} people came to see the {thing}, and many of them stayed until the evening was over."
    )


def rss(*items: str) -> str:
    inside = "".join(f"<item><title>{THINGS[n].title()} opens</title>{one}</item>" for n, one in enumerate(items))
    return (
        f'<rss version="2.0"><channel><title>Paper</title><link>https://paper.example/</link>{inside}</channel></rss>'
    )


def told(cli: Cli, folder: Path, url: str, *options: str) -> dict[str, tuple[str | None, str]]:
    """The stories of a run over a feed: by title the link and the points."""
    done = cli(
        "run", "--source", url, "--allow-local", "--engine", "extractive", "--since", "", "--wait", "", "-f", "json",
        "--out", "out", *options,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    edition = json.loads(next((folder / "out").glob("*.json")).read_text("utf-8"))
    stories = [story for section in edition["sections"] for story in section["stories"]]
    return {
        one["summary"]["title"]: (one["summary"]["url"], " ".join(p["text"] for p in one["summary"]["key_points"]))
        for one in stories
    }


def asked(server: Server) -> list[str]:
    return sorted({request.path for request in server.requests} - {"/robots.txt"})


NO_ADDRESSES = [
    "<guid>4711</guid>", "<guid>news/4711</guid>", "<guid isPermaLink='true'>4711</guid>",
    "<guid isPermaLink='false'>gid://shop/Post/7</guid>", "<guid>at://did:plc:x/app.post/3</guid>",
    "<guid ispermalink='false'>tag:paper.example,2026:1</guid>", "<guid isPermaLink='False'>one</guid>",
    "<guid>urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a</guid>", "<guid>paper.example/4711</guid>",
    "<guid>?p=4711</guid>", "<guid>//4711</guid>",
]  # fmt: skip


def test_a_guid_that_is_no_address_is_neither_fetched_nor_linked(cli: Cli, server: Server, tmp_path: Path) -> None:
    items = [f"{guid}<description>{text(number)}</description>" for number, guid in enumerate(NO_ADDRESSES)]
    server.serves("/feed.xml", rss(*items), type="application/rss+xml")
    stories = told(cli, tmp_path, server.url("/feed.xml"), "--max-articles", "0")
    assert {title: link for title, (link, _) in stories.items()} == {
        f"{thing.title()} opens": None for thing in THINGS[: len(NO_ADDRESSES)]
    }
    assert all(THINGS[number] in stories[f"{THINGS[number].title()} opens"][1] for number in range(len(NO_ADDRESSES)))
    assert asked(server) == ["/feed.xml"]


@pytest.mark.parametrize("guid", NO_ADDRESSES)
def test_a_guid_that_is_no_address_is_no_link(guid: str, tmp_path: Path) -> None:
    (tmp_path / "4711").write_text("a file beside the feed")
    for folder in (None, tmp_path):
        (item,) = read_feed(rss(guid).encode(), url=FEED, folder=folder).items
        assert (item.url, item.path) == (None, "")
        assert item.guid


@pytest.mark.parametrize(
    ("item", "link"),
    [
        ("<guid>https://paper.example/7</guid>", "https://paper.example/7"),
        ("<guid isPermaLink='false'>https://paper.example/7</guid>", None),
        ("<guid>4711</guid><link>/7</link>", "https://paper.example/7"),
        ("<link>/7</link><guid>4711</guid>", "https://paper.example/7"),
        ("<link>/7</link><guid>/7</guid>", "https://paper.example/7"),
    ],
)
def test_a_link_or_an_address_as_guid_is_the_link(item: str, link: str | None) -> None:
    assert read_feed(rss(item).encode(), url=FEED).items[0].url == link


@pytest.mark.parametrize("identity", ["4711", "urn:x:1", "tag:paper.example,2026:1"])
def test_an_atom_id_that_is_no_address_is_no_link(identity: str) -> None:
    body = (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Paper</title><entry><id>{identity}</id><title>a</title>'
        f'<link rel="enclosure" href="/e.mp3"/></entry></feed>'
    )
    assert [item.url for item in read_feed(body.encode(), url=FEED).items] == [None]


def test_an_enclosure_is_never_fetched_as_the_page(cli: Cli, server: Server, tmp_path: Path) -> None:
    addresses = [server.url(path) for path in ("/one.mp3", "/two.mp3", "/three.pdf", "/four.mp3")]
    enclosures = [f"<enclosure url='{address}' type='audio/mpeg' length='1'/>" for address in addresses]
    items = [
        enclosures[0],
        f"<guid>{addresses[1]}</guid>{enclosures[1]}",
        f"<link>{addresses[2]}</link>{enclosures[2]}",
        f"<link>{server.url('/page')}</link>{enclosures[3]}",
    ]
    items = [f"{one}<description>{text(number)}</description>" for number, one in enumerate(items)]
    server.serves("/feed.xml", rss(*items), type="application/rss+xml")
    server.serves("/page", f"<title>Page</title><article><p>{text(3)}</p><p>{text(3)}</p></article>", type="text/html")
    stories = told(cli, tmp_path, server.url("/feed.xml"))
    links = [stories[f"{thing.title()} opens"][0] for thing in THINGS[:4]]
    assert links == [None, addresses[1], addresses[2], server.url("/page")]
    assert asked(server) == ["/feed.xml", "/page"]


def test_an_attachment_of_a_json_feed_is_not_its_page() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [
            {"id": "1", "url": "https://a.example/1.mp3", "attachments": [{"url": "https://a.example/1.mp3"}]},
            {"id": "2", "url": "https://a.example/2", "attachments": [{"url": "https://a.example/2.mp3"}, 7]},
            {"id": "3", "attachments": "none"},
        ],
    }
    items = read_feed(json.dumps(feed).encode()).items
    assert [(item.url, item.enclosed) for item in items] == [
        ("https://a.example/1.mp3", True), ("https://a.example/2", False), (None, False),
    ]  # fmt: skip


@pytest.mark.parametrize("full_text", [True, False])
def test_items_that_share_a_link_are_told_from_their_own_texts(
    cli: Cli, server: Server, tmp_path: Path, full_text: bool
) -> None:
    link = server.url("/product")
    items = [
        f"<link>{link}</link><guid isPermaLink='false'>n{number}</guid><description>{text(number)}</description>"
        for number in range(3)
    ]
    server.serves("/feed.xml", rss(*items), type="application/rss+xml")
    server.serves("/product", f"<title>Product</title><article><p>{text(7) * 5}</p></article>", type="text/html")
    (tmp_path / "briefing.toml").write_text(f"full_text = {str(full_text).lower()}\n", "utf-8")
    stories = told(cli, tmp_path, server.url("/feed.xml"))
    assert {title: link for title, (link, _) in stories.items()} == {f"{t.title()} opens": link for t in THINGS[:3]}
    assert all(THINGS[number] in stories[f"{THINGS[number].title()} opens"][1] for number in range(3))
    assert asked(server) == ["/feed.xml"]


@pytest.mark.parametrize(
    "link", ["<link/>", "<link></link>", "<link> </link>", "<link>about:blank</link>", "<link>https://</link>"]
)
@pytest.mark.parametrize(
    ("guid", "url"),
    [
        ("<guid>https://paper.example/a1</guid>", "https://paper.example/a1"),
        ("<guid isPermaLink='true'>https://paper.example/a1</guid>", "https://paper.example/a1"),
        ("<guid isPermaLink='false'>https://paper.example/a1</guid>", None),
        ('<guid isPermaLink = "False"><![CDATA[https://paper.example/a1]]></guid>', None),
        ("<guid>4711</guid>", None),
        ("", None),
    ],
)
def test_a_link_that_leads_nowhere_gives_way_to_a_permalink(link: str, guid: str, url: str | None) -> None:
    for item in (link + guid, guid + link):
        (read,) = read_feed(rss(f"{item}<description>{text(0)}</description>").encode(), url=FEED).items
        assert read.url == url


def test_items_that_link_to_places_in_one_page_have_their_own_texts(cli: Cli, server: Server, tmp_path: Path) -> None:
    items = [
        f"<link>{server.url(f'/changes#v{number}')}</link><guid isPermaLink='false'>v{number}</guid>"
        f"<description>{text(number)} It had been closed since a storm broke its roof in {number + 2001}. "
        f"The builders of Town{number} say that nothing like that can happen to it again.</description>"
        for number in range(3)
    ]
    server.serves("/feed.xml", rss(*items), type="application/rss+xml")
    server.serves("/changes", "<html><body><article>" + "".join(f"<p>{text(n)}</p>" for n in range(3)) + "</article>")
    stories = told(cli, tmp_path, server.url("/feed.xml"))
    assert sorted(stories) == ["Harbour opens", "Museum opens", "Tram opens"]
    for number in range(3):
        points = stories[f"{THINGS[number].title()} opens"][1]
        assert [thing for thing in THINGS[:3] if thing in points] == [THINGS[number]]
