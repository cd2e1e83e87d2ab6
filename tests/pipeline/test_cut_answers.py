"""Truncated answers are retried with more tokens, and truncated text is never shown."""

from __future__ import annotations

from math import ceil
from typing import Literal

import pytest

from briefing.assets import environment
from briefing.engines import Prompt
from briefing.summariser import PromptBook, SummaryOptions, shorten_leads, summarise_all
from briefing.testing.engine import FakeEngine
from briefing.types import Article, Story, Summary, Verdict

from ..factories import article

BOOK = PromptBook(environment("prompts"))

TEXT = """Marlow City Council voted 31 to 14 on Tuesday evening to build a 9-kilometre tram line between the central
station and the university hospital, ending a dispute that had divided the chamber for two years.

Construction is due to start in March and to cost £212m, of which the government has promised £140m. The rest will come
from a parking levy that employers with more than 50 spaces must pay from next year.

Shopkeepers on Bridge Street fear that the works, which are expected to last three years, will drive customers away.
Their association said it would ask the High Court to review the decision. Engineers will survey the river bridges in
January."""
POINTS = (
    "Councillors voted 31 to 14 for a tram from the central station to the university hospital.",
    "Work starts in March and costs £212m, of which £140m comes from the government.",
    "Bridge Street shopkeepers fear that three years of works will drive away customers.",
    "Engineers survey the river bridges in January.",
)
FRAGMENT = "Employers with more than 50 spaces must pay a levy when the"
"""Every word of it is in the article, and no word says that it ends in the middle."""


def told(*points: str) -> str:
    return "\n".join(["# Marlow approves its tram", *(f"- {point}" for point in points)])


def one(engine: FakeEngine, one_article: Article | None = None, **wishes: object) -> Summary:
    wanted = SummaryOptions(**wishes)  # type: ignore[arg-type]
    ((_, summary),) = summarise_all([one_article or article(TEXT)], engine, BOOK, wanted)
    assert isinstance(summary, Summary), summary
    return summary


def shown(summary: Summary) -> list[str]:
    return [point.text for point in summary.key_points]


def about_the_article(engine: FakeEngine) -> list[Prompt]:
    return [prompt for prompt in engine.asked if "<article>" in prompt.messages[-1].content]


def test_truncated_answer_is_retried_with_twice_the_tokens() -> None:
    engine = FakeEngine(cuts=True).says("moo", to="<text>")
    engine.says(told(*(f"{'Indeed ' * 120}{point}" for point in POINTS)), to="<article>")
    one(engine)
    first, second = about_the_article(engine)
    assert second.max_tokens == 2 * first.max_tokens
    assert (first.messages, first.grammar) == (second.messages, second.grammar)


def test_second_truncation_is_dropped_with_a_warning() -> None:
    engine = FakeEngine().says("moo.", to="<text>").says(told(*POINTS[:2], FRAGMENT), finish="length", to="<article>")
    summary = one(engine)
    assert len(about_the_article(engine)) == 2
    assert POINTS[0] in shown(summary)
    assert not any("levy when" in point for point in shown(summary))
    assert any("broken off" in warning and "levy when" in warning for warning in summary.warnings)


def test_truncated_answer_with_enough_points_is_not_retried() -> None:
    engine = FakeEngine().says("moo.", to="<text>").says(told(*POINTS, FRAGMENT), finish="length", to="<article>")
    assert shown(one(engine)) == list(POINTS)
    assert len(about_the_article(engine)) == 1


def test_truncated_answer_is_not_retried_beyond_the_context_window() -> None:
    engine = FakeEngine(context=1100).says("moo.", to="<text>")
    engine.says(told(*POINTS[:2], FRAGMENT), finish="length", to="<article>")
    assert POINTS[1] in shown(one(engine))
    assert len(about_the_article(engine)) == 1


@pytest.mark.parametrize("second", ["", "# Marlow", "- A point of which nothing is in the article at all and"])
def test_longer_first_answer_is_kept(second: str) -> None:
    answers = iter([told(*POINTS[:2], FRAGMENT), second])
    engine = FakeEngine().says("moo.", to="<text>").says(lambda prompt: next(answers), finish="length", to="<article>")
    assert POINTS[1] in shown(one(engine))


def test_whole_points_of_truncated_json_are_shown() -> None:
    answer = '{"headline": "Marlow approves its tram", "points": ["' + '", "'.join([*POINTS[:3], FRAGMENT])
    engine = FakeEngine().says("moo.", to="<text>").says(answer, finish="length", to="<article>")
    assert shown(one(engine)) == list(POINTS[:3])


def test_truncated_rewrite_is_not_shown() -> None:
    engine = FakeEngine().says(told("The government pays £170m of the £212m."))
    engine.says("The government pays £140m of the", to="<text>", finish="length")
    summary = one(engine)
    assert {point.verdict for point in summary.key_points} == {Verdict.QUOTED}


