"""JSON of summaries, editions and failures, by the JSON Schema files in `briefing/schema`, both ways. Pure.

Times are UTC, ISO 8601, ending in ``Z``. A document names the schema that it follows (``$id``), whose number is raised
where a key goes or changes its meaning; the schema's ``version`` is raised where one is added. Fields of `Mention`,
`Stub` and `Failure` are JSON keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from typing import Any

from briefing.dates import edition_day
from briefing.sanitise import clean_data
from briefing.types import (
    Article,
    Citation,
    Disagreement,
    Edition,
    Failure,
    FailureKind,
    KeyPoint,
    Mention,
    Picture,
    Section,
    Story,
    Stub,
    Summary,
    Verdict,
)

EDITION_SCHEMA = "urn:briefing:schema:edition:1"
SUMMARY_SCHEMA = "urn:briefing:schema:summary:1"


def json_text(data: object, indent: int | None = 2) -> str:
    """JSON with a line end; without an `indent` on one line. Its texts are `sanitise.clean`."""
    return json.dumps(clean_data(data), ensure_ascii=False, indent=indent) + "\n"


_SUMMARY_KEYS = (
    "id", "url", "title", "headline", "source", "published", "language", "article_language", "key_points", "model",
    "engine", "cached", "seconds", "warnings",
)  # fmt: skip
"""Also fields of `Summary`, as those below are of `Picture` and `Article`."""
_PICTURE_KEYS = ("url", "alt", "width", "height", "digest")
_ARTICLE_KEYS = ("id", "url", "title", "source", "author", "published", "language")


def summary_document(summary: Summary) -> dict[str, Any]:
    """One summary by itself, outside of an edition."""
    return {"schema": SUMMARY_SCHEMA, **summary_to_json(summary)}


def summary_to_json(summary: Summary) -> dict[str, Any]:
    """One summary as a part of a document; ``paragraph`` only where one was asked for."""
    data = {key: getattr(summary, key) for key in _SUMMARY_KEYS}
    data["published"] = time_to_json(summary.published)
    data["key_points"] = [_point_to_json(point) for point in summary.key_points]
    data["warnings"] = list(summary.warnings)
    return data if summary.paragraph is None else {**data, "paragraph": summary.paragraph}


def summary_from_json(data: Mapping[str, Any]) -> Summary:
    """The inverse of `summary_to_json`. Raises KeyError, TypeError or ValueError for anything else."""
    data = {"article_language": data["language"], **data}  # once it had only the article's
    fields = {key: data[key] for key in _SUMMARY_KEYS}
    fields["published"] = _time_from_json(data["published"])
    fields["key_points"] = tuple(_point_from_json(point) for point in data["key_points"])
    fields["warnings"] = tuple(data["warnings"])
    return Summary(**fields, paragraph=data.get("paragraph"))


def edition_to_json(edition: Edition) -> dict[str, Any]:
    """A whole edition."""
    return {
        "schema": EDITION_SCHEMA,
        "date": edition.date.isoformat(),
        "title": edition.title,
        "name": edition.name,
        "timezone": edition.timezone,
        "created": time_to_json(edition.created),
        "language": edition.language,
        "model": edition.model,
        "headline": edition.headline,
        "overview": [_point_to_json(point) for point in edition.overview],
        "sections": [
            {"name": section.name, "stories": [_story_to_json(story) for story in section.stories]}
            for section in edition.sections
        ],
        "developing": [{**asdict(mention), "told": mention.told.isoformat()} for mention in edition.developing],
        "front": list(edition.front),
        "ranking": list(edition.ranking),
        "stubs": [{**asdict(stub), "published": time_to_json(stub.published)} for stub in edition.stubs],
        "failures": [failure_to_json(failure) for failure in edition.failures],
        "notes": list(edition.notes),
    }


def edition_from_json(data: Mapping[str, Any], article: Callable[[str], Article | None]) -> Edition:
    """The inverse of `edition_to_json`; `article` looks up articles by id, whose text is not in the JSON.

    Keys that earlier versions did not write are optional. Raises KeyError, TypeError or ValueError for anything else.
    """
    return Edition(
        date=edition_day(data["date"]),
        title=data["title"],
        name=data.get("name", ""),
        timezone=data["timezone"],
        created=_moment(data["created"]),
        language=data["language"],
        model=data["model"],
        sections=tuple(
            Section(
                name=section["name"],
                stories=tuple(_story_from_json(story, section["name"], article) for story in section["stories"]),
            )
            for section in data["sections"]
        ),
        failures=tuple(Failure(**{**failure, "kind": FailureKind(failure["kind"])}) for failure in data["failures"]),
        notes=tuple(data["notes"]),
        headline=data.get("headline", ""),
        overview=tuple(_point_from_json(point) for point in data.get("overview", ())),
        developing=tuple(
            Mention(**{**mention, "told": date.fromisoformat(mention["told"])})
            for mention in data.get("developing", ())
        ),
        stubs=tuple(
            Stub(**{**stub, "published": _time_from_json(stub["published"])}) for stub in data.get("stubs", ())
        ),
        front=tuple(data.get("front", ())),
        ranking=tuple(data.get("ranking", ())),
    )


def _time_from_json(text: str | None) -> datetime | None:
    return _moment(text) if text else None


def _moment(text: str) -> datetime:
    """Raises ValueError also for a time that is outside of the calendar in some zone."""
    moment = datetime.fromisoformat(text)
    if moment.year in {MINYEAR, MAXYEAR}:
        raise ValueError(f"{text} is at the calendar's end")
    return moment


def _story_from_json(data: Mapping[str, Any], section: str, article: Callable[[str], Article | None]) -> Story:
    def known(article_data: Mapping[str, Any]) -> Article:
        return article(article_data["id"]) or _article_from_json(article_data, section)

    return Story(
        articles=tuple(map(known, data["articles"])),
        summary=summary_from_json(data["summary"]),
        copies=tuple(map(known, data.get("copies", ()))),
        disagreements=tuple(
            Disagreement(versions=tuple(_point_from_json(version) for version in versions))
            for versions in data.get("disagreements", ())
        ),
        told=date.fromisoformat(data["told"]) if data.get("told") else None,
        news=data.get("news", 0),
        brief=data.get("brief", False),
        picture=Picture(**{key: picture[key] for key in _PICTURE_KEYS}) if (picture := data.get("picture")) else None,
    )


def _article_from_json(data: Mapping[str, Any], section: str) -> Article:
    fields = {key: data[key] for key in _ARTICLE_KEYS}
    fields["published"] = _time_from_json(data["published"])
    return Article(**fields, text="", section=section)


def failure_to_json(failure: Failure) -> dict[str, Any]:
    """An item that could not be used."""
    return {
        "subject": failure.subject,
        "stage": failure.stage,
        "kind": failure.kind.value,
        "cause": failure.cause,
        "remedy": failure.remedy,
        "url": failure.url,
    }


def time_to_json(time: datetime | None) -> str | None:
    """UTC, with microseconds where not 0, ending in ``Z``."""
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _story_to_json(story: Story) -> dict[str, Any]:
    return {
        "articles": [_article_to_json(article) for article in story.articles],
        "copies": [_article_to_json(article) for article in story.copies],
        "summary": summary_to_json(story.summary),
        "disagreements": [list(map(_point_to_json, disagreement.versions)) for disagreement in story.disagreements],
        "told": story.told.isoformat() if story.told else None,
        "news": story.news,
        "brief": story.brief,
        "picture": {key: getattr(story.picture, key) for key in _PICTURE_KEYS} if story.picture else None,
    }


def _article_to_json(article: Article) -> dict[str, Any]:
    data = {key: getattr(article, key) for key in _ARTICLE_KEYS}
    return {**data, "published": time_to_json(article.published)}


def _point_to_json(point: KeyPoint) -> dict[str, Any]:
    citations = [
        {"sentence": c.sentence, "start": c.start, "end": c.end, "text": c.text}
        | ({"article": c.article} if c.article else {})
        for c in point.citations
    ]
    return {"text": point.text, "citations": citations, "verdict": point.verdict.value, "rung": point.rung}


def _point_from_json(data: Mapping[str, Any]) -> KeyPoint:
    citations = tuple(
        Citation(sentence=c["sentence"], start=c["start"], end=c["end"], text=c["text"], article=c.get("article", ""))
        for c in data["citations"]
    )
    verdict = Verdict(data["verdict"])
    rung = data.get("rung", "quoted" if verdict is Verdict.QUOTED else "written")  # of before there were rungs
    return KeyPoint(text=data["text"], citations=citations, verdict=verdict, rung=rung)
