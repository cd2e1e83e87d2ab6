"""Prints results to standard output and messages to standard error, without control characters. Nothing else prints.

A message that cannot be printed, because standard error is closed or full, is dropped; the command goes on.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from briefing.errors import OutputError
from briefing.sanitise import clean

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


def result(text: str = "", *, hanging: int | None = None) -> bool:
    """Print to standard output; False for a broken pipe. Raises `OutputError` where it is full or closed.

    `hanging`: on a terminal lines are broken between words, and those after the first indented by so much.
    """
    from briefing.deliver import write_stdout

    if hanging is not None and on_terminal():
        text = broken(text, console().width, hanging=hanging)
    return write_stdout(f"{clean(text.encode('utf-8', 'replace').decode())}\n")


def results(lines: Iterable[str | Path]) -> OutputError | None:
    """Print lines about finished work to standard output; an `OutputError` is returned, not raised."""
    try:
        for line in lines:
            result(str(line))
    except OutputError as error:
        return error
    return None


def on_terminal() -> bool:
    """Whether results go to a terminal."""
    with contextlib.suppress(ValueError):  # closed since
        return sys.stdout is not None and sys.stdout.isatty()
    return False


def styled(lines: Callable[[int], Sequence[Text]], *, most: int | None = None) -> bool:
    """Print `lines`, made for the terminal's width (`most` columns at most), to standard output, which is a terminal.

    Texts are printed as they are: without control characters, and nothing in them is markup. NO_COLOR leaves bold and
    dim. False for a broken pipe. Raises `OutputError`.
    """
    from rich.console import Console
    from rich.text import Text

    from briefing.deliver import write_stdout

    terminal = Console(file=sys.stdout, emoji=False, markup=False, highlight=False)
    if terminal.legacy_windows:  # it would show the sequences
        terminal = Console(file=sys.stdout, color_system=None, legacy_windows=False)
    width = min(terminal.width, most or terminal.width)
    with terminal.capture() as captured:
        for line in lines(width):
            terminal.print(Text(clean(line.plain), line.style, end="\n"), soft_wrap=True)
    return write_stdout(captured.get())


def wrapped(text: str, width: int, *, fold: bool = True) -> list[str]:
    """`text` in lines of `width` columns of a terminal; `fold`: words that are longer are broken, else they stay."""
    from rich.cells import cell_len, chop_cells

    lines, used = [""], 0
    for word in text.split():
        wide = cell_len(word)
        if lines[-1] and used + 1 + wide <= width:
            lines[-1] += f" {word}"
            used += 1 + wide
            continue
        parts = chop_cells(word, max(width, 2)) if fold and wide > width else [word]  # a character may take two columns
        lines[-1:] = [*([lines[-1]] if lines[-1] else []), *parts]
        used = cell_len(parts[-1])
    return lines


_WORD = re.compile(r"(\s*+)(`[^`]{1,300}`[^\s`]*|\S+)")
"""With the blanks before it; a command between backticks is one word, so that it can be pasted."""


def broken(text: str, width: int, *, hanging: int = 2) -> str:
    """`text` in lines of `width` columns, broken between words; lines after the first are indented by `hanging`.

    Longer words stay whole: a terminal goes on with them on its next row.
    """
    from rich.cells import cell_len

    if cell_len(text) <= width:
        return text
    pieces: list[str] = []
    used = 0
    for blanks, word in _WORD.findall(text.rstrip()):
        wide = cell_len(word)
        if pieces and blanks and used + len(blanks) + wide > width:
            pieces.append(f"\n{'':{hanging}}{word}")
            used = hanging + wide
        else:
            pieces.append(f"{blanks}{word}")
            used += len(blanks) + wide
    return "".join(pieces)


def message(text: str = "", *, end: str = "\n", above: Console | None = None, whole: bool = True, **style: Any) -> None:
    """Print to standard error, `above` the progress bars of that console; `style` as in rich.

    Unless `whole`, lines are broken between words on a terminal.
    """
    printable = clean(text.encode("utf-8", "backslashreplace").decode())
    above = above or console()
    if not whole and above.file.isatty():
        printable = broken(printable, above.width)
    above.print(printable, end=end, markup=False, highlight=False, soft_wrap=True, **style)


def console() -> Console:
    """A rich console for standard error, without colour where NO_COLOR is set or there is no terminal."""
    from rich.console import Console

    return Console(file=_BestEffortStderr(), emoji=False)  # type: ignore[arg-type]  # all of a file that rich asks for


def can_draw(terminal: Console) -> bool:
    """Whether it is a terminal that can show a bar that moves: one that is called dumb, or not at all, cannot."""
    capable = sys.platform == "win32" or bool(os.environ.get("TERM"))
    return terminal.file.isatty() and capable and not terminal.is_dumb_terminal


class _BestEffortStderr:
    """Standard error as a file whose writes never fail."""

    def __init__(self) -> None:
        self._stream: IO[str] | None = sys.stderr  # None: closed before Python began

    def write(self, text: str) -> int:
        self._try(lambda stream: stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._try(lambda stream: stream.flush())

    def _try(self, action: Callable[[IO[str]], object]) -> None:
        with contextlib.suppress(ValueError):  # closed since
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


def fill_closed_streams() -> None:
    """Open the null device for each standard stream that the parent process closed.

    Else the next file that is opened, such as the state file, gets its descriptor, and output of a library damages it.
    """
    for number in range(3):
        with contextlib.suppress(OSError):
            try:
                os.fstat(number)
            except OSError:
                null = os.open(os.devnull, os.O_RDWR)  # takes the lowest free descriptor
                os.set_inheritable(null, True)  # for the commands that print passwords


def flush_streams() -> OutputError | None:
    """Flush both streams, or silence one that fails; the error of standard output."""
    stdout_error = None
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except ValueError:  # closed by ourselves
            continue
        except OSError as error:
            from briefing.deliver import output_error, silence

            if stream is sys.stdout and not isinstance(error, BrokenPipeError):
                stdout_error = output_error("standard output", error)
            silence(stream)
    return stdout_error
