"""What a sentence states that can be looked up: numbers, quotations, names, and the stems of its other words.

Pure. `ground` decides with these whether an article holds what a key point says; nothing here compares anything.
A number's key is its value and its unit (``2300000 $``), so that "$2.3 million", "$2.3m" and "2,300,000 dollars" are
one; a name's key is its folded form without possessive or full stops (``us`` for "U.S.'s").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from briefing.nlp.lexicon import BASE_OF, FUNCTION_WORDS
from briefing.nlp.numerals import Number, numbers
from briefing.nlp.text import CASED, CASELESS, MARKS, UNSPACED, fold, straight

__all__ = [
    "Name",
    "Number",
    "Quotation",
    "names",
    "numbers",
    "occurrences",
    "quotations",
    "stem",
    "stem_of",
    "stems",
    "tokens",
]


@dataclass(frozen=True, slots=True)
class Name:
    """A capitalised word, or one with digits in it ("R21", "COVID-19")."""

    key: str
    surface: str
    opens: bool
    """Whether it opens the sentence, where any word is capitalised."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words between quotation marks, folded, without punctuation."""

    key: str
    surface: str


# --- quotations ----------------------------------------------------------------------------------------------

_QUOTED = re.compile(r'"([^"]{2,})"')
_OPENED = re.compile(rf"{_QUOTED.pattern}|(?<![\w\"])\'(?=[^\']{{2}})")
_CLOSED = re.compile(r"\'(?!\w)")


def quotations(text: str) -> Iterator[Quotation]:
    """Yield what stands between quotation marks in `text`; apostrophes inside words are none."""
    plain = straight(text)
    opening, at = _OPENED, 0
    while match := opening.search(plain, at):
        surface, at = match[1], match.end()
        if surface is None and (closing := _CLOSED.search(plain, at + 2)):
            surface, at = plain[at : closing.start()], closing.end()
        elif surface is None:  # nor is any other behind it closed: they need not be looked at
            opening = _QUOTED
            continue
        if key := " ".join(tokens(surface)):
            yield Quotation(key, surface)


# --- words ---------------------------------------------------------------------------------------------------

_RUN = rf"{CASED}+(?:[{MARKS}]+{CASED}*)*"
_CASELESS_RUN = rf"(?:(?=[{CASELESS}])[^\W_][{MARKS}\u200c\u200d]*)+"
_TOKEN = re.compile(rf"(?:[^\W\d_]\.){{2,}}|{_RUN}(?:['.]{_RUN})*|{_CASELESS_RUN}(?:['.]{_CASELESS_RUN})*")
_BEFORE_A_SENTENCE = frozenset(".!?:;\"'([")
_BEFORE_A_TEXT = " -\"'(["
_LONGEST_KNOWN = 60
"""Characters of a word of which the folded form and the stem are remembered."""


def tokens(text: str) -> list[str]:
    """Folded words of `text`: no case, accents, possessives, or full stops in abbreviations; hyphens part them."""
    return [_key(match[0]) for match in _TOKEN.finditer(straight(text))]


def occurrences(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield every word of `text`: its offset, as written (quotation marks straight), and folded as by `tokens`."""
    for match in _TOKEN.finditer(straight(text)):
        yield match.start(), match[0], _key(match[0])


def _key(word: str) -> str:
    return _known_key(word) if len(word) <= _LONGEST_KNOWN else _known_key.__wrapped__(word)


@lru_cache(maxsize=65536)
def _known_key(word: str) -> str:
    return fold(word.translate(_JOINERS)).removesuffix("'s").replace(".", "").strip("'").replace("'", "")


_JOINERS = {0x200C: None, 0x200D: None}


# Magnitudes, and the endings of ordinals and decades: "21st", "1990s", "1990er Jahre", "1er", "2ème", "5de", "1º".
_COUNTED = re.compile(r"\d+(?:[.,]\d+)*(?:st|nd|rd|th|s|k|m|mn|bn|b|tn|ern?|e|re|ère|ème|de|[ºª])", re.IGNORECASE)


def names(text: str) -> Iterator[Name]:
    """Yield every capitalised word of `text`, and every word of letters and digits together ("R21", "iPhone")."""
    plain = straight(text)
    beginning = len(plain) - len(plain.lstrip(_BEFORE_A_TEXT))
    for match in _TOKEN.finditer(plain):
        word = match[0]
        has_digit = any(c.isdigit() for c in word)
        if has_digit and not any(c.isupper() or c.islower() for c in word):
            continue
        if has_digit and _COUNTED.fullmatch(word):
            continue  # `numbers` has it
        if not (has_digit or any(c.isupper() for c in word)):
            continue
        end = match.start()
        while end and plain[end - 1].isspace():
            end -= 1
        opens = match.start() <= beginning or plain[end - 1 : end] in _BEFORE_A_SENTENCE
        if word in {"I", "A"} or (key := _key(word)) == "":
            continue
        yield Name(key, word, opens)


_ENDINGS = ("ations", "ation", "ments", "ment", "ingly", "edly", "ings", "ing", "ies", "ied", "ers", "ors", "est",
            "ed", "er", "or", "ly", "es", "s", "e", "y")  # fmt: skip


def stem(token: str) -> str:
    """The beginning that a word's forms share, roughly: "voted" and "voting" give one, so do "rose" and "rise"."""
    return _known_stem(token) if len(token) <= _LONGEST_KNOWN else _known_stem.__wrapped__(token)


@lru_cache(maxsize=65536)
def _known_stem(token: str) -> str:
    token = BASE_OF.get(token, token)
    for ending in _ENDINGS:
        if token.endswith(ending) and len(token) - len(ending) >= 3:
            token = token[: -len(ending)]
            break
    if len(token) > 4 and token[-1] == token[-2]:
        token = token[:-1]  # "stopped" -> "stop"
    return token.removesuffix("e") if len(token) > 4 else token


def stems(text: str) -> list[str]:
    """Stems of the words of `text` that carry content, numbers apart; in unspaced scripts, pairs of characters."""
    found: list[str] = []
    for token in tokens(text):
        if len(token) > 2 and _UNSPACED.match(token):
            found += [token[i : i + 2] for i in range(len(token) - 1)]
        elif root := stem_of(token):
            found.append(root)
    return found


def stem_of(token: str) -> str:
    """The stem of a word that carries content; empty for function words, single letters and numbers."""
    return stem(token) if len(token) > 1 and token not in FUNCTION_WORDS and not token[0].isdigit() else ""


_UNSPACED = re.compile(f"[{UNSPACED}]")
