"""Tokenises and folds text for full-text search: in the state file, the archive's page and queries. Pure.

Case, accents, vowel points and letter variants ("ß" is "ss", "ς" is "σ", "ø" is "o") are ignored; words consist of
letters, digits and marks, so that "US-China" is two words and "(NATO)" one. In scripts without blanks between words
(Chinese, Japanese, Thai) each letter with its marks is a word, so that a word is found as a phrase of letters wherever
it stands, one letter long or ten; FTS5's `trigram` would find none of fewer than three. Korean letters are parted from
others ("KBS는" is "KBS" and "는"): Korean particles follow a word without a blank, and a search finds what begins with
it.

The page does the same in JavaScript (templates/archive.js) by `FOLDING`; a test compares the two over all of Unicode.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from briefing.nlp.text import HANGUL, MARKS, UNSPACED

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
# Marks of scripts without blanks between words: of Thai, Lao, Burmese, Khmer, kana.
_MARKS = "".join(mark for mark in f"{MARKS}\u3099\u309a\uaa7b\uaa7c\uaa7d" if re.match(f"[{UNSPACED}]", mark))

FOLDING: Mapping[str, object] = {
    "dropped": "".join(f"{chr(first)}-{chr(last)}" for first, last in _DROPPED),
    "letters": _LETTERS,
    "unspaced": UNSPACED,
    "marks": _MARKS,
    "korean": HANGUL,
}
"""The tables for the page: insides of character classes, and replacements of letters."""

_DROPPED_PATTERN = re.compile(f"[{FOLDING['dropped']}]")
_REPLACED = str.maketrans(_LETTERS)
_WORD = re.compile(rf"[{UNSPACED}][{_MARKS}]*|[{HANGUL}]+|[^\s{UNSPACED}{HANGUL}]+")
_KOREAN = re.compile(f"[{HANGUL}]")


def search_words(text: str) -> list[str]:
    """The words of `text` in order, folded."""
    return _WORD.findall(_folded(text))


def begins_words(word: str) -> bool:
    """Whether a search for a folded `word` is one for all words that begin with it, as in Korean."""
    return bool(_KOREAN.match(word))


def word_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the words of `search_words` with their start and end offsets in `text`."""
    letters: list[str] = []
    spans: list[tuple[int, int]] = []
    for first, last in _characters(text):
        folded = _folded(text[first:last])
        letters.append(folded)
        spans += [(first, last)] * len(folded)
    for word in _WORD.finditer("".join(letters)):
        yield spans[word.start()][0], spans[word.end() - 1][1], word[0]


def _folded(text: str) -> str:
    """`text` folded, with a space for each character that separates words."""
    plain = _DROPPED_PATTERN.sub("", unicodedata.normalize("NFKD", text)).lower().translate(_REPLACED)
    plain = unicodedata.normalize("NFC", plain)
    separators = {ord(c): " " for c in set(plain) if unicodedata.category(c)[0] not in "LMN"}
    return plain.translate(separators)


def _characters(text: str) -> Iterator[tuple[int, int]]:
    """Start and end offsets of each character with its marks, of a Korean syllable with all of its letters."""
    begin = 0
    for index in range(1, len(text) + 1 if text else 0):
        if index == len(text) or not _continues(text[index]):
            yield begin, index
            begin = index


def _continues(character: str) -> bool:
    """Whether a character is part of the one before it: a mark, a character that is dropped, or a vowel or final
    consonant of a Korean syllable.
    """
    if character.isascii():
        return False
    first = unicodedata.normalize("NFKD", character)[0]
    if _DROPPED_PATTERN.match(first):
        return True
    return unicodedata.category(first)[0] == "M" or "\u1160" <= first <= "\u11ff" or "\ud7b0" <= first <= "\ud7fb"
