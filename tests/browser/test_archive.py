"""The archive in a browser from ``file:``: search, escaping, unchanged files, accessibility."""

from __future__ import annotations

import html
import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from briefing import pipeline
from briefing.assets import environment
from briefing.config import Config
from briefing.nlp.search_terms import FOLDING, search_words
from briefing.types import Edition

from .conftest import golden

WORDS = Path(__file__).resolve().parents[1] / "data" / "search" / "words.json"

pytestmark = pytest.mark.browser

NOW = datetime(2024, 5, 19, 6, 0, tzinfo=UTC)
EVIL = "<img src=x onerror=document.title='owned'></script><script>document.title='owned'</script>"


@pytest.fixture
def open_(tmp_path: Path) -> pipeline.RunContext:
    config = Config(state=tmp_path / "state.db", timezone="UTC")
    return pipeline.RunContext(config, clock=lambda: NOW, progress=pipeline.NoProgress())


def editions() -> list[Edition]:
    edition = golden("stories")
    (section,) = edition.sections
    hostile = replace(section.stories[0], summary=replace(section.stories[0].summary, headline=f"Übel {EVIL}"))
    later = replace(edition, date=date(2024, 6, 1), sections=(replace(section, stories=(hostile,)),), overview=())
    return [edition, later]


def archive(open_: pipeline.RunContext, folder: Path) -> tuple[int, int]:
    with open_ as context:
        for edition in editions():
            pipeline.remember_edition(edition, context)
        return pipeline.write_archive(folder, context)


TYPED = """<script>
const box = document.getElementById("query");
box.value = {words};
box.dispatchEvent(new Event("input"));
const links = [...document.querySelectorAll("#found a")].map(a => [a.textContent, a.getAttribute("href")]);
document.title = JSON.stringify([links, document.getElementById("status").textContent, document.images.length]);
</script></body>"""


def typed(title: Callable[..., str], folder: Path, words: str) -> tuple[list[list[str]], str, int]:
    page = (folder / "index.html").read_text("utf-8").replace("</body>", TYPED.replace("{words}", json.dumps(words)))
    (folder / "typed.html").write_text(page, "utf-8")
    links, status, images = json.loads(html.unescape(title(folder / "typed.html")))
    return links, status, images


def test_the_search_works_from_file_urls(open_: pipeline.RunContext, tmp_path: Path, title: Callable[..., str]) -> None:
    folder = tmp_path / "site"
    assert archive(open_, folder) == (2, 5)
    links, status, _ = typed(title, folder, "TRAM contr")
    assert (links, status) == ([["Marlow signs the contract for its tram", "2024-05-17.html#a-b1"]], "1")
    assert 'id="a-b1"' in (folder / "2024-05-17.html").read_text("utf-8")
    assert typed(title, folder, "zeppelin") == ([], "No story has all of these words.", 0)
    assert typed(title, folder, "  ") == ([], "", 0)


SEARCHED = """<!doctype html><title></title><form><input id="query"></form><p id="status"></p><ul id="found"></ul>
<script>{script}</script><script>
const box = document.getElementById("query");
document.title = JSON.stringify({queries}.map(words => {{
  box.value = words;
  box.dispatchEvent(new Event("input"));
  return [...document.querySelectorAll("#found a")].map(a => a.textContent);
}}));
</script>"""


def searched(title: Callable[..., str], told: list[str], queries: list[str]) -> list[list[str]]:
    """The headlines found by each of `queries` with the page's script, in an index of these headlines only."""
    stories = [
        {"page": "", "anchor": "", "day": "", "headline": headline, "words": " ".join(search_words(headline))}
        for headline in told
    ]
    script = environment("templates").get_template("archive.js")
    page = SEARCHED.format(
        script=script.render(stories=json.dumps(stories), folding=json.dumps(dict(FOLDING))),
        queries=json.dumps(queries),
    )
    found: list[list[str]] = json.loads(html.unescape(title(page)))
    return found


def test_search_folds_case_accents_and_punctuation(title: Callable[..., str]) -> None:
    table = json.loads(WORDS.read_text("utf-8"))
    queries = [(words, row["told"], True) for row in table for words in row["found"]]
    queries += [(words, row["told"], False) for row in table for words in row["missed"]]
    found = searched(title, [row["told"] for row in table], [words for words, _, _ in queries])
    assert [
        (words, told, told in headlines) for (words, told, _), headlines in zip(queries, found, strict=True)
    ] == queries


def test_javascript_and_python_fold_characters_alike(title: Callable[..., str]) -> None:
    """Each character inside a word of its own finds what the index has of that word; a story holds 200 of these."""
    known = [
        chr(code) for code in range(33, 0x110000) if unicodedata.category(chr(code)) not in {"Cn", "Cs", "Co", "Cc"}
    ]
    chunks = [" ".join(f"x{c}n{ord(c)}" for c in known[start : start + 200]) for start in range(0, len(known), 200)]
    numbered = [f"chunk{number} {chunk}" for number, chunk in enumerate(chunks)]
    found = searched(title, numbered, numbered)
    assert [index for index, headlines in enumerate(found) if numbered[index] not in headlines] == []


def test_a_hostile_headline_stays_text(open_: pipeline.RunContext, tmp_path: Path, title: Callable[..., str]) -> None:
    folder = tmp_path / "site"
    archive(open_, folder)
    links, _, images = typed(title, folder, "ubel")
    assert [text for text, _ in links] == [f"Übel {EVIL}"]
    assert images == 0
    assert html.unescape(title(folder / "2024-06-01.html")).startswith("Morning briefing")


def test_unchanged_files_are_not_rewritten_and_pages_link_to_their_neighbours(
    open_: pipeline.RunContext, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    archive(open_, folder)
    with pipeline.RunContext(open_.config, clock=lambda: NOW, progress=pipeline.NoProgress()) as again:
        assert pipeline.write_archive(folder, again) == (2, 0)
    first, second = ((folder / f"{day}.html").read_text("utf-8") for day in ("2024-05-17", "2024-06-01"))
    assert '<a href="2024-06-01.html" rel="next">' in first
    assert '<a href="2024-05-17.html" rel="prev">' in second
    assert '<a href="index.html">' in first
    assert (folder / "atom.xml").read_text("utf-8").startswith("<?xml")


CHECK = """<script>{axe}</script><script>onload = async () => {{
  const found = await axe.run();
  document.title = JSON.stringify(found.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200))]));
}};</script></body>"""


@pytest.mark.parametrize("scheme", [0, 1])
def test_axe_finds_no_violation_in_the_index(
    open_: pipeline.RunContext, tmp_path: Path, title: Callable[..., str], axe: str, scheme: int
) -> None:
    folder = tmp_path / "site"
    archive(open_, folder)
    page = (folder / "index.html").read_text("utf-8").replace("</body>", CHECK.format(axe=axe))
    (folder / "axe.html").write_text(page, "utf-8")
    assert html.unescape(title(folder / "axe.html", f"--blink-settings=preferredColorScheme={scheme}")) == "[]"
