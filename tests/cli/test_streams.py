"""A standard stream that is closed, full or read by nobody costs what would be said there, and nothing that is done."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from briefing.errors import ExitCode
from briefing.store import Store

from ..factories import STORY

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")

Shell = Callable[..., "subprocess.CompletedProcess[str]"]
BROKEN_STDERR = ["2>&-", "2>/dev/full", "2>&1 >/dev/null | true"]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Runs the command line with redirections as a shell has them."""
    (tmp_path / "story.txt").write_text(STORY, "utf-8")
    (tmp_path / "briefing.toml").write_text(
        "engine = 'extractive'\nformats = ['md']\n[[sources]]\npath = 'story.txt'\n[[sources]]\npath = 'gone.txt'\n",
        "utf-8",
    )

    def call(redirections: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        # In bash, so that the exit code of a pipe's first command can be had.
        script = f'"$@" {redirections}; exit ${{PIPESTATUS[0]}}'
        done = subprocess.run(
            ["bash", "-c", script, "bash", sys.executable, "-W", "error", "-m", "briefing", *arguments],
            capture_output=True, text=True, cwd=tmp_path, env={**os.environ, **variables}, timeout=100, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stdout + done.stderr
        assert "mistake in briefing" not in done.stdout + done.stderr
        return done

    return call


def only_what_is_there(folder: Path) -> None:
    """Takes the source that cannot be read out of the configuration."""
    config = folder / "briefing.toml"
    config.write_text(config.read_text("utf-8").replace("[[sources]]\npath = 'gone.txt'\n", ""), "utf-8")


def is_kept(folder: Path) -> bool:
    """Whether the run's edition is written and on record."""
    with Store(os.environ["BRIEFING_STATE"]) as store:
        return len(store.editions()) == 1 and len(list((folder / "briefings").glob("*.md"))) == 1


@pytest.mark.slow
@pytest.mark.parametrize("redirections", BROKEN_STDERR)
def test_a_run_with_closed_or_full_stderr_does_all_its_work(redirections: str, shell: Shell, tmp_path: Path) -> None:
    done = shell(redirections, "--verbose", "run", "--explain")
    assert done.returncode == ExitCode.PARTLY
    assert is_kept(tmp_path)
    if ">/dev/null" not in redirections:
        assert done.stdout.endswith(".md\n")
        assert done.stdout.count("\n") == 1  # what is said to a person does not get among the results


@pytest.mark.slow
@pytest.mark.parametrize("redirections", [">/dev/full", ">&-"])
def test_a_run_with_full_or_closed_stdout_keeps_its_work_and_reports_it(
    redirections: str, shell: Shell, tmp_path: Path
) -> None:
    only_what_is_there(tmp_path)
    done = shell(redirections, "run")
    assert done.returncode == ExitCode.PARTLY
    assert is_kept(tmp_path)
    assert done.stderr.startswith("standard output: ")
    assert "Stories   1 summarised" in done.stderr


@pytest.mark.slow
def test_a_run_with_a_broken_pipe_succeeds(shell: Shell, tmp_path: Path) -> None:
    only_what_is_there(tmp_path)
    done = shell("| true", "run")
    assert done.returncode == ExitCode.WELL
    assert is_kept(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("models",), ("models", "list"), ("run", "--help"), ("--version",)])
def test_help_and_results_into_a_broken_pipe_succeed(arguments: tuple[str, ...], shell: Shell) -> None:
    assert shell("2>&1 | true", *arguments).returncode == ExitCode.WELL


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("sources", "list"), ("run", "--dry-run"), ("--help",), ("--version",)])
@pytest.mark.parametrize("redirections", [">/dev/full", ">/dev/full 2>/dev/full", ">/dev/full 2>&-"])
def test_a_result_that_cannot_be_printed_is_an_error(
    redirections: str, arguments: tuple[str, ...], shell: Shell
) -> None:
    done = shell(redirections, *arguments)
    assert done.returncode == ExitCode.NOTHING
    assert done.stderr.count("\n") == (1 if "2>" not in redirections else 0)


@pytest.mark.slow
@pytest.mark.parametrize("redirections", BROKEN_STDERR)
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("run", "--no-such-option"), ExitCode.WRONG_USE),
        (("show", "--state", "none.db"), ExitCode.WRONG_USE),
        (("summarise", "gone.txt", "--engine", "extractive"), ExitCode.NOTHING),
    ],
)
def test_the_exit_code_is_kept_where_stderr_is_closed(
    redirections: str, arguments: tuple[str, ...], code: ExitCode, shell: Shell
) -> None:
    assert shell(redirections, *arguments).returncode == code


@pytest.mark.slow
def test_closed_streams_are_replaced_by_the_null_device(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        # A library that prints below Python, as llama.cpp does.
        "import atexit, os\natexit.register(os.write, 2, b'noise')\n",
        "utf-8",
    )
    done = shell("2>&- >&- <&-", "run", PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    assert done.returncode == ExitCode.PARTLY
    assert is_kept(tmp_path)
