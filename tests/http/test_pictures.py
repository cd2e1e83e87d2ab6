"""Pictures of an edition, from a real server into the page, the book and the archive."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from PIL import Image

from briefing.config import Config, Mail, Recipient
from briefing.config.settings import Interests
from briefing.fetch import Fetcher
from briefing.pipeline import (
    NoProgress,
    RunContext,
    known_edition,
    letters,
    make_edition,
    removal,
    remove_edition,
    write_archive,
    write_edition,
)
from briefing.pipeline.pictures import with_pictures
from briefing.testing.engine import FakeEngine
from briefing.testing.server import Server
from briefing.types import Edition, Source

from ..factories import photograph

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
WORDS = ("harbour", "tram", "museum", "river", "school", "bridge", "forest", "castle", "market", "library")
HOSTILE = 'A "ferry" <img src=x onerror=alert(1)>'


def text(number: int) -> str:
    word = WORDS[number % 10]
    return (
        f"The {word} of Town{number} opened on Tuesday after works that took {number + 2} years, the mayor said. "
        f"About {number + 100} people came to see the {word}, and many of them stayed until the evening. "
        f"The works on the {word} were paid for by a levy that the council of Town{number} had voted for in March. "
        f"Visitors can walk through the {word} every day but Monday, and children pay nothing until the summer ends."
    )


class News:
    """A server with a feed of as many stories as there are pictures, each with its HTML of Media RSS."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder, self.day = server, folder, 0

    def feed(self, *media: str, head: str = "", heads: Mapping[int, str] | None = None) -> None:
        items = "".join(
            f"<item><title>The {WORDS[n % 10]} of Town{n}</title><link>{self.server.url(f'/{n}')}</link>"
            f"<description>{text(n)}</description>{each}<pubDate>Thu, 16 May 2024 20:00:00 GMT</pubDate></item>"
            for n, each in enumerate(media)
        )
        feed = f'<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel>{items}</channel></rss>'
        self.server.serves("/feed.xml", feed, type="application/rss+xml")
        for n in range(len(media)):
            meta = f"<title>The {WORDS[n % 10]} of Town{n}</title>{(heads or {}).get(n, head)}"
            page = f"<html><head>{meta}</head><body><article><p>{text(n)}</p></article>"
            self.server.serves(f"/{n}", page, type="text/html")

    def context(self, **options: Any) -> RunContext:
        config = Config(
            sources=(Source(location=self.server.url("/feed.xml"), allow_local=True, name="News"),),
            state=self.folder / "state.db", out=self.folder / "out", timezone="UTC", group=False,
            formats=("html", "epub", "json", "md", "text", "atom"),
        )  # fmt: skip
        quick = partial(Fetcher, connect_timeout=2, read_timeout=1, total_timeout=2, retries=0, backoff=0.01, gap=0.0)
        now, fetcher = NOW + timedelta(days=self.day), options.pop("fetcher", quick)
        return RunContext(
            replace(config, **options), clock=lambda: now, progress=NoProgress(), engine=FakeEngine(), fetcher=fetcher
        )

    def run(self, **options: Any) -> Edition:
        with self.context(**options) as context:
            edition, report = make_edition(context)
            assert not report.failures
            write_edition(edition, context)
            return edition

    def page(self, day: str = "2024-05-17") -> str:
        return (self.folder / "out" / f"{day}.html").read_text("utf-8")

    def asked(self) -> list[str]:
        """Pictures that were asked for."""
        return [seen.path for seen in self.server.requests if re.search(r"\.(jpg|png|webp|svg)$", seen.path)]


@pytest.fixture
def news(server: Server, tmp_path: Path) -> News:
    return News(server, tmp_path)


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    with Server() as running:
        yield running


def media(path: str, alt: str = "", tag: str = "content") -> str:
    described = f"<media:description>{alt}</media:description>" if alt else ""
    return f'<media:{tag} url={quoteattr(path)} medium="image">{described}</media:{tag}>'


def embedded(page: str) -> list[Image.Image]:
    """The pictures in a page, each decoded."""
    found = re.findall(r'<img src="data:image/jpeg;base64,([A-Za-z0-9+/=]+)"', page)
    assert page.count("<img") == len(found)
    return [Image.open(io.BytesIO(b64decode(data))) for data in found]


