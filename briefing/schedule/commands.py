"""The system's own programs, called: `systemctl`, `crontab`, `launchctl`. Not here: what is asked of them."""

from __future__ import annotations

import os
import shutil
import subprocess

from briefing.errors import ScheduleError
from briefing.sanitise import one_line

__all__ = ["ask", "order", "present", "said"]

_SECONDS = 60.0


def present(tool: str) -> bool:
    """Whether there is such a program."""
    return shutil.which(tool) is not None


def ask(*command: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run `command` with `text` as its standard input. A failure is in the answer.

    Texts are UTF-8 with surrogate escapes, so that foreign bytes in a crontab come back as they were. Raises
    `ScheduleError` where the program cannot be started or does not end.
    """
    try:
        done = subprocess.run(
            command,
            input=text.encode("utf-8", "surrogateescape"),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "LC_ALL": "C"},  # what it says is looked at
        )
    except subprocess.TimeoutExpired as error:
        raise ScheduleError(command[0], f"`{' '.join(command)}` did not end in {_SECONDS:.0f} seconds") from error
    except OSError as error:
        raise ScheduleError(command[0], f"cannot be started: {error.strerror}") from error
    # Not by subprocess's text mode: that would rewrite line ends.
    out, err = (stream.decode("utf-8", "surrogateescape") for stream in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def order(*command: str, remedy: str, text: str = "") -> None:
    """Run `command`. Raises `ScheduleError` with `remedy` where it fails."""
    done = ask(*command, text=text)
    if done.returncode:
        raise ScheduleError(f"`{' '.join(command)}`", f"it failed: {said(done)}", remedy)


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The first line of what a program complained about, fit for a terminal."""
    lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return one_line(lines[0]) if lines else f"exit code {done.returncode}"
