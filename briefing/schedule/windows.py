"""Windows Task Scheduler: writes a batch file and gives the schtasks command that creates a task for it.

A task has no environment variables and at most 261 characters; the batch file sets variables and folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import time
from pathlib import Path

from briefing.errors import UsageError
from briefing.schedule.commands import has_tool, run_tool
from briefing.schedule.environment import PATH_VARIABLES
from briefing.schedule.files import (
    MARK,
    claim,
    folders_for,
    folders_line,
    made_folders,
    read_ours,
    remove_file,
    remove_folders,
)
from briefing.schedule.job import Job, JobStatus, SchedulerKind, SchedulerOutcome, Write, time_in

QUERY = "schtasks /Query /TN briefing /V /FO LIST"
DELETE = "schtasks /Delete /TN briefing /F"

_MOST_CHARACTERS = 261
"""Of the task's own command line; the documentation of ``schtasks /Create`` names the limit at ``/TR``."""


def create_command(batch: str, at: time) -> str:
    """The schtasks command, quoted by the rules of the Microsoft C runtime: once for the task, once for schtasks."""
    task = subprocess.list2cmdline([batch])
    return subprocess.list2cmdline(
        ["schtasks", "/Create", "/F", "/TN", "briefing", "/SC", "DAILY", "/ST", f"{at:%H:%M}", "/TR", task]
    )


def render_batch(job: Job, made: tuple[str, ...] = ()) -> str:
    """The batch file (UTF-8); `made`: folders made for it. Raises `UsageError` for a quotation mark."""
    lines = [
        "@echo off",
        f"rem {MARK}",
        f"rem {_percent(folders_line(made))}",
        f"rem Every day at {job.at:%H:%M}",
        # The rest of the file is UTF-8, whatever the system's code page.
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
    return time_in(text, r"^rem Every day at (?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})\r?$")


class Windows:
    """A `Scheduler`; the user creates the task."""

    description = "The task runs while you are logged in; its history is in the Task Scheduler"
    keeps_log = False

    @property
    def start(self) -> str:
        """Creates the task for the installed batch file."""
        at = batch_time(read_ours(_path()) or "")
        return create_command(str(_path()), at) if at else ""

    def environment(self) -> dict[str, str]:
        """The system's variables from this shell, the user's from the registry."""
        return {name: value for name, value in os.environ.items() if not _is_users(name)} | _registry_variables()

    def install(self, job: Job, write: Write) -> SchedulerOutcome:
        """Write the batch file; the schtasks command is left to do."""
        path = _path()
        made = folders_for(path, earlier=_unescaped(claim(path)))
        write(path, render_batch(job, made).encode())
        notes: tuple[str, ...] = ()
        if len(subprocess.list2cmdline([str(path)])) > _MOST_CHARACTERS:
            notes = (f"schtasks takes at most {_MOST_CHARACTERS} characters after /TR: move {path} to a shorter path.",)
        return SchedulerOutcome(locations=(str(path),), todo=(create_command(str(path), job.at),), notes=notes)

    def find(self) -> JobStatus | None:
        """The batch file, and whether its task exists."""
        text = read_ours(_path())
        if text is None:
            return None
        active = run_tool("schtasks", "/Query", "/TN", "briefing").returncode == 0 if has_tool("schtasks") else None
        return JobStatus(kind=SchedulerKind.WINDOWS, files=((str(_path()), text),), at=batch_time(text), active=active)

    def remove(self) -> SchedulerOutcome:
        """Remove the batch file and the folders made for it; the user deletes the task."""
        text = read_ours(_path())
        if text is None:
            return SchedulerOutcome()
        remove_file(_path())
        remove_folders(made_folders(_unescaped(text)))
        return SchedulerOutcome(locations=(str(_path()),))


def _is_users(name: str) -> bool:
    """Whether the variable may be set in this shell only, where a task would not see it."""
    return name.upper().startswith("BRIEFING_") or name.upper() in PATH_VARIABLES


def _registry_variables() -> dict[str, str]:
    """The user's variables, which their tasks get; names in capitals, as in `os.environ`."""
    if sys.platform != "win32":
        return {}
    import winreg

    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, "Environment") as key:
        values = [winreg.EnumValue(key, index) for index in range(winreg.QueryInfoKey(key)[1])]
    return {name.upper(): winreg.ExpandEnvironmentStrings(str(value)) for name, value, _ in values}


def _path() -> Path:
    from platformdirs import user_data_dir

    return Path(user_data_dir("briefing", appauthor=False)) / "daily.cmd"


def _word(text: str) -> str:
    """A word of a command line for cmd.exe and the C runtime, in which a final backslash would escape the quote."""
    text = _bare(text)
    ending = len(text) - len(text.rstrip("\\"))
    return '"' + text + "\\" * ending + '"'


def _bare(text: str) -> str:
    """Text for between quotation marks, where only the percent sign is special to cmd.exe."""
    if '"' in text:
        raise UsageError(text, "no batch file can carry a quotation mark", "Rename it")
    return _percent(text)


def _percent(text: str) -> str:
    return text.replace("%", "%%")


def _unescaped(text: str) -> str:
    return text.replace("%%", "%")
