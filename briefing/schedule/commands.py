"""Runs the system's tools: `systemctl`, `crontab`, `launchctl`, `schtasks`. Not here: their arguments."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess

from briefing.errors import ScheduleError
from briefing.sanitise import one_line

_log = logging.getLogger(__name__)
_SECONDS = 60.0


def has_tool(tool: str) -> bool:
    """Whether the program is on PATH."""
    return shutil.which(tool) is not None


def run_tool(*command: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run `command` with `text` as its standard input; the exit code is the caller's to check.

    Texts are UTF-8 with surrogate escapes, which round-trips other bytes in a crontab. Raises `ScheduleError` where the
    program cannot be started or does not end.
    """
    try:
        done = subprocess.run(
            command,
            input=text.encode("utf-8", "surrogateescape"),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "LC_ALL": "C"},  # its messages are parsed
        )
    except subprocess.TimeoutExpired as error:
        raise ScheduleError(command[0], f"`{' '.join(command)}` did not end in {_SECONDS:.0f} seconds") from error
    except OSError as error:
        raise ScheduleError(command[0], f"cannot be started: {error.strerror}") from error
    # Not by subprocess's text mode, which would translate line ends.
    out, err = (stream.decode("utf-8", "surrogateescape") for stream in (done.stdout, done.stderr))
    _log.debug("%s: exit code %d", " ".join(command), done.returncode)
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def run_or_raise(*command: str, remedy: str, text: str = "") -> None:
    """Run `command`. Raises `ScheduleError` with `remedy` where it fails."""
    done = run_tool(*command, text=text)
    if done.returncode:
        raise ScheduleError(f"`{' '.join(command)}`", f"it failed: {first_error_line(done)}", remedy)


def first_error_line(done: subprocess.CompletedProcess[str]) -> str:
    """The first line of a failed program's output, without control characters."""
    lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return one_line(lines[0]) if lines else f"exit code {done.returncode}"
