"""An edition that is made again on its own day: nothing of it is lost, and readers who have it miss nothing.

A letter that is with a reader cannot be taken back. So the edition that it holds stays the one that is remembered, and
what is new since then is left to the next one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from briefing.errors import UsageError
from briefing.pipeline.context import RunContext
from briefing.pipeline.history import known_edition
from briefing.render.email import edition_key
from briefing.types import Article, Edition, Failure, FailureKind, Story, Stub

__all__ = ["articles_of", "carried_over", "sent_edition"]

_GONE = frozenset({"sent", "sending"})
"""States of a delivery that a reader has, or may have."""


def articles_of(stories: Iterable[Story]) -> dict[str, Article]:
    """Every article that stories tell, copies included, by id."""
    return {one.id: one for story in stories for one in (*story.articles, *story.copies)}


def sent_edition(context: RunContext, day: date | None = None) -> Edition | None:
    """The edition of `day` (None: today) as its readers have it; None where nobody has it."""
    known = _made(context, day or context.today())
    if known and any(state in _GONE for _, state in context.store.deliveries(edition_key(known))):
        return known
    return None


def carried_over(
    context: RunContext, day: date, failures: Collection[Failure], read: Collection[str], stories: Collection[Story]
) -> tuple[list[Story], list[Stub]]:
    """What the edition of `day`, made before, told out of sources that cannot be read now, headlines apart.

    `read`: names of the sources that could be; `stories`: what is told now.
    """
    if not any(failure.kind is FailureKind.FAILED for failure in failures):
        return [], []
    known = _made(context, day)
    if known is None:
        return [], []
    told = articles_of(stories).keys()
    kept = [
        story
        for story in known.stories
        if told.isdisjoint(articles_of([story])) and all(one.source not in read for one in story.articles)
    ]
    return kept, [stub for stub in known.stubs if stub.source not in read]


def _made(context: RunContext, day: date) -> Edition | None:
    if context.store.get_edition(day, context.config.title) is None:
        return None
    try:
        return known_edition(context, day)
    except UsageError:  # what is stored of it cannot be read
        return None
