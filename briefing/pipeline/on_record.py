"""The edition of a day as earlier runs of it left it in the store, and what the reader has muted of it since.

What is muted leaves the edition, its files, the search and the letters, and not the record: it returns, told and mailed
to whom as before, once the mute is gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TypeVar

from briefing.errors import UsageError
from briefing.pipeline.context import RunContext
from briefing.pipeline.history import known_edition
from briefing.pipeline.planning import is_muted
from briefing.serialization import edition_to_json
from briefing.types import Article, Edition, Mention, Section, Story, Stub

_MUTED = "muted"
"""Beside the keys of an edition, in the store alone: an edition of what is muted."""

Line = TypeVar("Line", bound=Mention | Stub)


def edition_on_record(context: RunContext, day: date) -> Edition | None:
    """The edition that earlier runs made, which this one adds to, with what has left it because it was muted."""
    title, name = context.config.title, context.edition
    text = None if context.ad_hoc else context.store.get_edition(day, title, name=name)
    if text is None:
        return None
    try:
        shown = known_edition(context, day, text)
        muted = json.loads(text).get(_MUTED)
        gone = known_edition(context, day, json.dumps(muted)) if muted else None
    except UsageError:  # stored in a format that is no longer read
        return None
    if gone is None:
        return shown
    return replace(
        shown,
        sections=(*shown.sections, *gone.sections),
        stubs=(*shown.stubs, *gone.stubs),
        developing=(*shown.developing, *gone.developing),
    )


def text_for_record(edition: Edition, context: RunContext) -> str:
    """The JSON of an edition for the store, with what the one on record had and the reader has muted since."""
    document, known = edition_to_json(edition), edition_on_record(context, edition.date)
    if known:
        shown = {article.id for story in edition.stories for article in (*story.articles, *story.copies)}
        told = (section for section in known.sections if section.stories)
        sections = [
            Section(name=section.name, stories=tuple(one for one in section.stories if _is_gone(one, shown, context)))
            for section in told
        ]
        gone = replace(
            known,
            sections=tuple(section for section in sections if section.stories),
            stubs=tuple(line for line in known.stubs if is_muted(standing_for(line), context)),
            developing=tuple(line for line in known.developing if is_muted(standing_for(line), context)),
            failures=(),
            overview=(),
        )
        if gone.stories or gone.stubs or gone.developing:
            document[_MUTED] = edition_to_json(gone)
    return json.dumps(document, ensure_ascii=False)


def kept_stories(known: Edition | None, context: RunContext) -> list[Story]:
    """The stories of the edition on record without those that the reader has muted since."""
    return [story for story in (known.stories if known else ()) if not _is_muted(story, context)]


def not_muted(lines: Iterable[Line], context: RunContext) -> list[Line]:
    """Those of `lines` that the reader has not muted."""
    return [line for line in lines if not is_muted(standing_for(line), context)]


def standing_for(line: Stub | Mention) -> Article:
    """The article that a line of the edition is about, as far as it is known."""
    if isinstance(line, Mention):
        return Article(id="", title=line.headline, text="", source=line.source)
    section = "" if line.section == line.source else line.section
    return Article(id="", title=line.title, text=line.teaser, source=line.source, section=section)


def _is_muted(story: Story, context: RunContext) -> bool:
    return all(is_muted(article, context) for article in story.articles)


def _is_gone(story: Story, shown: set[str], context: RunContext) -> bool:
    return shown.isdisjoint(article.id for article in story.articles) and _is_muted(story, context)