def test_pictures_of_every_kind_are_small_jpegs_inside_of_the_page(news: News) -> None:
    for n, form in enumerate(("JPEG", "PNG", "WEBP")):
        news.server.serves(f"/{n}.jpg", photograph(n, 1600, 1000, form), type=f"image/{form.lower()}")
    heads = {2: '<meta property="og:image" content="/2.jpg">'}
    news.feed(media("/0.jpg", "Two ferries"), media("/1.jpg", tag="thumbnail"), "", heads=heads)
    edition = news.run()
    assert [(image.format, image.size) for image in embedded(news.page())] == [("JPEG", (640, 400))] * 3
    assert '" alt="Two ferries" width="640" height="400"' in news.page()
    assert not re.search(r'(?:src|srcset|poster)="(?!data:image/jpeg;base64,)', news.page())
    assert len({story.picture.digest for story in edition.stories if story.picture}) == 3


def test_the_book_holds_its_pictures_and_names_them_and_other_formats_have_none(news: News) -> None:
    news.server.serves("/0.jpg", photograph(), type="image/jpeg")
    news.feed(media("/0.jpg"), "")
    edition = news.run()
    with zipfile.ZipFile(news.folder / "out" / "2024-05-17.epub") as book:
        assert Image.open(io.BytesIO(book.read("EPUB/picture1.jpg"))).size == (640, 400)
        package = book.read("EPUB/content.opf").decode()
        chapters = [book.read(name).decode() for name in book.namelist() if re.search(r"/s\d+\.xhtml$", name)]
    assert package.count('href="picture1.jpg" media-type="image/jpeg"') == 1
    assert sum(chapter.count('<img src="picture1.jpg"') for chapter in chapters) == 1
    for ending in ("md", "txt", "atom"):
        assert "data:" not in (news.folder / "out" / f"2024-05-17.{ending}").read_text("utf-8")
    data = json.loads((news.folder / "out" / "2024-05-17.json").read_text("utf-8"))
    pictures = [story["picture"] for section in data["sections"] for story in section["stories"]]
    shown = next(story.picture for story in edition.stories if story.picture)
    assert sorted(map(bool, pictures)) == [False, True]
    assert {
        "url": news.server.url("/0.jpg"),
        "alt": "",
        "width": 640,
        "height": 400,
        "digest": shown.digest,
    } in pictures


def test_a_second_run_and_the_archive_fetch_none_and_show_the_same(news: News) -> None:
    news.server.serves("/0.jpg", photograph(), type="image/jpeg")
    news.server.serves("/1.png", photograph(1, 1, 1, "PNG"), type="image/png")
    news.feed(media("/0.jpg"), media("/1.png"))
    news.run()
    first = news.page()
    assert sorted(news.asked()) == ["/0.jpg", "/1.png"]
    news.run()
    assert (news.page(), sorted(news.asked())) == (first, ["/0.jpg", "/1.png"])
    news.server.close()
    with news.context(offline=True) as context:
        write_archive(news.folder / "archive", context)
        known = known_edition(context, None)
    archived = (news.folder / "archive" / "2024-05-17.html").read_text("utf-8")
    assert len(embedded(archived)) == 1
    assert [bool(story.picture and story.picture.data) for story in known.stories] == [
        bool(story.picture) for story in known.stories
    ]


def test_offline_no_picture_is_asked_for(news: News) -> None:
    news.server.serves("/0.jpg", photograph(), type="image/jpeg")
    news.feed(media("/0.jpg"))
    edition = news.run(pictures="none")
    for options, offline in (({"offline": True}, False), ({}, True)):
        with news.context(**options) as context:
            assert not any(story.picture for story in with_pictures(edition, context, offline=offline).stories)
    assert news.asked() == []
    with news.context() as context:
        assert all(story.picture for story in with_pictures(edition, context).stories)


@pytest.mark.parametrize(("seconds", "asked"), [(60, 1), (2, 0), (-60, 0)])
def test_where_the_edition_is_due_no_picture_is_waited_for(news: News, seconds: int, asked: int) -> None:
    news.server.serves("/0.jpg", photograph(), type="image/jpeg")
    news.feed(media("/0.jpg"))
    edition = news.run(pictures="none")
    with news.context() as context:
        with_pictures(edition, context, due=NOW + timedelta(seconds=seconds))
    assert len(news.asked()) == asked


@pytest.mark.slow
def test_a_slow_picture_is_not_asked_for_again_on_the_same_day(news: News) -> None:
    news.server.hangs("/0.jpg")
    news.feed(media("/0.jpg"))
    edition = news.run(pictures="none")
    asked = []
    for news.day in (0, 0, 1):
        with news.context(pictures="none") as context:
            make_edition(context)
        with news.context(fetcher=partial(Fetcher, gap=0.0)) as context:
            with_pictures(edition, context)
        asked.append(len(news.asked()))
    assert asked == [1, 1, 2]


