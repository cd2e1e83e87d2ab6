"""Dates and time spans at the ends of the calendar work in every zone, or are refused in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ..conftest import Cli

STORY = (
    "Council approves tram line\n\nThe council voted 31 to 14 on Tuesday for a tram line to the hospital.\n\n"
    "Construction is due to start in March and to cost 212 million pounds, the mayor said on Tuesday."
)


@pytest.fixture
def run_in(tmp_path: Path) -> Callable[[str], tuple[str, ...]]:
    """What a run of one story in a time zone is called with."""
    (tmp_path / "story.txt").write_text(STORY)

    def call(zone: str) -> tuple[str, ...]:
        (tmp_path / "zone.toml").write_text(
            f'timezone = "{zone}"\nengine = "extractive"\nformats = ["md", "html", "text", "json", "atom", "epub"]\n'
            '[[sources]]\npath = "story.txt"\n[mail]\nhost = "127.0.0.1"\nsecurity = "none"\n'
            'sender = "desk@example.org"\n[[mail.recipients]]\naddress = "ann@example.org"\n'
        )
        return ("run", "zone.toml")

    return call


@pytest.mark.slow
@pytest.mark.parametrize(("day", "zone"), [("1000-01-01", "Pacific/Kiritimati"), ("9999-12-31", "America/Los_Angeles")])
def test_the_first_and_the_last_day_of_an_edition_work(
    cli: Cli, run_in: Callable[[str], tuple[str, ...]], tmp_path: Path, zone: str, day: str
) -> None:
    for command in (
        [*run_in(zone), "--date", day],
        ["show", day],
        ["archive", "--out", "site"],
        ["send", day, "--config", "zone.toml", "--dry-run", "--out", "letters"],
        ["history", "remove", day, "--yes", "--config", "zone.toml"],
    ):
        done = cli(*command)
        assert done.returncode == 0, (command, done.stderr)
    assert any(path.name.startswith(day) for path in (tmp_path / "site").iterdir())


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["run", "-s", "story.txt", "--date", "0001-01-01"], "from 1000-01-01 to 9999-12-31"),
        (["run", "-s", "story.txt", "--date", "0999-12-31", "--dry-run"], "from 1000-01-01 to 9999-12-31"),
        (["show", "0001-01-01"], "from 1000-01-01 to 9999-12-31"),
        (["history", "remove", "0001-01-01"], "from 1000-01-01 to 9999-12-31"),
        (["send", "0001-01-01", "--config", "zone.toml"], "from 1000-01-01 to 9999-12-31"),
        (["run", "-s", "story.txt", "--since", "9999999d"], 'but found "9999999d"'),
        (["run", "-s", "story.txt", "--budget", "9999999d"], "at most 100 years"),
        (["run", "-s", "story.txt", "--wait", "9999999d"], "at most 100 years"),
        (["run", "-s", "story.txt", "--budget", f"{99 * '9'}d"], "at most 100 years"),
        (["run", "-s", "story.txt", "--since", "9999999d"], "at most 100 years"),
        (["run", "-s", "story.txt", "--since", "99999999999999d"], "at most 100 years"),
        (["history", "--since", "9999999d"], "neither a date"),
        (["search", "tram", "--since", "9999999d"], "neither a date"),
    ],
)
def test_what_no_calendar_holds_is_refused_in_words(
    cli: Cli, run_in: Callable[[str], tuple[str, ...]], command: list[str], said: str
) -> None:
    run_in("UTC")
    done = cli(*command)
    assert done.returncode == 2, done.stderr
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "mistake in briefing" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "value"),
    [("date", "0001-01-01"), ("created", "0001-01-01T00:00:00+00:00"), ("created", "9999-12-31T23:59:59+00:00")],
)
def test_an_edition_from_a_file_with_such_a_date_is_no_edition(
    cli: Cli, run_in: Callable[[str], tuple[str, ...]], tmp_path: Path, key: str, value: str
) -> None:
    cli(*run_in("UTC"), "--date", "2024-05-17")
    data = json.loads((tmp_path / "briefings" / "2024-05-17.json").read_text("utf-8"))
    (tmp_path / "end.json").write_text(json.dumps(data | {key: value}))
    done = cli("send", "end.json", "--config", "zone.toml", "--dry-run")
    assert done.returncode == 2, done.stderr
    assert "this is no edition" in done.stderr
