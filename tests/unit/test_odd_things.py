"""Odd addresses, feeds, pages and files give a value or a `BriefingError`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from briefing.address import web_parts
from briefing.canonical import canonical_url, host_of
from briefing.errors import BriefingError, ConfigError, FetchError, SourceError
from briefing.extract import article_from_feed_item, article_from_text, extract_article, extract_file
from briefing.fetch import Fetcher, Request, shown
from briefing.fetch.imap import parse_address
from briefing.pipeline.candidates import origin_of
from briefing.sources import (
    classify_content,
    classify_path,
    find_feeds,
    list_folder,
    list_mbox,
    read_feed,
    read_head,
    read_opml,
    read_subscriptions,
    read_url_list,
    write_opml,
)
from briefing.types import Article, FeedItem, Source, SourceKind

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
SENTENCES = "The harbour of Marlow opened on Tuesday after works that took three years. Many people came to see it. "

ODD_LINKS = (
    "https://host?mail=a@[b", "https://host:80a/x", "http://[bad/feed", "http://[::1", "http://[::1]:x/", "//[",
    "feed:[", "http://a.example:99999/", "http://a.example:-1/", "http://\u2100.example/", "http://xn--a.example/",
    "https://:80/", "http://user:pa/ss@host/", "http://" + "a" * 70 + ".example/", "http://a..example/",
    "http://%5b/", "http://\u0661/",
)  # fmt: skip
_PIECES = st.sampled_from(
    """
    http https feed imap imaps ftp : :// // / ? # @ [ ] [::1] [b a.example localhost 127.0.0.1 0x7f.1
    fe80::1%eth0 80 80a 99999 %5b %00 %zz xn--a xn-- .. . &a=1 ; = + \u2100 \u0661 \u00df \u202e
    \ud800 mail=a@[b user:pass@
    """.split()  # noqa: SIM905
)
addresses = st.one_of(
    st.sampled_from(ODD_LINKS),
    st.lists(_PIECES, max_size=8).map("".join),
    st.lists(_PIECES, max_size=6).map(lambda pieces: "https://" + "".join(pieces)),
    st.text(max_size=30).map(lambda text: f"http://{text}"),
    st.text(max_size=30),
)
_XML = st.sampled_from(
    [
        "<?xml version='1.0'?>", "<?xml version='1.0' encoding='utf-16'?>", "<!DOCTYPE x [<!ENTITY a 'b'>]>",
        "<!DOCTYPE", "<![CDATA[", "]]>", "<![endif--]>", "<!--", "-->", "<!", "<?", "&a;", "&#xD800;", "&#0;",
        "&#99999999999;", "\0", "<rss version='2.0'>", "<rss>", "<channel>", "</channel>", "<item>", "</item>",
        "<title>", "</title>", "<link>", "</link>", "<guid>", "<pubDate>Mon, 99 Foo 99999 99:99:99 +9999</pubDate>",
        "<pubDate>", "</pubDate>", "<dc:date>", "0000-00-00T99:99:99Z", "9999-12-31T23:59:59-23:59", "<description>",
        "</description>", "<content:encoded>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "<entry>", "</entry>",
        "<link href='http://[x'/>", "<base href='//['>",
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>", "<updated>", "<opml>",
        "<outline xmlUrl='//[' />", "<outline text='a'>", "<outline type='link' url='http://[' category='/,/'>",
        "</outline>", "<x:y xmlns:x=''>", "<rdf:RDF>", "<a:b:c d:e='f'>", "<media:content url='http://['>",
        "<enclosure length='-1'/>", "<source>", SENTENCES,
    ]
)  # fmt: skip
_HTML = st.sampled_from(
    [
        "<!DOCTYPE html>", "<html lang='-'>", "<head>", "</head>", "<body>", "<![endif--]>", "<![if !IE]>", "<![",
        "<![CDATA[", "<![CDATA [", "]]>", "<!--[if IE]>", "<![endif]-->", "<!-- ", "--!>", "<!", "</", "<", "<?php",
        "&#xD800;", "&#0;", "&", "<meta charset='utf-16'>", "<meta charset='punycode'>",
        "<meta property='article:published_time' content='9999-12-31'>",
        "<meta name='date' content='0001-01-01T00:00:00+23:59'>", "<link rel='canonical' href='http://[x'>",
        "<base href='//['>", "<link rel=alternate type='application/rss+xml' href='http://[bad/feed'>",
        "<link rel=alternate href=':' type='text/xml'>", "<script type='application/ld+json'>", "</script>",
        '{"@type": "NewsArticle", "author": [[]], "headline": 3}', '{"@type": ["Article", 3], "articleBody": [1]',
        "[" * 2000, "<title>", "</title>", "<h1>", "<p>", "</p>", "<svg>", "<math>", "<template>", "<table>", "<tr>",
        "<td colspan='99999999999'>", "<a href='http://[' ", "<time datetime='24:61'>", "\0", "<select>",
        "<textarea>", "<plaintext>", "<p style='display:none'>", "<x:y>", "\ufeff", "\u202e", SENTENCES,
        SENTENCES * 5,
    ]
)  # fmt: skip


UMLAUTS = "Die Straße über die Brücke wird im März für Fußgänger geöffnet"
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")


def is_clean(article: Article) -> bool:
    """Whether it has a text, and in it nothing that steers a terminal or a page."""
    return bool(article.text.split()) and not CONTROLS.search(article.title + article.text + article.source)


def bytes_of(pieces: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """Documents of these pieces, in some encoding, now and then with a byte too many."""
    texts = st.lists(pieces, max_size=25).map("".join)
    codecs = st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-16", "latin-1"])
    tails = st.sampled_from([b"", b"", b"\xff", b"\x00", b"\x1f\x8b"])
    return st.tuples(texts, codecs, tails).map(lambda one: one[0].encode(one[1], "replace") + one[2])


feeds, pages = bytes_of(_XML), bytes_of(_HTML)
documents = st.one_of(feeds, pages, st.binary(max_size=300))
media_types = st.sampled_from(
    [
        "",
        "text/html",
        "text/html; charset=\x00",
        "application/xml; charset=utf-16",
        "text/plain",
        "message/rfc822",
        "[]",
    ]
)
often = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


# Addresses


@often
@given(addresses)
@example("https://a.example/?\ud800")
@example("0:0@0:0@0")
@example("http://%A")
def test_odd_addresses_are_compared_and_redacted_or_refused(address: str) -> None:
    assert shown(shown(address)) == shown(address)
    assert "s3cret" not in shown(f"https://ann:s3cret@{address}")
    assert host_of(address) == host_of(address).lower()
    assert canonical_url(f"https://a.example/?{address}#x").startswith(("a.example", "https://a.example"))
    scheme, host, port = origin_of(address)
    assert host is None or (scheme == scheme.lower() and (port is None or 0 <= port < 65_536))
    with pytest.raises(FetchError):
        parse_address(f"{address}://nobody")


@pytest.fixture(scope="module")
def unconnected() -> Iterator[Fetcher]:
    """A fetcher whose resolver finds nothing."""

    def resolver(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with Fetcher(gap=0.0, retries=0, proxies={}, sleep=lambda seconds: None, resolver=resolver) as fetcher:
        yield fetcher


@pytest.mark.slow
@often
@given(links=st.lists(addresses, min_size=1, max_size=4))
@example(links=list(ODD_LINKS))
def test_odd_addresses_are_fetched_or_fail_alone(unconnected: Fetcher, links: list[str]) -> None:
    outcomes = list(unconnected.fetch_many([Request(link) for link in links]))
    assert sorted(request.url for request, _ in outcomes) == sorted(links)
    assert all(isinstance(answer, FetchError) for _, answer in outcomes)


@often
@given(address=addresses, link=addresses)
def test_odd_links_give_an_address_or_none(address: str, link: str) -> None:
    page = f'<base href="{link}"><link rel=alternate type="application/rss+xml" href="{link}">'
    assert all(found.lower().startswith("http") for found in find_feeds(page.encode(errors="replace"), address))
    lines = f"https://b.example/f\n{link}\n{address}".encode(errors="replace")
    for read in (read_url_list, read_subscriptions):
        with suppress(BriefingError):
            assert read(lines)[0].location == "https://b.example/f"
    known = Source(location="https://b.example/f")
    written = write_opml([Source(location=link, name=address, section=address), known], address)
    assert ElementTree.fromstring(written).tag == "opml"
    assert known.location in [source.location for source in read_opml(written)]


@often
@given(st.one_of(addresses, st.just("a\0b"), st.just("x" * 5000)))
def test_odd_paths_without_a_file_are_refused(place: str) -> None:
    path = Path(f"nowhere{place}")
    with pytest.raises(SourceError):
        classify_path(path)
    with pytest.raises(SourceError):
        list_folder(path)


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("https://ann:s3cret@host/x@y", "https://host/x@y"),
        ("https://ann:s3?cret@host/", "https://host/"),
        ("https://ann:s3/cret@host/", "https://host/"),
        ("https://ann@example.org:s3cret@host:81/", "https://host:81/"),
        ("https://host?mail=a@[b", "https://host?mail=a@[b"),
        ("https://host:80/a@b", "https://host:80/a@b"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, seen: str) -> None:
    assert shown(address) == seen


def test_surrogates_in_a_link_are_dropped() -> None:
    feed = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "https://a.example/?\\ud800x"}]}'
    assert read_feed(feed).items[0].url == "https://a.example/?x"


# Feeds and pages


@pytest.mark.slow
@often
@given(documents, addresses, media_types)
def test_a_feed_is_read_or_refused(body: bytes, url: str, media_type: str) -> None:
    assert classify_content(body, media_type) in SourceKind
    with suppress(BriefingError):
        feed = read_feed(body, url=url, content_type=media_type, now=NOW)
        assert not CONTROLS.search("".join(item.title + item.author for item in feed.items))
        assert all(web_parts(item.url) for item in feed.items if item.url)
        for item in feed.items:
            with suppress(BriefingError):
                assert is_clean(article_from_feed_item(item, source="Post"))
    for read in (read_opml, read_subscriptions, read_url_list):
        with suppress(BriefingError):
            assert read(body)
    assert not CONTROLS.search(read_head(body, now=NOW).title)


@pytest.mark.slow
@often
@given(feeds)
def test_what_follows_the_first_item_of_a_feed_does_not_change_it(rest: bytes) -> None:
    item = f"<item><title>{UMLAUTS}</title><guid>1</guid></item>"
    body = f"<rss version='2.0'><channel>{item}<item><title>x</title></item>{rest.decode('utf-8', 'replace')}"
    assert read_feed(body.encode(), now=NOW).items[0].title == UMLAUTS


@pytest.mark.slow
@often
@given(pages)
def test_what_follows_an_article_in_its_page_takes_none_of_its_sentences(rest: bytes) -> None:
    page = f"<html lang=de><meta charset=utf-8><title>x</title><article><p>{UMLAUTS} {SENTENCES * 5}</p></article>"
    # With zero bytes it is a binary file; a longer text, or one that a style hides, would be taken for the article.
    body = (page + rest.decode("utf-8", "replace").replace("\0", "").replace("display:none", "")[:300]).encode()
    article = extract_article(body, content_type="text/html", name="page", url="https://a.example/x", source="Post")
    assert article.text.count(UMLAUTS) == 1
    assert is_clean(article)


@pytest.mark.slow
@often
@given(documents, addresses, media_types, st.sampled_from([None, "utf-16", "\0", "punycode", "utf-8"]))
def test_a_page_is_read_or_refused(body: bytes, url: str, media_type: str, charset: str | None) -> None:
    assert all(web_parts(found) for found in find_feeds(body, url))
    hint = FeedItem(url=url, published=None, title=body[:50].decode("latin-1"), html=body.decode("latin-1"))
    for about in (None, hint):
        with suppress(BriefingError):
            article = extract_article(
                body, content_type=media_type, charset=charset, name="page", url=url, source="Post", hint=about
            )
            assert is_clean(article)
    with suppress(BriefingError):
        assert is_clean(article_from_feed_item(hint, source="Post"))
    for text in (body, body.decode("utf-8", "surrogateescape")):
        with suppress(BriefingError):
            assert is_clean(article_from_text(text, source="Post"))


@pytest.mark.slow
@settings(often, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=documents, suffix=st.sampled_from([".html", ".txt", ".md", ".eml", ".xml", ".mbox", ""]))
def test_a_file_is_read_or_refused(tmp_path: Path, body: bytes, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(body)
    with suppress(BriefingError):
        assert classify_path(path) in SourceKind
    with suppress(BriefingError):
        assert is_clean(extract_file(path, source="Post"))
    with suppress(BriefingError):
        assert all(message.read() in body for message in list_mbox(path, now=NOW))


@pytest.mark.parametrize(
    "mark", ["<![endif--]>", "<![if !IE]>", "<![endif]>", "<![CDATA [ x ]>", "<!--[if IE]><![endif]-->"]
)
def test_conditional_comments_hide_nothing(mark: str) -> None:
    page = (
        f'<html><head><title>Harbour opens</title>{mark}<link rel="alternate" type="application/rss+xml" href="/feed">'
        f"</head><body>{mark}<h1>Harbour opens</h1><p>{SENTENCES * 8}</p></body></html>"
    ).encode()
    assert find_feeds(page, "https://a.example/") == ["https://a.example/feed"]
    article = extract_article(page, content_type="text/html", name="page", url="https://a.example/x", source="Post")
    assert article.title == "Harbour opens"
    assert article.text.count("Many people came") == 8


# What the environment says


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_used_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    path = tmp_path / "roots.pem"
    if content:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(ConfigError, match="cannot be used as certificates") as caught:
        Fetcher()
    assert (caught.value.subject, str(path) in caught.value.cause) == ("SSL_CERT_FILE", True)


@pytest.mark.parametrize(
    "proxy", ["http://proxy:port", "http://ann:s3cret@[x", "proxy:99999", "http://", "socks5://proxy:1"]
)
def test_a_proxy_that_cannot_be_used_is_named(proxy: str) -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    options: dict[str, Any] = {"gap": 0.0, "retries": 0, "proxies": {"http": proxy}}
    with Fetcher(resolver=resolver, **options) as fetcher, pytest.raises(FetchError, match="HTTP_PROXY: ") as caught:
        fetcher.fetch(Request("http://news.example/"))
    assert "s3cret" not in str(caught.value)
