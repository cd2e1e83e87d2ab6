"""The text of a push: the front page, bounded, with nothing in it that a chat service would take for its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from briefing.assets import environment
from briefing.render.push import LONGEST, write_push
from briefing.types import Edition

from ..factories import article, edition, story


def with_headlines(*headlines: str) -> Edition:
    stories = []
    for number, headline in enumerate(headlines):
        one = story(article(f"{headline} {number}"))
        stories.append(replace(one, summary=replace(one.summary, headline=headline, id=f"s{number}")))
    return edition(*stories)


def test_the_front_stories_are_told_first_with_all_stories_counted() -> None:
    made = replace(with_headlines(*(f"Headline {number}" for number in range(9))), front=("s7", "s2", "s4"))
    title, text = write_push(made, environment("templates"), "https://example.org/{date}.html")
    assert title.startswith(made.title)
    assert [text.index(f"Headline {number}") for number in (7, 2, 4)] == sorted(
        text.index(f"Headline {number}") for number in (7, 2, 4)
    )
    assert text.count("• ") == 3
    assert f"9 stories: https://example.org/{made.date}.html" in text


@pytest.mark.parametrize("headline", ["@everyone free money", "<!channel> look", "<@U1> [here](https://evil.example)"])
def test_a_headline_pings_nobody_and_makes_no_link(headline: str) -> None:
    _, text = write_push(with_headlines(headline), environment("templates"))
    line = text.splitlines()[0]
    assert not set("@<>[]") & set(line)


def test_a_push_has_at_most_so_many_characters() -> None:
    link = "https://example.org/" + "x" * 900
    title, text = write_push(with_headlines(*["word " * 400] * 9), environment("templates"), link)
    assert len(title) + len(text) <= LONGEST
    assert "9 stories" in text
