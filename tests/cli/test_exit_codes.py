"""What the end of a run says: a test for each row of the table in docs/daily.md, as a scheduler sees it."""

from __future__ import annotations

import mailbox
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from briefing.cli.report import run_code
from briefing.errors import ExitCode
from briefing.testing.server import Server
from briefing.types import Failure, FailureKind

from ..conftest import Cli
from ..factories import STORY

PLAIN = ("--engine", "extractive")

ITEM = (
    "<item><title>A bridge opened in spring</title><link>https://paper.example/bridge</link><description>The mayor "
    "opened the bridge over the river on Friday, two years late and 4 million pounds over its budget. Drivers pay "
    "nothing for the first month, and buses will cross it from Monday.</description>"
    "<pubDate>Mon, 01 Apr 2024 08:00:00 GMT</pubDate></item>"
)


def feed(items: str) -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Paper</title>{items}</channel></rss>'


def test_the_table_in_the_documentation_has_every_code_and_no_other(repository: Path) -> None:
    page = (repository / "docs" / "daily.md").read_text("utf-8")
    listed = [int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)]
    assert listed == [code.value for code in ExitCode]


# --- 0 ------------------------------------------------------------------------------------------------------------


def test_0_an_edition(cli: Cli, story_file: Path) -> None:
    done = cli("run", "--source", story_file, *PLAIN)
    assert done.returncode == ExitCode.WELL, done.stderr
    assert done.stdout


def quiet(folder: Path, why: str) -> list[str | Path]:
    """The arguments of a run that reads everything and finds nothing new."""
    page, to_read, letters = folder / "feed.xml", folder / "to-read", folder / "letters.mbox"
    if why == "an empty folder":
        to_read.mkdir()
        return ["--source", to_read]
    if why == "an empty mailbox":
        box = mailbox.mbox(letters)
        box.flush()
        box.close()
        return ["--source", letters]
    if why == "everything muted":
        (folder / "story.txt").write_text(STORY, "utf-8")
        config = folder / "briefing.toml"
        config.write_text("[mute]\nwords = ['tram']\n[[sources]]\npath = 'story.txt'\n", "utf-8")
        return [config]
    page.write_text(feed("" if why == "a feed without items" else ITEM), "utf-8")
    return ["--source", page]


@pytest.mark.parametrize(
    "why", ["an old item", "a feed without items", "an empty folder", "an empty mailbox", "everything muted"]
)
def test_0_a_quiet_day_whatever_the_reason(cli: Cli, tmp_path: Path, why: str) -> None:
    arguments = quiet(tmp_path, why)
    done = cli("run", *arguments, *PLAIN)
    assert done.returncode == ExitCode.WELL, done.stderr
    assert done.stdout == ""
    assert "Nothing is new" in done.stderr
    # cron mails whatever is written: on a quiet day nothing is.
    silent = cli("--quiet", "run", *arguments, *PLAIN)
    assert (silent.returncode, silent.stdout, silent.stderr) == (ExitCode.WELL, "", "")
    assert cli("run", *arguments, "--dry-run").returncode == ExitCode.WELL


