"""Words that turn what a sentence says around: opposites, denials, modals, verbs of saying, units. Pure data, English.

Written by hand for the news of every day; it can grow without anybody reading code.
"""

from __future__ import annotations

from collections import defaultdict

from briefing.facts import stem

__all__ = ["CLAIMS", "DENIALS", "FUTURE", "OPPOSITES", "PAST_AUXILIARIES", "PAST_FORMS", "POSSIBLE", "SAYING", "UNITS"]

_OPPOSITES = """
rise increase grow climb jump soar surge gain higher growth upward / fall decrease decline drop shrink sink slump plunge
rise increase grow climb jump soar surge expand higher upward / tumble dip reduce slide lower downward cut
approve support endorse accept agree welcome adopt ratify / reject refuse oppose veto block dismiss
open reopen opening / close shut closure closing
begin start launch / end stop finish halt cease cancel scrap
buy purchase acquire / sell
hire recruit appoint / sack
arrest detain jail imprison seize capture / release free
guilty convict conviction / innocent acquit acquittal cleared
allow permit legalise let authorise / ban prohibit forbid outlaw bar prevent block
survive alive live survivor / die dead kill death
admit confess confirm acknowledge / deny denial
arrive enter / leave exit depart
import / export
praise applaud hail / criticise condemn denounce
add include / remove exclude
build construct / demolish destroy
raise lift / cut reduce
extend prolong lengthen / shorten curtail
tighten toughen / ease loosen relax
strengthen / weaken
improve better best / worsen worse worst deteriorate
encourage / discourage deter
safe / dangerous unsafe
legal lawful / illegal unlawful
succeed success successful / fail failure unsuccessful
largest biggest greatest most highest longest / smallest least fewest lowest shortest
larger bigger greater more longer / smaller fewer less shorter
man men father husband brother son boy male king / woman women mother wife sister daughter girl female queen
early earlier earliest / late later latest
young younger youngest / old older oldest
north northern / south southern
east eastern / west western
morning / evening afternoon night
majority / minority
profit surplus / loss deficit
deploy send / withdraw recall
resume restore / suspend
fast faster / slow slower
hot warm hottest warmest / cold cool coldest coolest
rich richer richest wealthy / poor poorer poorest
above / below
upgrade / downgrade
join / quit leave
optimistic / pessimistic
maximum / minimum
married / divorced unmarried
pass / fail
accuse / defend
borrow / lend
employ / unemployed
hawkish / dovish
ally friend / enemy rival
upheld uphold / overturn quash
teacher / pupil student
buyer / seller
doctor / patient
"""


def _sides() -> dict[str, tuple[tuple[int, int], ...]]:
    found: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for line, pair in enumerate(_OPPOSITES.strip().splitlines()):
        for side, words in enumerate(pair.split("/")):
            for word in words.split():
                found[stem(word)].add((line, side))
    return {root: tuple(sorted(sides)) for root, sides in found.items()}


OPPOSITES = _sides()
"""By stem: the pairs of opposites that a word is in, and on which side."""

DENIALS = frozenset(
    """
    not no never nor none neither without cannot nobody nothing isnt arent wasnt werent dont doesnt didnt wont wouldnt
    cant couldnt shouldnt hasnt havent hadnt aint mustnt neednt unable
    """.split()  # noqa: SIM905
)
"""Folded words that deny the next content word."""

POSSIBLE = frozenset(
    """
    may might could plan plans planned planning want wants wanted hope hopes hoped hoping consider considers considering
    considered propose proposes proposed proposing threaten threatens threatened threatening likely possible possibly
    perhaps potentially seek seeks seeking intends intend intended aims aim aimed should wish wishes mulls mulling
    offered offers vows vowed pledged pledges promised promises urged urges demanded demands asked calls called whether
    if attempted tried tries attempt try proposal suggested suggests recommend recommended
    recommends unclear
    """.split()  # noqa: SIM905
)
"""Folded words that leave open whether what follows them happens."""

FUTURE = frozenset({"will", "shall", "due", "set", "expected", "scheduled", "going", "wont", "forecast", "projected"})
"""Folded words that put what follows them in the future."""

PAST_AUXILIARIES = frozenset(
    {"has", "have", "had", "was", "were", "been", "did", "hasnt", "havent", "hadnt", "wasnt", "werent", "didnt"}
)
"""Folded words that put what follows them in the past."""

SAYING = frozenset(
    """
    said says say told tells announced announces reported reports added confirmed confirms stated states claimed claims
    alleged alleges argued argues insisted insists warned warns believes believed accused accuses suggested suggests
    denied denies predicted predicts estimated estimates explained explains wrote writes tweeted declared declares
    called calls urged urges described describes praised praises criticised criticises condemned condemns
    """.split()  # noqa: SIM905
)
"""Folded verbs that give words or a view to somebody."""

CLAIMS = frozenset(
    """
    claim claims claimed claiming allege alleges alleged alleging allegedly reportedly argue argues argued arguing
    insist insists insisted believe believes believed suspect suspects suspected suspicion accuse accuses
    accused accusing rumour rumours rumoured rumored rumor suggests suggested think thinks thought fears feared
    predicts predicted
    speculation supposedly apparently unconfirmed
    """.split()  # noqa: SIM905
)
"""Folded words under which a sentence reports what somebody holds, not what is."""

_UNITS = """
km kilometre kilometer kilometres kilometers; mile miles; m metre meter metres meters; cm centimetre centimetres
centimeter centimeters; mm millimetre millimetres millimeter millimeters; foot feet ft; inch inches; yard yards;
kg kilo kilogram kilograms kilos; lb lbs pound pounds; tonne tonnes ton tons; gram grams g; ounce ounces; stone;
litre liter litres liters; gallon gallons; pint pints; barrel barrels; second seconds; minute minutes min mins;
hour hours hr hrs; day days; week weeks; month months; year years yr yrs yearold; decade decades; century centuries;
acre acres; hectare hectares; mph; kmh kph; knot knots; degree degrees c f celsius fahrenheit;
kilowatt kilowatts kw; megawatt megawatts mw; gigawatt gigawatts gw; terawatt terawatts; volt volts;
byte bytes; kilobyte kb; megabyte megabytes mb; gigabyte gigabytes gb; terabyte terabytes tb
"""

UNITS: dict[str, int] = {
    word: number for number, group in enumerate(_UNITS.split(";")) for word in group.split() if len(word) > 1
}
"""Folded words for a unit of measure; those of one unit share a number."""

_IRREGULAR_PAST = """
rose fell grew sank shrank won lost beat began left met made took gave went came got saw sold bought brought caught
taught thought sought fought built sent spent lent kept slept felt held told said paid read led fled hit cut put shut
set ran sat stood understood knew threw drew flew blew wrote drove rode spoke broke chose froze stole wore tore bore
swore struck stuck hung swung sang rang drank swam became overcame withdrew forbade sued slid hid shot found
"""

PAST_FORMS = frozenset(_IRREGULAR_PAST.split())
"""Irregular past forms, folded; the regular ones end in "ed"."""
