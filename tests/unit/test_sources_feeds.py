"""Reading feeds: every format, damaged ones, hostile ones."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from time import thread_time

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefing.errors import SourceError
from briefing.sources import read_feed
from briefing.sources.decoding import limit_nesting, with_escaped_ampersands

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def rss(*items: str, head: str = "<title>The Paper</title>", prolog: str = "") -> bytes:
    inside = "".join(f"<item>{item}</item>" for item in items)
    return f'{prolog}<rss version="2.0"><channel>{head}{inside}</channel></rss>'.encode()


class TestFormats:
    def test_rss_2(self) -> None:
        feed = read_feed(
            rss(
                "<title>Ferry &amp;amp; tram</title><link>/story</link><guid>g1</guid><author>A. Writer</author>"
                "<pubDate>Mon, 02 Mar 2026 09:30:00 +0200</pubDate><description>&lt;p&gt;Text&lt;/p&gt;</description>"
            ),
            url="https://paper.example/feeds/main.xml",
        )
        (item,) = feed.items
        assert (feed.title, feed.warnings) == ("The Paper", ())
        assert (item.title, item.url, item.guid) == ("Ferry & tram", "https://paper.example/story", "g1")
        assert item.published == datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
        assert (item.html, item.author) == ("<p>Text</p>", "A. Writer")

    def test_the_longest_text_of_an_item_is_kept(self) -> None:
        body = rss(
            "<title>a</title><description>short</description>"
            '<c:encoded xmlns:c="http://purl.org/rss/1.0/modules/content/">the whole story</c:encoded>'
        )
        assert read_feed(body).items[0].html == "the whole story"

    @pytest.mark.parametrize("version", ["0.91", "0.92"])
    def test_old_rss_with_its_document_type(self, version: str) -> None:
        doctype = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://example.org/rss.dtd">'
        body = rss("<title>a</title>", prolog=f'<?xml version="1.0"?>{doctype}').replace(b"2.0", version.encode())
        feed = read_feed(body)
        assert ([item.title for item in feed.items], feed.warnings) == (["a"], ())

    def test_rss_1(self) -> None:
        body = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
            xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Old</title></channel>
            <item><title>a</title><link>http://a.example/1</link><dc:date>2026-03-01T10:00:00Z</dc:date></item></rdf:RDF>"""
        (item,) = read_feed(body).items
        assert (item.url, item.published) == ("http://a.example/1", datetime(2026, 3, 1, 10, tzinfo=UTC))

    def test_atom(self) -> None:
        body = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/blog/"><title>Atom</title>
            <entry><title type="html">&lt;em&gt;One&lt;/em&gt;</title><link rel="alternate" href="one"/><id>tag:1</id>
            <updated>2026-03-01T10:00:00+01:00</updated><content type="text">5 &lt; 6</content></entry></feed>"""
        (item,) = read_feed(body, url="https://mirror.example/atom.xml").items
        assert (item.title, item.url, item.guid) == ("One", "https://a.example/blog/one", "tag:1")
        assert (item.html, item.published) == ("5 &lt; 6", datetime(2026, 3, 1, 9, tzinfo=UTC))

    def test_json_feed(self) -> None:
        document = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "JSON",
            "items": [
                {"id": 7, "url": "one", "content_text": "5 < 6", "date_published": "2026-03-01T10:00:00-05:00"},
                {
                    "id": "8",
                    "external_url": "https://b.example/",
                    "content_html": "<p>x</p>",
                    "authors": [{"name": "A"}],
                },
                "not an item",
            ],
        }
        feed = read_feed(json.dumps(document).encode(), url="https://a.example/feed.json")
        one, two = feed.items
        assert (one.url, one.guid, one.html) == ("https://a.example/one", "7", "5 &lt; 6")
        assert one.published == datetime(2026, 3, 1, 15, tzinfo=UTC)
        assert (two.url, two.html, two.author) == ("https://b.example/", "<p>x</p>", "A")
        assert len(feed.warnings) == 1

    def test_a_gzipped_feed_file(self) -> None:
        assert read_feed(gzip.compress(rss("<title>a</title>"))).items[0].title == "a"


class TestEncodings:
    @pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
    def test_unicode_in_every_form(self, codec: str) -> None:
        assert read_feed(rss("<title>Zürich – 東京</title>").decode().encode(codec)).items[0].title == "Zürich – 東京"

    @pytest.mark.parametrize(
        ("codec", "title"), [("windows-1251", "Новости"), ("gb2312", "新闻"), ("shift_jis", "東京")]
    )
    def test_the_declared_encoding_counts(self, codec: str, title: str) -> None:
        body = rss(f"<title>{title}</title>", prolog=f'<?xml version="1.0" encoding="{codec}"?>').decode().encode(codec)
        assert read_feed(body).items[0].title == title

    def test_the_servers_encoding_counts(self) -> None:
        body = rss("<title>Новости</title>").decode().encode("koi8-r")
        assert read_feed(body, content_type="text/xml; charset=KOI8-R").items[0].title == "Новости"

    @pytest.mark.parametrize("charset", ["iso-8859-1", "us-ascii", "nonsense", "utf-16", "zip", "punycode", ""])
    def test_text_that_is_utf8_is_read_as_such_whatever_the_server_says(self, charset: str) -> None:
        body = rss("<title>Zürich</title>", prolog='<?xml version="1.0" encoding="ISO-8859-1"?>')
        assert read_feed(body, content_type=f"text/xml; charset={charset}").items[0].title == "Zürich"

    def test_one_wrong_byte_does_not_spoil_the_rest(self) -> None:
        body = rss(f"<title>Zürich {'and so on ' * 30}</title>").replace(b"so", b"s\xe9", 1)
        title = read_feed(body, content_type="text/xml; charset=utf-8").items[0].title
        assert title.startswith("Zürich and s\ufffd on")

    def test_characters_that_xml_forbids_are_dropped(self) -> None:
        feed = read_feed(rss("<title>a\x0b\x1bb</title>"))
        assert (feed.items[0].title, feed.warnings) == ("ab", ())


class TestAmpersands:
    """Those of text and addresses that the feed's program did not escape."""

    @pytest.mark.parametrize("end", ["", "<b>never closed"], ids=["well-formed otherwise", "damaged"])
    @pytest.mark.parametrize(
        ("written", "title"),
        [
            ("R&D at AT&T", "R&D at AT&T"),
            ("Q&A: P&L, H&M & the S&P 500", "Q&A: P&L, H&M & the S&P 500"),
            ("J&amp;J and K&K", "J&J and K&K"),
            ("Caf&eacute; &Sigma; &ndash; open", "Café Σ – open"),
            ("caf&#233; &#x2013; R&#68;", "café – RD"),
            ("caf&#233 open", "café open"),
            ("B&B;", "B&B;"),
            ("&&& and &", "&&& and &"),
            ("<![CDATA[R&D]]>", "R&D"),
            ("1 &LT; 2", "1 < 2"),
        ],
    )
    def test_unescaped_ampersands_of_a_title_stay(self, written: str, title: str, end: str) -> None:
        feed = read_feed(rss(f"<title>{written}</title>{end}", head=f"<title>{written}</title>"))
        assert (feed.title, feed.items[0].title) == (title, title)

    @pytest.mark.parametrize("end", ["", "<b>never closed"], ids=["well-formed otherwise", "damaged"])
    @pytest.mark.parametrize(
        "query", ["a=1&copy=2&reg=3&lt=4", "q=x&para=1&sect=2&amp=3", "a=1&amp;b=2&notin=3", "a&&b"]
    )
    def test_unescaped_ampersands_of_an_address_stay(self, query: str, end: str) -> None:
        address = "https://shop.example/find?" + query
        item = read_feed(rss(f"<title>a</title><link>{address}</link><guid>{address}</guid>{end}")).items[0]
        plain = address.replace("&amp;", "&")
        assert (item.url, item.guid) == (plain, plain)

    def test_unescaped_ampersands_of_an_atom_feed_stay(self) -> None:
        body = (
            '<feed xmlns="http://www.w3.org/2005/Atom"><title>H&M</title><entry><id>1</id><title>R&D &nbsp;</title>'
            '<link href="https://a.example/?x=1&copy=2"/><content>Q&A at AT&T</content></entry></feed>'
        )
        feed = read_feed(body.encode())
        (item,) = feed.items
        assert (feed.title, item.title, item.url) == ("H&M", "R&D", "https://a.example/?x=1&copy=2")
        assert "Q&amp;A at AT&amp;T" in item.html

    @pytest.mark.parametrize("section", ["<![CDATA[R&D &eacute;]]>", "<!-- R&D &eacute; -->"])
    def test_ampersands_of_cdata_and_comments_are_unchanged(self, section: str) -> None:
        assert with_escaped_ampersands(f"<a>{section}</a>") == f"<a>{section}</a>"

    @given(st.text("&#x1;ampcopy <![CDATA]>-", max_size=60))
    def test_escaping_ampersands_twice_is_escaping_them_once(self, text: str) -> None:
        once = with_escaped_ampersands(text)
        assert with_escaped_ampersands(once) == once


