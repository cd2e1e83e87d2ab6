"""Full-text search in past editions: folding, phrases, prefixes, ranking, snippets, query escaping."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from briefing.errors import StoreError
from briefing.nlp.search_terms import search_words, word_spans
from briefing.serialization import edition_to_json
from briefing.store import MEMORY, MIGRATIONS, Store
from briefing.store import schema as store_module
from briefing.store import search as search_module
from briefing.types import Disagreement, Story

from ..factories import article, edition, key_point, story

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
MONDAY, TUESDAY = date(2024, 5, 13), date(2024, 5, 14)


def told(headline: str, *points: str, source: str = "The Post", url: str | None = "https://example.org/a") -> Story:
    of = article("", id=headline, title=headline, source=source, url=url)
    return story(of, *map(key_point, points), model="", engine="extractive")


TRAM = told("Tram approved", "The council of Besançon voted for a tram line.", "It opens in 2027.")
WATER = told("A dry summer", "The reservoirs hold 40 per cent.", "Trams run as before.", source="Radio Nord")


def put(store: Store, day: date, *stories: Story, title: str = "Morning") -> None:
    shown = edition_to_json(edition(*stories, day=day, title=title))
    store.put_edition(day, title, json.dumps(shown, ensure_ascii=False), NOW)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "state.db") as opened:
        yield opened


def headlines(store: Store, words: str) -> list[str]:
    return [hit.headline for hit in store.search(words)]


def test_search_finds_headline_points_section_and_source(store: Store) -> None:
    put(store, MONDAY, TRAM, WATER)
    (found,) = store.search("council")
    assert (found.date, found.title, found.section, found.headline) == (MONDAY, "Morning", "World", "Tram approved")
    assert (found.url, found.sources) == ("https://example.org/a", ("The Post",))
    assert ("council", True) in found.pieces
    assert "".join(text for text, _ in found.pieces) == found.snippet
    assert [found.snippet[start:end] for start, end in found.marks] == ["council"]
    for words in ("approved", "2027", "post", "COUNCIL", "besancon", "council tram", "Besançon"):
        assert headlines(store, words) == ["Tram approved"], words
    for words in ("counci", "council dry", "zeppelin", "morning"):
        assert headlines(store, words) == [], words


TABLE = json.loads((Path(__file__).parents[1] / "data" / "search" / "words.json").read_text("utf-8"))
"""Texts with queries that find them or do not; shared with the archive's page (tests/browser/test_archive.py)."""


COMPOSED = "\u1112\u1161\u11ab한하ㄱㅏﾊﾟﾞハ\u3099\u309aก้ำিে\u09be\u00ad\u200da京"
"""Letters and marks that become others beside each other; joiners between them."""


@pytest.mark.parametrize("row", TABLE, ids=lambda row: ascii(row["told"])[:20])
def test_search_folds_case_accents_and_punctuation(store: Store, row: dict[str, Any]) -> None:
    put(store, MONDAY, told("Elsewhere", "Nothing of that."), told(row["told"], f"It was said: {row['told']}."))
    for words in row["found"]:
        (found,) = store.search(words)
        assert (found.headline, bool(found.marks)) == (row["told"], True), words
    for words in row["missed"]:
        assert headlines(store, words) == [], words


def test_the_snippet_keeps_the_spelling_of_the_edition(store: Store) -> None:
    put(store, MONDAY, told("A", "Rain fell.", "Die STRASSE ist zu.", "Die „Straße“ am Hafen bleibt zu."))
    (found,) = store.search("strasse hafen")
    assert [found.snippet[start:end] for start, end in found.marks] == ["STRASSE", "Straße", "Hafen"]
    assert found.snippet == "Rain fell. Die STRASSE ist zu. Die „Straße“ am Hafen bleibt zu."


def test_the_snippet_is_the_part_with_most_matches(store: Store) -> None:
    filler = " ".join(f"word{number}" for number in range(40))
    put(
        store,
        MONDAY,
        told("A", f"A tram {filler}.", f"{filler} again.", "The tram bridge is open.", f"More {filler}."),
    )
    (found,) = store.search('bridge tram "is open"')
    assert found.snippet.startswith("…The tram bridge is open. More word0")
    assert found.snippet.endswith("…")
    assert [found.snippet[start:end] for start, end in found.marks] == ["tram", "bridge", "is open"]


def test_of_equal_parts_the_snippet_is_the_earliest(store: Store) -> None:
    put(store, MONDAY, told("A", f"Tram {'word ' * 29}", f"A tram {'more ' * 29}"))
    (found,) = store.search("tram")
    assert found.snippet.startswith("Tram word")
    assert [found.snippet[start:end] for start, end in found.marks] == ["Tram"]


def test_a_match_far_into_its_line_is_shown_with_the_words_before_it(store: Store) -> None:
    words = " ".join(f"word{number}" for number in range(24))
    put(store, MONDAY, told("A", f"{words} tram opens."))
    (found,) = store.search("tram")
    assert found.snippet == "…word20 word21 word22 word23 tram opens."


