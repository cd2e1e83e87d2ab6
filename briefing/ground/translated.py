"""What can be looked up of a point in another language than its article's, and where. Pure.

Numbers in digits, months and acronyms must stand in the article, but for small numbers that it may have in words (which
these are is known of English only); names that both languages write alike show where.
Whether the words say the same, nothing here knows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from briefing.facts import Number, names
from briefing.ground.align import MOST_CITATIONS
from briefing.ground.elsewhere import figures, months, plain_figures
from briefing.ground.evidence import Evidence
from briefing.ground.exact import Fact, Missing, forms
from briefing.ground.numbers import approximated
from briefing.ground.reading import Reading, key_of
from briefing.lexicon import MONTHS, MONTHS_OF, SAME_ACRONYM

__all__ = ["look_up"]


def look_up(
    point: str, evidence: Evidence, language: str = "", cited: Sequence[int] = ()
) -> tuple[list[Missing], list[int], float]:
    """What the article lacks of `point`, the sentences behind it in their order, and the share of its facts they hold.

    `language`: of the point, ISO 639-1; `cited`: the sentences that the model gave for it, which are kept; one is added
    where they lack a number that it has, or where it has more of the point's facts than they have. Without them, a
    sentence is behind the point where it alone has one of its facts or where it has two; where none does, none is.
    """
    title = evidence.heading_elsewhere
    everywhere = frozenset().union(*evidence.keys_elsewhere, title)
    everything = evidence.everything_elsewhere
    missing, needed = _needed(point, evidence, language, everything)
    needed = frozenset(fact for fact in needed if fact & everywhere)
    if missing:
        return missing, [index for index in cited if 0 <= index < len(evidence.sentences)], 0.0
    shared = {found for name in names(point) if (found := forms(name.key) & everything)} - needed
    chosen = [index for index in dict.fromkeys(cited) if 0 <= index < len(evidence.sentences)]
    more = 1
    if not chosen:
        chosen = _told(needed | shared, evidence)
        more = MOST_CITATIONS - len(chosen)
    elif (better := _better(needed | shared, chosen, evidence)) is not None:
        chosen.append(better)
        more = 0
    if chosen:
        chosen += _holding(_lacking(needed, chosen, evidence, title), evidence, more)
    if chosen and _lacking(needed, chosen, evidence, title):
        return [Missing("scattered", point)], sorted(chosen), 0.0
    wanted = needed | shared
    there = len(wanted) - len(_lacking(wanted, chosen, evidence, frozenset()))
    return [], sorted(chosen), there / len(wanted) if wanted and chosen else 0.0


def _needed(
    point: str, evidence: Evidence, language: str, everything: frozenset[str]
) -> tuple[list[Missing], frozenset[Fact]]:
    """What the article lacks, and the keys that it has for each of the point's numbers, months and acronyms."""
    missing: list[Missing] = []
    needed: set[Fact] = set()
    plain = plain_figures(point)
    for readings in figures(point):
        found = frozenset(key_of(number) for number in readings) & everything
        found = found or frozenset().union(*(approximated(number, plain, evidence.figures) for number in readings))
        if found:
            needed.add(found)
        elif evidence.language == "en" or not _may_be_a_word(readings[0], plain, language):
            missing.append(Missing("number", readings[0].surface))
    for word, month in months(point, language):
        published = evidence.published and evidence.published.month == month
        if MONTHS[month - 1] in everything:
            needed.add(frozenset({MONTHS[month - 1]}))
        elif evidence.language in MONTHS_OF and not published:
            missing.append(Missing("date", word))
    for name in Reading(plain).names:
        acronym = name.surface.isupper() and len(name.key) > 1
        if not acronym and name.key.isalpha():
            continue  # names have other forms in other languages, and German writes every noun like one
        same = forms(name.key) | SAME_ACRONYM.get(name.key, frozenset())
        if found := same & everything:
            needed.add(found)
        elif name.key.upper() not in evidence.acronyms:
            missing.append(Missing("name", name.surface))
    return missing, frozenset(needed)


def _may_be_a_word(number: Number, plain: str, language: str) -> bool:
    """Whether an article may have a number of a point in words ("fünf Menschen", "zwei Millionen").

    Where its digits are below 13 and are no day of a month, in the `language` of the point.
    """
    digits = re.findall(r"\d+", number.surface)
    beside = [*re.findall(r"\w+", plain[: number.start])[-1:], *re.findall(r"\w+", plain[number.end :])[:2]]
    return len(digits) == 1 and int(digits[0]) < 13 and not months(" ".join(("on", *beside)), language)


def _lacking(
    wanted: frozenset[Fact], chosen: Sequence[int], evidence: Evidence, title: frozenset[str]
) -> frozenset[Fact]:
    held = frozenset().union(*(evidence.keys_elsewhere[index] for index in chosen), title)
    return frozenset(fact for fact in wanted if fact.isdisjoint(held))


def _told(wanted: frozenset[Fact], evidence: Evidence) -> list[int]:
    """The sentence that has most of these facts, where it has two, or one that no other has."""
    having = {fact: [i for i, keys in enumerate(evidence.keys_elsewhere) if fact & keys] for fact in wanted}
    counts = {i: sum(i in places for places in having.values()) for places in having.values() for i in places}
    if not counts:
        return []
    best = min(counts, key=lambda index: (-counts[index], index))
    if counts[best] > 1:
        return [best]
    alone = sorted(places[0] for places in having.values() if len(places) == 1)
    return alone[:1]


def _better(wanted: frozenset[Fact], chosen: Sequence[int], evidence: Evidence) -> int | None:
    """A sentence that has two of these facts at least, all that the chosen ones have and more.

    Small models misnumber: the default model gave four points in French the number of the sentence before theirs, when
    it had to say it first.
    """
    held = wanted - _lacking(wanted, chosen, evidence, frozenset())
    others = [index for index in _told(wanted, evidence) if index not in chosen]
    for index in others:
        has = wanted - _lacking(wanted, [index], evidence, frozenset())
        if len(has) > 1 and has > held:
            return index
    return None


def _holding(wanted: frozenset[Fact], evidence: Evidence, most: int) -> list[int]:
    """The first sentences, `most` at most, that have the most of these facts each."""
    chosen: list[int] = []
    rest = wanted
    while rest and len(chosen) < most:
        counts = [sum(not fact.isdisjoint(keys) for fact in rest) for keys in evidence.keys_elsewhere]
        if not max(counts, default=0):
            break
        chosen.append(counts.index(max(counts)))
        rest = frozenset(fact for fact in rest if fact.isdisjoint(evidence.keys_elsewhere[chosen[-1]]))
    return chosen
