"""Converts numbers and months of other languages to their English keys: "2,3 Millionen Pfund" is "£2.3m". Pure.

They are the facts by which a point can be compared with an article in another language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from briefing.ground.analysis import AnalysedSentence
from briefing.nlp.lexicon import MAGNITUDES, MONTHS, MONTHS_OF
from briefing.nlp.numerals import Number, numbers
from briefing.nlp.text import fold

_WORD = re.compile(r"[^\W\d_]+")
_KNOWN = "|".join(sorted(map(re.escape, MAGNITUDES), key=len, reverse=True))
_MAGNITUDE = re.compile(
    rf"(?<=\d)(\s?)({_KNOWN})(?![^\W\d_])(?:(?<=mio|mrd|млн|тыс|mln|tys|mld)\.(?=\s))?", re.IGNORECASE
)
_AFTER_MAGNITUDE = re.compile(
    rf"\b(million|billion|trillion|thousand)s?(?: de| di| d['’]|) ?({_KNOWN})\b", re.IGNORECASE
)
_GROUPS = re.compile(r"(?<![\w.,])\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?![\d])")
_DATE_IN_FIGURES = re.compile(r"(?<![\d.])\d{1,2}[./](\d{1,2})[./]\d{2,4}\b")
_PERCENT = re.compile(r"[%％]|cent", re.IGNORECASE)
_ISO_DATE = re.compile(r"\b\d{4}-(\d\d)-\d\d\b")


def plain_figures(text: str) -> str:
    """`text` with the words after digits in English ("2,3 Mio. Euro" as "2,3 million euros") and without spaces between
    groups of digits ("1 200 000").
    """
    joined = _GROUPS.sub(lambda found: re.sub(r"\D", "", found[0]), text)
    scaled = _MAGNITUDE.sub(lambda found: f"{found[1] or ' '}{MAGNITUDES[found[2].casefold()]}", joined)
    return _AFTER_MAGNITUDE.sub(lambda found: f"{found[1]} {MAGNITUDES[found[2].casefold()]}", scaled)


def figures(text: str) -> Iterator[tuple[Number, ...]]:
    """Yield the numbers in digits of `text`, each with all its readings: "1.200" is either 1.2 or 1200.

    Number words are left out: they are known for English only.
    """
    found: dict[int, list[Number]] = {}
    for number in numbers(plain_figures(text)):
        in_digits = any(character.isdigit() for character in number.surface)
        if in_digits and (number.unit != "%" or _PERCENT.search(number.surface)):  # "1 in 5" is 20 % in English only
            found.setdefault(number.start, []).append(number)
    yield from (tuple(readings) for readings in found.values())


def in_english(text: str, language: str) -> frozenset[str]:
    """English keys of the numbers and months of a sentence in `language` (ISO 639-1)."""
    plain = plain_figures(text)
    found = set(AnalysedSentence(plain).keys) if plain != text else set()
    for readings in figures(text):
        found.update(key for number in readings for key in (number.key, f"{number.value}"))
    named = {month for _, month in months(text, language)}
    in_digits = map(int, [*_DATE_IN_FIGURES.findall(text), *_ISO_DATE.findall(text)])
    named |= {month for month in in_digits if 1 <= month <= 12}
    return frozenset(found | {MONTHS[month - 1] for month in named})


def months(text: str, language: str) -> list[tuple[str, int]]:
    """The names of months in `text` with their numbers; empty if those of `language` are unknown."""
    if language == "en":
        text = re.sub(r"\b(?:may|march)\b|^\W*(?:May|March)\b", "", text)  # "it may rain", "March for peace"
    known = MONTHS_OF.get(language, {})
    return [(word, known[fold(word)]) for word in _WORD.findall(text) if fold(word) in known]
