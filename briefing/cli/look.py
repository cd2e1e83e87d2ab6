"""Summaries on a terminal: a bold headline, points, the sentences behind them dimmed and hanging. Not here: words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from briefing.cli.console import styled, wrapped
from briefing.render.terminal import StyledLine, terminal_lines
from briefing.types import Summary

if TYPE_CHECKING:
    from jinja2 import Environment
    from rich.text import Text

_WIDEST = 100
"""Columns."""


def show_summaries(summaries: Sequence[Summary], templates: Environment, *, evidence: bool) -> None:
    """Print the summaries to a terminal, at most `_WIDEST` columns wide. Raises `AssetError` or `OutputError`."""
    told = terminal_lines(summaries, templates, evidence=evidence)
    styled(lambda width: [line for one in told for line in _wrapped(one, width)], most=_WIDEST)


def _wrapped(line: StyledLine, width: int) -> list[Text]:
    from rich.text import Text

    style = "" if line.style == "plain" else line.style
    parts = wrapped(line.text, max(width - max(line.first, line.rest), 20), fold=False)
    return [Text(" " * (line.rest if number else line.first) + part, style) for number, part in enumerate(parts)]
