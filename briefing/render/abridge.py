"""Editions shortened to fit a letter. Pure. Not here: how large a letter is (`email`).

The least important stories are left out first (`front_page.by_importance`). Each story is limited as well, since one
may be larger than any letter: pages have had a title of 300 KB and an address of 2 MB.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count

from briefing.sanitise import LONGEST_NAME, clipped
from briefing.types import (
    Article,
    Disagreement,
    Edition,
    Failure,
    FailureKind,
    KeyPoint,
    Mention,
    Section,
    Story,
    Stub,
    Summary,
)

_MOST_NOTES = 10
"""Notes, sentences of the overview, versions of a disagreement; any edition made here has fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLimits:
    """Limits on what is shown of each story; texts in characters."""

    text: int
    """A point, quotation, paragraph or teaser."""
    label: int
    """A title or headline."""
    address: int
    """Bytes; a longer one is not linked to."""
    points: int
    evidence: int
    """Citations of each point."""
    reports: int
    """Articles that no point cites, copies, warnings."""


LIMITS = (
    StoryLimits(text=2000, label=300, address=2000, points=50, evidence=10, reports=30),
    StoryLimits(text=600, label=200, address=2000, points=12, evidence=2, reports=10),
    StoryLimits(text=250, label=120, address=1000, points=6, evidence=1, reports=3),
    StoryLimits(text=100, label=80, address=500, points=3, evidence=1, reports=1),
)
"""From limits that no usual story reaches to those with which every edition fits into a letter."""


def sections_with(edition: Edition, indices: Iterable[int]) -> list[Section]:
    """The sections with the stories at `indices` of `Edition.stories`; none that would be empty."""
    wanted, index = set(indices), count()
    kept = [
        replace(section, stories=tuple(story for story in section.stories if next(index) in wanted))
        for section in edition.sections
    ]
    return [section for section in kept if section.stories]


def abridged(edition: Edition, limits: StoryLimits, most: int) -> Edition:
    """The edition with every story and text within `limits`, and its other lists of at most `most` entries."""
    return replace(
        edition,
        title=clipped(edition.title, limits.label),
        headline=clipped(edition.headline, limits.label),
        model=clipped(edition.model, LONGEST_NAME),
        overview=tuple(_point(point, limits) for point in edition.overview[:_MOST_NOTES]),
        notes=tuple(clipped(note, limits.text) for note in edition.notes[:_MOST_NOTES]),
        sections=tuple(
            Section(
                name=clipped(section.name, LONGEST_NAME),
                stories=tuple(_story(story, limits) for story in section.stories),
            )
            for section in edition.sections
        ),
        developing=tuple(_mention(mention, limits) for mention in edition.developing[:most]),
        stubs=tuple(_stub(stub, limits) for stub in edition.stubs[:most]),
        failures=tuple(
            _failure(failure, limits) for failure in edition.failures if failure.kind is FailureKind.FAILED
        )[:most],
    )  # fmt: skip


def _story(story: Story, limits: StoryLimits) -> Story:
    summary = _summary(story.summary, limits)
    differences = [
        Disagreement(versions=tuple(_point(version, limits) for version in difference.versions[:_MOST_NOTES]))
        for difference in story.disagreements[: limits.points]
    ]
    points = [*summary.key_points, *(version for difference in differences for version in difference.versions)]
    cited = {citation.article for point in points for citation in point.citations}
    kept = [
        article for index, article in enumerate(story.articles) if index < limits.reports or article.id in cited
    ]  # a point is shown with its own article only
    return replace(
        story,
        summary=summary,
        articles=tuple(_article(article, limits) for article in kept),
        copies=tuple(_article(article, limits) for article in story.copies[: limits.reports]),
        disagreements=tuple(differences),
    )


def _summary(summary: Summary, limits: StoryLimits) -> Summary:
    return replace(
        summary,
        url=_address(summary.url, limits),
        title=clipped(summary.title, limits.label),
        headline=clipped(summary.headline, limits.label),
        source=clipped(summary.source, LONGEST_NAME),
        key_points=tuple(_point(point, limits) for point in summary.key_points[: limits.points]),
        paragraph=None if summary.paragraph is None else clipped(summary.paragraph, limits.text),
    )


def _point(point: KeyPoint, limits: StoryLimits) -> KeyPoint:
    return replace(
        point,
        text=clipped(point.text, limits.text),
        citations=tuple(
            replace(citation, text=clipped(citation.text, limits.text))
            for citation in point.citations[: limits.evidence]
        ),
    )


def _article(article: Article, limits: StoryLimits) -> Article:
    return replace(
        article,
        url=_address(article.url, limits),
        source=clipped(article.source, LONGEST_NAME),
        warnings=tuple(clipped(warning, limits.text) for warning in article.warnings[: limits.reports]),
    )


def _mention(mention: Mention, limits: StoryLimits) -> Mention:
    return replace(
        mention,
        headline=clipped(mention.headline, limits.label),
        url=_address(mention.url, limits),
        source=clipped(mention.source, LONGEST_NAME),
    )


def _stub(stub: Stub, limits: StoryLimits) -> Stub:
    return replace(
        stub,
        title=clipped(stub.title, limits.label),
        teaser=clipped(stub.teaser, limits.text),
        url=_address(stub.url, limits),
        source=clipped(stub.source, LONGEST_NAME),
    )


def _failure(failure: Failure, limits: StoryLimits) -> Failure:
    return replace(
        failure,
        subject=clipped(failure.subject, limits.label),
        cause=clipped(failure.cause, limits.text),
        stub=None,
        url=_address(failure.url, limits) or "",
    )


def _address(url: str | None, limits: StoryLimits) -> str | None:
    return url if url is not None and len(url.encode("utf-8", "replace")) <= limits.address else None
