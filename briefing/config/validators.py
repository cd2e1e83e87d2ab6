"""How values that came from TOML or from a caller become a setting's own.

pydantic checks the values. It takes 0.12 s of CPU to import, so it is imported when there is something to check, and
the fields say what they take without it (`LazyValidator`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

__all__ = [
    "Command",
    "Flag",
    "LazyValidator",
    "parse_duration",
    "read_duration",
    "read_since",
    "read_time_of_day",
    "whole",
]


@dataclass(frozen=True, slots=True)
class LazyValidator:
    """pydantic's ``BeforeValidator`` without its import; the validation context is the folder."""

    convert: Callable[[Any, Path | None], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.with_info_before_validator_function(
            lambda value, info: self.convert(value, info.context), handler(source)
        )


def whole(low: int, high: int | None = None) -> Callable[[Any, Path | None], Any]:
    """For `LazyValidator`: a whole number from `low` to `high`."""

    def check(value: Any, folder: Path | None) -> Any:
        if type(value) is not int or value < low or (high is not None and value > high):
            raise ValueError(f"expected a whole number from {low} {f'to {high}' if high is not None else 'upwards'}")
        return value

    return check


def _flag(value: Any, folder: Path | None) -> Any:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


Flag = Annotated[bool, LazyValidator(_flag)]


def _command(value: Any, folder: Path | None) -> Any:
    words = list(value) if isinstance(value, list | tuple) else [value]
    if not all(isinstance(word, str) for word in words) or (isinstance(value, list | tuple) and not any(words[:1])):
        raise ValueError("expected a command such as 'pass show mail', or a list of its words")
    return tuple(words) if isinstance(value, list | tuple) else value


Command = Annotated[str | tuple[str, ...], LazyValidator(_command)]
"""A program and its arguments: one text, or each word for itself, which is then taken as it is."""


def read_duration(value: Any, folder: Path | None) -> Any:
    """For `LazyValidator`: a time span, or None for the empty text."""
    if value is None or isinstance(value, timedelta):
        return value
    return parse_duration(value if isinstance(value, str) else "?")


def read_since(value: Any, folder: Path | None) -> Any:
    """For `LazyValidator`: ``last``, or a time span like `read_duration`'s."""
    if value == "last":
        return value
    try:
        return read_duration(value, folder)
    except ValueError:
        raise ValueError(
            "expected 'last' (since the last edition), a time span of at most 100 years such as '90m', '24h' or '7d', "
            "or '' for any age"
        ) from None


def read_time_of_day(value: Any, folder: Path | None) -> Any:
    """For `LazyValidator`: ``HH:MM``, or the empty text."""
    if not isinstance(value, str) or not re.fullmatch(r"((?:[01]\d|2[0-3]):[0-5]\d)?", value, re.ASCII):
        raise ValueError("expected a time of the day such as '07:00', or '' for none")
    return value


_LONGEST = timedelta(days=36_525)


def parse_duration(text: str) -> timedelta | None:
    """``90m``, ``24h``, ``7d``, ``2w`` or several together (``1d12h``); None for the empty text.

    Raises ValueError that says what is expected; a span of more than 100 years is none.
    """
    if not text.strip():
        return None
    match = re.fullmatch(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?", text.strip().lower(), re.ASCII)
    try:
        weeks, days, hours, minutes = (int(part or 0) for part in match.groups()) if match else (0, 0, 0, 0)
        span = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    except (OverflowError, ValueError):  # more than a timedelta holds, or than int() reads
        span = timedelta.max
    if not span:
        raise ValueError(
            "expected a time span of whole minutes or more such as '90m', '24h', '7d' or '1d12h', or '' for no limit"
        )
    if span > _LONGEST:  # before the calendar's beginning, or after its end
        raise ValueError("expected a time span of at most 100 years, or '' for no limit")
    return span
