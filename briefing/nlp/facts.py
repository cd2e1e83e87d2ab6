"""Extracts names, quotations, tokens and stems from text. Pure. Numbers: `numerals`.

Not here: comparing facts of a key point with those of an article (`ground`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, wraps

from briefing.nlp.lexicon import BASE_OF, FUNCTION_WORDS
from briefing.nlp.text import CASED, CASELESS, MARKS, UNSPACED, UNSPACED_ALPHABETS, fold, straight


@dataclass(frozen=True, slots=True)
class Name:
    """A capitalised word, or one with digits in it ("R21", "COVID-19")."""

    key: str
    """Folded, without possessive and full stops: ``us`` for "U.S.'s"."""
    surface: str
    opens: bool
    """Whether it opens a sentence, where any word is capitalised."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words between quotation marks."""

    key: str
    """Its tokens, joined by spaces."""
    surface: str


# --- quotations ----------------------------------------------------------------------------------------------

_QUOTED = re.compile(r'"([^"]{2,})"')
_OPENED = re.compile(rf"{_QUOTED.pattern}|(?<![\w\"])\'(?=[^\']{{2}})")
_CLOSED = re.compile(r"\'(?!\w)")


def quotations(text: str) -> Iterator[Quotation]:
    """Yield the quotations of `text`; apostrophes inside words open none."""
    plain = straight(text)
    opening, at = _OPENED, 0
    while match := opening.search(plain, at):
        surface, at = match[1], match.end()
        if surface is None and (closing := _CLOSED.search(plain, at + 2)):
            surface, at = plain[at : closing.start()], closing.end()
        elif surface is None:  # no later single mark is closed either: only double ones are searched from here
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
_LONGEST_CACHED = 60
"""Characters; keys and stems of longer words are not cached."""


def _cached(function: Callable[[str], str]) -> Callable[[str], str]:
    """Cache a function of a word for words of usual length."""
    cached = lru_cache(maxsize=65536)(function)
    return wraps(function)(lambda word: cached(word) if len(word) <= _LONGEST_CACHED else function(word))


def tokens(text: str) -> list[str]:
    """Folded words of `text`, without possessives and full stops in abbreviations; hyphens separate words."""
    return [_key(match[0]) for match in _TOKEN.finditer(straight(text))]


def occurrences(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield every word of `text`: its offset, its surface (with straight quotation marks), its token."""
    for match in _TOKEN.finditer(straight(text)):
        yield match.start(), match[0], _key(match[0])


@_cached
def _key(word: str) -> str:
    return fold(word.translate(_JOINERS)).removesuffix("'s").replace(".", "").strip("'").replace("'", "")


_JOINERS = {0x200C: None, 0x200D: None}


# Digits with a magnitude or an ending of ordinals or decades: "21st", "1990s", "1990er", "1er", "2ème", "5de", "1º".
_COUNTED = re.compile(r"\d+(?:[.,]\d+)*(?:st|nd|rd|th|s|k|m|mn|bn|b|tn|ern?|e|re|ère|ème|de|[ºª])", re.IGNORECASE)


def names(text: str) -> Iterator[Name]:
    """Yield every capitalised word of `text`, and every word of letters and digits together ("R21", "iPhone")."""
    plain = straight(text)
    beginning = len(plain) - len(plain.lstrip(_BEFORE_A_TEXT))
    for match in _TOKEN.finditer(plain):
        word = match[0]
        if any(c.isdigit() for c in word):
            if _COUNTED.fullmatch(word) or not any(c.isupper() or c.islower() for c in word):
                continue  # `numbers` has it
        elif word in {"I", "A"} or not any(c.isupper() for c in word):
            continue
        end = match.start()
        while end and plain[end - 1].isspace():
            end -= 1
        opens = match.start() <= beginning or plain[end - 1 : end] in _BEFORE_A_SENTENCE
        if key := _key(word):
            yield Name(key, word, opens)


_ENDINGS = ("ations", "ation", "ments", "ment", "ingly", "edly", "ings", "ing", "ies", "ied", "ers", "ors", "est",
            "ed", "er", "or", "ly", "es", "s", "e", "y")  # fmt: skip


@_cached
def stem(token: str) -> str:
    """Approximate stem, the prefix that inflections share: "voted" and "voting" have one, so have "rose" and "rise"."""
    token = BASE_OF.get(token, token)
    for ending in _ENDINGS:
        if token.endswith(ending) and len(token) - len(ending) >= 3:
            token = token[: -len(ending)]
            break
    if len(token) > 4 and token[-1] == token[-2]:
        token = token[:-1]  # "stopped" -> "stop"
    return token.removesuffix("e") if len(token) > 4 else token


def stems(text: str) -> list[str]:
    """Stems of the content words of `text`, without numbers; in scripts without blanks between words, all sequences of
    two Chinese characters or kana, or of four letters: any two Thai texts share half of their pairs of letters.
    """
    found: list[str] = []
    for token in tokens(text):
        size = 4 if _ALPHABETIC.match(token) else 2
        if len(token) > size and _UNSPACED.match(token):
            found += [token[i : i + size] for i in range(len(token) - size + 1)]
        elif root := stem_of(token):
            found.append(root)
    return found


def stem_of(token: str) -> str:
    """The stem of a content word; empty for function words, single letters and numbers."""
    return stem(token) if len(token) > 1 and token not in FUNCTION_WORDS and not token[0].isdigit() else ""


_UNSPACED = re.compile(f"[{UNSPACED}]")
_ALPHABETIC = re.compile(f"[{UNSPACED_ALPHABETS}]")
