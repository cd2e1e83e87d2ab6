"""Tokenises and folds text for full-text search: in the state file, the archive's page and queries. Pure.

Case, accents, vowel points and letter variants ("ß" is "ss", "ς" is "σ", "ø" is "o") are ignored; words consist of
letters, digits and marks, so that "US-China" is two words and "(NATO)" one. The page does the same in JavaScript
(templates/archive.js) by `FOLDING`; a test compares the two over all of Unicode.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

_DROPPED = (
    # Combining marks of Latin, Greek and Cyrillic, for symbols, half marks; variation selectors.
    (0x0300, 0x036F), (0x0483, 0x0489), (0x1AB0, 0x1ACE), (0x1DC0, 0x1DFF), (0x20D0, 0x20F0), (0xFE20, 0xFE2F),
    (0xFE00, 0xFE0F), (0xE0100, 0xE01EF),
    # Points and accents of Hebrew and Arabic, which few texts have. Vowel signs of Indic scripts are kept as letters.
    (0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2), (0x05C4, 0x05C5), (0x05C7, 0x05C7), (0x0610, 0x061A),
    (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06DC), (0x06DF, 0x06E4), (0x06E7, 0x06E8), (0x06EA, 0x06ED),
    # Soft hyphens, joiners, direction marks.
    (0x00AD, 0x00AD), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2064), (0x2066, 0x206F), (0xFEFF, 0xFEFF),
)  # fmt: skip
"""Code points removed before comparing: first and last of each range."""
_LETTERS = {
    "ß": "ss", "ς": "σ", "æ": "ae", "œ": "oe", "þ": "th", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l",
    "ŧ": "t", "\u02bb": " ", "\u02bc": " ",
}  # fmt: skip
"""Replacements of lower-case letters that have no decomposition; apostrophes that Unicode counts as letters."""

FOLDING: Mapping[str, object] = {
    "dropped": "".join(f"{chr(first)}-{chr(last)}" for first, last in _DROPPED),
    "letters": _LETTERS,
}
"""The tables for the page: the inside of a character class, and replacements of letters."""

_DROPPED_PATTERN = re.compile(f"[{FOLDING['dropped']}]")
_REPLACED = str.maketrans(_LETTERS)


def search_words(text: str) -> list[str]:
    """The words of `text` in order, folded."""
    return _folded(text).split()


def word_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the words of `search_words` with their start and end offsets in `text`."""
    word, begin, end = "", 0, 0
    for first, last in _characters(text):
        for letter in _folded(text[first:last]):
            if letter != " ":
                begin = begin if word else first
                word, end = word + letter, last
            elif word:
                yield begin, end, word
                word = ""
    if word:
        yield begin, end, word


def _folded(text: str) -> str:
    """`text` folded, with a space for each character that separates words."""
    plain = _DROPPED_PATTERN.sub("", unicodedata.normalize("NFKD", text)).lower().translate(_REPLACED)
    separators = {ord(c): " " for c in set(plain) if unicodedata.category(c)[0] not in "LMN"}
    return plain.translate(separators)


def _characters(text: str) -> Iterator[tuple[int, int]]:
    """Start and end offsets of each character with its combining marks."""
    begin = 0
    for index in range(1, len(text) + 1 if text else 0):
        if index == len(text) or unicodedata.category(text[index])[0] != "M":
            yield begin, index
            begin = index
