"""Truncation of long documents, and its warnings."""

from __future__ import annotations

import pytest

from briefing.errors import ExtractError
from briefing.extract import article_from_text, extract_article
from briefing.extract.length import LONGEST_READ, NOT_WORDS, TEXT_CUT, is_cut, truncated
from briefing.ground import Evidence, check
from briefing.nlp.sentences import LONGEST_SENTENCE, sentences
from briefing.summariser import SummaryOptions, quoted_summary
from briefing.types import Article, Verdict

STREETS = ("Harbour Street", "Mill Lane", "Castle Road", "Station Square")


def told(count: int) -> str:
    """So many paragraphs, each with its own number."""
    return "\n\n".join(
        f"In {STREETS[n % 4]} {n + 100} people came to the council on Tuesday. They stayed." for n in range(count)
    )


def page(text: str) -> Article:
    html = "".join(f"<p>{paragraph}</p>" for paragraph in text.split("\n\n"))
    return extract_article(
        f"<html><head><title>Streets</title></head><body><article>{html}</article></body></html>".encode(),
        content_type="text/html", name="page", url="https://a.example/b", source="a",
    )  # fmt: skip


def test_a_long_text_is_truncated_at_a_paragraph_with_a_warning() -> None:
    text = told(5000)
    article = article_from_text(text, title="Streets", source="a")
    assert LONGEST_READ - 200 < len(article.text) <= LONGEST_READ
    assert text.startswith(f"{article.text}\n\n")
    assert article.warnings == (TEXT_CUT,)
    assert is_cut(article)


def test_text_below_the_limit_is_not_truncated() -> None:
    article = article_from_text(told(1000), title="Streets", source="a")
    assert (article.text, article.warnings) == (told(1000), ())


@pytest.mark.parametrize("head", ["# Streets\n\n", "---\ntitle: Streets\n---\n# Streets\n\n", "![](a.png)\n\n"])
def test_markdown_below_the_limit_is_not_truncated(head: str) -> None:
    body = f"{head}{told(10)}".encode()
    article = extract_article(body, content_type="text/markdown", name="a.md", url=None, source="a")
    assert article.warnings == ()
    assert article.text.endswith(told(10)[-80:])


@pytest.mark.slow
@pytest.mark.parametrize("paragraphs", [3000, 60_000], ids=["a tree", "too large for a tree"])
def test_a_long_page_is_truncated(paragraphs: int) -> None:
    article = page(told(paragraphs))
    assert LONGEST_READ - LONGEST_SENTENCE < len(article.text) <= LONGEST_READ
    assert article.warnings == (TEXT_CUT,)


@pytest.mark.slow
def test_a_truncated_page_has_a_warning() -> None:
    furniture = "<a href=/x>Home page</a> " * 100_000
    article = extract_article(
        f"<html><body><p>{told(40)}</p>{furniture}</body></html>".encode(),
        content_type="text/html", name="page", url=None, source="a",
    )  # fmt: skip
    assert article.warnings == (TEXT_CUT,)


@pytest.mark.slow
def test_citations_of_a_truncated_text_are_within_it() -> None:
    article = article_from_text(told(5000), title="Streets", source="a")
    found = check("In Mill Lane 1,001 people came to the council.", Evidence(article.text, article.title, "en"))
    assert found.verdict is not Verdict.UNSUPPORTED
    assert all(article.text[one.start : one.end] == one.text for one in found.citations)
    assert "1001 people" in found.citations[0].text


def test_data_between_words_is_removed() -> None:
    article = article_from_text(f"{told(3)} {'QUJD' * 1000} {told(1)}", title="Streets", source="a")
    assert "QUJD" not in article.text
    assert article.warnings == (NOT_WORDS,)


def test_a_text_of_data_is_no_article() -> None:
    with pytest.raises(ExtractError, match="there is only a title"):
        article_from_text("QUJD" * 10_000, title="Streets", source="a")


def test_scripts_without_blanks_are_words() -> None:
    text = "市议会星期二投票决定修建通往医院的电车线路" * 100
    assert article_from_text(text, title="电车", source="a").text == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("One.\n\nTwo three.", "One."),
        ("One. Two three four", "One."),
        ("One two three four", "One two"),
        ("abcdefghijklmnop", "abcdefghij"),
        ("short", "short"),
    ],
)
def test_truncation_prefers_paragraphs_then_sentences_then_words(text: str, kept: str) -> None:
    assert truncated(text, 10) == kept


# --- sentences ------------------------------------------------------------------------------------------


def test_an_endless_sentence_is_split_at_pauses() -> None:
    text = ", ".join(f"word {n} of a list" for n in range(1000))
    found = sentences(text, "en")
    assert all(len(one.text) <= LONGEST_SENTENCE for one in found)
    assert all(one.text.endswith(",") for one in found[:-1])
    assert " ".join(one.text for one in found) == text


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "a " * 5000, "词" * 10_000, "Mr. " * 5000, told(100).replace("\n\n", " ")]
)
def test_the_first_sentences_are_those_of_the_whole(text: str) -> None:
    found = sentences(text, "en")
    assert sentences(text, "en", 3) == found[:3]
    assert all(text[one.start : one.end] == one.text for one in found)
    assert "".join("".join(one.text.split()) for one in found) == "".join(text.split())


# --- in brief --------------------------------------------------------------------------------


def test_a_story_without_time_is_told_by_a_sentence_from_its_beginning() -> None:
    article = article_from_text(told(500), title="Streets", source="a")
    summary = quoted_summary([article], SummaryOptions())
    (citation,) = summary.key_points[0].citations
    assert (
        article.text[citation.start : citation.end]
        == citation.text
        == sentences(article.text, article.language)[citation.sentence].text
    )
    assert citation.sentence < 100
