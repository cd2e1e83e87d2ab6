"""`briefing archive`: pages and the links between them, index, search, feed; made again without loss."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import feedparser
import pytest

from ..conftest import Cli
from .conftest import STORIES

MakeDay = Callable[..., None]
CONFIG = ("--config", "Morning.toml")
"""Its title is the site's."""


class _Page(HTMLParser):
    """Links by their relation (or text), ids, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.ids: set[str] = set()
        self.words: list[str] = []
        self._open = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids.add(found.get("id") or "")
        self._open = tag == "a"
        if tag == "a":
            self.links.append((found.get("rel") or "", found.get("href") or ""))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def linked(self, rel: str) -> list[str]:
        return [href for relation, href in self.links if relation == rel]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def page(path: Path) -> _Page:
    return _Page(path.read_text("utf-8"))


def search_index(folder: Path) -> list[dict[str, str]]:
    """The stories that the search of the site looks through."""
    (rows,) = re.findall(r"^\s*const stories = (\[.*\]);$", (folder / "search.js").read_text("utf-8"), re.MULTILINE)
    found: list[dict[str, str]] = json.loads(rows)
    return found


def archive(cli: Cli, *options: str) -> str:
    done = cli("archive", *CONFIG, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_there_is_a_page_for_each_day_linked_to_the_days_around_it(cli: Cli, three_days: None, tmp_path: Path) -> None:
    said = archive(cli, "--out", "site")
    assert said == f"{Path('site') / 'index.html'}\nEditions: 3. Files written: 6.\n"
    site = tmp_path / "site"
    days = [f"{day}.html" for day in STORIES]
    assert sorted(path.name for path in site.iterdir()) == sorted([*days, "index.html", "search.js", "atom.xml"])
    for number, (name, (headline, text)) in enumerate(zip(days, STORIES.values(), strict=True)):
        of_day = page(site / name)
        assert headline in of_day.text
        assert text in of_day.text
        assert of_day.linked("prev") == days[number - 1 : number] if number else not of_day.linked("prev")
        assert of_day.linked("next") == days[number + 1 : number + 2]
        assert "index.html" in of_day.linked("")


@pytest.mark.slow
def test_the_index_names_every_day_by_month_the_newest_first(cli: Cli, three_days: None, tmp_path: Path) -> None:
    archive(cli, "--out", "site")
    index = page(tmp_path / "site" / "index.html")
    assert [href for href in index.linked("") if href[:2] == "20"] == [f"{day}.html" for day in reversed(STORIES)]
    places = [index.text.index(word) for word in ("May 2024", STORIES["2024-05-17"][0], "April 2024")]
    assert places == sorted(places)
    assert all(headline in index.text for headline, _ in STORIES.values())
    assert "1 story" in index.text


@pytest.mark.slow
def test_the_search_knows_each_story_and_leads_to_its_place(cli: Cli, three_days: None, tmp_path: Path) -> None:
    archive(cli, "--out", "site")
    site = tmp_path / "site"
    rows = search_index(site)
    assert [(row["day"], row["headline"]) for row in rows] == [
        (day, headline) for day, (headline, _) in reversed(STORIES.items())
    ]
    for row in rows:
        assert row["anchor"] in page(site / row["page"]).ids
        assert {"the", "post", "news"} <= set(row["words"].split())  # source and section
    assert {"council", "tram", "hospital"} <= set(rows[0]["words"].split())  # headline and points
    assert 'src="search.js"' in (site / "index.html").read_text("utf-8")


@pytest.mark.slow
def test_the_feed_is_of_the_latest_edition_up_to_today(
    cli: Cli, three_days: None, make_day: MakeDay, tmp_path: Path
) -> None:
    make_day(
        "2999-01-01",
        headline="Of the future",
        text="The mayor of Holm said on Monday that the bridge would be painted blue.",
    )
    archive(cli, "--out", "site")
    feed = feedparser.parse((tmp_path / "site" / "atom.xml").read_bytes())
    assert not feed.bozo
    assert [entry.title for entry in feed.entries] == [STORIES["2024-05-17"][0]]
    assert (tmp_path / "site" / "2999-01-01.html").exists()


@pytest.mark.slow
def test_made_again_it_writes_only_what_is_new_and_loses_nothing(
    cli: Cli, three_days: None, make_day: MakeDay, tmp_path: Path
) -> None:
    archive(cli, "--out", "site")
    site = tmp_path / "site"
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in site.iterdir()}
    (site / "CNAME").write_text("news.example.org")
    assert "Editions: 3. Files written: 0." in archive(cli, "--out", "site")
    assert {name: ((site / name).read_bytes(), (site / name).stat().st_mtime_ns) for name in before} == before
    make_day(
        "2024-05-18",
        headline="Museum opens",
        text="A museum of old steamers opened in Port Lorne on Saturday, with a band.",
    )
    # The new page, the one before it (its link), the index, the search and the feed.
    assert "Editions: 4. Files written: 5." in archive(cli, "--out", "site")
    for name in ("2024-04-30.html", "2024-05-16.html"):
        assert ((site / name).read_bytes(), (site / name).stat().st_mtime_ns) == before[name]
    assert page(site / "2024-05-17.html").linked("next") == ["2024-05-18.html"]
    assert (site / "CNAME").read_text() == "news.example.org"
    assert len(search_index(site)) == 4


@pytest.mark.slow
def test_a_page_that_was_lost_or_changed_is_made_as_it_was(cli: Cli, three_days: None, tmp_path: Path) -> None:
    archive(cli, "--out", "site")
    site = tmp_path / "site"
    before = {path.name: path.read_bytes() for path in site.iterdir()}
    (site / "2024-05-16.html").unlink()
    (site / "search.js").write_text("broken")
    assert "Files written: 2." in archive(cli, "--out", "site")
    assert {path.name: path.read_bytes() for path in site.iterdir()} == before


@pytest.mark.slow
def test_editions_of_two_titles_on_one_day_have_a_page_each(
    cli: Cli, three_days: None, make_day: MakeDay, tmp_path: Path
) -> None:
    make_day(
        "2024-05-17",
        title="Evening",
        headline="Museum opens",
        text="A museum of old steamers opened in Port Lorne on Saturday, with a band.",
    )
    archive(cli, "--out", "site")
    site = tmp_path / "site"
    (other,) = site.glob("2024-05-17-evening-*.html")
    assert "Museum opens" in page(other).text
    assert "Council approves tram" in page(site / "2024-05-17.html").text
    assert other.name in page(site / "index.html").linked("")


def test_without_an_edition_the_site_is_an_empty_index(cli: Cli, tmp_path: Path) -> None:
    done = cli("archive", "--out", "site")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "site").iterdir()) == ["index.html", "search.js"]
    assert search_index(tmp_path / "site") == []


@pytest.mark.slow
def test_one_that_cannot_be_written_changes_no_file(cli: Cli, three_days: None, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "search.js").mkdir(parents=True)
    done = cli("archive", *CONFIG, "--out", "site")
    assert (done.returncode, done.stdout) == (3, "")
    assert "search.js" in done.stderr
    assert [path.name for path in site.iterdir()] == ["search.js"]


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--templates", "templates"])
def test_templates_of_ones_own_change_the_pages(cli: Cli, three_days: None, tmp_path: Path, option: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "archive.html.j2").write_text(
        '{% extends "shipped/archive.html.j2" %}{% block title %}My shelf{% endblock %}'
    )
    if option == "templates":
        path = tmp_path / "Morning.toml"
        path.write_text(f'templates = "mine"\n{path.read_text()}')
        archive(cli, "--out", "site")
    else:
        archive(cli, "--out", "site", "--templates", "mine")
    assert "<title>My shelf</title>" in (tmp_path / "site" / "index.html").read_text("utf-8")


@pytest.mark.slow
def test_the_folder_is_archive_unless_another_is_named(cli: Cli, three_days: None, tmp_path: Path) -> None:
    assert archive(cli).startswith(f"{Path('archive') / 'index.html'}\n")
    assert (tmp_path / "archive" / "index.html").is_file()