def test_failed_and_forbidden_pictures_are_left_out_without_a_failure(news: News, elsewhere: Server) -> None:
    elsewhere.serves("/private.jpg", photograph(), type="image/jpeg")
    news.server.serves("/page.jpg", "<html><body>Not found", type="text/html")
    news.server.serves("/x.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>", type="image/svg+xml")
    news.server.serves("/large.jpg", photograph() + b"\0" * 5_000_001, type="image/jpeg")
    news.feed(
        media(elsewhere.url("/private.jpg")), media("/missing.jpg"), media("/page.jpg"), media("/x.svg"),
        media("/large.jpg"),
    )  # fmt: skip
    edition = news.run(pictures="all")
    assert len(edition.stories) == 5
    assert not any(story.picture for story in edition.stories)
    assert not elsewhere.requests
    assert embedded(news.page()) == []


def test_a_kept_story_is_looked_at_again_for_the_picture_it_lacks(news: News) -> None:
    news.server.fails("/0.jpg", 503, times=1)
    for n in range(2):
        news.server.serves(f"/{n}.jpg", photograph(n), type="image/jpeg")
    news.feed(media("/0.jpg"), media("/1.jpg"))
    assert sum(bool(story.picture) for story in news.run().stories) == 1
    assert sum(bool(story.picture) for story in news.run().stories) == 2
    assert len(embedded(news.page())) == 2
    asked = news.asked()
    assert asked.count("/0.jpg") == 2
    assert sum(bool(story.picture) for story in news.run().stories) == 2
    assert news.asked() == asked


def test_a_kept_story_that_comes_to_the_front_gets_its_picture(news: News) -> None:
    for n in range(8):
        news.server.serves(f"/{n}.jpg", photograph(n), type="image/jpeg")
    news.feed(*(media(f"/{n}.jpg") for n in range(8)))
    last = "The castle of Town7"
    (before,) = [story for story in news.run().stories if story.summary.title == last]
    assert before.picture is None
    second = news.run(interests=Interests(words=("castle",)))
    (after,) = [story for story in second.stories if story.summary.title == last]
    assert "/7.jpg" in news.asked()
    assert after.picture
    assert after.picture.data


def test_where_the_first_picture_is_none_the_next_one_is_shown(news: News) -> None:
    news.server.serves("/pixel.png", photograph(1, 1, 1, "PNG"), type="image/png")
    news.server.serves("/0.jpg", photograph(), type="image/jpeg")
    news.feed(media("/pixel.png"), head='<meta property="og:image" content="/0.jpg">')
    assert len(embedded(news.page() if news.run() else "")) == 1


def test_a_picture_of_several_articles_of_a_source_is_a_logo(news: News) -> None:
    for path in ("/logo.jpg?0", "/logo.jpg?1"):
        news.server.serves(path, photograph(7), type="image/jpeg")
    news.server.serves("/2.jpg", photograph(8), type="image/jpeg")
    news.feed(media("/logo.jpg?0"), media("/logo.jpg?1"), media("/2.jpg"))
    edition = news.run()
    assert [story.picture.url for story in edition.stories if story.picture] == [news.server.url("/2.jpg")]


def test_a_logo_that_pages_name_is_not_even_asked_for(news: News) -> None:
    news.server.serves("/logo.jpg", photograph(7), type="image/jpeg")
    news.feed("", "", head='<meta property="og:image" content="/logo.jpg">')
    news.run()
    assert news.asked() == []


@pytest.mark.parametrize(("setting", "shown"), [("front", 3), ("all", 7), ("none", 0)])
def test_the_setting_says_which_stories_show_a_picture(news: News, setting: str, shown: int) -> None:
    for n in range(7):
        news.server.serves(f"/{n}.jpg", photograph(n), type="image/jpeg")
    news.feed(*(media(f"/{n}.jpg") for n in range(7)))
    news.run(pictures=setting)
    assert len(embedded(news.page())) == len(news.asked()) == shown


def test_five_pictures_of_the_front_take_no_more_than_300_kilobytes(news: News) -> None:
    for n in range(5):
        noise = io.BytesIO()
        Image.frombytes("RGB", (900, 600), random.Random(n).randbytes(900 * 600 * 3)).save(noise, "PNG")
        news.server.serves(f"/{n}.png", noise.getvalue(), type="image/png")
    news.feed(*(media(f"/{n}.png") for n in range(5)))
    pictures = [story.picture for story in news.run(pictures="all").stories if story.picture]
    assert len(pictures) == 5
    assert sum(len(picture.data) for picture in pictures) <= 300_000


