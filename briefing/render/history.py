"""Lists of past editions and of search results, as text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING

from briefing.render.filters import tidy
from briefing.serialization import json_text
from briefing.types import SearchHit

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionListing:
    """A past edition in a list; field names are JSON keys."""

    date: date
    title: str
    edition: str = ""
    """Its name; empty for the only one of its day."""
    stories: int
    headline: str
    """The edition's headline, else that of its first story; may be empty."""


def rows_as_json(rows: Sequence[EditionListing] | Sequence[SearchHit]) -> str:
    """The output of `history --format json` and `search --format json`: field names are the keys."""
    return json_text([asdict(row) | {"date": row.date.isoformat()} for row in rows])


def listings_as_text(listings: Sequence[EditionListing], templates: Environment) -> str:
    """The output of `history`. Raises `AssetError`."""
    return tidy(templates.get_template("history.txt.j2").render(told=listings))


def hits_as_text(hits: Sequence[SearchHit], templates: Environment) -> str:
    """The output of `search`. Raises `AssetError`."""
    return tidy(templates.get_template("search.txt.j2").render(found=hits))
