"""Room for an answer is reckoned in the tokens of the language that it is in."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import pytest

from briefing.summariser.room import LINE_TOKENS, POINT_TOKENS, line_tokens, point_tokens, specimen

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


def test_english_has_the_room_that_it_always_had() -> None:
    for count in (tokens_in("en"), lambda text: ceil(len(text.encode()) / 3)):
        assert point_tokens([SENTENCES["en"].format(n) for n in range(12)], count) == POINT_TOKENS


@pytest.mark.parametrize("examples", [[], [""], ["Photo: Reuters"]])
def test_where_there_is_no_sentence_to_count_there_is_the_room_of_english(examples: list[str]) -> None:
    assert point_tokens(examples, len) == POINT_TOKENS


def test_a_summary_in_another_language_than_its_article_has_the_room_of_its_own() -> None:
    assert point_tokens(specimen("ta"), tokens_in("ta")) > 3 * POINT_TOKENS
    assert point_tokens(specimen("de"), tokens_in("de")) == POINT_TOKENS


@pytest.mark.parametrize(("language", "least"), [("en", LINE_TOKENS), ("de", 80), ("ru", 140)])
def test_a_line_behind_its_numbers_has_the_room_of_its_language(language: str, least: int) -> None:
    room = line_tokens([SENTENCES[language].format(2)], language)
    assert least <= room <= 2 * least
    assert (room == LINE_TOKENS) == (language == "en")
