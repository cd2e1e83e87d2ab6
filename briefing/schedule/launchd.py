"""launchd agent of the user (launchd.plist(5)), which catches up on wake."""

from __future__ import annotations

import contextlib
import os
from datetime import time
from pathlib import Path
from typing import Any

from briefing.private_files import make_private, private_file
from briefing.schedule.commands import has_tool, run_or_raise, run_tool
from briefing.schedule.environment import login_environment
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
from briefing.schedule.job import Job, JobStatus, SchedulerKind, SchedulerOutcome, Write

LABEL = "briefing.daily"


def render_plist(job: Job, log: Path, made: tuple[str, ...] = ()) -> bytes:
    """The agent's property list; `made`: folders made for it."""
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

    description = (
        "A Mac that was asleep makes up for the run when it wakes; one that was switched off does not. "
        "Logs: ~/Library/Logs/briefing.log"
    )
    keeps_log = True

    @property
    def start(self) -> str:
        """Loads the agent."""
        from shlex import join

        return join(_bootstrap())

    def environment(self) -> dict[str, str]:
        """launchd's default PATH, which launchd.plist(5) does not name."""
        return {**login_environment(), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}

    def install(self, job: Job, write: Write) -> SchedulerOutcome:
        """Write the agent and load it, after unloading an old one."""
        path = _path()
        old = claim(path)
        made = folders_for(path, earlier=old)
        with contextlib.suppress(OSError):  # launchd creates it too, but readable by everybody
            private_file(_log())
            make_private(_log())
        write(path, render_plist(job, _log(), made))
        if not has_tool("launchctl"):
            return SchedulerOutcome(locations=(str(path),), todo=(self.start,))
        if old:
            run_tool(*_bootout())  # fails where the agent is not loaded, which is as good
        how = f"run `{self.start}` in a terminal on the Mac itself (not over ssh), or use --with cron"
        run_or_raise(*_bootstrap(), remedy=f"The file is written: {how}")
        return SchedulerOutcome(locations=(str(path),))

    def find(self) -> JobStatus | None:
        """The agent, and whether it is loaded."""
        text = read_ours(_path())
        if text is None:
            return None
        active = None
        if has_tool("launchctl"):
            active = run_tool("launchctl", "print", f"{_domain()}/{LABEL}").returncode == 0
        return JobStatus(kind=SchedulerKind.LAUNCHD, files=((str(_path()), text),), at=plist_time(text), active=active)

    def remove(self) -> SchedulerOutcome:
        """Unload the agent; remove its file, its log and the folders made for it."""
        text = read_ours(_path())
        if text is None:
            return SchedulerOutcome()
        if has_tool("launchctl"):
            run_tool(*_bootout())
        remove_file(_path())
        remove_file(_log())
        remove_folders(made_folders(text))
        return SchedulerOutcome(locations=(str(_path()),))


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
