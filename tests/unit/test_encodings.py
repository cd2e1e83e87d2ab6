"""Character encodings: detection, and which declarations are accepted."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.encodings import decode_text
from briefing.extract import extract_article
from briefing.sources import read_feed

GERMAN = "Die Straße über die Brücke wird im März gebaut, sagte der Bürgermeister, und sie bleibt für Wagen offen. "
LIES = ["utf-16", "utf-16le", "UTF-16BE", "utf-32", "cp037", "cp500", "cp1140", "utf-7", "ascii", "zip", "no-such"]


@pytest.mark.parametrize("longer", ["", "!"])
@pytest.mark.parametrize("declared", LIES)
def test_an_impossible_declared_encoding_is_ignored(declared: str, longer: str) -> None:
    text = GERMAN * 4 + longer
    assert decode_text(text.encode("cp1252"), [declared]) == text
    assert decode_text(text.encode("utf-8"), [declared]) == text
    assert decode_text(b"The bridge is open." + longer.encode(), [declared]) == f"The bridge is open.{longer}"


@pytest.mark.parametrize("longer", ["", "!"])
@pytest.mark.parametrize("declared", LIES)
def test_a_page_and_a_feed_with_an_impossible_declared_encoding_are_read(declared: str, longer: str) -> None:
    page = f"<html><head><meta charset='{declared}'></head><body><p>{GERMAN * 4}{longer}</p></body></html>"
    article = extract_article(page.encode("cp1252"), charset=declared, name="it", url=None, source="Post")
    assert article.text.startswith("Die Straße über die Brücke")
    feed = (
        f"<?xml version='1.0' encoding='{declared}'?><rss version='2.0'><channel><title>Post</title>"
        f"<item><title>Die Brücke</title><description>{GERMAN * 4}{longer}</description></item></channel></rss>"
    )
    (item,) = read_feed(feed.encode("cp1252"), content_type=f"text/xml; charset={declared}").items
    assert (item.title, item.html) == ("Die Brücke", GERMAN * 4 + longer if longer else (GERMAN * 4).strip())


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("text", ["The bridge is open.\n", "Der Zoll fällt.\n", "橋は火曜日に開かれた。\n"])
def test_declared_utf_16_with_zero_bytes_is_accepted(codec: str, text: str) -> None:
    assert decode_text(text.encode(codec), [codec]) == text
    if codec.startswith("utf-16"):
        assert decode_text(text.encode(codec), ["utf-16"]) == text


def test_a_stray_zero_byte_is_not_utf_16() -> None:
    body = GERMAN.encode("cp1252") + b"\0" + GERMAN.encode("cp1252")
    assert decode_text(body, ["utf-16"]) == f"{GERMAN}\0{GERMAN}"


@pytest.mark.parametrize(("codec", "text"), [("iso-2022-jp", "会議は火曜日に開かれた。"), ("hz", "会议在星期二举行。")])
def test_encodings_with_escape_sequences_are_accepted(codec: str, text: str) -> None:
    assert decode_text(text.encode(codec), [codec]) == text


@pytest.mark.parametrize(("declared", "written"), [("iso-8859-1", "cp1252"), ("us-ascii", "cp1252"), ("gb2312", "gbk")])
def test_declared_encodings_are_replaced_by_their_supersets(declared: str, written: str) -> None:
    text = "“Müller”, he said – and went. " if written == "cp1252" else "朱镕基在北京说，会议在星期二举行。"
    assert decode_text((text * 3).encode(written), [declared]) == text * 3


def test_other_encodings_declared_as_utf_8_are_detected() -> None:
    text = "The bridge is open to all who come by bus or on foot, said Mayor Müller, and to nobody else. " * 4
    assert decode_text(text.encode("cp1252"), ["utf-8"]) == text


@given(
    body=st.binary(max_size=300),
    names=st.lists(st.sampled_from([*LIES, "utf-8", "iso-2022-jp", "gb18030", "hz", "a\0b", ""]), max_size=3),
)
def test_any_bytes_give_text_or_none(body: bytes, names: list[str]) -> None:
    text = decode_text(body, names)
    assert text is None or len(text) <= len(body)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_without_a_declaration_valid_utf_8_is_read_as_that(text: str) -> None:
    assert decode_text(text.encode(), []) == text


@pytest.mark.parametrize("letter", ["\u0301", "\u5e02", "\u00e9"])
def test_decoding_of_non_ascii_text_takes_little_memory(letter: str) -> None:
    body = (letter * 200_000).encode()
    tracemalloc.start()
    try:
        assert decode_text(body, []) == letter * 200_000
        assert tracemalloc.get_traced_memory()[1] < 5 * len(body)
    finally:
        tracemalloc.stop()
