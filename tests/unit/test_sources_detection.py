"""Detection of source kinds and of the feeds of a page."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from briefing.errors import SourceError
from briefing.sources import classify_content, classify_path, find_feeds, list_folder
from briefing.types import SourceKind

FEED = b"<?xml version='1.0'?><rss version='2.0'><channel/></rss>"


@pytest.mark.parametrize(
    ("body", "content_type", "kind"),
    [
        (FEED, "text/html", SourceKind.FEED),
        (b"<!-- x --><!DOCTYPE rss SYSTEM 'a' [<!ENTITY a 'b'>]>" + FEED, "", SourceKind.FEED),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'/>", "", SourceKind.FEED),
        (b"<rdf:RDF xmlns:rdf='x'/>", "", SourceKind.FEED),
        (b'{"version": "https:\\/\\/jsonfeed.org\\/version\\/1"}', "application/json", SourceKind.FEED),
        (b'{"items": []}', "application/feed+json", SourceKind.FEED),
        (b'{"a": 1}', "application/json", SourceKind.FILE),
        (FEED.decode().encode("utf-16"), "", SourceKind.FEED),
        pytest.param(gzip.compress(FEED, mtime=0), "application/rss+xml", SourceKind.FEED, id="gzip"),
        (b"rubbish" + FEED, "application/rss+xml; charset=utf-8", SourceKind.FEED),
        (b"<?xml version='1.0'?><opml><body/></opml>", "text/xml", SourceKind.OPML),
        (b"# list\nhttps://a.example/f\n", "text/plain", SourceKind.OPML),
        (b"<!doctype html><html><body>rss</body></html>", "text/html", SourceKind.PAGE),
        (b"<div>a page</div>", "", SourceKind.PAGE),
        (b"words on a page", "text/html; charset=utf-8", SourceKind.PAGE),
        (b"words in a file", "text/plain", SourceKind.FILE),
        (b"%PDF-1.7\n%\xe2\xe3", "application/pdf", SourceKind.FILE),
        (b"", "", SourceKind.FILE),
        (b"<!-- never ends", "", SourceKind.FILE),
    ],
)
def test_content_is_classified(body: bytes, content_type: str, kind: SourceKind) -> None:
    assert classify_content(body, content_type) is kind


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.txt", b"Once upon a time", SourceKind.FILE),
        ("a.txt", b"https://a.example/\nhttps://b.example/\n", SourceKind.OPML),
        ("a.MD", b"# Title", SourceKind.FILE),
        ("a.html", b"<p>x</p>", SourceKind.FILE),
        ("a.eml", b"From: a", SourceKind.FILE),
        ("a.pdf", b"%PDF", SourceKind.FILE),
        ("a.xml", FEED, SourceKind.FEED),
        ("a.xml", b"<opml/>", SourceKind.OPML),
        ("a.rss", b"broken", SourceKind.FEED),
        ("a.json", b"{}", SourceKind.FEED),
        ("a.opml", b"broken", SourceKind.OPML),
    ],
)
def test_files_are_classified_by_suffix_and_content(
    tmp_path: Path, name: str, content: bytes, kind: SourceKind
) -> None:
    (tmp_path / name).write_bytes(content)
    assert classify_path(tmp_path / name) is kind


def test_a_folder_is_classified(tmp_path: Path) -> None:
    assert classify_path(tmp_path) is SourceKind.FOLDER


def test_missing_and_unknown_files_are_refused_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "photo.jpeg").write_bytes(b"x")
    for name, reason in (("gone.txt", "no such file"), ("photo.jpeg", ".jpeg"), ("x" * 300, "such|read")):
        with pytest.raises(SourceError, match=reason):
            classify_path(tmp_path / name)


@pytest.mark.posix
def test_a_named_pipe_is_no_source(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(SourceError, match="neither"):
        classify_path(tmp_path / "pipe.txt")


def test_articles_of_a_folder_are_sorted(tmp_path: Path) -> None:
    for name in (
        "b.txt",
        "a.md",
        "sub/c.html",
        "sub/deep/d.eml",
        ".hidden.txt",
        ".git/e.txt",
        "photo.jpeg",
        "feed.xml",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "folder.txt").mkdir()
    found = [str(path.relative_to(tmp_path)) for path in list_folder(tmp_path)]
    assert found == ["a.md", "b.txt", "sub/c.html", "sub/deep/d.eml"]


def test_symlink_loops_end(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "self.txt").symlink_to(tmp_path / "self.txt")
    (tmp_path / "dangling.txt").symlink_to(tmp_path / "gone.txt")
    assert list_folder(tmp_path) == (tmp_path / "a.txt",)


def test_a_folder_with_too_many_articles_is_refused(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.txt").write_text("x")
    assert len(list_folder(tmp_path, limit=4)) == 4
    with pytest.raises(SourceError, match="more than 3 articles"):
        list_folder(tmp_path, limit=3)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        list_folder(tmp_path / "gone")


def test_feeds_are_found_by_autodiscovery() -> None:
    page = b"""<html><head><base href="/blog/"><link rel="stylesheet" href="s.css">
      <link REL='Alternate' type="application/rss+xml; charset=utf-8" title="Main" href="feed">
      <link rel="alternate feed" type="application/atom+xml" href="https://b.example/atom?a=1&amp;b=2">
      <link rel="alternate" type="application/rss+xml" href="feed">
      <link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">
      <link rel="alternate" hreflang="de" href="/de"><link rel="alternate" type="application/rss+xml">
      <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
      <link rel="alternate" type="application/feed+json" href="//c.example/f.json"></head><body>"""
    assert find_feeds(page, "https://a.example/index.html") == [
        "https://a.example/blog/feed",
        "https://b.example/atom?a=1&b=2",
        "https://c.example/f.json",
    ]


def test_links_that_look_like_feeds_are_found_without_autodiscovery() -> None:
    page = b"""<html><body><a href="/about">About</a><a href="/feed.xml#top">RSS</a><a href="https://b.example/feed/">x</a>
      <a href="http://[bad/feed">y</a><a href="news/feed/">News</a><a href="/feedback">Write to us</a></body>"""
    assert find_feeds(page, "https://a.example/") == ["https://a.example/feed.xml#top", "https://a.example/news/feed/"]
    named = b"<link rel=alternate type=application/atom+xml href=/atom>" + page
    assert find_feeds(named, "https://a.example/") == ["https://a.example/atom"]


@pytest.mark.parametrize("page", [b"", b"<link rel=alternate", b"\xff\xfe\x00", b"<![x", b"<!" * 1000])
def test_a_page_without_feeds_gives_none(page: bytes) -> None:
    assert find_feeds(page, "https://a.example/") == []


def test_real_feeds_are_classified_as_feeds(shared_data: Path) -> None:
    files = list((shared_data / "feeds" / "real").iterdir())
    assert [file.name for file in files if classify_content(file.read_bytes()) is not SourceKind.FEED] == []
