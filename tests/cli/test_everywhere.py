"""Options of every command, before it and after it; help pages; completion."""

from __future__ import annotations

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
