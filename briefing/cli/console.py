"""The one place that prints: results on standard output, everything else on standard error.

Whatever is printed is freed of what would steer a terminal, whoever wrote it. A message that cannot be printed, because
standard error is closed or full, is lost; the command goes on, for what it does counts more than what it says of it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from briefing.errors import OutputError
from briefing.sanitise import clean

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console", "hold_streams", "message", "result", "results", "spare_streams"]


def result(text: str = "") -> bool:
    """A line, or several, on standard output; false where nobody reads it any more, which is no error.

    Raises `OutputError` where it is full or closed.
    """
    from briefing.deliver import write_stdout

    return write_stdout(f"{clean(text.encode('utf-8', 'replace').decode())}\n")


def results(lines: Iterable[str | Path]) -> OutputError | None:
    """Lines on standard output that say what was done; an error is given back, for the work is done all the same."""
    try:
        for line in lines:
            result(str(line))
    except OutputError as error:
        return error
    return None


def message(text: str = "", *, end: str = "\n", above: Console | None = None, **style: Any) -> None:
    """A line, or several, on standard error, `above` the bars of a console that shows some.

    Coloured by `style` on a terminal that wants colour.
    """
    (above or console()).print(_shown(text), end=end, markup=False, highlight=False, soft_wrap=True, **style)


def console() -> Console:
    """Standard error as rich writes on it; it leaves colour away where NO_COLOR is set or there is no terminal."""
    from rich.console import Console

    return Console(file=_Unfailing(), emoji=False)  # type: ignore[arg-type]  # all of a file that rich asks for


def _shown(text: str) -> str:
    return clean(text.encode("utf-8", "backslashreplace").decode())


class _Unfailing:
    """Standard error as a file that takes everything, whether that arrives or not."""

    def __init__(self) -> None:
        self._stream: IO[str] | None = sys.stderr  # None: it was closed before we began

    def write(self, text: str) -> int:
        self._try(lambda stream: stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._try(lambda stream: stream.flush())

    def _try(self, action: Callable[[IO[str]], object]) -> None:
        with contextlib.suppress(ValueError):  # it was closed meanwhile
            try:
                if self._stream is not None:
                    action(self._stream)
            except OSError:
                from briefing.deliver import silence

                silence(self._stream)

    def isatty(self) -> bool:
        with contextlib.suppress(ValueError):
            return self._stream is not None and self._stream.isatty()
        return False

    def fileno(self) -> int:
        if self._stream is None:
            raise OSError("standard error is closed")
        return self._stream.fileno()

    @property
    def encoding(self) -> str:
        return getattr(self._stream, "encoding", None) or "utf-8"


def hold_streams() -> None:
    """Put nothing where a standard stream was closed by whoever started us.

    Else the next file that is opened, such as the record, has its number, and what a library prints there damages it.
    """
    for number in range(3):
        with contextlib.suppress(OSError):
            try:
                os.fstat(number)
            except OSError:
                nothing = os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
                os.set_inheritable(nothing, True)  # a command that prints a password has the same trouble


def spare_streams() -> OutputError | None:
    """What Python holds back for standard output and error is written, or let go; the error of standard output."""
    found = None
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except ValueError:  # closed by ourselves
            continue
        except OSError as error:
            from briefing.deliver import output_error, silence

            if stream is sys.stdout and not isinstance(error, BrokenPipeError):
                found = output_error("standard output", error)
            silence(stream)
    return found
