"""Room for an answer is reckoned in the tokens of the language that it is in."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import ceil

import pytest

from briefing.assets import environment
from briefing.engines.base import WINDOW, Message, Prompt, message_tokens, token_upper_bound
from briefing.models import fit
from briefing.summariser.answer_length import LINE_TOKENS, POINT_TOKENS, line_tokens, point_tokens, text_budget
from briefing.summariser.language_samples import sample_sentences, script, script_of
from briefing.summariser.prompts import PromptBook
from briefing.testing.engine import FakeEngine

SENTENCES = {
    "en": "The city council voted on Tuesday to build tram line {} to the university hospital by the river.",
    "de": "Der Stadtrat hat am Dienstag beschlossen, die Straßenbahnlinie {} zum Universitätskrankenhaus zu bauen.",
    "ru": "Городской совет во вторник решил построить трамвайную линию {} до университетской больницы у реки.",
    "el": "Το δημοτικό συμβούλιο αποφάσισε την Τρίτη να κατασκευάσει τη γραμμή {} του τραμ προς το νοσοκομείο.",
    "hi": "नगर परिषद ने मंगलवार को विश्वविद्यालय के अस्पताल तक ट्राम की लाइन {} बनाने का निर्णय लिया है।",
    "ta": "பல்கலைக்கழக மருத்துவமனைக்கு {} ஆவது டிராம் பாதையை அமைக்க நகர சபை செவ்வாய்க்கிழமை முடிவு செய்தது.",
    "zh": "市议会星期二决定修建通往大学医院的第{}号有轨电车线路,工程将于三月开始。",
}
ORDINARY = {"en": 22, "de": 41, "ru": 47, "el": 120, "hi": 120, "ta": 130, "zh": 40}
"""Tokens of an ordinary point, by the tokeniser of the default model."""


def tokens_in(language: str) -> Callable[[str], int]:
    """A tokeniser to which an ordinary sentence of the language costs what it costs the default model's."""
    sentence = SENTENCES[language]
    plain = 0.25 * sum(c.isascii() for c in sentence)
    rate = (ORDINARY[language] - plain) / max(1, sum(not c.isascii() for c in sentence))
    flat = ORDINARY[language] / len(sentence) if language in {"en", "de"} else 0.0
    return lambda text: ceil(sum(flat or (0.25 if c.isascii() else rate) for c in text))


@pytest.mark.parametrize("language", SENTENCES)
def test_a_point_half_as_long_again_as_an_ordinary_one_has_room_in_every_language(language: str) -> None:
    count = tokens_in(language)
    room = point_tokens([SENTENCES[language].format(n) for n in range(12)], count)
    assert room >= 1.5 * ORDINARY[language]
    assert room < 5 * ORDINARY[language]


def test_limits_for_english_are_constant() -> None:
    for count in (tokens_in("en"), lambda text: ceil(len(text.encode()) / 3)):
        assert point_tokens([SENTENCES["en"].format(n) for n in range(12)], count) == POINT_TOKENS


@pytest.mark.parametrize("examples", [[], [""], ["Photo: Reuters"]])
def test_limit_without_examples_is_that_of_english(examples: list[str]) -> None:
    assert point_tokens(examples, len) == POINT_TOKENS


@pytest.mark.parametrize(("headings", "measured"), [(95, True), (96, False)])
def test_sentences_behind_a_hundred_headings_are_not_measured(headings: int, measured: bool) -> None:
    examples = [*["Weather"] * headings, SENTENCES["ta"].format(1)]
    assert (point_tokens(examples, tokens_in("ta")) > POINT_TOKENS) == measured


def test_a_summary_in_another_language_than_its_article_has_the_room_of_its_own() -> None:
    assert point_tokens(sample_sentences("ta"), tokens_in("ta")) > 3 * POINT_TOKENS
    assert POINT_TOKENS < point_tokens(sample_sentences("de"), tokens_in("de")) < 1.5 * POINT_TOKENS
    assert point_tokens(sample_sentences("en"), tokens_in("en")) == POINT_TOKENS


def _bytes(text: str) -> int:
    return len(text.encode())


@pytest.mark.parametrize("language", ["am", "bn", "hi", "hy", "ka", "km", "kn", "ml", "mr", "my", "gu", "si", "xx"])
def test_a_language_of_many_tokens_has_room_for_its_points(language: str) -> None:
    assert point_tokens(sample_sentences(language), _bytes) > 4 * POINT_TOKENS


@pytest.mark.parametrize("language", ["fr", "fi", "hu", "tr", "vi"])
def test_latin_script_languages_use_the_german_sample(language: str) -> None:
    assert point_tokens(sample_sentences(language), tokens_in("de")) == point_tokens(
        sample_sentences("de"), tokens_in("de")
    )


def test_sentences_with_few_blanks_are_measured() -> None:
    (khmer,) = sample_sentences("km")
    assert len(khmer.split()) < 5
    assert point_tokens([khmer], _bytes) > 4 * POINT_TOKENS


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Der Rat stimmte für 北京.", "LATIN"), ("Городской совет (IBM)", "CYRILLIC"), ("市议会星期二决定", "CJK"),
        ("市議会は火曜日に路面電車の建設を決めた。", "KANA"), ("नगर परिषद ने", "DEVANAGARI"), ("31, 14!", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_text_is_in_the_script_of_most_of_its_letters(text: str, found: str) -> None:
    assert script(text) == found


@pytest.mark.parametrize(
    ("language", "found"),
    [("de", "LATIN"), ("cy", "LATIN"), ("ru", "CYRILLIC"), ("ja", "KANA"), ("zh", "CJK"), ("sr", ""), ("xx", "")],
)
def test_a_language_has_its_script_where_that_is_known_and_only_one(language: str, found: str) -> None:
    assert script_of(language) == found


def test_no_grammar_allows_points_longer_than_the_room_for_them() -> None:
    book = PromptBook(environment("prompts"))
    variables = {"sentences": 2, "fewest": 1, "points": 2, "headline": False, "opened": False, "numbers": [1]}
    for name in ("points", "points_numbered", "rewrite", "cite"):
        grammar = book.grammar(name, **variables)
        text = "\n".join(line for line in grammar.splitlines() if not line.startswith("headline"))
        assert max(int(most) for most in re.findall(r"\{\d+,(\d{2,})\}", text)) <= 230, name


@pytest.mark.parametrize(("language", "least"), [("en", LINE_TOKENS), ("de", 80), ("ru", 140)])
def test_a_line_behind_its_numbers_has_the_room_of_its_language(language: str, least: int) -> None:
    room = line_tokens([SENTENCES[language].format(2)], language)
    assert least <= room <= 2 * least
    assert (room == LINE_TOKENS) == (language == "en")


def test_token_estimates_without_a_tokeniser() -> None:
    assert [token_upper_bound(text) for text in ("", "a", "abc", "abcd", "ш", "\udfff")] == [0, 1, 1, 2, 1, 1]
    assert message_tokens((Message("system", "ab"), Message("user", "c")), len) == 3 + 2 * 8


def test_text_budget_is_the_window_without_frame_and_answer() -> None:
    empty = Prompt(id="", messages=(Message("user", "one two"),), document="", max_tokens=100)
    assert text_budget(empty, FakeEngine(context=1000)) == 1000 - (2 + 8) - 100 - 16
    assert text_budget(empty, FakeEngine(context=120)) == 64


def test_a_model_is_found_to_fit_with_the_window_that_it_is_given() -> None:
    assert fit.WINDOW == WINDOW  # `models` imports no engine
