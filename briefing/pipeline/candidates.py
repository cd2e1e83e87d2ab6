"""What reading has found at each place of its order, until there is an article or a failure in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from briefing.address import shown_in
from briefing.canonical import canonical_url
from briefing.errors import BriefingError
from briefing.nlp.facts import tokens
from briefing.nlp.text import article_id, fingerprint
from briefing.types import Article, Failure, FailureKind, FeedItem, Source, Stub

__all__ = [
    "Candidate",
    "Item",
    "MailItem",
    "MailMark",
    "address_of",
    "agree",
    "date_of",
    "failure_of",
    "item_keys",
    "name_of",
    "own_of",
    "same_guid",
    "skipped",
    "stub_of",
    "title_of",
    "told_apart",
]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed on its way to an article."""

    item: FeedItem
    source: Source
    name: str
    key: str
    """Names it to the store."""
    own: str = ""
    """What tells it from others of its feed behind the same address (`told_apart`); empty where the address does."""

    @property
    def id(self) -> str:
        """Of the article that its own text makes."""
        return article_id(None, f"{self.item.url}\n{self.own}") if self.own else article_id(self.item.url, "")


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
class MailItem:
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


Candidate = Article | Item | MailItem | Failure
"""What a place in the order holds until the end: an article, an item or letter yet to become one, or a failure."""


def failure_of(error: Exception, subject: str, stage: str) -> Failure:
    """What `error` means for `subject`; the error is a `BriefingError` or an `OSError`."""
    subject = shown_in(subject)
    if isinstance(error, BriefingError):
        said = subject == error.subject or subject.endswith(f": {error.subject}")
        cause = error.cause if said else f"{error.subject}: {error.cause}"
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


def name_of(one: Candidate) -> str:
    """What the edition calls the source of `one`; empty for a failure."""
    return one.source if isinstance(one, Article) else "" if isinstance(one, Failure) else one.name


def address_of(one: Candidate) -> str:
    """What tells it from others: its address in its one form, for an article without one its id, else nothing."""
    if isinstance(one, Article):
        return canonical_url(one.url) if one.url else one.id
    return canonical_url(one.item.url or "") if isinstance(one, Item) else ""


def own_of(one: Candidate) -> str:
    """What tells it from others of its source at its address; empty where nothing has to."""
    return one.own if isinstance(one, Item) else ""


def title_of(one: Candidate) -> str:
    """What a reader would call it."""
    if isinstance(one, Failure):
        return one.subject
    return (one.item.title if isinstance(one, Item) else one.title) or "untitled"


def date_of(one: Candidate) -> datetime | None:
    """When it was published, where that is known."""
    if isinstance(one, Failure):
        return None
    return one.item.published if isinstance(one, Item) else one.published


def same_guid(one: Candidate, other: Candidate) -> bool:
    """Whether two finds at one address are one entry, by what the feeds that list it call it, whatever they say."""
    if not (isinstance(one, Item) and isinstance(other, Item)):
        return False
    guid = _guid(one.item)
    return bool(guid and guid == _guid(other.item)) or bool(one.own and one.own == other.own)


def agree(one: Candidate, other: Candidate) -> bool:
    """Whether two finds at one address are the same: their titles or their texts agree, or nothing tells them apart.

    Where an address stands for many texts, equal titles ("Live updates") are not enough.
    """
    titles = tokens(_title(one)), tokens(_title(other))
    alike = all(titles) and _begins(*titles, fewest=_NAMING)
    if alike and not (own_of(one) or own_of(other)):
        return True
    texts = tokens(_text(one))[:_COMPARED], tokens(_text(other))[:_COMPARED]
    return _begins(*texts, fewest=_FEWEST) if all(texts) else alike or not all(titles)


_NAMING = 3
"""Words of a title from which it is the same as one that says more."""
_COMPARED, _FEWEST = 40, 8
"""Words of two texts that must agree: as many as the shorter has, of these at most and at least."""


def _begins(one: Sequence[str], other: Sequence[str], *, fewest: int) -> bool:
    """Whether the shorter of two lists of words begins the longer, or ends it, as a site's name before a title does."""
    shorter, longer = sorted((list(one), list(other)), key=len)
    if len(shorter) < fewest and len(shorter) != len(longer):
        return False
    return longer[: len(shorter)] == shorter or longer[-len(shorter) :] == shorter


def _title(one: Candidate) -> str:
    return one.item.title if isinstance(one, Item) else one.title if isinstance(one, Article | MailItem) else ""


def _text(one: Candidate) -> str:
    from briefing.extract.html import text_of

    return text_of(one.item.html) if isinstance(one, Item) else one.text if isinstance(one, Article) else ""


def told_apart(items: Sequence[FeedItem]) -> list[str]:
    """For each of a feed's items what tells it from others behind its address: its guid, else its title or its text.

    Empty where no other is there, as almost always: status pages and live blogs give one address to all they say.
    """
    behind: defaultdict[str, set[str]] = defaultdict(set)
    for item in items:
        behind[canonical_url(item.url or "")].add(_identity(item))
    return [_identity(item) if item.url and len(behind[canonical_url(item.url)]) > 1 else "" for item in items]


def _identity(item: FeedItem) -> str:
    return _guid(item) or item.raw_title or item.title or item.html


def _guid(item: FeedItem) -> str:
    """Empty where it says no more than the address."""
    return item.guid if canonical_url(item.guid) != canonical_url(item.url or "") else ""


def item_keys(items: Sequence[FeedItem]) -> list[str]:
    """Names the entries of a feed to the store: by address and date, so that one dated anew is looked at again.

    Where several have both in common, the last, which is the oldest, has them for its name, as it had when it was
    alone; the others are named by what tells them apart. So is one without a date that has a guid.
    """
    keys: list[str] = []
    taken: set[str] = set()
    for item in reversed(items):
        said = f"{item.raw_title or item.title}\n{item.html}"
        place = canonical_url(item.url) if item.url else item.path or item.guid or said
        day = item.published.isoformat() if item.published else ""
        key, identity = fingerprint("item", place, day)[:32], _identity(item)
        if key in taken or (not day and identity == item.guid and item.guid not in {"", place}):
            key = fingerprint("item", place, day, identity)[:32]
        taken.add(key)
        keys.append(key)
    return keys[::-1]
