"""Analyses one sentence: its words in order, its stems, its facts and its dates. Pure.

Points and sentences of articles are analysed alike, so that like is compared with like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from briefing.nlp.facts import Name, Quotation, names, occurrences, quotations, stem_of, stems
from briefing.nlp.lexicon import MONTHS, WEEKDAYS
from briefing.nlp.numerals import Number, myriad_numbers, numbers
from briefing.nlp.text import words


@dataclass(frozen=True, slots=True)
class Word:
    """One occurrence of a word."""

    key: str
    """Folded, without possessive."""
    stem: str
    """Empty for a function word or a number."""
    surface: str


@dataclass(frozen=True)
class AnalysedSentence:
    """A sentence whose parts are extracted once, on demand."""

    text: str

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """Every word, in order."""
        return tuple(Word(key, stem_of(key), surface) for _, surface, key in occurrences(self.text))

    @cached_property
    def stems(self) -> frozenset[str]:
        """Stems of the content words."""
        return frozenset(stems(self.text) if not self.text.isascii() else (w.stem for w in self.words if w.stem))

    @cached_property
    def keys(self) -> frozenset[str]:
        """Keys under which a number or name of a point may be found in this sentence."""
        found = {word.key for word in self.words}
        found.update(acronym.casefold() for acronym in initials(self.text))
        for start, end, _ in myriad_numbers(self.text):
            found.difference_update(re.findall(r"\d+", self.text[start:end]))  # "23万" is no 23
        for number in self.numbers:
            found.add(number.key)
            if number.unit != "%":
                # A point may omit a currency, but not add or change one; a percentage is never a count.
                found.add(f"{number.value}")
        for _, month, _ in re.findall(r"\b(\d{4})-(\d\d)-(\d\d)\b", self.text):
            if 1 <= int(month) <= 12:
                found.add(MONTHS[int(month) - 1])
        return frozenset(found)

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Numbers in digits and in words."""
        return tuple(numbers(self.text))

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """Capitalised words."""
        return tuple(names(self.text))

    @cached_property
    def quotations(self) -> tuple[Quotation, ...]:
        """Words between quotation marks."""
        return tuple(quotations(self.text))


def initials(text: str) -> Iterator[str]:
    """Initials of every run of capitalised words: "World Health Organization" gives WHO, and WH and HO."""
    run: list[str] = []
    for word in [*words(text), ""]:
        if word[:1].isupper():
            run.append(word[0])
        elif word in {"of", "the", "and", "for", "on", "in", "to"} and run:
            continue
        else:
            yield from map("".join, windows(run, 6))
            run = []


def windows(items: Sequence[str], longest: int) -> Iterator[Sequence[str]]:
    """Yield every slice of two to `longest` consecutive items."""
    for start in range(len(items)):
        for end in range(start + 2, min(len(items), start + longest) + 1):
            yield items[start:end]


# --- dates ---------------------------------------------------------------------------------------------------

_RELATIVE = {"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1, "overnight": 0}
_MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" for month in MONTHS)
_DATE = re.compile(
    rf"\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+(?P<month>{_MONTH})|"
    rf"(?P<month2>{_MONTH})\.?\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?)\b(?:,?\s+(?P<year>\d{{4}})\b)?",
    re.IGNORECASE,
)
_DAY_WORD = re.compile(rf"\b(?:{'|'.join((*WEEKDAYS, *_RELATIVE))})\b", re.IGNORECASE)


def dated(text: str, published: date) -> frozenset[str]:
    """Keys of the days that `text` names, relative to its publication: weekday, month, day, year, "yesterday".

    "On Tuesday" in a report of Wednesday 18 November 2026 is 17 November 2026, and so is "yesterday".
    """
    found: set[str] = set()
    for day in _days(text, published):
        found |= {WEEKDAYS[day.weekday()], MONTHS[day.month - 1], str(day.day), str(day.year)}
        found |= {word for word, offset in _RELATIVE.items() if day == published + timedelta(days=offset)}
    return frozenset(found)


def _days(text: str, published: date) -> Iterator[date]:
    """Days that `text` names, those with a month only within two weeks of publication."""
    for match in _DAY_WORD.finditer(text):
        word = match[0].casefold()
        if word in _RELATIVE:
            yield published + timedelta(days=_RELATIVE[word])
        else:
            # The last such day up to publication, and the next one: "on Friday" may be either.
            back = (published.weekday() - WEEKDAYS.index(word)) % 7
            yield published - timedelta(days=back)
            yield published + timedelta(days=(7 - back) % 7 or 7)
    for match in _DATE.finditer(text):
        name = (match["month"] or match["month2"])[:3].casefold()
        month = next(i for i, full in enumerate(MONTHS, 1) if full.startswith(name))
        year = int(match["year"]) if match["year"] else published.year
        try:
            day = date(year, month, int(match["day"] or match["day2"]))
        except ValueError:  # 31 June
            continue
        if abs((day - published).days) <= 14:
            yield day
