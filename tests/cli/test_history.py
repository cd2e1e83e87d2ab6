"""`briefing history`, `show` and `search` as a person types them; real processes, a real state file, no model."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from briefing.store import default_state
from briefing.store.lock import run_lock

from ..conftest import Cli

PLAIN = ("--engine", "extractive")


@pytest.fixture
def one_day(cli: Cli, tmp_path: Path) -> Path:
    """An edition of one story."""
    (tmp_path / "story.txt").write_text(
        "Council approves tram line\n\nThe council voted 31 to 14 on Tuesday for a tram line to the hospital.\n\n"
        "Construction is due to start in March and to cost 212 million pounds, the mayor said on Tuesday."
    )
    (tmp_path / "empty.toml").write_text("")
    assert cli("run", "empty.toml", "-s", "story.txt", *PLAIN, "--date", "2024-05-17", "-f", "md").returncode == 0
    return tmp_path


@pytest.fixture
def two_days(cli: Cli, sample: Path, one_day: Path) -> Path:
    """The same, and the sample the day before."""
    assert cli("run", sample / "briefing.toml", *PLAIN, "--date", "2024-05-16", "-f", "md").returncode == 0
    return one_day


@pytest.mark.slow
def test_history_lists_the_editions_newest_first(cli: Cli, two_days: Path) -> None:
    done = cli("history")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "2024-05-17\tMorning briefing\t1\tCouncil approves tram line",
        "2024-05-16\tSample briefing\t16\tCrowdStrike fault hit 8.5 million Windows devices, Microsoft says",
    ]
    listed = json.loads(cli("history", "--format", "json", "--since", "2024-05-17").stdout)
    assert listed == [
        {
            "date": "2024-05-17",
            "title": "Morning briefing",
            "edition": "",
            "stories": 1,
            "headline": "Council approves tram line",
        }
    ]


@pytest.mark.slow
def test_an_edition_is_shown_again_as_it_was_written(cli: Cli, two_days: Path) -> None:
    shown = cli("show", "2024-05-16", "--format", "md")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == (two_days / "briefings" / "2024-05-16.md").read_text("utf-8")
    assert cli("show").stdout.startswith("MORNING BRIEFING\nFriday, 17 May 2024")


@pytest.mark.slow
def test_the_file_extension_selects_the_format(cli: Cli, one_day: Path) -> None:
    assert cli("show", "--out", "day.html").stdout == "day.html\n"
    assert (one_day / "day.html").read_text("utf-8").startswith("<!doctype html>")
    assert cli("show", "--out", "-").stdout == cli("show").stdout
    odd = cli("show", "--out", "day.doc")
    assert odd.returncode == 2
    assert "--format" in odd.stderr


@pytest.mark.slow
def test_a_story_is_found_with_its_link_and_the_words_marked(cli: Cli, two_days: Path) -> None:
    done = cli("search", "tram", "council")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2024-05-17  Council approves tram line\n")
    assert "*council*" in done.stdout
    (found,) = json.loads(cli("search", '"second vaccine"', "chil*", "--format", "json").stdout)
    assert found["date"] == "2024-05-16"
    assert found["section"] == "World"
    start, end = found["marks"][0]
    assert found["snippet"][start:end].casefold() in {"second vaccine", "second", "vaccine", "children"}


@pytest.mark.slow
def test_hits_beyond_the_limit_are_announced(cli: Cli, two_days: Path) -> None:
    done = cli("search", "the", "--limit", "2", "--format", "json")
    assert len(json.loads(done.stdout)) == 2
    assert "more" in done.stderr
    assert cli("search", "the", "--limit", "0").stderr == ""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["search", "zeppelin"], 3, "Nothing found for 'zeppelin'"),
        (["search", "tram", "--since", "2024-05-18"], 3, "Nothing found"),
        (["search", '"'], 3, "there is no word"),
        (["search", "*", "()"], 3, "there is no word"),
        (["search", "tram", "--since", "soon"], 2, "30d"),
        (["search", "tram", "--since", "9999999w"], 2, "30d"),
        (["search", "tram", "--format", "html"], 2, "text, json"),
        (["show", "2024-05-18"], 2, "briefing history"),
        (["show", "--title", "Evening"], 2, "'Evening'"),
        (["show", "--format", "pdf"], 2, "pdf"),
        (["history", "--title", "Evening"], 3, "no such edition"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_missing_edition_or_word_gets_one_line(
    cli: Cli, one_day: Path, arguments: list[str], code: int, said: str
) -> None:
    done = cli(*arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(("typed", "said"), [("2026-02-30", "no such day"), ("30.2.2026", "written as in 2026-05-17")])
def test_an_invalid_date_is_refused(cli: Cli, typed: str, said: str) -> None:
    for command in (["show", typed], ["history", "remove", typed], ["run", "--date", typed]):
        done = cli(*command)
        assert done.returncode == 2
        assert said in done.stderr
        assert "%Y" not in done.stderr


def test_history_without_editions(cli: Cli) -> None:
    for command, code, said in (
        ("history", 3, "no edition yet"), ("show", 2, "`briefing run`"), ("search", 3, "Nothing found"),
    ):  # fmt: skip
        done = cli(command, *(["tram"] if command == "search" else []))
        assert done.returncode == code
        assert said in done.stderr


@pytest.mark.slow
def test_an_edition_is_removed_after_confirmation(cli: Cli, two_days: Path) -> None:
    files = [two_days / "briefings" / name for name in ("2024-05-17.md", "2024-05-16.md")]
    nobody = cli("history", "remove", "2024-05-17")
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert "--yes" in nobody.stderr
    no = cli("history", "remove", "2024-05-17", stdin="n\n")
    assert (no.returncode, no.stdout) == (3, "")
    assert "1 story; briefings/2024-05-17.md" in no.stderr
    assert all(file.exists() for file in files)
    yes = cli("history", "remove", "2024-05-17", stdin="y\n")
    assert (yes.returncode, yes.stdout.splitlines()) == (0, [str(Path("briefings") / "2024-05-17.md")])
    assert "no longer in the state file" in yes.stderr
    assert [file.exists() for file in files] == [False, True]
    assert "2024-05-17" not in cli("history").stdout
    assert cli("show", "2024-05-17").returncode == 2
    assert cli("history", "remove", "2024-05-17", "--yes").returncode == 2
    # Another briefing's file of that name is left alone: the name has no title in it.
    assert cli("history", "remove", "2024-05-16", "--yes").returncode == 0
    assert files[1].exists()
    assert cli("history").returncode == 3


def test_the_confirmation_does_not_hold_the_lock(cli: Cli, one_day: Path) -> None:
    with run_lock(default_state()):
        no = cli("history", "remove", "2024-05-17", stdin="n\n")
        assert no.returncode == 3
        assert no.stderr.endswith("[y/N] Nothing was taken away.\n")
        yes = cli("history", "remove", "2024-05-17", stdin="y\n")
        assert yes.returncode == 3
        assert "another run" in yes.stderr
    assert (one_day / "briefings" / "2024-05-17.md").exists()


@pytest.mark.slow
def test_an_edition_that_changes_during_the_confirmation_stays(cli: Cli, one_day: Path) -> None:
    command = [sys.executable, "-m", "briefing", "history", "remove", "2024-05-17"]
    with subprocess.Popen(command, stdin=-1, stderr=-1, stdout=-1, cwd=one_day, text=True, bufsize=0) as asks:
        assert asks.stdin is not None
        assert asks.stderr is not None
        assert asks.stderr.read(9) == "Take away"
        (one_day / "briefings" / "2024-05-17.md").unlink()
        _, said = asks.communicate("y\n")
    assert asks.returncode == 3
    assert "changed while" in said
    assert cli("show", "2024-05-17").returncode == 0


def test_an_unreadable_edition_is_removed(cli: Cli, one_day: Path) -> None:
    with sqlite3.connect(default_state()) as connection:
        connection.execute("UPDATE editions SET edition = '{'")
    connection.close()
    assert cli("history").stdout.startswith("2024-05-17\tMorning briefing\t0")
    done = cli("history", "remove", "2024-05-17", stdin="y\n")
    assert done.returncode == 0, done.stderr
    assert "(0 stories; briefings/2024-05-17.md)" in done.stderr
    assert cli("history").returncode == 3


@pytest.mark.slow
def test_an_edition_of_the_future_is_shown_by_its_date_only(cli: Cli, one_day: Path) -> None:
    (one_day / "other.txt").write_text("The ferry to Holm will not sail until Friday, the harbour master said. " * 3)
    assert cli("run", "empty.toml", "-s", "other.txt", *PLAIN, "--date", "2999-05-28", "-f", "md").returncode == 0
    assert "17 May 2024" in cli("show").stdout
    assert "28 May 2999" in cli("show", "2999-05-28").stdout
    assert cli("history").stdout.startswith("2999-05-28")
