"""Options of every command, before it and after it; help pages; completion."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..conftest import Cli

PLAIN = ("--engine", "extractive", "--date", "2024-05-17", "-f", "md")


@pytest.mark.parametrize("option", ["-q", "--quiet"])
def test_quiet_works_before_and_after_the_command(cli: Cli, story_file: Path, option: str) -> None:
    before = cli(option, "run", "-s", story_file, *PLAIN, "--state", "a.db")
    after = cli("run", option, "-s", story_file, *PLAIN, "--state", "b.db")
    assert (before.returncode, after.returncode, before.stderr, after.stderr) == (0, 0, "", "")
    assert before.stdout == after.stdout


def test_verbosity_before_and_after_the_command_adds_up(cli: Cli, story_file: Path) -> None:
    def details(*arguments: str | Path) -> int:
        done = cli(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stderr.count("\nPrompt ") + done.stderr.count("briefing 0")

    run = ("run", "-s", story_file, *PLAIN)
    assert details("-v", *run, "--state", "a.db") == 0
    assert details(*run, "-vv", "--state", "b.db") > 0
    assert details("-v", *run, "-v", "--state", "c.db") > 0


def test_a_log_file_may_be_named_after_the_command(cli: Cli, tmp_path: Path) -> None:
    assert cli("models", "path", "gone", "--log-file", "run.log").returncode == 3
    log = (tmp_path / "run.log").read_text("utf-8")
    assert " DEBUG briefing" in log
    assert " ERROR " in log
    assert cli("models", "--log-file", "other.log", "path", "gone").returncode == 3  # of a group of commands, too
    assert (tmp_path / "other.log").is_file()
    nowhere = cli("sources", "list", "--log-file", "no/folder/run.log")
    assert (nowhere.returncode, "Name another file" in nowhere.stderr) == (2, True)


@pytest.mark.parametrize("command", ["run", "summarise", "sources list", "history", ""])
def test_help_shows_flags_without_a_type_and_options_of_all_once(cli: Cli, command: str) -> None:
    shown = cli(*command.split(), "--help", COLUMNS="80").stdout
    assert "<bool>" not in shown
    assert (shown.count("--verbose"), shown.count("--log-file")) == (1, 1)


def test_completion_can_be_installed(cli: Cli) -> None:
    assert "--install-completion" in cli("--help").stdout
    assert "--install-completion" not in cli("run", "--help").stdout


def test_completion_is_of_the_command_briefing_however_it_is_started(process: Cli) -> None:
    shown = process("--show-completion", "bash").stdout
    assert shown.strip().endswith("briefing")
    assert "python" not in shown


def test_thirty_stories_into_a_file_are_a_line_each(process: Cli, tmp_path: Path) -> None:
    (tmp_path / "read").mkdir()
    things = "tram hospital bridge river market school museum ferry harbour station budget library stadium forest road"
    for number in range(30):
        thing, place = things.split()[number % 15], f"{'Marlow' if number % 2 else 'Leeds'}{number * 7}"
        text = f"{place} {thing} {number}\n\n" + " ".join(
            f"{place}{word} {thing}{word * number} opens {word}{number} with {number + word} {thing}s of {place}."
            for word in range(3, 9)
        )
        (tmp_path / "read" / f"story{number:02}.txt").write_text(text)
    done = process("run", "-s", "read", *PLAIN, "--max-articles", "0")
    assert done.returncode == 0, done.stderr
    told = int(re.search(r"(?m)^Stories +(\d+) summarised", done.stderr)[1])  # type: ignore[index]
    lines = re.findall(r"(?m)^(\d+)/(\d+) \S+: \S.*$", done.stderr)
    assert told >= 25
    assert lines == [(str(number), str(told)) for number in range(1, told + 1)]
    assert f"Summarising: {told} stories" in done.stderr
