"""What a caller may wish of a summary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from briefing.errors import UsageError
from briefing.stories.embeddings import Embed

__all__ = ["Length", "SummaryOptions"]

Length = Literal["short", "medium", "long"]

_POINT_WORDS: dict[Length, tuple[int, int]] = {"short": (6, 12), "medium": (10, 20), "long": (16, 28)}
_PARAGRAPH_WORDS: dict[Length, tuple[int, int]] = {"short": (25, 45), "medium": (45, 80), "long": (80, 130)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryOptions:
    """How many points, how long, in which language. Raises `UsageError` for values that make no sense."""

    points: int = 4
    """Key points at most, 1 to 10; fewer where the article does not hold so many different ones."""
    length: Length = "medium"
    language: str = ""
    """ISO 639-1 code of the language to write in; empty means: the article's own."""
    paragraph: bool = False
    """Whether a paragraph of prose is wanted as well."""
    embed: Embed | None = field(default=None, repr=False)
    """Makes vectors of texts in several languages, by which a point in another language than its article's finds its
    sentence where its model gave none."""
    embedded_by: str = ""
    """Names the model of `embed`, by its digest."""
    language_of: Callable[[str], str] | None = field(default=None, repr=False)
    """The language of a text, ISO 639-1, or ``und``: tells whether an answer is in the language asked for."""

    def __post_init__(self) -> None:
        if not 1 <= self.points <= 10:
            raise UsageError("points", f"{self.points} key points cannot be asked for", "Choose 1 to 10")
        if self.length not in _POINT_WORDS:
            raise UsageError("length", f"{self.length!r} is none of short, medium, long")

    def translates(self, language: str) -> bool:
        """Whether an article in `language`, ISO 639-1 or ``und``, is told in another."""
        return bool(self.language) and "und" not in {self.language, language} and self.language != language

    @property
    def candidates(self) -> int:
        """Points that a model is asked for: one more than are shown, so that there is something to choose from."""
        return self.points + 1

    @property
    def fewest(self) -> int:
        """Points below which more are looked for: three, or as many as were asked for."""
        return min(3, self.points)

    @property
    def point_words(self) -> tuple[int, int]:
        """Words a point should have, from and to."""
        return _POINT_WORDS[self.length]

    @property
    def paragraph_words(self) -> tuple[int, int]:
        """Words a paragraph should have, from and to."""
        return _PARAGRAPH_WORDS[self.length]
