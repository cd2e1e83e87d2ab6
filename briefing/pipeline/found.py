"""What reading has found at each place of its order, until there is an article or a failure in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from briefing.errors import BriefingError
from briefing.types import Article, Failure, FailureKind, FeedItem, Source

__all__ = ["Found", "Item", "address_of", "date_of", "failure_of", "newest", "skipped", "title_of"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed on its way to an article."""

    item: FeedItem
    source: Source
    name: str


Found = Article | Item | Failure
"""What a place in the order holds until the end: an article, an item of a feed yet to be fetched, or a failure."""


def failure_of(error: Exception, subject: str, stage: str) -> Failure:
    """What `error` means for `subject`; the error is a `BriefingError` or an `OSError`."""
    if isinstance(error, BriefingError):
        cause = error.cause if error.subject == subject else f"{error.subject}: {error.cause}"
        return Failure(subject=subject, stage=stage, cause=cause, remedy=error.remedy)
    assert isinstance(error, OSError)
    return Failure(subject=subject, stage=stage, cause=f"it cannot be read: {error.strerror or error}")


def skipped(subject: str, cause: str) -> Failure:
    """Something left out on purpose."""
    return Failure(subject=subject, stage="read", cause=cause, kind=FailureKind.SKIPPED)


def address_of(one: Found) -> str:
    """What tells it from others: its address, for an article without one its id, else nothing."""
    if isinstance(one, Article):
        return one.url or one.id
    return (one.item.url or "") if isinstance(one, Item) else ""


def title_of(one: Found) -> str:
    """What a reader would call it."""
    if isinstance(one, Failure):
        return one.subject
    return (one.title if isinstance(one, Article) else one.item.title) or "untitled"


def date_of(one: Found) -> datetime | None:
    """When it was published, where that is known."""
    return one.published if isinstance(one, Article) else one.item.published if isinstance(one, Item) else None


def newest(items: list[T], most: int, when: Callable[[T], datetime | None]) -> list[T]:
    """The newest `most` of `items` (0: all) in their own order; what has no date counts as new."""
    if not most or len(items) <= most:
        return items
    never = datetime.max.replace(tzinfo=UTC)
    order = sorted(range(len(items)), key=lambda i: when(items[i]) or never, reverse=True)
    return [items[i] for i in sorted(order[:most])]
