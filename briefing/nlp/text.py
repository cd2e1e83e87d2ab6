"""Plain text: normalisation, paragraphs with offsets, tokenisation, folding, fingerprints.

Pure. Not here: sentences (`sentences`), facts in a text (`facts`), chunks that fit a model (`chunk`), text from pages
(`extract`).
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

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
# Letters and marks of scripts without blanks between words, and how many of them an English word takes. Measured on
# translations of one report (tests/data/unspaced: Chinese 1.54, Japanese 1.6 and 2.6, Thai 4.3) and of article 1 of the
# Universal Declaration of Human Rights (Thai 5.3, Khmer 6.2); translators reckon with 1.5 to 1.7 in Chinese.
_CHARACTERS_A_WORD = (
    # Chinese characters
    ("\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff", 1.6),
    # kana
    ("\u3041-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f", 2.6),
    # Thai, Lao
    ("\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ebd\u0ec0-\u0ece\u0edc-\u0edf", 4.5),
    # Burmese, Khmer
    ("\u1000-\u103f\u1050-\u108f\u109a-\u109d\uaa60-\uaa7f\u1780-\u17d3\u17d7\u17dc\u17dd", 6.0),
)
UNSPACED = "".join(letters for letters, _ in _CHARACTERS_A_WORD)
"""The inside of a character class: letters and marks of scripts without blanks between words."""
UNSPACED_ALPHABETS = "".join(letters for letters, characters in _CHARACTERS_A_WORD if characters > 4)
"""Those of them that spell words letter by letter: Thai, Lao, Burmese, Khmer."""
HANGUL = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb"
"""The inside of a character class: Korean letters. A word in them carries its particles without a blank."""
# Letters of scripts without case. They touch digits and Latin words without a space ("有23人", "약 12명이", "KBS는"); a
# cased letter beside digits makes a name ("R21", "Т34").
CASELESS = (
    r"\u0590-\u109f\u1100-\u139f\u1400-\u1c7f\u1cc0-\u1cff\u2e80-\ua63f\ua800-\uab2f\uabc0-\ud7ff\uf900-\ufaff"
    r"\ufb1d-\ufefc\uff66-\uffdc\U00020000-\U0003ffff"
)
CASED = rf"[^\W_{CASELESS}]"
_UNSPACED = re.compile(f"[{UNSPACED}]")
_COUNTED = tuple((re.compile(f"[{letters}]"), characters) for letters, characters in _CHARACTERS_A_WORD)
# A character of each unspaced script; punctuation beside one; anything else between blanks.
_UNIT = re.compile(
    "|".join(f"([{letters}])" for letters, _ in _CHARACTERS_A_WORD)
    + rf"|((?<=[{UNSPACED}])[^\w\s{UNSPACED}]+|[^\w\s{UNSPACED}]+(?=[{UNSPACED}]))|[^\s{UNSPACED}]+"
)
_WORDS_A_UNIT = (1.0, *(1 / characters for _, characters in _CHARACTERS_A_WORD), 0.0)
"""By `_UNIT`'s group; the first for none."""
_OPENING = "（「『《〈【〔“‘(["
_PIECES = "|".join(
    f"[{letters}]{{1,{math.ceil(characters)}}}[^\\w\\s{UNSPACED}]*" for letters, characters in _CHARACTERS_A_WORD
)
_PIECE = re.compile(rf"(?:{_PIECES}|[^\s{UNSPACED}]+)\s*")
ENDS = ".!?…。！？｡।॥؟۔։።፧။།។"
"""Sentence terminators of all scripts (Unicode property Sentence_Terminal)."""


def words(text: str) -> list[str]:
    """The words of `text` as written, in order; numbers and hyphenated words are one each."""
    return _WORD.findall(text)


def word_count(text: str) -> int:
    """The length of `text` in words; in scripts without blanks between words, about as many as its translation has."""
    length = 0.0
    if not text.isascii() and _UNSPACED.search(text):
        for letters, characters in _COUNTED:
            text, count = letters.subn(" ", text)
            length += count / characters
    return math.ceil(length) + len(_WORD.findall(text))


def characters_a_word(text: str) -> float:
    """How many characters a word takes in the script of most letters of `text`; 0 where blanks part words."""
    counted = [(len(letters.findall(text)), characters) for letters, characters in _COUNTED]
    unspaced = sum(count for count, _ in counted)
    if 2 * unspaced <= sum(map(str.isalpha, text)):
        return 0.0
    return unspaced / sum(count / characters for count, characters in counted)


def beginning(text: str, most: int) -> str:
    """The first `most` words of `text` on one line, split at white space, without reading the rest; in scripts without
    blanks between words, as many characters as `word_count` takes for so many words.
    """
    left, end = most + 1e-9, 0
    for unit in _UNIT.finditer(text):
        share = _WORDS_A_UNIT[unit.lastindex or 0]
        left -= share
        if left < 0:
            break
        end = unit.start() + len(unit[0] if share else unit[0].rstrip(_OPENING))
    while end < len(text) and unicodedata.category(text[end])[0] == "M":  # marks belong to the letter before them
        end += 1
    return " ".join(text[:end].split())


def share_of_a_word(word: str) -> float:
    """What `word` adds to the length of a text: 1, or less for a letter of a script without blanks between words."""
    unit = _UNIT.match(word)
    return _WORDS_A_UNIT[unit.lastindex or 0] if unit else 1.0


def pieces(text: str) -> list[str]:
    """`text` in its words and, in scripts without blanks between words, in stretches of about a word.

    White space and punctuation stay behind each: the pieces joined are the text.
    """
    return _PIECE.findall(text)


def word_pattern(word: str) -> re.Pattern[str]:
    """Matches a folded word or phrase where it stands between borders of words.

    Where its first or last letter is of a script without blanks, it may stand anywhere: 東京 in 東京都. A Korean word
    carries its particles, so that it is found where it begins one: 서울 in 서울에서.
    """
    before = "" if _UNSPACED.match(word) else f"(?<![{HANGUL}])" if _KOREAN.match(word) else f"(?<![{_JOINED}])"
    anywhere = _UNSPACED.match(word[-1:]) or _KOREAN.match(word[-1:])
    return re.compile(before + re.escape(word) + ("" if anywhere else f"(?![{_JOINED}])(?![{MARKS}])"))


_KOREAN = re.compile(f"[{HANGUL}]")
_JOINED = rf"^\W{UNSPACED}{HANGUL}"  # letters and digits that belong to one word where they stand together


def fold(text: str) -> str:
    """Case-folded, without accents, with straight quotes and plain hyphens: for comparing, never for showing.

    Voicing marks of kana stay: with and without them are different letters.
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_ALL_STRAIGHT))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c) or c in _VOICING)
    return unicodedata.normalize("NFC", bare.casefold())


def straight(text: str) -> str:
    """`text` with straight quotation marks and plain hyphens; every character keeps its offset."""
    return text.translate(_STRAIGHT)


_VOICING = "\u3099\u309a"
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


@lru_cache(maxsize=256)
def version_key(article: str, text: str) -> str:
    """An article (id) with this text, whatever its case, accents and white space; the id alone where there is none.

    A publisher may write anew what stands at an address. Cached: an edition has many readers.
    """
    return f"{article}@{fingerprint(fold(' '.join(text.split())))[:12]}" if text else article


def article_id(url: str | None, text: str) -> str:
    """Article id of 16 hexadecimal digits: from its URL if it has one, else from its text."""
    return fingerprint("url", url)[:16] if url else fingerprint("text", " ".join(text.split()))[:16]
