"""Ranking, mutes, section limits and topics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.stories import Bundle
from briefing.stories.ranking import RankingPreferences, assign_topic, limit_sections, muted_by, rank
from briefing.types import Article

from .. import factories

NOW = datetime(2024, 5, 17, 6, 0, tzinfo=UTC)


def article(
    name: str, *, title: str = "", text: str = "", source: str = "Post", section: str = "", hours: float | None = 2
) -> Article:
    published = None if hours is None else NOW - timedelta(hours=hours)
    return factories.article(text, id=name, title=title or name, source=source, section=section, published=published)


def bundle(*articles: Article, copies: tuple[Article, ...] = ()) -> Bundle:
    return Bundle(articles=articles, copies=copies)


def order(*bundles: Bundle, preferences: RankingPreferences | None = None, **more: object) -> list[str]:
    ranked = rank(bundles, preferences or RankingPreferences(), now=NOW, **more)  # type: ignore[arg-type]
    return [found.bundle.articles[0].id for found in ranked]


def test_more_independent_sources_come_before_fewer() -> None:
    wide = bundle(article("wide", source="A"), article("b", source="B"), article("c", source="C"))
    assert order(bundle(article("lone", source="D")), wide) == ["wide", "lone"]


def test_copies_of_one_text_count_little_more_than_one_source() -> None:
    copied = bundle(article("copied", source="A"), copies=tuple(article(f"c{n}", source=f"C{n}") for n in range(5)))
    assert order(copied, bundle(article("two", source="D"), article("e", source="E"))) == ["two", "copied"]


def test_a_sources_second_article_about_a_story_adds_nothing() -> None:
    twice = bundle(article("twice", source="A"), article("again", source="A"))
    assert order(twice, bundle(article("two", source="B"), article("c", source="C"))) == ["two", "twice"]


def test_newer_comes_before_older_and_undated_counts_as_a_day_old() -> None:
    undated = bundle(article("undated", hours=None, source="Blog"))
    dated = [bundle(article("old", hours=40)), bundle(article("new", hours=1))]
    assert order(undated, *dated) == ["new", "undated", "old"]


def test_what_has_no_date_or_one_far_ahead_stands_behind_dated_news_of_its_source() -> None:
    dated = [bundle(article("old", hours=40)), bundle(article("new", hours=1))]
    for hours in (None, -5000):
        assert order(bundle(article("undated", hours=hours)), *dated) == ["new", "old", "undated"]


def test_equal_scores_stand_newest_first() -> None:
    ages = {"a": 900, "b": 700, "c": 800}  # hours, after which nothing is left of what is new
    ranked = rank([bundle(article(name, hours=age)) for name, age in ages.items()], RankingPreferences(), now=NOW)
    assert len({round(story.score, 6) for story in ranked}) == 1
    assert [story.bundle.articles[0].id for story in ranked] == ["b", "c", "a"]


def test_a_time_in_the_future_is_not_newer_than_now() -> None:
    for hours, recency in ((-20, 1), (-50, 0.25)):  # a clock that is wrong, and no date at all
        (one,) = rank([bundle(article("soon", hours=hours))], RankingPreferences(), now=NOW)
        assert {reason.name: reason.value for reason in one.reasons}["recency"] == recency


def test_a_heavier_source_comes_first_and_one_of_no_weight_last() -> None:
    preferences = RankingPreferences(weights={"Loud": 3.0, "Mute": 0.0})
    bundles = [bundle(article(name, source=name)) for name in ("Mute", "Post", "Loud")]
    assert order(*bundles, preferences=preferences) == ["Loud", "Post", "Mute"]


def test_the_first_position_in_a_feed_ranks_first() -> None:
    assert order(bundle(article("last")), bundle(article("top")), positions={"top": 0, "last": 30}) == ["top", "last"]


def test_interests_lift_a_story_and_are_given_as_the_reason() -> None:
    plain = bundle(article("plain", source="A"), article("b", source="B"))
    liked = bundle(article("liked", title="Marlow's tram line is delayed"))
    preferences = RankingPreferences(interests=("Tram  line", "telescope"))
    (first, _) = rank([plain, liked], preferences, now=NOW)
    assert first.bundle == liked
    assert [reason.detail for reason in first.reasons if reason.name == "interests"] == ["Tram  line"]


@pytest.mark.parametrize(
    ("title", "word", "expected"),
    [
        ("Fußball: Harwick gewinnt", "fussball", "fussball"),
        ("Café opens in Marlow", "cafe", "cafe"),
        ("The category of cats", "cat", ""),  # whole words only
        ("Harwick Town wins", "harwick town", "harwick town"),
        ("Harwick and the town", "harwick town", ""),
        ("The party of the arts", "art", ""),
        ("東京都で会議", "東京", "東京"),
        ("東京で会議", "東京都", ""),
        ("上海iPhone发布会", "iphone", "iphone"),
        ("上海iPhone发布会", "phone", ""),
        ("สภาอนุมัติรถรางสายใหม่", "รถราง", "รถราง"),
        ("ສະພາອະນຸມັດທາງລົດໄຟ", "ລົດໄຟ", "ລົດໄຟ"),
        ("バリで会議", "パリ", ""),
        ("서울에서 회의", "서울", "서울"),
        ("남서울에서 회의", "서울", ""),
        ("서울에서 회의", "서우", ""),  # of a syllable
        ("KBS는 보도했다", "KBS", "KBS"),
        ("12명이 다쳤다", "12명", "12명"),
        ("दिल्ली में बारिश", "दिल", ""),
        ("दिल की बात", "दिल", "दिल"),
        ("बाजारों में", "बाजार", ""),  # a vowel sign is part of its word
        ("C++ 2026 is out", "c++", "c++"),
    ],
)
def test_muted_words_are_whole_words_whatever_their_case_and_accents(title: str, word: str, expected: str) -> None:
    assert muted_by(article("a", title=title), RankingPreferences(muted_words=(word,))) == expected


def test_sources_and_sections_are_muted_by_name() -> None:
    preferences = RankingPreferences(muted_sources=("the post",), muted_sections=("Sport",))
    assert muted_by(article("a", source="The Post"), preferences) == "the post"
    assert muted_by(article("a", source="Wire", section="sport"), preferences) == "Sport"
    assert muted_by(article("a", source="Wire", section="World"), preferences) == ""


def test_sections_are_limited_to_their_best_stories() -> None:
    bundles = [bundle(article(f"{n}", section="World", hours=n)) for n in range(4)]
    bundles.append(bundle(article("sport", section="Sport", hours=9)))
    ranked = rank(bundles, RankingPreferences(), now=NOW)
    kept, over = limit_sections(ranked, 2, lambda story: story.bundle.articles[0])
    assert [found.bundle.articles[0].id for found in kept] == ["0", "1", "sport"]
    assert [found.bundle.articles[0].id for found in over] == ["2", "3"]
    more, rest = limit_sections(over, 2, lambda story: story.bundle.articles[0], {"World": 1})
    assert ([found.bundle.articles[0].id for found in more], len(rest)) == (["2"], 1)
    assert limit_sections(kept, 0, lambda story: story.bundle.articles[0]) == (kept, [])


TOPICS = {
    "Science": ("telescope", "vaccine", "physicist", "Apple's seeds"),
    "Sport": ("goal", "match", "striker", "season"),
    "Technology": ("Apple", "software", "Python", "update"),
}


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("Telescope sees first light", "The telescope in the desert sent its first picture.", "Science"),
        ("Apple ships software update", "The company said the phones are safer now.", "Technology"),
        ("Orchards prepare for frost", "Growers fear for every apple on the trees.", ""),  # one word of the beginning
        ("Minister scores own goal in tax debate", "The opposition wants a vote on the software contract.", "Sport"),
        ("Python swallows goat", "The snake was found in a garden after the match.", "Technology"),  # a known miss
        ("Council votes on tram", "Work is due to begin in March.", ""),
    ],
)
def test_topics_are_assigned_only_on_clear_evidence(title: str, text: str, expected: str) -> None:
    assert assign_topic(article("a", title=title, text=text), TOPICS) == expected


def test_close_topics_assign_nothing() -> None:
    torn = article("a", title="Vaccine software", text="")
    assert assign_topic(torn, TOPICS) == ""


BUNDLES = st.lists(
    st.builds(
        lambda title, source, hours, more: (title, source, hours, more),
        st.sampled_from(["tram", "goal", "plain news", ""]), st.sampled_from(["A", "B", "C"]),
        st.one_of(st.none(), st.floats(-5, 90)), st.integers(0, 2),
    ),
    max_size=7,
).map(lambda rows: [
    bundle(
        article(f"{n}", title=title, source=source, hours=hours),
        *(article(f"{n}.{m}", source=f"S{m}", hours=hours) for m in range(more)),
    )
    for n, (title, source, hours, more) in enumerate(rows)
])  # fmt: skip


@given(bundles=BUNDLES, shuffle=st.randoms(use_true_random=False))
def test_ranking_is_a_permutation_independent_of_input_order(bundles: list[Bundle], shuffle: object) -> None:
    shuffled = list(bundles)
    shuffle.shuffle(shuffled)  # type: ignore[attr-defined]
    assert order(*shuffled) == order(*bundles)
    assert sorted(order(*bundles)) == sorted(bundle.articles[0].id for bundle in bundles)


@given(bundles=BUNDLES)
def test_an_interest_never_lowers_a_story(bundles: list[Bundle]) -> None:
    before, after = order(*bundles), order(*bundles, preferences=RankingPreferences(interests=("tram",)))
    for bundle in bundles:
        first = bundle.articles[0]
        if "tram" in first.title:
            others = [bundle.articles[0].id for bundle in bundles if "tram" not in bundle.articles[0].title]
            passed = [name for name in others if before.index(name) > before.index(first.id)]
            assert all(after.index(name) > after.index(first.id) for name in passed)
