"""Looks up a point in another language than its article's. Pure.

Numbers in digits, months and acronyms must be in the article, except small numbers that it may have in words (number
words are known for English only); these facts, and names that both languages write alike, find the sentences to cite.
Not here: whether the words say the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from briefing.ground.align import MOST_CITATIONS
from briefing.ground.analysis import AnalysedSentence
from briefing.ground.evidence import Evidence
from briefing.ground.exact import Fact, Missing, forms, rounded_matches
from briefing.ground.localised_numbers import figures, months, plain_figures
from briefing.nlp.facts import names
from briefing.nlp.lexicon import MONTHS, MONTHS_OF, SAME_ACRONYM
from briefing.nlp.numerals import Number

_Holders = Mapping[Fact, frozenset[int]]
"""Indices of the sentences that hold each fact."""


def look_up(
    point: str, evidence: Evidence, language: str = "", cited: Sequence[int] = ()
) -> tuple[list[Missing], list[int], float]:
    """What the article lacks of `point`, the indices of the sentences to cite, and the share of its facts they hold.

    `language`: of the point, ISO 639-1. `cited`: the sentences that the model gave for it, which are kept; one is added
    where they lack a number that it has, or where it has more of the point's facts than they have. Without them, a
    sentence is cited if it alone has a number, month or acronym of the point, or if it has two facts; else none.
    """
    missing, served, acronyms = _find_facts(point, evidence, language)
    chosen = [index for index in dict.fromkeys(cited) if 0 <= index < len(evidence.sentences)]
    if missing:
        return missing, chosen, 0.0
    in_title = {fact for fact in served if fact & evidence.translated_title_keys}
    in_title |= {fact for fact in acronyms if fact & evidence.names_in_title}
    shared = _shared_names(point, evidence)
    holders = {**_holders(shared | acronyms, evidence.names_by_sentence), **_holders(served, evidence.translated_keys)}
    needed = frozenset(fact for fact in served | acronyms if holders[fact] or fact in in_title)
    wanted = needed | shared
    best = _best_sentence(wanted, needed, holders)
    if chosen:
        # Small models misnumber: the default model gave four points in French the number of the sentence before theirs,
        # when it had to write the number first. A sentence with two facts, all that are held and more, is added.
        held = _held(wanted, chosen, holders)
        better = [index for index in best if len(facts := _held(wanted, best, holders)) > 1 and facts > held]
        chosen, more = chosen + better, 1 - len(better)
    else:
        chosen, more = best, MOST_CITATIONS - len(best)
    needed -= in_title
    if chosen:
        chosen += _greedy_cover(needed - _held(needed, chosen, holders), holders, more)
    if chosen and _held(needed, chosen, holders) != needed:
        return [Missing("scattered", point)], sorted(chosen), 0.0
    share = len(_held(wanted, chosen, holders)) / len(wanted) if wanted and chosen else 0.0
    return [], sorted(chosen), share


def _find_facts(
    point: str, evidence: Evidence, language: str
) -> tuple[list[Missing], frozenset[Fact], frozenset[Fact]]:
    """The facts of `point` that the article lacks, its numbers and months that the article has, and its acronyms.

    Acronyms are looked up among the article's names: "WHO" is not the word "who".
    """
    missing: list[Missing] = []
    served: set[Fact] = set()
    acronyms: set[Fact] = set()
    all_keys = evidence.all_translated_keys
    all_names = frozenset().union(*evidence.names_by_sentence, evidence.names_in_title)
    plain = plain_figures(point)
    for readings in figures(point):
        found = frozenset(number.key for number in readings) & all_keys
        found = found or frozenset().union(*(rounded_matches(number, plain, evidence.figures) for number in readings))
        if found:
            served.add(found)
        elif evidence.language == "en" or not _may_be_in_words(readings[0], plain, language):
            missing.append(Missing("number", readings[0].surface))
    for word, month in months(point, language):
        published = evidence.published and evidence.published.month == month
        if MONTHS[month - 1] in all_keys:
            served.add(frozenset({MONTHS[month - 1]}))
        elif evidence.language in MONTHS_OF and not published:
            missing.append(Missing("date", word))
    for name in AnalysedSentence(plain).names:
        acronym = name.surface.isupper() and len(name.key) > 1
        if not acronym and name.key.isalpha():
            continue  # names have other forms in other languages, and German capitalises every noun
        keys = forms(name.key) | SAME_ACRONYM.get(name.key, frozenset())
        if acronym and (found := keys & all_names):
            acronyms.add(found)
        elif not acronym and (found := keys & all_keys):
            served.add(found)
        elif name.key.upper() not in evidence.acronyms:
            missing.append(Missing("name", name.surface))
    return missing, frozenset(served), frozenset(acronyms)


def _may_be_in_words(number: Number, plain: str, language: str) -> bool:
    """Whether the article may have a point's number in words ("fünf Menschen", "zwei Millionen"): its digits are below
    13 and are no day of a month in the `language` of the point.
    """
    digits = re.findall(r"\d+", number.surface)
    beside = [*re.findall(r"\w+", plain[: number.start])[-1:], *re.findall(r"\w+", plain[number.end :])[:2]]
    return len(digits) == 1 and int(digits[0]) < 13 and not months(" ".join(("on", *beside)), language)


def _shared_names(point: str, evidence: Evidence) -> frozenset[Fact]:
    """Names that point and article share. Not the word that opens the point, which may be any word, as "Die" and "Fast"
    are in German.
    """
    known = frozenset().union(*evidence.names_by_sentence)
    return frozenset(found for name in names(point) if not name.opens and (found := forms(name.key) & known))


def _holders(facts: frozenset[Fact], keys: Sequence[frozenset[str]]) -> _Holders:
    return {fact: frozenset(index for index, held in enumerate(keys) if fact & held) for fact in facts}


def _held(facts: frozenset[Fact], chosen: Sequence[int], holders: _Holders) -> frozenset[Fact]:
    return frozenset(fact for fact in facts if not holders[fact].isdisjoint(chosen))


def _best_sentence(wanted: frozenset[Fact], needed: frozenset[Fact], holders: _Holders) -> list[int]:
    """The sentence with most of these facts, if it has two; else one that alone has one of `needed`.

    If it has names only, no other may have as many: somebody's two names are in every sentence about them.
    """
    counts = {
        index: (sum(index in holders[fact] for fact in wanted), sum(index in holders[fact] for fact in needed))
        for fact in wanted
        for index in holders[fact]
    }
    if not counts:
        return []
    best = min(counts, key=lambda index: (-counts[index][0], -counts[index][1], index))
    if counts[best][0] > 1:
        return [best] if counts[best][1] or list(counts.values()).count(counts[best]) == 1 else []
    return sorted(min(holders[fact]) for fact in needed if len(holders[fact]) == 1)[:1]


def _greedy_cover(wanted: frozenset[Fact], holders: _Holders, most: int) -> list[int]:
    """`most` sentences at most that together hold most of these facts, chosen greedily."""
    chosen: list[int] = []
    rest = wanted
    while len(chosen) < most and (candidates := sorted({index for fact in rest for index in holders[fact]})):
        chosen.append(max(candidates, key=lambda index: sum(index in holders[fact] for fact in rest)))
        rest -= _held(rest, chosen, holders)
    return chosen