class TestLinks:
    @pytest.mark.parametrize(
        ("link", "expected"),
        [
            ("https://b.example/x?a=1&amp;b=2", "https://b.example/x?a=1&b=2"),
            ("  story.html\n", "https://a.example/feeds/story.html"),
            ("//cdn.example/x", "https://cdn.example/x"),
            ("javascript:alert(1)", None),
            ("file:///etc/passwd", None),
            ("data:text/html,x", None),
            ("mailto:a@example.org", None),
            ("http://[broken", None),
            ("http://", None),
            ("", None),
        ],
    )
    def test_only_web_addresses_are_kept(self, link: str, expected: str | None) -> None:
        body = rss(f"<title>a</title><link>{link}</link>")
        assert read_feed(body, url="https://a.example/feeds/main.xml").items[0].url == expected

    def test_a_feed_file_links_to_pages_beside_it(self, tmp_path: Path) -> None:
        (tmp_path / "pages").mkdir()
        (tmp_path / "pages" / "a story.html").write_text("x")
        (item,) = read_feed(rss("<title>a</title><link>pages/a%20story.html</link>"), folder=tmp_path).items
        assert (item.url, item.path) == (None, str(tmp_path / "pages" / "a story.html"))

    @pytest.mark.parametrize(
        "link",
        ["../secret.txt", "pages/../../secret.txt", "%2e%2e/secret.txt", "/etc/passwd", "out/secret.txt", "a%00b"],
    )
    def test_a_feed_file_reaches_nothing_outside_its_folder(self, tmp_path: Path, link: str) -> None:
        (tmp_path / "secret.txt").write_text("x")
        folder = tmp_path / "feed"
        folder.mkdir()
        (folder / "out").symlink_to(tmp_path)
        (item,) = read_feed(rss(f"<title>a</title><link>{link}</link>"), folder=folder).items
        assert (item.url, item.path) == (None, "")

    def test_a_page_that_is_not_beside_the_feed_is_on_its_site(self, tmp_path: Path) -> None:
        body = rss("<title>a</title><link>story.html</link>", head="<title>t</title><link>https://a.example/</link>")
        assert read_feed(body, folder=tmp_path).items[0].url == "https://a.example/story.html"

    def test_a_feed_from_the_web_names_no_file(self, tmp_path: Path) -> None:
        (item,) = read_feed(rss("<title>a</title><link>file:///etc/passwd</link>"), url="https://a.example/").items
        assert (item.url, item.path) == (None, "")


