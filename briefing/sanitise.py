"""Text from outside, made fit to be shown: on a terminal, on a page, in a letter. Pure.

Whatever a feed, page, mail, list or server says passes here once, where it comes in; what is printed or written passes
once more, for records of earlier versions and for what nobody thought of. Not here: the one form in which articles are
stored and compared (`text.normalise`), and what a format needs besides (`render`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

__all__ = [
    "LONGEST_NAME",
    "LONGEST_TITLE",
    "clean",
    "clean_data",
    "clipped",
    "label",
    "one_line",
    "shown_name",
    "shown_title",
]

LONGEST_TITLE = 300
"""Characters; what is longer is cut at a word."""
LONGEST_NAME = 100
"""Characters of an author, a source or a section."""

# Orders to a terminal (C0, DEL, C1), marks that turn the direction of what follows (U+202A-E; U+2066-9 where they are
# not balanced), their deprecated kin, annotations, marks of byte order, tags, halves of pairs, what is no character.
_ENDS = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_TAGS = r"\U000e0000-\U000e007f"
_NO_CHARACTERS = "".join(f"\\U{plane:04x}fffe\\U{plane:04x}ffff" for plane in range(1, 17))
_REMOVED = (
    rf"\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff"
    rf"\ud800-\udfff{_TAGS}{_NO_CHARACTERS}"
)
_ISOLATES = r"\u2066-\u2069"
_SUSPECT = re.compile(rf"[\r\v\f\u2028\u2029{_ISOLATES}{_REMOVED}]")
# Of the sequences of tags, the three flags that Unicode recommends (UTS #51, ED-14a); any other can hide a text.
_FLAG = "\U0001f3f4(?:{})\U000e007f".format(
    "|".join("".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("gbeng", "gbsct", "gbwls"))
)
_UNWANTED = re.compile(rf"({_FLAG})|[{_REMOVED}]")
_TURNS = re.compile(f"[{_ISOLATES}]")
_CLOSES = "\u2069"


def clean(text: str) -> str:
    r"""`text` without what would steer a terminal or turn what stands around it; ``\n`` and ``\t`` stay, and so does
    what a script needs: U+200E, U+200F and U+061C, joiners, isolates that are closed on their line.

    Idempotent, linear; text without any such mark comes back as the same object.
    """
    if not _SUSPECT.search(text):
        return text
    cleaned = _balanced(_UNWANTED.sub(lambda found: found[1] or "", _ENDS.sub("\n", text)))
    return text if cleaned == text else cleaned


def _balanced(text: str) -> str:
    """Without isolates that nothing closes on their line, and without what closes none (UAX #9, BD9)."""
    if not _TURNS.search(text):
        return text
    kept = []
    for line in text.split("\n"):
        opened: list[int] = []
        alone: set[int] = set()
        for mark in _TURNS.finditer(line):
            if mark[0] != _CLOSES:
                opened.append(mark.start())
            elif opened:
                opened.pop()
            else:
                alone.add(mark.start())
        alone.update(opened)
        kept.append("".join(c for place, c in enumerate(line) if place not in alone) if alone else line)
    return "\n".join(kept)


def clean_data(value: Any) -> Any:
    """A JSON value with every text in it `clean`."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {key: clean_data(one) for key, one in value.items()}
    return [clean_data(one) for one in value] if isinstance(value, list | tuple) else value


def one_line(text: str) -> str:
    """`text`, `clean`, on one line with single blanks."""
    return _balanced(" ".join(clean(text).split()))


_UNSEEN = re.compile(r"[\u00ad\u180e\u200b\u2060-\u2064]")
"""Breaks a word without a trace: soft hyphens, spaces of no width. In a title that keeps it from being found."""


def shown_title(text: str) -> str:
    """A title or subject from outside: NFC, on one line, at most `LONGEST_TITLE` characters."""
    return clipped(label(text), LONGEST_TITLE)


def shown_name(text: str) -> str:
    """An author, source or section named from outside: NFC, on one line, at most `LONGEST_NAME` characters."""
    return clipped(label(text), LONGEST_NAME)


def label(text: str) -> str:
    """A title or name from outside, whole: NFC, on one line, without what breaks its words unseen."""
    return unicodedata.normalize("NFC", one_line(_UNSEEN.sub("", text)))


def clipped(text: str, most: int) -> str:
    """A line of at most `most` characters: a longer one is cut at a word and ends in ``…``.

    Where the last word alone is half of it, or nothing parts words, it is cut between two characters as readers see
    them: no accent, emoji or flag is taken apart.
    """
    if len(text) <= most:
        return text
    blank = text.rfind(" ", 0, most)
    end = _between(text, blank if blank >= most // 2 else most - 1)
    return _balanced(text[:end].rstrip(" ,;:(–—-")) + "…"


_LONGEST_CLUSTER = 40
"""Characters that are looked through for the beginning of one as readers see it."""
_JOINER = "\u200d"


def _between(text: str, end: int) -> int:
    """`end`, or the nearest place before it where a character ends as readers see it (after UAX #29, simplified)."""
    for place in range(end, max(0, end - _LONGEST_CLUSTER), -1):
        if not _continues(text, place):
            return place
    return end


def _continues(text: str, place: int) -> bool:
    after, before = text[place], text[place - 1]
    if _JOINER in {after, before} or after == "\u200c" or unicodedata.category(after).startswith("M"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":  # colours of skin, flags
        return True
    if "\u1160" <= after <= "\u11ff":  # vowels and finals of Hangul
        return True
    if unicodedata.combining(before) == 9:  # a virama binds the consonant behind it
        return True
    flags = re.search("[\U0001f1e6-\U0001f1ff]*$", text[max(0, place - 2 * _LONGEST_CLUSTER) : place])
    return "\U0001f1e6" <= after <= "\U0001f1ff" and flags is not None and len(flags[0]) % 2 == 1
