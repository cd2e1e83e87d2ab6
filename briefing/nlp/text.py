"""Plain text as this project understands it: normal form, sentences with offsets, words, fingerprints.

Pure. What is *said* in a text is the business of `ground`; how it is cut to fit a model, of `chunk`; how it is freed
from a page, of `extract`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from briefing.sanitise import clean

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CASED",
    "CASELESS",
    "ENDS",
    "LONGEST_SENTENCE",
    "MARKS",
    "UNSPACED",
    "Sentence",
    "article_id",
    "fingerprint",
    "fold",
    "normalise",
    "paragraphs",
    "sentences",
    "straight",
    "without_feed_scheme",
    "word_count",
    "words",
]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of a text: ``whole[start:end] == text``, without the white space around it."""

    start: int
    end: int
    text: str


_PARAGRAPH_ENDS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_BLANKS = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
# Invisible like what `clean` removes, and used to hide words from a check: soft hyphens, zero-width spaces, marks of
# direction, which a title may have. Joiners (U+200C/D) stay: Persian and Hindi need them.
_INVISIBLE = re.compile(r"[\u00ad\u061c\u180e\u200b\u200e\u200f\u2060-\u2069\U000e0000-\U000e007f]")


def normalise(text: str) -> str:
    """Bring `text` to the one form in which it is stored, cited and shown.

    NFC; ``\\n`` line ends; one blank line between paragraphs; single blanks inside lines; no control or invisible
    characters, marks of direction included. Idempotent.
    """
    text = _INVISIBLE.sub("", clean(text.replace("\u2029", "\n\n")))
    text = unicodedata.normalize("NFC", text)
    text = _BLANKS.sub(" ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return _PARAGRAPH_ENDS.sub("\n\n", text).strip()


def paragraphs(text: str) -> Iterator[Sentence]:
    """Yield the stretches between blank lines, in order."""
    start = 0
    for gap in _GAP.finditer(text):
        if found := _trimmed(text, start, gap.start()):
            yield found
        start = gap.end()
    if found := _trimmed(text, start, len(text)):
        yield found


_GAP = re.compile(r"\n[ \t]*\n\s*")


def sentences(text: str, most: int | None = None) -> tuple[Sentence, ...]:
    """Split `text` into sentences; paragraph borders always end one, and so do `LONGEST_SENTENCE` characters.

    `most`: so many of the first, which costs no more than they do; None: all.

    By Punkt (Kiss and Strunk, "Unsupervised Multilingual Sentence Boundary Detection", 2006) as trained and kept by
    `nupunkt`, paragraph by paragraph; then cut where scraped text lost the space behind a full stop.
    """
    found = (
        part
        for paragraph in paragraphs(text)
        for stretch in _cut(text, paragraph, _LONGEST_PARAGRAPH, _STOP)
        for sentence in _in_paragraph(text, stretch)
        for part in _cut(text, sentence, LONGEST_SENTENCE, _PAUSE)
    )
    return tuple(islice(found, most))


def _cut(text: str, whole: Sentence, longest: int, border: re.Pattern[str]) -> Iterator[Sentence]:
    """`whole` in parts of at most `longest` characters, cut behind the last `border` of each, else the last blank."""
    start = whole.start
    while whole.end - start > longest:
        middle, end = start + longest // 2, start + longest
        for pattern in (border, _BLANK):
            if found := deque(pattern.finditer(text, middle, end), 1):
                end = found[0].end()
                break
        if part := _trimmed(text, start, end):
            yield part
        start = end
    if start == whole.start:
        yield whole
    elif part := _trimmed(text, start, whole.end):
        yield part


def _in_paragraph(text: str, paragraph: Sentence) -> Iterator[Sentence]:
    dateline = _DATELINE.match(paragraph.text)
    if dateline and (found := _trimmed(text, paragraph.start, paragraph.start + dateline.end())):
        # "GENEVA, 2 October 2023 —" is a sentence of its own: its date is not what the news is about.
        yield found
        start = paragraph.start + dateline.end()
        paragraph = Sentence(start, paragraph.end, text[start : paragraph.end])
    for start, end in _punkt()(paragraph.text):
        at = paragraph.start + start
        last = at
        for glued in _GLUED.finditer(text, at, paragraph.start + end):
            if found := _trimmed(text, last, glued.end()):
                yield found
            last = glued.end()
        if found := _trimmed(text, last, paragraph.start + end):
            yield found


LONGEST_SENTENCE = 2_000
"""Characters; what is longer is no sentence but a table, a list or text that lost its full stops. Whoever reads a
sentence may take time that grows with its square."""
_LONGEST_PARAGRAPH = 20_000
"""Characters that are looked at at once."""
_STOP = re.compile(r"[.!?…][”\"’')\]]?\s|[。！？]")
_PAUSE = re.compile(r"[;:,]\s|[；：，、]")
_BLANK = re.compile(r"\s")

_DATELINE = re.compile(r"[A-Z]{2}[^\n.!?—–]{2,60}\d{4}\s?[—–]\s(?=\S)")

# "…the talks ended.Related" or "…it said.”The": scraped text loses the space between sentences. Lower case before,
# upper case with a lower-case letter behind it, so that "U.S.A", "example.Com" and "3.5" are left alone.
_GLUED = re.compile(r"[a-z]{2}[.!?][”\"’')\]]?(?=[“\"‘'(]?[A-Z][a-z ])(?<!www\.)")


@lru_cache(maxsize=1)
def _punkt() -> Callable[[str], list[tuple[int, int]]]:
    import nupunkt  # 0.1 s

    spans: Any = nupunkt.sent_spans
    return lambda text: list(spans(text))


def _trimmed(text: str, start: int, end: int) -> Sentence | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Sentence(start, end, text[start:end]) if start < end else None


# Vowel signs of Hindi, Tamil and their kin, Arabic's and Hebrew's points: parts of a word that `\w` does not know.
MARKS = "".join(chr(code) for code in range(0x300, 0x1B00) if unicodedata.category(chr(code)).startswith("M"))
_RUN = rf"[^\W_]+(?:[{MARKS}]+[^\W_]*)*"
_WORD = re.compile(rf"{_RUN}(?:['’.\-\u200c\u200d]{_RUN})*+")
# Scripts written without spaces between words (Chinese, Japanese, Thai), their letters and marks without digits and
# punctuation: each character counts as a word.
UNSPACED = (
    r"\u0e01-\u0e3a\u0e40-\u0e4e\u3005-\u3007\u3041-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Scripts whose letters have no case. They stand beside digits and Latin words without a space ("有23人", "약 12명이",
# "KBS는"), where a letter that has one makes a name of the digits ("R21", "Т34").
CASELESS = (
    r"\u0590-\u109f\u1100-\u139f\u1400-\u1c7f\u1cc0-\u1cff\u2e80-\ua63f\ua800-\uab2f\uabc0-\ud7ff\uf900-\ufaff"
    r"\ufb1d-\ufefc\uff66-\uffdc\U00020000-\U0003ffff"
)
CASED = rf"[^\W_{CASELESS}]"
_UNSPACED = re.compile(f"[{UNSPACED}]")
ENDS = ".!?…。！？｡।॥؟۔։።፧။།។"
"""With which a sentence ends, script by script (Unicode's property Sentence_Terminal)."""


def words(text: str) -> list[str]:
    """The words of `text` in order, as written; numbers and hyphenated words are one each."""
    return _WORD.findall(text)


def word_count(text: str) -> int:
    """How many words a reader reads; where none parts them (Chinese, Thai) every character counts."""
    unspaced = len(text) - len(_UNSPACED.sub("", text))  # not a list of them, which takes 90 bytes for each
    return unspaced + len(_WORD.findall(_UNSPACED.sub(" ", text) if unspaced else text))


def fold(text: str) -> str:
    """Lower case, without accents, with straight quotes and plain hyphens: for comparing, never for showing."""
    text = text.translate(_PLAIN)
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


_PLAIN = str.maketrans(
    dict.fromkeys("‘’‚‛′`´ʼ", "'")
    | dict.fromkeys("“”„‟«»″", '"')
    | dict.fromkeys("‐‑‒–—―−", "-")
    | {"…": "...", "\u00a0": " "}
)


def straight(text: str) -> str:
    """`text` with straight quotation marks and plain hyphens, each character in its place."""
    return text.translate(_QUOTES)


_QUOTES = str.maketrans(
    dict.fromkeys("‘’‚‛ʼ`´", "'") | dict.fromkeys("“”„‟«»", '"') | dict.fromkeys("‐‑‒–—−", "-") | {"\u00a0": " "}
)


def fingerprint(*parts: str) -> str:
    """Hexadecimal SHA-256 of the parts; no two different lists of parts share one."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def article_id(url: str | None, text: str) -> str:
    """Sixteen hexadecimal digits that name an article: by its address where it has one, else by its text."""
    return fingerprint("url", url)[:16] if url else fingerprint("text", " ".join(text.split()))[:16]


def without_feed_scheme(location: str) -> str:
    """An address that begins with ``feed:`` as the http(s) address that it stands for; anything else as it is.

    Browsers once wrote ``feed:`` before an address, or instead of its ``http:``.
    """
    if location[:5].lower() != "feed:":
        return location
    rest = location[5:]
    if re.match(r"//https?://", rest, re.IGNORECASE):
        return rest[2:]
    if rest[:2] == "//":
        return f"http:{rest}"
    return rest if re.match(r"[a-z][a-z0-9+.-]*://|https?:|/", rest, re.IGNORECASE) else f"http://{rest}"
