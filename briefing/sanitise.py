"""Sanitising of untrusted text for terminals, pages and mail: control characters, bidi marks, length. Pure.

Text of feeds, pages, mails, lists and servers is sanitised on input, and again on output for records of earlier
versions. Normalisation of articles is `nlp.text.normalise`, escaping for a format `render`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

LONGEST_TITLE = 300
"""Characters; truncated at a word."""
LONGEST_NAME = 100
"""Characters of an author, a source or a section."""

# Control characters (C0, DEL, C1), bidi embeddings and overrides (U+202A-E), unbalanced isolates (U+2066-9), deprecated
# format characters, annotations, byte-order marks, tags, surrogates, noncharacters.
_ENDS = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_TAGS = r"\U000e0000-\U000e007f"
_NO_CHARACTERS = "".join(f"\\U{plane:04x}fffe\\U{plane:04x}ffff" for plane in range(1, 17))
_REMOVED = (
    rf"\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff"
    rf"\ud800-\udfff{_TAGS}{_NO_CHARACTERS}"
)
_ISOLATES = r"\u2066-\u2069"
_SUSPECT = re.compile(rf"[\r\v\f\u2028\u2029{_ISOLATES}{_REMOVED}]")
# Tag sequences: only the three flags that Unicode recommends (UTS #51, ED-14a); any other can hide a text.
_FLAG = "\U0001f3f4(?:{})\U000e007f".format(
    "|".join("".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("gbeng", "gbsct", "gbwls"))
)
_UNWANTED = re.compile(rf"({_FLAG})|[{_REMOVED}]")
_ISOLATE = re.compile(f"[{_ISOLATES}]")
_CLOSES = "\u2069"


def clean(text: str) -> str:
    r"""`text` without control characters but ``\n`` and ``\t``, and without bidi marks that affect other text.

    What scripts need stays: U+200E, U+200F and U+061C, joiners, isolates that are closed on their line. Idempotent,
    linear; clean text is returned as the same object.
    """
    if not _SUSPECT.search(text):
        return text
    cleaned = _balanced(_UNWANTED.sub(lambda found: found[1] or "", _ENDS.sub("\n", text)))
    return text if cleaned == text else cleaned


def _balanced(text: str) -> str:
    """Without isolates that are not closed on their line, and without closing marks of none (UAX #9, BD9)."""
    if not _ISOLATE.search(text):
        return text
    kept = []
    for line in text.split("\n"):
        opened: list[int] = []
        unmatched: set[int] = set()
        for mark in _ISOLATE.finditer(line):
            if mark[0] != _CLOSES:
                opened.append(mark.start())
            elif opened:
                opened.pop()
            else:
                unmatched.add(mark.start())
        unmatched.update(opened)
        kept.append("".join(c for i, c in enumerate(line) if i not in unmatched) if unmatched else line)
    return "\n".join(kept)


def clean_data(value: Any) -> Any:
    """A JSON value with every text in it `clean`."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {key: clean_data(item) for key, item in value.items()}
    return [clean_data(item) for item in value] if isinstance(value, list | tuple) else value


def one_line(text: str) -> str:
    """`text` without control characters, on one line, white space collapsed."""
    return _balanced(" ".join(clean(text).split()))


_INVISIBLE = re.compile(r"[\u00ad\u180e\u200b\u2060-\u2064]")
"""Soft hyphens and zero-width spaces, which keep a title from being found."""


def shown_title(text: str) -> str:
    """An untrusted title or subject: NFC, on one line, at most `LONGEST_TITLE` characters."""
    return clipped(label(text), LONGEST_TITLE)


def shown_name(text: str) -> str:
    """An untrusted name of an author, source or section: NFC, on one line, at most `LONGEST_NAME` characters."""
    return clipped(label(text), LONGEST_NAME)


def label(text: str) -> str:
    """An untrusted title or name, in full: NFC, on one line, without invisible characters in words."""
    return unicodedata.normalize("NFC", one_line(_INVISIBLE.sub("", text)))


def clipped(text: str, most: int) -> str:
    """A line truncated to `most` characters at a word, ending in ``…``; within a long word at a grapheme cluster."""
    if len(text) <= most:
        return text
    blank = text.rfind(" ", 0, most)
    end = _cluster_boundary(text, blank if blank >= most // 2 else most - 1)
    return _balanced(text[:end].rstrip(" ,;:(–—-")) + "…"


_LONGEST_CLUSTER = 40
"""Code points of a grapheme cluster."""
_JOINER = "\u200d"


def _cluster_boundary(text: str, end: int) -> int:
    """`end`, or the nearest boundary of a grapheme cluster before it (UAX #29, simplified)."""
    for index in range(end, max(0, end - _LONGEST_CLUSTER), -1):
        if not _within_cluster(text, index):
            return index
    return end


def _within_cluster(text: str, index: int) -> bool:
    after, before = text[index], text[index - 1]
    if _JOINER in {after, before} or after == "\u200c" or unicodedata.category(after).startswith("M"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":  # skin tones, flags
        return True
    if "\u1160" <= after <= "\u11ff":  # vowels and finals of Hangul
        return True
    if unicodedata.combining(before) == 9:  # a virama binds the consonant behind it
        return True
    flags = re.search("[\U0001f1e6-\U0001f1ff]*$", text[max(0, index - 2 * _LONGEST_CLUSTER) : index])
    return "\U0001f1e6" <= after <= "\U0001f1ff" and flags is not None and len(flags[0]) % 2 == 1
