"""The formats of an edition: valid for other programs, several at once, where they are written, the same by `show`."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import feedparser
import pytest

from ..conftest import Cli

ENDINGS = {"md": "md", "html": "html", "text": "txt", "json": "json", "atom": "atom", "epub": "epub"}
ATOM, CONTAINER = "{http://www.w3.org/2005/Atom}", "{urn:oasis:names:tc:opendocument:xmlns:container}"
OPF, DC = "{http://www.idpf.org/2007/opf}", "{http://purl.org/dc/elements/1.1/}"
XHTML, OPS = "{http://www.w3.org/1999/xhtml}", "{http://www.idpf.org/2007/ops}"


@pytest.fixture
def written(cli: Cli, sample: Path, tmp_path: Path) -> Path:
    """The folder of the sample's edition as feed, book and JSON."""
    done = cli(
        "run", sample / "briefing.toml", "--engine", "extractive", "--date", "2024-05-17", "--max-articles", "8",
        "-f", "atom", "-f", "epub", "-f", "json", "--out", "out",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return tmp_path / "out"


def stories(folder: Path) -> list[dict[str, Any]]:
    """The summaries of the edition, in order."""
    edition = json.loads((folder / "2024-05-17.json").read_text("utf-8"))
    return [story["summary"] for section in edition["sections"] for story in section["stories"]]


@pytest.mark.slow
def test_the_feed_is_valid_atom_with_an_entry_for_each_story(written: Path) -> None:
    data = (written / "2024-05-17.atom").read_bytes()
    feed = ElementTree.fromstring(data)
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    titles = [entry.findtext(f"{ATOM}title") for entry in entries]
    told = sorted(stories(written), key=lambda story: titles.index(story["headline"]))  # the front stories are first
    assert titles == [story["headline"] for story in told]
    for element in (feed, *entries):  # RFC 4287, 4.1.1 and 4.1.2
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
        assert urlsplit(element.findtext(f"{ATOM}id") or "").scheme
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated") or "").tzinfo
        assert element.find(f"{ATOM}author/{ATOM}name") is not None
        links = element.findall(f"{ATOM}link")
        kinds = [(link.get("type"), link.get("hreflang")) for link in links if link.get("rel") == "alternate"]
        assert len(set(kinds)) == len(kinds)
        assert all(link.get("href") for link in links)
    ids = [element.findtext(f"{ATOM}id") for element in (feed, *entries)]
    assert len(set(ids)) == len(ids)
    for entry, story in zip(entries, told, strict=True):
        content = entry.find(f"{ATOM}content")
        assert content is not None
        assert content.get("type") in {"html", "xhtml"}
        alternates = [link.get("href") for link in entry.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert alternates == ([story["url"]] if story["url"] else [])
    assert not list(feed.iter("{*}script"))
    read = feedparser.parse(data)
    assert (read.bozo, read.version, len(read.entries)) == (False, "atom10", len(told))
    for entry, story in zip(read.entries, told, strict=True):
        shown = re.sub(r"\s+", " ", entry.content[0].value)
        assert all(html.escape(point["text"], quote=False) in shown for point in story["key_points"])


@pytest.mark.slow
def test_the_book_is_a_valid_epub_with_a_chapter_for_each_section(written: Path) -> None:
    book = zipfile.ZipFile(BytesIO((written / "2024-05-17.epub").read_bytes()))
    assert book.testzip() is None
    first, *others = book.infolist()
    # OCF 3.3, 4.3: the type comes first, stored, without an extra field.
    assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
    assert book.read("mimetype") == b"application/epub+zip"
    assert len({entry.filename for entry in others}) == len(others)
    (root,) = ElementTree.fromstring(book.read("META-INF/container.xml")).iter(f"{CONTAINER}rootfile")
    assert root.get("media-type") == "application/oebps-package+xml"
    path = root.get("full-path") or ""
    package = ElementTree.fromstring(book.read(path))
    assert package.get("version") == "3.0"
    identifier = package.find(f"{OPF}metadata/{DC}identifier")
    assert identifier is not None
    assert identifier.get("id") == package.get("unique-identifier")
    assert package.findtext(f"{OPF}metadata/{DC}title")
    assert package.findtext(f"{OPF}metadata/{DC}language")
    (modified,) = [meta for meta in package.iter(f"{OPF}meta") if meta.get("property") == "dcterms:modified"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", modified.text or "")
    base = path.rpartition("/")[0]
    items = {item.get("id"): item for item in package.iter(f"{OPF}item")}
    files = {f"{base}/{item.get('href')}" for item in items.values()}
    assert files | {"mimetype", "META-INF/container.xml", path} == set(book.namelist())
    (navigation,) = [item for item in items.values() if "nav" in (item.get("properties") or "").split()]
    spine = [items[ref.get("idref")] for ref in package.iter(f"{OPF}itemref")]
    pages = {}
    for item in items.values():
        if item.get("media-type") == "application/xhtml+xml":
            page = pages[item.get("href") or ""] = ElementTree.fromstring(book.read(f"{base}/{item.get('href')}"))
            assert page.tag == f"{XHTML}html"
            assert page.findtext(f"{XHTML}head/{XHTML}title")
            assert not list(page.iter(f"{XHTML}script"))
    contents = pages[navigation.get("href") or ""]
    (listed,) = [nav for nav in contents.iter(f"{XHTML}nav") if nav.get(f"{OPS}type") == "toc"]
    places = [(link.get("href") or "").partition("#") for link in listed.iter(f"{XHTML}a")]
    assert {place[0] for place in places} <= {item.get("href") for item in spine}
    for href, _, anchor in places:
        assert not anchor or any(element.get("id") == anchor for element in pages[href].iter())
    edition = json.loads((written / "2024-05-17.json").read_text("utf-8"))
    chapters = [item.get("href") or "" for item in spine if (item.get("href") or "").startswith("s")]
    assert len(chapters) == len(edition["sections"])
    for href, section in zip(chapters, edition["sections"], strict=True):
        text = " ".join("".join(pages[href].itertext()).split())
        assert section["name"] in text
        assert all(" ".join(story["summary"]["headline"].split()) in text for story in section["stories"])


@pytest.mark.slow
def test_every_format_is_written_at_once_and_named_in_order(
    cli: Cli, make_day: Callable[..., None], tmp_path: Path
) -> None:
    make_day("2024-05-17")
    options = [option for name in reversed(ENDINGS) for option in ("--format", name)]
    done = cli("run", "Morning.toml", "--date", "2024-05-17", *options, "--out", "out")
    assert done.returncode == 0, done.stderr
    names = [f"2024-05-17.{ending}" for ending in reversed(ENDINGS.values())]
    assert done.stdout.splitlines() == [str(Path("out") / name) for name in names]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)
    for format_, ending in ENDINGS.items():
        data = (tmp_path / "out" / f"2024-05-17.{ending}").read_bytes()
        assert (b"Council approves tram" in data) == (format_ != "epub"), format_  # a book is compressed
        # What `show` prints, by the format's name and by the ending of a file, is the same.
        shown = cli("show", "2024-05-17", "--out", f"shown.{ending}", "--config", "Morning.toml")
        assert shown.stdout == f"shown.{ending}\n", shown.stderr
        assert (tmp_path / f"shown.{ending}").read_bytes() == data
        if format_ != "epub":
            printed = cli("show", "2024-05-17", "-f", format_, "-c", "Morning.toml")
            assert printed.stdout.encode() == data


@pytest.mark.slow
def test_a_book_on_standard_output_is_the_bytes_of_the_file(make_day: Callable[..., None], tmp_path: Path) -> None:
    make_day("2024-05-17")
    with (tmp_path / "day.epub").open("wb") as file:
        command = [sys.executable, "-m", "briefing", "show", "-f", "epub", "--title", "Morning"]
        subprocess.run(command, cwd=tmp_path, stdout=file, check=True)
    assert zipfile.ZipFile(tmp_path / "day.epub").testzip() is None


def test_one_format_that_cannot_be_written_leaves_all_as_they_were(
    cli: Cli, make_day: Callable[..., None], tmp_path: Path
) -> None:
    make_day("2024-05-17")
    out = tmp_path / "out"
    (out / "2024-05-17.epub").mkdir(parents=True)
    (out / "2024-05-17.md").write_text("as it was")
    done = cli("run", "Morning.toml", "--date", "2024-05-17", "-f", "md", "-f", "atom", "-f", "epub", "--out", "out")
    assert (done.returncode, done.stdout) == (3, "")
    assert "2024-05-17.epub" in done.stderr
    assert (out / "2024-05-17.md").read_text() == "as it was"
    assert not (out / "2024-05-17.atom").exists()
    assert not list(out.glob(".briefing-*"))


@pytest.mark.slow
def test_the_feed_keeps_its_id_from_day_to_day_and_entries_have_their_own(
    cli: Cli, three_days: None, tmp_path: Path
) -> None:
    feeds = []
    for day in ("2024-05-16", "2024-05-17"):
        text = cli("show", day, "-f", "atom", "-c", "Morning.toml").stdout
        feeds.append(feedparser.parse(text.encode()))
    assert feeds[0].feed.id == feeds[1].feed.id
    assert feeds[0].entries[0].id != feeds[1].entries[0].id
