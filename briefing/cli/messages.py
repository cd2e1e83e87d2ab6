"""Messages on standard error: progress bars, notes, errors, crashes. Not here: results (`console`), a run's report."""

from __future__ import annotations

import re
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from briefing._version import __version__
from briefing.address import shown_in
from briefing.cli.console import console, message
from briefing.errors import StoppedError
from briefing.sanitise import clipped, one_line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_STAGES = {
    "read": "Reading sources",
    "fetch": "Fetching articles",
    "summarise": "Summarising",
    "download": "Downloading",
}
_LINE_ENDS = re.compile(r"[\n\r\v\f\x85\u2028\u2029]+")


def tell_error(line: str) -> None:
    """Print an error as one line."""
    message(_joined(line), style="bold red")


def tell_crash(error: Exception) -> None:
    """Report an unexpected exception, which is being handled, in one line that names the file with its traceback."""
    summary = shown_in(f"{type(error).__name__}: {error}")
    tell_error(f"A mistake in briefing itself: {summary}. Details: {write_crash()}")


def write_crash() -> Path:
    """Write the current exception's traceback, without secrets of addresses, to a temporary file; its path."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="briefing-crash-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.write(f"briefing {__version__}\n{shown_in(traceback.format_exc())}")
    return Path(file.name)


def _joined(line: str) -> str:
    """`line` without line ends: a quoted text must not look like a message of its own."""
    parts = _LINE_ENDS.split(line)
    return line if len(parts) == 1 else " ".join(part.strip() for part in parts)


class ProgressDisplay:
    """A `pipeline.ProgressListener` with a progress bar for each stage, shown on a terminal while it is entered.

    `quiet` shows errors only. Turns KeyboardInterrupt into `StoppedError`.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        terminal = console()
        if not self.quiet and terminal.file.isatty():
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[amount]}"),
                TimeElapsedColumn(),
                TextColumn("left:"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[subject]}", style="dim", markup=False),
                console=terminal,
                transient=True,
            )
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
        """Begin the stage's bar."""
        if self._progress is None:
            return
        self._progress.start()  # no earlier: most commands have no stage
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(
            _STAGES.get(name, name), total=total, subject="", amount="", bytes=name == "download"
        )
        self._show_amount()

    def step(self, subject: str, amount: int = 1) -> None:
        """Advance the stage's bar."""
        if self._progress is None or self._task is None:
            return
        self._progress.update(self._task, advance=amount, subject=clipped(one_line(subject), 40))
        self._show_amount()

    def say(self, line: str) -> None:
        """Print a note, unless `quiet`."""
        if not self.quiet:
            self._print(line)

    def complain(self, line: str) -> None:
        """Print a problem, also where `quiet`."""
        self._print(line)

    def detail(self, line: str) -> None:
        """Print a detail, where `verbose`."""
        if self.verbose:
            self._print(line, style="dim")

    def _print(self, line: str, **style: Any) -> None:
        above = self._progress.console if self._progress is not None else None
        message(_joined(line), above=above, **style)

    def _show_amount(self) -> None:
        assert self._progress is not None
        assert self._task is not None
        task = next(task for task in self._progress.tasks if task.id == self._task)
        done, total = int(task.completed), int(task.total or 0)
        amount = f"{done / 1e6:,.0f}/{total / 1e6:,.0f} MB" if task.fields["bytes"] else f"{done}/{total}"
        self._progress.update(self._task, amount=amount)
