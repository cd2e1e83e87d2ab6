"""What a reading of all sources gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from briefing.pipeline.candidates import MailMark
from briefing.stories.ranking import LeftOut
from briefing.types import Article, Failure, Notice


@dataclass(slots=True)
class ReadResult:
    """The articles of a run's sources; no two have the same id."""

    now: datetime
    """When reading began, UTC; where the network was waited for, when the last attempt did."""
    articles: list[Article] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    sources: int = 0
    """Feeds, pages, files, mailboxes that were read, those in an OPML file or a folder counted singly."""
    unread_sources: int = 0
    """Those that could not be read."""
    weights: dict[str, float] = field(default_factory=dict)
    """How much each source's voice counts, by the name its articles have."""
    mails: list[MailMark] = field(default_factory=list)
    """For the store to remember of mail servers once it has the articles, and not before."""
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By an article's id the keys of the items that it came from (`store.seen_items`)."""
    again: set[str] = field(default_factory=set)
    """Ids of articles that an earlier run of the edition left out: they only fill it up (`limits`)."""
    settled: set[str] = field(default_factory=set)
    """Keys of items that gave no article and never will."""
    stubs: set[str] = field(default_factory=set)
    """Keys of items of which there is only the headline."""
    positions: dict[str, int] = field(default_factory=dict)
    """Of the articles among all that their sources list for this edition, from 0, by id."""
    events: list[frozenset[str]] = field(default_factory=list)
    """Ids of articles that all that the sources list showed to be about one great event."""
    left_out: list[LeftOut] = field(default_factory=list)
    """What the limits left unread, the most important first, and what an earlier run's did."""
    over: set[str] = field(default_factory=set)
    """Keys of items that are over a limit."""
    seen_before: int = 0
    """Items left out because an earlier edition has seen them."""
    in_edition: int = 0
    """Items left alone because an earlier run of this edition has settled them."""
    offline: bool = False
    """Whether there are sources on the web and none of their servers could be reached."""
    listed: set[str] = field(default_factory=set)
    """Ids of all articles that the sources list, read or not."""
    notices: list[Notice] = field(default_factory=list)
    """About sources that were read, such as dates in them that cannot be."""
    sections: set[str] = field(default_factory=set)
    """That articles of its sources are in, whether there is one today or not."""
    named: bool = True
    """Whether `sections` has those of every source."""
    titles: dict[str, str] = field(default_factory=dict)
    """Titles of the feeds that were read and have no name in the configuration, by the sources' addresses."""
    feeds: set[str] = field(default_factory=set)
    """Addresses of sources of unknown kind that answered with a feed."""
