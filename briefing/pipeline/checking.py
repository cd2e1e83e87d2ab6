"""Checks sources: what each lists, how new that is, and what is wrong with it. No article's page is fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from briefing.dates import is_plausible
from briefing.encodings import is_about_loss
from briefing.errors import BriefingError
from briefing.pipeline.candidates import Candidate, Item, MailItem, SourceContents
from briefing.pipeline.context import RunContext
from briefing.pipeline.discovery import Discovery, SourceReader
from briefing.pipeline.gather import Gatherer
from briefing.pipeline.limits import Limits
from briefing.pipeline.read_session import ReadSession
from briefing.pipeline.window import Window
from briefing.types import Failure, FailureKind, Notice, Source

_MESSAGES_OPENED = 10
"""On a mail server: they are fetched one by one, and a few show whether they can be had."""


@dataclass(frozen=True, slots=True)
class CheckedSource:
    """The result of checking one source of the configuration."""

    source: Source
    articles: int
    """Items of its feeds, pages, files and messages, each once, whatever their age."""
    failures: tuple[Failure, ...]
    """What could not be read: the source itself, or some of what it lists."""
    notices: tuple[Notice, ...] = ()
    """What is to be known of what was read."""
    title: str = ""
    """Its feed's; empty where it is none, or has none."""
    newest: datetime | None = None
    """Date of the newest of them, UTC; None where none has one."""
    feed: str = field(default="", repr=False)
    """Address of the feed that was read because a page at the source's address names it; else empty."""

    @property
    def works(self) -> bool:
        """Whether it could be read, be it in part."""
        return self.articles > 0 or not self.failures


def check_sources(context: RunContext) -> Iterator[CheckedSource]:
    """Each source of the configuration with the number of articles it lists and what is wrong with it.

    Sources are read as by a run, but beyond its time span and limits, and the pages behind a feed's items are not
    fetched; of the messages on a mail server the first few are.
    """
    was_feed = _feeds_read(context)
    yield from (check_source(source, context, was_feed) for source in context.config.sources)


def _feeds_read(context: RunContext) -> Callable[[str], bool]:
    """Whether an earlier run read a feed at an address. A check makes and changes no state file."""
    from briefing.store import default_state, known_feeds

    return known_feeds(context.config.state or default_state()).was_read


def check_source(source: Source, context: RunContext, was_feed: Callable[[str], bool] | None = None) -> CheckedSource:
    """One source, as `check_sources` checks it, in the configuration or not.

    `was_feed`: whether an earlier run read a feed at an address; default: as the state file says.
    """
    config = context.config
    session = ReadSession(
        limits=Limits(full_text=config.full_text, offline=config.offline, allow_local=config.allow_local),
        window=Window(now=context.clock()),
        open_fetcher=lambda: context.fetcher,
        progress=context.progress,
        was_feed=was_feed or _feeds_read(context),
        commands=context.commands,
    )
    with closing(session.newsletters):
        return _check(source, session)


def _check(source: Source, session: ReadSession) -> CheckedSource:
    gatherer = Gatherer(session)
    opened: list[Candidate] = []
    unread = messages = short = 0
    contents = SourceReader(session).read([replace(source, max_articles=0, mute=())]).contents
    for candidate in gatherer.distinct(contents):
        on_server = isinstance(candidate, MailItem) and bool(candidate.mailbox)
        messages += on_server
        if isinstance(candidate, Item) and not candidate.entry.path:
            unread += 1
            short += not (gatherer.needs_page(candidate) or _has_text(candidate))
        elif on_server and messages > _MESSAGES_OPENED:
            unread += 1
        else:
            opened.append(candidate)
    result = gatherer.gather(Discovery(contents=[SourceContents(candidates=opened)]))
    secret = session.secrets.text
    notices = [notice for each in contents for notice in each.notices(session.secrets)]
    notices += [
        Notice(secret(article.title or source.shown), secret(warning.rstrip(".")))
        for article in result.articles
        for warning in article.warnings
        if is_about_loss(warning)
    ]
    if short:
        text = f"{short} of its {unread} items {'have' if short > 1 else 'has'} too little text without the page behind"
        notices.append(Notice(source.shown, text))
    listed = [candidate for each in contents for candidate in each.candidates if not isinstance(candidate, Failure)]
    dates = [one.published for one in listed if one.published and is_plausible(one.published, session.window.now)]
    only = contents[0] if len(contents) == 1 else SourceContents()
    return CheckedSource(
        source,
        len(result.articles) + unread,
        tuple(failure for failure in result.failures if failure.kind is FailureKind.FAILED),
        tuple(notices),
        title=secret(only.title),
        newest=max(dates, default=None),
        feed=only.feed if only.source and only.feed != only.source.location else "",
    )


def _has_text(item: Item) -> bool:
    """Whether an article can be made of the feed's own text."""
    from briefing.extract import article_from_feed_item

    with suppress(BriefingError):
        article_from_feed_item(item.entry, source=item.name, section=item.source.section)
        return True
    return False


def found_in(source: Source, context: RunContext, *, plain: str = "") -> tuple[Source, CheckedSource]:
    """The source as it should be in the configuration, and what a check found in it.

    A page that names its feed is replaced by the feed. Where nothing can be read, the address `plain` is tried.
    """
    checked = check_source(source, context)
    if plain and not checked.works:
        other = replace(source, location=plain)
        again = check_source(other, context)
        source, checked = (other, again) if again.works else (source, checked)
    return (replace(source, location=checked.feed) if checked.feed else source), checked
