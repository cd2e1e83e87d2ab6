"""Timers of a systemd user session. A timer that was missed is made up for (systemd.timer(5), ``Persistent=``)."""

from __future__ import annotations

import os
import re
from datetime import time
from pathlib import Path

from briefing.errors import ExitCode
from briefing.schedule.commands import ask, order, present, said
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

__all__ = ["SERVICE", "TIMER", "Systemd", "has_session", "render_service", "render_timer", "timer_time"]

SERVICE, TIMER = "briefing.service", "briefing.timer"
_CONTROL = ("systemctl", "--user")
_RELOAD, _ENABLE = (*_CONTROL, "daemon-reload"), (*_CONTROL, "enable", "--now", TIMER)


_AGAIN = {ExitCode.NOTHING, ExitCode.LETTERS_WAIT, ExitCode.OFFLINE}
_FINAL = " ".join(str(code.value) for code in ExitCode if code and code not in _AGAIN)
"""Exit codes of which the same would come again, or an edition is there already."""


def has_session() -> bool:
    """Whether a systemd session of this user can be reached from here."""
    return present("systemctl") and ask(*_CONTROL, "show", "--property=Version").returncode == 0


def render_service(job: Job, made: tuple[str, ...] = ()) -> str:
    """The service unit; `made` are the folders that were made for it."""
    lines = [f"# {MARK}", f"# {folders_line(made)}", "[Unit]", "Description=The daily briefing"]
    # For who copies the unit to the system's own: a user's session seldom has that target, so that a run waits itself.
    lines.append("After=network-online.target")
    # However long each takes, there are no more than eight tries before the next morning.
    lines += ["StartLimitIntervalSec=20h", "StartLimitBurst=8", "", "[Service]"]
    # A run has no end that could be known beforehand: for this type systemd sets no limit. Nor does it for oneshot, but
    # that may be started again only since version 244.
    lines.append("Type=simple")
    lines += ["Restart=on-failure", "RestartSec=15min", f"RestartPreventExitStatus={_FINAL}"]
    # This value is not unquoted, but blanks around it are cut off and a backslash at its end would join the next line.
    lines.append(f"WorkingDirectory={_specifiers(job.folder)}/")
    lines += [f"Environment={_word(f'{name}={value}')}" for name, value in job.environment]
    lines.append(f"ExecStart={_command(job.command)}")
    return "\n".join(lines) + "\n"


def render_timer(job: Job) -> str:
    """The timer unit."""
    return f"""\
# {MARK}
[Unit]
Description=The daily briefing, every day

[Timer]
OnCalendar=*-*-* {job.at:%H:%M}:00
Persistent=true

[Install]
WantedBy=timers.target
"""


def timer_time(text: str) -> time | None:
    """The time of day in a timer that `render_timer` wrote."""
    match = re.search(r"^OnCalendar=\*-\*-\* ([0-9]{2}):([0-9]{2}):00$", text, re.MULTILINE)
    return time(int(match[1]), int(match[2])) if match else None


