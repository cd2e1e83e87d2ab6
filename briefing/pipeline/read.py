"""Reads a run's sources: discovers what they list, names them, gathers the articles, keeps these in the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date, datetime
from zoneinfo import ZoneInfo

from briefing.pipeline.candidates import name_of
from briefing.pipeline.context import RunContext
from briefing.pipeline.deadline import ReadDeadline
from briefing.pipeline.discovery import SourceReader
from briefing.pipeline.gather import Gatherer
from briefing.pipeline.limits import Limits
from briefing.pipeline.network_wait import NetworkWait
from briefing.pipeline.planning import count_stories, expected_stories, may_be_told
from briefing.pipeline.read_result import ReadResult
from briefing.pipeline.read_session import ReadSession
from briefing.pipeline.source_names import tell_apart
from briefing.pipeline.window import Window, window_for, window_without_memory
from briefing.types import Article, Source, stem_of


def read(
    context: RunContext,
    day: date | None = None,
    *,
    wait: float = 0.0,
    deadline: datetime | None = None,
    articles: bool = False,
    kept: Callable[[date], Sequence[Article]] = lambda day: (),
    on_record: bool = False,
) -> ReadResult:
    """The articles that the configuration's sources have for the edition of `day`, and what could not be read.

    `day` None: today. Where no server on the web can be reached, it is tried again for `wait` seconds; today is then
    the day on which one could. Where an edition has to be there by `deadline` (UTC), half of the time is for reading;
    what is not read by then is among the failures and the next run reads it. `articles`: where an address has a feed
    and an article, the article is meant. `kept`: the articles that earlier runs told in the edition of a day.
    `on_record`: whether an edition is made that is remembered; else what the store has of an article, which may be in
    one, stays as it is.
    """
    config = context.config
    network = NetworkWait(wait, sleep=context.sleep, progress=context.progress)

    def current_window() -> Window:
        now, zone = context.clock(), ZoneInfo(context.timezone)
        if context.ad_hoc:
            return window_without_memory(config.since, now=now, zone=zone)
        return window_for(
            config.since,
            config.catch_up,
            now=now,
            zone=zone,
            day=day or context.today(now),
            title=config.title,
            store=context.store,
            name=context.edition,
            limits=limits_of(context, day or context.today(now)),
        )

    def retry(cause: str) -> Window | None:
        # A new one: a laptop may have been suspended during the wait, and another day begun.
        return current_window() if network.again(cause) else None

    told: dict[str, bool] = {}

    def counts(article: Article) -> bool:
        """Whether the edition may tell it; asked of the store once, though each round of reading counts anew."""
        if article.id not in told:
            told[article.id] = may_be_told(article, context, day or context.today(session.window.now))
        return told[article.id]

    def kept_articles() -> Sequence[Article]:
        found = kept(day or context.today(session.window.now))
        told.update((article.id, True) for article in found)
        return found

    limits = Limits(
        max_stories=config.max_stories,
        max_per_source=config.max_per_source,
        full_text=config.full_text,
        offline=config.offline,
        allow_local=config.allow_local,
        counts=counts,
        stories=lambda articles, events: count_stories(filter(counts, articles), config, events),
        kept=kept_articles,
    )
    session = ReadSession(
        limits=limits,
        window=current_window(),
        open_fetcher=lambda: context.fetcher,
        progress=context.progress,
        time=ReadDeadline(lambda now: deadline and context.due(now, deadline), context.clock),
        store=context.store,
        was_feed=context.store.was_feed,
        articles=articles,
        commands=context.commands,
        wishes=context.wishes,
        ranking=lambda outlines, positions, weights: expected_stories(outlines, positions, weights, context),
    )
    result = read_sources(config.sources, session, retry)
    for article in result.articles:
        context.store.put_article(article, context.clock(), keep=not on_record)
    for mail in result.mails:  # only now: a run that dies before this line fetches them again
        context.store.put_mail(mail.mailbox, mail.uid, mail.article, mail.sender, context.clock())
    if not context.ad_hoc:
        context.store.record_seen(config.title, session.window.looked, result.now)
        context.store.keep_told(config.title, result.listed, result.now)
    context.store.keep_feed_titles(result.titles, result.now)
    context.store.keep_feeds(result.feeds, result.now)
    return result


def limits_of(context: RunContext, day: date) -> str:
    """A text for the limits of the edition of `day` (`SeenItems.propose`)."""
    config = context.config
    own = ",".join(str(source.max_articles) for source in config.sources if source.max_articles)
    limits = f"{config.max_stories} {config.max_per_source} {config.max_per_section} {own}".rstrip()
    return f"{stem_of(day, context.edition)} {limits}"


def read_sources(
    sources: Sequence[Source], session: ReadSession, retry: Callable[[str], Window | None] = lambda _: None
) -> ReadResult:
    """Read every source, as far as the session's window reaches; then leave the mail servers.

    `retry`: as for `SourceReader.read`. Raises nothing for what a source holds: failures are values with its name.
    """
    with closing(session.newsletters):
        discovery = SourceReader(session).read(sources, retry)
        locations = [contents.source.location for contents in discovery.contents if contents.source]
        last_titles = session.store.feed_titles(locations) if session.store else {}
        discovery.contents = tell_apart(discovery.contents, last_titles)
        for contents in discovery.contents:
            if contents.source and contents.source.has_wishes:
                names = map(name_of, contents.candidates)
                session.wishes.update({session.secrets.text(name): contents.source for name in names if name})
        return Gatherer(session).gather(discovery)