def test_an_index_without_folding_is_rebuilt(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        put(store, MONDAY, told("Straße", "Eine Straße."))
    connection = sqlite3.connect(tmp_path / "state.db")
    connection.executescript(
        "DROP TABLE story_index;"
        "CREATE VIRTUAL TABLE story_index USING fts5(date UNINDEXED, title UNINDEXED, url UNINDEXED, section, headline,"
        " points, sources, tokenize = 'unicode61 remove_diacritics 2');"
        "INSERT INTO story_index VALUES ('2024-05-13', 'Morning', '', 'World', 'Straße', 'Eine Straße.', 'The Post');"
    )
    connection.close()
    with Store(tmp_path / "state.db") as store:
        assert headlines(store, "strasse") == ["Straße"]


def test_an_index_with_unparted_chinese_is_rebuilt_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "MIGRATIONS", MIGRATIONS[:9])
        patch.setattr(search_module, "search_words", str.split)
        with Store(tmp_path / "state.db") as store:
            shown = json.dumps(edition_to_json(edition(told("東京都の会議", "サミットが開かれた。"), day=MONDAY)))
            values = (MONDAY.isoformat(), "Morning", shown, NOW.isoformat())  # as that version stored it
            store.query("INSERT INTO editions (date, title, edition, written) VALUES (?, ?, ?, ?)", *values)
            assert headlines(store, "東京都の会議") == ["東京都の会議"]
            assert headlines(store, "東京") == []
    with Store(tmp_path / "state.db") as store:
        assert headlines(store, "東京") == ["東京都の会議"]
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
        connection.execute("DELETE FROM story_index")
        connection.commit()
    with Store(tmp_path / "state.db") as store:
        assert headlines(store, "会議") == []


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("昨日、東京都で会議が開かれ、東京の知事が話した。", "東京", ["東京", "東京"]),
        ("สภาเมืองอนุมัติรถรางสายใหม่", "รถราง", ["รถราง"]),
        ("서울에서 회의가 열렸다.", "서울", ["서울에서"]),
        ("ﾊﾟﾘで会議", "パリ", ["ﾊﾟﾘ"]),
        ("ยำน้ำ", "น้ำ", ["น้ำ"]),
    ],
)
def test_found_characters_are_marked(store: Store, text: str, query: str, marked: list[str]) -> None:
    put(store, MONDAY, told("A", text))
    (found,) = store.search(query)
    assert [found.snippet[start:end] for start, end in found.marks] == marked


def test_a_chinese_snippet_is_as_long_as_an_english_one(store: Store) -> None:
    """Of 24 words, which are 38 characters; a match far into its line has four words before it."""
    put(store, MONDAY, told("A", "一二三四五六七八九十" * 6 + "电车" + "甲乙丙丁戊己庚辛壬癸" * 6))
    (found,) = store.search("电车")
    assert found.snippet == "…五六七八九十电车" + ("甲乙丙丁戊己庚辛壬癸" * 6)[:31] + "…"


@given(st.text(st.characters(codec="utf-8"), max_size=60) | st.text(st.sampled_from(COMPOSED), max_size=12))
@example("\u1112\u1161\u11ab")
@example("\u1112\u00ad\u1161")
@example("ﾊﾟ")
def test_words_are_the_same_with_and_without_their_offsets(text: str) -> None:
    placed = list(word_spans(text))
    assert [word for *_, word in placed] == search_words(text)
    for begin, end, word in placed:
        assert word in " ".join(search_words(text[begin:end])).split()
        assert 0 <= begin < end <= len(text)


def test_search_finds_disagreements_paragraphs_and_copies(store: Store) -> None:
    fuller = replace(
        TRAM,
        copies=(article("", id="c", source="The Copier"),),
        disagreements=(Disagreement(versions=(key_point("Twelve stops."), key_point("Fifteen halts."))),),
        summary=replace(TRAM.summary, paragraph="A bridge is part of it."),
    )
    put(store, MONDAY, fuller)
    for words in ("copier", "twelve", "halts", "bridge"):
        assert headlines(store, words) == ["Tram approved"], words
    assert store.search("copier")[0].sources == ("The Post", "The Copier")


def test_phrase_and_prefix_queries(store: Store) -> None:
    put(store, MONDAY, TRAM, WATER)
    assert headlines(store, '"tram line"') == headlines(store, "“tram line”") == ["Tram approved"]
    assert headlines(store, '"line tram"') == []
    assert headlines(store, "reserv*") == ["A dry summer"]
    assert headlines(store, '"tram li"*') == headlines(store, '"tram line') == ["Tram approved"]
    assert headlines(store, "tram") == ["Tram approved"]
    assert set(headlines(store, "tram*")) == {"Tram approved", "A dry summer"}


def test_hits_are_ranked_best_then_newest_first(store: Store) -> None:
    put(store, MONDAY, told("Weather", "A tram was late."), told("Tram strike", "Nobody drives."))
    put(store, TUESDAY, told("Tram strike", "Nobody drives."))
    assert [(hit.headline, hit.date) for hit in store.search("tram")] == [
        ("Tram strike", TUESDAY), ("Tram strike", MONDAY), ("Weather", MONDAY),
    ]  # fmt: skip
    assert [hit.date for hit in store.search("tram", since=TUESDAY)] == [TUESDAY]
    assert len(store.search("tram", limit=2)) == 2
    assert store.search("tram", title="Evening") == []


