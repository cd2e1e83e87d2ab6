"""Messages on standard error: notes, errors, crashes, and a run's progress (drawn by `stages`).

Not here: results (`console`), a run's report.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from briefing._version import __version__
from briefing.address import shown_in
from briefing.cli.console import can_draw, console, message
from briefing.cli.hints import InHand
from briefing.cli.stages import Bars, Lines, Stage
from briefing.errors import StoppedError

_LINE_ENDS = re.compile(r"[\n\r\v\f\x85\u2028\u2029]+")


def tell_error(line: str) -> None:
    """Print an error as one line."""
    message(_joined(line), whole=False, style="bold red")


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
    """A `DetailedListener`, while it is entered: a bar for each stage on a terminal, else lines of the log.

    `quiet` shows errors only. Turns KeyboardInterrupt into `StoppedError`.
    """

    def __init__(
        self, *, quiet: bool = False, verbose: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.in_hand = InHand()
        """For the commands in messages."""
        self._clock = clock
        self._expected: tuple[int, float | None] = (0, None)
        self._stage: Stage | None = None
        self._lines: Lines | None = None
        self._bars: Bars | None = None

    def __enter__(self) -> Self:
        terminal = console()
        drawn = can_draw(terminal)
        self._lines = Lines(shown=not drawn)
        if drawn and not self.quiet:
            self._bars = Bars(terminal, self._clock)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.close()
        self._stage = self._lines = self._bars = None
        if kind is KeyboardInterrupt:
            raise StoppedError("Stopped", "what was finished is kept", "The same command goes on from there") from error

    def expect(self, *, known: int, seconds: float | None) -> None:
        """Keep it for the next stage."""
        self._expected = known, seconds

    def stage(self, name: str, total: int) -> None:
        """Begin a stage; stories that are added to those before go on counting."""
        more = None
        (known, seconds), self._expected = self._expected, (0, None)
        if self._stage is not None and self._stage.name == name == "summarise":
            self._stage.more(total, known)
            more = total
        else:
            self._stage = Stage(name, total, self._clock(), known=known, seconds=seconds)
        if self._lines is not None:
            self._lines.opened(self._stage, self._stage.opening(more))
        if self._bars is not None:
            self._bars.opened(self._stage)

    def begin(self, subject: str) -> None:
        """Show the item as in hand."""
        if self._stage is not None:
            self._stage.begin(subject, self._clock())
        if self._bars is not None:
            self._bars.moved("")

    def step(self, subject: str, amount: int = 1) -> None:
        """Count the items as done."""
        if self._stage is None:
            return
        took = self._stage.step(subject, amount, self._clock())
        if self._lines is not None:
            self._lines.stepped(self._stage, subject, took)
        if self._bars is not None:
            self._bars.moved(subject)

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
        above = self._bars.console if self._bars is not None else None
        message(_joined(line), above=above, whole=False, **style)