class TestItems:
    def test_repeated_items_are_one(self) -> None:
        link = "<link>https://a.example/1</link>"
        feed = read_feed(rss(f"<title>a</title>{link}", f"<title>a</title>{link}", f"<title>b</title>{link}"))
        assert [item.title for item in feed.items] == ["a", "b"]

    def test_items_without_a_link_are_not_taken_for_repeated(self) -> None:
        assert len(read_feed(rss("<title>a</title>", "<title>a</title>")).items) == 2

    @pytest.mark.parametrize(
        "date",
        [
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "0001-01-01T00:00:00Z",
            "Fri, 02 Mar 2096 12:00:00 GMT",
            "9999-99-99",
            "soon",
        ],
    )
    def test_an_implausible_date_is_dropped(self, date: str) -> None:
        assert read_feed(rss(f"<title>a</title><pubDate>{date}</pubDate>"), now=NOW).items[0].published is None

    def test_an_item_dated_far_ahead_has_not_the_first_place_in_its_feed(self) -> None:
        dates = {"ahead": "Fri, 02 Mar 2096 12:00:00 GMT", "top": "Mon, 02 Mar 2026 11:00:00 GMT", "undated": "soon"}
        body = rss(*(f"<title>{title}</title><pubDate>{date}</pubDate>" for title, date in dates.items()))
        assert [item.title for item in read_feed(body, now=NOW).items] == ["top", "undated", "ahead"]

    def test_a_date_an_hour_ahead_is_kept(self) -> None:
        body = rss("<title>a</title><pubDate>Mon, 02 Mar 2026 13:00:00 GMT</pubDate>")
        assert read_feed(body, now=NOW).items[0].published == datetime(2026, 3, 2, 13, tzinfo=UTC)

    @pytest.mark.slow
    def test_of_ten_thousand_items_the_newest_are_kept_wherever_they_stand(self) -> None:
        days = [f"2026-{1 + i % 12:02}-{1 + i % 28:02}T00:00:{i % 60:02}Z" for i in range(10_000)]
        namespace = ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
        body = rss(*(f"<title>{i}</title><dc:date{namespace}>{day}</dc:date>" for i, day in enumerate(days)))
        feed = read_feed(body, limit=100)
        kept = [int(item.title) for item in feed.items]
        newest = sorted(range(10_000), key=lambda i: days[i], reverse=True)[:100]
        assert sorted(days[i] for i in kept) == sorted(days[i] for i in newest)
        assert kept == sorted(kept)
        assert "10000 items" in feed.warnings[0]

    @pytest.mark.parametrize("text", ["<![CDATA[<item> <entry>]]>", "<!-- <item> --><!-- <entry/> -->"])
    def test_what_looks_like_an_item_in_a_text_is_not_counted(self, text: str) -> None:
        items = [f"<title>{n}</title><description>{text}</description>" for n in range(10)]
        feed = read_feed(rss(*items, head=f"<title>a</title>{text}"), most_items=10)
        assert ([item.title for item in feed.items], feed.warnings) == ([str(n) for n in range(10)], ())

    def test_a_feed_over_both_limits_has_one_warning(self) -> None:
        feed = read_feed(rss(*(f"<title>{n}</title>" for n in range(30))), limit=3, most_items=10)
        assert feed.warnings == ("the feed has 30 items; of the first and the last 5, the newest 3 were taken",)

    def test_without_dates_the_first_items_are_kept(self) -> None:
        assert [i.title for i in read_feed(rss(*(f"<title>{n}</title>" for n in range(9))), limit=2).items] == [
            "0",
            "1",
        ]

    def test_an_empty_feed_is_no_error(self) -> None:
        feed = read_feed(rss())
        assert (feed.items, feed.warnings) == ((), ("the feed has no items",))


