"""`-v`, `-vv` and `--log-file`, through the command line: real processes, a real web server, no model."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from briefing.testing.server import Server

from ..conftest import Cli

PLAIN = ("--engine", "extractive")
SECRET = "hunter2-x7Kq"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARNING|ERROR) briefing[\w.]*: \S.*|  .*")


def run_sample(cli: Cli, sample: Path, *options: str) -> subprocess.CompletedProcess[str]:
    done = cli(*options, "run", sample / "briefing.toml", *PLAIN, "--date", "2024-05-17", "--max-articles", "3")
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.slow
def test_verbose_shows_stages_and_stories(cli: Cli, sample: Path) -> None:
    shown = run_sample(cli, sample, "-v").stderr.splitlines()
    assert any(re.match(r"Sources read: 13, candidates: \d+$", line) for line in shown)
    assert sum(re.match(r"Story \w+ \(.+\): \d+ key points in ", line) is not None for line in shown) == 3
    assert not any(line.startswith("briefing 0") for line in shown)


@pytest.mark.slow
def test_twice_verbose_shows_debug_lines(cli: Cli, sample: Path) -> None:
    shown = run_sample(cli, sample, "-vv").stderr
    assert re.search(r"(?m)^briefing \d\S*, Python 3", shown)


@pytest.mark.slow
def test_without_the_options_standard_error_has_no_log_lines(cli: Cli, sample: Path, tmp_path: Path) -> None:
    plain = run_sample(cli, sample)
    assert "Sources read" not in plain.stderr
    logged = run_sample(cli, sample, "--log-file", str(tmp_path / "run.log"))
    assert "Sources read" not in logged.stderr


@pytest.mark.slow
def test_the_log_file_has_debug_lines_with_utc_times_and_is_private(cli: Cli, sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    old_mask = os.umask(0)
    try:
        run_sample(cli, sample, "--quiet", "--log-file", str(path))
    finally:
        os.umask(old_mask)
    lines = path.read_text("utf-8").splitlines()
    assert all(map(LINE.fullmatch, lines))
    assert {"DEBUG", "INFO"} <= {line.split()[1] for line in lines}
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = len(lines)
    run_sample(cli, sample, "--log-file", str(path))
    assert len(path.read_text("utf-8").splitlines()) > before  # appended to


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_log_file_that_others_could_read_becomes_private(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.touch()
    path.chmod(0o644)
    assert cli("--log-file", path, "models", "list").returncode == 0
    assert path.read_text("utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_secrets_of_addresses_are_in_no_log(cli: Cli, tmp_path: Path) -> None:
    with Server() as server:
        server.fails(f"/feed.xml?token={SECRET}", 404)
        address = server.url(f"/feed.xml?token={SECRET}").replace("://", f"://ann:{SECRET}@")
        path = tmp_path / "run.log"
        call = ("run", "--source", address, *PLAIN, "--allow-local", "--wait", "")
        done = cli("-vv", "--log-file", str(path), *call)
    assert done.returncode == 3
    log = path.read_text("utf-8")
    assert "127.0.0.1" in done.stderr
    assert "127.0.0.1" in log
    assert SECRET not in done.stdout + done.stderr + log


def test_control_characters_are_cleaned_and_further_lines_indented(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import logging

    from briefing.cli.logs import logging_to

    path = tmp_path / "run.log"
    logger = logging.getLogger("briefing.test")
    with logging_to(2, path):
        logger.info("a %s title", "\x1b[31mred\x07\n2026-01-01T00:00:00.000Z INFO briefing: forged")
        logger.debug("GET %s", f"https://a.example/?api_\x00key={SECRET}")
    logger.info("after the command")
    _, *lines = path.read_text("utf-8").splitlines()
    assert len(lines) == 3
    assert all(map(LINE.fullmatch, lines))
    assert lines[0].endswith("a [31mred")
    assert lines[1].startswith("  2026")
    assert lines[2].endswith("GET https://a.example/?api_key=***")
    assert SECRET not in capsys.readouterr().err


def test_a_log_file_that_cannot_be_written_is_one_error(cli: Cli, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere" / "run.log"):
        done = cli("--log-file", str(path), "sources", "list")
        assert done.returncode == 2
        assert re.fullmatch(
            rf"--log-file {re.escape(str(path))}: cannot be written: .*\. Name another file\.\n", done.stderr
        )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="there is no /dev/full")
def test_a_full_disk_ends_the_log_and_not_the_run(cli: Cli, sample: Path) -> None:
    done = run_sample(cli, sample, "--log-file", "/dev/full")
    assert done.stderr.count("the log ends here: [Errno 28] No space left on device") == 1
    assert "Traceback" not in done.stderr


def test_warnings_reach_standard_error_as_they_are_beside_a_log_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import logging

    from briefing.cli.logs import logging_to

    with logging_to(0, tmp_path / "run.log"):
        logging.getLogger("briefing.store.ledger").warning("%s: %d lines", "x.ledger", 2)
        logging.getLogger("briefing.store.ledger").info("not shown")
    assert capsys.readouterr().err == "x.ledger: 2 lines\n"


def test_the_log_file_holds_the_error_that_ended_the_command(cli: Cli, sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    done = cli("-v", "--log-file", path, "run", sample / "nothing.toml")
    assert done.returncode == 2
    assert done.stderr.count("there is no such file") == 1  # printed, and not logged there once more
    (line,) = [line for line in path.read_text("utf-8").splitlines() if " ERROR " in line]
    assert "nothing.toml" in line


def test_the_log_file_names_each_failure(cli: Cli, sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    cli("--log-file", path, "run", "-s", sample / "text" / "webb-first-images.txt", "-s", tmp_path / "gone.txt", *PLAIN)
    assert re.search(r"DEBUG .*gone\.txt", path.read_text("utf-8"))


def test_failures_of_single_articles_are_logged_and_printed_once(cli: Cli, sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    article = sample / "text" / "webb-first-images.txt"
    done = cli("-vv", "--log-file", path, "summarise", article, tmp_path / "gone.txt", *PLAIN)
    assert done.returncode == 1
    assert done.stderr.count("Failed (") == 1
    assert re.search(r"DEBUG .*Failed \(\w+\): .*gone\.txt", path.read_text("utf-8"))
