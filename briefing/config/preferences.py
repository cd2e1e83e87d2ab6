"""What the reader wants more of and nothing of: the tables ``[interests]``, ``[mute]`` and ``[topics]``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from briefing.config.validators import FORBID_EXTRA, LazyValidator

__all__ = ["Interests", "Mute", "Topics", "Weight"]


def _words(value: Any, folder: Path | None) -> Any:
    wanted = isinstance(value, list | tuple) and all(isinstance(word, str) and word.strip() for word in value)
    if not wanted:
        raise ValueError("expected a list of words or names in quotation marks")
    return tuple(value)


def _topics(value: Any, folder: Path | None) -> Any:
    if not isinstance(value, dict) or not all(isinstance(name, str) and name.strip() for name in value):
        raise ValueError('expected sections with their words, such as Science = ["telescope", "vaccine"]')
    return {name: _words(words, folder) for name, words in value.items()}


def _weight(value: Any, folder: Path | None) -> Any:
    if type(value) not in {int, float} or not 0 <= value <= 10:
        raise ValueError("expected a number from 0 to 10")
    return float(value)


Words = Annotated[tuple[str, ...], LazyValidator(_words)]
Topics = Annotated[dict[str, tuple[str, ...]], LazyValidator(_topics)]
"""Names of sections with the words that speak for them."""
Weight = Annotated[float, LazyValidator(_weight)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interests:
    """What comes first."""

    __pydantic_config__: ClassVar[Any] = FORBID_EXTRA

    words: Words = ()
    """Words and phrases; a story with one of them in its title or beginning ranks higher."""
    boost: Weight = 1.0
    """What a word in the title is worth; in the beginning, half of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """What is left out."""

    __pydantic_config__: ClassVar[Any] = FORBID_EXTRA

    words: Words = ()
    """An article with one of them in its title or beginning is left out."""
    sources: Words = ()
    sections: Words = ()
