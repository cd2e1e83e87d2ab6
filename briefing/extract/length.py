"""Truncation of long documents, and the warnings about it. Pure."""

from __future__ import annotations

import re

from briefing.nlp.sentences import LONGEST_SENTENCE
from briefing.nlp.text import CASELESS
from briefing.types import Article

LONGEST_READ = 200_000
"""Characters of an article: a book of a hundred pages. Bounds time and memory."""
_LONGEST_WORD = 1_000
"""Characters without a blank, outside scripts that have none; longer ones are data, such as a base64 image."""

TEXT_CUT = f"The article is longer than {LONGEST_READ:,} characters; what follows was not read."
DOCUMENT_CUT = "The document is too large to be read to its end."
NOT_WORDS = "Parts of it that are no words were left out."

_NO_WORD = re.compile(rf"(?<![^\s{CASELESS}])[^\s{CASELESS}]{{{_LONGEST_WORD},}}+")
_BORDERS = (re.compile(r"\n\n"), re.compile(r"[.!?…][”\"’')\]]?\s|[。！？]"), re.compile(r"\s"))
"""Where to cut, best first."""


def truncated(text: str, longest: int = LONGEST_READ) -> str:
    """At most `longest` characters of `text`, to the end of a paragraph, a sentence or a word."""
    if len(text) <= longest:
        return text
    for border in _BORDERS:
        ends = [found.end() for found in border.finditer(text, longest - LONGEST_SENTENCE, longest)]
        if ends:
            return text[: ends[-1]].rstrip()
    return text[:longest]


def is_cut(article: Article) -> bool:
    """Whether it was truncated."""
    return not {TEXT_CUT, DOCUMENT_CUT}.isdisjoint(article.warnings)


def words_only(text: str) -> str:
    """`text` without data among the words (`NOT_WORDS`)."""
    return _NO_WORD.sub("", text)
