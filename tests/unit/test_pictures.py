"""Pictures of the web: what feeds and pages name, and how their bytes are made small."""

from __future__ import annotations

import io
import random
import sqlite3
import struct
import zlib
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from PIL import Image

from briefing.errors import ExtractError
from briefing.extract import article_from_feed_item, extract_article
from briefing.extract.pictures import LARGEST_FILE, SmallPicture, small_picture
from briefing.sources.feeds import Feed, read_feed
from briefing.store.pictures import PictureStore
from briefing.types import FeedItem, PictureLink

from ..factories import NOW, photograph

WORDS = "The harbour of Oslo was closed on Monday after a storm tore two ferries from their moorings. "


def opened(made: SmallPicture) -> Image.Image:
    image = Image.open(io.BytesIO(made.data))
    image.load()
    assert image.size == (made.width, made.height)
    return image


# --- decoding ---


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_a_picture_of_any_common_format_becomes_a_small_jpeg(form: str) -> None:
    made = small_picture(photograph(1, 1600, 1000, form), "it")
    image = opened(made)
    assert (image.format, image.size, image.mode) == ("JPEG", (640, 400), "RGB")
    assert len(made.data) <= LARGEST_FILE


def test_a_small_picture_is_not_made_larger_and_the_same_bytes_give_the_same() -> None:
    body = photograph(1, 300, 200)
    made = small_picture(body, "it")
    assert (made.width, made.height) == (300, 200)
    assert small_picture(body, "it") == made


def test_noise_is_made_smaller_until_it_fits() -> None:
    file = io.BytesIO()
    Image.frombytes("RGB", (900, 900), random.Random(2).randbytes(900 * 900 * 3)).save(file, "PNG")
    assert len(small_picture(file.getvalue(), "it").data) <= LARGEST_FILE


def test_place_camera_and_what_lies_behind_the_end_are_gone_and_it_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    exif[0x010F] = "Camera of Mrs Example"
    exif.get_ifd(0x8825)[2] = (59.0, 54.0, 48.0)  # GPSLatitude
    body = photograph(1, 800, 500, exif=exif) + b"<script>alert(1)</script>"
    made = small_picture(body, "it")
    image = opened(made)
    assert (image.width, image.height) == (400, 640)
    assert not image.getexif()
    for trace in (b"Exif", b"Example", b"script"):
        assert trace not in made.data


def test_what_is_transparent_is_white() -> None:
    file = io.BytesIO()
    clear = Image.new("RGBA", (400, 300), (0, 0, 0, 0))
    clear.paste((200, 0, 0, 255), (0, 0, 100, 100))
    clear.save(file, "PNG")
    assert min(opened(small_picture(file.getvalue(), "it")).getpixel((390, 290))) > 250  # type: ignore[arg-type]


def header_of_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("side", "reason"),
    [(5600, "too many"), (9400, "too many"), (10_000, "Bomb"), (50_000, "Bomb"), (2**31 - 1, "cannot be|can be read")],
)
def test_a_bomb_is_refused_before_it_is_decoded(side: int, reason: str) -> None:
    with pytest.raises(ExtractError, match=reason):
        small_picture(header_of_png(side, side), "it")


def test_a_jpeg_of_thousands_of_scans_is_refused() -> None:
    with pytest.raises(ExtractError, match="scans"):
        small_picture(photograph() + b"\xff\xda\x00\x02" * 1000, "it")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='640' height='480'><script>alert(1)</script></svg>",
        b"<!doctype html><p>Not found",
        photograph()[:3000],
        photograph(form="PNG")[:300],
        photograph(form="TIFF"),
        photograph(form="BMP"),
        b"GIF89a" + b"\xff" * 500,
    ],
    ids=["empty", "svg", "page", "half a jpeg", "half a png", "tiff", "bmp", "damaged gif"],
)
def test_what_is_no_picture_of_a_known_format_is_refused(body: bytes) -> None:
    with pytest.raises(ExtractError):
        small_picture(body, "it")


@pytest.mark.parametrize(("width", "height"), [(1, 1), (88, 31), (180, 180), (1200, 130), (970, 250), (250, 900)])
def test_trackers_logos_and_banners_are_refused_by_their_size(width: int, height: int) -> None:
    with pytest.raises(ExtractError, match="pixels"):
        small_picture(photograph(1, width, height, "PNG"), "it")


