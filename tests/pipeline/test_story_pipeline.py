"""Which stories an edition tells: each once, by the deadline, none that an earlier edition told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from briefing import pipeline
from briefing.config import Config
from briefing.engines.base import Prompt
from briefing.pipeline.deadline import StopBefore, due
from briefing.pipeline.story_pipeline import tell_stories
from briefing.testing.engine import FakeEngine
from briefing.types import Article, Edition, Source, Story, Verdict

from .. import factories

MONDAY = datetime(2024, 5, 13, 5, 0, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)

BLAST = """A fertiliser plant in Harwick exploded on Sunday night and killed 12 people, the fire service said. The
blast broke windows four kilometres away, and the road to the river was still closed on Monday. Inspectors had warned
in March that valves at the plant were leaking, records show. The company that owns the plant, Norsk Kvael, said it
would help the families of the victims in every way it could."""
ARREST = """Police in Harwick arrested the manager of the fertiliser plant that exploded on Sunday night. The manager,
Anna Lind, is accused of ignoring warnings about leaking valves. The blast at the plant killed 12 people, the fire
service said. Her lawyer told reporters in Harwick that she had asked the owners for new valves four times this
year."""
TRAM = """The council of Marlow voted 31 to 14 for a tram line on Sunday. The tram will run from the station to the
hospital and cost 212 million pounds. Work on the tracks is due to begin in March and to last three years in all. The
shopkeepers of Bridge Street fear for their trade and want the High Court to review the vote of the council. A survey
of the street had found that two shops in three sell most of their goods to people who come there by car."""


def article(name: str, text: str, source: str = "", published: datetime | None = MONDAY) -> Article:
    joined = " ".join(text.split())
    source = source or "The Harbour Post"
    return factories.article(joined, id=name, title=f"About {name}", source=source, published=published)


class Clock:
    """A clock that only an engine's answers advance."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


ANSWERS = {
    "valves": "# Plant in Harwick explodes\n- A plant in Harwick exploded and killed 12 people.\n"
    "- Inspectors had warned in March of leaking valves.\n- The blast broke windows four kilometres away.",
    "arrested the manager": "# Harwick manager arrested\n- Police in Harwick arrested the plant's manager, Anna Lind.\n"
    "- The blast at the plant killed 12 people.\n- Her lawyer said that she had asked for new valves.",
    "tram": "# Marlow votes for a tram\n- Marlow's council voted 31 to 14 for a tram.\n"
    "- The tram will cost 212 million pounds.\n- Work is due to begin in March.",
    "High Court in Marlow": "# High Court stops tram\n- The High Court stopped the tram for a missing survey of bats.\n"
    "- Marlow's council voted 31 to 14 for a tram.\n- The tram will cost 212 million pounds.",
}


def answer(prompt: Prompt) -> str:
    """A scripted model's answer about these articles; for a single sentence, its beginning."""
    if prompt.points == 1:
        return " ".join(prompt.document.split()[:14])
    return next(said for about, said in reversed(ANSWERS.items()) if about in prompt.document)


@pytest.fixture
def context(tmp_path: Path) -> Callable[..., pipeline.RunContext]:
    def opened(clock: Clock, engine: FakeEngine | None = None, **settings: object) -> pipeline.RunContext:
        config = Config(state=tmp_path / "state.db", out=tmp_path / "out", timezone="UTC").with_overrides(**settings)
        return pipeline.RunContext(
            config, clock=clock, progress=pipeline.NoProgress(), engine=engine or FakeEngine().says(answer)
        )

    return opened


def edition_of(context: pipeline.RunContext, articles: list[Article], day: date) -> Edition:
    """Told, composed and written, as a run does."""
    from briefing.render.compose import compose

    results = tell_stories(articles, context, day=day)
    edition = compose(
        results.stories, date=day, title=context.config.title, timezone="UTC", created=context.clock(),
        developing=results.developing,
    )  # fmt: skip
    pipeline.write_edition(edition, context)
    return edition


