"""`briefing sources`: the configuration is edited with care, and `check` says what a run would do."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., "subprocess.CompletedProcess[str]"]

MINE = """\
# Mine.
title = "T"

[[sources]]
url = "https://example.org/a"
# models = "/big/disk"

# how it is sent
[mail]
host = "smtp.example.org"
sender = "a@example.org"
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_edit_changes_what_was_asked_and_nothing_else(cli: Cli, tmp_path: Path, newline: str) -> None:
    path = tmp_path / "briefing.toml"
    before = ("\ufeff" + MINE).replace("\n", newline).encode()
    path.write_bytes(before)
    path.chmod(0o640)
    assert cli("sources", "add", "feed://example.org/b", "--name", "Bee").returncode == 0
    added = '\n[[sources]]\nurl = "http://example.org/b"\nname = "Bee"\n'.replace("\n", newline).encode()
    assert path.read_bytes() == before + added
    assert cli("sources", "remove", "feed://example.org/b").returncode == 0
    assert path.read_bytes() == before
    assert cli("sources", "remove", "https://example.org/a").returncode == 0
    table = f'[[sources]]{newline}url = "https://example.org/a"{newline}'.encode()
    assert path.read_bytes() == before.replace(table, b"")
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("htps://example.org/f", "https://?"),
        ("https://", "no host"),
        ("ftp://example.org", "imaps://"),
        ("no/file", ""),
    ],
)
def test_what_no_run_can_read_is_not_added(cli: Cli, tmp_path: Path, location: str, said: str) -> None:
    path = tmp_path / "briefing.toml"
    path.write_text(MINE)
    done = cli("sources", "add", location)
    assert (done.returncode, done.stdout) == (2, "")
    assert location in done.stderr
    assert said in done.stderr
    assert path.read_text() == MINE


def test_a_check_reads_the_sources_whatever_is_wrong_with_mail(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text(
        "Trams\n\nThe council voted 31 to 14 on Tuesday for a tram line to the hospital."
    )
    (tmp_path / "briefing.toml").write_text('[[sources]]\npath = "story.txt"\n[mail]\nhosts = "smtp.example.org"\n')
    done = cli("sources", "check")
    assert (done.returncode, done.stdout) == (0, f"ok\t{tmp_path / 'story.txt'}\t1 articles\n")
    assert "hosts" in done.stderr


def test_a_feed_address_that_is_typed_is_one_of_the_web(cli: Cli) -> None:
    done = cli("run", "--offline", "--source", "feed://example.org/f", "--source", "feed:https://example.org/g")
    assert "http://example.org/f: the run is offline" in done.stderr
    assert "https://example.org/g: the run is offline" in done.stderr
