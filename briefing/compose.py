"""Articles and their summaries into an edition. Pure; equal input in any order gives the same edition."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from briefing.text import word_count
from briefing.types import Article, Edition, Failure, Section, Story, Summary

__all__ = ["WORDS_A_MINUTE", "compose", "minutes_saved", "summary_words"]

WORDS_A_MINUTE = 238
"""Silent reading of non-fiction in English: Brysbaert, "How many words do we read per minute?", Journal of Memory and
Language 109, 2019."""


def compose(
    items: Sequence[tuple[Article, Summary]],
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
) -> Edition:
    """The edition of `date`: a section for each section named by an article, or else for its source.

    Sections stand in `section_order`, the others after them by name; stories newest first, undated ones last.
    """
    sections: dict[str, list[Story]] = {}
    for article, summary in items:
        sections.setdefault(article.section or article.source, []).append(Story(articles=(article,), summary=summary))
    order = {name: place for place, name in enumerate(section_order)}
    names = sorted(sections, key=lambda name: (order.get(name, len(order)), name.casefold(), name))
    return Edition(
        date=date,
        title=title,
        timezone=timezone,
        created=created,
        sections=tuple(Section(name=name, stories=tuple(sorted(sections[name], key=_newest_first))) for name in names),
        failures=tuple(failures),
        model=model,
        language=language,
        notes=tuple(notes),
    )


def minutes_saved(stories: Sequence[Story]) -> int:
    """Minutes that reading the summaries takes less than reading the articles, rounded, at least 0."""
    words = sum(
        sum(word_count(article.text) for article in story.articles) - summary_words(story.summary) for story in stories
    )
    return max(0, round(words / WORDS_A_MINUTE))


def summary_words(summary: Summary) -> int:
    """Words of a summary as shown: headline, points, paragraph."""
    shown = [summary.headline, *(point.text for point in summary.key_points), summary.paragraph or ""]
    return sum(word_count(text) for text in shown)


def _newest_first(story: Story) -> tuple[float, str, str, str]:
    article = story.articles[0]
    age = -article.published.timestamp() if article.published else float("inf")
    return age, article.source, article.title, article.id
