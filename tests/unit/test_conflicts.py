"""Conflicting numbers and causes in the articles of one story, shown in the articles' own words."""

from __future__ import annotations

import pytest

from briefing.stories.conflicts import MOST, disagreements
from briefing.types import Article, Verdict

from .. import factories


def told(*texts: str) -> list[Article]:
    """An article of a story for each text, of as many papers."""
    return [factories.article(text, id=f"a{i}", source=f"Paper {i}") for i, text in enumerate(texts)]


def shown(*texts: str) -> list[list[str]]:
    return [[version.text for version in conflict.versions] for conflict in disagreements(told(*texts))]


@pytest.mark.parametrize(
    ("one", "other", "versions"),
    [
        (
            "An explosion at a chemical plant in Harwick killed 12 people on Monday, officials said.",
            "At least 15 people were killed in an explosion at a chemical plant in Harwick, the mayor said.",
            ["killed 12 people", "At least 15 people were killed"],
        ),
        (
            "The death toll from the Harwick blast rose to 15.",
            "The Harwick blast left 12 dead.",
            ["death toll from the Harwick blast rose to 15", "12 dead"],
        ),
        (
            "The tram to the hospital will cost £212m, the council said.",
            "The tram to the hospital will cost £240m, the council said.",
            ["£212m", "£240m"],
        ),
        (
            "The firm cut 400 jobs at its Marlow plant.",
            "The firm will cut 350 jobs at its plant in Marlow.",
            ["400 jobs", "350 jobs"],
        ),
        (
            "Police arrested 24 protesters in Marlow after the march.",
            "Police said 30 protesters were arrested in Marlow at the march.",
            ["arrested 24 protesters", "30 protesters were arrested"],
        ),
        (
            "The fire at the Harwick mill was caused by a faulty heater, investigators said.",
            "Police say the fire at the mill in Harwick was caused by arson.",
            ["caused by a faulty heater", "caused by arson"],
        ),
        (
            "The minister blamed the rail operator for the crash at Marlow station.",
            "The crash at Marlow station was caused by a signal that the state had neglected.",
            ["blamed the rail operator for the crash", "caused by a signal that the state had"],
        ),
        # Numbers in words and in digits in one sentence, each with its own toll.
        (
            "Fifteen people were killed and 30 were injured in a blast in Harwick.",
            "The blast in Harwick killed 12 people and injured 30.",
            ["Fifteen people were killed", "killed 12 people"],
        ),
        (
            "30 people were injured and fifteen were killed in a blast in Harwick.",
            "A blast in Harwick left 12 people dead and thirty wounded.",
            ["fifteen were killed", "12 people dead"],
        ),
        # What a number leaves open, the other does not reach.
        (
            "At least 15 people were killed in the Harwick flood.",
            "The Harwick flood killed between 10 and 12 people.",
            ["At least 15 people were killed", "killed between 10 and 12 people"],
        ),
        (
            "Up to 15 people were killed in the Harwick flood.",
            "The Harwick flood killed more than 20 people.",
            ["Up to 15 people were killed", "killed more than 20 people"],
        ),
        (
            "About 300 people were killed in the Harwick flood.",
            "The Harwick flood killed two dozen people.",
            ["About 300 people were killed", "killed two dozen people"],
        ),
    ],
)
def test_conflicting_numbers_and_causes_are_shown(one: str, other: str, versions: list[str]) -> None:
    assert shown(one, other) == [versions]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # The same number, rounded or in words.
        ("Nearly 300 people died in the Harwick flood.", "The flood in Harwick killed 295 people."),
        ("The blast in Harwick killed twelve people.", "12 people died in the blast in Harwick."),
        ("The firm in Harwick sold its mill for $7.68 billion.", "The firm in Harwick sold its mill for $7.7bn."),
        # Both can be true.
        ("At least 12 people were killed in the Harwick flood.", "The Harwick flood killed 15 people."),
        (
            "At least 12 people were killed in the Harwick flood.",
            "The Harwick flood killed 12 people. Officials fear that up to 15 people were killed in the Harwick flood.",
        ),
        (
            "At least twelve people were killed in the Harwick flood.",
            "12 people were killed in the Harwick flood, and officials fear that up to 15 people were killed.",
        ),
        ("Up to 15 people were killed in the Harwick flood.", "The Harwick flood killed twelve people."),
        ("As many as 15 people died in the Harwick flood.", "The Harwick flood killed at least 12 people."),
        ("Between 12 and 15 people were killed in the Harwick flood.", "The Harwick flood killed 13 people."),
        ("Twelve to 15 people were killed in the Harwick flood.", "The Harwick flood killed 13 people."),
        ("The Harwick flood killed 12 or more people.", "The Harwick flood killed 19 people."),
        ("No more than 15 people died in the Harwick flood.", "The Harwick flood killed 9 people."),
        ("About 30 people were killed in the Harwick flood.", "The Harwick flood killed 29 people."),
        ("A dozen people were killed in the Harwick flood.", "The Harwick flood killed 13 people."),
        ("Two dozen people were killed in the Harwick flood.", "The Harwick flood killed 24 people."),
        ("Half a dozen people were killed in the Harwick flood.", "The Harwick flood killed 6 people."),
        # The dead of one are the dead of the other, wherever the injured stand.
        (
            "Twelve people were killed and 30 were injured in a blast in Harwick.",
            "The blast in Harwick injured 30 people and killed 12.",
        ),
        # One article gives both: an earlier event, or an earlier state of this one.
        ("Three people died in 2019. The quake in Harwick killed 12.", "The quake in Harwick killed 12 people."),
        # The same is blamed, in other words.
        (
            "The fire at the Harwick mill was caused by a faulty heater.",
            "A heater is blamed: the fire at the Harwick mill was due to a faulty electric heater.",
        ),
        # Other things are blamed.
        ("The fire at the Harwick mill was caused by arson.", "The strike in Marlow was caused by low wages."),
        # Other things are counted.
        ("The blast in Harwick killed 12 people.", "The blast in Harwick injured 30 people."),
        ("A 45-year-old man was killed in Harwick.", "A man of 46 died in Harwick."),
        ("Harwick beat Marlow 3-1 on Saturday.", "Harwick beat Marlow 2-0 on Sunday."),
        ("The trial in Harwick lasts 12 days.", "The trial in Harwick begins in 3 days."),
        ("The fund paid $3m for a bridge.", "The mayor asked for $9m of rain relief."),
        ("The death toll of the Harwick storm spans 5 states.", "The Harwick storm left two dead."),
        ("Dozens of people were killed in Harwick's blast.", "The blast in Harwick killed 31 people."),
    ],
)
def test_compatible_or_unrelated_counts_are_no_conflict(one: str, other: str) -> None:
    assert shown(one, other) == []


def test_each_version_is_cut_from_the_sentence_it_cites() -> None:
    articles = told(
        "Rain fell. The flood in Harwick killed 12 people.", "The flood in Harwick, the worst ever, killed 19 people."
    )
    (one,) = disagreements(articles)
    for article, version in zip(articles, one.versions, strict=True):
        (citation,) = version.citations
        assert version.verdict is Verdict.QUOTED
        assert citation.article == article.id
        assert article.text[citation.start : citation.end] == citation.text
        assert version.text in citation.text


def test_two_articles_of_one_source_are_an_update_not_a_conflict() -> None:
    first, second = told("The flood in Harwick killed 12 people.", "The flood in Harwick killed 19 people.")
    same = [first, factories.article(second.text, id=second.id, source=first.source)]
    assert disagreements(same) == ()


def test_conflicts_of_a_story_are_limited() -> None:
    one = " ".join(f"The firm in Harwick sold {i + 2} {thing} at its shop." for i, thing in enumerate(THINGS))
    other = " ".join(f"The firm in Harwick sold {i + 70} {thing} at its shop." for i, thing in enumerate(THINGS))
    assert len(shown(one, other)) == MOST


THINGS = ("boats", "chairs", "lamps", "tables", "carpets")
