"""What people see on standard error: progress, notes, errors, the report at the end. Nothing here is a result."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from briefing.errors import StoppedError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

__all__ = ["Screen", "tell_error"]

_STAGES = {
    "read": "Reading sources",
    "fetch": "Fetching articles",
    "summarise": "Summarising",
    "download": "Downloading",
}


def tell_error(line: str) -> None:
    """One line on standard error, coloured on a terminal that wants colour."""
    _console().print(line, style="bold red", markup=False, highlight=False, soft_wrap=True)


def _console() -> Console:
    from rich.console import Console

    # rich itself leaves colour away when NO_COLOR is set or standard error is no terminal.
    return Console(file=sys.stderr)


class Screen:
    """A `pipeline.Watcher` with a progress bar for each stage; a context manager while bars may be shown.

    Bars appear only on a terminal; `quiet` shows errors only.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if not self.quiet and sys.stderr.isatty():
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[amount]}"),
                TimeElapsedColumn(),
                TextColumn("left:"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[subject]}", style="dim"),
                console=_console(),
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
        if self._progress is None or self._task is None:
            return
        shown = subject if len(subject) <= 40 else f"{subject[:39]}…"
        self._progress.update(self._task, advance=amount, subject=_plain(shown))
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
        console = self._progress.console if self._progress is not None else _console()
        console.print(line, markup=False, highlight=False, soft_wrap=True, **style)

    def _show_amount(self) -> None:
        assert self._progress is not None
        assert self._task is not None
        task = next(task for task in self._progress.tasks if task.id == self._task)
        done, total = int(task.completed), int(task.total or 0)
        amount = f"{done / 1e6:,.0f}/{total / 1e6:,.0f} MB" if task.fields["bytes"] else f"{done}/{total}"
        self._progress.update(self._task, amount=amount)


def _plain(text: str) -> str:
    """Text from a feed without what rich or a terminal would take for an order."""
    return "".join(c if c.isprintable() else " " for c in text).replace("[", "\\[")
