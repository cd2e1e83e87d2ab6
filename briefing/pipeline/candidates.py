"""What sources list before it is an article or a failure, and when two candidates are the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from briefing.address import Secrets, shown_in
from briefing.canonical import canonical_url
from briefing.errors import BlockedAddressError, BriefingError, ExtractError, FetchError, OutOfTimeError, WallError
from briefing.nlp.facts import tokens
from briefing.nlp.text import article_id, fingerprint
from briefing.stories.ranking import LeftOut
from briefing.types import Article, Failure, FailureKind, FeedItem, Notice, Source, Stub


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a feed that may become an article."""

    entry: FeedItem
    source: Source
    name: str
    """Of the source, for display."""
    key: str
    """In the store (`item_keys`)."""
    identity: str = ""
    """What distinguishes it from others at its address (`identities`); empty where the address does."""

    @property
    def id(self) -> str:
        """Of the article that its own text makes."""
        if self.identity:
            return article_id(None, f"{self.entry.url}\n{self.identity}")
        return article_id(self.entry.url, "")

    @property
    def title(self) -> str:
        """The entry's."""
        return self.entry.title

    @property
    def published(self) -> datetime | None:
        """The entry's date."""
        return self.entry.published


@dataclass(frozen=True, slots=True)
class MailMark:
    """A message on a mail server that became an article and need not be fetched again."""

    mailbox: str
    """Its address with its UIDVALIDITY."""
    uid: int
    article: str
    """The article's id."""
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailItem:
    """A message of a mailbox that may become an article; its body has not been read."""

    title: str
    published: datetime | None
    name: str
    """Of the source, for display: the configured one, else the sender's."""
    section: str
    subject: str
    """Of failures about it."""
    read: Callable[[], bytes]
    """Returns the whole message. Raises `BriefingError` or OSError."""
    key: str
    """In the store."""
    mailbox: str = ""
    """On a mail server: its address with its UIDVALIDITY."""
    uid: int = 0
    sender: str = ""


Readable = Article | Item | MailItem
"""An article, or an item or a message that may become one."""
Candidate = Readable | Failure
"""What a source lists."""


@dataclass(slots=True, kw_only=True)
class SourceContents:
    """One source and what it lists."""

    source: Source | None = None
    """None for a list of sources that could not be read."""
    candidates: list[Candidate] = field(default_factory=list)
    title: str = ""
    """The name of a feed that was read."""
    warnings: tuple[str, ...] = ()
    """About how that feed was read, each a sentence without a full stop."""
    feed: str = field(default="", repr=False)
    """The address of the feed that was read because a page at the source's address names it; else empty."""
    left_out: list[LeftOut] = field(default_factory=list)
    """Articles that are over the source's own `max_articles`."""
    over: set[str] = field(default_factory=set)
    """Their keys in the store."""
    moved: Notice | None = None
    """That the feed is at another address than the source's."""

    def notices(self, secrets: Secrets) -> list[Notice]:
        """What is to be known of the source, without `secrets`; the warnings with the name of the feed."""
        name = self.title or (self.source.shown if self.source else "")
        all_of_them = [*([self.moved] if self.moved else []), *(Notice(name, warning) for warning in self.warnings)]
        return [
            Notice(secrets.text(one.subject), secrets.text(one.text), secrets.text(one.remedy)) for one in all_of_them
        ]


def failure_of(error: Exception, subject: str, stage: str) -> Failure:
    """The failure for a `BriefingError` or an `OSError`."""
    subject = shown_in(subject)
    if isinstance(error, BriefingError):
        named = subject == error.subject or subject.endswith(f": {error.subject}")
        cause = error.cause if named else f"{error.subject.removeprefix(f'{subject}: ')}: {error.cause}"
        return Failure(subject=subject, stage=stage, cause=cause, remedy=error.remedy)
    assert isinstance(error, OSError)
    return Failure(subject=subject, stage=stage, cause=f"it cannot be read: {error.strerror or error}")


def skipped(subject: str, cause: str, *, counted: bool = False) -> Failure:
    """A failure for something left out on purpose. `counted`: as in `Failure`."""
    return Failure(subject=subject, stage="read", cause=cause, kind=FailureKind.SKIPPED, counted=counted)


def stub_of(item: Item, failure: Failure, wall: str, teaser: str) -> Failure:
    """`failure` with the headline of an item whose page could not be read; unchanged where it has none.

    A wall is no failure at all; `refused` and `unread` pages are none once an edition shows their headline.
    """
    title = " ".join(item.title.split())
    if not title:
        return failure
    stub = Stub(
        title=title,
        teaser=teaser,
        url=item.entry.url,
        source=item.name,
        section=item.source.section or item.name,
        published=item.published,
        wall=wall,
    )
    if wall in {"refused", "unread"}:
        return replace(failure, stub=stub)
    return replace(failure, kind=FailureKind.SKIPPED, remedy="Open it in a browser", stub=stub)


def wall_of(error: Exception | None) -> str:
    """What keeps the text of an article, by the `error` of its page (`Stub.wall`); empty: there is no such article.

    None: it has no page of its own. What is gone or private is not worth a link, and what there was no time for is read
    by the next run.
    """
    if isinstance(error, WallError):
        return error.wall
    if isinstance(error, FetchError):
        if isinstance(error, BlockedAddressError | OutOfTimeError) or error.status in _GONE:
            return ""
        return "refused" if error.status in _REFUSED else "unread"
    return "unread" if error is None or isinstance(error, ExtractError) else ""


