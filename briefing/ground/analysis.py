"""One sentence, read once: its words in order and its facts.

Pure. A point and a sentence of an article are read alike, so that like is compared with like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from briefing.nlp.east_asian_numerals import myriad_numbers
from briefing.nlp.facts import Name, Number, Quotation, names, numbers, occurrences, quotations, stem_of, stems
from briefing.nlp.lexicon import MONTHS
from briefing.nlp.text import words

__all__ = ["AnalysedSentence", "Word", "initials", "key_of", "keys"]


@dataclass(frozen=True, slots=True)
class Word:
    """A word where it stands."""

    key: str
    """Folded, without possessive."""
    stem: str
    """Its stem; empty for a function word or a number."""
    surface: str


@dataclass(frozen=True)
class AnalysedSentence:
    """A sentence and what is in it."""

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
        """Everything that a number or a name of a point may be found by."""
        return keys(self)

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
        """What stands between quotation marks."""
        return tuple(quotations(self.text))


def key_of(number: Number) -> str:
    """What a number is looked up by: its value and its unit."""
    return f"{number.value} {number.unit}".rstrip()


def keys(reading: AnalysedSentence) -> frozenset[str]:
    """Everything in a sentence that a number or a name of a point may be found by."""
    found = {word.key for word in reading.words}
    found.update(run.casefold() for run in initials(reading.text))
    for start, end, _ in myriad_numbers(reading.text):
        found.difference_update(re.findall(r"\d+", reading.text[start:end]))  # "23万" is no 23
    for number in reading.numbers:
        found.add(key_of(number))
        if number.unit != "%":
            # A point may leave a currency away, but not add or change one; a share is never a count.
            found.add(f"{number.value}")
    for _, month, _ in re.findall(r"\b(\d{4})-(\d\d)-(\d\d)\b", reading.text):
        if 1 <= int(month) <= 12:
            found.add(MONTHS[int(month) - 1])
    return frozenset(found)


def initials(text: str) -> Iterable[str]:
    """Initials of every run of capitalised words: "World Health Organization" gives WHO."""
    run: list[str] = []
    for word in [*words(text), ""]:
        if word[:1].isupper():
            run.append(word[0])
        elif word in {"of", "the", "and", "for", "on", "in", "to"} and run:
            continue
        else:
            for start in range(len(run)):
                for end in range(start + 2, min(len(run), start + 6) + 1):
                    yield "".join(run[start:end])
            run = []