def test_a_picture_of_one_colour_is_refused() -> None:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), "grey").save(file, "PNG")
    with pytest.raises(ExtractError, match="one colour"):
        small_picture(file.getvalue(), "it")


# --- what feeds name ---


def rss(*items: str) -> Feed:
    text = "".join(f"<item><title>Story {n}</title>{item}</item>" for n, item in enumerate(items))
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    document = f'<rss version="2.0" {spaces}><channel><title>News</title>{text}</channel></rss>'
    return read_feed(document.encode(), url="https://news.example/feed.xml")


def links(*items: str) -> list[list[tuple[str, str, int]]]:
    return [[(link.url, link.alt, link.width) for link in item.pictures] for item in rss(*items).items]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ('<media:thumbnail url="https://i.example/t.jpg" width="240"/>', ("https://i.example/t.jpg", "", 240)),
        ('<media:content url="/a.jpg" type="image/jpeg"/>', ("https://news.example/a.jpg", "", 0)),
        ('<media:content url="/a?x" medium="image"/>', ("https://news.example/a?x", "", 0)),
        ('<media:content url="/a.webp?w=9"/>', ("https://news.example/a.webp?w=9", "", 0)),
        ('<enclosure url="/e.png" type="image/png" length="9"/>', ("https://news.example/e.png", "", 0)),
        (
            '<description>&lt;img src="/i.jpg" alt="A &amp;quot;ferry&amp;quot;" width=640></description>',
            ("https://news.example/i.jpg", 'A "ferry"', 640),
        ),
        (
            "<description>Long</description><media:group><media:content url='/g.jpg' medium='image'>"
            "<media:description>Two ferries</media:description></media:content></media:group>",
            ("https://news.example/g.jpg", "Two ferries", 0),
        ),
    ],
)
def test_each_way_of_a_feed_to_name_a_picture_is_read(item: str, expected: tuple[str, str, int]) -> None:
    assert links(item) == [[expected]]


@pytest.mark.parametrize("order", list(permutations("DCM")), ids="".join)
@pytest.mark.parametrize("shown", ["Two ferries &amp; a boat", "<![CDATA[Two ferries & a boat]]>"])
def test_the_caption_of_a_picture_is_its_own_in_whatever_order(order: tuple[str, ...], shown: str) -> None:
    parts = {
        "D": "<description>A teaser</description>",
        "C": "<content:encoded>The text</content:encoded>",
        "M": f"<media:content url='/g.jpg'><media:description>{shown}</media:description></media:content>",
    }
    for chosen in (order, [one for one in order if one != "C"]):
        assert links("".join(parts[one] for one in chosen)) == [
            [("https://news.example/g.jpg", "Two ferries & a boat", 0)]
        ]


@pytest.mark.parametrize(
    "item",
    [
        '<media:content url="/film.mp4" type="video/mp4"/>',
        '<media:content url="/film.jpg" medium="video"/>',
        '<enclosure url="/talk.mp3" type="audio/mpeg" length="9"/>',
        '<itunes:image href="https://i.example/cover.jpg"/>',
        '<media:thumbnail url="data:image/png;base64,AAAA"/>',
        '<media:thumbnail url="javascript:alert(1)"/>',
        '<media:thumbnail url="file:///etc/passwd"/>',
        '<description>&lt;img src="/pixel.gif" width="1" height="1"></description>',
        '<description>&lt;img src="data:image/gif;base64,R0lGOD"></description>',
    ],
)
def test_recordings_trackers_and_other_schemes_are_no_pictures(item: str) -> None:
    assert links(item) == [[]]


def test_of_several_sizes_the_smallest_that_is_wide_enough_comes_first() -> None:
    sizes = "".join(f'<media:content url="/{w}.jpg" medium="image" width="{w}"/>' for w in (140, 1200, 700, 460))
    assert [width for _, _, width in links(sizes)[0]] == [700, 1200, 460, 140]


def test_a_picture_that_several_items_name_is_a_logo() -> None:
    logo = '<media:thumbnail url="https://i.example/logo.png"/>'
    own = '<media:content url="https://i.example/own.jpg" medium="image"/>'
    assert links(logo, logo + own, own.replace("own", "other")) == [
        [],
        [("https://i.example/own.jpg", "", 0)],
        [("https://i.example/other.jpg", "", 0)],
    ]


