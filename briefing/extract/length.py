"""How much of a document is read, and what a reader is told where that is not all of it. Pure."""

from __future__ import annotations

import re

from briefing.nlp.text import CASELESS, LONGEST_SENTENCE
from briefing.types import Article

__all__ = ["DOCUMENT_CUT", "LONGEST_READ", "NOT_WORDS", "TEXT_CUT", "begun", "is_cut", "words_only"]

LONGEST_READ = 200_000
"""Characters of an article: a book of a hundred pages. What takes longer to read than a day's news is not in it, and
time and memory have a bound."""
_LONGEST_WORD = 1_000
"""Characters without a blank, outside of the scripts that have none: data, such as a picture in base64."""

TEXT_CUT = f"The article is longer than {LONGEST_READ:,} characters; what follows was not read."
DOCUMENT_CUT = "The document is too large to be read to its end."
NOT_WORDS = f"Stretches of over {_LONGEST_WORD:,} characters without a blank were left out: they are no words."

_NO_WORD = re.compile(rf"(?<![^\s{CASELESS}])[^\s{CASELESS}]{{{_LONGEST_WORD},}}+")
_BORDERS = (re.compile(r"\n\n"), re.compile(r"[.!?…][”\"’')\]]?\s|[。！？]"), re.compile(r"\s"))
"""Where a text may be cut, best first."""


def begun(text: str, longest: int = LONGEST_READ) -> str:
    """The beginning of `text`, at most `longest` characters: to the end of a paragraph, a sentence or a word."""
    if len(text) <= longest:
        return text
    for border in _BORDERS:
        ends = [found.end() for found in border.finditer(text, longest - LONGEST_SENTENCE, longest)]
        if ends:
            return text[: ends[-1]].rstrip()
    return text[:longest]


def is_cut(article: Article) -> bool:
    """Whether only its beginning was read."""
    return not {TEXT_CUT, DOCUMENT_CUT}.isdisjoint(article.warnings)


def words_only(text: str) -> str:
    """`text` without stretches that are no words."""
    return _NO_WORD.sub("", text)
