"""When a line stands alone, and what a sentence can become by leaving words out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.summariser.ladder import (
    deletion_grammar,
    has_dangling_reference,
    is_deletion_of,
    opens_as_fragment,
    stands_alone,
)

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
def test_pronoun_without_antecedent_is_a_dangling_reference(line: str) -> None:
    assert has_dangling_reference(line)
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
def test_pronoun_with_antecedent_stands_alone(line: str) -> None:
    assert not has_dangling_reference(line)
    assert stands_alone(line)


@pytest.mark.parametrize(
    "line",
    [
        "Two thirds of all people live in countries where that number is below 2.1.",
        "November was two degrees warmer than in that period.",
        "Judges later suspended those decisions until a higher court had met.",
        "More than 200 people were rescued from these accidents.",
    ],
)
def test_a_demonstrative_without_its_noun_is_a_dangling_reference(line: str) -> None:
    assert has_dangling_reference(line)


@pytest.mark.parametrize(
    "line",
    [
        "The number of births fell, and in Japan that number is below 1.3.",
        "The council suspended the decision in a meeting about those decisions.",
        "The ruling helps those people who live in rented flats.",
        "The minister said that people in the north have to wait.",
        "The bank said that money from the fund is safe.",
        "Prices rose by two per cent this month.",
    ],
)
def test_a_demonstrative_with_its_noun_stands_alone(line: str) -> None:
    assert not has_dangling_reference(line)


def test_a_name_that_opens_the_line_counts_where_the_article_has_it_elsewhere() -> None:
    line = "Ruiz said he would sell his shares."
    assert has_dangling_reference(line)
    assert not has_dangling_reference(line, {"ruiz"})


@pytest.mark.parametrize(
    ("language", "leaning", "standing"),
    [
        ("de", "Dabei wurde niemand verletzt.", "Diese Woche wurde niemand verletzt."),
        ("de", "Wir haben lange gewartet.", "Die Brücke bleibt bis Mai gesperrt."),
        ("fr", "Elle a démissionné mardi.", "En mars, la mairie a vendu le pont."),
        ("fr", "Le pont est à nous.", "Cette semaine, le pont reste fermé."),
        ("es", "Su ventaja es de cuatro puntos.", "Este lunes cerró el puerto de Vigo."),
        ("pt", "Além disso, a ponte fechou.", "A ponte de Viana fechou em maio."),
        ("ru", "Тогда мост закрыли.", "Мост в Марлове закрыли до мая."),
        ("ru", "Это решение приняли во вторник.", "В мае мост закрыли."),
    ],
)
def test_other_languages_check_opening_word_and_first_person(language: str, leaning: str, standing: str) -> None:
    assert has_dangling_reference(leaning, language=language)
    assert not stands_alone(leaning, language=language)
    assert stands_alone(standing, language=language)


def test_english_word_lists_do_not_apply_to_other_languages() -> None:
    assert not has_dangling_reference("La empresa me gusta, dijo.", language="it")  # "me" is of no list there
    assert not opens_as_fragment("Also wird der Hafen im Mai geschlossen.", "de")
    assert opens_as_fragment("Also closed is the harbour.")


def optional(sentence: str) -> str:
    """What may go, as text."""
    grammar = deletion_grammar(sentence).removeprefix("root ::= ")
    return " ".join("".join(re.findall(r'" ?([^"]*)"', part)) for part in re.findall(r"\((.*?)\)\?", grammar))


def test_deletion_grammar_drops_comma_stretches_and_adverbs_only() -> None:
    assert optional("The old bridge, long a landmark of the town, was quietly closed on Tuesday.") == (
        ",longalandmarkofthetown, quietly"
    )


@pytest.mark.parametrize(
    "sentence",
    [
        SENTENCE,
        "The ferry, with three hundred people on board, sank.",
        "The bridge, which cost twenty million pounds, was closed.",
        "The car had been sold in May, the suspect's brother told a court.",
        "The tram, which may never be built, is the subject of a vote.",
        "The tram tax, so-called by its critics, was dropped.",
    ],
)
def test_deletion_grammar_keeps_negation_modality_and_names(sentence: str) -> None:
    """Denials, possibilities, allegations, numbers, names, and who said it."""
    assert not optional(sentence)


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
def test_continuations_are_fragments(line: str) -> None:
    assert opens_as_fragment(line)


def test_subject_after_an_opening_phrase_is_no_fragment() -> None:
    assert not opens_as_fragment("Asked by reporters, the mayor said no.")
    assert not opens_as_fragment("Based in Marlow, the firm has 30 staff.")


@given(st.lists(st.booleans(), min_size=20, max_size=20))
def test_deletions_are_word_subsequences(kept: list[bool]) -> None:
    words = SENTENCE.split()
    line = " ".join(word for word, stays in zip(words, kept, strict=False) if stays)
    assert is_deletion_of(line, SENTENCE)
    assert not is_deletion_of(f"{line} never once", SENTENCE)


@given(st.text(alphabet='abcd "\\,.-\n', min_size=1, max_size=80))
def test_deletion_grammar_is_well_formed_for_any_sentence(sentence: str) -> None:
    grammar = deletion_grammar(sentence)
    assert "\n" not in grammar
    assert re.sub(r'"(?:[^"\\]|\\.)*"', "", grammar).count('"') == 0


def test_a_sentence_of_another_script_stands_alone() -> None:
    for language, text in {"hi": "निर्माण कार्य मार्च में शुरू होगा।", "zh": "市议会批准修建新的电车线路。"}.items():
        assert not has_dangling_reference(text, (), language)
        assert stands_alone(text, (), language)
