"""Options of a summary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from briefing.errors import UsageError
from briefing.stories.embeddings import Embed

Length = Literal["short", "medium", "long"]

_POINT_WORDS: dict[Length, tuple[int, int]] = {"short": (6, 12), "medium": (10, 20), "long": (16, 28)}
_PARAGRAPH_WORDS: dict[Length, tuple[int, int]] = {"short": (25, 45), "medium": (45, 80), "long": (80, 130)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryOptions:
    """Number and length of the points, and language. Raises `UsageError` for invalid values."""

    points: int = 4
    """Key points at most, 1 to 10."""
    length: Length = "medium"
    language: str = ""
    """ISO 639-1 code of the language to write in; empty for the article's own."""
    paragraph: bool = False
    """Whether a paragraph is written as well."""
    embed: Embed | None = field(default=None, repr=False)
    """Multilingual embeddings, which find the sentence of a translated point that the model gave none for."""
    embedded_by: str = ""
    """Digest of the model of `embed`."""
    language_of: Callable[[str], str] | None = field(default=None, repr=False)
    """Language identification, ISO 639-1 or ``und``, for answers."""

    def __post_init__(self) -> None:
        if not 1 <= self.points <= 10:
            raise UsageError("points", f"{self.points} key points cannot be asked for", "Choose 1 to 10")
        if self.length not in _POINT_WORDS:
            raise UsageError("length", f"{self.length!r} is none of short, medium, long")

    def translates(self, language: str) -> bool:
        """Whether the summary of an article in `language`, ISO 639-1 or ``und``, is in another language."""
        return bool(self.language) and "und" not in {self.language, language} and self.language != language

    @property
    def candidates(self) -> int:
        """Points that a model is asked for: one more than are shown, for selection."""
        return self.points + 1

    @property
    def fewest(self) -> int:
        """Points below which more are written: three, or as many as were asked for."""
        return min(3, self.points)

    @property
    def point_words(self) -> tuple[int, int]:
        """Words of a point, from and to."""
        return _POINT_WORDS[self.length]

    @property
    def paragraph_words(self) -> tuple[int, int]:
        """Words of a paragraph, from and to."""
        return _PARAGRAPH_WORDS[self.length]
