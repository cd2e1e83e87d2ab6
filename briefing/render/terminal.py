"""Summaries as lines for a terminal, which the caller wraps and styles. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from briefing.errors import AssetError
from briefing.render.filters import tidy
from briefing.types import Summary

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATE = "summary.terminal.j2"
_STYLES: dict[str, Literal["plain", "bold", "dim"]] = {"plain": "plain", "bold": "bold", "dim": "dim"}


@dataclass(frozen=True, slots=True)
class StyledLine:
    """A line that may have to be wrapped."""

    style: Literal["plain", "bold", "dim"] = "plain"
    first: int = 0
    """Blanks before the first line."""
    rest: int = 0
    """Blanks before the others."""
    text: str = ""


def terminal_lines(summaries: Sequence[Summary], templates: Environment, *, evidence: bool = True) -> list[StyledLine]:
    """The summaries as lines, with the cited sentences where `evidence` is wanted. Times are in UTC.

    Raises `AssetError`.
    """
    template = templates.get_template(_TEMPLATE)
    shown = template.render(summaries=summaries, local=lambda time: time, zone="UTC", evidence=evidence)
    return [_line(line) for line in tidy(shown).rstrip("\n").split("\n")]


def _line(line: str) -> StyledLine:
    if not line:
        return StyledLine()
    style, *numbers = line.split("|", 3)
    if style not in _STYLES or len(numbers) != 3 or not all(number.isdecimal() for number in numbers[:2]):
        raise AssetError(
            _TEMPLATE, f"a line is not STYLE|FIRST|REST|TEXT: {line[:40]!r}", "Compare with the shipped one"
        )
    return StyledLine(_STYLES[style], int(numbers[0]), int(numbers[1]), numbers[2])
