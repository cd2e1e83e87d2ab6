"""Commands in messages work when they are pasted: they name the configuration and the state file in hand."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from briefing.cli import app, hints
from briefing.config import load_config

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


@pytest.mark.parametrize(
    ("name", "title"),
    [("briefing.toml", "Morning briefing"), ("tech.toml", "Tech"), ("my-own_news.toml", "My own news")],
)
def test_a_configuration_of_its_own_name_has_a_title_of_its_own(
    cli: Cli, tmp_path: Path, name: str, title: str
) -> None:
    assert cli("init", name).returncode == 0
    assert load_config(tmp_path / name).title == title


def test_a_configuration_is_written_to_the_home_folder(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cli("init", "~/y.toml").returncode == 0
    assert (tmp_path / "home" / "y.toml").is_file()


def test_a_source_whose_header_has_no_value_is_named_once(cli: Cli, other: Path) -> None:
    source = '[[sources]]\nurl = "http://127.0.0.1:9/f"\nheaders = { Key = "$NO_SUCH_KEY" }\n'
    other.write_text(f'engine = "extractive"\nwait = ""\nallow_local = true\n{source}')
    said = cli("run", NAMED).stderr
    assert "Failed (read): http://127.0.0.1:9/f: header Key: the variable NO_SUCH_KEY" in said


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


def test_a_run_is_explained_with_the_options_that_make_it_what_it_is(cli: Cli, configured: Path) -> None:
    configured.write_text(configured.read_text().replace('engine = "extractive"\n', ""))
    (configured.parent / "my  prompts").mkdir()
    options = [
        *("--max-stories", "1", "--points", "2", "--no-paragraph", "--engine", "extractive"),
        *("--prompts", "my folder/my  prompts", "--allow-local", "--offline"),
    ]
    done = cli("run", "-c", NAMED, *options, "--format", "md", "--out", "elsewhere")
    command = pasted(done.stderr)
    assert command == ["run", "-c", NAMED, *options, "--explain"]
    assert cli(*command).returncode == 0


def test_a_server_s_password_is_in_no_command(cli: Cli, configured: Path) -> None:
    base_url = "http://127.0.0.1:9/v1?token=hunter2"
    done = cli("run", "-c", NAMED, "--max-stories", "1", "--engine", "extractive", "--base-url", base_url)
    assert "hunter2" not in done.stderr
    assert "see the same command with --explain" in done.stderr


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
