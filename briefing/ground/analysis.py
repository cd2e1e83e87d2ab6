"""Analyses one sentence: its words in order, its stems and its facts. Pure.

Points and sentences of articles are analysed alike, so that like is compared with like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from briefing.nlp.facts import Name, Number, Quotation, names, numbers, occurrences, quotations, stem_of, stems
from briefing.nlp.lexicon import MONTHS
from briefing.nlp.numerals import myriad_numbers
from briefing.nlp.text import words

__all__ = ["AnalysedSentence", "Word", "initials", "windows"]


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
    """A sentence; what is in it is extracted once, on demand."""

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
