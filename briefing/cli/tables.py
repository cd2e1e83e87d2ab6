"""Tables on standard output: aligned under a header on a terminal; into a file or pipe tab-separated, without one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from briefing.cli.console import on_terminal, result, styled
from briefing.sanitise import one_line

if TYPE_CHECKING:
    from rich.text import Text

_GAP = 2
"""Columns between two cells."""
_NARROWEST = 8
"""To which a column may shrink where the terminal is too narrow for all."""
_INDENT = 4
"""Of a note below a row."""


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Collection[str] = ()) -> None:
    """Print `rows`, whose cells may hold any text.

    A terminal shows them once all are there, aligned, cells wrapped where it is too narrow, and what a row has beyond
    the `header`'s cells as a note below it; columns named in `right` end flush. Into a file or pipe each row goes as
    soon as it is there, a line with a tab between two cells. Raises `OutputError`.
    """
    cells = ([one_line(cell) for cell in row] for row in rows)
    if not on_terminal():
        for row in cells:
            if not result("\t".join(row)):
                return
        return
    if aligned := list(cells):
        styled(lambda width: _aligned(header, aligned, width, right))


def _aligned(header: Sequence[str], rows: Sequence[Sequence[str]], width: int, right: Collection[str]) -> list[Text]:
    """The lines of the table in `width` columns."""
    from rich.cells import cell_len
    from rich.text import Text

    from briefing.cli.console import wrapped

    columns = list(zip(header, *(row[: len(header)] for row in rows), strict=True))
    widths = [max(map(cell_len, column)) for column in columns]
    most = max(width - _GAP * (len(header) - 1), _NARROWEST * len(header))
    while sum(widths) > most:
        widths[widths.index(max(widths))] -= 1
    lines: list[Text] = []
    for number, row in enumerate([header, *rows]):
        style = "" if number else "bold"
        parts = [wrapped(cell, widths[column]) for column, cell in enumerate(row[: len(header)])]
        for line in zip_longest(*parts, fillvalue=""):
            shown = ""
            for name, cell, wide in zip(header, line, widths, strict=True):
                blank = " " * (wide - cell_len(cell))
                shown += (blank + cell if name in right else cell + blank) + " " * _GAP
            lines.append(Text(shown.rstrip(), style))
        notes = [line for note in row[len(header) :] for line in wrapped(note, width - _INDENT, fold=False)]
        lines += [Text(" " * _INDENT + line, "dim") for line in notes]
    return lines
