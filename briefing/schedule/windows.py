"""The Windows Task Scheduler: a batch file is written, which a task starts; the command that makes the task is printed.

A task has no variables and room for 261 characters; the batch file holds the variables, the folder and the command.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import time
from pathlib import Path

from briefing.errors import UsageError
from briefing.schedule.commands import ask, present
from briefing.schedule.environment import PLACES
from briefing.schedule.files import (
    MARK,
    claim,
    folders_line,
    made_folders,
    missing_folders,
    read_ours,
    remove_file,
    remove_folders,
)
from briefing.schedule.job import Job, JobStatus, SchedulerKind, SchedulerOutcome, Write

__all__ = ["DELETE", "QUERY", "Windows", "batch_time", "create_command", "render_batch"]

QUERY = "schtasks /Query /TN briefing /V /FO LIST"
DELETE = "schtasks /Delete /TN briefing /F"

_MOST_CHARACTERS = 261
"""Of the task's own command line; the documentation of ``schtasks /Create`` names the limit at ``/TR``."""


def create_command(batch: str, at: time) -> str:
    """What to type, quoted by the rules of the Microsoft C runtime, once for the task and once for schtasks."""
    task = subprocess.list2cmdline([batch])
    return subprocess.list2cmdline(
        ["schtasks", "/Create", "/F", "/TN", "briefing", "/SC", "DAILY", "/ST", f"{at:%H:%M}", "/TR", task]
    )


def render_batch(job: Job, made: tuple[str, ...] = ()) -> str:
    """The batch file, UTF-8; `made` are the folders that were made for it. Raises `UsageError` for a quotation mark."""
    lines = [
        "@echo off",
        f"rem {MARK}",
        f"rem {_percent(folders_line(made))}",
        f"rem Every day at {job.at:%H:%M}",
        # The rest of the file is UTF-8 whatever the system's code page is.
        "chcp 65001 >nul",
        *(f'set "{name}={_bare(value)}"' for name, value in job.environment),
        f"cd /d {_word(job.folder)}",
        " ".join(map(_word, job.command)),
        # The task's last result.
        "exit /b %errorlevel%",
    ]
    return "".join(f"{line}\r\n" for line in lines)


def batch_time(text: str) -> time | None:
    """The time of day in a batch file that `render_batch` wrote."""
    match = re.search(r"^rem Every day at ([0-9]{2}):([0-9]{2})\r?$", text, re.MULTILINE)
    return time(int(match[1]), int(match[2])) if match else None


class Windows:
    """A `Scheduler` that leaves the making of the task to the person."""

    manners = "The task runs while you are logged in; its history is in the Task Scheduler"

    @property
    def start(self) -> str:
        """Makes the task for the batch file that is there."""
        at = batch_time(read_ours(_path()) or "")
        return create_command(str(_path()), at) if at else ""

    def environment(self) -> dict[str, str]:
        """What this shell has of the system's variables; of those that a person sets, what the registry has."""
        return {name: value for name, value in os.environ.items() if not _personal(name)} | _registered()

    def install(self, job: Job, write: Write) -> SchedulerOutcome:
        """Write the batch file; the command to type is left to do."""
        path = _path()
        old = claim(path)
        made = tuple(dict.fromkeys((*made_folders(_unescaped(old or "")), *missing_folders(path))))
        write(path, render_batch(job, made).encode())
        notes: tuple[str, ...] = ()
        if len(subprocess.list2cmdline([str(path)])) > _MOST_CHARACTERS:
            notes = (f"schtasks takes at most {_MOST_CHARACTERS} characters after /TR: move {path} to a shorter path.",)
        return SchedulerOutcome(places=(str(path),), todo=(create_command(str(path), job.at),), notes=notes)

    def find(self) -> JobStatus | None:
        """The batch file, and whether there is a task."""
        text = read_ours(_path())
        if text is None:
            return None
        active = ask("schtasks", "/Query", "/TN", "briefing").returncode == 0 if present("schtasks") else None
        return JobStatus(kind=SchedulerKind.WINDOWS, files=((str(_path()), text),), at=batch_time(text), active=active)

    def remove(self) -> SchedulerOutcome:
        """Remove the batch file and the folders made for it; the task is left to the person."""
        text = read_ours(_path())
        if text is None:
            return SchedulerOutcome()
        remove_file(_path())
        remove_folders(made_folders(_unescaped(text)))
        return SchedulerOutcome(places=(str(_path()),))


def _personal(name: str) -> bool:
    """Whether a shell may have such a variable of its own, of which a task would know nothing."""
    return name.upper().startswith("BRIEFING_") or name.upper() in PLACES


def _registered() -> dict[str, str]:
    """The user's own variables, which every task of theirs gets; names in capitals, as `os.environ` has them."""
    if sys.platform != "win32":
        return {}
    import winreg

    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, "Environment") as key:
        values = [winreg.EnumValue(key, place) for place in range(winreg.QueryInfoKey(key)[1])]
    return {name.upper(): winreg.ExpandEnvironmentStrings(str(value)) for name, value, _ in values}


def _path() -> Path:
    from platformdirs import user_data_dir

    return Path(user_data_dir("briefing", appauthor=False)) / "daily.cmd"


def _word(text: str) -> str:
    """One word of a command line for cmd.exe and then for the C runtime, to which a last backslash would quote."""
    text = _bare(text)
    ending = len(text) - len(text.rstrip("\\"))
    return '"' + text + "\\" * ending + '"'


def _bare(text: str) -> str:
    """Text between quotation marks, where cmd.exe knows only the percent sign."""
    if '"' in text:
        raise UsageError(text, "no batch file can carry a quotation mark", "Rename it")
    return _percent(text)


def _percent(text: str) -> str:
    return text.replace("%", "%%")


def _unescaped(text: str) -> str:
    return text.replace("%%", "%")
