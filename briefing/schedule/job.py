"""What is scheduled, and what a scheduler says about it: values and pure functions, no disk, no process."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from briefing.errors import UsageError

__all__ = ["Job", "JobStatus", "Scheduler", "SchedulerKind", "SchedulerOutcome", "Write", "next_run", "parse_time"]

Write = Callable[[Path, bytes], None]
"""Puts a file in its place, whole or not at all, and makes missing folders (`deliver.write_atomically`)."""


class SchedulerKind(StrEnum):
    """Who starts the run."""

    SYSTEMD = "systemd"
    CRON = "cron"
    LAUNCHD = "launchd"
    WINDOWS = "windows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One command, once a day.

    Raises `UsageError` for a word that no scheduler's file can carry: one with a line break, another control character,
    or bytes that are no UTF-8 text (XML 1.0 section 2.2 and systemd's parser refuse the same characters).
    """

    command: tuple[str, ...]
    """The program's absolute path and its arguments."""
    folder: str
    """Absolute path of the folder in which it runs."""
    at: time
    """By this machine's own clock and time zone; hours and minutes only."""
    environment: tuple[tuple[str, str], ...] = ()
    """Variables it gets besides the scheduler's own. They stand in a file: nothing secret."""

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
    """What `install` left on this machine."""

    kind: SchedulerKind
    files: tuple[tuple[str, str], ...]
    """Where, and the text that is there: whole files, or the block of a crontab."""
    at: time | None
    """None where somebody edited it into something else than once a day."""
    active: bool | None
    """Whether the scheduler has it loaded; None where that cannot be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerOutcome:
    """What was done, and what is left to do."""

    places: tuple[str, ...] = ()
    """Files, or ``crontab``, that were written or removed."""
    todo: tuple[str, ...] = ()
    """Shell commands that the person has to run, because the tool is not here."""
    notes: tuple[str, ...] = ()
    """What did not go as it should, a sentence each."""


class Scheduler(Protocol):
    """One way to start a run every day. Each raises `ScheduleError` or `OutputError`."""

    manners: str
    """What to know about it: missed runs, logs."""

    @property
    def start(self) -> str:
        """The shell command that starts what is installed but not active; empty where nothing is."""

    def environment(self) -> dict[str, str]:
        """The variables that it gives every job, as far as that can be known."""

    def install(self, job: Job, write: Write) -> SchedulerOutcome:
        """Write and start `job`; what an earlier call wrote is replaced."""

    def find(self) -> JobStatus | None:
        """What is installed."""

    def remove(self) -> SchedulerOutcome:
        """Stop it and take everything away that `install` wrote. Nothing there: nothing done."""


def parse_time(text: str) -> time:
    """Hours and minutes, ``6:30`` or ``06:30``. Raises `UsageError`."""
    match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text.strip())
    if match is None:
        raise UsageError(
            f"--at {text!r}", "is no time of day", "Give hours and minutes from 00:00 to 23:59, as in 06:30"
        )
    return time(int(match[1]), int(match[2]))


def next_run(at: time, now: datetime) -> datetime:
    """The first moment after `now` (aware) at which `now`'s machine shows `at`, in the machine's zone.

    Where the clocks go forward over `at`, the moment is as much later as they went.
    """
    local = now.astimezone()
    for days in (0, 1):
        naive = datetime.combine(local.date() + timedelta(days), at)
        # Not naive.astimezone(): of a time that the clocks leave out it makes one before the gap.
        moment = datetime.fromtimestamp(naive.timestamp(), UTC).astimezone()
        if moment > local:
            break
    return moment


def _writable(character: str) -> bool:
    code = ord(character)
    noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return not noncharacter and unicodedata.category(character) not in {"Cc", "Cs"}
