"""``-v``, ``-vv``, ``--quiet``, ``--log-file``: what is shown more or less, and where; standard output is the same."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from briefing.testing.chat import ChatServer

from ..conftest import Cli
from ..factories import STORY

PATHS = f"{Path('briefings') / '2024-05-17-ad-hoc.md'}\n"
LEFT_OUT = "Council approves tram line: Left out ("
"""How a line begins that tells what a summary lost."""


@pytest.fixture
def run(cli: Cli, chat_server: ChatServer, story_file: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs with a model that also writes a number that no article has; a state file for each run."""
    chat_server.says("# Trams\n- The council voted 31 to 14 for a tram line.\n- It will cost 999 million pounds.")
    runs = iter(range(10))

    def call(*before: str, source: str = story_file.name) -> subprocess.CompletedProcess[str]:
        return cli(
            *before, "run", "-s", source, "-m", "m-1", "--base-url", chat_server.base_url, "--date", "2024-05-17",
            "-f", "md", "--state", f"state{next(runs)}.db",
        )  # fmt: skip

    return call


@pytest.mark.slow
def test_each_level_shows_more_on_standard_error_and_standard_output_stays(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    quiet, plain, verbose, debug = (run(*options) for options in (("-q",), (), ("--verbose",), ("-vv",)))
    assert [done.returncode for done in (quiet, plain, verbose, debug)] == [0, 0, 0, 0], plain.stderr
    assert {done.stdout for done in (quiet, plain, verbose, debug)} == {PATHS}
    assert quiet.stderr == ""
    assert "Sources   1 read" in plain.stderr
    stage, story, request = (
        r"(?m)^Sources read: 1",
        r"(?m)^Story \w+ \(.+\): \d+ key points",
        r"(?m)^briefing \d\S*, Py",
    )
    shown = {
        "report": [bool(re.search("Sources   1 read", done.stderr)) for done in (plain, verbose, debug)],
        "left out": [LEFT_OUT in done.stderr and "999" in done.stderr for done in (plain, verbose, debug)],
        "stages": [bool(re.search(stage, done.stderr)) for done in (plain, verbose, debug)],
        "stories": [bool(re.search(story, done.stderr)) for done in (plain, verbose, debug)],
        "details": [bool(re.search(request, done.stderr)) for done in (plain, verbose, debug)],
    }
    assert shown == {
        "report": [True, True, True],
        "left out": [False, True, True],
        "stages": [False, True, True],
        "stories": [False, True, True],
        "details": [False, False, True],
    }
    assert len(debug.stderr.splitlines()) > len(verbose.stderr.splitlines()) > len(plain.stderr.splitlines())


@pytest.mark.slow
def test_the_short_option_given_once_is_the_long_one(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    def without_times(text: str) -> str:
        return re.sub(r"\d+(\.\d+)? s\b|127\.0\.0\.1:\d+|\d+(\.\d+)? ms", "", text)

    once, long = run("-v"), run("--verbose")
    assert LEFT_OUT in once.stderr
    assert without_times(once.stderr).count("\n") == without_times(long.stderr).count("\n")
    twice, long_twice = run("-vv"), run("--verbose", "--verbose")
    assert [bool(re.search(r"(?m)^briefing \d", done.stderr)) for done in (twice, long_twice)] == [True, True]


def test_quiet_leaves_errors_and_silences_neither_the_log_nor_its_file(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    failed = run("--quiet", source="gone.txt")
    assert failed.returncode == 3
    assert failed.stdout == ""
    assert "gone.txt: there is no such file" in failed.stderr
    assert "Sources   " not in failed.stderr
    both = run("-q", "-v", "--log-file", "run.log")
    assert both.stdout == PATHS
    assert "Sources read: 1" in both.stderr  # the log's
    assert "Sources   1 read" not in both.stderr  # the report's
    assert " DEBUG briefing" in (tmp_path / "run.log").read_text("utf-8")


@pytest.mark.slow
def test_a_log_file_has_every_detail_whatever_standard_error_shows(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    plain = run()
    logged = run("--log-file", "run.log")
    assert logged.stdout == PATHS
    assert len(logged.stderr.splitlines()) == len(plain.stderr.splitlines())
    log = (tmp_path / "run.log").read_text("utf-8").splitlines()
    assert all(
        re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO) briefing[\w.]*: \S", line) for line in log
    )
    assert any("Sources read: 1" in line for line in log)
    assert any(" DEBUG " in line for line in log)
    assert "council voted" not in "\n".join(log)  # no text of an article
    run("--log-file", "run.log")
    again = (tmp_path / "run.log").read_text("utf-8").splitlines()
    assert again[: len(log)] == log
    assert len(again) >= 2 * len(log)


def test_a_log_file_is_looked_for_at_home(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    assert run("--log-file", "~/run.log").returncode == 0
    assert (tmp_path / "home" / "run.log").is_file()


def test_all_items_that_one_reason_kept_out_are_named_only_verbosely(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "read").mkdir()
    for number in range(6):
        (tmp_path / "read" / f"empty{number}.txt").write_text("")
    (tmp_path / "read" / "story.txt").write_text(STORY)
    command = ("run", "-s", "read", "--engine", "extractive", "-f", "md")
    plain, verbose = cli(*command, "--state", "a.db"), cli("-v", *command, "--state", "b.db")
    named = [sum(f"empty{number}.txt" in done.stderr for number in range(6)) for done in (plain, verbose)]
    assert named == [3, 6]
    assert "(and 3 more)" in plain.stderr


def test_an_item_over_a_limit_is_named_only_verbosely(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "read").mkdir()
    (tmp_path / "read" / "one.txt").write_text(STORY)
    ferry = "The ferry to Norra runs again from Monday, said the harbour office, after eleven weeks in a yard."
    (tmp_path / "read" / "two.txt").write_text(f"Ferry runs again\n\n{ferry}")
    command = ("run", "-s", "read", "--engine", "extractive", "-f", "md", "--max-stories", "1")
    plain, verbose = cli(*command, "--state", "a.db"), cli("-v", *command, "--state", "b.db")
    assert [done.returncode for done in (plain, verbose)] == [0, 0], plain.stderr
    assert "Skipped (" not in plain.stderr
    assert "Skipped (read): limit: 1 articles are over the limit of 1 stories." in verbose.stderr


def test_the_version_is_printed_and_nothing_else(cli: Cli) -> None:
    from briefing import __version__

    done = cli("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{__version__}\n", "")
