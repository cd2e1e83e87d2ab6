"""Summaries, editions and failures as the JSON that the README documents, and summaries back. Pure.

The shapes are those of the JSON Schema files in `briefing/schema`. Times are UTC, ISO 8601, ending in ``Z``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from briefing.types import Citation, Edition, Failure, KeyPoint, Story, Summary, Verdict

__all__ = ["edition_to_json", "failure_to_json", "summary_from_json", "summary_to_json", "time_to_json"]


def summary_to_json(summary: Summary) -> dict[str, Any]:
    """The shape of one summary; ``paragraph`` is there only where one was asked for."""
    data: dict[str, Any] = {
        "id": summary.id,
        "url": summary.url,
        "title": summary.title,
        "headline": summary.headline,
        "source": summary.source,
        "published": time_to_json(summary.published),
        "language": summary.language,
        "key_points": [_point_to_json(point) for point in summary.key_points],
        "model": summary.model,
        "engine": summary.engine,
        "cached": summary.cached,
        "seconds": summary.seconds,
        "warnings": list(summary.warnings),
    }
    if summary.paragraph is not None:
        data["paragraph"] = summary.paragraph
    return data


def summary_from_json(data: Mapping[str, Any]) -> Summary:
    """The inverse of `summary_to_json`. Raises KeyError, TypeError or ValueError for anything else."""
    return Summary(
        id=data["id"],
        url=data["url"],
        title=data["title"],
        headline=data["headline"],
        source=data["source"],
        published=datetime.fromisoformat(data["published"]) if data["published"] else None,
        language=data["language"],
        key_points=tuple(_point_from_json(point) for point in data["key_points"]),
        paragraph=data.get("paragraph"),
        model=data["model"],
        engine=data["engine"],
        cached=data["cached"],
        seconds=data["seconds"],
        warnings=tuple(data["warnings"]),
    )


def edition_to_json(edition: Edition) -> dict[str, Any]:
    """The shape of a whole edition."""
    return {
        "date": edition.date.isoformat(),
        "title": edition.title,
        "timezone": edition.timezone,
        "created": time_to_json(edition.created),
        "language": edition.language,
        "model": edition.model,
        "sections": [
            {"name": section.name, "stories": [_story_to_json(story) for story in section.stories]}
            for section in edition.sections
        ],
        "failures": [failure_to_json(failure) for failure in edition.failures],
        "notes": list(edition.notes),
    }


def failure_to_json(failure: Failure) -> dict[str, Any]:
    """The shape of something that could not be used."""
    return {
        "subject": failure.subject,
        "stage": failure.stage,
        "kind": failure.kind.value,
        "cause": failure.cause,
        "remedy": failure.remedy,
    }


def time_to_json(time: datetime | None) -> str | None:
    """UTC to the microsecond where there are any, ending in ``Z``."""
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _story_to_json(story: Story) -> dict[str, Any]:
    articles = [
        {
            "id": article.id,
            "url": article.url,
            "title": article.title,
            "source": article.source,
            "author": article.author,
            "published": time_to_json(article.published),
            "language": article.language,
        }
        for article in story.articles
    ]
    return {"articles": articles, "summary": summary_to_json(story.summary)}


def _point_to_json(point: KeyPoint) -> dict[str, Any]:
    citations = [{"sentence": c.sentence, "start": c.start, "end": c.end, "text": c.text} for c in point.citations]
    return {"text": point.text, "citations": citations, "verdict": point.verdict.value}


def _point_from_json(data: Mapping[str, Any]) -> KeyPoint:
    citations = tuple(
        Citation(sentence=c["sentence"], start=c["start"], end=c["end"], text=c["text"]) for c in data["citations"]
    )
    return KeyPoint(text=data["text"], citations=citations, verdict=Verdict(data["verdict"]))