def test_truncated_sentence_of_a_paragraph_is_not_shown() -> None:
    paragraph = f"{POINTS[0]} The rest comes from a levy in the U.S."
    engine = FakeEngine().says(told(*POINTS)).says(paragraph, to="<notes>", finish="length")
    assert one(engine, paragraph=True).paragraph == POINTS[0]


def test_truncated_parts_of_a_long_article_are_retried_separately() -> None:
    sentence = "In district number {0} the survey counted {1} trees along street {0} before the winter began."
    text = "\n\n".join(sentence.format(n, 1000 + n) for n in range(200))
    tries: dict[str, int] = {}

    def speaks(prompt: Prompt) -> str:
        tries[prompt.document] = tries.get(prompt.document, 0) + 1
        return "# Trees\n" + "\n".join(f"- {line}" for line in prompt.document.split("\n\n")[:2])

    engine = FakeEngine(context=2400).says("moo.").says(speaks, to="<article>", finish="length")
    one(engine, article(text))
    assert len(tries) > 1
    assert max(tries.values()) <= 2


TAMIL = "பல்கலைக்கழக மருத்துவமனைக்கு {} ஆவது டிராம் பாதையை அமைக்க நகர சபை செவ்வாய்க்கிழமை முடிவு செய்தது."


def in_tamil(text: str) -> int:
    """Number of tokens of a tokeniser for English."""
    return ceil(sum(0.25 if c.isascii() else 1.4 for c in text))


def test_article_with_many_tokens_a_word_fits_beside_its_max_tokens() -> None:
    text = "\n\n".join(TAMIL.format(n) for n in range(60))

    def speaks(prompt: Prompt) -> str:
        return "# டிராம் பாதை\n" + "\n".join(f"- {line}" for line in prompt.document.split("\n\n")[:5])

    engine = FakeEngine(cuts=True, tokens=in_tamil).says("moo").says(speaks, to="<article>")
    summary = one(engine, article(text, language="ta", title="டிராம்"))
    assert not any("broken off" in warning for warning in summary.warnings)
    parts = about_the_article(engine)
    assert "".join("".join(prompt.document for prompt in parts).split()) == "".join(text.split())  # none asked again


def test_max_tokens_of_an_english_point_are_unchanged() -> None:
    engine = FakeEngine().says("moo", to="<text>").says(told(*POINTS))
    one(engine)
    assert about_the_article(engine)[0].max_tokens == 6 * 64


# --- a model that takes no instructions ----------------------------------------------------------------------


def test_seq2seq_truncated_sentence_is_dropped() -> None:
    answer = f"{POINTS[0]} {POINTS[1]} Traffic to the hospital has resumed after the works were"
    summary = one(FakeEngine(instructable=False).says(answer, finish="length"))
    assert shown(summary)[:2] == list(POINTS[:2])
    assert not any("resumed" in point for point in shown(summary))
    assert any("broken off" in warning and "resumed" in warning for warning in summary.warnings)


def test_seq2seq_always_truncated_falls_back_to_quotations() -> None:
    summary = one(FakeEngine(instructable=False).says("Councillors voted 31 to 14 for a", finish="length"))
    assert {point.verdict for point in summary.key_points} == {Verdict.QUOTED}


# --- the tuned model -----------------------------------------------------------------------------------------

LINES = """[1] Councillors in Marlow voted 31 to 14 for a tram line to the university hospital.
[2] Construction starts in March and costs £212m, of which the government promised £140m.
[4] Bridge Street shopkeepers fear that three years of works will drive customers away in the U.S."""


def test_cite_truncated_line_is_retried() -> None:
    engine = FakeEngine(tuned=True).says("Shopkeepers fear for their customers.").says("yes", to=" |")
    engine.says(LINES, to="Write 5", finish="length")
    summary = one(engine)
    assert not any("U.S." in point for point in shown(summary))
    assert any("broken off" in warning and "U.S." in warning for warning in summary.warnings)
    assert not any("U.S." in prompt.messages[-1].content for prompt in engine.asked if prompt.choices)


@pytest.mark.parametrize(("finish", "told_in_short"), [("stop", True), ("length", False)])
def test_truncated_short_lead_is_not_used(finish: Literal["stop", "length"], told_in_short: bool) -> None:
    lines = LINES.replace(" in the U.S.", ".")
    tuned = FakeEngine(tuned=True).says(lines, to="Write 5").says("yes", to=" |")
    story = Story(articles=(article(TEXT),), summary=one(tuned))
    engine = FakeEngine(tuned=True).says("Marlow voted for a tram line to the hospital.", finish=finish)
    (lead,) = shorten_leads([story], engine.says("yes", to=" |"), BOOK, SummaryOptions()).values()
    assert (lead != story.summary.key_points[0]) == told_in_short