def test_letters_have_pictures_where_they_are_asked_for(news: News) -> None:
    for n in range(3):
        news.server.serves(f"/{n}.jpg", photograph(n, 1600, 1000), type="image/jpeg")
    news.feed(*(media(f"/{n}.jpg") for n in range(3)))
    edition = news.run()
    mail = Mail(sender="b@example.org", recipients=(Recipient(address="ann@example.org"),))
    for wanted, shown in ((False, 0), (True, 3)):
        with news.context(mail=replace(mail, pictures=wanted)) as context:
            ((_, letter),) = letters(edition, context)
        assert letter
        parts = [part for part in letter.message.walk() if part.get_content_type() == "image/jpeg"]
        sizes = [Image.open(io.BytesIO(part.get_payload(decode=True))).size for part in parts]  # type: ignore[arg-type]
        assert sizes == [(360, 225)] * shown
        assert len(letter.message.as_bytes()) < 100_000


def test_markup_in_the_text_for_a_picture_is_text(news: News) -> None:
    news.server.serves("/0.jpg", photograph(), type="image/jpeg")
    news.feed(
        "",
        head=f'<meta property="og:image" content="/0.jpg"><meta property="og:image:alt" content={quoteattr(HOSTILE)}>',
    )
    news.run()
    assert len(embedded(news.page())) == 1
    assert 'alt="A &#34;ferry&#34; &lt;img src=x onerror=alert(1)&gt;"' in news.page()


def test_the_headline_again_is_no_text_for_a_picture(news: News) -> None:
    news.server.serves("/0.jpg", photograph(), type="image/jpeg")
    news.feed(media("/0.jpg", "The harbour of Town0"))
    news.run()
    assert 'alt=""' in news.page()


def test_a_removed_edition_takes_its_pictures_along(news: News) -> None:
    news.server.serves("/0.jpg", photograph(), type="image/jpeg")
    news.feed(media("/0.jpg"))
    edition = news.run()
    digest = next(story.picture.digest for story in edition.stories if story.picture)
    with news.context() as context:
        assert context.pictures.data(digest)
        remove_edition(context, removal(context, edition.date))
        assert not context.pictures.data(digest)


def test_what_editions_show_is_kept_and_the_rest_forgotten(news: News) -> None:
    news.server.serves("/0.jpg", photograph(), type="image/jpeg")
    news.feed(media("/0.jpg"))
    edition = news.run()
    digest = next(story.picture.digest for story in edition.stories if story.picture)
    with news.context() as context:
        unused = context.pictures.put("https://elsewhere.example/", b"x", 1, 1, NOW)
        context.pictures.forget(NOW + timedelta(days=29))
        assert context.pictures.data(unused)
        context.pictures.forget(NOW + timedelta(days=31))
        assert (context.pictures.data(unused), bool(context.pictures.data(digest))) == (b"", True)


def test_a_damaged_file_of_pictures_is_begun_anew(news: News) -> None:
    news.server.serves("/0.jpg", photograph(), type="image/jpeg")
    news.feed(media("/0.jpg"))
    (news.folder / "state-pictures.db").write_bytes(b"no database" * 1000)
    news.run()
    assert len(embedded(news.page())) == 1


def test_a_picture_with_a_secret_of_the_source_in_its_address_is_not_shown(news: News) -> None:
    news.server.serves("/feed.xml?token=s3cretvalue", "", type="application/rss+xml")
    news.feed(media("/0.jpg?key=s3cretvalue"))
    news.server.serves(
        "/f?token=s3cretvalue",
        f"<rss version='2.0'><channel><item><title>The tram of Town1</title><link>{news.server.url('/1')}</link>"
        f"<enclosure url='/s3cretvalue/0.jpg' type='image/jpeg' length='9'/><description>{text(1)}</description>"
        "<pubDate>Thu, 16 May 2024 20:00:00 GMT</pubDate></item></channel></rss>",
        type="application/rss+xml",
    )
    source = Source(location=news.server.url("/f?token=s3cretvalue"), allow_local=True)
    edition = news.run(sources=(source,), full_text=False)
    assert edition.stories[0].articles[0].pictures == ()
    assert "s3cretvalue" not in (news.folder / "out" / "2024-05-17.json").read_text("utf-8")
