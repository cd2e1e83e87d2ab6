"""An article, prepared once for looking points up in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from briefing.ground.analysis import AnalysedSentence, initials
from briefing.ground.calendar import dated
from briefing.ground.localised_numbers import figures, in_english
from briefing.nlp.facts import Name, Number, stem_of, tokens
from briefing.nlp.text import Sentence, fold, sentences
from briefing.types import Citation

__all__ = ["Evidence", "sentence_key"]


@dataclass(frozen=True)
class Evidence:
    """An article's text, prepared for looking points up in it. Facts that only the title holds count as well."""

    text: str
    title: str = ""
    language: str = "en"
    published: date | None = None
    """The day "today" and "Tuesday" are reckoned from; without it they are words like others."""

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The text's sentences; a citation's index counts these."""
        return sentences(self.text)

    def contains(self, words: Sequence[str]) -> bool:
        """Whether these folded words (`facts.tokens`) stand in the text in a row."""
        return f" {' '.join(words)} " in self._folded

    @cached_property
    def injections(self) -> frozenset[int]:
        """Indices of sentences that give a model orders. They are evidence of nothing: a model that obeyed would find
        its words in them."""
        return frozenset(i for i, sentence in enumerate(self.sentences) if _ORDER.search(sentence.text))

    @cached_property
    def analysed(self) -> tuple[AnalysedSentence, ...]:
        """The sentences, read; one that gives orders reads as empty."""
        return tuple(AnalysedSentence("" if i in self.injections else s.text) for i, s in enumerate(self.sentences))

    @cached_property
    def analysed_title(self) -> AnalysedSentence:
        """The title, read."""
        return AnalysedSentence(self.title)

    @cached_property
    def sentence_keys(self) -> tuple[frozenset[str], ...]:
        """What a number or a name may be found by, sentence by sentence; dates as reckoned from publication too."""
        return tuple(r.keys | dated(r.text, self.published) if self.published else r.keys for r in self.analysed)

    @cached_property
    def translated_keys(self) -> tuple[frozenset[str], ...]:
        """The same for points in other languages: numbers and months in English whatever the text's language.

        "It may rain" and "they march" are in no month.
        """
        return tuple(
            reading.keys - _ALSO_WORDS
            | (dated(reading.text, self.published) if self.published else frozenset())
            | in_english(reading.text, self.language)
            for reading in self.analysed
        )

    @cached_property
    def translated_title_keys(self) -> frozenset[str]:
        """Likewise for the title."""
        return self.analysed_title.keys | in_english(self.title, self.language)

    @cached_property
    def all_translated_keys(self) -> frozenset[str]:
        """The same for the text and the title together: only the whole text has "3. Mai" or "2,3 Mio. Euro" where a
        sentence was cut in it."""
        parts = frozenset().union(*self.translated_keys, self.translated_title_keys)
        return parts | in_english(self.text, self.language)

    @cached_property
    def figures(self) -> tuple[Number, ...]:
        """Every number in digits of the text and the title, whatever their language, in all its readings; once each, by
        value."""
        return _by_value(number for readings in figures(f"{self.text}\n{self.title}") for number in readings)

    @cached_property
    def names_by_sentence(self) -> tuple[frozenset[str], ...]:
        """Sentence by sentence, its names and acronyms: what another language writes alike, as words are not.

        A word that opens a sentence is a name where the text has it with a capital inside one too, or never without.
        """
        return tuple(self._named(reading) for reading in self.analysed)

    @cached_property
    def names_in_title(self) -> frozenset[str]:
        """The same of the title, in which any word may have a capital."""
        return self._named(self.analysed_title)

    def _named(self, reading: AnalysedSentence) -> frozenset[str]:
        known, words = self._written
        found = {
            name.key
            for name in reading.names
            if name.key in known or _in_capitals(name) or (name.key not in words and stem_of(name.key))
        }
        return frozenset(found | {run.casefold() for run in initials(reading.text)})

    @cached_property
    def _written(self) -> tuple[frozenset[str], frozenset[str]]:
        """The keys of what the text has with a capital inside a sentence, or in capitals; and of its other words."""
        names = [name for reading in self.analysed for name in reading.names]
        known = {name.key for name in names if not name.opens or _in_capitals(name)}
        words = {word.key for reading in self.analysed for word in reading.words if word.surface.islower()}
        return frozenset(known), frozenset(words)

    @cached_property
    def all_keys(self) -> frozenset[str]:
        """Every key of the text and the title."""
        return frozenset().union(*self.sentence_keys, self.analysed_title.keys)

    @cached_property
    def stems(self) -> frozenset[str]:
        """Every stem of the text and the title."""
        return frozenset().union(*(r.stems for r in self.analysed), self.analysed_title.stems)

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Every number of the text and the title, once each, by value."""
        return _by_value(number for r in (*self.analysed, self.analysed_title) for number in r.numbers)

    @cached_property
    def sentence_index(self) -> dict[str, int]:
        """Every sentence as `sentence_key` has it, and where it stands first; those that give orders are left out."""
        found: dict[str, int] = {}
        for index, reading in enumerate(self.analysed):
            if reading.text:
                found.setdefault(sentence_key(reading.text), index)
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
    def _folded(self) -> str:
        inside = " ".join(word.key for r in self.analysed for word in r.words)
        hidden = " ".join(" ".join(tokens(self.sentences[i].text)) for i in sorted(self.injections))
        return f" {inside} | {' '.join(w.key for w in self.analysed_title.words)} | {hidden} "

    def cite(self, index: int) -> Citation:
        """The citation of one sentence."""
        found = self.sentences[index]
        return Citation(sentence=index, start=found.start, end=found.end, text=found.text)


def _by_value(numbers: Iterable[Number]) -> tuple[Number, ...]:
    return tuple(sorted({(one.value, one.unit): one for one in numbers}.values(), key=lambda one: one.value))


def _in_capitals(name: Name) -> bool:
    return name.surface.isupper() and len(name.key) > 1


def sentence_key(text: str) -> str:
    """A sentence for telling whether two are one: folded, single blanks, no full stop at its end."""
    return " ".join(fold(text).split()).rstrip(".")


_ALSO_WORDS = frozenset({"may", "march"})

_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|prompts?|rules|guidelines|directions)\b|"
    r"\byou are (?:now|no longer)\b|\b(?:system|developer) (?:prompt|message|instructions?)\b|"
    r"\b(?:as an|you are an?) (?:ai|assistant|language model|chatbot)\b|"
    r"^\W*(?:please )?(?:print|output|respond|reply|answer|say|write|repeat)\b.{0,20}"
    r"\b(?:only|exactly|with|the words?)\b",
    re.IGNORECASE,
)
