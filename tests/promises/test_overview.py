"""The overview at the top of an edition: the first points of its first stories, each linked to its story."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from briefing.engines import Prompt
from briefing.testing.chat import ChatServer
from briefing.testing.engine import FakeEngine

from ..conftest import Cli
from .news import TOWNS, edition, points, points_of, stories, text, town_in, towns
from .parts import Configure, Install


def told(server: ChatServer) -> tuple[str, ...]:
    return f'base_url = "{server.base_url}"', 'model = "m-1"', "interests.words = ['market', 'museum']"


@pytest.mark.slow
def test_an_edition_of_five_stories_opens_with_the_first_points_of_its_first_stories(
    cli: Cli, server: ChatServer, configure: Configure, tmp_path: Path
) -> None:
    configure(*told(server), towns=TOWNS[:7])
    done = cli("run", "-f", "json", "-f", "md", "-f", "html", "-f", "text")
    assert done.returncode == 0, done.stderr
    written = edition(tmp_path)
    first = ["Dunmore", "Farley", "Aldbury", "Benton", "Corfield"]
    assert [point["text"] for point in written["overview"]] == [points(town)[0] for town in first]
    assert written["headline"] == "Dunmore plans a market"
    ids = {town: story["articles"][0]["id"] for town, story in zip(towns(tmp_path), stories(tmp_path), strict=True)}
    for town, point in zip(first, written["overview"], strict=True):
        assert point["verdict"] == "supported"
        assert {citation["article"] for citation in point["citations"]} == {ids[town]}
    for name in ("md", "html", "txt"):
        (path,) = (tmp_path / "briefings").glob(f"*.{name}")
        page = " ".join(path.read_text("utf-8").split())
        sentences = [points(town)[0].removesuffix(".") for town in first]
        assert all(page.count(sentence) == 2 for sentence in sentences), name  # above, and in its story
        assert page.count(points("Grimsdale")[0].removesuffix(".")) == 1
        places = [page.index(sentence) for sentence in sentences]
        assert places == sorted(places)
        assert max(places) < page.index(points("Grimsdale")[1].removesuffix("."))


@pytest.mark.slow
def test_each_sentence_of_the_overview_leads_to_its_story(
    cli: Cli, server: ChatServer, configure: Configure, tmp_path: Path
) -> None:
    configure(*told(server), towns=TOWNS[:5])
    assert cli("run", "-f", "html", "-f", "json").returncode == 0
    (path,) = (tmp_path / "briefings").glob("*.html")
    page = path.read_text("utf-8")
    links = dict(re.findall(r'<a href="#(a-[^"]+)"[^>]*>([^<]+)</a>', page[: page.index('id="s1-')]))
    assert list(links.values()) == [point["text"] for point in edition(tmp_path)["overview"]]
    told_at = dict(re.findall(r'<article id="(a-[^"]+)"(.*?)</article>', page, re.DOTALL))
    for anchor, said in links.items():
        assert points(town_in(said))[1] in told_at[anchor]


def test_an_edition_of_four_stories_is_its_own_overview(
    cli: Cli, server: ChatServer, configure: Configure, tmp_path: Path
) -> None:
    configure(*told(server), towns=TOWNS[:4])
    assert cli("run").returncode == 0
    assert (edition(tmp_path)["overview"], edition(tmp_path)["headline"]) == ([], "")


@pytest.mark.slow
def test_quotations_are_no_overview(cli: Cli, configure: Configure, tmp_path: Path) -> None:
    configure('engine = "extractive"', towns=TOWNS[:6])
    assert cli("run").returncode == 0
    assert edition(tmp_path)["overview"] == []


def test_a_long_first_point_is_in_the_overview_in_few_words(
    cli: Cli, install: Install, configure: Configure, tmp_path: Path
) -> None:
    """The tuned model is asked for a short form, and whether its sentences say that."""

    def answer(prompt: Prompt) -> str:
        asked = "\n".join(message.content for message in prompt.messages)
        town = town_in(asked)
        if "Check these statements." in asked:
            return "no" if "never" in prompt.messages[-1].content else "yes"
        if "Write 1 short" in asked:
            return f"{town} never gets it." if town == "Corfield" else points(town)[0]
        long = text(town).split(". ")[0].replace("that share", "sharing")
        return "\n".join(f"[{number}] {said}" for number, said in enumerate([f"{long}.", *points(town)[1:]], 1))

    install(FakeEngine(tuned=True).says(answer))
    configure('engine = "scripted"', towns=TOWNS[:5])
    assert cli("run").returncode == 0
    overview = [point["text"] for point in edition(tmp_path)["overview"]]
    first = {town: points_of(one["summary"])[0] for town, one in zip(towns(tmp_path), stories(tmp_path), strict=True)}
    assert all(said.startswith(f"{town} will get a new ") for town, said in first.items())
    assert overview == [first[town] if town == "Corfield" else points(town)[0] for town in towns(tmp_path)]
