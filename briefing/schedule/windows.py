"""The Windows Task Scheduler: nothing is called, the command to type is printed."""

from __future__ import annotations

import subprocess

from briefing.schedule.job import Found, Job, Outcome, Write

__all__ = ["DELETE", "QUERY", "Windows", "create_command"]

QUERY = "schtasks /Query /TN briefing /V /FO LIST"
DELETE = "schtasks /Delete /TN briefing /F"

_MOST_CHARACTERS = 261
"""Of the task's own command line; the documentation of ``schtasks /Create`` names the limit at ``/TR``."""


def create_command(job: Job) -> str:
    """What to type, quoted by the rules of the Microsoft C runtime, once for the task and once for schtasks."""
    task = subprocess.list2cmdline(job.command)
    return subprocess.list2cmdline(
        ["schtasks", "/Create", "/F", "/TN", "briefing", "/SC", "DAILY", "/ST", f"{job.at:%H:%M}", "/TR", task]
    )


class Windows:
    """A `Scheduler` that leaves the doing to the person."""

    manners = "The task runs while you are logged in; its history is in the Task Scheduler"
    start = ""

    def install(self, job: Job, write: Write) -> Outcome:
        """The command to type."""
        notes: tuple[str, ...] = ()
        if len(subprocess.list2cmdline(job.command)) > _MOST_CHARACTERS:
            notes = (f"schtasks takes at most {_MOST_CHARACTERS} characters after /TR: choose shorter paths.",)
        return Outcome(todo=(create_command(job),), notes=notes)

    def find(self) -> Found | None:
        """Nothing: what was typed is not known here."""
        return None

    def remove(self) -> Outcome:
        """Nothing was done, so nothing is undone."""
        return Outcome()
