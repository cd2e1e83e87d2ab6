"""systemd user timer, which catches up on missed runs (systemd.timer(5), ``Persistent=``)."""

from __future__ import annotations

import os
import re
from datetime import time
from pathlib import Path

from briefing.errors import ExitCode
from briefing.schedule.commands import first_error_line, has_tool, run_or_raise, run_tool
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
from briefing.schedule.job import Job, JobStatus, SchedulerKind, SchedulerOutcome, Write, time_in

SERVICE, TIMER = "briefing.service", "briefing.timer"
_CONTROL = ("systemctl", "--user")
_RELOAD, _ENABLE = (*_CONTROL, "daemon-reload"), (*_CONTROL, "enable", "--now", TIMER)


_RETRIED = {ExitCode.NOTHING, ExitCode.LETTERS_WAIT, ExitCode.OFFLINE}
_FINAL = " ".join(str(code.value) for code in ExitCode if code and code not in _RETRIED)
"""Exit codes after which a restart would fail alike, or an edition is there already."""


def has_session() -> bool:
    """Whether a systemd session of this user can be reached from here."""
    return has_tool("systemctl") and run_tool(*_CONTROL, "show", "--property=Version").returncode == 0


def render_service(job: Job, made: tuple[str, ...] = ()) -> str:
    """The service unit; `made`: folders made for it."""
    lines = [f"# {MARK}", f"# {folders_line(made)}", "[Unit]", "Description=The daily briefing"]
    # Of use only in a copy for the system manager: user sessions seldom have that target, so a run waits itself.
    lines.append("After=network-online.target")
    # At most eight attempts before the next morning, however long each takes.
    lines += ["StartLimitIntervalSec=20h", "StartLimitBurst=8", "", "[Service]"]
    # Without a start timeout, as a run's length is unknown; oneshot has none either, but restarts only since 244.
    lines.append("Type=simple")
    lines += ["Restart=on-failure", "RestartSec=15min", f"RestartPreventExitStatus={_FINAL}"]
    # The value is not unquoted; surrounding blanks are stripped and a final backslash would join the next line.
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
    return time_in(text, r"^OnCalendar=\*-\*-\* (?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):00$")


class Systemd:
    """A `Scheduler`."""

    description = (
        "It runs while you are logged in, and makes up for runs that were missed; after `loginctl enable-linger` it "
        "runs without you. Logs: journalctl --user -u briefing"
    )
    keeps_log = True
    start = " && ".join(" ".join(command) for command in (_RELOAD, _ENABLE))

    def environment(self) -> dict[str, str]:
        """The session manager's variables, where systemctl is there."""
        if not has_tool("systemctl"):
            return login_environment()
        shown = run_tool(*_CONTROL, "show-environment").stdout
        variables = re.findall(r"^(\w+)=(.*)$", shown, re.MULTILINE)
        return login_environment() | {name: _unquoted(value) for name, value in variables}

    def install(self, job: Job, write: Write) -> SchedulerOutcome:
        """Write both units, enable and start the timer."""
        service, timer = _folder() / SERVICE, _folder() / TIMER
        old = claim(service), claim(timer)
        # systemd creates folders as well: for the link that enables a timer and for the stamp of its last run.
        made = folders_for(_link(), _stamp(), earlier=old[0])
        write(service, render_service(job, made).encode())
        write(timer, render_timer(job).encode())
        locations = (str(service), str(timer))
        if not has_tool("systemctl"):
            return SchedulerOutcome(locations=locations, todo=(self.start,))
        remedy = (
            "The files are written: where a session of your own is running (not su or sudo) run "
            f"`{self.start}`, or use --with cron"
        )
        run_or_raise(*_RELOAD, remedy=remedy)
        run_or_raise(*_ENABLE, remedy=remedy)
        if any(old):
            run_or_raise(*_CONTROL, "restart", TIMER, remedy=remedy)  # else a running timer keeps its old time
        return SchedulerOutcome(locations=locations)

    def find(self) -> JobStatus | None:
        """The installed units, and whether the timer is active."""
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
        tool = has_tool("systemctl")
        if tool and (disabled := run_tool(*_CONTROL, "disable", "--now", TIMER)).returncode:
            notes.append(
                f"`systemctl --user disable --now {TIMER}` failed: {first_error_line(disabled)}. "
                "A timer that is loaded stays so until you log out."
            )
        locations = [location for location, _ in found.files if remove_file(Path(location))]
        remove_file(_link())  # where systemctl is missing or failed
        remove_file(_stamp())  # systemd keeps it, and would take it for the last run of a timer installed later
        remove_folders(made)
        if tool:
            run_tool(*_CONTROL, "daemon-reload")
            run_tool(*_CONTROL, "reset-failed", SERVICE)
        return SchedulerOutcome(locations=tuple(locations), notes=tuple(notes))


def _folder() -> Path:
    return _home("XDG_CONFIG_HOME", ".config") / "systemd" / "user"


def _units() -> tuple[Path, Path]:
    return _folder() / SERVICE, _folder() / TIMER


def _link() -> Path:
    return _folder() / "timers.target.wants" / TIMER


def _stamp() -> Path:
    return _home("XDG_DATA_HOME", ".local/share") / "systemd" / "timers" / f"stamp-{TIMER}"


def _home(variable: str, usual: str) -> Path:
    """A folder of the XDG Base Directory Specification, by which relative paths are ignored."""
    given = Path(os.environ.get(variable, ""))
    return given if given.is_absolute() else Path.home() / usual


def _active() -> bool | None:
    if not has_tool("systemctl"):
        return None
    answer = run_tool(*_CONTROL, "is-active", TIMER).stdout.strip()
    return {"active": True, "inactive": False, "failed": False, "unknown": False}.get(answer)


def _unquoted(value: str) -> str:
    """The value without the shell quoting ``$'...'`` that systemctl(1) uses for special characters."""
    if not (value.startswith("$'") and value.endswith("'")):
        return value
    return re.sub(r"\\([\\'\"])", r"\1", value[2:-1])


def _command(words: tuple[str, ...]) -> str:
    """systemd.service(5), "Command lines"."""
    # A program's path must not hold a dollar, quotation marks or backslashes, however quoted (systemd's
    # load-fragment.c); an argument of the shell may.
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
