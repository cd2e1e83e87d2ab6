"""Lists of past editions and of search results, as text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from briefing.render.filters import tidy
from briefing.serialization import json_text
from briefing.types import SearchHit

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["EditionListing", "hits_as_json", "hits_as_text", "listing_as_json", "listing_as_text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionListing:
    """A past edition in a list."""

    date: date
    title: str
    stories: int
    headline: str
    """What the day was about: the edition's own headline, else that of its first story; may be empty."""


def listing_as_json(listings: Sequence[EditionListing]) -> str:
    """The output of `history --format json`."""
    return json_text(
        [
            {"date": entry.date.isoformat(), "title": entry.title, "stories": entry.stories, "headline": entry.headline}
            for entry in listings
        ]
    )


def listing_as_text(listings: Sequence[EditionListing], templates: Environment) -> str:
    """The output of `history`. Raises `AssetError`."""
    return tidy(templates.get_template("history.txt.j2").render(told=listings))


def hits_as_json(hits: Sequence[SearchHit]) -> str:
    """The output of `search --format json`."""
    return json_text(
        [
            {
                "date": hit.date.isoformat(),
                "title": hit.title,
                "section": hit.section,
                "headline": hit.headline,
                "url": hit.url,
                "sources": list(hit.sources),
                "snippet": hit.snippet,
                "marks": [list(mark) for mark in hit.marks],
            }
            for hit in hits
        ]
    )


def hits_as_text(hits: Sequence[SearchHit], templates: Environment) -> str:
    """The output of `search`. Raises `AssetError`."""
    return tidy(templates.get_template("search.txt.j2").render(found=hits))
