"""Data types of the pipeline: frozen dataclasses. Pure.

Times are aware, in UTC. Offsets are characters into ``Article.text``, end exclusive. Input: `Source`, `FeedItem`,
`PictureLink`, `Article`. Output: `Citation`, `KeyPoint`, `Summary`, `Disagreement`, `Picture`, `Story`, `Section`,
`Mention`, `Stub`, `Edition`, `SearchHit`, and `Failure` for an item that could not be used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Literal

from briefing.address import Address, shown_in
from briefing.canonical import without_tracking


class SourceKind(StrEnum):
    """Kind of a source; ``AUTO`` until detected."""

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
class SecretValue:
    """A secret as the configuration gives it: as it is, or, which is better, where it comes from. One field is set."""

    text: str = field(default="", repr=False)
    """In a header or a cookie with variables of the environment, ``Bearer $NEWS_TOKEN``; elsewhere the secret."""
    env: str = ""
    """The variable of the environment that holds it."""
    command: str | tuple[str, ...] = ""
    """A command that prints it, or its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source of the configuration."""

    location: str = field(repr=False)
    """An http(s) or imap(s) address, a path, or ``-`` for standard input, as given, with secrets."""
    name: str = ""
    """Display name; empty: the feed's title, the host or the file name."""
    section: str = ""
    """Section of its articles; empty: one for each source."""
    kind: SourceKind = SourceKind.AUTO
    weight: float = 1.0
    """Weight in ranking, 0 to 10."""
    allow_local: bool = False
    """Whether the source may have a private, loopback or link-local address; its links may not."""
    password_command: str | tuple[str, ...] = ""
    """For IMAP: a command that prints the password, or its words; empty: from the environment or the keyring."""
    max_articles: int = 0
    """Taken of it in one run, the newest; 0: no limit of its own."""
    full_text: bool | None = None
    """Whether the pages behind its items are fetched; None: as the configuration says for all."""
    points: int = 0
    """Key points of its articles; 0: as the configuration says for all."""
    language: str = ""
    """Of the summaries of its articles; empty: as the configuration says for all."""
    mute: tuple[str, ...] = ()
    """Words and phrases; its articles with one of them in title or beginning are left out."""
    headers: tuple[tuple[str, SecretValue], ...] = ()
    """Sent to its own origin (scheme, host, port) alone."""
    cookies: tuple[tuple[str, SecretValue], ...] = ()
    """The same for cookies."""

    @property
    def has_wishes(self) -> bool:
        """Whether its articles are condensed or muted in a way of their own."""
        return bool(self.points or self.language or self.mute)

    @property
    def address(self) -> Address:
        """The location, redacted when printed."""
        return Address(self.location)

    @property
    def shown(self) -> str:
        """Its name in messages, else its location without secrets."""
        return shown_in(self.name) or str(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLink:
    """A picture that a feed or a page names for an article; nobody has looked at it yet."""

    url: str = field(repr=False)
    """Absolute http(s) address, as given, with secrets."""
    alt: str = ""
    """What stands for it where it cannot be seen: one line of plain text; may be empty."""
    width: int = 0
    """Pixels, as stated; 0: unknown."""
    local: bool = False
    """Whether its server is the source's own, which the reader allowed to be a private one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One entry of a feed, before its page is fetched."""

    url: str | None
    """Absolute http(s) address of the article, or None."""
    path: str = ""
    """Of a feed file: the page's file in the feed's folder or below; else empty."""
    title: str
    """Plain text, entities decoded, `sanitise.shown_title`; may be empty."""
    raw_title: str = ""
    """Before sanitising, where different: identifies items without guid and address."""
    published: datetime | None
    """UTC, midnight for a date-only value (`dates`); None where it has no valid date."""
    html: str
    """The feed's own content or description, untrusted HTML; may be empty."""
    guid: str = ""
    author: str = ""
    enclosed: bool = False
    """Whether `url` is that of its enclosure (a recording, a PDF), which is linked and not read as its page."""
    pictures: tuple[PictureLink, ...] = ()
    """Those that the feed names for it and for no other item, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One text to summarise, without boilerplate."""

    id: str
    """Stable across runs: from the address, and more where a feed gives it to several items, else from the text
    (`nlp.text.article_id`)."""
    title: str
    """The article's own headline; may be empty."""
    text: str
    """Plain text, NFC; paragraphs are separated by one blank line where the original had paragraphs."""
    source: str
    """Name of the source, for display."""
    url: str | None = None
    """An http(s) address, or None for a file or a pipe."""
    section: str = ""
    published: datetime | None = None
    """UTC, midnight for a date-only value (`dates`)."""
    language: str = "und"
    """ISO 639-1, or ``und``."""
    author: str = ""
    canonical: str = ""
    """The page's ``rel=canonical`` on the same site, for deduplication; may be empty."""
    warnings: tuple[str, ...] = ()
    """About how the text was obtained, such as that only the feed's own text was available."""
    pictures: tuple[PictureLink, ...] = ()
    """Those that its feed and its page name, best first; not kept in the store."""


Rung = Literal["written", "shortened", "quoted"]
EvidenceStyle = Literal["footnotes", "inline", "none"]
"""Where Markdown has the sentences behind a point: at the end of the file, below the point. ``none``: in no format but
JSON."""


class Verdict(StrEnum):
    """Result of the check of a key point against its article."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    UNCERTAIN = "uncertain"
    QUOTED = "quoted"
    """The article's own sentence, labelled as such."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A sentence of the article that supports a key point: ``article.text[start:end] == text``."""

    sentence: int
    """Index among the article's sentences (`nlp.sentences`), from 0."""
    start: int
    end: int
    text: str
    article: str = ""
    """Id of the article, where a story has several; empty: the summary's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPoint:
    """One sentence with one statement of the article."""

    text: str
    citations: tuple[Citation, ...]
    verdict: Verdict
    rung: Rung = "written"
    """``written`` by a model; ``shortened``: the cited sentence by deletion; ``quoted``: that sentence in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The summary of one article, which can be shown without the article."""

    id: str
    """The article's id."""
    url: str | None
    title: str
    headline: str
    """At most 16 words, grounded like a point; the article's title where the model's failed the check."""
    source: str
    published: datetime | None
    language: str
    """ISO 639-1 code of headline, points and paragraph, but for quoted points."""
    article_language: str = "und"
    """Of the article: title, cited sentences and quoted points."""
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
    """Wall-clock seconds from the first prompt to the last answer, of the original run where cached."""
    warnings: tuple[str, ...] = ()
    """About dropped points and other omissions."""

    @property
    def translated(self) -> bool:
        """Whether it is in another language than its article."""
        return self.article_language not in {"und", self.language} and self.language != "und"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Contradicting statements of articles of one story."""

    versions: tuple[KeyPoint, ...]
    """At least two, from different sources, each with its sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A story's picture: a small JPEG made of what lies at `url`."""

    url: str
    """The original's address, without secrets."""
    alt: str = ""
    """What stands for it where it cannot be seen; empty where nobody says."""
    width: int
    height: int
    digest: str
    """SHA-256 of `data`, hexadecimal."""
    data: bytes = field(default=b"", repr=False)
    """Empty where it is not at hand, and then not shown; not in JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One or more articles about one event, and their summary."""

    articles: tuple[Article, ...]
    """At least one, without copies; the first represents the story."""
    summary: Summary
    copies: tuple[Article, ...] = ()
    """Near duplicates of `articles`: wire copies and reprints."""
    disagreements: tuple[Disagreement, ...] = ()
    told: date | None = None
    """Date of the last earlier edition with the story; None: it is new."""
    news: int = 0
    """Where `told`: number of the summary's leading key points that are in no earlier edition."""
    brief: bool = False
    """Past the deadline: the summary is one quoted sentence."""
    picture: Picture | None = None
    """For the stories that show one by the setting `pictures`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Stories under one heading, in order."""

    name: str
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A story of an earlier edition without news, in one line."""

    headline: str
    url: str | None
    source: str
    told: date
    """Date of the last edition with the story."""
    language: str = "und"
    """Of the headline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """An article that could not be read: the feed's own headline and teaser, never condensed."""

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
    """UTC, midnight for a date-only value (`dates`)."""
    wall: str
    """What kept its text: ``paywall``, ``consent``, ``login``, ``region``, ``robots``, ``javascript``, ``unrelated``
    (another topic), ``refused`` (by the server) or ``unread`` (a page that could not be had or has no article)."""


class FailureKind(StrEnum):
    """Why an item is not in the edition: it failed, or it was left out on purpose."""

    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One item that could not be used, as a value, so that it does not end the run."""

    subject: str
    """The feed, page, file or article, by its name in messages."""
    stage: str
    """``read``, ``fetch``, ``extract``, ``summarise`` or ``render``."""
    cause: str
    """One sentence without a full stop."""
    remedy: str = ""
    """What helps, or empty."""
    kind: FailureKind = FailureKind.FAILED
    stub: Stub | None = None
    """Its headline for the edition, where that is available."""
    url: str = ""
    """Address of the article's page, where there is one without secrets."""
    counted: bool = False
    """Whether a run's report has it among its numbers anyway: what was seen before, or is over a limit. Not in JSON."""

    def __post_init__(self) -> None:
        """Redact addresses in every field, and take what only tracks out of them."""
        for name in ("subject", "cause", "remedy"):
            object.__setattr__(self, name, without_tracking(shown_in(getattr(self, name))))
        object.__setattr__(self, "url", without_tracking(self.url) if shown_in(self.url) == self.url else "")


@dataclass(frozen=True, slots=True)
class Notice:
    """What a reader should know of a source that was read all the same."""

    subject: str
    """The source, by its name in messages."""
    text: str
    """A sentence without a full stop."""
    remedy: str = ""
    """What the reader has to do, or empty."""

    @property
    def sentences(self) -> str:
        """The text and the remedy, with full stops."""
        text = self.text if self.text.endswith("?") else f"{self.text}."
        return f"{text} {self.remedy}." if self.remedy else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One day's briefing, ready to render. Two runs over the same input give equal editions but for `created`."""

    date: date
    """The day it is for, in `timezone`."""
    title: str
    name: str = ""
    """Which of the day's editions, such as ``evening``: letters, digits and hyphens; empty for the only one."""
    timezone: str
    """IANA name, for example ``Europe/London``; every time in the rendered edition is in it."""
    created: datetime
    """UTC. Only in JSON, so that a second run renders the same bytes."""
    sections: tuple[Section, ...]
    failures: tuple[Failure, ...] = ()
    model: str = ""
    """Name of the model that wrote the summaries."""
    language: str = "en"
    """Language of headings and labels."""
    notes: tuple[str, ...] = field(default=())
    """About the whole edition, such as that no model was used."""
    headline: str = ""
    """The first story's headline; empty without an overview."""
    overview: tuple[KeyPoint, ...] = ()
    """Three to five sentences from the first stories, to be read aloud in 30 seconds; each cites its articles."""
    developing: tuple[Mention, ...] = ()
    """Stories of earlier editions that are still in the news, without anything new."""
    stubs: tuple[Stub, ...] = ()
    """Articles of which there is only the headline, in the order of the sources."""
    front: tuple[str, ...] = ()
    """Ids of the summaries of the three to five first stories, best first; they are told at the top."""
    ranking: tuple[str, ...] = ()
    """Ids of the summaries of all stories, best first; empty in editions of before it was kept."""
    left_out: int = 0
    """Items of sources for which the run's limits left no room."""

    @property
    def stem(self) -> str:
        """What its files are called before the ending (`stem_of`)."""
        return stem_of(self.date, self.name)

    @property
    def stories(self) -> tuple[Story, ...]:
        """Every story of every section, in order."""
        return tuple(story for section in self.sections for story in section.stories)

    @property
    def empty(self) -> bool:
        """Whether it tells nothing, neither a story nor a headline."""
        return not (self.stories or self.stubs)

    @property
    def translated(self) -> bool:
        """Whether any story is in another language than its article."""
        return any(story.summary.translated for story in self.stories)


def stem_of(day: date, name: str = "") -> str:
    """The day, and behind a hyphen the name of an edition that has one: ``2026-11-28``, ``2026-11-28-evening``."""
    return f"{day.isoformat()}-{name}" if name else day.isoformat()


def day_and_name(stem: str) -> tuple[date, str]:
    """The inverse of `stem_of`. Raises ValueError."""
    return date.fromisoformat(stem[:10]), stem[11:]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """A story of a past edition that matches a search; field names are JSON keys."""

    date: date
    title: str
    """Of the edition."""
    edition: str = ""
    """Its name; empty for the only one of its day."""
    section: str
    headline: str
    url: str | None
    sources: tuple[str, ...]
    """Names of all that reported it, its own first."""
    snippet: str
    """The part of its points where the words stand; the beginning where they stand elsewhere."""
    marks: tuple[tuple[int, int], ...]
    """Where in `snippet` the found words are: first character and the one after the last."""

    @property
    def pieces(self) -> tuple[tuple[str, bool], ...]:
        """The snippet in order, each piece with whether it is a found word."""
        bounds = [0, *(bound for mark in self.marks for bound in mark), len(self.snippet)]
        cut = [self.snippet[start:end] for start, end in pairwise(bounds)]
        return tuple((text, bool(number % 2)) for number, text in enumerate(cut) if text)
