"""Finds where articles of one story disagree: how many died, how much it costs, who or what is blamed.

Pure, without a model; a conflict is shown in the articles' own words. Two articles conflict if both count the same
thing near their beginnings, in sentences about the same matter, and no number of one is compatible with one of the
other. The thing counted is a kind of toll (the dead, the injured, ...) or the noun after the number; money and
percentages are compared only if most of the two sentences is the same. Compatible are "nearly 300" and 295, "at least
12" and 15, "up to 15" and 12, "between 12 and 15" and 13. Blame is compared likewise, by the words after "caused by",
"blamed" etc.

Not seen: attributions other than blame, dates, causes without such words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from briefing.nlp.facts import stems
from briefing.nlp.lexicon import QUALIFIERS
from briefing.nlp.numerals import Number, is_rounding_of, numbers
from briefing.nlp.sentences import sentences
from briefing.nlp.text import Sentence
from briefing.types import Article, Citation, Disagreement, KeyPoint, Verdict

MOST = 2
"""Conflicts shown of one story."""
_READ_SENTENCES = 6
"""Sentences of each article; the rest is background, with numbers of other events."""
_TABLE = 40
"""Numbers above which a sentence is a table, whose numbers have no nouns."""
_SHARED_STEMS = 3
"""Stems that two sentences about the same matter share; two if one is short, for tolls and blame."""
_SHORT = 8
"""Stems of a short sentence."""
_SHARED_RATIO = 0.5
"""Share of the shorter sentence's stems that both have, for other claims than tolls and blame."""
_ABOUT_TOLERANCE = Decimal("0.1")
"""Greatest relative difference of compatible numbers if one is approximate."""

