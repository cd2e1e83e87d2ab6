"""Points with one number, name or date changed are refused, sixty faithful ones shown; what slips through is listed."""

from __future__ import annotations

from datetime import date

import pytest

from briefing.ground import Evidence, check
from briefing.nlp.text import normalise
from briefing.types import Verdict

HARBOUR = normalise(
    """
The port of Kestrel Bay will be deepened to 16 metres so that larger container ships can dock, the Harbour Authority
announced on Tuesday. The dredging is expected to cost €84 million and to take 18 months.

Work may begin in April if the regional court dismisses an appeal by the fishing cooperative Mareva. The cooperative
sued the Harbour Authority in January over the loss of mussel beds. More than 300 fishing families live off the bay.

"We were never asked," said Ilse Brandt, who chairs Mareva. Tomas Okafor, the authority's director, said that two
hearings had been held in Portwell, the regional capital, and one in Kestrel Bay itself.

Cargo traffic in Kestrel Bay fell by 12 per cent last year, while it rose by 7 per cent in neighbouring Dunhaven. The
Dutch shipping company Nordlink left Kestrel Bay for Dunhaven in 2023. One in five jobs in the town depends on the port.

Environment minister Clara Voss has rejected a request for a public inquiry. She plans to visit the bay in May.
"""
)
CLINIC = normalise(
    """
Surgeons at St Agnes Hospital in Torvale have transplanted a trachea grown from a patient's own cells, the hospital
said on Thursday. The patient, a 41-year-old woman, went home after 26 days.

The operation, led by Dr Miriam Halloran, took nine hours. "She can speak, sing and swim," Halloran told reporters.
The team did not use drugs that suppress the immune system.

The method was developed at the University of Brackwater by Kenji Watanabe and tested on 48 sheep, of which 45
survived. Watanabe trained Halloran in 2019. The health ministry paid $3.4 million for the study.

Earlier attempts elsewhere failed, and three patients died between 2011 and 2014. The Medical Council (MC) said the
method could become standard within ten years. It will not be offered to children before 2030.

About 900 people a year need a new trachea in Europe. The hospital plans to treat six more patients next year.
"""
)
LEAGUE = normalise(
    """
Ravensford United beat Oakmere Town 3-1 in the cup final at Highfield Stadium on Saturday, watched by 41,200 people.
It was Ravensford's first trophy in 27 years.

Leila Santos scored twice in the second half before Oakmere's goalkeeper, Bryn Maddox, was sent off for a foul on
Petra Lindqvist. Oakmere had taken the lead through Joss Adeyemi after eight minutes.

"I told them at half-time that nobody remembers the loser," said Ravensford coach Marta Quill. Oakmere's coach, Piet
Vos, claimed that the red card was a mistake.

Quill will leave the club in June. She is expected to be replaced by her assistant, Dana Rhys, although the club has
not confirmed this. Oakmere, who were relegated in April, could lose Adeyemi, who wants to move to Spain.

Ticket prices for the final rose from £25 to £40. Police arrested 14 supporters and released all of them without
charge.
"""
)
PUBLISHED = date(2026, 11, 18)
"""A Wednesday."""
ARTICLES = {
    "harbour": Evidence(HARBOUR, "Kestrel Bay to dredge its port", "en", PUBLISHED),
    "clinic": Evidence(CLINIC, "Patient leaves hospital with a home-grown windpipe", "en", PUBLISHED),
    "league": Evidence(LEAGUE, "Ravensford end long wait", "en", PUBLISHED),
}

CHANGED = {
    "number": [
        ("harbour", "The dredging of Kestrel Bay is expected to cost €48 million."),
        ("harbour", "Cargo traffic in Kestrel Bay fell by 21 per cent last year."),
        ("harbour", "One in four jobs in the town depends on the port."),
        ("clinic", "The transplant patient went home after 36 days."),
        ("clinic", "Of 48 sheep on which the method was tested, 35 survived."),
        ("league", "The final was watched by 42,100 people."),
    ],
    "name": [
        ("harbour", "Ilse Brink chairs the fishing cooperative Mareva."),
        ("harbour", "The Danish shipping company Nordlink left Kestrel Bay for Dunhaven."),
        ("clinic", "The operation was led by Dr Miriam Hollander."),
        ("clinic", "The method was developed at the University of Blackwater."),
        ("league", "Lena Santos scored twice in the second half."),
        ("league", "Ravensford United beat Oakham Town in the cup final."),
    ],
    "date": [
        ("harbour", "The cooperative sued the Harbour Authority in March."),
        ("harbour", "The Harbour Authority announced on Friday that the port will be deepened."),
        ("harbour", "Nordlink left Kestrel Bay in 2022."),
        ("clinic", "The method will not be offered to children before 2035."),
        ("clinic", "Three patients died between 2011 and 2019."),
        ("league", "Quill will leave the club in April."),
    ],
}

KNOWN_MISSES = {"Three patients died between 2011 and 2019.", "Quill will leave the club in April."}
"""Dates that the article has elsewhere: for a model that reads."""

