"""Sanitising and truncation of untrusted text."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.address import web_address
from briefing.nlp.text import fingerprint, normalise
from briefing.pipeline.candidates import item_keys
from briefing.sanitise import LONGEST_NAME, LONGEST_TITLE, clean, clean_data, clipped, one_line, shown_name, shown_title
from briefing.serialization import json_text
from briefing.sources import read_feed, read_head
from briefing.sources.decoding import strip_tags

FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff"
    "\ud800-\udfff\U0001fffe\U0001ffff\U0010fffe\U0010ffff]"
)
ISOLATES, CLOSES = "\u2066\u2067\u2068", "\u2069"
MARKS = "\x1b\x07\x08\x7f\x9b\u202a\u202e\u2066\u2069\u206a\ufeff\ufff9\ud800\uffff\U000e0041"
ENGLAND = "\U0001f3f4" + "".join(chr(0xE0000 + ord(c)) for c in "gbeng") + "\U000e007f"
FAMILY = "👩\u200d👩\u200d👧"

marked = st.lists(
    st.sampled_from([*MARKS, *ISOLATES, CLOSES, CLOSES, "\r", "\n", "\r\n", "\u2028", " ", ENGLAND, FAMILY, "e\u0301"])
    | st.text(max_size=3),
    max_size=30,
).map("".join)


def is_balanced(line: str) -> bool:
    depth = 0
    for character in line:
        depth += (character in ISOLATES) - (character == CLOSES)
        if depth < 0:
            return False
    return depth == 0


@given(marked)
def test_clean_removes_control_characters_and_is_idempotent(text: str) -> None:
    cleaned = clean(text)
    assert not FORBIDDEN.search(cleaned)
    assert all(is_balanced(line) for line in cleaned.split("\n"))
    assert clean(cleaned) is cleaned
    for label in (shown_title, shown_name, one_line):
        shown = label(text)
        assert not FORBIDDEN.search(shown)
        assert is_balanced(shown)
        assert "\n" not in shown
        assert label(shown) == shown


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf", "Cn", "Co", "Zl", "Zp"])))
def test_clean_text_is_returned_as_the_same_object(text: str) -> None:
    assert clean(text) is text


@pytest.mark.parametrize(
    "text",
    [
        "\u2067שלום\u2069 עולם!\u200f",
        "عربي\u200e 3\u061c",
        "می\u200cخواهم",
        "क्\u200dष",
        FAMILY,
        ENGLAND,
        "𠮷\U000e0101",
        "a\tb\nc",
    ],
)
def test_joiners_and_directional_marks_of_scripts_stay(text: str) -> None:
    assert clean(text) is text
    assert shown_title(text) == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x1b[31mb", "a[31mb"),
        ("a\r\nb\rc\u2028d\u2029e\x85f", "a\nb\nc\nd\ne\nf"),
        ("a\u2067b", "ab"),
        ("a\u2069b", "ab"),
        ("\u2067a\nb\u2069", "a\nb"),
        ("\u2066a\u2067b\u2069", "a\u2067b\u2069"),
        ("🏴\U000e0078\U000e007f", "🏴"),
        ("ignore\U000e0061\U000e0062", "ignore"),
    ],
)
def test_control_characters_bidi_overrides_and_noncharacters_are_removed(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_nested_json_values_are_cleaned_and_have_no_escapes() -> None:
    value = {"a": ["x\x1b\u202e", {"b": "\x9by"}], "n": 1, "none": None}
    assert clean_data(value) == {"a": ["x", {"b": "y"}], "n": 1, "none": None}
    assert json.loads(json_text(value)) == clean_data(value)


def test_articles_without_control_characters_keep_their_text() -> None:
    text = "One sentence, “quoted” at £3.50 – and more.\n\nÉté in Zürich; 東京、大阪。\n\nمی‌خواهم."
    assert normalise(text) == text
    # Marks of direction go from what is compared word by word; they stay in titles.
    assert normalise("\u2067שלום\u2069 עולם!\u200f") == "שלום עולם!"


# --- what is cut ----------------------------------------------------------------------------------------------------


@given(marked, st.integers(10, 40))
def test_truncation_ends_at_a_grapheme_cluster(text: str, most: int) -> None:
    line = one_line(text)
    cut = clipped(line, most)
    assert len(cut) <= most
    if cut != line:
        assert cut.endswith("…")
        kept = re.sub(f"[{ISOLATES}{CLOSES}]", "", cut[:-1])
        assert re.sub(f"[{ISOLATES}{CLOSES}]", "", line).startswith(kept)


def test_long_titles_and_names_are_cut_at_a_word() -> None:
    title, name = shown_title("several words " * 80), shown_name("several words " * 80)
    assert (len(title) <= LONGEST_TITLE, len(name) <= LONGEST_NAME) == (True, True)
    assert title.removesuffix("…").split(" ")[-1] in {"several", "words"}
    assert shown_title("w" * 300) == "w" * 300
    assert shown_title("w" * 301) == "w" * 299 + "…"


@pytest.mark.parametrize(
    "cluster", ["e\u0301\u0323", FAMILY, ENGLAND, "👍🏽", "🇩🇪", "क्षि", "\u1112\u1161\u11ab", "❤\ufe0f"]
)
@pytest.mark.parametrize("before", ["", "x", "xy"])
def test_grapheme_clusters_are_not_split(cluster: str, before: str) -> None:
    cluster = unicodedata.normalize("NFD", cluster)
    cut = clipped(before + cluster * 60, 50)
    whole = cut.removesuffix("…").removeprefix(before)
    assert whole
    assert whole == cluster * (len(whole) // len(cluster))


def test_endless_combining_marks_are_truncated() -> None:
    assert len(shown_title("a" + "\u0335" * 100_000)) <= LONGEST_TITLE


# --- at the border --------------------------------------------------------------------------------------------------


def test_truncated_titles_do_not_change_store_keys() -> None:
    long = "A very long title that goes on " * 20
    items = "".join(
        f"<item><title>{long}{end}\u202e</title><description>Text {end}.</description></item>" for end in ("one", "two")
    )
    feed = read_feed(f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode())
    assert [len(item.title) <= LONGEST_TITLE for item in feed.items] == [True, True]
    before = [strip_tags(f"{long}{end}\u202e") + f"\nText {end}." for end in ("one", "two")]
    assert item_keys(feed.items) == [fingerprint("item", place, "")[:32] for place in before]


def test_mails_with_equal_truncated_subjects_are_distinct() -> None:
    head = f"From: {'N' * 200} <a@b.example>\nSubject: {'long subject ' * 40}"
    one, two = (read_head(f"{head}{end}".encode()) for end in "12")
    assert one.title == two.title
    assert len(one.sender) == LONGEST_NAME
    assert one.raw != two.raw


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("https://a.example/x\x1b[31my", "https://a.example/x[31my"),
        ("https://a.example/x\x9b31m\u202ey", "https://a.example/x%C2%9B31m%E2%80%AEy"),
        ("https://a.example/é?q=ü#ö", "https://a.example/é?q=ü#ö"),
        ("https://a\u202e.example/", None),
        ("https://a.example\x7f/", None),
        pytest.param("https://a.example/" + 4_000 * "g", None, id="too long"),
    ],
)
def test_addresses_hold_no_control_characters(link: str, address: str | None) -> None:
    assert web_address(link) == address