_TOLLS = {
    "dead": r"dead|killed|kill|kills|died|die|deaths?|fatalit(?:y|ies)|lives",
    "injured": r"injur(?:ed|ies)|wounded|hurt",
    "missing": r"missing|unaccounted",
    "arrested": r"arrest(?:ed|s)|detained",
    "displaced": r"evacuated|displaced|homeless",
}
_TOLL = re.compile("|".join(rf"(?P<{kind}>\b(?:{words})\b)" for kind, words in _TOLLS.items()), re.IGNORECASE)
_PEOPLE = frozenset(
    "people person persons men women children others civilians soldiers officers victims protesters".split()  # noqa: SIM905
)
_QUALIFIER = re.compile(
    rf"\b(?:(?P<least>{QUALIFIERS['at_least']}|(?<!no )(?<!not )more than|no (?:fewer|less) than|a minimum of)|"
    rf"(?P<most>{QUALIFIERS['at_most']}|at most|(?<!no )(?:fewer|less) than|as many as|not? more than|a maximum of)|"
    rf"(?P<about>{QUALIFIERS['about']}|{QUALIFIERS['nearly']}))\s+$",
    re.IGNORECASE,
)
"""Before a number."""
_QUALIFIER_BEHIND = re.compile(r"\s+or\s+(?:(?P<least>more)|(?P<most>fewer|less)|(?P<about>so))\b", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween\s+$", re.IGNORECASE)
_SUMMANDS = re.compile(r"\s+(?:[\w-]+\s+){1,2}and\s+")
"""Between two numbers that add up: "three girls and two boys"."""
_DATE = re.compile(r"\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?\s+$", re.IGNORECASE)
_NO_COUNT = re.compile(
    r"one|dozens?|hundreds?|thousands?|millions?|first|second|third|\w+th|\d+(?:st|nd|rd|th)|half|once|twice|double\w*|"
    r"triple\w*|quarter|(?:19|20)\d\d",
    re.IGNORECASE,
)
_TIME_NOUNS = frozenset("year month week day hour minute second time age old a p am pm gmt percent".split())  # noqa: SIM905
_BLAME = re.compile(
    r"\b(?:caused by|triggered by|set off by|blam(?:ed|es|ing)(?: it)?(?: on)?|"
    r"attributed to|responsibility of|carried out by|masterminded by)\s+(?P<what>[^,;:.]{3,60})",
    re.IGNORECASE,
)
_BLAMED_WORDS = 6
"""Words shown after such a phrase."""


@dataclass(frozen=True, slots=True)
class _Count:
    """A number with its qualifier."""

    value: Decimal
    low: Decimal
    """The least that it can mean."""
    high: Decimal
    """The most that it can mean."""
    about: bool = False
    """Whether it is called approximate."""

    def is_compatible(self, other: _Count) -> bool:
        if self.low <= other.high and other.low <= self.high:
            return True
        rounded = is_rounding_of(self.value, other.value, ROUND_HALF_UP)
        if rounded or is_rounding_of(other.value, self.value, ROUND_HALF_UP):
            return True
        difference = abs(self.value - other.value) / max(self.value, other.value)
        return (self.about or other.about) and difference <= _ABOUT_TOLERANCE


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a sentence counts, or whom or what it blames."""

    kind: str
    """A toll, a stem, a unit, or ``blame``."""
    value: _Count | frozenset[str]
    """A number, or the stems of the words after the phrase of blame."""
    index: int
    """Of the sentence."""
    sentence: Sentence
    start: int
    """Of the words that are shown, in the sentence."""
    end: int
    stems: frozenset[str]
    """Of the sentence."""

    def agrees(self, other: _Claim) -> bool:
        if isinstance(self.value, frozenset):
            return isinstance(other.value, frozenset) and bool(self.value & other.value)
        return isinstance(other.value, _Count) and self.value.is_compatible(other.value)

    def is_about_same(self, other: _Claim) -> bool:
        """Whether the sentences are about the same matter."""
        shared = len(self.stems & other.stems)
        shorter = min(len(self.stems), len(other.stems))
        if self.kind in _TOLLS or self.kind == "blame":
            return shared >= (_SHARED_STEMS if shorter > _SHORT else 2)
        return shared >= max(2, _SHARED_RATIO * shorter)

    def shown(self, article: Article) -> KeyPoint:
        """Its words, with their citation."""
        cited = self.sentence
        return KeyPoint(
            text=" ".join(cited.text[self.start : self.end].split()),
            citations=(
                Citation(sentence=self.index, start=cited.start, end=cited.end, text=cited.text, article=article.id),
            ),
            verdict=Verdict.QUOTED,
            rung="quoted",
        )


def disagreements(articles: Sequence[Article]) -> tuple[Disagreement, ...]:
    """Conflicts of `articles`, `MOST` at most, in the order of the first article that has a version."""
    found: list[Disagreement] = []
    claims = [list(_claims(article)) for article in articles]
    settled: set[str] = set()
    for index, own in enumerate(claims):
        for claim in own:
            if claim.kind in settled or len(found) == MOST:
                continue
            versions = [claim.shown(articles[index])]
            for later in range(index + 1, len(articles)):
                rival = _rival(claim, own, claims[later])
                if rival and articles[later].source not in {article.source for article in articles[:later]}:
                    versions.append(rival.shown(articles[later]))
            if len(versions) > 1:
                settled.add(claim.kind)
                found.append(Disagreement(versions=tuple(versions)))
    return tuple(found)


def _rival(claim: _Claim, own: Sequence[_Claim], others: Sequence[_Claim]) -> _Claim | None:
    """The first of `others` that conflicts with `claim`; None if one agrees with a claim of the same kind in `own`."""
    same_kind = [other for other in others if other.kind == claim.kind]
    if any(mine.agrees(other) for mine in own if mine.kind == claim.kind for other in same_kind):
        return None
    return next((other for other in same_kind if claim.is_about_same(other)), None)


def _claims(article: Article) -> Iterator[_Claim]:
    for index, sentence in enumerate(sentences(article.text, article.language, _READ_SENTENCES)):
        text = sentence.text
        if text.isupper() or not text.rstrip("”\"'’").endswith((".", "!", "?")):
            continue  # a heading
        content = frozenset(stems(text))
        for blame in _BLAME.finditer(text):
            words = list(re.finditer(r"\S+", blame["what"]))[:_BLAMED_WORDS]
            end = blame.start("what") + (words[-1].end() if words else 0)
            if blamed := frozenset(stems(text[blame.start("what") : end])):
                yield _Claim("blame", blamed, index, sentence, blame.start(), end, content - blamed)
        for kind, count, start, end in _counts(text):
            yield _Claim(kind, count, index, sentence, start, end, content)


def _counts(text: str) -> Iterator[tuple[str, _Count, int, int]]:
    """What the sentence `text` counts, how many, and the start and end of the words that say so."""
    found = list(numbers(text))
    if len(found) > _TABLE:
        return
    for number in found:
        before = [other for other in found if other.end <= number.start][-2:]  # two: some digits have two readings
        behind = next((other for other in found if other.start >= number.end), None)
        first = next((other for other in reversed(before) if _is_range(text, other, number)), None)
        count, start, end = _qualified(text, number, first)
        if (behind and _is_range(text, number, behind)) or not _is_count(text, number):
            continue
        if before and not first and _are_summands(text[before[-1].end : start]):
            continue
        if counted := _kind(text, number, start, end):
            kind, start, end = counted
            yield kind, count, start, end


def _are_summands(between: str) -> bool:
    """Whether the words between two numbers make them parts of a whole, which are not compared."""
    return bool(_SUMMANDS.fullmatch(between)) and not _TOLL.search(between)


def _is_count(text: str, number: Number) -> bool:
    if number.value <= 0 or (not number.unit and _NO_COUNT.fullmatch(number.surface.strip())):
        return False
    return not _DATE.search(text, 0, number.start) and "quarter" not in number.surface


def _is_range(text: str, first: Number, second: Number) -> bool:
    """Whether they are the ends of a range: "12 to 15", "between 12 and 15"."""
    joint = text[first.end : second.start].strip()
    joined = joint in {"to", "-", "–"} or (joint == "and" and bool(_BETWEEN.search(text, 0, first.start)))
    return joined and first.end <= second.start and first.value < second.value


def _qualified(text: str, number: Number, first: Number | None) -> tuple[_Count, int, int]:
    """`number` with its qualifiers, and where in `text` they start and end. `first`: the other end of its range."""
    value = number.value
    if first:
        between = _BETWEEN.search(text, 0, first.start)
        return _Count(value, first.value, value), between.start() if between else first.start, number.end
    before, behind = _QUALIFIER.search(text, 0, number.start), _QUALIFIER_BEHIND.match(text, number.end)
    kind = (before and before.lastgroup) or (behind and behind.lastgroup)
    count = _Count(
        value,
        low=Decimal(0) if kind == "most" else value,
        high=Decimal("Infinity") if kind == "least" else value,
        about=kind == "about" or "dozen" in number.surface.casefold(),
    )
    return count, before.start() if before else number.start, behind.end() if behind else number.end


def _kind(text: str, number: Number, start: int, end: int) -> tuple[str, int, int] | None:
    """What `number` counts, and the span of the words that say so. `start`, `end`: of number and qualifiers."""
    if number.unit:
        behind = re.match(r"[^\W\d_]*(?:\s+(?:in|for|of)\s+[\w-]+)?", text[end:])
        return number.unit, start, end + (behind.end() if behind else 0)
    if text[end : end + 1] in {"-", ":"}:  # an age, a score, a time
        return None
    noun = re.match(r"\s+(?:(?:other|more)\s+)?([^\W\d_]+)", text[end:])
    has_noun = noun is not None and stems(noun[1])  # "rose to 15 on Monday" has none
    last, name = (end + noun.end(), noun[1].casefold()) if noun and has_noun else (end, "people")
    if {name, name.rstrip("s")} & _TIME_NOUNS:
        return None
    if toll := _toll(text, start, last, name):
        return toll
    if not name.endswith("s"):  # an adjective, as in "four big donors"
        return None
    stem = "" if name in _PEOPLE else (stems(name) or [""])[0]
    return (stem, start, last) if stem and stem not in _TIME_NOUNS else None


def _toll(text: str, start: int, last: int, name: str) -> tuple[str, int, int] | None:
    """The toll of a number at `start` and its noun `name`, which ends at `last`, and the span of the words that say so:
    "15 people were killed", "killed 15".
    """
    clause = re.compile(r"[^,;:.]*").match(text, last)
    after = _TOLL.search(text, start, min(clause.end() if clause else last, last + 40))
    between = text[last : after.start()] if after else ""
    beside = name in _PEOPLE and len(between.split()) <= 1 and between.strip() not in {"and", "but", "or", "while"}
    if after and (after.start() < last or _is_verb(between) or beside):
        return str(after.lastgroup), start, max(last, after.end())
    for before in reversed(list(_TOLL.finditer(text, max(0, start - 60), start))):
        between = text[before.end() : start]
        if re.search(r"[,;:]", between):
            break
        # "The death toll spans five states" counts no dead.
        if name in _PEOPLE if between.startswith(" toll") else len(between) <= 20:
            return str(before.lastgroup), before.start(), last
    return None


def _is_verb(between: str) -> bool:
    """Whether the words between a noun and its toll are no more than a verb: "soldiers were killed"."""
    verb = re.search(r"\b(?:were|was|are|is|had|have|been)\b", between)
    return verb is not None and len(between.split()) <= 3 and not any(numbers(between))