# --- yesterday -----------------------------------------------------------------------------------------------------


def test_an_article_that_was_told_yesterday_is_not_told_again(context: Callable[..., pipeline.RunContext]) -> None:
    with context(Clock()) as first:
        edition_of(first, [article("tram", TRAM)], date(2024, 5, 13))
    with context(Clock(TUESDAY)) as second:
        results = tell_stories([article("tram", TRAM)], second, day=date(2024, 5, 14))
        assert (results.stories, results.developing, results.told_before) == ([], [], 1)


@pytest.mark.slow
def test_the_same_days_edition_is_the_same_when_it_is_made_again(context: Callable[..., pipeline.RunContext]) -> None:
    articles = [article("tram", TRAM), article("blast", BLAST)]
    with context(Clock()) as first:
        one = edition_of(first, articles, date(2024, 5, 13))
    with context(Clock(MONDAY + timedelta(hours=2))) as second:
        other = edition_of(second, articles, date(2024, 5, 13))
    assert [story.summary.key_points for story in one.stories] == [story.summary.key_points for story in other.stories]


def test_repeat_setting_tells_articles_again(context: Callable[..., pipeline.RunContext]) -> None:
    with context(Clock()) as first:
        edition_of(first, [article("tram", TRAM)], date(2024, 5, 13))
    with context(Clock(TUESDAY), repeat=True) as second:
        (story,) = tell_stories([article("tram", TRAM)], second, day=date(2024, 5, 14)).stories
        assert story.told is None


def test_unwritten_edition_has_told_nothing(context: Callable[..., pipeline.RunContext]) -> None:
    with context(Clock()) as first:
        tell_stories([article("tram", TRAM)], first, day=date(2024, 5, 13))
    with context(Clock(TUESDAY)) as second:
        assert len(tell_stories([article("tram", TRAM)], second, day=date(2024, 5, 14)).stories) == 1


def test_a_page_that_has_changed_is_an_update_that_leads_with_what_is_new(
    context: Callable[..., pipeline.RunContext],
) -> None:
    changed = "The High Court in Marlow stopped the tram on Monday because of a missing survey of bats. " + TRAM
    with context(Clock()) as first:
        edition_of(first, [article("tram", TRAM)], date(2024, 5, 13))
    with context(Clock(TUESDAY)) as second:
        (story,) = tell_stories([article("tram", changed)], second, day=date(2024, 5, 14)).stories
    assert (story.told, story.news) == (date(2024, 5, 13), 1)
    assert "High Court" in story.summary.key_points[0].text
    assert len(story.summary.key_points) == 2


def test_a_page_that_was_only_reworded_is_mentioned(context: Callable[..., pipeline.RunContext]) -> None:
    with context(Clock()) as first:
        edition_of(first, [article("tram", TRAM)], date(2024, 5, 13))
    reworded = TRAM + " Read more about trams here."
    with context(Clock(TUESDAY)) as second:
        results = tell_stories([article("tram", reworded)], second, day=date(2024, 5, 14))
    assert results.stories == []
    assert [(one.told, one.source) for one in results.developing] == [(date(2024, 5, 13), "The Harbour Post")]


# --- time ------------------------------------------------------------------------------------------------------


def test_the_deadline_is_the_earlier_of_both_and_a_time_that_has_passed_is_tomorrows() -> None:
    berlin = ZoneInfo("Europe/Berlin")  # 07:00 there
    assert due("", None, MONDAY, berlin) is None
    assert due("07:30", None, MONDAY, berlin) == MONDAY + timedelta(minutes=30)
    assert due("06:00", None, MONDAY, berlin) == MONDAY + timedelta(hours=23)
    assert due("07:30", timedelta(minutes=10), MONDAY, berlin) == MONDAY + timedelta(minutes=10)


