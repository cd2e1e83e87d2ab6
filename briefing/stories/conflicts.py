"""Where the articles of one story do not say the same: how many died, how much it costs, who or what is to blame.

Pure, and no model: a difference is shown in the articles' own words. Two articles differ where both count the same
thing near their beginnings, in sentences that speak of the same matter, and no number of one can be a number of the
other. The thing counted is a kind of toll (the dead, the injured, ...) or the noun that follows the number; sums of
money and shares are compared only where most of the two sentences is the same. What can be true together agrees:
"nearly 300" and 295, "at least 12" and 15, "up to 15" and 12, "between 12 and 15" and 13. Whom or what they blame is
compared likewise: by the words behind "caused by", "blamed" and the like.

What it does not see: other attributions than of blame, dates, causes told without such words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from briefing.nlp.facts import Number, numbers, stems
from briefing.nlp.text import sentences
from briefing.types import Article, Citation, Disagreement, KeyPoint, Verdict

__all__ = ["MOST", "disagreements"]

MOST = 2
"""Differences shown of one story."""
_READ = 6
"""Sentences of each article: what follows is background, with numbers of other events."""
_TABLE = 40
"""Numbers of a sentence from which on it is a table, and says of none what it counts."""
_IN_COMMON = 3
"""Content words that two sentences share; a toll is compared with two, of sentences that are short."""
_SHORT = 8
"""Content words of such a sentence."""
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
    r"\b(?:(?P<least>at least|(?<!no )(?<!not )more than|over|no (?:fewer|less) than|a minimum of)|"
    r"(?P<most>at most|(?<!no )(?:fewer|less) than|under|up to|as many as|no[t]? more than|a maximum of)|"
    r"(?P<about>nearly|almost|about|around|some|roughly|approximately|close to))\s+$",
    re.IGNORECASE,
)
"""Before a number: what it leaves open."""
_BEHIND = re.compile(r"\s+or\s+(?:(?P<least>more)|(?P<most>fewer|less)|(?P<about>so))\b", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween\s+$", re.IGNORECASE)
_PARTS = re.compile(r"\s+(?:[\w-]+\s+){1,2}and\s+")
"""Between two numbers that are parts of a whole: "three girls and two boys"."""
_DATE = re.compile(r"\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?\s+$", re.IGNORECASE)
_NO_COUNT = re.compile(
    r"one|dozens?|hundreds?|thousands?|millions?|first|second|third|\w+th|\d+(?:st|nd|rd|th)|half|once|twice|double\w*|"
    r"triple\w*|quarter|(?:19|20)\d\d",
    re.IGNORECASE,
)
_TIMES = frozenset("year month week day hour minute second time age old a p am pm gmt percent".split())  # noqa: SIM905


_BLAME = re.compile(
    r"\b(?:caused by|triggered by|set off by|blam(?:ed|es|ing)(?: it)?(?: on)?|"
    r"attributed to|responsibility of|carried out by|masterminded by)\s+(?P<what>[^,;:.]{3,60})",
    re.IGNORECASE,
)
_BLAMED_WORDS = 6
"""Shown behind such a word."""


@dataclass(frozen=True, slots=True)
class _Count:
    """A number as a sentence gives it, with what it leaves open."""

    value: Decimal
    low: Decimal
    """The least that it can mean; `high` likewise the most."""
    high: Decimal
    about: bool = False
    """Whether it is called approximate."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a sentence counts, or whom or what it blames."""

    kind: str
    value: _Count | frozenset[str]
    """A number, or the content words of what is blamed."""
    index: int
    start: int
    """Of the words that are shown, in the article's text; end likewise."""
    end: int
    around: frozenset[str]
    """Content words of the sentence."""


def disagreements(articles: Sequence[Article]) -> tuple[Disagreement, ...]:
    """What `articles` differ on, `MOST` at most, in the order of the first article that says it."""
    found: list[Disagreement] = []
    read = [list(_claims(article)) for article in articles]
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


