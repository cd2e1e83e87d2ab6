"""Gives a person's full name where a key point has only the surname, which the article introduced earlier. Pure.

A reader of the points alone has not met "Weston", whom the article called "David Weston, a Microsoft vice-president" in
a sentence that no point tells. English only; by surface: a word is taken for a surname where the article has it behind
one given name only, never in lower case or behind "Mrs" or the like (who may be another of the family), and besides
alone as a speaker's, or nowhere alone but with an apposition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from briefing.ground import Evidence, check
from briefing.nlp.lexicon import DAYS_AND_MONTHS, FUNCTION_WORDS
from briefing.nlp.text import straight, word_count
from briefing.summariser.parsing import LONGEST_POINT
from briefing.types import KeyPoint, Verdict

_NAME = r"[A-Z][\w'-]{1,40}"
_ALONE = re.compile(rf"\b{_NAME}")
_GIVEN = re.compile(r"(?:(?<![\w.'-])(?:[A-Z][\w-]{1,40}|[A-Z]\.)[ ]){1,4}\Z")
"""One to four capitalised words or initials at the end of a text, with the blank behind them."""
_LONGEST_RUN = 200
"""Characters before a surname that are looked at."""
_MANY = 3
"""Words before a surname that are a name with an office, or something else."""
_OFFICE = re.compile(r"\b(?:Minister|President|Secretary|Chancellor|Justice|Judge|Officer|Executive|General|Leader)\b")
_FIRST = re.compile(r"\b[A-Z][\w.'-]{0,40}[ -]\Z")
_TOWARDS = re.compile(r"\b(?:to|for|of|in|at|from|with) \Z")
_CONTINUED = re.compile(r"[ -][A-Z]")
"""What makes a word the end, or the beginning, of a longer name."""
_COURTESY = frozenset({"mr", "mrs", "ms", "miss", "dr", "sir", "dame", "lord", "lady", "prof", "professor"})
_SPEECH = r"(?:said|says|told|added|wrote|tweeted|argued|explained|warned|insisted|admitted|denied|thinks|believes)"
_APPOSITION = re.compile(r", (?:an?|the|who|whose|aged|its|his|her|their|\d{1,3})\b")
_PLACED = re.compile(r"\b(?:in|at|near|across|around|outside|inside|to|from|the) \Z", re.IGNORECASE)
"""What stands before a place or a club rather than a person."""
_MOST_TOGETHER = 3
"""Citations of a point, the introduction's included."""


@dataclass(frozen=True, slots=True)
class _Introduction:
    full: str
    """With an office or second name, if any."""
    name: str
    """Given name and surname."""
    sentence: int


def introduced(points: Sequence[KeyPoint], headline: str, evidence: Evidence) -> list[KeyPoint]:
    """`points` with a person's full name at the first mention in them, and the sentence that has it cited.

    Quotations stay as they are. A point that would be too long or would not hold against the article stays as well.
    """
    told = straight(headline)
    found: list[KeyPoint] = []
    for point in points:
        found.append(point if point.verdict is Verdict.QUOTED else _with_full_names(point, told, evidence))
        told += f" {straight(found[-1].text)}"
    return found


def _with_full_names(point: KeyPoint, told: str, evidence: Evidence) -> KeyPoint:
    for surname in dict.fromkeys(name for name, _ in _lone_names(straight(point.text))):
        introduction = _introduction(surname, evidence)
        if introduction and introduction.name not in f"{told} {straight(point.text)}":
            point = _expanded(point, surname, introduction, evidence)
    return point


def _lone_names(text: str) -> Iterator[tuple[str, int]]:
    """Capitalised words with no other beside them, without a possessive's ending, and their offsets."""
    for match in _ALONE.finditer(text):
        surname = match[0].removesuffix("'s").rstrip("'-")
        before, end = text[max(0, match.start() - _LONGEST_RUN) : match.start()], match.start() + len(surname)
        if (
            not _FIRST.search(before)
            and not _CONTINUED.match(text, end)
            and before[-1:] in {"", " ", "("}
            and not _PLACED.search(before)
        ):
            yield surname, match.start()


def _introduction(surname: str, evidence: Evidence) -> _Introduction | None:
    """How the article introduces a person; None where it does not, or where the word may be something else."""
    if surname.casefold() in evidence.lower_words:
        return None
    word = re.compile(rf"(?<![\w'-]){re.escape(surname)}(?![\w-])")
    given: set[str] = set()
    first: _Introduction | None = None
    seen = person = alone = apposed = False
    for index, sentence in enumerate(evidence.sentences):
        if index in evidence.injections:
            continue
        text = straight(sentence.text)
        for match in word.finditer(text):
            if _CONTINUED.match(text, match.end()):
                return None  # part of a longer name
            before = text[max(0, match.start() - _LONGEST_RUN) : match.start()]
            names = _GIVEN.search(before)
            opens = names is not None and not before[: names.start()].strip("\"'( ")
            words = _without_opening(names[0].split() if names else [], opens, evidence)
            several = len(words) > 1 and not _OFFICE.search(" ".join(words))
            if several and (len(words) >= _MANY or (names and _TOWARDS.search(before, 0, names.start()))):
                return None  # "the envoy to Ukraine Kurt Volker"
            if words and words[-1].rstrip(".").casefold() in _COURTESY:
                return None
            if words:
                given.add(words[-1])
                if len(given) > 1:
                    return None
                apposed = apposed or bool(_APPOSITION.match(text, match.end()))
                if not seen:
                    first = _Introduction(" ".join([*words, surname]), f"{words[-1]} {surname}", index)
            else:
                alone = True
                person = person or (not surname.endswith("s") and _speaks(text, match.start(), match.end()))
            seen = True
    return first if person or (apposed and not alone) else None


def _speaks(text: str, start: int, end: int) -> bool:
    """Whether the word there is a speaker's name: `Weston said`, `", said Weston`."""
    after, before = text[end : end + 40], text[max(0, start - 40) : start]
    return bool(re.match(rf",? (?:also |later |has |had )?{_SPEECH}\b", after)) or bool(
        re.search(rf"[\"',] {_SPEECH} \Z", before)
    )


def _without_opening(words: Sequence[str], opens: bool, evidence: Evidence) -> Sequence[str]:
    """`words` before a surname without a day, and without one that is capitalised only because it opens a sentence.

    `opens`: whether the first one does.
    """
    if opens and words and (words[0].casefold() in evidence.lower_words or words[0].casefold() in FUNCTION_WORDS):
        words = words[1:]
    return words[1:] if words and words[0].casefold() in DAYS_AND_MONTHS else words


def _expanded(point: KeyPoint, surname: str, introduction: _Introduction, evidence: Evidence) -> KeyPoint:
    start = next(start for name, start in _lone_names(straight(point.text)) if name == surname)
    text = f"{point.text[:start]}{introduction.full}{point.text[start + len(surname) :]}"
    if word_count(text) > LONGEST_POINT or check(text, evidence).missing:
        return point
    citations = point.citations
    if all(introduction.full not in straight(citation.text) for citation in citations):
        if len(citations) >= _MOST_TOGETHER:
            return point
        citations = tuple(sorted((*citations, evidence.cite(introduction.sentence)), key=lambda one: one.sentence))
    return replace(point, text=text, citations=citations)
