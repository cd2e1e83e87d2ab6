"""Wishes for a summary: what a model is asked, and what the reader gets of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from briefing.testing.chat import ChatServer, Request
from briefing.testing.engine import FakeEngine

from ..conftest import Cli
from .news import TOWNS, chat_answer, edition, points, points_of, stories, text
from .parts import Configure, Install

Told = Callable[..., tuple[dict[str, Any], str, str]]

SHORT = ("Aldbury gets a tram.", "Councillors voted 30 to 12 for it.", "Work costs 20 million pounds.")
LONG = (
    "After years of argument between the parties of its town hall, Aldbury is now to get a tram of its own.",
    "By 30 votes to 12 councillors in Aldbury were for the tram when they voted late on Tuesday evening.",
    "The mayor said that work on the tram is to begin in March, and that 20 million pounds is the cost.",
)
GERMAN = (
    "Aldbury bekommt nach langem Streit eine neue Bahn. [1]",
    "Der Rat stimmte am Dienstag mit 30 zu 12 für die Bahn. [2]",
    "Die Arbeiten kosten 20 Millionen Pfund und beginnen im März. [3]",
)
PROSE = "Aldbury gets a tram after years of argument. Work costs 20 million pounds."


def obedient(request: Request) -> str:
    """Answers as long, in the language and in the form that it is asked for."""
    system = request["messages"][0]["content"]
    if "one flowing paragraph" in system:
        return PROSE
    low = re.findall(r"of (\d+) to \d+ words", system)[0]
    said = GERMAN if "in German" in system else {"6": SHORT, "16": LONG}.get(low)
    if said is None:
        return chat_answer(request)
    if "response_format" in request:
        return json.dumps({"headline": "News of Aldbury", "points": said})
    return "\n".join(["# News of Aldbury", *(f"- {point}" for point in said)])


@pytest.fixture
def told(cli: Cli, server: ChatServer, configure: Configure, tmp_path: Path) -> Told:
    """Runs over the article of Aldbury: the summary in the edition, its page, and the report."""
    server.says(obedient)

    def call(setting: str = "", *options: str, engine: str = "openai") -> tuple[dict[str, Any], str, str]:
        configure(f'base_url = "{server.base_url}"', 'model = "m-1"', setting, towns=TOWNS[:1])
        done = cli("run", "--engine", engine, "-f", "json", "-f", "html", *options)
        assert done.returncode == 0, done.stderr
        (page,) = (tmp_path / "briefings").glob("*.html")
        (story,) = stories(tmp_path)
        return story["summary"], page.read_text("utf-8"), done.stderr

    return call


def systems(server: ChatServer) -> str:
    """Every system message that was asked since the last call."""
    found = "\n".join(str(request["messages"][0]["content"]) for request in server.asked)
    server.requests.clear()
    return found


# --- length --------------------------------------------------------------------------------------------------

LENGTHS = {"short": (SHORT, "6 to 12 words"), "medium": (points("Aldbury"), "10 to 20"), "long": (LONG, "16 to 28")}


@pytest.mark.slow
@pytest.mark.parametrize("length", LENGTHS)
def test_points_are_as_long_as_asked_for(told: Told, server: ChatServer, length: str) -> None:
    expected, asked = LENGTHS[length]
    for setting, options in ((f'length = "{length}"', ()), ('length = "medium"', ("--length", length))):
        summary, page, _ = told(setting, *options)
        assert points_of(summary) == list(expected)
        assert {point["verdict"] for point in summary["key_points"]} == {"supported"}
        assert expected[0] in page
    assert asked in systems(server)
    assert told("", "--length", length)[0]["cached"]
    assert systems(server) == ""


@pytest.mark.slow
def test_a_single_article_is_as_long_as_asked_for(cli: Cli, told: Told, server: ChatServer) -> None:
    told()
    usual = ("summarise", "in/Aldbury.txt", "-f", "json", "--base-url", server.base_url, "--model", "m-1")
    for length, (expected, _) in LENGTHS.items():
        done = cli(*usual, "--length", length)
        assert points_of(json.loads(done.stdout)) == list(expected), done.stderr


def test_the_tuned_model_is_asked_for_the_length_as_well(cli: Cli, install: Install, configure: Configure) -> None:
    engine = FakeEngine(tuned=True)
    install(engine)
    configure('engine = "scripted"', 'length = "long"', towns=TOWNS[:1])
    cli("run", "--length", "short")
    assert "short key points." in engine.asked[0].messages[-1].content
    cli("run")
    assert any("long key points." in prompt.messages[-1].content for prompt in engine.asked)


# --- number --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_there_are_as_many_points_as_asked_for(told: Told) -> None:
    assert len(told("points = 1")[0]["key_points"]) == 1
    assert len(told("points = 1", "--points", "2")[0]["key_points"]) == 2
    assert len(told("points = 3", engine="extractive")[0]["key_points"]) == 3
    assert len(told("points = 3", "--points", "1", engine="extractive")[0]["key_points"]) == 1


# --- language ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "options"),
    [('language = "de"', ()), ("", ("--language", "de")), ('language = "fr"', ("--language", "de"))],
)
def test_a_summary_is_in_the_language_asked_for(
    told: Told, server: ChatServer, tmp_path: Path, setting: str, options: tuple[str, ...]
) -> None:
    summary, page, _ = told(setting, *options)
    assert points_of(summary) == [point.partition(" [")[0] for point in GERMAN]
    assert (summary["language"], summary["article_language"], edition(tmp_path)["language"]) == ("de", "en", "de")
    assert "in German" in systems(server)
    assert 'lang="de"' in page
    for point, (_, _, numbers) in zip(summary["key_points"], (each.partition(" [") for each in GERMAN), strict=True):
        assert [citation["sentence"] for citation in point["citations"]] == [int(numbers[0]) - 1]


def test_without_a_language_each_article_keeps_its_own(told: Told, server: ChatServer) -> None:
    summary, _, _ = told()
    assert (summary["language"], points_of(summary)) == ("en", list(points("Aldbury")))
    assert "German" not in systems(server)


def test_an_engine_that_quotes_says_that_it_wrote_in_no_other_language(told: Told) -> None:
    summary, _, report = told("", "--language", "de", engine="extractive")
    assert summary["language"] == "en"
    assert all(point in " ".join(text("Aldbury").split()) for point in points_of(summary))
    assert "Told in their article's language, not in the one asked for (de): 1 of 1." in report


# --- paragraph -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "options", "wanted"),
    [
        ("paragraph = true", (), True),
        ("", ("--paragraph",), True),
        ("paragraph = true", ("--no-paragraph",), False),
        ("", (), False),
    ],
)
def test_a_paragraph_is_added_where_one_is_asked_for(
    told: Told, server: ChatServer, setting: str, options: tuple[str, ...], wanted: bool
) -> None:
    summary, page, _ = told(setting, *options)
    assert summary.get("paragraph") == (PROSE if wanted else None)
    assert (PROSE in page) is wanted
    assert ("one flowing paragraph" in systems(server)) is wanted
    assert points_of(summary) == list(points("Aldbury"))


def test_a_single_article_has_a_paragraph_where_one_is_asked_for(cli: Cli, told: Told, server: ChatServer) -> None:
    told()
    usual = ("summarise", "in/Aldbury.txt", "-f", "json", "--base-url", server.base_url, "--model", "m-1")
    for options, expected in ((("--paragraph",), PROSE), ((), None)):
        done = cli(*usual, *options)
        assert json.loads(done.stdout).get("paragraph") == expected, done.stderr


@pytest.mark.slow
def test_the_paragraph_of_an_engine_that_quotes_is_its_points_in_a_row(told: Told) -> None:
    summary, page, _ = told("", "--paragraph", engine="extractive")
    assert summary["paragraph"] == " ".join(points_of(summary))
    assert summary["paragraph"] in page
    assert "paragraph" not in told("", engine="extractive")[0]


@pytest.mark.slow
def test_a_paragraph_is_as_long_as_the_points(told: Told, server: ChatServer) -> None:
    for length, asked in (("short", "25 to 45"), ("long", "80 to 130")):
        told("", "--paragraph", "--length", length)
        assert f"one flowing paragraph of {asked} words" in systems(server)
