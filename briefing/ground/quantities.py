"""Layer 1, continued: what a number counts and bounds: its unit of measure, "more than" against "fewer than". Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from briefing.facts import Number, tokens
from briefing.ground.exact import Missing
from briefing.ground.reading import Reading
from briefing.ground.vocabulary import UNITS

__all__ = ["quantities"]

_OVER = re.compile(
    r"\b(?:more|greater|larger|higher|longer|older) than|\b(?:over|above|exceed\w*|at least|upwards of|topp\w+)",
    re.IGNORECASE,
)
_UNDER = re.compile(
    r"\b(?:less|fewer|lower|smaller|shorter|younger) than|\b(?:under|below|at most|nearly|almost|up to|close to)",
    re.IGNORECASE,
)


def quantities(point: Reading, near: Sequence[Reading]) -> Iterator[Missing]:
    """Numbers of `point` that its sentences have in another unit, or bound from the other side."""
    for number in point.numbers:
        there = [
            (sentence.text, other)
            for sentence in near
            for other in sentence.numbers
            if other.value == number.value and (other.unit == number.unit or not number.unit)
        ]
        unit = _measure(point.text, number)
        units = {found for text, other in there if (found := _measure(text, other)) is not None}
        if unit is not None and units and unit not in units:
            yield Missing("unit", _with_unit(point.text, number))
        bound = _bound(point.text, number)
        bounds = {_bound(text, other) for text, other in there}
        if bound and bounds == {-bound}:
            yield Missing("comparison", number.surface)


def _measure(text: str, number: Number) -> int | None:
    """The unit of measure behind a number, if one stands there."""
    _, _, behind = text.partition(number.surface)
    following = tokens(behind[:24])[:1]
    return UNITS.get(following[0]) if following else None


def _with_unit(text: str, number: Number) -> str:
    at = text.find(number.surface)
    return " ".join(text[at : at + 40].split()[: len(number.surface.split()) + 1]) if at >= 0 else number.surface


def _bound(text: str, number: Number) -> int:
    """1 for "more than", -1 for "fewer than", 0 for neither, by the words right before the number."""
    before = text[: text.find(number.surface)][-24:]
    over, under = list(_OVER.finditer(before)), list(_UNDER.finditer(before))
    last = max([*over, *under], key=lambda match: match.end(), default=None)
    if last is None or len(before[last.end() :].split()) > 1:
        return 0
    return 1 if last in over else -1
