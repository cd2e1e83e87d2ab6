"""Builders of the product's values: what a test says nothing about has a default that renders and serialises.

::

    story(article("Marlow gets a tram.", source="Echo"), points=("Marlow gets a tram.",))

Tests whose subject needs other defaults wrap a builder instead of writing one.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from briefing.nlp.text import article_id
from briefing.types import Article, Citation, Edition, KeyPoint, Picture, Rung, Section, Story, Summary, Verdict

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
"""The present of most tests."""

TEXT = "The council of Marlow voted 31 to 14 for a tram."

STORY = """Council approves tram line

The council voted 31 to 14 on Tuesday for a tram line to the hospital, ending a dispute of two years.

Construction is due to start in March and to cost 212 million pounds, of which the government has promised 140 million.

Shopkeepers on Bridge Street fear that the works, which are expected to last three years, will drive customers away."""
"""A text file: a headline and three paragraphs."""


def article(
    text: str = TEXT,
    *,
    id: str = "",  # noqa: A002 - the field's name
    title: str = "Council approves tram",
    source: str = "Post",
    url: str | None = None,
    section: str = "",
    published: datetime | None = None,
    language: str = "en",
    warnings: tuple[str, ...] = (),
) -> Article:
    """An article; its id is that of its address or text unless one is given."""
    return Article(
        id=id or article_id(url, text), title=title, text=text, source=source, url=url, section=section,
        published=published, language=language, warnings=warnings,
    )  # fmt: skip


def key_point(
    text: str = TEXT,
    *sentences: int,
    cited: str = "",
    verdict: Verdict = Verdict.SUPPORTED,
    rung: Rung = "written",
    article: str = "",
) -> KeyPoint:
    """A point that cites these sentences of its article, each with the text `cited` (else the point's)."""
    said = cited or text
    citations = tuple(
        Citation(sentence=sentence, start=0, end=len(said), text=said, article=article) for sentence in sentences
    )
    return KeyPoint(text=text, citations=citations, verdict=verdict, rung=rung)


def summary(
    of: Article | None = None,
    *points: KeyPoint | str,
    headline: str = "",
    model: str = "m-1",
    engine: str = "llama",
    language: str = "en",
    **fields: Any,
) -> Summary:
    """The summary of an article; a point given as text cites the article's first sentence."""
    of = of or article()
    return Summary(
        id=of.id, url=of.url, title=of.title, headline=headline or of.title, source=of.source,
        published=of.published, language=language, model=model, engine=engine,
        key_points=tuple(key_point(point, 0) if isinstance(point, str) else point for point in points), **fields,
    )  # fmt: skip


def story(of: Article | Sequence[Article] | None = None, *points: KeyPoint | str, **fields: Any) -> Story:
    """A story of one article or several, summarised by `points` (else by the first article's text).

    Fields of `Story` go to the story, others to its summary.
    """
    articles = (of,) if isinstance(of, Article) else tuple(of or (article(),))
    own = {name: fields.pop(name) for name in Story.__dataclass_fields__ if name in fields}
    points = points or (articles[0].text,)
    return Story(articles=articles, **{"summary": summary(articles[0], *points, **fields)} | own)


def edition(*stories: Story, day: date | None = None, **fields: Any) -> Edition:
    """An edition of these stories in one section ``World``."""
    sections = (Section(name="World", stories=stories),) if stories else ()
    given: dict[str, Any] = {"title": "Morning", "timezone": "UTC", "created": NOW, "sections": sections}
    return Edition(date=day or NOW.date(), **given | fields)


def photograph(seed: int = 1, width: int = 800, height: int = 500, form: str = "JPEG", **options: Any) -> bytes:
    """A picture of patches of colour."""
    from PIL import Image

    patches = Image.frombytes("RGB", (40, 25), random.Random(seed).randbytes(3000))
    file = io.BytesIO()
    patches.resize((width, height), Image.Resampling.BICUBIC).save(file, form, **options)
    return file.getvalue()


def illustrated(of: Edition, size: int = 0, **fields: Any) -> Edition:
    """The edition with a picture for each story: a photograph, or so many senseless bytes."""
    numbers = iter(range(1, 1000))

    def pictured(told: Story) -> Story:
        number = next(numbers)
        data = random.Random(number).randbytes(size) if size else photograph(number, 640, 400)
        given: dict[str, Any] = {
            "url": f"https://i.example/{number}.jpg",
            "width": 640,
            "height": 400,
            "digest": f"{number:064x}",
        }
        return replace(told, picture=Picture(**given | {"data": data} | fields))

    sections = (replace(section, stories=tuple(map(pictured, section.stories))) for section in of.sections)
    return replace(of, sections=tuple(sections))