FAITHFUL: list[tuple[str, str]] = [
    ("harbour", "Kestrel Bay's port will be deepened to 16 metres."),
    ("harbour", "Larger container ships will be able to dock in Kestrel Bay."),
    ("harbour", "Dredging the port is expected to cost €84m."),
    ("harbour", "The dredging will take a year and a half, or 18 months."),
    ("harbour", "The work could start in April if an appeal is dismissed."),
    ("harbour", "The fishing cooperative Mareva sued the Harbour Authority over lost mussel beds."),
    ("harbour", "The Harbour Authority was sued by the cooperative in January."),
    ("harbour", "Over 300 fishing families depend on the bay."),
    ("harbour", "Mareva's chair, Ilse Brandt, said the cooperative was never asked."),
    ("harbour", "Two hearings were held in Portwell and one in Kestrel Bay, Tomas Okafor said."),
    ("harbour", "Cargo traffic in Kestrel Bay dropped 12% last year."),
    ("harbour", "In Dunhaven, cargo traffic grew by 7%."),
    ("harbour", "Nordlink, a shipping company from the Netherlands, moved to Dunhaven in 2023."),
    ("harbour", "20% of the town's jobs depend on the port."),
    ("harbour", "A fifth of the town's jobs depend on the port."),
    ("harbour", "Clara Voss, the environment minister, refused a request for a public inquiry."),
    ("harbour", "The environment minister plans to visit the bay in May."),
    ("harbour", "The announcement about the port was made on 17 November."),
    ("harbour", "Kestrel Bay lost the Dutch company Nordlink to Dunhaven in 2023."),
    ("harbour", "The Harbour Authority announced yesterday that the port will be deepened."),
    ("clinic", "Surgeons in Torvale transplanted a trachea grown from a patient's own cells."),
    ("clinic", "The 41-year-old patient went home after 26 days."),
    ("clinic", "The operation lasted nine hours and was led by Miriam Halloran."),
    ("clinic", "Dr Halloran told reporters that the patient can speak, sing and swim."),
    ("clinic", "No drugs that suppress the immune system were used."),
    ("clinic", "Kenji Watanabe developed the method at the University of Brackwater."),
    ("clinic", "The method was tested on 48 sheep; 45 of them survived."),
    ("clinic", "Halloran was trained by Watanabe in 2019."),
    ("clinic", "The health ministry funded the study with 3.4 million dollars."),
    ("clinic", "Earlier attempts elsewhere failed and three patients died."),
    ("clinic", "Three patients died between 2011 and 2014 after earlier attempts."),
    ("clinic", "The Medical Council said the method could become standard within a decade."),
    ("clinic", "The MC said the method may become standard within ten years."),
    ("clinic", "Children will not be offered the method before 2030."),
    ("clinic", "Some 900 people in Europe need a new trachea each year."),
    ("clinic", "The hospital hopes to treat six more patients next year."),
    ("clinic", "Nearly 50 sheep were used to test the method."),
    ("clinic", "A woman of 41 received a trachea grown from her own cells."),
    ("clinic", "St Agnes Hospital plans to treat six more patients."),
    ("clinic", "Forty-five of the 48 sheep survived."),
    ("league", "Ravensford United won the cup final 3-1 against Oakmere Town."),
    ("league", "Oakmere Town lost the cup final to Ravensford United."),
    ("league", "Ravensford won their first trophy in 27 years."),
    ("league", "More than 41,000 people watched the final at Highfield Stadium."),
    ("league", "Leila Santos scored two goals in the second half."),
    ("league", "Goalkeeper Bryn Maddox was sent off for a foul on Petra Lindqvist."),
    ("league", "Joss Adeyemi had put Oakmere ahead after eight minutes."),
    ("league", '"Nobody remembers the loser," Marta Quill told her team at half-time.'),
    ("league", "Oakmere coach Piet Vos claimed the red card was a mistake."),
    ("league", "Marta Quill leaves the club in June."),
    ("league", "Assistant Dana Rhys is expected to replace Quill."),
    ("league", "The club has not confirmed that Dana Rhys will replace Quill."),
    ("league", "Oakmere were relegated in April and may lose Adeyemi."),
    ("league", "Adeyemi would like to move to Spain."),
    ("league", "Tickets for the final rose in price from £25 to £40."),
    ("league", "Police released all 14 arrested supporters without charge."),
    ("league", "Fourteen supporters were arrested by police."),
    ("league", "Oakmere's goalkeeper was sent off after Leila Santos scored twice."),
    ("league", "The 3-1 win on Saturday was watched by 41,200 people."),
    ("league", "Ravensford's coach Marta Quill will leave in June."),
]

PAIRS = [pair for pairs in CHANGED.values() for pair in pairs]


@pytest.mark.parametrize(("article", "point"), PAIRS)
def test_a_point_with_one_fact_changed_is_refused(article: str, point: str) -> None:
    found = check(point, ARTICLES[article]).verdict is Verdict.UNSUPPORTED
    assert found is (point not in KNOWN_MISSES), "a miss that is caught now leaves the list"


@pytest.mark.parametrize(("article", "point"), FAITHFUL)
def test_a_faithful_paraphrase_is_shown(article: str, point: str) -> None:
    found = check(point, ARTICLES[article])
    assert found.verdict is not Verdict.UNSUPPORTED, found.missing


@pytest.mark.parametrize(("article", "point"), FAITHFUL)
def test_a_point_about_another_article_is_refused(article: str, point: str) -> None:
    others = [evidence for name, evidence in ARTICLES.items() if name != article]
    assert [check(point, other).verdict for other in others] == [Verdict.UNSUPPORTED] * len(others)