class TestBadInput:
    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"", "empty"),
            (b" \n\t", "empty"),
            (b"\xef\xbb\xbf", "empty"),
            (b"<!DOCTYPE html><html><head><title>x</title></head><body></body></html>", "web page"),
            (b"%PDF-1.7 \x00\xff\xfe", "PDF"),
            (b"<opml version='2.0'><body/></opml>", "OPML"),
            (b"just words", "neither RSS, Atom nor JSON Feed"),
            (bytes(range(256)) * 40, "neither"),
            (b"<rss version='2.0'><channel><title>cut", "damaged"),
            (b'{"items": ', "begins like JSON"),
            (b'{"a": 1}', "no JSON Feed"),
            (b"[1, 2]", "no JSON Feed"),
            (b"[" * 200_000, "begins like JSON"),
        ],
    )
    def test_other_content_than_a_feed_is_refused_with_a_reason(self, body: bytes, reason: str) -> None:
        with pytest.raises(SourceError) as caught:
            read_feed(body, url="https://a.example/feed")
        assert reason in caught.value.cause
        assert caught.value.subject == "https://a.example/feed"

    def test_a_truncated_feed_gives_its_complete_items(self) -> None:
        body = rss("<title>a</title>", "<title>b</title>")
        feed = read_feed(body[: body.index(b"<title>b") + 8])
        assert [item.title for item in feed.items][:1] == ["a"]
        assert "not well-formed" in feed.warnings[0]

    def test_members_of_a_gzip_file_are_read_up_to_a_damaged_one(self) -> None:
        feed = rss("<title>a</title>")
        whole = gzip.compress(feed[:60]) + gzip.compress(feed[60:])
        assert read_feed(whole).items[0].title == "a"
        assert read_feed(gzip.compress(feed) + b"\x1f\x8b damaged").items[0].title == "a"

    def test_many_empty_gzip_members_take_linear_time(self) -> None:
        def seconds(members: int) -> float:
            begun = thread_time()
            with pytest.raises(SourceError):
                read_feed(gzip.compress(b"") * members)
            return thread_time() - begun

        seconds(100)
        assert seconds(100_000) < 8 * max(seconds(25_000), 0.01)  # sixteen times as long, were it quadratic

    def test_a_gzip_bomb_is_refused(self) -> None:
        with pytest.raises(SourceError, match="too large"):
            read_feed(gzip.compress(bytes(30_000_000)))

    @pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-32"])
    @pytest.mark.parametrize("before", ["", "<!-- <rss> -->", "<?xml-stylesheet href='<rss>'?>", "rubbish "])
    def test_entities_do_not_expand(self, codec: str, before: str) -> None:
        levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
        bomb = f'{before}<!DOCTYPE rss [<!ENTITY l0 "haha">{levels}]>'
        feed = read_feed(rss("<title>a &l9; b</title>", "<title>c &l0;</title>", prolog=bomb).decode().encode(codec))
        assert len(feed.items) == 2
        assert not any("haha" in item.title for item in feed.items)
        assert any("declares entities" in warning for warning in feed.warnings)

    @pytest.mark.parametrize("kind", ["SYSTEM", 'PUBLIC "x"'])
    def test_external_entities_are_not_read(self, tmp_path: Path, kind: str) -> None:
        secret = tmp_path / "secret.txt"
        secret.write_text("the secret")
        prolog = f'<!DOCTYPE rss [<!ENTITY file {kind} "{secret.as_uri()}">]>'
        feed = read_feed(rss("<title>a &file;</title><description>&file;</description>", prolog=prolog))
        assert "secret" not in feed.items[0].title + feed.items[0].html

    def test_a_body_that_is_a_path_is_not_opened(self, tmp_path: Path) -> None:
        file = tmp_path / "feed.xml"
        file.write_bytes(rss("<title>from the disk</title>"))
        with pytest.raises(SourceError, match="neither RSS, Atom nor JSON Feed"):
            read_feed(str(file).encode())

    @settings(deadline=None)
    @given(st.binary(max_size=300))
    def test_any_bytes_give_a_feed_or_a_source_error(self, body: bytes) -> None:
        for candidate in (body, b"<rss><channel><item>" + body, b"<!DOCTYPE rss [" + body, b"{" + body):
            with suppress(SourceError):
                feed = read_feed(candidate, now=NOW)
                assert not any(item.published and item.published > NOW + timedelta(days=1) for item in feed.items)
                assert not any(item.url and not item.url.startswith(("http://", "https://")) for item in feed.items)


