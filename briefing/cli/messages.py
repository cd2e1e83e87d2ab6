"""What people see on standard error: progress, notes, errors, the report at the end. Nothing here is a result."""

from __future__ import annotations

import logging
import re
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from briefing.cli.console import console, message
from briefing.errors import StoppedError
from briefing.sanitise import clipped, one_line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["ProgressDisplay", "tell_error"]

_log = logging.getLogger(__name__)

_STAGES = {
    "read": "Reading sources",
    "fetch": "Fetching articles",
    "summarise": "Summarising",
    "download": "Downloading",
}


_LINE_ENDS = re.compile(r"[\n\r\v\f\x85\u2028\u2029]+")


def tell_error(line: str) -> None:
    """One line on standard error."""
    message(_unbroken(line), style="bold red")


def _unbroken(line: str) -> str:
    """What an error quotes must not look like a line of ours."""
    parts = _LINE_ENDS.split(line)
    return line if len(parts) == 1 else " ".join(part.strip() for part in parts)


class ProgressDisplay:
    """A `pipeline.ProgressListener` with a progress bar for each stage; a context manager while bars may be shown.

    Bars appear only on a terminal; `quiet` shows errors only.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._stage = ""

    def __enter__(self) -> Self:
        screen = console()
        if not self.quiet and screen.file.isatty():
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[amount]}"),
                TimeElapsedColumn(),
                TextColumn("left:"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[subject]}", style="dim", markup=False),
                console=screen,
                transient=True,
            )
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
        if kind is KeyboardInterrupt:
            raise StoppedError("Stopped", "what was finished is kept", "The same command goes on from there") from error

    def stage(self, name: str, total: int) -> None:
        """Begin a bar."""
        self._stage = name
        _log.info("%s: %d", _STAGES.get(name, name), total)
        if self._progress is None:
            return
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(
            _STAGES.get(name, name), total=total, subject="", amount="", bytes=name == "download"
        )
        self._show_amount()

    def step(self, subject: str, amount: int = 1) -> None:
        """Advance the bar."""
        if self._stage != "download":  # a step for each piece of the file
            _log.log(logging.INFO if self._stage == "summarise" else logging.DEBUG, "%s: %s", self._stage, subject)
        if self._progress is None or self._task is None:
            return
        self._progress.update(self._task, advance=amount, subject=clipped(one_line(subject), 40))
        self._show_amount()

    def say(self, line: str) -> None:
        """A line above the bars."""
        if not self.quiet:
            self._print(line)

    def complain(self, line: str) -> None:
        """Something that went wrong; said to those who asked for quiet, too."""
        self._print(line)

    def detail(self, line: str) -> None:
        """A line for those who asked for more."""
        if self.verbose:
            self._print(line, style="dim")

    def _print(self, line: str, **style: Any) -> None:
        above = self._progress.console if self._progress is not None else None
        message(_unbroken(line), above=above, **style)

    def _show_amount(self) -> None:
        assert self._progress is not None
        assert self._task is not None
        task = next(task for task in self._progress.tasks if task.id == self._task)
        done, total = int(task.completed), int(task.total or 0)
        amount = f"{done / 1e6:,.0f}/{total / 1e6:,.0f} MB" if task.fields["bytes"] else f"{done}/{total}"
        self._progress.update(self._task, amount=amount)
