"""A launchd agent of the user's (launchd.plist(5)). What a Mac slept through is made up for when it wakes."""

from __future__ import annotations

import contextlib
import os
from datetime import time
from pathlib import Path
from typing import Any

from briefing.private_files import make_private, private_file
from briefing.schedule.commands import ask, order, present
from briefing.schedule.environment import login
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

__all__ = ["LABEL", "Launchd", "plist_time", "render_plist"]

LABEL = "briefing.daily"


def render_plist(job: Job, log: Path, made: tuple[str, ...] = ()) -> bytes:
    """The agent's property list; `made` are the folders that were made for it."""
    import plistlib

    agent: dict[str, Any] = {
        "Label": LABEL,
        "ProgramArguments": list(job.command),
        "WorkingDirectory": job.folder,
        "StartCalendarInterval": {"Hour": job.at.hour, "Minute": job.at.minute},
        "StandardOutPath": str(log),
        "StandardErrorPath": str(log),
    }
    if job.environment:
        agent["EnvironmentVariables"] = dict(job.environment)
    head, root, rest = plistlib.dumps(agent, sort_keys=False).partition(b"<plist")
    return head + f"<!-- {MARK}\n{folders_line(made)} -->\n".encode() + root + rest


def plist_time(text: str) -> time | None:
    """The time of day in a property list that `render_plist` wrote."""
    import plistlib
    from xml.parsers.expat import ExpatError

    try:
        interval = plistlib.loads(text.encode())["StartCalendarInterval"]
        return time(interval["Hour"], interval["Minute"]) if set(interval) == {"Hour", "Minute"} else None
    except (ValueError, KeyError, TypeError, ExpatError):  # somebody edited it
        return None


class Launchd:
    """A `Scheduler`."""

    manners = (
        "A Mac that was asleep makes up for the run when it wakes; one that was switched off does not. "
        "Logs: ~/Library/Logs/briefing.log"
    )

    @property
    def start(self) -> str:
        """Loads the agent."""
        from shlex import join

        return join(_bootstrap())

    def environment(self) -> dict[str, str]:
        """launchd.plist(5) leaves out PATH; this is what launchd gives."""
        return {**login(), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}

    def install(self, job: Job, write: Write) -> SchedulerOutcome:
        """Write the agent and load it, the old one unloaded first."""
        path = _path()
        old = claim(path)
        made = tuple(dict.fromkeys((*made_folders(old or ""), *missing_folders(path))))
        with contextlib.suppress(OSError):  # launchd makes it, or says why not
            private_file(_log())  # by launchd alone it would be everybody's to read
            make_private(_log())
        write(path, render_plist(job, _log(), made))
        if not present("launchctl"):
            return SchedulerOutcome(places=(str(path),), todo=(self.start,))
        if old is not None:
            ask(*_bootout())  # it fails where the agent is not loaded, which is as good
        how = f"run `{self.start}` in a terminal on the Mac itself (not over ssh), or use --with cron"
        order(*_bootstrap(), remedy=f"The file is written: {how}")
        return SchedulerOutcome(places=(str(path),))

    def find(self) -> JobStatus | None:
        """The agent, and whether it is loaded."""
        text = read_ours(_path())
        if text is None:
            return None
        active = None
        if present("launchctl"):
            active = ask("launchctl", "print", f"{_domain()}/{LABEL}").returncode == 0
        return JobStatus(kind=SchedulerKind.LAUNCHD, files=((str(_path()), text),), at=plist_time(text), active=active)

    def remove(self) -> SchedulerOutcome:
        """Unload the agent; remove its file, its log and the folders made for it."""
        text = read_ours(_path())
        if text is None:
            return SchedulerOutcome()
        if present("launchctl"):
            ask(*_bootout())
        remove_file(_path())
        remove_file(_log())
        remove_folders(made_folders(text))
        return SchedulerOutcome(places=(str(_path()),))


def _path() -> Path:
    return Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist"


def _log() -> Path:
    return Path.home() / "Library" / "Logs" / "briefing.log"


def _domain() -> str:
    return f"gui/{os.getuid()}"


def _bootstrap() -> tuple[str, ...]:
    return ("launchctl", "bootstrap", _domain(), str(_path()))


def _bootout() -> tuple[str, ...]:
    return ("launchctl", "bootout", f"{_domain()}/{LABEL}")
