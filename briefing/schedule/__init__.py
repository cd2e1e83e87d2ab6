"""Every morning: has the system's own scheduler start a run once a day, and takes that back.

`job` says what is to run, `environment` what it finds around it; `systemd`, `cron`, `launchd` and `windows` each write
it in their format (pure functions, ``render_...``) and call their system's tool (a `Scheduler`). Not here: the run
itself, and what is in it.
"""

from __future__ import annotations

from briefing.errors import ScheduleError
from briefing.schedule.commands import present
from briefing.schedule.cron import Cron
from briefing.schedule.environment import kept, rehearse
from briefing.schedule.job import (
    Job,
    JobStatus,
    Scheduler,
    SchedulerKind,
    SchedulerOutcome,
    Write,
    next_run,
    parse_time,
)
from briefing.schedule.launchd import Launchd
from briefing.schedule.systemd import Systemd, has_session
from briefing.schedule.windows import Windows

__all__ = [
    "Job",
    "JobStatus",
    "SchedulerKind",
    "SchedulerOutcome",
    "install",
    "installed",
    "kept",
    "next_run",
    "parse_time",
    "rehearse",
    "scheduler",
    "uninstall",
    "usual_kind",
]  # fmt: skip

_SCHEDULERS: dict[SchedulerKind, type[Scheduler]] = {
    SchedulerKind.SYSTEMD: Systemd,
    SchedulerKind.CRON: Cron,
    SchedulerKind.LAUNCHD: Launchd,
    SchedulerKind.WINDOWS: Windows,
}


def scheduler(kind: SchedulerKind) -> Scheduler:
    """The one of that kind."""
    return _SCHEDULERS[kind]()


def usual_kind(platform: str) -> SchedulerKind:
    """What people expect on `platform` (``sys.platform``): launchd on a Mac, the Task Scheduler on Windows, elsewhere a
    systemd session where there is one, else cron. Raises `ScheduleError` where there is neither."""
    if platform == "darwin":
        return SchedulerKind.LAUNCHD
    if platform == "win32":
        return SchedulerKind.WINDOWS
    if has_session():
        return SchedulerKind.SYSTEMD
    if present("crontab"):
        return SchedulerKind.CRON
    raise ScheduleError(
        "schedule",
        "there is neither a systemd session of yours nor cron here",
        "Install cron, or write systemd's files with --with systemd; for containers and CI see docs/schedule.md",
    )


def install(kind: SchedulerKind, job: Job, write: Write) -> SchedulerOutcome:
    """Schedule `job`, and remove what was scheduled by other means: twice a day is not what was asked for.

    Where the job could not be started, the others stay: no morning is lost meanwhile. Raises `ScheduleError` or
    `OutputError`.
    """
    outcome = scheduler(kind).install(job, write)
    if kind is not SchedulerKind.WINDOWS and not outcome.todo:
        for other in set(SchedulerKind) - {kind}:
            scheduler(other).remove()
    return outcome


def installed() -> tuple[JobStatus, ...]:
    """Everything that is scheduled, of every kind. Raises `ScheduleError` or `OutputError`."""
    return tuple(found for kind in SchedulerKind if (found := scheduler(kind).find()) is not None)


def uninstall() -> SchedulerOutcome:
    """Remove everything that is scheduled. Raises `ScheduleError` or `OutputError`."""
    done = [scheduler(found.kind).remove() for found in installed()]
    return SchedulerOutcome(
        places=tuple(place for outcome in done for place in outcome.places),
        notes=tuple(note for outcome in done for note in outcome.notes),
    )
