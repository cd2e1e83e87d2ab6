"""Whatever reads an article or an answer splits it in its language: points, chunks, checks, conflicts, pages."""

from __future__ import annotations

import pytest

from briefing.assets import environment
from briefing.engines.extractive import ExtractiveEngine
from briefing.ground import Evidence
from briefing.nlp.chunk import chunks
from briefing.nlp.sentences import sentences
from briefing.render.edition import render_comparison
from briefing.stories.conflicts import disagreements
from briefing.summariser import PromptBook, SummaryOptions, quoted_summary, summarise_all
from briefing.summariser.draft import salient_sentences
from briefing.summariser.parsing import Answer, broken_off, form_problem
from briefing.testing.engine import FakeEngine
from briefing.types import Article, Summary

from ..factories import article

BOOK = PromptBook(environment("prompts"))
GERMAN = [
    # "La" opens sentences in other languages than German.
    "Am 14. Oktober stimmte der Gemeinderat beim 2. La Paz Treffen dem Umbau der Mühle für ca. 3 Mio. Euro zu.",
    "Die Mühle aus dem 18. Jahrhundert steht seit dem 2. Weltkrieg leer und gehört der Gemeinde.",
    "Geplant sind nach Angaben von Bürgermeister Dr. Kühn z. B. ein Café und mehrere Werkstätten für Vereine.",
    "»Wir haben zwölf Jahre lang auf diesen Tag gewartet.«",
    "Das sagte die Leiterin des 2. Bauamts nach der Sitzung im Rathaus vor vielen Zuhörern.",
    "Die Arbeiten beginnen am 3. März und dauern bis zum 30. November des folgenden Jahres.",
    "Gegen den Umbau der Mühle stimmten die Abgeordneten der Liste Nr. 7 im Gemeinderat.",
]
CHINESE = [
    "新海港大桥星期一上午正式通车，比原计划提前了两个月，市长和三百名工人出席了仪式。",
    "“这座桥会改变我们的生活。”市长在仪式上说。",
    "专家估计，每天会有五万辆汽车通过大桥，其中一半是货车，噪音会比现在大得多！",
    "居民希望旧的渡轮能够继续运行，你觉得可以吗？",
    "大桥的总投资是二十亿元，其中一半来自银行贷款，另一半由市政府在五年内支付。",
]


def in_language(language: str) -> Article:
    text = " ".join(GERMAN) if language == "de" else "".join(CHINESE)
    return article(text, title="", language=language)


@pytest.mark.parametrize(("language", "whole"), [("de", GERMAN), ("zh", CHINESE)])
def test_quoted_points_are_whole_sentences_of_the_articles_language(language: str, whole: list[str]) -> None:
    ((_, summary),) = summarise_all([in_language(language)], ExtractiveEngine(), BOOK, SummaryOptions(points=3))
    assert isinstance(summary, Summary)
    assert len(summary.key_points) == 3
    for point in summary.key_points:
        assert point.text in whole
        (citation,) = point.citations
        assert whole[citation.sentence] == citation.text
    (shortest,) = quoted_summary([in_language(language)], SummaryOptions()).key_points
    assert shortest.text in whole


@pytest.mark.parametrize(("language", "whole"), [("de", GERMAN), ("zh", CHINESE)])
def test_chunks_and_salient_sentences_end_where_sentences_do(language: str, whole: list[str]) -> None:
    text = in_language(language).text
    ends = {sentence.end for sentence in sentences(text, language)}
    pieces = chunks(text, len(text) // 3, len, language)
    assert len(pieces) > 2
    assert {piece.end for piece in pieces} <= ends
    assert salient_sentences(text, 1, language)[0] in whole


def test_a_point_with_an_ordinal_is_one_sentence_in_german() -> None:
    assert form_problem("Am 14. Oktober tagt der Rat von Altwied.", "de") == ""
    assert form_problem("Der Rat tagt. Die Mühle wird umgebaut.", "de") == "more than one sentence"


def test_what_is_broken_off_is_the_last_sentence_in_the_answers_language() -> None:
    assert broken_off(Answer("Der Rat tagt. Am 14. Oktober kommt der", cut=True), "de") == "Am 14. Oktober kommt der"


def test_a_sequence_to_sequence_answer_is_split_in_its_language() -> None:
    engine = FakeEngine(instructable=False).says(" ".join(GERMAN[:3]))
    ((_, summary),) = summarise_all([in_language("de")], engine, BOOK, SummaryOptions(points=3))
    assert isinstance(summary, Summary)
    assert [point.text for point in summary.key_points] == GERMAN[:3]


def test_conflicts_cite_sentences_as_cut_in_the_articles_language() -> None:
    """English words of tolls in an article whose language is German: its sentences are cut as German ones are."""
    first = "Am 3. Oktober sank die Fähre. Officials in Altwied said 12 people died when the ferry sank in the harbour."
    other = "Officials in Altwied said 30 people died when the ferry sank in the harbour."
    (found,) = disagreements([article(first, source="Blatt", language="de"), article(other, language="de")])
    citation = found.versions[0].citations[0]
    assert citation.sentence == 1
    assert Evidence(first, language="de").cite(1).text == citation.text


def test_the_page_of_a_comparison_numbers_the_sentences_that_are_cited() -> None:
    told = in_language("de")
    ((_, summary),) = summarise_all([told], ExtractiveEngine(), BOOK, SummaryOptions(points=3))
    assert isinstance(summary, Summary)
    page = render_comparison([(told, [summary])], ["extractive"], environment("templates"))
    assert all(sentence.replace("'", "&#39;") in page for sentence in GERMAN)