def test_json_feed_names_pictures() -> None:
    feed = read_feed(
        b'{"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": ['
        b'{"id": "1", "url": "https://news.example/a/1", "content_text": "x", "image": "1.jpg", "banner_image": 7},'
        b'{"id": "2", "content_text": "y", '
        b'"attachments": [{"url": "https://i.example/2.png", "mime_type": "image/png"}]}'
        b"]}",
        url="https://news.example/feed.json",
    )
    assert [[link.url for link in item.pictures] for item in feed.items] == [
        ["https://news.example/a/1.jpg"],
        ["https://i.example/2.png"],
    ]


# --- what pages name ---


def page(head: str) -> bytes:
    title, text = "Storm closes the harbour", f"<p>{WORDS * 2}</p>" * 8
    body = f"<article><h1>{title}</h1>{text}</article>"
    return f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>".encode()


def named(head: str, hint: FeedItem | None = None) -> list[tuple[str, str, int]]:
    article = extract_article(page(head), name="it", url="https://news.example/a/1", source="News", hint=hint)
    return [(link.url, link.alt, link.width) for link in article.pictures]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (
            '<meta property="og:image" content="/o.jpg"><meta property="og:image:alt" content=" A\nferry ">'
            '<meta property="og:image:width" content="1200">',
            [("https://news.example/o.jpg", "A ferry", 1200)],
        ),
        ('<meta name="twitter:image" content="/t.jpg">', [("https://news.example/t.jpg", "", 0)]),
        (
            '<script type="application/ld+json">{"@type": "NewsArticle", "image": [{"@type": "ImageObject", "url": '
            '"https://i.example/l.jpg", "width": 900}, "/m.jpg", 7]}</script>',
            [("https://news.example/m.jpg", "", 0), ("https://i.example/l.jpg", "", 900)],
        ),
        ('<meta property="og:image" content="javascript:alert(1)">', []),
    ],
)
def test_each_way_of_a_page_to_name_a_picture_is_read(head: str, expected: list[tuple[str, str, int]]) -> None:
    assert sorted(named(head)) == sorted(expected)


def item_with(*pictures: PictureLink) -> FeedItem:
    return FeedItem(
        url="https://news.example/a/1",
        title="Storm closes the harbour",
        published=datetime(2026, 11, 20, tzinfo=UTC),
        html=f"<p>{WORDS * 5}</p>",
        pictures=pictures,
    )


def test_the_feed_s_picture_comes_before_the_page_s_unless_it_is_narrow() -> None:
    head = '<meta property="og:image" content="https://i.example/o.jpg">'
    wide, narrow = (PictureLink(url=f"https://i.example/{width}.jpg", width=width) for width in (700, 240))
    assert [url for url, _, _ in named(head, item_with(wide))] == [
        "https://i.example/700.jpg",
        "https://i.example/o.jpg",
    ]
    assert [url for url, _, _ in named(head, item_with(narrow))] == [
        "https://i.example/o.jpg",
        "https://i.example/240.jpg",
    ]


def test_an_article_of_the_feed_s_own_text_has_the_feed_s_picture() -> None:
    link = PictureLink(url="https://i.example/1.jpg", alt="A ferry")
    assert article_from_feed_item(item_with(link), source="News").pictures == (link,)


def test_where_an_article_has_its_pictures_is_kept_unless_it_holds_a_secret(tmp_path: Path) -> None:
    store, file = PictureStore(tmp_path / "p.db"), tmp_path / "p.db"
    digest = store.put("https://e.org/0.jpg", b"0", 1, 1, NOW)
    with closing(sqlite3.connect(file)) as earlier:  # as the version before left it
        earlier.executescript("DROP TABLE links; PRAGMA user_version = 1")
    open_, secret = PictureLink(url="https://e.org/1.jpg", alt="A tram", width=9), "https://ann:s3cret@e.org/2.jpg"
    store.put_links({"a": [open_, PictureLink(url=secret)], "b": [PictureLink(url=secret)]}, NOW)
    assert store.links(["a", "b", "c"]) == {"a": [open_]}
    assert store.data(digest) == b"0"
    assert b"s3cret" not in file.read_bytes()
    store.forget(NOW + timedelta(days=31))
    assert store.links(["a"]) == {}
