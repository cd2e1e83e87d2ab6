"""Chunks of long text: within the budget, at good borders, without loss."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from briefing.nlp.chunk import chunks
from briefing.nlp.text import word_count


def characters(text: str) -> int:
    return len(text)


def visible(text: str) -> str:
    return "".join(text.split())


PARAGRAPH = "The council met on Tuesday. It voted for the tram. Nobody was surprised by the result."


@example(";;;;;;;;;;;;   ;;;;", 18)  # the blanks between two parts count as well
@given(st.text(alphabet=st.sampled_from("ab .,;\n文。é"), max_size=600), st.integers(16, 200))
def test_chunks_lose_only_white_space_and_fit_the_budget(text: str, budget: int) -> None:
    pieces = chunks(text, budget, characters, "en")
    assert visible("".join(piece.text for piece in pieces)) == visible(text)
    for piece in pieces:
        assert text[piece.start : piece.end] == piece.text
        assert len(piece.text) <= budget or len(piece.text) < 2


def test_a_short_text_is_one_chunk() -> None:
    assert [piece.text for piece in chunks(PARAGRAPH, 100, word_count, "en")] == [PARAGRAPH]


def test_empty_text_has_no_chunks() -> None:
    assert chunks(" \n ", 100, word_count, "en") == ()


def test_chunks_are_about_equally_long_and_end_with_paragraphs() -> None:
    text = "\n\n".join([PARAGRAPH] * 40)
    pieces = chunks(text, 300, word_count, "en")
    lengths = [word_count(piece.text) for piece in pieces]
    assert max(lengths) <= 300
    assert min(lengths) > 0.5 * max(lengths)
    assert all(piece.text.endswith("result.") for piece in pieces)


def test_a_sentence_over_the_budget_is_split_at_its_clauses() -> None:
    sentence = ", ".join(f"clause number {i} of the endless sentence" for i in range(150)) + "."
    pieces = chunks(sentence, 200, word_count, "en")
    assert visible("".join(piece.text for piece in pieces)) == visible(sentence)
    assert all(piece.text.endswith((",", ".")) for piece in pieces)
    assert all(word_count(piece.text) <= 200 for piece in pieces)


def test_a_chinese_sentence_over_the_budget_is_split_at_its_commas() -> None:
    sentence = "，".join("市议会星期二投票决定修建一条线路"[: 5 + part] for part in range(11)) + "。"
    pieces = chunks(sentence, 40, word_count, "zh")
    assert "".join(piece.text for piece in pieces) == sentence
    assert len(pieces) > 1
    assert all(piece.text[-1] in "，。" for piece in pieces)


def test_too_small_a_budget_is_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        chunks("text", 4, word_count, "en")
