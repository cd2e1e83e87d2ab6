"""A marked block in the user's crontab, written through the `crontab` command; other lines stay as they are.

No ``@reboot`` line catches up on a missed morning: after a restart at two it would write (and send) the day's edition
before there is news, after one in the evening it would rewrite it with the evening's articles, and waking from sleep is
no reboot.
"""

from __future__ import annotations

import contextlib
import re
import shlex
from datetime import time

from briefing.errors import ScheduleError
from briefing.schedule.commands import first_error_line, has_tool, run_or_raise, run_tool
from briefing.schedule.environment import login_environment
from briefing.schedule.files import MARK
from briefing.schedule.job import Job, JobStatus, SchedulerKind, SchedulerOutcome, Write, time_in

BEGIN, END = f"# >>> briefing. {MARK}", "# <<< briefing"

_MOST_BYTES = 998
"""Vixie cron silently truncates a longer command (its ``MAX_COMMAND``)."""


def render_block(job: Job) -> str:
    """The block with its marks. Raises `ScheduleError` for a command that cron would truncate."""
    words = [cron_word(word) for word in job.command]
    variables = [f"{name}={cron_word(value)}" for name, value in job.environment]
    # cron mails all output; the paths of the editions, which a run prints, are not worth a mail.
    command = " ".join(["cd", cron_word(job.folder), "&&", *variables, *words, ">/dev/null"])
    if len(command.encode()) > _MOST_BYTES:
        longest = max(job.environment, key=lambda variable: len(variable[1]), default=("", ""))
        remedy = "Use --with systemd, or shorter paths"
        if longest[0] == "PATH":
            remedy += "; of PATH only what the commands in the configuration need: PATH=... briefing schedule install"
        raise ScheduleError("cron", f"it cuts off a command of more than {_MOST_BYTES} bytes", remedy)
    return f"{BEGIN}\n{job.at.minute} {job.at.hour} * * * {command}\n{END}\n"


def cron_word(text: str) -> str:
    r"""`text` quoted as one word for cron and then the shell.

    cron turns % into a line break unless it is escaped; some then drop the backslash, some (BusyBox) leave it to the
    shell. Outside of quotation marks ``\%`` is a percent sign either way. Some crons read two backslashes as one, so
    that no backslash stands before another or before a percent sign.
    """
    pieces = [shlex.quote(piece).replace("\\", "\\''") if piece else "" for piece in text.split("%")]
    return r"\%".join(pieces) or "''"


def with_block(crontab: str, block: str) -> str:
    """`crontab` with `block` in place of an earlier one, or at the end. Raises `ScheduleError`."""
    span = _span(crontab)
    if span is not None:
        return crontab[: span[0]] + block + crontab[span[1] :]
    return crontab + ("\n" if crontab and not crontab.endswith("\n") else "") + block


def without_block(crontab: str) -> str:
    """`crontab` without the block. Raises `ScheduleError`."""
    span = _span(crontab)
    return crontab if span is None else crontab[: span[0]] + crontab[span[1] :]


def block_in(crontab: str) -> str | None:
    """The block, marks included. Raises `ScheduleError`."""
    span = _span(crontab)
    return None if span is None else crontab[span[0] : span[1]]


def block_time(block: str) -> time | None:
    """The time of day in a block that `render_block` wrote."""
    return time_in(block, r"^(?P<minute>[0-9]{1,2}) (?P<hour>[0-9]{1,2}) \* \* \* ")


def variables_in(crontab: str) -> dict[str, str]:
    """Variables that a crontab (crontab(5)) sets above the block, if there is one. Raises `ScheduleError`."""
    span = _span(crontab)
    lines = re.finditer(
        r"""^[ \t]*(?:(\w+)|"(\w+)"|'(\w+)')[ \t]*=[ \t]*(.*?)[ \t\r]*$""",
        crontab if span is None else crontab[: span[0]],
        re.MULTILINE,
    )
    return {line[1] or line[2] or line[3]: re.sub(r"""^(["'])(.*)\1$""", r"\2", line[4]) for line in lines}


class Cron:
    """A `Scheduler`."""

    description = (
        "cron does not make up for a morning on which this machine is off or asleep: then run `briefing run` yourself. "
        "Errors come by local mail where this machine has it"
    )
    keeps_log = False
    start = ""

    def environment(self) -> dict[str, str]:
        """crontab(5): a short PATH, and the crontab's own variables."""
        own = variables_in(_read()) if has_tool("crontab") else {}
        return {**login_environment(), "PATH": "/usr/bin:/bin", **own}

    def install(self, job: Job, write: Write) -> SchedulerOutcome:
        """Put the block into the crontab; `write` is not used."""
        if not has_tool("crontab"):
            raise ScheduleError("crontab", "this machine has no such command", "Install cron, or use --with systemd")
        block = render_block(job)
        _replace(with_block(_read(), block))
        if block_in(_read()) != block:
            raise ScheduleError("crontab", "it took the new table, and what it shows is another one", _REMEDY)
        return SchedulerOutcome(locations=("crontab",))

    def find(self) -> JobStatus | None:
        """The block. A crontab that cannot be read has none: it could not have been written either."""
        if not has_tool("crontab"):
            return None
        crontab = ""
        with contextlib.suppress(ScheduleError):
            crontab = _read()
        block = block_in(crontab)
        if block is None:
            return None
        return JobStatus(kind=SchedulerKind.CRON, files=(("crontab", block),), at=block_time(block), active=True)

    def remove(self) -> SchedulerOutcome:
        """Remove the block, and the crontab where nothing else is in it."""
        if self.find() is None:
            return SchedulerOutcome()
        rest = without_block(_read())
        if rest:
            _replace(rest)
        else:
            run_or_raise("crontab", "-r", remedy=_REMEDY)
        if self.find() is not None:
            raise ScheduleError("crontab", "it still shows the lines that were taken away", "Use `crontab -e`")
        return SchedulerOutcome(locations=("crontab",))


_REMEDY = "Find out whether you may use cron here (cron.allow, cron.deny), or use --with systemd"


def _read() -> str:
    """The whole crontab; empty where there is none. Raises `ScheduleError`."""
    done = run_tool("crontab", "-l")
    if done.returncode == 0:
        return done.stdout
    # Every cron fails where there is none; BusyBox has its own message.
    if "no crontab" in done.stderr or "No such file" in done.stderr:
        return ""
    raise ScheduleError("crontab", f"cannot be read: {first_error_line(done)}", _REMEDY)


def _replace(crontab: str) -> None:
    run_or_raise("crontab", "-", text=crontab, remedy=_REMEDY)


def _span(crontab: str) -> tuple[int, int] | None:
    """Start and end of the block. Raises `ScheduleError` where its end mark is missing."""
    begin = re.search(rf"^{re.escape(BEGIN)}\n", crontab, re.MULTILINE)
    if begin is None:
        return None
    end = re.compile(rf"^{re.escape(END)}(?:\n|\Z)", re.MULTILINE).search(crontab, begin.end())
    if end is None:
        raise ScheduleError(
            "crontab", f"the block that begins with {BEGIN[:14]!r} has no end", "Remove it with `crontab -e`"
        )
    return begin.start(), end.end()