def _rival(count: _Claim, beside: Sequence[_Claim], others: Sequence[_Claim]) -> _Claim | None:
    """The first of `others` that counts the same and comes to something else; None where any of them agrees."""
    mine = [one for one in beside if one.kind == count.kind]
    theirs = [one for one in others if one.kind == count.kind]
    if any(_agree(one, other) for one in mine for other in theirs):
        return None
    return next((other for other in theirs if _same_matter(count, other)), None)


def _agree(one: _Claim, other: _Claim) -> bool:
    if isinstance(one.value, frozenset):
        return isinstance(other.value, frozenset) and bool(one.value & other.value)
    return isinstance(other.value, _Count) and _both_true(one.value, other.value)


def _both_true(one: _Count, other: _Count) -> bool:
    if one.low <= other.high and other.low <= one.high:
        return True
    if _rounds_to(one.value, other.value) or _rounds_to(other.value, one.value):
        return True
    apart = abs(one.value - other.value) / max(one.value, other.value)
    return (one.about or other.about) and apart <= _ROUNDED


def _rounds_to(exact: Decimal, round_: Decimal) -> bool:
    """Whether `round_` is `exact` with fewer digits, two at least: 7.68 and 7.7 billion."""
    digits = len(round_.normalize().as_tuple().digits)
    return digits >= 2 and Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(exact) == round_


def _same_matter(one: _Claim, other: _Claim) -> bool:
    shared = len(one.around & other.around)
    if one.kind in _TOLLS or one.kind == "blame":
        smaller = min(len(one.around), len(other.around))
        return shared >= (_IN_COMMON if smaller > _SHORT else 2)
    return shared >= max(2, _ALIKE * min(len(one.around), len(other.around)))


def _claims(article: Article) -> Iterator[_Claim]:
    for index, sentence in enumerate(sentences(article.text, _READ)):
        around = frozenset(stems(sentence.text))
        if sentence.text.isupper() or not sentence.text.rstrip("”\"'’").endswith((".", "!", "?")):
            continue  # a heading
        for blame in _BLAME.finditer(sentence.text):
            shown = list(re.finditer(r"\S+", blame["what"]))[:_BLAMED_WORDS]
            end = blame.start("what") + (shown[-1].end() if shown else 0)
            blamed = frozenset(stems(sentence.text[blame.start("what") : end]))
            if blamed:
                low, high = sentence.start + blame.start(), sentence.start + end
                yield _Claim("blame", blamed, index, low, high, around - blamed)
        for kind, count, low, high in _counts(sentence.text):
            yield _Claim(kind, count, index, sentence.start + low, sentence.start + high, around)


def _counts(text: str) -> Iterator[tuple[str, _Count, int, int]]:
    """What the sentence `text` counts, how many, and where in it the words that say so begin and end."""
    found = list(numbers(text))
    if len(found) > _TABLE:
        return
    for number in found:
        before = [one for one in found if one.end <= number.start][-2:]  # two: some digits can be read in two ways
        behind = next((one for one in found if one.start >= number.end), None)
        first = next((one for one in reversed(before) if _is_range(text, one, number)), None)
        count, begin, end = _read(text, number, first)
        if (behind and _is_range(text, number, behind)) or not _counts_something(text, number):
            continue
        if before and not first and _is_part(text[before[-1].end : begin]):
            continue
        if counted := _kind(text, number, begin, end):
            kind, low, high = counted
            yield kind, count, low, high


def _is_part(between: str) -> bool:
    """Whether the words between two numbers make them parts of a whole, neither of which is compared."""
    return bool(_PARTS.fullmatch(between)) and not _TOLL.search(between)


def _counts_something(text: str, number: Number) -> bool:
    if number.value <= 0 or (not number.unit and _NO_COUNT.fullmatch(number.surface.strip())):
        return False
    return not _DATE.search(text, 0, number.start) and "quarter" not in number.surface


