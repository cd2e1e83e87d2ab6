"""What is set in the configuration decides what an edition tells, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..conftest import Cli
from .news import TOWNS, article, edition, towns
from .parts import Configure

PLAIN = 'engine = "extractive"'


@pytest.fixture
def each_its_own_source(configure: Configure, tmp_path: Path) -> Configure:
    """``call("max_per_section = 2", Benton="weight = 4")``: a source for each of four towns, all in section News.

    A source is called ``The TOWN Post``. Of equal stories the first by name comes first.
    """

    def write(*settings: str, **of_sources: str) -> None:
        configure(PLAIN, *settings, towns=TOWNS[:4], sources="")
        tables = "".join(
            f'[[sources]]\npath = "in/{town}.txt"\nname = "The {town} Post"\n'
            + (of_sources.get(town, "") + "\n" if "section" in of_sources.get(town, "") else 'section = "News"\n')
            + (of_sources.get(town, "") + "\n" if "weight" in of_sources.get(town, "") else "")
            for town in TOWNS[:4]
        )
        path = tmp_path / "briefing.toml"
        path.write_text(path.read_text("utf-8") + tables, "utf-8")

    return write


def test_equal_stories_stand_by_name(cli: Cli, each_its_own_source: Configure, tmp_path: Path) -> None:
    each_its_own_source()
    assert cli("run").returncode == 0
    assert towns(tmp_path) == list(TOWNS[:4])


# --- what comes first ----------------------------------------------------------------------------------------


def test_a_source_with_more_weight_comes_first_and_one_with_less_last(
    cli: Cli, each_its_own_source: Configure, tmp_path: Path
) -> None:
    each_its_own_source(Corfield="weight = 4", Aldbury="weight = 0.5")
    done = cli("run", "--explain")
    assert towns(tmp_path) == ["Corfield", "Benton", "Dunmore", "Aldbury"]
    assert "told by: The Corfield Post" in done.stderr


def test_a_story_with_a_word_of_interest_comes_first(cli: Cli, each_its_own_source: Configure, tmp_path: Path) -> None:
    each_its_own_source('interests.words = ["market"]')
    done = cli("run", "--explain")
    assert towns(tmp_path) == ["Dunmore", "Aldbury", "Benton", "Corfield"]
    assert "market" in done.stderr


@pytest.mark.parametrize(("boost", "first"), [("2", "Dunmore"), ("1", "Corfield"), ("0", "Corfield")], ids=str)
def test_boost_is_what_a_word_of_interest_is_worth(
    cli: Cli, each_its_own_source: Configure, tmp_path: Path, boost: str, first: str
) -> None:
    """Four times the weight is worth log2(5) - log2(2), a little more than one word in the title (1)."""
    each_its_own_source(f'interests = {{ words = ["market"], boost = {boost} }}', Corfield="weight = 4")
    assert cli("run").returncode == 0
    assert towns(tmp_path)[0] == first


def test_a_low_boost_is_worth_less_than_a_source(cli: Cli, each_its_own_source: Configure, tmp_path: Path) -> None:
    each_its_own_source('interests = { words = ["market"], boost = 0.5 }', Corfield="weight = 2")
    assert cli("run").returncode == 0
    assert towns(tmp_path)[:2] == ["Corfield", "Dunmore"]


# --- what is left out ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mute", "left_out"),
    [
        ('words = ["Bridge"]', "Corfield"),
        ('words = ["a new market"]', "Dunmore"),
        ('sources = ["the benton post"]', "Benton"),
        ('sections = ["Sport"]', "Aldbury"),
    ],
)
def test_what_is_muted_is_left_out_and_named_with_verbose(
    cli: Cli, each_its_own_source: Configure, tmp_path: Path, mute: str, left_out: str
) -> None:
    each_its_own_source(f"mute = {{ {mute} }}", Aldbury='section = "Sport"')
    done = cli("--verbose", "run")
    assert done.returncode == 0, done.stderr
    assert set(towns(tmp_path)) == set(TOWNS[:4]) - {left_out}
    (line,) = [line for line in done.stderr.splitlines() if "muted" in line]
    assert f"Skipped (read): {article(left_out).splitlines()[0]}: it is muted" in line
    assert "muted" not in cli("run").stderr


def test_what_is_muted_takes_no_place_under_a_limit(cli: Cli, each_its_own_source: Configure, tmp_path: Path) -> None:
    each_its_own_source("max_articles = 3", 'mute = { words = ["tram"] }')
    assert cli("run").returncode == 0
    assert towns(tmp_path) == ["Benton", "Corfield", "Dunmore"]


def test_a_section_has_its_best_stories_up_to_the_limit(
    cli: Cli, each_its_own_source: Configure, tmp_path: Path
) -> None:
    each_its_own_source("max_per_section = 2", Dunmore="weight = 3", Corfield='section = "Sport"')
    done = cli("--verbose", "run")
    told = {section["name"]: len(section["stories"]) for section in edition(tmp_path)["sections"]}
    assert told == {"News": 2, "Sport": 1}
    assert sorted(towns(tmp_path)) == ["Aldbury", "Corfield", "Dunmore"]
    assert "1 stories are over the limit of 2 in a section" in done.stderr
    each_its_own_source("max_per_section = 0")
    cli("run")
    assert len(towns(tmp_path)) == 4


# --- sections ------------------------------------------------------------------------------------------------


def test_sections_stand_in_the_order_that_is_set_and_topics_name_them(
    cli: Cli, configure: Configure, tmp_path: Path
) -> None:
    topics = 'topics = { Transport = ["tram", "bridge"], Books = ["library"] }'
    configure(PLAIN, topics, 'other = "Elsewhere"', 'sections = ["Transport", "Elsewhere"]')
    assert cli("run").returncode == 0
    assert [section["name"] for section in edition(tmp_path)["sections"]] == ["Transport", "Elsewhere", "Books"]
    assert towns(tmp_path) == ["Aldbury", "Corfield", "Dunmore", "Benton"]
