"""Commands in messages work when they are pasted: they name the configuration and the state file in hand."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from briefing.cli import app, hints

from ..conftest import Cli
from ..factories import STORY

NAMED = "my folder/news.toml"
OURS = "-c 'my folder/news.toml'"

pytestmark = pytest.mark.posix  # how words are quoted


def pasted(text: str) -> list[str]:
    """The arguments of the command in a message."""
    found = re.search(r"`(briefing [^`]+)`|(?:: )(briefing .+)$", text, re.MULTILINE)
    assert found, text
    return shlex.split(found[1] or found[2])[1:]


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another configuration than the one that is found, which is there too and names no source."""
    (tmp_path / "my folder").mkdir()
    (tmp_path / "briefing.toml").write_text('engine = "extractive"\n')
    return tmp_path / NAMED


@pytest.fixture
def configured(other: Path) -> Path:
    stories = "".join(f'[[sources]]\npath = "{name}.txt"\n' for name in "abc")
    other.write_text(f'engine = "extractive"\ngroup = false\nmax_stories = 2\n{stories}')
    texts = {
        "a": "Trams for the hospital\n\nThe council voted 31 to 14 on Tuesday for a tram line to the hospital. " * 3,
        "b": "Volcano wakes\n\nMount Skarn threw ash 3 km high on Monday, and 900 people left their homes. " * 3,
        "c": "Bakers strike\n\nBakers in Ostby lay down their work for 2 days because flour costs 40% more. " * 3,
    }
    for name, text in texts.items():
        other.with_name(f"{name}.txt").write_text(text)
    return other


def test_a_first_configuration_is_gone_on_with_by_the_command_that_init_prints(cli: Cli, other: Path) -> None:
    command = pasted(cli("init", NAMED).stderr)
    assert command == ["sources", "add", "-c", NAMED, "ADDRESS"]
    (other.parent / "story.txt").write_text(STORY)
    assert cli(*command[:-1], other.parent / "story.txt").returncode == 0
    assert "story.txt" in other.read_text()
    assert pasted(cli("init", "more.toml", "--starter", "tech").stderr) == ["run", "-c", "more.toml"]


def test_a_configuration_that_is_found_is_not_named(cli: Cli, tmp_path: Path) -> None:
    assert pasted(cli("init").stderr) == ["sources", "add", "ADDRESS"]
    assert pasted(cli("run", "-c", tmp_path / "briefing.toml").stderr) == ["sources", "add", "ADDRESS"]


@pytest.mark.parametrize("way", [("run", "-c", NAMED), ("run", NAMED)])
def test_why_items_were_left_out_is_explained_by_the_command_that_is_shown(
    cli: Cli, configured: Path, way: tuple[str, ...]
) -> None:
    done = cli(*way, "--state", "s.db", "--max-stories", "1", "--date", "2024-05-17")
    assert "2 more items: see `briefing run -c" in done.stderr
    command = pasted(done.stderr)
    assert command == [
        *("run", "-c", NAMED, "--state", "s.db", "--max-stories", "1", "--date", "2024-05-17", "--explain")
    ]
    assert "Left out:" in cli(*command).stderr


def test_an_ad_hoc_run_is_explained_by_the_same_command(cli: Cli, configured: Path) -> None:
    named = [word for name in "abc" for word in ("--source", configured.with_name(f"{name}.txt"))]
    done = cli("run", *named, "--max-stories", "1", "--engine", "extractive")
    assert "see the same command with --explain" in done.stderr


def test_the_doctor_names_the_configuration_and_the_state_file(cli: Cli, configured: Path) -> None:
    assert cli("run", NAMED, "--state", "my folder/bad.db").returncode == 0
    state = configured.with_name("bad.db")
    state.write_bytes(state.read_bytes()[:5000])
    said = cli("doctor", "-c", NAMED, "--state", "my folder/bad.db").stdout
    assert f"3; `briefing sources check {OURS}` reads them" in said
    assert f"`briefing schedule install {OURS} --at 06:30`" in said
    assert f"`briefing doctor {OURS} --state 'my folder/bad.db' --repair`" in said


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (("run", "gone.toml"), "briefing init gone.toml"),
        (("show", "-c", NAMED, "--state", "s.db"), f"briefing run {OURS} --state s.db"),
        (("show", "-c", NAMED, "--edition", "noon"), f"briefing run {OURS} --edition noon"),
        (("sources", "add", "my folder/a.txt", "-c", NAMED), f"briefing sources list {OURS}"),
    ],
)
def test_errors_name_the_configuration(cli: Cli, configured: Path, arguments: tuple[str, ...], command: str) -> None:
    assert configured.exists()
    assert f"`{command}`" in cli(*arguments).stderr


def test_options_of_hints_are_options_of_their_commands() -> None:
    in_hand = hints.InHand(Path(NAMED), Path("s.db"), "noon")
    group: Any = typer.main.get_command(app)
    for words in ("run", "send", "show", "search", "archive", "history", "doctor", "sources list", "schedule install"):
        command = group
        for word in words.split():
            command = command.commands[word]
        known = {option for param in command.params for option in param.opts}
        used = set(re.findall(r"(?<= )--?[a-z]+", in_hand.command(words)))
        assert {"-c"} <= used <= known, words
    assert in_hand.command("models pull tiny") == "briefing models pull tiny"