def test_0_what_was_told_before(cli: Cli, story_file: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text("")
    assert cli("run", "empty.toml", "--source", story_file, *PLAIN, "--date", "2024-05-17").returncode == ExitCode.WELL
    done = cli("run", "empty.toml", "--source", story_file, *PLAIN, "--date", "2024-05-18")
    assert (done.returncode, done.stdout) == (ExitCode.WELL, "")


# --- 1 ------------------------------------------------------------------------------------------------------------


def test_1_an_edition_without_a_source_that_failed(cli: Cli, story_file: Path) -> None:
    done = cli("run", "--source", story_file, "--source", "missing.txt", *PLAIN)
    assert done.returncode == ExitCode.PARTLY
    assert done.stdout
    assert "missing.txt" in done.stderr


def test_1_a_quiet_day_on_which_a_source_failed(cli: Cli, tmp_path: Path) -> None:
    done = cli("run", *quiet(tmp_path, "an old item"), "--source", "missing.txt", *PLAIN)
    assert (done.returncode, done.stdout) == (ExitCode.PARTLY, "")
    assert "missing.txt" in done.stderr


def test_1_a_source_failed_and_the_rest_is_in_the_edition_of_today(cli: Cli, tmp_path: Path) -> None:
    undated = re.sub("<pubDate>.*?</pubDate>", "", ITEM)
    (tmp_path / "feed.xml").write_text(feed(undated), "utf-8")
    (tmp_path / "briefing.toml").write_text(
        "[[sources]]\npath = 'feed.xml'\nkind = 'feed'\n[[sources]]\npath = 'missing.txt'\n", "utf-8"
    )
    first = cli("run", *PLAIN, "--state", "s.db")
    assert first.returncode == ExitCode.PARTLY, first.stderr
    again = cli("run", *PLAIN, "--state", "s.db")
    listed = cli("run", *PLAIN, "--state", "s.db", "--dry-run")
    assert [again.returncode, listed.returncode] == [ExitCode.PARTLY] * 2, listed.stderr


# --- 2, 3 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--wait", "soon"], ["--nonsense"], ["nothing.toml"], ["--templates", "none"]])
def test_2_wrong_usage_or_configuration(cli: Cli, story_file: Path, arguments: list[str]) -> None:
    assert cli("run", "--source", story_file, *PLAIN, *arguments).returncode == ExitCode.WRONG_USE


def test_3_every_source_failed(cli: Cli, closed_port: int) -> None:
    with Server() as server:
        server.fails("/feed.xml", 404)
        # One server that answers, if only to refuse, is a network.
        away = f"http://127.0.0.1:{closed_port}/feed.xml"
        done = cli("run", "-s", server.url("/feed.xml"), "-s", away, "--allow-local", *PLAIN, NO_PROXY="*")
    assert (done.returncode, done.stdout) == (ExitCode.NOTHING, "")
    assert "Trying again" not in done.stderr
    assert "404" in done.stderr


def test_3_a_run_that_could_not_begin(cli: Cli, story_file: Path, tmp_path: Path) -> None:
    done = cli("run", "--source", story_file, "--offline", BRIEFING_MODELS=str(tmp_path / "models"))
    assert done.returncode == ExitCode.NOTHING


def test_3_every_story_was_lost() -> None:
    old = Failure(subject="Paper", stage="read", cause="9 articles are older", kind=FailureKind.SKIPPED)
    lost = Failure(subject="A bridge", stage="summarise", cause="the article has no text")
    assert run_code(False, [old, lost], known=3) is ExitCode.NOTHING
    assert run_code(False, [old], known=3) is ExitCode.WELL
    assert run_code(True, [old, lost]) is ExitCode.PARTLY


# --- 75, 130 ------------------------------------------------------------------------------------------------------


def test_75_no_source_of_the_web_could_be_reached(cli: Cli, tmp_path: Path, closed_port: int) -> None:
    away = f"http://127.0.0.1:{closed_port}/feed.xml"
    for command in (["run"], ["run", *quiet(tmp_path, "an old item")]):
        done = cli(*command, "--source", away, "--allow-local", "--wait", "", *PLAIN, NO_PROXY="*")
        assert (done.returncode, done.stdout) == (ExitCode.OFFLINE, "")
        assert "refused the connection" in done.stderr


@pytest.mark.slow
def test_130_ctrl_c_while_it_waits_for_the_network(tmp_path: Path, closed_port: int) -> None:
    away = f"http://127.0.0.1:{closed_port}/feed.xml"
    command = [sys.executable, "-m", "briefing", "run", "--source", away, "--allow-local", *PLAIN]
    # A shell that starts the tests in the background has them ignore the signal, and what they start as well.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env={**os.environ, "NO_PROXY": "*"}
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with run:
        assert run.stderr
        try:
            assert "Trying again" in run.stderr.readline()
            run.send_signal(signal.SIGINT)
            said = run.stderr.read()
        finally:
            run.kill()
    assert run.returncode == ExitCode.STOPPED
    assert "The same command goes on from there" in said
