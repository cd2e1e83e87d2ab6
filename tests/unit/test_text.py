"""Normalisation, paragraphs, word counts, folding, fingerprints."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.nlp.text import (
    article_id,
    beginning,
    characters_a_word,
    fingerprint,
    fold,
    normalise,
    paragraphs,
    pieces,
    word_count,
)

UNSPACED = Path(__file__).parents[1] / "data" / "unspaced"


def text_in(language: str) -> str:
    """A report of 214 English words, and its translations."""
    return (UNSPACED / f"tram.{language}.txt").read_text("utf-8")


@given(st.text())
def test_normalise_is_idempotent(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_invisible_characters_and_controls_do_not_survive() -> None:
    assert normalise("a\u202eb\u200bc\u00add\x07e\ufefff") == "abcdef"


def test_paragraphs_are_parted_by_one_blank_line_and_blanks_are_single() -> None:
    assert normalise("One\u00a0 two \r\n\r\n\r\n \tThree\u2029Four") == "One two\n\nThree\n\nFour"


def test_paragraphs_keep_their_offsets() -> None:
    text = "One.\n\n  Two\nlines.\n\nThree."
    assert [text[p.start : p.end] for p in paragraphs(text)] == ["One.", "Two\nlines.", "Three."]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("It's a well-known fact.", 4),
        ("3.5 million", 2),
        ("我们今天去了", 4),
        ("東京 Olympics", 3),
        ("是", 1),
        ("サッカー", 2),
        ("ก", 1),
        ("市内有23人死亡", 5),
        ("서울에서 KBS는 12명이", 3),
        ("सभी मनुष्यों को", 3),
    ],
)
def test_word_count(text: str, count: int) -> None:
    assert word_count(text) == count


def test_folding_makes_spellings_comparable() -> None:
    assert fold("“Café”—naïve") == '"cafe"-naive'


def test_folding_keeps_letters_of_kana_and_korean_apart() -> None:
    assert fold("パリ") == fold("ﾊﾟﾘ") != fold("バリ") != fold("ハリ")
    assert fold("서울") == "서울" == fold(unicodedata.normalize("NFD", "서울"))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("सभी मनुष्यों को गौरव प्राप्त है।", 6),
        ("மனிதர் சகலரும் சமமானவர்கள்.", 3),
        ("كُلُّ الناس", 2),
        ("می‌آیند", 1),
        ("re\u0301sume\u0301", 1),
        ("ทั้งหลาย", 2),
    ],
)
def test_combining_marks_do_not_split_words(text: str, count: int) -> None:
    assert word_count(text) == count


@pytest.mark.parametrize("language", ["zh", "ja", "th"])
def test_a_translation_is_about_as_long_as_its_original(language: str) -> None:
    original, translation = (text_in(name) for name in ("en", language))
    assert 0.9 < word_count(translation) / word_count(original) < 1.1


@pytest.mark.parametrize("language", ["en", "zh", "ja", "th"])
def test_the_beginning_of_a_text_has_so_many_words(language: str) -> None:
    text = text_in(language)
    found = beginning(text, 60)
    assert " ".join(text.split()).startswith(found)
    assert 56 <= word_count(found) <= 61
    assert beginning(text, 10_000) == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("One two,  three\nfour", 3, "One two, three"),
        ("a — b", 2, "a —"),  # split at blanks only
        ("东京，今天（星期二）下雨。", 3, "东京，今天"),
        ("东京，今天下雨。", 9, "东京，今天下雨。"),
        ("ที่นี่", 1, "ที่นี่"),  # no letter loses its mark
        ("ภาษาไทยที่", 2, "ภาษาไทยที่"),
        ("", 3, ""),
    ],
)
def test_the_beginning_is_cut_between_words_or_characters(text: str, most: int, expected: str) -> None:
    assert beginning(text, most) == expected


@given(st.text(st.sampled_from("ab 东京の都กิ่ก\n한국")), st.integers(0, 9))
def test_the_beginning_begins_its_text_and_is_no_longer_than_asked(text: str, most: int) -> None:
    found = beginning(text, most)
    assert " ".join(text.split()).startswith(found)
    assert len(found.split()) <= max(most, word_count(found)) <= most + 1


@given(st.text())
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text.lstrip()


def test_pieces_are_words_or_stretches_of_about_a_word() -> None:
    assert pieces("Hello, world-wide 东京今天下雨。ok") == ["Hello, ", "world-wide ", "东京", "今天", "下雨。", "ok"]


@pytest.mark.parametrize(("language", "characters"), [("en", 0.0), ("zh", 1.6), ("ja", 2.0), ("th", 4.5)])
def test_characters_a_word_of_a_script_without_blanks(language: str, characters: float) -> None:
    assert round(characters_a_word(text_in(language)), 1) == characters


def test_korean_and_indian_words_are_parted_by_blanks() -> None:
    assert characters_a_word("서울에서 열린 회의에 120명이 참석했다.") == 0
    assert characters_a_word("दिल्ली में बारिश") == 0


def test_two_lists_of_parts_never_share_a_fingerprint() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")


def test_article_id_is_of_the_url_else_of_the_text() -> None:
    assert article_id("https://example.org/a", "x") == article_id("https://example.org/a", "y")
    assert article_id(None, "x  y") == article_id(None, "x y") != article_id(None, "x z")
