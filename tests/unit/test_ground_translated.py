"""Points in another language than their article's: facts looked up, no citations by chance."""

from __future__ import annotations

from datetime import date

import pytest

from briefing.ground import Evidence, check, localised_numbers
from briefing.ground.localised_numbers import plain_figures
from briefing.types import Verdict

ENGLISH = Evidence(
    "Marlow City Council voted 31 to 14 to build a tram line. Construction is due to start in March and will cost "
    "£212m, or about $2.3 billion over 1,200 months. Shopkeepers on Bridge Street fear for their trade. "
    "The UN and the ECB praised the plan in Geneva.",
    "Council approves tram",
    "en",
    date(2024, 5, 17),
)
GERMAN = Evidence(
    "Der Stadtrat von Marlow hat im Dezember mit 31 zu 14 für die Straßenbahn gestimmt. Sie soll 2,3 Millionen Euro "
    "kosten, so die EZB. Davon zahlen die 1.200 Betriebe 12,5 Prozent. Die Händler fürchten um ihr Geschäft.",
    "Straßenbahn",
    "de",
    date(2024, 12, 4),
)


def cited(point: str, evidence: Evidence, language: str, given: tuple[int, ...] = ()) -> list[int]:
    found = check(point, evidence, translated=True, language=language, cited=given)
    assert found.verdict is Verdict.UNCERTAIN, found.missing
    return [citation.sentence for citation in found.citations]


@pytest.mark.parametrize(
    ("point", "sentences"),
    [
        ("Der Stadtrat stimmte mit 31 zu 14 dafür.", [0]),
        ("Der Bau kostet 212 Millionen Pfund.", [1]),
        ("Der Bau kostet 212 Mio. Pfund.", [1]),
        ("Insgesamt sind es 2,3 Milliarden Dollar.", [1]),
        ("Es dauert 1.200 Monate.", [1]),
        ("Die Arbeiten beginnen im März.", [1]),
        ("Die Arbeiten sollen im Mai genehmigt werden.", []),  # the month of publication
        ("Die UNO und die EZB lobten den Plan.", [3]),
        ("Händler der Bridge Street fürchten um ihr Geschäft.", [2]),
        ("Die Ladenbesitzer fürchten um ihr Geschäft.", []),
        ("Die Stadt bekommt eine neue Bahn.", []),
    ],
)
def test_a_german_point_cites_the_sentence_that_shares_its_facts_and_no_other(point: str, sentences: list[int]) -> None:
    assert cited(point, ENGLISH, "de") == sentences


FERRY = Evidence(
    "The ferry sank near Oslo on Friday. Rescuers said that five people had to die in the cold water. The war was not "
    "the cause, they said, whoever may profit. The harbour master, Ursula von der Leyen, said the port had a plan. "
    "Fast boats were on the way. Kind neighbours of Ursula von der Leyen march in Oslo to help.",
    "A Man Who Had Not To Die",
)


@pytest.mark.parametrize(
    ("point", "language"),
    [
        ("Die Regierung stellte zusätzliche Mittel bereit.", "de"),
        ("Fast alle Passagiere konnten gerettet werden.", "de"),
        ("Der Kanzler will in Berlin eine Rede halten.", "de"),
        ("Ein Kind in Not wurde gerettet.", "de"),
        ("Am Abend sagte Ursula von der Leyen nichts.", "de"),  # two names, of somebody of whom two sentences tell
        ("In Oslo wurde getrauert.", "de"),
        ("Die Arbeiten sollen bald beginnen.", "de"),
        ("A man had a plan.", "nl"),
    ],
)
def test_false_friends_find_no_sentence(point: str, language: str) -> None:
    assert cited(point, FERRY, language) == []


@pytest.mark.parametrize(
    ("point", "language"),
    [
        ("Die WHO warnte.", "de"), ("Die UN hilft.", "de"), ("Es war im Mai.", "de"), ("Es war im März.", "de"),
    ],
)  # fmt: skip
def test_a_word_is_neither_an_acronym_nor_a_month(point: str, language: str) -> None:
    found = check(point, FERRY, translated=True, language=language, cited=(0,))
    assert found.verdict is Verdict.UNSUPPORTED


@pytest.mark.parametrize("text", ["Nato agreed to it.", "It was Nato that agreed.", "The NATO agreed.", "NATO did."])
def test_an_acronym_is_found_however_it_is_written(text: str) -> None:
    assert cited("Die NATO stimmte zu.", Evidence(f"{text} Others said nothing."), "de") == [0]


def test_a_month_of_a_date_in_figures_is_found() -> None:
    assert cited("Es war im Mai.", Evidence("It rained a lot. It ended on 2024-05-17."), "de") == [1]


@pytest.mark.parametrize(
    ("point", "sentences"),
    [
        ("The council voted 31 to 14 in December.", [0]),
        ("The tram will cost €2.3 million.", [1]),
        ("Some 1,200 firms pay 12.5 percent of it.", [2]),
        ("The ECB gave the figure.", [1]),
        ("Three shopkeepers out of hundreds fear for their trade.", []),  # words for numbers are known of English only
    ],
)
def test_an_english_point_finds_its_german_sentence(point: str, sentences: list[int]) -> None:
    assert cited(point, GERMAN, "en") == sentences


