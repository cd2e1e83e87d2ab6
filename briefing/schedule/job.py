"""Types of scheduled jobs, the `Scheduler` protocol, and times of day. Pure."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from briefing.errors import UsageError

Write = Callable[[Path, bytes], None]
"""Writes a file atomically and makes missing folders (`deliver.write_atomically`)."""


class SchedulerKind(StrEnum):
    """What starts the run."""

    SYSTEMD = "systemd"
    CRON = "cron"
    LAUNCHD = "launchd"
    WINDOWS = "windows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A daily command.

    Raises `UsageError` for control characters, noncharacters and bytes that are no UTF-8, which XML 1.0 (section 2.2)
    and systemd's parser refuse.
    """

    command: tuple[str, ...]
    """The program's absolute path and its arguments."""
    folder: str
    """Absolute path of the working directory."""
    at: time
    """Local time; hours and minutes only."""
    environment: tuple[tuple[str, str], ...] = ()
    """Variables besides the scheduler's own. They are written to a file: no secrets."""

    def __post_init__(self) -> None:
        for word in (*self.command, self.folder, *(value for _, value in self.environment)):
            if not all(map(_writable, word)):
                raise UsageError(
                    ascii(word),
                    "no scheduler can carry a line break, a control character or a name that is not UTF-8",
                    "Rename it",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """An installed job."""

    kind: SchedulerKind
    files: tuple[tuple[str, str], ...]
    """Location and text: whole files, or the block of a crontab."""
    at: time | None
    """None where it was edited and is not daily any more."""
    active: bool | None
    """Whether the scheduler has loaded it; None where that is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerOutcome:
    """The result of an installation or a removal."""

    locations: tuple[str, ...] = ()
    """Files, or ``crontab``, that were written or removed."""
    todo: tuple[str, ...] = ()
    """Shell commands left to the user, because the tool is missing."""
    notes: tuple[str, ...] = ()
    """Problems, a sentence each."""


class Scheduler(Protocol):
    """A system scheduler. Methods raise `ScheduleError` or `OutputError`."""

    description: str
    """For the user: missed runs, logs."""
    keeps_log: bool
    """Whether it keeps what a run says, so that one may say what it does; else all of it goes to a mail, or nowhere."""

    @property
    def start(self) -> str:
        """The shell command that activates an installed job; empty where none is needed."""

    def environment(self) -> dict[str, str]:
        """The variables of every job, as far as they are known."""

    def install(self, job: Job, write: Write) -> SchedulerOutcome:
        """Write and start `job`, replacing an earlier one."""

    def find(self) -> JobStatus | None:
        """The installed job."""

    def remove(self) -> SchedulerOutcome:
        """Stop the job and remove all that `install` wrote; a no-op where there is none."""


def command_in(job: JobStatus) -> tuple[str, ...]:
    """Program and arguments of an installed job; empty where they cannot be read."""
    text = "\n".join(text for _, text in job.files)
    try:
        if job.kind is SchedulerKind.LAUNCHD:
            import plistlib
            from xml.parsers.expat import ExpatError

            try:
                return tuple(map(str, plistlib.loads(text.encode())["ProgramArguments"]))
            except (KeyError, TypeError, ExpatError):
                return ()
        if job.kind is SchedulerKind.SYSTEMD and (line := re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)):
            words = [word.replace("$$", "$").replace("%%", "%") for word in shlex.split(line[1])]
            return tuple(words[4:] if words[:1] == ["/bin/sh"] else words)
        if job.kind is SchedulerKind.CRON and (line := re.search(r"^\d+ \d+ \* \* \* (.*)$", text, re.MULTILINE)):
            words = shlex.split(line[1].replace("\\%", "%"))
            words = words[words.index("&&") + 1 : -1]  # without where the output goes
            first = next(index for index, word in enumerate(words) if not re.match(r"[A-Za-z_]\w*=", word))
            return tuple(words[first:])
    except (ValueError, StopIteration):
        pass
    return ()


def parse_time(text: str) -> time:
    """Hours and minutes, ``6:30`` or ``06:30``. Raises `UsageError`."""
    match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text.strip())
    if match is None:
        raise UsageError(
            f"--at {text!r}", "is no time of day", "Give hours and minutes from 00:00 to 23:59, as in 06:30"
        )
    return time(int(match[1]), int(match[2]))


def time_in(text: str, pattern: str) -> time | None:
    """The time of day in the groups ``hour`` and ``minute`` of a multi-line `pattern`; None where it was edited."""
    match = re.search(pattern, text, re.MULTILINE)
    try:
        return time(int(match["hour"]), int(match["minute"])) if match else None
    except ValueError:
        return None


def next_run(at: time, now: datetime) -> datetime:
    """The first local time `at` after `now` (aware), in this machine's zone.

    Where the clocks go forward over `at`, the result is later by that step.
    """
    local = now.astimezone()
    for days in (0, 1):
        naive = datetime.combine(local.date() + timedelta(days), at)
        # Not naive.astimezone(): for a time in the gap of a clock change it gives one before the gap.
        moment = datetime.fromtimestamp(naive.timestamp(), UTC).astimezone()
        if moment > local:
            break
    return moment


def _writable(character: str) -> bool:
    code = ord(character)
    noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return not noncharacter and unicodedata.category(character) not in {"Cc", "Cs"}