def _is_range(text: str, first: Number, second: Number) -> bool:
    """Whether they are the ends of one: "12 to 15", "between 12 and 15"."""
    joint = text[first.end : second.start].strip()
    joined = joint in {"to", "-", "–"} or (joint == "and" and bool(_BETWEEN.search(text, 0, first.start)))
    return joined and first.end <= second.start and first.value < second.value


def _read(text: str, number: Number, first: Number | None) -> tuple[_Count, int, int]:
    """What `number` says with the words around it, and where in `text` these begin and end. `first`: of its range."""
    value = number.value
    if first:
        between = _BETWEEN.search(text, 0, first.start)
        return _Count(value, first.value, value), between.start() if between else first.start, number.end
    before, behind = _QUALIFIER.search(text, 0, number.start), _BEHIND.match(text, number.end)
    said = (before and before.lastgroup) or (behind and behind.lastgroup)
    count = _Count(
        value,
        low=Decimal(0) if said == "most" else value,
        high=Decimal("Infinity") if said == "least" else value,
        about=said == "about" or "dozen" in number.surface.casefold(),
    )
    return count, before.start() if before else number.start, behind.end() if behind else number.end


def _kind(text: str, number: Number, begin: int, end: int) -> tuple[str, int, int] | None:
    """What `number`, told from `begin` to `end` in `text`, counts, and where in it the words that say so stand."""
    if number.unit:
        behind = re.match(r"[^\W\d_]*(?:\s+(?:in|for|of)\s+[\w-]+)?", text[end:])
        return number.unit, begin, end + (behind.end() if behind else 0)
    if text[end : end + 1] in {"-", ":"}:  # an age, a score, a time
        return None
    noun = re.match(r"\s+(?:(?:other|more)\s+)?([^\W\d_]+)", text[end:])
    counts = noun is not None and stems(noun[1])  # "rose to 15 on Monday" names none
    last, name = (end + noun.end(), noun[1].casefold()) if noun and counts else (end, "people")
    if {name, name.rstrip("s")} & _TIMES:
        return None
    if toll := _toll(text, begin, last, name):
        return toll
    if not name.endswith("s"):  # an adjective, as in "four big donors"
        return None
    root = "" if name in _PEOPLE else (stems(name) or [""])[0]
    return (root, begin, last) if root and root not in _TIMES else None


def _toll(text: str, begin: int, last: int, name: str) -> tuple[str, int, int] | None:
    """The toll that a number and its noun, which end at `last`, belong to: "15 people were killed", "killed 15"."""
    clause = re.compile(r"[^,;:.]*").match(text, last)
    after = _TOLL.search(text, begin, min(clause.end() if clause else last, last + 40))
    between = text[last : after.start()] if after else ""
    beside = name in _PEOPLE and len(between.split()) <= 1 and between.strip() not in {"and", "but", "or", "while"}
    if after and (after.start() < last or _are(between) or beside):
        return str(after.lastgroup), begin, max(last, after.end())
    for before in reversed(list(_TOLL.finditer(text, max(0, begin - 60), begin))):
        between = text[before.end() : begin]
        if re.search(r"[,;:]", between):
            break
        # "The death toll spans five states" counts no dead.
        if name in _PEOPLE if between.startswith(" toll") else len(between) <= 20:
            return str(before.lastgroup), before.start(), last
    return None


def _are(between: str) -> bool:
    """Whether the words between a noun and what became of it are nothing but a verb: "soldiers were killed"."""
    verb = re.search(r"\b(?:were|was|are|is|had|have|been)\b", between)
    return verb is not None and len(between.split()) <= 3 and not any(numbers(between))


def _version(article: Article, count: _Claim) -> KeyPoint:
    sentence = sentences(article.text, count.index + 1)[count.index]
    citation = Citation(
        sentence=count.index, start=sentence.start, end=sentence.end, text=sentence.text, article=article.id
    )
    shown = " ".join(article.text[count.start : count.end].split())
    return KeyPoint(text=shown, citations=(citation,), verdict=Verdict.QUOTED, rung="quoted")