class Systemd:
    """A `Scheduler`."""

    manners = (
        "It runs while you are logged in, and makes up for runs that were missed; after `loginctl enable-linger` it "
        "runs without you. Logs: journalctl --user -u briefing"
    )
    start = " && ".join(" ".join(command) for command in (_RELOAD, _ENABLE))

    def environment(self) -> dict[str, str]:
        """What the session's own systemd hands on, where it can be asked."""
        if not present("systemctl"):
            return login()
        shown = ask(*_CONTROL, "show-environment").stdout
        variables = re.findall(r"^(\w+)=(.*)$", shown, re.MULTILINE)
        return login() | {name: _unquoted(value) for name, value in variables}

    def install(self, job: Job, write: Write) -> SchedulerOutcome:
        """Write both units, enable and start the timer."""
        service, timer = _folder() / SERVICE, _folder() / TIMER
        old = claim(service), claim(timer)
        # systemd makes folders as well: for the link that enables a timer and for the stamp of its last run.
        missing = missing_folders(_link()), missing_folders(_stamp())
        made = tuple(dict.fromkeys((*made_folders(old[0] or ""), *missing[0], *missing[1])))
        write(service, render_service(job, made).encode())
        write(timer, render_timer(job).encode())
        places = (str(service), str(timer))
        if not present("systemctl"):
            return SchedulerOutcome(places=places, todo=(self.start,))
        remedy = (
            "The files are written: where a session of your own is running (not su or sudo) run "
            f"`{self.start}`, or use --with cron"
        )
        order(*_RELOAD, remedy=remedy)
        order(*_ENABLE, remedy=remedy)
        if any(old):
            order(*_CONTROL, "restart", TIMER, remedy=remedy)  # one that is running keeps its old time otherwise
        return SchedulerOutcome(places=places)

    def find(self) -> JobStatus | None:
        """The units that are there, and whether the timer runs."""
        files = [(str(path), text) for path in _units() if (text := read_ours(path)) is not None]
        if not files:
            return None
        times = [at for _, text in files if (at := timer_time(text))]
        return JobStatus(
            kind=SchedulerKind.SYSTEMD, files=tuple(files), at=times[0] if times else None, active=_active()
        )

    def remove(self) -> SchedulerOutcome:
        """Stop and disable the timer; remove the units, the stamp of its last run, and the folders made for them."""
        found = self.find()
        if found is None:
            return SchedulerOutcome()
        made = tuple(folder for _, text in found.files for folder in made_folders(text))
        notes = []
        tool = present("systemctl")
        if tool and (done := ask(*_CONTROL, "disable", "--now", TIMER)).returncode:
            notes.append(f"`systemctl --user disable --now {TIMER}` failed: {said(done)}. A timer that is loaded stays "
                         "so until you log out.")  # fmt: skip
        places = [place for place, _ in found.files if remove_file(Path(place))]
        remove_file(_link())  # where systemctl is missing or could not
        remove_file(_stamp())  # systemd keeps it, and would take it for the last run of a timer installed later
        remove_folders(made)
        if tool:
            ask(*_CONTROL, "daemon-reload")
            ask(*_CONTROL, "reset-failed", SERVICE)
        return SchedulerOutcome(places=tuple(places), notes=tuple(notes))


def _folder() -> Path:
    return _home("XDG_CONFIG_HOME", ".config") / "systemd" / "user"


def _units() -> tuple[Path, Path]:
    return _folder() / SERVICE, _folder() / TIMER


def _link() -> Path:
    return _folder() / "timers.target.wants" / TIMER


def _stamp() -> Path:
    return _home("XDG_DATA_HOME", ".local/share") / "systemd" / "timers" / f"stamp-{TIMER}"


def _home(variable: str, usual: str) -> Path:
    """A folder of the XDG Base Directory Specification, which says to ignore relative paths."""
    given = Path(os.environ.get(variable, ""))
    return given if given.is_absolute() else Path.home() / usual


def _active() -> bool | None:
    if not present("systemctl"):
        return None
    answer = ask(*_CONTROL, "is-active", TIMER).stdout.strip()
    return {"active": True, "inactive": False, "failed": False, "unknown": False}.get(answer)


def _unquoted(value: str) -> str:
    """systemctl(1): a value with special characters is shown as a shell would take it, ``$'...'``."""
    if not (value.startswith("$'") and value.endswith("'")):
        return value
    return re.sub(r"\\([\\'\"])", r"\1", value[2:-1])


def _command(words: tuple[str, ...]) -> str:
    """systemd.service(5), "Command lines"."""
    # A program's path is no place for a dollar and must not hold quotation marks or backslashes, however quoted
    # (systemd's load-fragment.c); what the shell is told to start may.
    if any(character in "$'\"\\" for character in words[0]):
        words = ("/bin/sh", "-c", 'exec "$@"', "sh", *words)
    return " ".join(_word(word.replace("$", "$$")) for word in words)


def _word(text: str) -> str:
    """systemd.syntax(7), "Quoting", and systemd.unit(5), "Specifiers"."""
    text = _specifiers(text)
    if re.fullmatch(r"[A-Za-z0-9_@+=:,./%$-]+", text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")
