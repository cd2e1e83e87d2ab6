"""News about towns, and a model that knows all of it: what it answers depends on what it is asked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from briefing.engines import Prompt

TOWNS = ("Aldbury", "Benton", "Corfield", "Dunmore", "Eastwick", "Farley", "Grimsdale", "Hartwell")
_THINGS = ("tram", "library", "bridge", "market", "harbour", "museum", "school", "theatre")


def article(town: str) -> str:
    """A news item of its own for each town: a title, and a text whose first word after it is the town."""
    number = TOWNS.index(town)
    thing = _THINGS[number]
    return (
        f"{town} plans a {thing}\n\n"
        f"{town} will get a new {thing} after years of argument between the parties that share the town hall. "
        f"The council of {town} voted {30 + number} to 12 for the {thing} on Tuesday evening, when most people had "
        f"left. The work on the {thing} will cost {20 + 3 * number} million pounds and begins in March, the mayor "
        f"said. Shopkeepers in {town} fear that dust and noise will keep people away from the main street.\n"
    )


def points(town: str) -> tuple[str, str, str]:
    """Three points that the article supports, in other words than its own."""
    number = TOWNS.index(town)
    thing = _THINGS[number]
    return (
        f"After years of argument {town} gets a {thing}.",
        f"On Tuesday councillors voted {30 + number} to 12 for the {thing}.",
        f"Work on the {thing} begins in March and costs {20 + 3 * number} million pounds.",
    )


def town_in(text: str) -> str:
    """The town that the last of some messages is about: the one named last."""
    return max(TOWNS, key=text.rfind)


def text(town: str) -> str:
    """The article without its title."""
    return article(town).partition("\n\n")[2]


def answer(asked: str) -> str:
    """Headline and points of the article in a prompt."""
    town = town_in(asked)
    return f"# News of {town}\n" + "\n".join(f"- {point}" for point in points(town))


def asked_of(request: dict[str, Any]) -> str:
    """The last message of a chat request."""
    return str(request["messages"][-1]["content"])


def chat_answer(request: dict[str, Any]) -> str:
    """`answer` for a chat server: in JSON where that is asked for."""
    headline, *lines = answer(asked_of(request)).splitlines()
    if "response_format" in request:
        return json.dumps({"headline": headline.removeprefix("# "), "points": [line[2:] for line in lines]})
    return "\n".join([headline, *lines])


def prompt_answer(prompt: Prompt) -> str:
    """`answer` for a fake engine."""
    return answer(prompt.messages[-1].content)


def edition(folder: Path) -> dict[str, Any]:
    """The one edition in ``briefings``, from its JSON."""
    (path,) = (folder / "briefings").glob("*.json")
    data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return data


def stories(folder: Path) -> list[dict[str, Any]]:
    """The stories of the edition, in the order in which it shows them."""
    return [story for section in edition(folder)["sections"] for story in section["stories"]]


def towns(folder: Path) -> list[str]:
    """The towns of these stories."""
    return [town_in(story["articles"][0]["title"]) for story in stories(folder)]


def points_of(summary: dict[str, Any]) -> list[str]:
    """The texts of a summary's points."""
    return [point["text"] for point in summary["key_points"]]


def number_in(pattern: str, text: str) -> int:
    """The number that `pattern` finds in a report."""
    found = re.search(pattern, text)
    assert found, text
    return int(found[1])


# --- an article with a point that the checks leave open ------------------------------------------------------

MARLOW = """Council approves tram line

Marlow City Council voted 31 to 14 on Tuesday evening to build a 9-kilometre tram line between the central station
and the university hospital, ending a dispute that had divided the chamber for two years.

Construction is due to start in March and to cost £212m, of which the government has promised £140m. The rest will come
from a parking levy that employers with more than 50 spaces must pay from next year.

Shopkeepers on Bridge Street fear that the works, which are expected to last three years, will drive customers away."""
HELD = (
    "On Tuesday Marlow's councillors voted 31 to 14 for the tram line.",
    "Construction starts in March and costs £212m, £140m of it from the government.",
    "Bridge Street shopkeepers fear that customers stay away during three years of works.",
)
OPEN = "Employers with big car parks will finance the remainder through a levy."
"""Nothing in it fails, and no sentence has half of its words."""
