"""A marked block in the user's crontab, written through the `crontab` command; every other line stays as it is.

There is no ``@reboot`` line to make up for a missed morning: after a restart at two in the morning it would write (and
send) the day's edition before there is any news, after one in the evening it would write the day's edition anew with
the evening's articles, and of a morning slept through it knows nothing.
"""

from __future__ import annotations

import contextlib
import re
import shlex
from datetime import time

from briefing.errors import ScheduleError
from briefing.schedule.commands import ask, order, present, said
from briefing.schedule.environment import login
from briefing.schedule.files import MARK
from briefing.schedule.job import Job, JobStatus, SchedulerKind, SchedulerOutcome, Write

__all__ = [
    "Cron",
    "block_in",
    "block_time",
    "cron_word",
    "render_block",
    "variables_in",
    "with_block",
    "without_block",
]

BEGIN, END = f"# >>> briefing. {MARK}", "# <<< briefing"

_MOST_BYTES = 998
"""Vixie cron cuts a longer command off without a word (its ``MAX_COMMAND``)."""


def render_block(job: Job) -> str:
    """The lines between the marks, and the marks. Raises `ScheduleError` for a command that cron would cut off."""
    words = [cron_word(word) for word in job.command]
    variables = [f"{name}={cron_word(value)}" for name, value in job.environment]
    # cron mails whatever is printed; the paths of the editions, which a run prints, are no news.
    command = " ".join(["cd", cron_word(job.folder), "&&", *variables, *words, ">/dev/null"])
    if len(command.encode()) > _MOST_BYTES:
        longest = max(job.environment, key=lambda one: len(one[1]), default=("", ""))
        remedy = "Use --with systemd, or shorter paths"
        if longest[0] == "PATH":
            remedy += "; of PATH only what the commands in the configuration need: PATH=... briefing schedule install"
        raise ScheduleError("cron", f"it cuts off a command of more than {_MOST_BYTES} bytes", remedy)
    return f"{BEGIN}\n{job.at.minute} {job.at.hour} * * * {command}\n{END}\n"


def cron_word(text: str) -> str:
    r"""`text` as one word of a crontab's command, through cron and then the shell.

    cron makes a line break of % unless a backslash is before it; some then drop the backslash, some (BusyBox) leave it
    to the shell. Outside of quotation marks ``\%`` is a percent sign either way. Some crons take two backslashes for
    one and some do not, so that no two of them, and none with a percent sign behind it, stand together.
    """
    pieces = [shlex.quote(piece).replace("\\", "\\''") if piece else "" for piece in text.split("%")]
    return r"\%".join(pieces) or "''"


def with_block(crontab: str, block: str) -> str:
    """`crontab` with `block` in it, where an earlier one was or at the end. Raises `ScheduleError`."""
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
    match = re.search(r"^([0-9]{1,2}) ([0-9]{1,2}) \* \* \* ", block, re.MULTILINE)
    try:
        return time(int(match[2]), int(match[1])) if match else None
    except ValueError:
        return None


def variables_in(crontab: str) -> dict[str, str]:
    """What a crontab sets (crontab(5)) above the block, or anywhere where there is none. Raises `ScheduleError`."""
    span = _span(crontab)
    lines = re.finditer(
        r"""^[ \t]*(?:(\w+)|"(\w+)"|'(\w+)')[ \t]*=[ \t]*(.*?)[ \t\r]*$""",
        crontab if span is None else crontab[: span[0]],
        re.MULTILINE,
    )
    return {line[1] or line[2] or line[3]: re.sub(r"""^(["'])(.*)\1$""", r"\2", line[4]) for line in lines}


class Cron:
    """A `Scheduler`."""

    manners = (
        "cron does not make up for a morning on which this machine is off or asleep: then run `briefing run` yourself. "
        "Errors come by local mail where this machine has it"
    )
    start = ""

    def environment(self) -> dict[str, str]:
        """crontab(5): a short PATH, and what the crontab itself sets."""
        return {**login(), "PATH": "/usr/bin:/bin", **(variables_in(_read()) if present("crontab") else {})}

    def install(self, job: Job, write: Write) -> SchedulerOutcome:
        """Put the block into the crontab; `write` is not needed."""
        if not present("crontab"):
            raise ScheduleError("crontab", "this machine has no such command", "Install cron, or use --with systemd")
        block = render_block(job)
        _replace(with_block(_read(), block))
        if block_in(_read()) != block:
            raise ScheduleError("crontab", "it took the new table, and what it shows is another one", _REMEDY)
        return SchedulerOutcome(places=("crontab",))

    def find(self) -> JobStatus | None:
        """The block. A crontab that cannot be read has none of ours: it could not have been written either."""
        if not present("crontab"):
            return None
        crontab = ""
        with contextlib.suppress(ScheduleError):
            crontab = _read()
        block = block_in(crontab)
        if block is None:
            return None
        return JobStatus(kind=SchedulerKind.CRON, files=(("crontab", block),), at=block_time(block), active=True)

    def remove(self) -> SchedulerOutcome:
        """Take the block away, and the crontab where nothing else was in it."""
        if self.find() is None:
            return SchedulerOutcome()
        rest = without_block(_read())
        if rest:
            _replace(rest)
        else:
            order("crontab", "-r", remedy=_REMEDY)
        if self.find() is not None:
            raise ScheduleError("crontab", "it still shows the lines that were taken away", "Use `crontab -e`")
        return SchedulerOutcome(places=("crontab",))


_REMEDY = "Find out whether you may use cron here (cron.allow, cron.deny), or use --with systemd"


def _read() -> str:
    """The crontab as it is. Raises `ScheduleError`."""
    done = ask("crontab", "-l")
    if done.returncode == 0:
        return done.stdout
    # Having none is a failure to every cron; BusyBox says it in words of its own.
    if "no crontab" in done.stderr or "No such file" in done.stderr:
        return ""
    raise ScheduleError("crontab", f"cannot be read: {said(done)}", _REMEDY)


def _replace(crontab: str) -> None:
    order("crontab", "-", text=crontab, remedy=_REMEDY)


def _span(crontab: str) -> tuple[int, int] | None:
    """Where the block begins and ends."""
    begin = re.search(rf"^{re.escape(BEGIN)}\n", crontab, re.MULTILINE)
    if begin is None:
        return None
    end = re.compile(rf"^{re.escape(END)}(?:\n|\Z)", re.MULTILINE).search(crontab, begin.end())
    if end is None:
        raise ScheduleError(
            "crontab", f"the block that begins with {BEGIN[:14]!r} has no end", "Remove it with `crontab -e`"
        )
    return begin.start(), end.end()