def test_no_prompt_is_begun_that_would_miss_the_deadline() -> None:
    clock = Clock()
    until = StopBefore(MONDAY + timedelta(seconds=60), clock)
    assert not until()
    clock.now += timedelta(seconds=20)
    assert not until()
    clock.now += timedelta(seconds=20)
    assert until()  # 20 seconds for the next, and 20 are left, less those for writing


def slow(clock: Clock, seconds: float) -> FakeEngine:
    def answer_slowly(prompt: Prompt) -> str:
        clock.now += timedelta(seconds=seconds)
        return answer(prompt)

    return FakeEngine().says(answer_slowly)


def test_stories_without_time_are_quoted_briefly_and_completed_by_a_later_run(
    context: Callable[..., pipeline.RunContext],
) -> None:
    articles = [article("tram", TRAM), article("blast", BLAST)]
    day = date(2024, 5, 13)
    clock = Clock()
    with context(clock, slow(clock, 40)) as hurried:
        results = tell_stories(articles, hurried, day=day, deadline=MONDAY + timedelta(seconds=60))
    assert results.brief == 1
    brief = next(story for story in results.stories if story.brief)
    (point,) = brief.summary.key_points
    assert point.verdict is Verdict.QUOTED
    assert point.text in brief.articles[0].text
    assert clock() <= MONDAY + timedelta(seconds=60)

    asked = FakeEngine().says(answer)
    with context(Clock(), asked) as later:
        completed = tell_stories(articles, later, day=day)
    assert len(asked.asked) == 1  # what was answered is not asked again
    fresh = pipeline.RunContext(
        Config(state=hurried.config.state.with_name("other.db") if hurried.config.state else None, timezone="UTC"),
        clock=Clock(), progress=pipeline.NoProgress(), engine=FakeEngine().says(answer),
    )  # fmt: skip
    with fresh:
        never_hurried = tell_stories(articles, fresh, day=day)
    assert shown(completed.stories) == shown(never_hurried.stories)


def shown(stories: list[Story]) -> list[object]:
    return [(story.articles, story.summary.headline, story.summary.key_points, story.brief) for story in stories]


def test_passed_deadline_asks_no_model(context: Callable[..., pipeline.RunContext]) -> None:
    engine = FakeEngine()
    with context(Clock(), engine) as hurried:
        results = tell_stories([article("tram", TRAM)], hurried, day=date(2024, 5, 13), deadline=MONDAY)
    assert [story.brief for story in results.stories] == [True]
    assert engine.asked == []


RESIGNED = """A fertiliser plant in Harwick exploded on Sunday night and killed 12 people, the fire service said. The
mayor of Harwick resigned on Tuesday. Inspectors had warned in March that valves at the plant were leaking, records
show. The blast broke windows four kilometres away, and the road to the river was still closed on Monday."""


def hurried_after_monday(
    context: Callable[..., pipeline.RunContext], *articles: Article
) -> tuple[list[Story], list[str], int]:
    """Stories, mentions and stories in brief of a Tuesday without time, after a Monday on which the blast was told."""
    with context(Clock()) as first:
        edition_of(first, [article("blast", BLAST)], date(2024, 5, 13))
    with context(Clock(TUESDAY), FakeEngine()) as second:
        results = tell_stories(list(articles), second, day=date(2024, 5, 14), deadline=TUESDAY)
    return results.stories, [one.headline for one in results.developing], results.brief


def test_update_without_time_quotes_an_untold_sentence(context: Callable[..., pipeline.RunContext]) -> None:
    (story,), mentions, brief = hurried_after_monday(context, article("new", RESIGNED, "Wire", TUESDAY))
    assert [point.text for point in story.summary.key_points] == ["The mayor of Harwick resigned on Tuesday."]
    assert (story.brief, story.told, story.news, mentions, brief) == (True, date(2024, 5, 13), 1, [], 1)


