"""What flows through the pipeline: frozen values, no behaviour beyond what their own fields decide.

All times are aware and in UTC; an edition also has a time zone for display. Offsets are characters into
``Article.text``, end exclusive. Nothing here reads a clock, a disk or a network.

From outside: `Source`, `FeedItem`, `Article`. Made by us: `Citation`, `KeyPoint`, `Summary`, `Disagreement`, `Story`,
`Section`, `Mention`, `Stub`, `Edition`, and `Failure`, the value that stands for an item that could not be used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from briefing.address import Address, shown_in

__all__ = [
    "Article",
    "Citation",
    "Disagreement",
    "Edition",
    "Failure",
    "FailureKind",
    "FeedItem",
    "KeyPoint",
    "Mention",
    "Rung",
    "Section",
    "Source",
    "SourceKind",
    "Story",
    "Stub",
    "Summary",
    "Verdict",
]


class SourceKind(StrEnum):
    """What a source turned out to be; ``AUTO`` until somebody has looked."""

    AUTO = "auto"
    FEED = "feed"
    PAGE = "page"
    FILE = "file"
    FOLDER = "folder"
    OPML = "opml"
    MBOX = "mbox"
    MAILDIR = "maildir"
    STDIN = "stdin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A place the reader chose to read from."""

    location: str = field(repr=False)
    """An http(s) or imap(s) address, a path, or ``-`` for standard input, as the reader gave it, secrets included."""
    name: str = ""
    """What the edition calls it; empty means: take the feed's own title, the host or the file's name."""
    section: str = ""
    """The edition's section for its articles; empty means: one section for each source."""
    kind: SourceKind = SourceKind.AUTO
    weight: float = 1.0
    """How much its voice counts when stories are ranked; 0 to 10."""
    allow_local: bool = False
    """Whether the source itself may live at a private, loopback or link-local address; what it links to may not."""
    password_command: str | tuple[str, ...] = ""
    """For IMAP: a command that prints the password, or its words; empty: it is in the environment or the keyring."""

    @property
    def address(self) -> Address:
        """The location, as whatever may be printed has it."""
        return Address(self.location)

    @property
    def shown(self) -> str:
        """What messages call it: its name, else its location without secrets."""
        return shown_in(self.name) or str(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One entry of a feed, before its page was fetched."""

    url: str | None
    """Absolute http(s) address of the article, or None where the feed gives none."""
    path: str = ""
    """For a feed that is a file: the page's file, where it lies in the feed's own folder or below; else empty."""
    title: str
    """Plain text, entities decoded, `sanitise.shown_title`; may be empty."""
    raw_title: str = ""
    """The same before it was cleaned and cut, which tells items without guid and address apart; empty where equal."""
    published: datetime | None
    """UTC, midnight sharp for a mere day (`dates`); None where the feed gives no date that can be read."""
    html: str
    """The feed's own content or description, untrusted HTML; may be empty."""
    guid: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One text to summarise, free of the page around it."""

    id: str
    """Stable across runs: made from the address where there is one (with what tells its articles apart, where a feed
    gives it to several), else from the text (`text.article_id`)."""
    title: str
    """The article's own headline; may be empty."""
    text: str
    """Plain text, NFC; paragraphs are separated by one blank line where the original had paragraphs."""
    source: str
    """Name of the source, for display."""
    url: str | None = None
    """An http(s) address, or None for what came from a disk or a pipe."""
    section: str = ""
    published: datetime | None = None
    """UTC, midnight sharp for a mere day (`dates`)."""
    language: str = "und"
    """ISO 639-1 where it could be told, else ``und``."""
    author: str = ""
    canonical: str = ""
    """The address on the same site that the page gives as its own, for telling two links to one page; may be empty."""
    warnings: tuple[str, ...] = ()
    """What a reader should know of how the text was obtained, for example that only the feed's own text was at hand."""


Rung = Literal["written", "shortened", "quoted"]


class Verdict(StrEnum):
    """What the check of a key point against its article came to."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    UNCERTAIN = "uncertain"
    QUOTED = "quoted"
    """Not written by a model: the article's own sentence, labelled as such."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A sentence of the article that stands behind a key point: ``article.text[start:end] == text``."""

    sentence: int
    """Index among the article's sentences (`text.sentences`), from 0."""
    start: int
    end: int
    text: str
    article: str = ""
    """Id of the article, where a story has several; empty: the one that the summary is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPoint:
    """One sentence that says one thing the article says."""

    text: str
    citations: tuple[Citation, ...]
    verdict: Verdict
    rung: Rung = "written"
    """``written`` by a model; ``shortened``: its sentence with words left out; ``quoted``: that sentence whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One article condensed. Complete in itself: it can be shown without the article."""

    id: str
    """The article's id."""
    url: str | None
    title: str
    headline: str
    """Shown above the points: at most 16 words, grounded like a point; the article's title where the model's failed."""
    source: str
    published: datetime | None
    language: str
    """ISO 639-1 code of what it is written in: headline, points and paragraph, but for points that are quoted."""
    article_language: str = "und"
    """Of the article: its title, the sentences behind the points, and points that are quoted."""
    key_points: tuple[KeyPoint, ...]
    paragraph: str | None = None
    """A paragraph of prose, where one was asked for."""
    model: str
    """Name of the model, for example ``qwen2.5-coder-1.5b``; empty for an engine that has none."""
    engine: str
    """Name of the engine, for example ``llama`` or ``extractive``."""
    cached: bool = False
    """Whether it came from the store, without inference."""
    seconds: float = 0.0
    """Wall-clock seconds from the first prompt to the last answer; those of the original run where cached."""
    warnings: tuple[str, ...] = ()
    """What was dropped or could not be done, for a person to read."""

    @property
    def translated(self) -> bool:
        """Whether it is in another language than its article."""
        return self.article_language not in {"und", self.language} and self.language != "und"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Articles of one story that do not say the same, each in its own words."""

    versions: tuple[KeyPoint, ...]
    """At least two, from different sources: what one of them says, with the sentence that says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What the edition tells once: one or more articles about one event, and their summary."""

    articles: tuple[Article, ...]
    """At least one, each of its own making; the first stands for the story."""
    summary: Summary
    copies: tuple[Article, ...] = ()
    """The same texts elsewhere: wire copies and reprints of `articles`."""
    disagreements: tuple[Disagreement, ...] = ()
    told: date | None = None
    """The last earlier edition that told of it; None: it is new."""
    news: int = 0
    """Where `told`: how many of the summary's first key points no earlier edition has told."""
    brief: bool = False
    """There was no time to condense it: the summary is one quoted sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Stories under one heading, in the order in which they are shown."""

    name: str
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A story that an earlier edition told and that has nothing new, in one line."""

    headline: str
    url: str | None
    source: str
    told: date
    """The last edition that told of it."""
    language: str = "und"
    """Of the headline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """An article that its page keeps from whoever asks: what its feed says of it, never condensed."""

    title: str
    """The feed's own headline; never empty."""
    teaser: str
    """The feed's own words about it, at most 60; may be empty."""
    url: str | None
    source: str
    """Name of the source, for display."""
    section: str
    """The edition's section it belongs to."""
    published: datetime | None
    """UTC, midnight sharp for a mere day (`dates`)."""
    wall: str
    """What stands before it: ``paywall``, ``consent``, ``login``, ``region``, ``robots``, ``javascript``, or
    ``unrelated``: a page about something else."""


class FailureKind(StrEnum):
    """Why an item is not in the edition: it broke, or it was left out on purpose."""

    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One item that could not be used. A value, so that one bad item never spoils a run."""

    subject: str
    """The feed, page, file or article, named as the reader knows it."""
    stage: str
    """``read``, ``fetch``, ``extract``, ``summarise`` or ``render``."""
    cause: str
    """What happened, in one sentence without a full stop."""
    remedy: str = ""
    """What the reader can do, or empty."""
    kind: FailureKind = FailureKind.FAILED
    stub: Stub | None = None
    """What an edition can still tell of it, where that is its headline only."""

    def __post_init__(self) -> None:
        """Whoever makes one forgets nothing: no address in it shows a secret."""
        for name in ("subject", "cause", "remedy"):
            object.__setattr__(self, name, shown_in(getattr(self, name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One day's briefing, ready to render. Two runs over the same input give equal editions but for `created`."""

    date: date
    """The day it is for, in `timezone`."""
    title: str
    timezone: str
    """IANA name, for example ``Europe/London``; every time in the rendered edition is in it."""
    created: datetime
    """UTC. Shown nowhere but in JSON, so that a second run writes the same bytes."""
    sections: tuple[Section, ...]
    failures: tuple[Failure, ...] = ()
    model: str = ""
    """Name of the model that wrote the summaries."""
    language: str = "en"
    """Language of the edition's own words (headings, labels)."""
    notes: tuple[str, ...] = field(default=())
    """What a reader of the whole edition should know, for example that no model was used."""
    headline: str = ""
    """What the day is about: the first story's headline; empty where there is no overview."""
    overview: tuple[KeyPoint, ...] = ()
    """Three to five sentences from the first stories, to be read aloud in 30 seconds; each cites its articles."""
    developing: tuple[Mention, ...] = ()
    """What earlier editions told and what is still in the news, without anything new."""
    stubs: tuple[Stub, ...] = ()
    """Articles of which there is only the headline, in the order of the sources."""

    @property
    def stories(self) -> tuple[Story, ...]:
        """Every story of every section, in order."""
        return tuple(story for section in self.sections for story in section.stories)

    @property
    def translated(self) -> bool:
        """Whether any of its stories is told in another language than its article."""
        return any(story.summary.translated for story in self.stories)
