"""What can be looked up of a point in another language than its article's, and where. Pure.

Numbers in digits, months and acronyms must stand in the article, but for small numbers that it may have in words (which
these are is known of English only); they and names, where both languages write these alike, show where. Whether the
words say the same, nothing here knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from briefing.ground.align import MOST_CITATIONS
from briefing.ground.analysis import AnalysedSentence, key_of
from briefing.ground.evidence import Evidence
from briefing.ground.exact import Fact, Missing, forms
from briefing.ground.localised_numbers import figures, months, plain_figures
from briefing.ground.numbers import rounded_matches
from briefing.nlp.facts import Number, names
from briefing.nlp.lexicon import MONTHS, MONTHS_OF, SAME_ACRONYM

__all__ = ["look_up"]

_Places = Mapping[Fact, frozenset[int]]
"""The sentences that hold each fact."""


def look_up(
    point: str, evidence: Evidence, language: str = "", cited: Sequence[int] = ()
) -> tuple[list[Missing], list[int], float]:
    """What the article lacks of `point`, the sentences behind it in their order, and the share of its facts they hold.

    `language`: of the point, ISO 639-1; `cited`: the sentences that the model gave for it, which are kept; one is added
    where they lack a number that it has, or where it has more of the point's facts than they have. Without them, a
    sentence is behind the point where it alone has a number, month or acronym of it, or where it has two facts; where
    none does, none is.
    """
    title = evidence.translated_title_keys
    everything = evidence.all_translated_keys
    missing, counted, acronyms = _needed(point, evidence, language, everything)
    chosen = [index for index in dict.fromkeys(cited) if 0 <= index < len(evidence.sentences)]
    if missing:
        return missing, chosen, 0.0
    titled = {fact for fact in counted if fact & title} | {fact for fact in acronyms if fact & evidence.names_in_title}
    shared = _shared(point, evidence)
    places = {**_places(shared | acronyms, evidence.names_by_sentence), **_places(counted, evidence.translated_keys)}
    needed = frozenset(fact for fact in counted | acronyms if places[fact] or fact in titled)
    wanted = needed | shared
    more = 1
    if not chosen:
        chosen = _told(wanted, needed, places)
        more = MOST_CITATIONS - len(chosen)
    elif (better := _better(wanted, needed, chosen, places)) is not None:
        chosen.append(better)
        more = 0
    if chosen:
        chosen += _holding(_lacking(needed - titled, chosen, places), places, more)
    if chosen and _lacking(needed - titled, chosen, places):
        return [Missing("scattered", point)], sorted(chosen), 0.0
    there = len(wanted) - len(_lacking(wanted, chosen, places))
    return [], sorted(chosen), there / len(wanted) if wanted and chosen else 0.0


def _needed(
    point: str, evidence: Evidence, language: str, everything: frozenset[str]
) -> tuple[list[Missing], frozenset[Fact], frozenset[Fact]]:
    """What the article lacks; the keys that it has for each of the point's numbers and months; those for its acronyms.

    An acronym is looked up among the article's names: "WHO" is not the word "who".
    """
    missing: list[Missing] = []
    needed: set[Fact] = set()
    acronyms: set[Fact] = set()
    named = frozenset().union(*evidence.names_by_sentence, evidence.names_in_title)
    plain = plain_figures(point)
    for readings in figures(point):
        found = frozenset(key_of(number) for number in readings) & everything
        found = found or frozenset().union(*(rounded_matches(number, plain, evidence.figures) for number in readings))
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
    for name in AnalysedSentence(plain).names:
        acronym = name.surface.isupper() and len(name.key) > 1
        if not acronym and name.key.isalpha():
            continue  # names have other forms in other languages, and German writes every noun like one
        same = forms(name.key) | SAME_ACRONYM.get(name.key, frozenset())
        if acronym and (found := same & named):
            acronyms.add(found)
        elif not acronym and (found := same & everything):
            needed.add(found)
        elif name.key.upper() not in evidence.acronyms:
            missing.append(Missing("name", name.surface))
    return missing, frozenset(needed), frozenset(acronyms)


def _may_be_a_word(number: Number, plain: str, language: str) -> bool:
    """Whether an article may have a number of a point in words ("fünf Menschen", "zwei Millionen").

    Where its digits are below 13 and are no day of a month, in the `language` of the point.
    """
    digits = re.findall(r"\d+", number.surface)
    beside = [*re.findall(r"\w+", plain[: number.start])[-1:], *re.findall(r"\w+", plain[number.end :])[:2]]
    return len(digits) == 1 and int(digits[0]) < 13 and not months(" ".join(("on", *beside)), language)


def _shared(point: str, evidence: Evidence) -> frozenset[Fact]:
    """The names that the point has inside a sentence and the article has too: a word that opens one may be any word, as
    "Die" and "Fast" are in German.
    """
    named = frozenset().union(*evidence.names_by_sentence)
    return frozenset(found for name in names(point) if not name.opens and (found := forms(name.key) & named))


def _places(facts: frozenset[Fact], keys: Sequence[frozenset[str]]) -> _Places:
    return {fact: frozenset(i for i, there in enumerate(keys) if fact & there) for fact in facts}


def _lacking(wanted: frozenset[Fact], chosen: Sequence[int], places: _Places) -> frozenset[Fact]:
    return frozenset(fact for fact in wanted if places[fact].isdisjoint(chosen))


def _told(wanted: frozenset[Fact], needed: frozenset[Fact], places: _Places) -> list[int]:
    """The sentence that has most of these facts, where it has two, or one of the `needed` that no other has.

    Of names alone, no other may have as many: somebody's two names stand in every sentence about them.
    """
    counts = {
        i: (sum(i in places[fact] for fact in wanted), sum(i in places[fact] for fact in needed))
        for fact in wanted
        for i in places[fact]
    }
    if not counts:
        return []
    best = min(counts, key=lambda index: (-counts[index][0], -counts[index][1], index))
    if counts[best][0] > 1:
        return [best] if counts[best][1] or list(counts.values()).count(counts[best]) == 1 else []
    alone = sorted(min(places[fact]) for fact in needed if len(places[fact]) == 1)
    return alone[:1]


def _better(wanted: frozenset[Fact], needed: frozenset[Fact], chosen: Sequence[int], places: _Places) -> int | None:
    """A sentence that has two of these facts at least, all that the chosen ones have and more.

    Small models misnumber: the default model gave four points in French the number of the sentence before theirs, when
    it had to say it first.
    """
    held = wanted - _lacking(wanted, chosen, places)
    others = [index for index in _told(wanted, needed, places) if index not in chosen]
    for index in others:
        has = wanted - _lacking(wanted, [index], places)
        if len(has) > 1 and has > held:
            return index
    return None


def _holding(wanted: frozenset[Fact], places: _Places, most: int) -> list[int]:
    """The first sentences, `most` at most, that have the most of these facts each."""
    chosen: list[int] = []
    rest = wanted
    while len(chosen) < most and (having := sorted({index for fact in rest for index in places[fact]})):
        chosen.append(max(having, key=lambda index: sum(index in places[fact] for fact in rest)))
        rest = _lacking(rest, chosen, places)
    return chosen
