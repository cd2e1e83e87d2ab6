"""Ranked stories into an edition: sections, the front stories, and the overview at the top. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from briefing.nlp.text import word_count
from briefing.render.front_page import FEWEST_STORIES, front_of
from briefing.stories.ranking import section_of
from briefing.types import Edition, Failure, KeyPoint, Mention, Section, Story, Stub, Summary, Verdict

WORDS_A_MINUTE = 238
"""Silent reading of non-fiction in English: Brysbaert, "How many words do we read per minute?", Journal of Memory and
Language 109, 2019."""
FEWEST_SENTENCES, MOST_SENTENCES = 3, 5
"""Of the overview; with fewer sentences there is none."""
OVERVIEW_WORDS = 80
"""Of the overview: 30 seconds at the 160 words a minute of a calm newsreader."""


def compose(
    stories: Sequence[Story],
    *,
    date: date,
    title: str,
    timezone: str,
    created: datetime,
    model: str = "",
    failures: Sequence[Failure] = (),
    section_order: Sequence[str] = (),
    language: str = "en",
    notes: Sequence[str] = (),
    developing: Sequence[Mention] = (),
    leads: Mapping[str, KeyPoint] | None = None,
    stubs: Sequence[Stub] = (),
) -> Edition:
    """The edition of `date`, a story in the section of its first article, or else that of the article's source.

    `leads`: by summary id, a story's sentence in the overview where that is not its first point as it is.

    `stories`: best first. Sections are in `section_order`, the others after them by name, those with nothing but
    headlines (`stubs`) among them; stories within them in the order given.
    """
    sections: dict[str, list[Story]] = {stub.section: [] for stub in stubs}
    for story in stories:
        first = story.articles[0]
        sections.setdefault(section_of(first), []).append(story)
    order = {name: index for index, name in enumerate(section_order)}
    names = sorted(sections, key=lambda name: (order.get(name, len(order)), name.casefold(), name))
    ranking = tuple(story.summary.id for story in stories)
    return Edition(
        date=date,
        title=title,
        timezone=timezone,
        created=created,
        sections=tuple(Section(name=name, stories=tuple(sections[name])) for name in names),
        failures=tuple(failures),
        model=model,
        language=language,
        notes=tuple(notes),
        headline=stories[0].summary.headline if len(stories) >= FEWEST_STORIES else "",
        overview=overview(stories, leads or {}) if len(stories) >= FEWEST_STORIES else (),
        developing=tuple(developing),
        stubs=tuple(stubs),
        front=front_of(ranking),
        ranking=ranking,
    )


def overview(stories: Sequence[Story], leads: Mapping[str, KeyPoint]) -> tuple[KeyPoint, ...]:
    """First key points (shortened: `leads`) of the first stories, for 30 seconds read aloud; each names its articles.

    Without quotations, whose speaker is unknown outside of their story, and points in another language than the first.
    """
    points: list[KeyPoint] = []
    words, language = 0, ""
    for story in stories:
        if points and story.summary.language != language:
            continue
        first = story.summary.key_points[0] if story.summary.key_points else None
        point = leads.get(story.summary.id, first)
        if point is None or point.verdict is Verdict.QUOTED or words + word_count(point.text) > OVERVIEW_WORDS:
            continue
        words += word_count(point.text)
        language = story.summary.language
        cited = (replace(citation, article=citation.article or story.articles[0].id) for citation in point.citations)
        points.append(replace(point, citations=tuple(cited)))
        if len(points) == MOST_SENTENCES:
            break
    return tuple(points) if len(points) >= FEWEST_SENTENCES else ()


def minutes_saved(stories: Sequence[Story]) -> int:
    """Reading time of the articles less that of their summaries, in minutes, rounded, at least 0."""
    words = sum(
        sum(word_count(article.text) for article in story.articles) - summary_words(story.summary) for story in stories
    )
    return max(0, round(words / WORDS_A_MINUTE))


def summary_words(summary: Summary) -> int:
    """Word count of a summary's headline, points and paragraph."""
    shown = [summary.headline, *(point.text for point in summary.key_points), summary.paragraph or ""]
    return sum(word_count(text) for text in shown)
