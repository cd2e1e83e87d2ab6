"""Looks up a point's exact facts in an article: numbers with their units, names in their forms, quotations. Pure.

A number matches as rounded, approximated ("nearly 300" for 289) or named by its magnitude ("hundreds") as well.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from briefing.ground.analysis import AnalysedSentence, windows
from briefing.ground.evidence import Evidence
from briefing.nlp.facts import Name, stem, stems, tokens
from briefing.nlp.lexicon import ALIAS_OF, DEMONYM_ENDINGS, OPENERS, QUALIFIERS
from briefing.nlp.numerals import Number, is_rounding_of, numbers

Fact = frozenset[str]
"""The alternative keys under which an article may hold one number or name of a point."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A part of a point that the article does not hold."""

    kind: str
    """What fails; `briefing.ground` lists the kinds."""
    surface: str
    """The part as the point has it; the whole point for ``support`` and ``scattered``."""


def match_facts(point: AnalysedSentence, evidence: Evidence) -> tuple[list[Missing], frozenset[Fact]]:
    """The facts of `point` that the article lacks, and those that it holds."""
    missing: list[Missing] = []
    found: set[Fact] = set()
    for number in point.numbers:
        if number.key in evidence.all_keys:
            found.add(frozenset({number.key}))
        elif rounded := rounded_matches(number, point.text, evidence.numbers):
            found.add(rounded)
        else:
            missing.append(Missing("number", number.surface))
    for word in point.words:
        if _in_magnitude(word.key, evidence.numbers) is False and word.key not in evidence.all_keys:
            missing.append(Missing("number", word.surface))
    for quotation in point.quotations:
        if not evidence.contains(quotation.key.split()):
            missing.append(Missing("quotation", quotation.surface))
    expanded = _expanded_acronyms(point.text, evidence)
    for name in point.names:
        if keys := forms(name.key) & evidence.all_keys:
            found.add(keys)
        elif name.key in expanded or name.key.upper() in evidence.acronyms:
            continue
        elif not _is_common_opener(name, evidence):
            missing.append(Missing("name", name.surface))
    return missing, frozenset(found)


# --- numbers -------------------------------------------------------------------------------------------------

TOLERANCE = Decimal("0.05")
"""Greatest relative difference of an approximated number: "nearly 300" for 289, not for 250."""

_QUALIFIED = re.compile(
    rf"\b(?:(?P<about>{QUALIFIERS['about']}|an estimated)|"
    rf"(?P<over>{QUALIFIERS['at_least']}|more than|above|upwards of|exceeding)|"
    rf"(?P<under>{QUALIFIERS['nearly']}|{QUALIFIERS['at_most']}|less than|fewer than|below))\s(?:a\s|the\s)?$",
    re.IGNORECASE,
)
_MAGNITUDES = {
    "dozens": (24, 120), "hundreds": (200, 1500), "thousands": (2000, 999_999), "millions": (2 * 10**6, 10**9),
    "billions": (2 * 10**9, 10**12),
}  # fmt: skip


def rounded_matches(number: Number, text: str, candidates: Sequence[Number]) -> frozenset[str]:
    """Keys of `candidates`, sorted by value, that `number` of `text` rounds or approximates: "over 300" for 312, 1.2m
    for 1,234,567.
    """
    qualifier = _QUALIFIED.search(text[: max(0, text.find(number.surface))])
    found = set()
    # A little wider than the tolerance on both sides.
    low, high = (
        bisect_left(candidates, number.value * share, key=lambda candidate: candidate.value)
        for share in (Decimal("0.9"), Decimal("1.1"))
    )
    for candidate in candidates[low:high]:
        if candidate.unit != number.unit or not candidate.value:
            continue
        difference = (number.value - candidate.value) / abs(candidate.value)
        if qualifier and abs(difference) <= TOLERANCE:
            fits = qualifier["about"] or (difference <= 0 if qualifier["over"] else difference >= 0)
        else:
            fits = abs(difference) < TOLERANCE and is_rounding_of(number.value, candidate.value)
        if fits:
            found.add(candidate.key)
    return frozenset(found)


def _in_magnitude(word: str, candidates: Iterable[Number]) -> bool | None:
    """Whether one of `candidates` has the magnitude that "dozens" or "hundreds" names; None for other words."""
    if word not in _MAGNITUDES:
        return None
    low, high = _MAGNITUDES[word]
    return any(low <= number.value <= high and number.unit != "%" for number in candidates)


# --- names ---------------------------------------------------------------------------------------------------


def possessives(point: str, evidence: Evidence) -> Iterator[Missing]:
    """Kind ``possessive``: "Egypt's" where the article has a ship in Egypt, but neither "Egypt's" nor "of Egypt".

    Of twelve such lines among 355 that the tuned model wrote and people read, six were false, of all a quarter.
    """
    text = f"{evidence.title}\n{evidence.text}".replace("’", "'")
    for found in _POSSESSIVE.finditer(point.replace("’", "'")):
        name = re.escape(found[1])
        if not re.search(rf"\b{name}(?:'s\b|')|\bof (?:the )?(?:\w+ )?{name}\b", text):
            yield Missing("possessive", found[0])


_POSSESSIVE = re.compile(r"\b([A-Z][\w.-]{0,100}\w)(?:'s|(?<=s)')(?=\s)")


def forms(key: str) -> frozenset[str]:
    """Keys under which an article may have a name: itself, its demonym or country, plural or singular."""
    found = {key, *ALIAS_OF.get(key, ())}
    if len(key) >= 4:
        found |= {key + ending for ending in DEMONYM_ENDINGS}
        # "Angolan" -> "Angola": "n" falls; "Canadian" -> "Canada": "ian" makes way for "a".
        for ending in DEMONYM_ENDINGS:
            if key.endswith(ending) and len(key) - len(ending) >= 4:
                base = key[: -len(ending)]
                found |= {base, base + "a", base + "y"}
    return frozenset(found)


def _expanded_acronyms(point: str, evidence: Evidence) -> frozenset[str]:
    """Tokens of the point's capitalised runs whose initials the article has as an acronym: "United Nations" for UN."""
    found: set[str] = set()
    for match in re.finditer(r"[A-Z]\w+(?:\s+(?:(?:of|the|and|for)\s+)*[A-Z]\w+)+", point):
        for names in windows([word for word in match[0].split() if word[0].isupper()], _LONGEST_ACRONYM):
            acronym = "".join(name[0] for name in names).casefold()
            if acronym in evidence.all_keys and re.search(rf"\b{acronym.upper()}\b", evidence.unstopped):
                found |= {token for name in names for token in tokens(name)}
    return frozenset(found)


_LONGEST_ACRONYM = 8
"""Letters."""


def _is_common_opener(name: Name, evidence: Evidence) -> bool:
    """Whether a word that opens a sentence need not be a name: a common one, or a form of a word the article has."""
    if not name.opens:
        return False
    if name.key in _MAGNITUDES or any(True for _ in numbers(name.surface)):
        return True  # "Hundreds", "Fourteen": looked up as numbers
    return name.key in OPENERS or set(stems(name.surface)) <= evidence.stems or stem(name.key) in evidence.stems
