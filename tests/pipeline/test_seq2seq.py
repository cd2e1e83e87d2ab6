"""Models that take no instructions: windows, condensed condensates, points that stand alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.assets import environment
from briefing.engines import Prompt
from briefing.nlp.sentences import sentences
from briefing.nlp.text import article_id
from briefing.summariser import PromptBook, SummaryOptions, summarise_all
from briefing.testing.engine import FakeEngine
from briefing.types import Article, Summary, Verdict

BOOK = PromptBook(environment("prompts"))
PARTS = (
    "Marlow City Council voted 31 to 14 on Tuesday evening to build a tram line to the university hospital. The vote "
    "ended a dispute that had divided the chamber for two years and cost a mayor her office.",
    "Construction is due to start in March and to cost £212m, of which the government has promised £140m. The rest "
    "will come from a parking levy that employers with more than 50 spaces must pay from next year.",
    "Shopkeepers on Bridge Street fear that the works will drive customers away from their shops. Their association "
    "said it would ask the High Court to review the decision before the end of the month.",
    "Engineers will survey the river bridges in January with divers and sonar from two boats. A bridge from 1911 may "
    "have to be strengthened before trams of 60 tonnes can cross it every six minutes.",
)
TEXT = "\n\n".join(PARTS)


def leads(prompt: Prompt) -> str:
    """The first sentence of every part that is in the document, as a model that copies might answer."""
    return " ".join(sentences(part, "en")[0].text for part in PARTS if sentences(part, "en")[0].text in prompt.document)


def one(engine: FakeEngine, text: str = TEXT, **wishes: object) -> Summary:
    article = Article(id=article_id(None, text), title="Tram", text=text, source="Post", language="en")
    ((_, summary),) = summarise_all([article], engine, BOOK, SummaryOptions(**wishes))  # type: ignore[arg-type]
    assert isinstance(summary, Summary), summary
    return summary


def model(context: int = 1000) -> FakeEngine:
    return FakeEngine(instructable=False, context=context)


def points(summary: Summary) -> list[str]:
    return [point.text for point in summary.key_points]


def test_it_is_given_the_article_and_nothing_else() -> None:
    engine = model().says(leads)
    summary = one(engine)
    (asked,) = engine.asked
    assert (asked.messages, asked.document, asked.language) == ((), TEXT, "en")
    assert points(summary) == [sentences(part, "en")[0].text for part in PARTS]
    assert all(point.verdict is Verdict.SUPPORTED and point.citations for point in summary.key_points)
    assert summary.headline == "Tram"


def test_every_window_is_read_and_what_came_of_them_is_condensed_again() -> None:
    engine = model(context=80).says(leads)
    summary = one(engine)
    windows = [prompt.document for prompt in engine.asked if prompt.document in TEXT]
    assert all(any(sentence.text in window for window in windows) for sentence in sentences(TEXT, "en"))
    assert any(prompt.document not in TEXT for prompt in engine.asked)
    assert points(summary) == [sentences(part, "en")[0].text for part in PARTS]
    assert any("it was read in" in warning for warning in summary.warnings)


def test_a_model_that_does_not_condense_ends_all_the_same() -> None:
    engine = model(context=40).says(lambda prompt: prompt.document)
    summary = one(engine)
    assert 3 <= len(summary.key_points) <= 4
    assert len(engine.asked) < 40


def test_what_the_article_does_not_say_is_left_out_and_said_so() -> None:
    engine = model().says(leads).says(lambda prompt: leads(prompt).replace("£212m", "£912m"), to="Marlow")
    summary = one(engine)
    assert "£912m" not in " ".join(points(summary))
    assert any("912" in warning and warning.startswith("Left out") for warning in summary.warnings)
    assert len(summary.key_points) == 3


def test_a_model_of_one_sentence_tells_more_from_smaller_windows() -> None:
    engine = model().says(lambda prompt: sentences(prompt.document, "en")[0].text)
    summary = one(engine)
    assert len(summary.key_points) >= 3
    assert points(summary)[0] == sentences(PARTS[0], "en")[0].text
    assert len(set(points(summary))) == len(points(summary))


@pytest.mark.parametrize("between", ["<n>", " <n> ", "\n", " "])
def test_sentence_separators_of_seq2seq_models(between: str) -> None:
    said = between.join(
        ("the council voted 31 to 14 on Tuesday .", "Construction is due to start in March .", "It costs £212m .")
    )
    summary = one(model().says(said))
    assert points(summary)[:2] == ["The council voted 31 to 14 on Tuesday.", "Construction is due to start in March."]
    assert "It costs £212m." not in points(summary)  # what does?


def test_article_is_quoted_where_no_point_holds() -> None:
    summary = one(model().says("Aliens landed in Paris on 5 May, said Mr Smith."))
    assert {point.verdict for point in summary.key_points} == {Verdict.QUOTED}
    assert all(point.text in " ".join(TEXT.split()) for point in summary.key_points)


def test_of_more_sentences_than_points_asked_for_the_first_are_kept() -> None:
    backwards = " ".join(reversed([sentences(part, "en")[0].text for part in PARTS]))
    assert points(one(model().says(backwards), points=3)) == [sentences(part, "en")[0].text for part in PARTS[:0:-1]]


def test_a_paragraph_is_the_points_in_a_row() -> None:
    summary = one(model().says(leads), paragraph=True)
    assert summary.paragraph == " ".join(points(summary))


def test_the_wished_language_reaches_the_model() -> None:
    engine = model().says(leads)
    one(engine, language="de")
    assert {prompt.answer_language for prompt in engine.asked} == {"de"}


@given(st.text(max_size=400), st.integers(24, 200), st.integers(1, 6))
def test_whatever_a_model_says_every_point_is_in_the_article(said: str, context: int, most: int) -> None:
    summary = one(model(context=context).says(said), points=most)
    assert 1 <= len(summary.key_points) <= max(most, 3)
    for point in summary.key_points:
        for citation in point.citations:
            assert TEXT[citation.start : citation.end] == citation.text