# Real ones


def manifest(shared_data: Path) -> dict[str, int]:
    listed = json.loads((shared_data / "feeds" / "manifest.json").read_text())
    return {each["file"]: each["entries"] for each in listed if "entries" in each}


@pytest.mark.slow
def test_every_real_feed_gives_all_its_items(shared_data: Path) -> None:
    expected = manifest(shared_data)
    # One repeats nine items word for word, link and title alike.
    expected["real/egfedorov__feed_holod.xml"] -= 9
    files = sorted((shared_data / "feeds" / "real").iterdir())
    assert len(files) > 70
    counts = {f"real/{file.name}": len(read_feed(file.read_bytes(), limit=1000).items) for file in files}
    assert counts == {name: expected[name] for name in counts}


@pytest.mark.slow
def test_real_feeds_give_links_titles_and_dates(shared_data: Path) -> None:
    files = list((shared_data / "feeds" / "real").glob("gesab001__*"))
    assert files
    for file in files:
        items = read_feed(file.read_bytes(), url="https://a.example/feed").items
        assert all(item.url and item.title for item in items), file.name
        assert sum(item.published is None for item in items) <= 3, file.name


def test_malformed_feeds_give_items_or_a_reason(shared_data: Path) -> None:
    expected = manifest(shared_data)
    refused = set()
    for file in sorted((shared_data / "feeds" / "malformed").iterdir()):
        try:
            feed = read_feed(file.read_bytes(), limit=1000)
        except SourceError:
            refused.add(file.name)
        else:
            assert len(feed.items) >= expected[f"malformed/{file.name}"], file.name
            assert feed.items or feed.warnings, file.name
    assert refused == {"danmactough__notafeed.html", "kurtmckee__aaa_illformed.xml", "rbren__unrecognized.rss"}