_GONE, _REFUSED = frozenset({404, 410}), frozenset({401, 403, 407, 429, 451})


def headline_key(item: Item) -> str:
    """The store's key of an item's headline, so that no second edition has it, also under a new date."""
    address = canonical_url(item.entry.url) if item.entry.url else item.entry.guid
    return fingerprint("headline", address, item.identity, " ".join(item.title.split()))[:32]


def name_of(candidate: Candidate) -> str:
    """The displayed name of its source; empty for a failure."""
    if isinstance(candidate, Failure):
        return ""
    return candidate.source if isinstance(candidate, Article) else candidate.name


def address_of(candidate: Readable) -> str:
    """Its canonical address; the id of an article without one; else empty."""
    if isinstance(candidate, Article):
        return canonical_url(candidate.url) if candidate.url else candidate.id
    return canonical_url(candidate.entry.url or "") if isinstance(candidate, Item) else ""


def identity_of(candidate: Readable) -> str:
    """What distinguishes it from others of its source at the same address; empty where the address does."""
    return candidate.identity if isinstance(candidate, Item) else ""


def origin_of(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port: where these are equal, a private address is the reader's own choice.

    Empty for an address that is not usable.
    """
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port
    except ValueError:
        return "", None, None


def same_guid(first: Readable, second: Readable) -> bool:
    """Whether two candidates at one address are the same entry by guid, whatever their texts say."""
    if not (isinstance(first, Item) and isinstance(second, Item)):
        return False
    guid = _guid(first.entry)
    if guid and guid == _guid(second.entry):
        return True
    return bool(first.identity) and first.identity == second.identity


def agree(first: Readable, second: Readable) -> bool:
    """Whether two candidates at one address are the same: titles or texts agree, or nothing distinguishes them.

    Where an address stands for many texts, equal titles ("Live updates") are not enough.
    """
    titles = tokens(first.title), tokens(second.title)
    alike = all(titles) and _is_affix(*titles, fewest=_TITLE_WORDS)
    if alike and not (identity_of(first) or identity_of(second)):
        return True
    texts = tokens(item_text(first))[:_COMPARED], tokens(item_text(second))[:_COMPARED]
    return _is_affix(*texts, fewest=_FEWEST) if all(texts) else alike or not all(titles)


_TITLE_WORDS = 3
"""Words from which a title equals a longer one that begins or ends with it."""
_COMPARED, _FEWEST = 40, 8
"""Words of two texts that must agree: as many as the shorter has, of these at most and at least."""


def _is_affix(first: Sequence[str], second: Sequence[str], *, fewest: int) -> bool:
    """Whether the shorter list of words is a prefix of the longer, or a suffix (a site's name stands before titles)."""
    shorter, longer = sorted((list(first), list(second)), key=len)
    if len(shorter) < fewest and len(shorter) != len(longer):
        return False
    return longer[: len(shorter)] == shorter or longer[-len(shorter) :] == shorter


def item_text(candidate: Readable) -> str:
    """The text of an article or a feed's item; empty for a message that was not read yet."""
    from briefing.extract.html import text_of

    if isinstance(candidate, Item):
        return text_of(candidate.entry.html)
    return candidate.text if isinstance(candidate, Article) else ""


def identities(items: Sequence[FeedItem]) -> list[str]:
    """For each of a feed's items what distinguishes it from others at its address: its guid, else its title or text.

    Empty where no other is at that address, as almost always: status pages and live blogs give one address to all
    their entries, or places in one page (``/changes#v3``).
    """
    at: defaultdict[str, set[str]] = defaultdict(set)
    pages = [_page_of(item.url or "") for item in items]
    for page, item in zip(pages, items, strict=True):
        at[page].add(_identity(item))
    return [_identity(item) if item.url and len(at[page]) > 1 else "" for page, item in zip(pages, items, strict=True)]


def _page_of(url: str) -> str:
    """`canonical_url` without a place in the page; what follows ``#!`` or ``#/`` is a page of its own."""
    address, _, place = canonical_url(url).partition("#")
    return f"{address}#{place}" if place[:1] in {"!", "/"} else address


def _identity(item: FeedItem) -> str:
    return _guid(item) or item.raw_title or item.title or item.html


def _guid(item: FeedItem) -> str:
    """Empty where it says no more than the address."""
    return item.guid if canonical_url(item.guid) != canonical_url(item.url or "") else ""


def item_keys(items: Sequence[FeedItem]) -> list[str]:
    """The store's keys of a feed's entries: by address and date, so that one with a new date is looked at again.

    Where several have both in common, the last, which is the oldest, keeps the key that it had when it was alone; the
    others' keys hold their identity too. So does that of an entry without a date that has a guid.
    """
    keys: list[str] = []
    taken: set[str] = set()
    for item in reversed(items):
        content = f"{item.raw_title or item.title}\n{item.html}"
        location = canonical_url(item.url) if item.url else item.path or item.guid or content
        day = item.published.isoformat() if item.published else ""
        key, identity = fingerprint("item", location, day)[:32], _identity(item)
        if key in taken or (not day and identity == item.guid and item.guid not in {"", location}):
            key = fingerprint("item", location, day, identity)[:32]
        taken.add(key)
        keys.append(key)
    return keys[::-1]
