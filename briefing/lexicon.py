"""Small word lists that `ground` compares names by: English, and no more than the news needs every day.

Data, not logic: the lists stand here so that they can grow without anybody reading code.
"""

from __future__ import annotations

__all__ = ["ALIAS_OF", "BASE_OF", "DEMONYM_ENDINGS", "MONTHS", "OPENERS"]

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

_IRREGULAR = """
rise rose risen; fall fell fallen; grow grew grown growth; sink sank sunk; shrink shrank shrunk; win won; lose lost;
beat beaten; use used uses using user users;
begin began begun; leave left; meet met; take took taken; give gave given; see saw seen; sell sold sale sales;
buy bought; bring brought; catch caught; teach taught; think thought; seek sought; fight fought; build built;
send sent; spend spent; lend lent; keep kept; sleep slept; feel felt; hold held; tell told; pay paid;
lead led; flee fled; run ran; sit sat; stand stood; understand understood; know knew known;
throw threw thrown; draw drew drawn; fly flew flown; blow blew blown; write wrote written; drive drove driven;
ride rode ridden; speak spoke spoken; break broke broken; choose chose chosen; freeze froze frozen;
steal stole stolen; wear wore worn; tear tore torn; swear swore sworn; strike struck stricken; hang hung;
sing sang sung; drink drank drunk; swim swam; become became; withdraw withdrew withdrawn withdrawal;
forbid forbade forbidden; slide slid; hide hid hidden; shoot shot; find found; die died death dies dying dead;
man men; woman women; child children; person people persons; foot feet; life lives; wife wives; knife knives;
deny denied denies denial; steal theft; arrive arrival arrived; lie lied lying
"""

BASE_OF: dict[str, str] = {form: group.split()[0] for group in _IRREGULAR.split(";") for form in group.split()[1:]}
"""Irregular forms, by the form whose stem they share."""