def test_a_replaced_edition_is_reindexed(store: Store) -> None:
    put(store, MONDAY, TRAM)
    put(store, MONDAY, TRAM, title="Evening")
    put(store, MONDAY, WATER)
    assert headlines(store, "reservoirs") == ["A dry summer"]
    assert [hit.title for hit in store.search("council")] == ["Evening"]


def test_editions_do_not_expire(store: Store) -> None:
    put(store, MONDAY, TRAM)
    store.forget(NOW + timedelta(days=9999))
    assert headlines(store, "council") == ["Tram approved"]
    assert store.editions() == [(MONDAY, "Morning", "")]


def test_editions_are_listed_newest_first(store: Store) -> None:
    for day, title in ((MONDAY, "B"), (TUESDAY, "A"), (MONDAY, "A")):
        put(store, day, TRAM, title=title)
    assert store.editions() == [(TUESDAY, "A", ""), (MONDAY, "A", ""), (MONDAY, "B", "")]
    assert store.editions(title="B") == [(MONDAY, "B", "")]
    assert store.editions(since=TUESDAY) == [(TUESDAY, "A", "")]


def test_editions_older_than_the_index_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "MIGRATIONS", MIGRATIONS[:3])
        Store(tmp_path / "state.db").close()
    old = edition(TRAM, day=MONDAY, title="Old")
    connection = sqlite3.connect(tmp_path / "state.db")
    for title, text in (("Old", json.dumps(edition_to_json(old))), ("Odd", "{}"), ("Worse", "[" * 100_000)):
        connection.execute("INSERT INTO editions VALUES (?, ?, ?, '')", (MONDAY.isoformat(), title, text))
    connection.commit()
    connection.close()
    with Store(tmp_path / "state.db") as store:
        assert [(hit.title, hit.headline) for hit in store.search("council")] == [("Old", "Tram approved")]


def test_without_fts5_only_search_fails_and_later_nothing_is_missing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, MONDAY, TRAM)
    with monkeypatch.context() as patch:
        patch.setattr(search_module, "_MODULE", "no_such_module")
        put(store, MONDAY, WATER)
        put(store, TUESDAY, TRAM)
        assert len(store.editions()) == 2
        with pytest.raises(StoreError, match="no full-text search") as caught:
            store.search("council")
        assert "FTS5" in caught.value.remedy
    assert [hit.date for hit in store.search("council")] == [TUESDAY]
    assert headlines(store, "reservoirs") == ["A dry summer"]


HOSTILE = [
    "", " ", '"', '""', "*", '"*', "AND", "OR", "NOT", "NEAR(", "a NEAR b", "headline:tram", "{headline}: x", "^tram",
    "tram -line", "tram + line", "(((", ")", "'; DROP TABLE editions; --", "tram\0line", "\x02tram\x03", "\ud800",
    "%", "_", "tram*line", "**", "“", "»«", "\\", "?1", ":x", "@x", "$x", "🚋", "𞤀", "\u202etram", "tram " * 5000,
    '"' + "tram " * 5000, "(" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: ascii(words)[:20])
def test_query_syntax_is_escaped(store: Store, words: str) -> None:
    put(store, MONDAY, TRAM, WATER)
    store.search(words)
    assert headlines(store, "council") == ["Tram approved"]


@pytest.fixture(scope="module")
def kept() -> Iterator[Store]:
    with Store(MEMORY) as opened:
        put(opened, MONDAY, TRAM, WATER, told("AND OR NOT NEAR", "Words with a meaning elsewhere."))
        yield opened


pieces = st.sampled_from(['"', "“", "*", " ", "AND", "OR", "NOT", "NEAR", "(", ")", "{", ":", "^", "+", "-", "tram"])


@given(st.lists(pieces | st.text(max_size=4), max_size=12).map("".join))
def test_any_text_may_be_searched_for(kept: Store, words: str) -> None:
    for hit in kept.search(words):
        assert 0 <= sum(end - start for start, end in hit.marks) <= len(hit.snippet)


def test_query_operators_are_plain_words(kept: Store) -> None:
    for words in ("AND", "or", "not near", "NEAR(meaning, 3)*"):
        assert [hit.headline for hit in kept.search(words)] == (
            ["AND OR NOT NEAR"] if "3" not in words else []
        ), words  # fmt: skip


@given(st.text(st.characters(codec="utf-8"), max_size=30), st.text(max_size=10))
def test_any_story_can_be_kept_and_is_found_by_its_letters(headline: str, other: str) -> None:
    with Store(MEMORY) as store:
        put(store, MONDAY, told(headline, other, "zeppelin", source=other, url=other))
        (found,) = store.search("zeppelin")
        assert found.marks
        assert "\x02" not in found.headline + found.snippet


def test_control_characters_part_words_in_the_index(store: Store) -> None:
    put(store, MONDAY, told("Tram\x07line opens", "Rain fell."))
    assert headlines(store, "line") == ["Tram line opens"]
