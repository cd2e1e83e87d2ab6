"""Plain text: normalisation, paragraphs with offsets, tokenisation, folding, fingerprints.

Pure. Not here: sentences (`sentences`), facts in a text (`facts`), chunks that fit a model (`chunk`), text from pages
(`extract`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from briefing.sanitise import clean


@dataclass(frozen=True, slots=True)
class Sentence:
    """A span of a text, without surrounding white space: ``whole[start:end] == text``."""

    start: int
    end: int
    text: str


_PARAGRAPH_ENDS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_BLANKS = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
# Beyond what `clean` removes: soft hyphens, zero-width spaces and direction marks, which can hide words from a check.
# Joiners (U+200C/D) stay: Persian and Hindi need them.
_INVISIBLE = re.compile(r"[\u00ad\u061c\u180e\u200b\u200e\u200f\u2060-\u2069\U000e0000-\U000e007f]")


def normalise(text: str) -> str:
    """The normal form of `text` in which articles are stored, cited and shown. Idempotent.

    NFC; ``\\n`` line ends; one blank line between paragraphs; single spaces inside lines; no control characters, no
    invisible characters, no direction marks.
    """
    text = _INVISIBLE.sub("", clean(text.replace("\u2029", "\n\n")))
    text = unicodedata.normalize("NFC", text)
    text = _BLANKS.sub(" ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return _PARAGRAPH_ENDS.sub("\n\n", text).strip()


def paragraphs(text: str) -> Iterator[Sentence]:
    """Yield the spans between blank lines, in order."""
    start = 0
    for gap in _GAP.finditer(text):
        yield from trimmed(text, start, gap.start())
        start = gap.end()
    yield from trimmed(text, start, len(text))


_GAP = re.compile(r"\n[ \t]*\n\s*")


def trimmed(text: str, start: int, end: int) -> tuple[Sentence, ...]:
    """``text[start:end]`` without surrounding white space, with its offsets; empty if nothing is left."""
    part = text[start:end]
    start += len(part) - len(part.lstrip())
    part = part.strip()
    return (Sentence(start, start + len(part), part),) if part else ()


# Combining marks inside words, which `\w` leaves out: vowel signs of Indic scripts, points of Arabic and Hebrew.
MARKS = "".join(chr(code) for code in range(0x300, 0x1B00) if unicodedata.category(chr(code)).startswith("M"))
_RUN = rf"[^\W_]+(?:[{MARKS}]+[^\W_]*)*"
_WORD = re.compile(rf"{_RUN}(?:['’.\-\u200c\u200d]{_RUN})*+")
# Letters and marks of scripts without spaces between words (Chinese, Japanese, Thai): each counts as a word.
UNSPACED = (
    r"\u0e01-\u0e3a\u0e40-\u0e4e\u3005-\u3007\u3041-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Letters of scripts without case. They touch digits and Latin words without a space ("有23人", "약 12명이", "KBS는"); a
# cased letter beside digits makes a name ("R21", "Т34").
CASELESS = (
    r"\u0590-\u109f\u1100-\u139f\u1400-\u1c7f\u1cc0-\u1cff\u2e80-\ua63f\ua800-\uab2f\uabc0-\ud7ff\uf900-\ufaff"
    r"\ufb1d-\ufefc\uff66-\uffdc\U00020000-\U0003ffff"
)
CASED = rf"[^\W_{CASELESS}]"
_UNSPACED = re.compile(f"[{UNSPACED}]")
ENDS = ".!?…。！？｡।॥؟۔։።፧။།។"
"""Sentence terminators of all scripts (Unicode property Sentence_Terminal)."""


def words(text: str) -> list[str]:
    """The words of `text` as written, in order; numbers and hyphenated words are one each."""
    return _WORD.findall(text)


def word_count(text: str) -> int:
    """Number of words; in scripts without spaces (Chinese, Thai) every character counts."""
    unspaced = len(text) - len(_UNSPACED.sub("", text))  # a list of matches would take 90 bytes for each
    return unspaced + len(_WORD.findall(_UNSPACED.sub(" ", text) if unspaced else text))


def first_words(text: str, count: int) -> list[str]:
    """The first `count` words of `text`, split at white space, without splitting the rest."""
    return text.split(None, count)[:count]


def fold(text: str) -> str:
    """Case-folded, without accents, with straight quotes and plain hyphens: for comparing, never for showing."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_ALL_STRAIGHT))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def straight(text: str) -> str:
    """`text` with straight quotation marks and plain hyphens; every character keeps its offset."""
    return text.translate(_STRAIGHT)


_STRAIGHT = str.maketrans(
    dict.fromkeys("‘’‚‛ʼ`´", "'") | dict.fromkeys("“”„‟«»", '"') | dict.fromkeys("‐‑‒–—−", "-") | {"\u00a0": " "}
)
# Primes and the horizontal bar as well, which `straight` leaves.
_ALL_STRAIGHT = _STRAIGHT | str.maketrans({"′": "'", "″": '"', "―": "-"})


def fingerprint(*parts: str) -> str:
    """Hexadecimal SHA-256 of the parts, each prefixed with its length, so that no two lists of parts share one."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def article_id(url: str | None, text: str) -> str:
    """Article id of 16 hexadecimal digits: from its URL if it has one, else from its text."""
    return fingerprint("url", url)[:16] if url else fingerprint("text", " ".join(text.split()))[:16]


def without_feed_scheme(location: str) -> str:
    """A ``feed:`` URL as the http(s) URL it stands for; anything else unchanged.

    Browsers once wrote ``feed:`` before a URL, or instead of its ``http:``.
    """
    if location[:5].lower() != "feed:":
        return location
    rest = location[5:]
    if re.match(r"//https?://", rest, re.IGNORECASE):
        return rest[2:]
    if rest[:2] == "//":
        return f"http:{rest}"
    return rest if re.match(r"[a-z][a-z0-9+.-]*://|https?:|/", rest, re.IGNORECASE) else f"http://{rest}"