@pytest.mark.parametrize(
    ("point", "language", "surface"),
    [
        ("1 200 000 personnes", "fr", "1200000"),
        ("2,4 milliards de dollars", "fr", "2,4 billion dollars"),
        ("El tranvía costará 213 millones de libras.", "es", "213 million pounds"),
        ("A obra custa 20 mil milhões.", "pt", "20 billion"),
        ("Строительство обойдётся в 5 млрд.", "ru", "5 billion"),
        ("Die Arbeiten beginnen im April.", "de", "April"),
        ("Работы начнутся в сентябре.", "ru", "сентябре"),
        ("Die NATO lobte den Plan.", "de", "NATO"),
    ],
)
def test_what_the_article_has_nowhere_is_refused(point: str, language: str, surface: str) -> None:
    found = check(point, ENGLISH, translated=True, language=language)
    assert (found.verdict, found.missing[0].surface) == (Verdict.UNSUPPORTED, surface)


@pytest.mark.parametrize(
    ("point", "refused"),
    [
        ("5 people died.", False),  # the article has it as a word, which words are numbers is known of English only
        ("The damage is 2 million euros.", False),
        ("13 people died.", True),
        ("The damage is 2.5 million euros.", True),
        ("The council met on 9 May.", True),
        ("The council met on May 9.", True),
    ],
)
def test_a_small_number_may_stand_in_words_in_an_article_that_is_not_english(point: str, refused: bool) -> None:
    words = Evidence("Fünf Menschen starben am 3. Mai. Der Schaden beträgt zwei Millionen Euro.", language="de")
    found = check(point, words, translated=True, language="en")
    assert (found.verdict is Verdict.UNSUPPORTED) is refused


def test_a_small_number_that_an_english_article_has_in_no_form_is_refused() -> None:
    english = Evidence("Five people died.")
    assert cited("5 Menschen starben.", english, "de") == [0]
    assert check("6 Menschen starben.", english, translated=True, language="de").verdict is Verdict.UNSUPPORTED


def test_a_decade_is_a_number_in_both_languages() -> None:
    assert cited("So war es in den 1990er Jahren.", Evidence("It was so in the 1990s."), "de") == [0]
    assert cited("It was so in the 1990s.", Evidence("So war es in den 1990ern.", language="de"), "en") == [0]


def test_chinese_numbers_are_found_with_their_magnitudes() -> None:
    chinese = Evidence("市内有23人死亡。\n\n约3.5万人离开，损失5000万元。", language="zh")
    assert cited("23 people died.", chinese, "en") == [0]
    assert cited("35,000 left, 50 million yuan were lost.", chinese, "en") == [1]


def test_an_article_is_analysed_once_for_all_its_points(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def reading(text: str) -> str:
        read.append(text)
        return plain_figures(text)

    monkeypatch.setattr(localised_numbers, "plain_figures", reading)
    evidence = Evidence(GERMAN.text, GERMAN.title, "de")
    check("The council met.", evidence, translated=True, language="en")
    assert evidence.text in read
    read.clear()
    check("The tram will cost €2.3 million.", evidence, translated=True, language="en")
    assert set(read) == {"The tram will cost €2.3 million."}


def test_citations_of_the_model_are_kept_and_completed() -> None:
    assert cited("Die Händler fürchten um ihr Geschäft.", ENGLISH, "de", (2,)) == [2]
    assert cited("Händler fürchten den Bau für 212 Millionen Pfund.", ENGLISH, "de", (2,)) == [1, 2]
    scattered = check(
        "Der Rat stimmte mit 31 zu 14 für 212 Millionen Pfund, lobte die UNO.", ENGLISH, translated=True, language="de",
        cited=(2,),
    )  # fmt: skip
    assert [part.kind for part in scattered.missing] == ["scattered"]


def test_a_misnumbered_citation_is_completed_by_the_better_sentence() -> None:
    point = "Die UNO und die EZB lobten den Plan in Marlow."
    assert cited(point, ENGLISH, "de", (2,)) == [2, 3]
    assert cited(point, ENGLISH, "de", (3,)) == [3]
    assert cited("Der Stadtrat von Marlow stimmte dafür.", ENGLISH, "de", (2,)) == [2]  # one name is not enough


def test_numbers_and_dates_with_full_stops_are_found_in_the_sentences_that_have_them() -> None:
    text = "Der Rat tagte am 3. Dezember in Marlow. Der Bau kostet 2,3 Mio. Euro im Jahr."
    for language in ("de", "und"):
        assert cited("The work costs €2.3 million a year.", Evidence(text, language=language), "en") == [1]
    assert cited("The council met on 3 December.", Evidence(text, language="de"), "en") == [0]


def test_a_citation_out_of_range_is_dropped() -> None:
    assert cited("Die Händler fürchten um ihr Geschäft.", ENGLISH, "de", (99, -1)) == []


def test_nothing_is_cited_where_nothing_is_shared_in_one_language_either() -> None:
    for point in ("Zebras gallop elsewhere.", "They are what they were."):
        found = check(point, ENGLISH)
        assert (found.verdict, found.citations) == (Verdict.UNSUPPORTED, ())


@pytest.mark.parametrize("language", ["", "und", "xx", "de"])
def test_an_article_in_an_unknown_language_is_no_reason_to_refuse_a_month(language: str) -> None:
    thai = Evidence("สภาลงมติ 31 ต่อ 14", language="th")
    assert cited("Der Rat stimmte im März mit 31 zu 14.", thai, language) == [0]
