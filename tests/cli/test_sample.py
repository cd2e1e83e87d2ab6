"""What a reader gets of the sample that the README's first command reads: each article in it, as its list says."""

from __future__ import annotations

import email
import email.policy
import json
import tomllib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

PLAIN = ("--engine", "extractive", "--offline", "--since", "")


@pytest.fixture
def listed(sample: Path) -> dict[str, Any]:
    """What `expected.toml` says of the articles; a letter is called by its subject."""
    found = tomllib.loads((sample / "expected.toml").read_text("utf-8"))
    for article in found["articles"]:
        if article["format"] == "mail":
            letter = email.message_from_bytes((sample / article["file"]).read_bytes(), policy=email.policy.default)
            article["title"] = str(letter["Subject"])
    return found


@pytest.mark.slow
def test_every_article_of_the_sample_is_told_as_it_is_listed(
    cli: Callable[..., Any], sample: Path, tmp_path: Path, listed: dict[str, Any]
) -> None:
    done = cli("run", sample / "briefing.toml", *PLAIN, "--points", "10", "-f", "json", "--date", "2024-12-31")
    assert done.returncode == 0, done.stderr
    edition = json.loads((tmp_path / "briefings" / "2024-12-31.json").read_text("utf-8"))
    config = tomllib.loads((sample / "briefing.toml").read_text("utf-8"))
    stories = [story for section in edition["sections"] for story in section["stories"]]
    of = {article["title"]: story["summary"] for story in stories for article in story["articles"]}
    told = {article["title"]: article for story in stories for article in story["articles"]}

    assert set(told) == {article["title"] for article in listed["articles"]}
    assert {article["format"] for article in listed["articles"]} == {"text", "markdown", "html", "mail", "feed"}
    for article in listed["articles"]:
        published = told[article["title"]]["published"]
        assert published is None or datetime.fromisoformat(published).date() == article["published"], article["id"]
    dated = {article["format"] for article in listed["articles"] if told[article["title"]]["published"]}
    assert dated >= {"html", "mail", "feed", "markdown"}

    titles = {article["id"]: article["title"] for article in listed["articles"]}
    together = [{article["title"] for article in story["articles"]} for story in stories if len(story["articles"]) > 1]
    assert together == [{titles[name] for name in pair} for pair in listed["same_story"]]
    assert [section["name"] for section in edition["sections"]] == config["sections"]

    shown = json.dumps([edition["overview"], *(story["summary"] for story in stories)], ensure_ascii=False)
    assert [words for article in listed["articles"] for words in article["clutter"] if words in shown] == []
    # Of a whole article there is as much to quote as was asked for; of a feed's teaser there is not.
    assert [title for title in told if len(of[title]["key_points"]) < 8] == []
    for article in listed["articles"]:
        text = json.dumps(of[article["title"]], ensure_ascii=False)
        assert any(all(words in text for words in fact["words"]) for fact in article["facts"]), article["id"]
    # No file of the list is one that no source reads, and the page of the sample names each.
    readme = (sample / "README.md").read_text("utf-8")
    on_disk = {path.relative_to(sample).as_posix() for path in sample.glob("*/**/*") if path.is_file()}
    files = {article["file"] for article in [*listed["articles"], *listed["extra"]]}
    assert on_disk == files | {"feed/feed.xml"}
    assert [name for name in sorted(files) if f"`{name}`" not in readme] == []


def test_the_article_in_another_language_is_told_in_it(
    cli: Callable[..., Any], sample: Path, listed: dict[str, Any]
) -> None:
    (extra,) = listed["extra"]
    done = cli("summarise", sample / extra["file"], "--engine", "extractive", "--format", "json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["language"], summary["article_language"]) == (extra["language"], extra["language"])
    assert summary["title"] == extra["title"]
    assert [words for words in extra["clutter"] if words in done.stdout] == []
    assert summary["key_points"]