@pytest.mark.parametrize("newest", [0, 499], ids=["first", "last"])
def test_the_middle_items_of_a_very_long_feed_are_skipped(newest: int) -> None:
    days = (datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=500 - abs(n - newest)) for n in range(500))
    items = "".join(
        f"<item><title>Number {n}</title><link>https://a.example/{n}</link>"
        f"<pubDate>{day:%d %b %Y %H:%M} GMT</pubDate></item>"
        for n, day in enumerate(days)
    )
    body = f"<rss version='2.0'><channel><title>A</title>{items}</channel></rss>".encode()
    feed = read_feed(body, limit=3, most_items=200)
    assert {item.title for item in feed.items} == {f"Number {n}" for n in range(newest - 2, newest + 3) if 0 <= n < 500}
    assert feed.warnings == ("the feed has 500 items; of the first and the last 100, the newest 3 were taken",)


def test_a_feed_of_endlessly_nested_elements_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    given_to_the_parser: list[int] = []
    parse = feedparser.parse

    def counted(stream: BytesIO, **options: object) -> object:
        given_to_the_parser.append(len(stream.getvalue()))
        return parse(stream, **options)

    monkeypatch.setattr(feedparser, "parse", counted)
    with pytest.raises(SourceError, match="damaged"):
        read_feed(rss(head="<a>" * 100_000))
    assert given_to_the_parser[0] < 1_000


@pytest.mark.parametrize("end", ["</a>", ""])
def test_elements_nested_too_deep_are_read_as_text(end: str) -> None:
    deep = f"<title>One</title><description>{'<a>' * 300}So it is.{end * 300}</description>"
    feed = read_feed(rss(deep, "<title>Two</title>", "<title>Three</title>"))
    assert [item.title for item in feed.items] == ["One", "Two", "Three"]
    assert "So it is." in feed.items[0].html
    assert "the feed is damaged: it has elements more than 200 deep, which were read as text" in feed.warnings


@pytest.mark.parametrize("text", ["<![CDATA[" + "<p>" * 300 + "]]>", "<!--" + "<p>" * 300 + "-->", "<br/>" * 300])
def test_documents_of_normal_nesting_are_unchanged(text: str) -> None:
    assert limit_nesting(f"<item>{text}</item>") == (f"<item>{text}</item>", "")


def test_a_feed_is_read_up_to_the_limit_of_tags() -> None:
    feed = read_feed(rss(*(f"<title>{number}</title>" for number in range(30))), most_tags=20)
    assert "0" in [item.title for item in feed.items]
    assert len(feed.items) < 10
    assert "the feed is damaged: it has more than 20 tags, and what follows was not read" in feed.warnings


@pytest.mark.parametrize("string", ["<![CDATA[", "<!--", "<a ", "<a", "</a>", "<a><b></a>", "<\u00e9>"])
def test_limiting_the_nesting_is_linear(string: str) -> None:
    def seconds(size: int) -> float:
        began = thread_time()
        limit_nesting(string * (size // len(string)))
        return thread_time() - began

    assert any(seconds(2 * size) < 3 * seconds(size) + 0.01 for size in (100_000, 200_000, 300_000))


@pytest.mark.parametrize("form", ["rss", "json"])
def test_an_overlong_link_is_ignored_with_a_warning(form: str) -> None:
    link = "https://paper.example/" + "g" * 4_000
    if form == "rss":
        feed = read_feed(rss(f"<title>One</title><link>{link}</link>", "<title>Two</title><link>/two</link>"))
    else:
        feed = read_feed(json.dumps({"items": [{"title": "One", "url": link}, {"title": "Two"}]}).encode())
    assert [item.title for item in feed.items] == ["One", "Two"]
    assert feed.items[0].url is None
    assert "1 of its items have a link of more than 4,000 characters, which was ignored" in feed.warnings