def test_untold_sentence_of_a_later_article_is_quoted(context: Callable[..., pipeline.RunContext]) -> None:
    reworded = BLAST.replace("records show", "the records show")
    articles = [article("again", reworded, published=TUESDAY), article("new", RESIGNED, "Wire", TUESDAY)]
    (story,), mentions, _ = hurried_after_monday(context, *articles)
    (point,) = story.summary.key_points
    assert (point.text, mentions) == ("The mayor of Harwick resigned on Tuesday.", [])
    said_in = point.citations[0].article or story.articles[0].id
    text = next(one.text for one in story.articles if one.id == said_in)
    assert text[point.citations[0].start : point.citations[0].end] == point.text


def test_fully_told_update_is_mentioned_without_time(
    context: Callable[..., pipeline.RunContext],
) -> None:
    cut = BLAST.partition("Inspectors")[0] + "3 hours ago"
    stories, mentions, brief = hurried_after_monday(context, article("cut", cut, "Wire", TUESDAY))
    assert (stories, mentions, brief) == ([], ["About blast"], 0)


# --- several articles ---------------------------------------------------------------------------------------------

OTHER = """At least 15 people are dead after a blast at a fertiliser plant in Harwick on Sunday night, the town's
mayor told reporters. The plant belongs to Norsk Kvael. Inspectors had warned in March that its valves were leaking.
The hospital at Marlow asked for blood for the forty wounded people it has taken in since the explosion at the
fertiliser plant."""


def several() -> list[Article]:
    return [article("blast", BLAST), article("other", OTHER, "Meridian Wire"), article("copy", BLAST, "Coast Times")]


def test_articles_about_one_event_are_one_story_that_names_who_says_what(
    context: Callable[..., pipeline.RunContext],
) -> None:
    with context(Clock()) as open_:
        (story,) = tell_stories(several(), open_, day=date(2024, 5, 13)).stories
    assert {one.source for one in story.articles} == {"The Harbour Post", "Meridian Wire"}
    assert [one.id for one in story.copies] == ["copy"]
    cited = {
        point.text: {citation.article or story.summary.id for citation in point.citations}
        for point in story.summary.key_points
    }
    assert cited["Inspectors had warned in March of leaking valves."] == {one.id for one in story.articles}
    texts = {one.id: one.text for one in story.articles}
    for point in story.summary.key_points:
        for citation in point.citations:
            assert texts[citation.article or story.summary.id][citation.start : citation.end] == citation.text


def test_what_only_another_article_says_becomes_a_point_of_its_own(
    context: Callable[..., pipeline.RunContext],
) -> None:
    with context(Clock()) as open_:
        (story,) = tell_stories(several(), open_, day=date(2024, 5, 13)).stories
    _, *others = story.articles
    added = [point for point in story.summary.key_points if all(c.article for c in point.citations)]
    assert added
    assert {citation.article for point in added for citation in point.citations} <= {one.id for one in others}


def test_reports_that_differ_are_set_beside_one_another(context: Callable[..., pipeline.RunContext]) -> None:
    with context(Clock()) as open_:
        (story,) = tell_stories(several(), open_, day=date(2024, 5, 13)).stories
    (difference,) = story.disagreements
    assert {version.text for version in difference.versions} == {"killed 12 people", "At least 15 people are dead"}


def test_without_grouping_every_article_is_a_story(context: Callable[..., pipeline.RunContext]) -> None:
    with context(Clock(), group=False) as open_:
        assert len(tell_stories(several(), open_, day=date(2024, 5, 13)).stories) == 3


