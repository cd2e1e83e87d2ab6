"""`briefing schedule`: install, show and remove the daily job of the system's scheduler."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from briefing.cli import options
from briefing.cli.console import result
from briefing.cli.messages import ProgressDisplay
from briefing.cli.settings import configuration_path, settings
from briefing.errors import UsageError
from briefing.schedule import SchedulerKind

if TYPE_CHECKING:
    from datetime import time

    from briefing.schedule import Job

app = typer.Typer(help="The edition every morning: install, show, remove.", no_args_is_help=True)


@app.command("install")
def install(
    context: typer.Context,
    at: Annotated[str, typer.Option(help="Time of day by this machine's clock.")] = "06:30",
    config: options.ConfigPath = None,
    edition_name: options.EditionName = None,
    send: Annotated[bool, typer.Option("--send", help="Send the edition as well, as `run --send` does.")] = False,
    kind: Annotated[
        SchedulerKind | None, typer.Option("--with", help="What starts it. Default: what this machine has.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Find out first whether the run will find what it needs.")
    ] = True,
) -> None:
    """Make the edition every day at a fixed time. A second time replaces the first."""
    from briefing import schedule
    from briefing.deliver import write_atomically

    display: ProgressDisplay = context.obj
    when = schedule.parse_time(at)
    path = configuration_path(config).expanduser().absolute()
    out = settings(path, []).out  # reports an invalid configuration now, not every morning
    chosen = kind or schedule.usual_kind(sys.platform)
    if sys.platform == "win32" and chosen is not SchedulerKind.WINDOWS:
        raise UsageError(f"--with {chosen}", "there is no such thing on Windows", "Leave --with away")
    job = _job(path, when, quiet=not schedule.scheduler(chosen).keeps_log, send=send, edition=edition_name)
    if check:
        _rehearse(display, job, chosen)
    outcome = schedule.install(chosen, job, write_atomically)
    for note in outcome.notes:
        display.complain(note)
    for location in outcome.locations:
        result(location)
    if chosen is SchedulerKind.WINDOWS:
        display.complain("The file is written. This command has it started every day:")
        result(outcome.todo[0])
        return
    description = display.in_hand.completed(schedule.scheduler(chosen).description)
    display.say(f"Every day at {when:%H:%M} with {chosen}; editions go to {path.parent / out}. {description}.")
    if outcome.todo:
        display.complain(f"{outcome.todo[0].split()[0]} is not on this machine, so nothing was started. Run:")
        for command in outcome.todo:
            display.complain(f"  {command}")
        raise typer.Exit(1)


@app.command("show")
def show(context: typer.Context) -> None:
    """Print what is scheduled, when it runs next, and the file or the lines of the crontab, as they are."""
    from briefing import schedule

    display: ProgressDisplay = context.obj
    if sys.platform == "win32":
        _tell_windows(display, show=True)
    installed = schedule.installed()
    if not installed and sys.platform != "win32":
        display.say("Nothing is scheduled. `briefing schedule install --at 06:30` does so.")
    for job in installed:
        start = schedule.scheduler(job.kind).start
        if job.active:
            result(f"{job.kind}: {_daily(job.at)}{_next(job.at)}")
        elif job.active is False:
            result(f"{job.kind}: installed, but not started. Run: {start}")
        else:
            result(f"{job.kind}: {_daily(job.at)}; written, but not loaded as far as can be seen. Run: {start}")
        for location, text in job.files:
            result(f"\n# {location}\n{text.rstrip()}")


@app.command("remove")
def remove(context: typer.Context) -> None:
    """Take away what `schedule install` wrote, whatever started it."""
    from briefing import schedule

    display: ProgressDisplay = context.obj
    if sys.platform == "win32":
        _tell_windows(display, show=False)
    outcome = schedule.uninstall()
    for location in outcome.locations:
        result(location)
    if not outcome.locations and sys.platform != "win32":
        display.say("Nothing is scheduled.")
    for note in outcome.notes:
        display.complain(note)
    raise typer.Exit(1 if outcome.notes else 0)


def _job(path: Path, at: "time", *, quiet: bool, send: bool, edition: str | None = None) -> "Job":
    from briefing.schedule import Job, job_environment

    # Links stay unresolved: by its link Python finds a virtual environment. -P keeps a json.py in the configuration's
    # folder from being imported.
    program = str(Path(sys.executable).absolute())
    wishes = [*(["--edition", edition] if edition else []), *(["--send"] if send else [])]
    return Job(
        command=(program, "-P", "-m", "briefing", *(["--quiet"] if quiet else []), "run", str(path), *wishes),
        folder=str(path.parent),
        at=at,
        environment=job_environment(os.environ),
    )


def _rehearse(display: ProgressDisplay, job: "Job", kind: SchedulerKind) -> None:
    """Run ``run --check`` as `kind` would start it. Exits where it fails, as the job would every morning."""
    from briefing import schedule

    check = schedule.rehearse(job, schedule.scheduler(kind).environment())
    for line in check.stdout.splitlines():
        display.say(line)
    if check.returncode:
        display.complain(f"Nothing was scheduled: started by {kind}, the run would end with this error.")
        for line in check.stderr.strip().splitlines() or [f"Exit code {check.returncode}."]:
            display.complain(line)
        display.complain("If you know better what the run will find there, install it with --no-check.")
        raise typer.Exit(check.returncode)


def _daily(at: "time | None") -> str:
    return "not once a day any more; somebody edited it" if at is None else f"every day at {at:%H:%M}"


def _next(at: "time | None") -> str:
    from briefing import pipeline
    from briefing.schedule import next_run

    return "" if at is None else f", next {next_run(at, pipeline.utc_now()):%Y-%m-%d %H:%M %Z}"


def _tell_windows(display: ProgressDisplay, *, show: bool) -> None:
    from briefing.schedule.windows import DELETE, QUERY

    display.complain("The Windows Task Scheduler knows; this command asks it:" if show else "This command removes it:")
    result(QUERY if show else DELETE)
