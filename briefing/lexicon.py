"""Small word lists that `ground` compares names by: English, and no more than the news needs every day.

Data, not logic: the lists stand here so that they can grow without anybody reading code.
"""

from __future__ import annotations

__all__ = ["ALIAS_OF", "DEMONYM_ENDINGS", "MONTHS", "OPENERS"]

_ALIASES = """
us usa america american americans; uk britain british britons; eu europe european europeans; france french;
germany german germans; spain spanish; italy italian italians; greece greek greeks; netherlands dutch;
switzerland swiss; denmark danish danes; sweden swedish swedes; poland polish poles; ireland irish;
scotland scottish scots; wales welsh; england english; turkey turkish turks turkiye; china chinese; japan japanese;
thailand thai; philippines filipino filipinos philippine; norway norwegian; finland finnish finns; iceland icelandic;
portugal portuguese; argentina argentine argentines argentinian; mexico mexican; peru peruvian; kyiv kiev;
ukraine ukrainian ukrainians; israel israeli israelis; jan january; feb february; mar march; apr april; jun june;
jul july; aug august; sep sept september; oct october; nov november; dec december; mon monday; tue tues tuesday;
wed wednesday; thu thur thurs thursday; fri friday; sat saturday; sun sunday; mr mister; dr doctor; gen general;
sen senator; gov governor; st saint; prof professor
"""

ALIAS_OF: dict[str, frozenset[str]] = {
    word: frozenset(group.split()) for group in _ALIASES.split(";") for word in group.split()
}
"""Folded names that stand for one another, by each of them: a country and its people, a month and its short form."""

DEMONYM_ENDINGS = ("ians", "ian", "ans", "an", "ns", "n", "is", "i", "ese", "ish", "s", "es", "ic")
"""What regularly makes a people or an adjective of a country, longest first."""

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip

OPENERS = frozenset(
    """
    analysts authorities campaigners critics engineers experts firms governments investigators lawmakers leaders
    ministers observers officials opponents organisers organizers police politicians prosecutors regulators reporters
    researchers residents scientists shares students studies supporters teams traders victims voters witnesses workers
    additionally afterwards approximately concerns currently earlier efforts eventually finally following however
    initially later meanwhile nearly originally overall people previously recently several similarly since
    """.split()  # noqa: SIM905
)
"""Words that may open a key point, capitalised, without being names, even where the article has no form of them."""
