"""Names of the sources that have none in the configuration."""

from __future__ import annotations

import pytest

from briefing.pipeline.candidates import Candidate, Item, SourceContents, skipped
from briefing.pipeline.source_names import name_for, site_of, tell_apart
from briefing.sanitise import LONGEST_NAME
from briefing.types import FeedItem, Source


def contents(source: Source, title: str) -> SourceContents:
    name = name_for(source, title, site_of(source.location))
    entry = FeedItem(url="https://a.example/1", title="One", published=None, html="")
    candidates: list[Candidate] = [Item(entry, source, name, key="1"), skipped(name, "1 article was left out")]
    return SourceContents(source=source, candidates=candidates)


def names(*feeds: tuple[Source, str]) -> list[str]:
    renamed = tell_apart([contents(source, title) for source, title in feeds], {})
    pairs = [content.candidates for content in renamed]
    assert [failure.subject for _, failure in pairs] == [item.name for item, _ in pairs]  # type: ignore[union-attr]
    return [item.name for item, _ in pairs]  # type: ignore[union-attr]


def source(location: str, name: str = "") -> Source:
    return Source(location=location, name=name)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Daily\x1b[31m\n Post\u202e", "Daily[31m Post"),
        ("", "a.example"),
        ("\x07 \u200b", "a.example"),
        ("https://me:hunter2@a.example/?key=hunter2", "https://a.example/?key=***"),
    ],
)
def test_a_feed_without_a_name_has_its_title_else_its_host(title: str, expected: str) -> None:
    assert names((source("https://me:hunter2@www.a.example/f?token=x"), title)) == [expected]


def test_a_long_title_is_cut_at_a_word() -> None:
    (name,) = names((source("https://a.example/f"), "word " * 100))
    assert len(name) <= LONGEST_NAME
    assert name.endswith("word…")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("https://a.example/f", "https://b.example/f", ["News (a.example)", "News (b.example)"]),
        ("https://a.example/f", "https://a.example/g", ["News (a.example/f)", "News (a.example/g)"]),
        ("https://me:one@a.example/f", "https://me:two@a.example/f", ["News (1)", "News (2)"]),
        ("/mine/one.xml", "/mine/two.xml", ["News (one.xml)", "News (two.xml)"]),
        ("https://a.example/f", "https://a.example/f", ["News", "News"]),
    ],
)
def test_feeds_with_equal_titles_get_distinct_names(one: str, other: str, expected: list[str]) -> None:
    assert names((source(one), "News"), (source(other), "News"), (source("https://c.example/"), "Else")) == [
        *expected,
        "Else",
    ]
    assert all(len(name) <= LONGEST_NAME for name in names((source(one), "x" * 200), (source(other), "x" * 200)))


def test_configured_name_is_kept() -> None:
    assert names((source("https://a.example/f", "News"), ""), (source("https://b.example/f"), "News")) == [
        "News",
        "News (b.example)",
    ]


def test_a_feed_that_is_down_or_has_nothing_new_counts_by_its_title() -> None:
    up, other = source("https://a.example/f"), source("https://b.example/f")
    unreachable = skipped("https://b.example/f", "it cannot be reached")
    for title, last in ("News", {}), ("", {other.location: "News"}), ("News", {other.location: "Else"}):
        down = SourceContents(source=other, candidates=[unreachable], title=title)
        first, second = tell_apart([contents(up, "News"), down], last)
        assert second.candidates == [unreachable]
        assert first.candidates[0].name == "News (a.example)"  # type: ignore[union-attr]


def test_current_title_takes_precedence_over_the_last_one() -> None:
    up, other = source("https://a.example/f"), source("https://b.example/f")
    renamed, _ = tell_apart(
        [contents(up, "News"), SourceContents(source=other, title="Else")], {other.location: "News"}
    )
    assert renamed.candidates[0].name == "News"  # type: ignore[union-attr]
