"""Normalisation, paragraphs, word counts, folding, fingerprints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.nlp.text import article_id, fingerprint, fold, normalise, paragraphs, word_count


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
    [("", 0), ("It's a well-known fact.", 4), ("3.5 million", 2), ("我们今天去了", 6), ("東京 Olympics", 3)],
)
def test_word_count(text: str, count: int) -> None:
    assert word_count(text) == count


def test_folding_makes_spellings_comparable() -> None:
    assert fold("“Café”—naïve") == '"cafe"-naive'


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("सभी मनुष्यों को गौरव प्राप्त है।", 6),
        ("மனிதர் சகலரும் சமமானவர்கள்.", 3),
        ("كُلُّ الناس", 2),
        ("می‌آیند", 1),
        ("re\u0301sume\u0301", 1),
        ("ทั้งหลาย", 8),
    ],
)
def test_combining_marks_do_not_split_words(text: str, count: int) -> None:
    assert word_count(text) == count


def test_two_lists_of_parts_never_share_a_fingerprint() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")


def test_article_id_is_of_the_url_else_of_the_text() -> None:
    assert article_id("https://example.org/a", "x") == article_id("https://example.org/a", "y")
    assert article_id(None, "x  y") == article_id(None, "x y") != article_id(None, "x z")