def test_a_story_that_goes_on_is_an_update_that_leads_with_the_new_fact(
    context: Callable[..., pipeline.RunContext],
) -> None:
    with context(Clock()) as first:
        edition_of(first, [article("blast", BLAST), article("tram", TRAM)], date(2024, 5, 13))
    today = [article("blast", BLAST), article("tram", TRAM), article("arrest", ARREST, "Wire", TUESDAY)]
    with context(Clock(TUESDAY)) as second:
        results = tell_stories(today, second, day=date(2024, 5, 14))
    (story,) = results.stories
    assert [one.id for one in story.articles] == ["arrest"]
    assert story.told == date(2024, 5, 13)
    assert story.summary.key_points[0].text.startswith("Police in Harwick arrested")
    assert "killed 12 people" not in " ".join(point.text for point in story.summary.key_points[: story.news])
    assert results.told_before == 1


def test_muted_articles_are_skipped_and_reported(context: Callable[..., pipeline.RunContext]) -> None:
    with context(Clock(), mute={"words": ["tram"]}) as open_:
        results = tell_stories([article("tram", TRAM), article("blast", BLAST)], open_, day=date(2024, 5, 13))
    assert [story.articles[0].id for story in results.stories] == ["blast"]
    assert [(one.subject, one.cause) for one in results.failures] == [("About tram", "it is muted (tram)")]


def test_articles_without_a_section_get_one_by_their_words(context: Callable[..., pipeline.RunContext]) -> None:
    with context(Clock(), topics={"Transport": ["tram", "station"]}) as open_:
        results = tell_stories([article("tram", TRAM), article("blast", BLAST)], open_, day=date(2024, 5, 13))
    assert {story.articles[0].id: story.articles[0].section for story in results.stories} == {
        "tram": "Transport", "blast": "Other",
    }  # fmt: skip


def test_a_paragraph_is_written_where_the_settings_ask_for_one(context: Callable[..., pipeline.RunContext]) -> None:
    told = []
    for wanted in (False, True):
        with context(Clock(), FakeEngine(instructable=False), paragraph=wanted) as run:
            (story,) = tell_stories([article("tram", TRAM)], run, day=date(2024, 5, 13)).stories
            told.append((story.summary.paragraph, " ".join(point.text for point in story.summary.key_points)))
    (without, points), (paragraph, same_points) = told
    assert (without, paragraph, same_points) == (None, points, points)


# --- the overview --------------------------------------------------------------------------------------------------


def test_the_overview_tells_the_short_form_of_a_long_first_point(
    context: Callable[..., pipeline.RunContext], tmp_path: Path
) -> None:
    to_read = tmp_path / "to read"
    to_read.mkdir()
    for word in ("harbour", "museum", "castle", "library", "market"):
        text = (
            f"The {word} of {word.capitalize()}ton opened on Tuesday after works that had cost the town a levy of four "
            f"years. Many people came to see the {word} and stayed until the evening. The council had voted for the "
            f"levy on every house near the {word} in March. Visitors can walk through it every day but Monday. "
            f"Children pay nothing until the summer ends, and their teachers get a guide. Buses go there from the "
            f"station twice an hour. The roof of the {word} was mended first, then its walls, and at last the road "
            f"to it. A painter from the town gave three pictures, which hang beside the door."
        )
        (to_read / f"{word}.txt").write_text(f"About the {word}\n\n{text}\n", "utf-8")

    def said(prompt: Prompt) -> str:
        word = next(word for word in prompt.document.split() if word.endswith("ton")).removesuffix("ton").lower()
        if prompt.points == 1:
            return f"The {word} of {word.capitalize()}ton opened on Tuesday."
        return f"[1] The {word} of {word.capitalize()}ton, which a levy of the town had paid for, opened on Tuesday."

    engine = FakeEngine(tuned=True).says(said).says("yes", to=" |")
    sources = (Source(location=str(to_read)),)
    with context(Clock(), engine, sources=sources, group=False) as run:
        edition, _ = pipeline.make_edition(run)
    assert len(edition.stories) == 5
    first = edition.stories[0].summary.key_points[0].text
    assert "which a levy" in first
    short = {story.summary.key_points[0].text.split(",")[0] + " opened on Tuesday." for story in edition.stories}
    assert {point.text for point in edition.overview} == short
