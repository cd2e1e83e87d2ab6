"""Installs, shows and removes a daily job of the system's scheduler. Not here: the run that it starts.

`job` has the types, `environment` the job's variables; `systemd`, `cron`, `launchd` and `windows` render the job in
their format (pure functions, ``render_...``) and call their system's tool (a `Scheduler`).
"""

from __future__ import annotations

from briefing.errors import ScheduleError
from briefing.schedule.commands import has_tool
from briefing.schedule.cron import Cron
from briefing.schedule.environment import job_environment, rehearse
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
    "job_environment",
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
    """The scheduler of that kind."""
    return _SCHEDULERS[kind]()


def usual_kind(platform: str) -> SchedulerKind:
    """launchd on macOS (``sys.platform``), the Task Scheduler on Windows, elsewhere a systemd session, else cron.

    Raises `ScheduleError` where there is neither.
    """
    if platform == "darwin":
        return SchedulerKind.LAUNCHD
    if platform == "win32":
        return SchedulerKind.WINDOWS
    if has_session():
        return SchedulerKind.SYSTEMD
    if has_tool("crontab"):
        return SchedulerKind.CRON
    raise ScheduleError(
        "schedule",
        "there is neither a systemd session of yours nor cron here",
        "Install cron, or write systemd's files with --with systemd; for containers and CI see docs/schedule.md",
    )


def install(kind: SchedulerKind, job: Job, write: Write) -> SchedulerOutcome:
    """Schedule `job` and remove the jobs of other schedulers, unless the new one could not be started.

    Raises `ScheduleError` or `OutputError`.
    """
    outcome = scheduler(kind).install(job, write)
    if kind is not SchedulerKind.WINDOWS and not outcome.todo:
        for other_kind in set(SchedulerKind) - {kind}:
            scheduler(other_kind).remove()
    return outcome


def installed() -> tuple[JobStatus, ...]:
    """The jobs of all schedulers. Raises `ScheduleError` or `OutputError`."""
    return tuple(job for kind in SchedulerKind if (job := scheduler(kind).find()) is not None)


def uninstall() -> SchedulerOutcome:
    """Remove the jobs of all schedulers. Raises `ScheduleError` or `OutputError`."""
    outcomes = [scheduler(job.kind).remove() for job in installed()]
    return SchedulerOutcome(
        locations=tuple(location for outcome in outcomes for location in outcome.locations),
        notes=tuple(note for outcome in outcomes for note in outcome.notes),
    )
