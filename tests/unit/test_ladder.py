"""When a line stands alone, and what a sentence can become by leaving words out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.summariser.ladder import can_be_shortened, leans, opens_as_fragment, own_words, shortening, stands_alone

SENTENCE = "The Council of State, which has 30 members, said on Tuesday that it would not appeal the alleged ruling."


@pytest.mark.parametrize(
    "line",
    [
        "It was shocking, a witness said.",
        "She added that the school is devastated.",
        "Their coach left the club in May.",
        "This cost the town four million pounds.",
        "Police said he had been seen in Leeds.",
        "In an interview with the Marlow Times, she promised to resign.",
        "We will appeal, the company said.",
        "However, he denied the charge.",
        "On Monday she was released from prison.",
        "After weeks of talks, he resigned.",
        '"As children we threw them at each other."',
    ],
)
def test_a_line_that_needs_the_one_before_it_leans(line: str) -> None:
    assert leans(line)
    assert not stands_alone(line)


@pytest.mark.parametrize(
    "line",
    [
        "The council said it would appeal.",
        "After he was sacked, Ana Ruiz's brother Leo Ruiz sued the bank.",
        "The minister said she would quit.",
        "It is expected that the vote will be close.",
        "This week Ford cut 300 jobs.",
        "Hundreds lost their homes in Kent.",
        'The mayor called the plan "our best hope".',
    ],
)
def test_a_line_that_names_whom_it_is_about_stands_alone(line: str) -> None:
    assert not leans(line)
    assert stands_alone(line)


def test_a_name_that_opens_the_line_counts_where_the_article_has_it_elsewhere() -> None:
    line = "Ruiz said he would sell his shares."
    assert leans(line)
    assert not leans(line, {"ruiz"})


def test_denials_possibilities_numbers_names_and_speakers_cannot_be_left_out() -> None:
    optional = re.findall(r'\(" ([^"]+)"[^)]*\)\?', shortening(SENTENCE))
    assert {"which", "has", "that", "appeal", "ruling"} <= set(optional)
    assert not {"30", "not", "would", "said", "Tuesday", "alleged", "Council", "State"} & set(optional)


def test_half_a_quotation_is_never_left() -> None:
    assert can_be_shortened(SENTENCE)
    assert not can_be_shortened('The mayor said on Tuesday that the plan is "the best the town ever had".')


@pytest.mark.parametrize(
    ("sentence", "held"),
    [
        ("Three hundred people on board are feared dead after the ferry sank near Marlow.", "Three hundred feared"),
        ("The bridge cost twenty million pounds, which the town of Marlow hardly has.", "twenty million hardly"),
        ("The suspect's brother told a court in Leeds that the car had been sold in May.", "suspect's brother told"),
        ("Officials estimated that the so-called tram tax would bring in a lot of money.", "Officials so-called would"),
    ],
)
def test_what_turns_a_meaning_when_it_goes_stays(sentence: str, held: str) -> None:
    optional = re.findall(r'\(" ([^"]+)"[^)]*\)\?', shortening(sentence))
    assert not set(held.split()) & set(optional)


@pytest.mark.parametrize(
    "line",
    [
        "Expected to cost between two and four dollars a dose.",
        "But employers must pay a levy.",
        "Meanwhile, the mayor left.",
        "Another 14 people were hurt.",
        "Both were taken to hospital.",
    ],
)
def test_a_line_that_goes_on_from_another_is_a_fragment(line: str) -> None:
    assert opens_as_fragment(line)


def test_a_sentence_with_its_subject_behind_an_opening_is_none() -> None:
    assert not opens_as_fragment("Asked by reporters, the mayor said no.")
    assert not opens_as_fragment("Based in Marlow, the firm has 30 staff.")


@given(st.lists(st.booleans(), min_size=20, max_size=20))
def test_whatever_is_left_out_the_rest_is_the_sentences_own(kept: list[bool]) -> None:
    words = SENTENCE.split()
    line = " ".join(word for word, stays in zip(words, kept, strict=False) if stays)
    assert own_words(line, SENTENCE)
    assert not own_words(f"{line} never once", SENTENCE)


@given(st.text(alphabet='abcd "\\,.-\n', min_size=1, max_size=80))
def test_whatever_a_sentence_holds_its_grammar_is_one_line_of_closed_strings(sentence: str) -> None:
    grammar = shortening(sentence)
    assert "\n" not in grammar
    assert re.sub(r'"(?:[^"\\]|\\.)*"', "", grammar).count('"') == 0
