"""An article, analysed once for checking points against it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from briefing.ground.analysis import AnalysedSentence, dated, initials
from briefing.ground.localised_numbers import figures, in_english
from briefing.nlp.facts import Name, stem_of, tokens
from briefing.nlp.numerals import Number
from briefing.nlp.sentences import sentences
from briefing.nlp.text import Sentence, fold
from briefing.types import Citation


@dataclass(frozen=True)
class Evidence:
    """An article's text, analysed on demand; facts that only the title holds count as well.

    "Translated" keys are for points in another language than the article's.
    """

    text: str
    title: str = ""
    language: str = "en"
    published: date | None = None
    """Date to which "today" and "Tuesday" are relative; without it they are ordinary words."""

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The text's sentences; citations refer to their indices."""
        return sentences(self.text, self.language)

    def contains(self, words: Sequence[str]) -> bool:
        """Whether these `facts.tokens` stand in the text in a row."""
        return f" {' '.join(words)} " in self._all_tokens

    @cached_property
    def injections(self) -> frozenset[int]:
        """Indices of sentences that give orders to a model (prompt injection). They are no evidence: they would support
        a model that obeyed."""
        return frozenset(i for i, sentence in enumerate(self.sentences) if _INJECTION.search(sentence.text))

    @cached_property
    def analysed(self) -> tuple[AnalysedSentence, ...]:
        """The sentences, analysed; injections as empty ones."""
        return tuple(AnalysedSentence("" if i in self.injections else s.text) for i, s in enumerate(self.sentences))

    @cached_property
    def analysed_title(self) -> AnalysedSentence:
        """The title, analysed."""
        return AnalysedSentence(self.title)

    def _dated(self, text: str) -> frozenset[str]:
        return dated(text, self.published) if self.published else frozenset()

    @cached_property
    def sentence_keys(self) -> tuple[frozenset[str], ...]:
        """Keys of numbers, names and dates, by sentence."""
        return tuple(sentence.keys | self._dated(sentence.text) for sentence in self.analysed)

    @cached_property
    def all_keys(self) -> frozenset[str]:
        """Every key of the text and the title."""
        return frozenset().union(*self.sentence_keys, self.analysed_title.keys)

    @cached_property
    def translated_keys(self) -> tuple[frozenset[str], ...]:
        """Keys with English numbers and months, whatever the text's language, by sentence.

        Without "may" and "march": in "it may rain" and "they march" they are no months.
        """
        return tuple(
            sentence.keys - _AMBIGUOUS_MONTHS | self._dated(sentence.text) | in_english(sentence.text, self.language)
            for sentence in self.analysed
        )

    @cached_property
    def translated_title_keys(self) -> frozenset[str]:
        """The same for the title."""
        return self.analysed_title.keys | in_english(self.title, self.language)

    @cached_property
    def all_translated_keys(self) -> frozenset[str]:
        """The same for text and title; only the whole text has "3. Mai" or "2,3 Mio. Euro" where a sentence was split
        inside them."""
        parts = frozenset().union(*self.translated_keys, self.translated_title_keys)
        return parts | in_english(self.text, self.language)

    @cached_property
    def figures(self) -> tuple[Number, ...]:
        """Every number in digits of text and title, in all readings, whatever the language; unique, by value."""
        return _by_value(number for readings in figures(f"{self.text}\n{self.title}") for number in readings)

    @cached_property
    def names_by_sentence(self) -> tuple[frozenset[str], ...]:
        """Keys of names and acronyms, which other languages write alike, by sentence.

        A word that opens a sentence is a name if the text has it capitalised inside a sentence, or never in lower case.
        """
        return tuple(self._names(sentence) for sentence in self.analysed)

    @cached_property
    def names_in_title(self) -> frozenset[str]:
        """The same of the title, in which any word may be capitalised."""
        return self._names(self.analysed_title)

    def _names(self, sentence: AnalysedSentence) -> frozenset[str]:
        names, words = self._names_and_words
        found = {
            name.key
            for name in sentence.names
            if name.key in names or _in_capitals(name) or (name.key not in words and stem_of(name.key))
        }
        return frozenset(found | {acronym.casefold() for acronym in initials(sentence.text)})

    @cached_property
    def lower_words(self) -> frozenset[str]:
        """Keys of words that the text has in lower case."""
        return frozenset(word.key for sentence in self.analysed for word in sentence.words if word.surface.islower())

    @cached_property
    def _names_and_words(self) -> tuple[frozenset[str], frozenset[str]]:
        """Keys of words that are capitalised inside a sentence, or in capitals; and of words in lower case."""
        names = [name for sentence in self.analysed for name in sentence.names]
        return frozenset(name.key for name in names if not name.opens or _in_capitals(name)), self.lower_words

    @cached_property
    def stems(self) -> frozenset[str]:
        """Every stem of the text and the title."""
        return frozenset().union(*(sentence.stems for sentence in self.analysed), self.analysed_title.stems)

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Every number of the text and the title; unique, by value."""
        return _by_value(number for sentence in (*self.analysed, self.analysed_title) for number in sentence.numbers)

    @cached_property
    def sentence_index(self) -> dict[str, int]:
        """Index of the first sentence with each `sentence_key`, without injections."""
        found: dict[str, int] = {}
        for index, sentence in enumerate(self.analysed):
            if sentence.text:
                found.setdefault(sentence_key(sentence.text), index)
        return found

    @cached_property
    def acronyms(self) -> frozenset[str]:
        """Initials of every run of capitalised words: "World Health Organization" gives WHO."""
        return frozenset(initials(self.text)) | frozenset(initials(self.title))

    @cached_property
    def unstopped(self) -> str:
        """The text without full stops, where "U.N." is "UN"."""
        return self.text.replace(".", "")

    @cached_property
    def _all_tokens(self) -> str:
        inside = " ".join(word.key for sentence in self.analysed for word in sentence.words)
        hidden = " ".join(" ".join(tokens(self.sentences[i].text)) for i in sorted(self.injections))
        return f" {inside} | {' '.join(word.key for word in self.analysed_title.words)} | {hidden} "

    def cite(self, index: int) -> Citation:
        """The citation of one sentence."""
        found = self.sentences[index]
        return Citation(sentence=index, start=found.start, end=found.end, text=found.text)


def _by_value(numbers: Iterable[Number]) -> tuple[Number, ...]:
    unique = {(number.value, number.unit): number for number in numbers}
    return tuple(sorted(unique.values(), key=lambda number: number.value))


def _in_capitals(name: Name) -> bool:
    return name.surface.isupper() and len(name.key) > 1


def sentence_key(text: str) -> str:
    """Key under which equal sentences are found: folded, single spaces, no full stop at the end."""
    return " ".join(fold(text).split()).rstrip(".")


_AMBIGUOUS_MONTHS = frozenset({"may", "march"})

_INJECTION = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|prompts?|rules|guidelines|directions)\b|"
    r"\byou are (?:now|no longer)\b|\b(?:system|developer) (?:prompt|message|instructions?)\b|"
    r"\b(?:as an|you are an?) (?:ai|assistant|language model|chatbot)\b|"
    r"^\W*(?:please )?(?:print|output|respond|reply|answer|say|write|repeat)\b.{0,20}"
    r"\b(?:only|exactly|with|the words?)\b",
    re.IGNORECASE,
)
