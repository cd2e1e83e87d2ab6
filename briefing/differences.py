"""Where the articles of one story do not say the same: how many died, how much it costs, how the vote went.

Pure, and no model: a difference is shown in the articles' own words. Two articles differ where both count the same
thing near their beginnings, in sentences that speak of the same matter, and no number of one is a number of the other.
The thing counted is a kind of toll (the dead, the injured, ...) or the noun that follows the number; sums of money and
shares are compared only where most of the two sentences is the same. Rounded numbers ("nearly 300" and 295) agree.

What it does not see: who is blamed, who said what, dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from briefing.facts import numbers, stems
from briefing.text import sentences
from briefing.types import Article, Citation, Disagreement, KeyPoint, Verdict

__all__ = ["MOST", "disagreements"]

MOST = 2
"""Differences shown of one story."""
_READ = 12
"""Sentences of each article: what follows is background, with numbers of other events."""
_IN_COMMON = 2
"""Content words that two sentences share besides what is counted."""
_ALIKE = 0.5
"""Share of the shorter sentence's content words that both have, where nothing else says that the same is counted."""
_ROUNDED = Decimal("0.1")
"""By how much numbers may differ that are called approximate."""

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
    r"(?:at least|at most|more than|fewer than|less than|as many as|up to|nearly|almost|about|around|over|under|some|"
    r"roughly|approximately)\s+$",
    re.IGNORECASE,
)
_NO_COUNT = re.compile(
    r"one|dozens?|hundreds?|thousands?|millions?|first|second|third|\w+th|\d+(?:st|nd|rd|th)|half|once|twice|double\w*|"
    r"triple\w*|quarter|(?:19|20)\d\d",
    re.IGNORECASE,
)
_TIMES = frozenset("year month week day hour minute second time age old am pm gmt percent".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class _Count:
    """One number in a sentence and what it counts."""

    kind: str
    value: Decimal
    rounded: bool
    index: int
    start: int
    """Of the words that are shown, in the article's text; end likewise."""
    end: int
    around: frozenset[str]
    """Content words of the sentence."""


def disagreements(articles: Sequence[Article]) -> tuple[Disagreement, ...]:
    """What `articles` differ on, `MOST` at most, in the order of the first article that says it."""
    found: list[Disagreement] = []
    read = [list(_counts(article)) for article in articles]
    settled: set[str] = set()
    for place, counts in enumerate(read):
        for count in counts:
            if count.kind in settled or len(found) == MOST:
                continue
            versions = [_version(articles[place], count)]
            for other in range(place + 1, len(read)):
                rival = _rival(count, counts, read[other])
                if rival and articles[other].source not in {a.source for a in articles[:other]}:
                    versions.append(_version(articles[other], rival))
            if len(versions) > 1:
                settled.add(count.kind)
                found.append(Disagreement(versions=tuple(versions)))
    return tuple(found)


def _rival(count: _Count, beside: Sequence[_Count], others: Sequence[_Count]) -> _Count | None:
    """The first of `others` that counts the same and comes to something else; None where any of them agrees."""
    mine = [one for one in beside if one.kind == count.kind]
    theirs = [one for one in others if one.kind == count.kind]
    if any(_agree(one, other) for one in mine for other in theirs):
        return None
    return next((other for other in theirs if _same_matter(count, other)), None)


def _agree(one: _Count, other: _Count) -> bool:
    if one.value == other.value or _rounds_to(one.value, other.value) or _rounds_to(other.value, one.value):
        return True
    apart = abs(one.value - other.value) / max(one.value, other.value)
    return (one.rounded or other.rounded) and apart <= _ROUNDED


def _rounds_to(exact: Decimal, round_: Decimal) -> bool:
    """Whether `round_` is `exact` with fewer digits, two at least: 7.68 and 7.7 billion."""
    digits = len(round_.normalize().as_tuple().digits)
    return digits >= 2 and Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(exact) == round_


def _same_matter(one: _Count, other: _Count) -> bool:
    shared = len(one.around & other.around)
    if one.kind in _TOLLS:
        return shared >= _IN_COMMON
    return shared >= max(_IN_COMMON, _ALIKE * min(len(one.around), len(other.around)))


def _counts(article: Article) -> Iterator[_Count]:
    for index, sentence in enumerate(sentences(article.text)[:_READ]):
        around = frozenset(stems(sentence.text))
        searched = 0
        for number in numbers(sentence.text):
            start = sentence.text.find(number.surface, searched)
            if start < 0:
                continue
            searched = start + len(number.surface)
            if number.value <= 0 or (not number.unit and _NO_COUNT.fullmatch(number.surface.strip())):
                continue
            qualifier = _QUALIFIER.search(sentence.text, 0, start)
            begin = qualifier.start() if qualifier else start
            found = _kind(sentence.text, number.unit, begin, searched)
            if found:
                kind, low, high = found
                yield _Count(
                    kind,
                    number.value,
                    qualifier is not None,
                    index,
                    sentence.start + low,
                    sentence.start + high,
                    around,
                )


def _kind(text: str, unit: str, begin: int, end: int) -> tuple[str, int, int] | None:
    """What is counted, and where in the sentence `text` the words that say so begin and end."""
    if unit:
        behind = re.match(r"[^\W\d_]*(?:\s+(?:in|for|of)\s+[\w-]+)?", text[end:])
        return unit, begin, end + (behind.end() if behind else 0)
    if text[end : end + 1] == "-":  # an age or a score
        return None
    noun = re.match(r"\s+(?:(?:other|more)\s+)?([^\W\d_]+)", text[end:])
    counts = noun is not None and stems(noun[1])  # "rose to 15 on Monday" names none
    last, name = (end + noun.end(), noun[1].casefold()) if noun and counts else (end, "people")
    if toll := _toll(text, begin, last, name):
        return toll
    root = "" if name in _PEOPLE else (stems(name) or [""])[0]
    return (root, begin, last) if root and not {root, name, name.rstrip("s")} & _TIMES else None


def _toll(text: str, begin: int, last: int, name: str) -> tuple[str, int, int] | None:
    """The toll that a number and its noun, which end at `last`, belong to: "15 people were killed", "killed 15"."""
    clause = re.compile(r"[^,;:.]*").match(text, last)
    after = _TOLL.search(text, begin, min(clause.end() if clause else last, last + 40))
    if after and (name in _PEOPLE or after.start() < last or _are(text[last : after.start()])):
        return str(after.lastgroup), begin, max(last, after.end())
    for before in reversed(list(_TOLL.finditer(text, max(0, begin - 60), begin))):
        between = text[before.end() : begin]
        if re.search(r"[,;:]", between):
            break
        if len(between) <= 20 or between.startswith(" toll"):
            return str(before.lastgroup), before.start(), last
    return None


def _are(between: str) -> bool:
    """Whether the words between a noun and what became of it are nothing but a verb: "soldiers were killed"."""
    return len(between.split()) <= 3 and re.search(r"\b(?:were|was|are|is|had|have|been)\b", between) is not None


def _version(article: Article, count: _Count) -> KeyPoint:
    sentence = sentences(article.text)[count.index]
    citation = Citation(
        sentence=count.index, start=sentence.start, end=sentence.end, text=sentence.text, article=article.id
    )
    shown = " ".join(article.text[count.start : count.end].split())
    return KeyPoint(text=shown, citations=(citation,), verdict=Verdict.QUOTED)
