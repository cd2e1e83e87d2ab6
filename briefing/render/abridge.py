"""An edition as much of which is told as a letter has room for. Pure. Not here: how large a letter is (`email`).

What is left out first is what matters least: an edition keeps no weights, but its first story is its headline's, the
next are those of the overview, and within a section they stand in the order of their weight. What is shown of each has
limits too, since one story may be larger than any letter: a page can have a title of 300 KB, or an address of 2 MB.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from briefing.sanitise import LONGEST_NAME, clipped
from briefing.types import (
    Article,
    Citation,
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

__all__ = ["LIMITS", "StoryLimits", "abridged", "of_stories", "ranked"]

_MOST_WORDS_OF_OURS = 10
"""Notes, sentences of the overview, versions of a disagreement; there are fewer in any edition made here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLimits:
    """How much of each story is shown at most; texts in characters."""

    text: int
    """Of a point, a quotation, a paragraph, a teaser."""
    label: int
    """Of a title or headline."""
    address: int
    """Bytes; what is longer is not linked to."""
    points: int
    evidence: int
    """Sentences behind each point."""
    reports: int
    """Articles of a story that no point is from, copies, warnings."""


LIMITS = (
    StoryLimits(text=2000, label=300, address=2000, points=50, evidence=10, reports=30),
    StoryLimits(text=600, label=200, address=2000, points=12, evidence=2, reports=10),
    StoryLimits(text=250, label=120, address=1000, points=6, evidence=1, reports=3),
    StoryLimits(text=100, label=80, address=500, points=3, evidence=1, reports=1),
)
"""From what touches no usual story to what fits into a letter, whatever it is of."""


def ranked(edition: Edition) -> list[int]:
    """The places of the stories in `Edition.stories`, of what matters most first."""
    stories = edition.stories
    heads = [story.summary.headline for story in stories]
    first = heads.index(edition.headline) if edition.headline in heads and edition.headline else 0
    places = {article.id: number for number, story in enumerate(stories) for article in story.articles}
    brief = [places[c.article] for point in edition.overview for c in point.citations if c.article in places]
    depths = [depth for section in edition.sections for depth in range(len(section.stories))]
    by_depth = sorted(range(len(stories)), key=depths.__getitem__)
    return list(dict.fromkeys([first, *brief, *by_depth])) if stories else []


def of_stories(edition: Edition, places: Iterable[int]) -> list[Section]:
    """The sections with the stories at these places of `Edition.stories`, without those that then are empty."""
    wanted, number, found = set(places), -1, []
    for section in edition.sections:
        kept = []
        for story in section.stories:
            number += 1
            if number in wanted:
                kept.append(story)
        if kept:
            found.append(replace(section, stories=tuple(kept)))
    return found


def abridged(edition: Edition, limits: StoryLimits, most: int) -> Edition:
    """The edition with every story and text within `limits`, and at most so many of each list that is no stories."""
    return replace(
        edition,
        title=clipped(edition.title, limits.label),
        headline=clipped(edition.headline, limits.label),
        model=clipped(edition.model, LONGEST_NAME),
        overview=tuple(_point(point, limits) for point in edition.overview[:_MOST_WORDS_OF_OURS]),
        notes=tuple(clipped(note, limits.text) for note in edition.notes[:_MOST_WORDS_OF_OURS]),
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
            _failure(one, limits) for one in edition.failures if one.kind is FailureKind.FAILED
        )[:most],
    )  # fmt: skip


def _story(story: Story, limits: StoryLimits) -> Story:
    summary = _summary(story.summary, limits)
    differences = [
        Disagreement(versions=tuple(_point(one, limits) for one in difference.versions[:_MOST_WORDS_OF_OURS]))
        for difference in story.disagreements[: limits.points]
    ]
    points = [*summary.key_points, *(version for difference in differences for version in difference.versions)]
    cited = {citation.article for point in points for citation in point.citations}
    kept = [
        article for number, article in enumerate(story.articles) if number < limits.reports or article.id in cited
    ]  # a point is not to be said of another article than its own
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
        citations=tuple(_citation(one, limits) for one in point.citations[: limits.evidence]),
    )


def _citation(citation: Citation, limits: StoryLimits) -> Citation:
    return replace(citation, text=clipped(citation.text, limits.text))


def _article(article: Article, limits: StoryLimits) -> Article:
    return replace(
        article,
        url=_address(article.url, limits),
        source=clipped(article.source, LONGEST_NAME),
        warnings=tuple(clipped(one, limits.text) for one in article.warnings[: limits.reports]),
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
        failure, subject=clipped(failure.subject, limits.label), cause=clipped(failure.cause, limits.text), stub=None
    )


def _address(url: str | None, limits: StoryLimits) -> str | None:
    return url if url is not None and len(url.encode("utf-8", "replace")) <= limits.address else None
