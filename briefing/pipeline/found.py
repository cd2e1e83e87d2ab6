"""What reading has found at each place of its order, until there is an article or a failure in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from briefing.errors import BriefingError
from briefing.stories.addresses import canonical_url
from briefing.text import fingerprint
from briefing.types import Article, Failure, FailureKind, FeedItem, Source, Stub

__all__ = [
    "Found",
    "Item",
    "Letter",
    "MailMark",
    "address_of",
    "date_of",
    "failure_of",
    "item_key",
    "name_of",
    "skipped",
    "stub_of",
    "title_of",
]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed on its way to an article."""

    item: FeedItem
    source: Source
    name: str
    key: str
    """Names it to the store."""


@dataclass(frozen=True, slots=True)
class MailMark:
    """That a message on a mail server became an article, so that it need not be fetched again."""

    mailbox: str
    """Its address with its UIDVALIDITY."""
    uid: int
    article: str
    """The article's id."""
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message of a mailbox on its way to an article; its body has not been read."""

    title: str
    published: datetime | None
    name: str
    """Of the source, for display: the configured one, else the sender's."""
    section: str
    subject: str
    """What a failure calls it."""
    read: Callable[[], bytes]
    """Gives the whole message. Raises `BriefingError` or OSError."""
    key: str
    """Names it to the store."""
    mailbox: str = ""
    """On a mail server: its address with its UIDVALIDITY."""
    uid: int = 0
    sender: str = ""


Found = Article | Item | Letter | Failure
"""What a place in the order holds until the end: an article, an item or letter yet to become one, or a failure."""


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


def stub_of(one: Item, failure: Failure, wall: str, teaser: str) -> Failure:
    """`failure` as an item whose page keeps its article back: its headline is told; without one it stays as it is."""
    title = " ".join(one.item.title.split())
    if not title:
        return failure
    stub = Stub(
        title=title,
        teaser=teaser,
        url=one.item.url,
        source=one.name,
        section=one.source.section or one.name,
        published=one.item.published,
        wall=wall,
    )
    return replace(failure, kind=FailureKind.SKIPPED, remedy="Open it in a browser", stub=stub)


def name_of(one: Found) -> str:
    """What the edition calls the source of `one`; empty for a failure."""
    return one.source if isinstance(one, Article) else "" if isinstance(one, Failure) else one.name


def address_of(one: Found) -> str:
    """What tells it from others: its address in its one form, for an article without one its id, else nothing."""
    if isinstance(one, Article):
        return canonical_url(one.url) if one.url else one.id
    return canonical_url(one.item.url or "") if isinstance(one, Item) else ""


def title_of(one: Found) -> str:
    """What a reader would call it."""
    if isinstance(one, Failure):
        return one.subject
    return (one.item.title if isinstance(one, Item) else one.title) or "untitled"


def date_of(one: Found) -> datetime | None:
    """When it was published, where that is known."""
    if isinstance(one, Failure):
        return None
    return one.item.published if isinstance(one, Item) else one.published


def item_key(item: FeedItem) -> str:
    """Names an entry of a feed to the store: by its address and its date, so that one dated anew is looked at again."""
    place = canonical_url(item.url) if item.url else item.path or item.guid or f"{item.title}\n{item.html}"
    return fingerprint("item", place, item.published.isoformat() if item.published else "")[:32]
