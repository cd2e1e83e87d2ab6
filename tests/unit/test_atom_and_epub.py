"""Atom (RFC 4287) and EPUB 3 of an edition."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest

from briefing.assets import environment
from briefing.render.edition import EDITION_FORMATS, render
from briefing.render.epub import render_epub
from briefing.serialization import edition_from_json
from briefing.types import Edition, Section

from ..factories import illustrated

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "golden"
TEMPLATES = environment("templates")
ATOM, XHTML, OPF = "{http://www.w3.org/2005/Atom}", "{http://www.w3.org/1999/xhtml}", "{http://www.idpf.org/2007/opf}"
HOSTILE = "<script>alert(1)</script> ]]> &amp; \x00\x0b\ufffe\ud800 \"'"


def golden(name: str) -> Edition:
    return edition_from_json(json.loads((GOLDEN / f"{name}.json").read_text("utf-8")), lambda _: None)


def hostile() -> Edition:
    edition = golden("stories")
    (section,) = edition.sections
    stories = tuple(
        replace(
            story,
            summary=replace(
                story.summary, headline=HOSTILE, source=HOSTILE, url="javascript:alert(1)",
                key_points=tuple(replace(point, text=HOSTILE) for point in story.summary.key_points),
            ),
            articles=tuple(replace(article, source=HOSTILE) for article in story.articles),
        )
        for story in section.stories
    )  # fmt: skip
    stubs = [replace(stub, title=HOSTILE, teaser=HOSTILE, url="javascript:alert(1)") for stub in edition.stubs]
    return replace(
        edition, title=HOSTILE, headline=HOSTILE, sections=(Section(name=HOSTILE, stories=stories),), stubs=tuple(stubs)
    )


EDITIONS = [golden("edition"), golden("stories"), hostile(), illustrated(golden("edition"), alt='"> <b> & ]]>')]


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_feed_is_valid_rfc_4287(edition: Edition) -> None:
    text = render(edition, "atom", TEMPLATES)
    feed = ElementTree.fromstring(text)
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == len(edition.stories) + len(edition.stubs)
    for element in (feed, *entries):
        for name in ("id", "title", "updated"):  # exactly one of each (4.1.1, 4.1.2)
            assert len(element.findall(f"{ATOM}{name}")) == 1
        assert (element.findtext(f"{ATOM}id") or "").startswith("urn:uuid:")
        assert element.findtext(f"{ATOM}author/{ATOM}name") is not None
        alternates = [link for link in element.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert len(alternates) <= 1
        assert all((link.get("href") or "").startswith("http") for link in element.findall(f"{ATOM}link"))
    ids = [element.findtext(f"{ATOM}id") for element in entries]
    assert len(set(ids)) == len(ids)
    assert len(feed.findall(f"{ATOM}entry/{ATOM}content")) == len(edition.stories)
    assert len(feed.findall(f"{ATOM}entry/{ATOM}summary")) == len(edition.stubs)
    parsed = feedparser.parse(text.encode())
    assert not parsed.bozo
    assert "<script" not in json.dumps([entry.content for entry in parsed.entries if "content" in entry])
    headlines = parsed.entries[len(edition.stories) :]
    assert all(entry.summary_detail.type == "text/plain" for entry in headlines)


def test_feed_and_entry_ids_are_stable() -> None:
    today = golden("stories")
    tomorrow = replace(today, date=today.date.replace(day=18))
    first, second = (ElementTree.fromstring(render(edition, "atom", TEMPLATES)) for edition in (today, tomorrow))
    assert first.findtext(f"{ATOM}id") == second.findtext(f"{ATOM}id")
    assert first.findtext(f"{ATOM}entry/{ATOM}id") != second.findtext(f"{ATOM}entry/{ATOM}id")
    assert render(today, "atom", TEMPLATES) == render(today, "atom", TEMPLATES)


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_epub_has_every_section_in_well_formed_pages_without_remote_links(edition: Edition) -> None:
    with zipfile.ZipFile(io.BytesIO(render_epub(edition, TEMPLATES))) as book:
        first = book.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert book.read("mimetype") == b"application/epub+zip"
        pages = {name: book.read(name) for name in book.namelist()}
    trees = {
        name: ElementTree.fromstring(data) for name, data in pages.items() if not name.endswith(("type", "css", "jpg"))
    }
    package = trees["EPUB/content.opf"]
    listed = {item.get("id"): f"EPUB/{item.get('href')}" for item in package.iter(f"{OPF}item")}
    assert set(listed.values()) == {name for name in pages if name.startswith("EPUB/")} - {"EPUB/content.opf"}
    assert all(item.get("idref") in listed for item in package.iter(f"{OPF}itemref"))
    for name, tree in trees.items():
        if not name.endswith(".xhtml"):
            continue
        assert not list(tree.iter(f"{XHTML}script"))
        for link in tree.iter(f"{XHTML}a"):
            file, _, anchor = (link.get("href") or "").partition("#")
            if not file.startswith("http"):
                target = trees[f"EPUB/{file}"]
                assert not anchor or any(element.get("id") == anchor for element in target.iter())
    told = sum(
        1 for name in trees if name.startswith(("EPUB/s", "EPUB/front")) for _ in trees[name].iter(f"{XHTML}article")
    )
    assert told == len(edition.stories)
    shown = [f"EPUB/{image.get('src')}" for tree in trees.values() for image in tree.iter(f"{XHTML}img")]
    assert sorted(shown) == sorted(name for name in pages if name.endswith(".jpg"))
    assert len(shown) == sum(1 for story in edition.stories if story.picture)
    text = "".join("".join(tree.itertext()) for tree in trees.values())
    assert ("behind a paywall" in text) == bool(edition.stubs)


RENDERED = """
import json, sys, time
from pathlib import Path

from briefing.assets import environment
from briefing.render.edition import EDITION_FORMATS, render_edition
from briefing.serialization import edition_from_json

later = time.time() + float(sys.argv[2])
time.time = lambda: later
edition = edition_from_json(json.loads(Path(sys.argv[1]).read_text("utf-8")), lambda _: None)
for name in EDITION_FORMATS:
    content = render_edition(edition, name, environment("templates"))
    sys.stdout.write(f"{name} {(content.encode() if isinstance(content, str) else content).hex()}\\n")
"""


@pytest.mark.slow
def test_equal_editions_give_equal_bytes_in_every_format() -> None:
    """In processes with other hash seeds, time zones and dates."""
    texts = []
    for seed, zone, days in (("1", "UTC", 0), ("2", "Asia/Tokyo", 400)):
        command = [sys.executable, "-c", RENDERED, str(GOLDEN / "stories.json"), str(days * 86_400)]
        variables = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        texts.append(subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout)
    first, second = (dict(line.split(" ") for line in text.splitlines()) for text in texts)
    assert first.keys() == EDITION_FORMATS.keys()
    assert [name for name in first if first[name] != second[name]] == []
