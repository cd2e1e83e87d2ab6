"""Orders the calls; what it does reads like this docstring.

read the sources -> fetch what they link to -> extract the articles -> group them into stories, rank these and leave out
what earlier editions told -> take summaries from the store, condense the rest -> compose the edition -> render it in
every format -> write the files -> remember the edition.

`read` does the first three, `story_pipeline` the next three, `context` keeps open what is needed, `progress` is how a
caller follows along. Nothing here decides what a summary or an edition is: that is the pure modules' business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from briefing.config import Config
from briefing.engines import Engine
from briefing.extract.length import is_cut
from briefing.pipeline.archive import write_archive
from briefing.pipeline.batch import batch
from briefing.pipeline.summaries import Comparison, compare
from briefing.pipeline.context import RunContext
from briefing.pipeline.deadline import ReadDeadline
from briefing.pipeline.delivery import DeliveryResult, last_try, owe_letters, send_editions
from briefing.pipeline.history import (
    EditionListing,
    Removal,
    day_since,
    history,
    known_edition,
    removal,
    remove_edition,
    render_found,
    render_history,
    search,
    shown_edition,
)
from briefing.pipeline.mailing import check_mail, check_settings, letters
from briefing.pipeline.network_wait import NetworkWait, longest_wait
from briefing.pipeline.preflight import check_assets, check_run
from briefing.pipeline.progress import NoProgress, ProgressListener
from briefing.pipeline.read import Limits, ReadResult, read_sources
from briefing.pipeline.remake import articles_of, carried_over, sent_edition
from briefing.pipeline.source_check import CheckedSource, check_sources
from briefing.pipeline.state_file import check_state_pages, keep_state, mend_state
from briefing.pipeline.story_pipeline import condense_stories, may_be_told, tell_stories
from briefing.pipeline.window import Window, window_for
from briefing.render.compose import compose
from briefing.render.edition import EDITION_FORMATS, render, render_explanation, render_summary
from briefing.render.epub import render_epub
from briefing.serialization import edition_to_json
from briefing.stories.ranking import Ranked
from briefing.types import Article, Edition, Failure, Summary

__all__ = [
    "CheckedSource",
    "Comparison",
    "DeliveryResult",
    "EditionListing",
    "NoProgress",
    "ProgressListener",
    "Removal",
    "Report",
    "RunContext",
    "batch",
    "build_edition",
    "check_assets",
    "check_mail",
    "check_output",
    "check_run",
    "check_settings",
    "check_sources",
    "check_state_pages",
    "compare",
    "condense",
    "day_since",
    "history",
    "keep_state",
    "known_edition",
    "last_try",
    "letters",
    "make_edition",
    "mend_state",
    "owe_letters",
    "read",
    "remember_edition",
    "removal",
    "remove_edition",
    "render",
    "render_explanation",
    "render_found",
    "render_history",
    "render_summary",
    "rendered_as",
    "search",
    "send_editions",
    "sent_edition",
    "shown_edition",
    "summarise",
    "summarise_sources",
    "utc_now",
    "write_archive",
    "write_edition",
    "write_files",
]


_KEPT = timedelta(days=365)
"""How long the store remembers what no run asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run did, in numbers; `edition.failures` says the rest."""

    sources: int
    """Feeds, pages and files that were read."""
    articles: int
    condensed: int
    """Stories condensed by an engine in this run."""
    cached: int
    """Stories whose summary was in the store."""
    told_before: int
    """Stories left out, or only mentioned, because earlier editions told them."""
    seen_before: int
    """Items of feeds and mailboxes left out because an earlier edition has seen them."""
    brief: int
    """Stories for which there was no time."""
    failures: tuple[Failure, ...]
    ranked: tuple[Ranked, ...]
    """Every story of the day, told or not, and why it stands where it stands."""
    seconds: float
    offline: bool = False
    """Whether there are sources on the web and not one of their servers could be spoken to."""
    cut: int = 0
    """Articles that were longer than is read, so that only their beginning was."""


def utc_now() -> datetime:
    """The current time. The only clock of the package; everything below takes a time or a clock as an argument."""
    return datetime.now(UTC)


def read(
    context: RunContext, day: date | None = None, *, wait: float = 0.0, deadline: datetime | None = None
) -> ReadResult:
    """Every article that the configuration's sources have for the edition of `day`, and what could not be read.

    `day` None: today. Where no server on the web can be spoken to, it is tried again for `wait` seconds; today is then
    the day on which one could. Where an edition has to be there by `deadline` (UTC), half of the time is for reading;
    what is not read by then is among the failures and the next run reads it.
    """
    config = context.config
    waiting = NetworkWait(wait, sleep=context.sleep, progress=context.progress)

    def look() -> Window:
        now = context.clock()
        return window_for(
            config.since,
            config.catch_up,
            now=now,
            zone=ZoneInfo(context.timezone),
            day=day or context.today(now),
            title=config.title,
            store=context.store,
        )

    window = look()

    def again(cause: str) -> Window | None:
        nonlocal window
        if not waiting.again(cause):
            return None
        window = look()  # a laptop may have been closed during the wait, and another day begun
        return window

    limits = Limits(
        max_articles=config.max_articles,
        max_per_source=config.max_per_source,
        full_text=config.full_text,
        offline=config.offline,
        allow_local=config.allow_local,
        takes_a_place=lambda one: may_be_told(one, context, day or context.today(window.now)),
    )
    reading = read_sources(
        config.sources,
        limits=limits,
        window=window,
        open_fetcher=context.fetcher,
        progress=context.progress,
        store=context.store,
        again=again,
        commands=context.commands,
        time=ReadDeadline(lambda now: deadline and context.due(now, deadline), context.clock),
    )
    for article in reading.articles:
        context.store.put_article(article, context.clock())
    for mail in reading.mails:  # only now: a run that dies before this line fetches them again
        context.store.put_mail(mail.mailbox, mail.uid, mail.article, mail.sender, context.clock())
    context.store.see(config.title, window.looked, window.now)
    context.store.keep_told(config.title, reading.listed, window.now)
    context.store.keep_feed_titles(reading.titles, window.now)
    return reading


def condense(articles: Sequence[Article], context: RunContext) -> Iterator[tuple[Article, Summary | Failure]]:
    """Every article with its summary or failure, each on its own: `condense_stories`."""
    for index, result in condense_stories([(article,) for article in articles], context):
        yield articles[index], result


def make_edition(context: RunContext, *, day: date | None = None) -> tuple[Edition, Report]:
    """Read, group, condense and compose. An edition may be empty: the caller decides what that means.

    What it has seen counts as seen once `write_edition` has kept it; where it is empty, at once.

    `day` is the edition's date; None takes the current one in the configuration's time zone. Stories for which the
    configuration's deadline or budget leaves no time are told in one quoted sentence; half of that time is for reading,
    and what is not read by then is left to the next run. Where the network is missing,
    the run waits for it as long as the configuration says; day, window and a deadline that has passed meanwhile are
    then taken anew.
    """
    config, began = context.config, context.clock()
    timezone = context.timezone
    deadline = context.due(began)
    reading = read(context, day, wait=longest_wait(config.wait, began, deadline), deadline=deadline)
    day = day or context.today(reading.now)
    deadline = context.due(reading.now, deadline)
    telling = tell_stories(reading.articles, context, day=day, deadline=deadline, weights=reading.weights)
    failures = (*reading.failures, *telling.failures)
    kept, headlines = carried_over(context, day, reading.failures, reading.weights, telling.stories)
    edition = compose(
        [*telling.stories, *kept],
        date=day,
        title=config.title,
        timezone=timezone,
        created=context.clock(),
        model=context.engine.model if telling.stories else "",
        failures=failures,
        section_order=config.sections,
        language=config.language or "en",
        developing=telling.developing,
        leads=telling.leads,
        stubs=[*(failure.stub for failure in failures if failure.stub), *headlines],
    )
    settled = reading.settled.union(*(keys for article, keys in reading.keys.items() if article not in telling.open))
    # Without a story there is no edition to stand in: what has only a headline comes with the next.
    settled |= reading.stubs if edition.stories else set()
    context.store.propose(day, config.title, settled, reading.now)
    if not edition.stories and not reading.offline:
        context.store.finish(day, config.title)
    context.store.forget(began - _KEPT)
    report = Report(
        sources=reading.sources,
        articles=len(reading.articles),
        condensed=telling.condensed,
        cached=telling.cached,
        told_before=telling.told_before,
        seen_before=reading.seen_before,
        brief=telling.brief,
        failures=failures,
        ranked=tuple(telling.ranked),
        seconds=(context.clock() - began).total_seconds(),
        offline=reading.offline,
        cut=sum(is_cut(article) for article in reading.articles),
    )
    return edition, report


def write_edition(edition: Edition, context: RunContext) -> tuple[Path, ...]:
    """Write the edition in every format of the configuration, all files or none. Then remember it.

    Raises `OutputError` or `AssetError`.
    """
    written = write_files(edition, context)
    remember_edition(edition, context)
    return written


def write_files(edition: Edition, context: RunContext) -> tuple[Path, ...]:
    """`write_edition` without remembering it."""
    from briefing.deliver import write_together

    out, day = context.config.out, edition.date.isoformat()
    files = [
        (out / f"{day}.{EDITION_FORMATS[name]}", rendered_as(edition, name, context)) for name in context.config.formats
    ]
    write_together(files)
    return tuple(path for path, _ in files)


def rendered_as(edition: Edition, format_: str, context: RunContext) -> str | bytes:
    """The edition in one of `EDITION_FORMATS`."""
    return render_epub(edition, context.templates) if format_ == "epub" else render(edition, format_, context.templates)


def remember_edition(edition: Edition, context: RunContext) -> None:
    """Keep the edition: to be sent and searched, and so that later ones do not tell its stories again as new.

    Where readers have it by mail and it was another one then, that one is kept: what is new is left to the next.
    """
    told = articles_of(edition.stories)
    sent = sent_edition(context, edition.date)
    if sent and edition.title == sent.title and articles_of(sent.stories).keys() != told.keys():
        context.progress.say(
            f"The edition of {edition.date} that was sent by mail told other stories. It stays the one on record; what "
            "is new comes with the next."
        )
        return
    text = json.dumps(edition_to_json(edition), ensure_ascii=False)
    context.store.put_edition(edition.date, edition.title, text, context.clock(), told.values())


def check_output(context: RunContext) -> None:
    """Find out whether editions can be written before an hour of summarising. Raises `OutputError`."""
    from briefing.deliver import check_writable

    check_writable(context.config.out)


def summarise_sources(context: RunContext) -> tuple[list[Summary], list[Failure]]:
    """Read the sources and condense every article: summaries in the order of the input, and what failed."""
    reading = read(context)
    results = {article.id: result for article, result in condense(reading.articles, context)}
    ordered = [results[article.id] for article in reading.articles if article.id in results]
    summaries = [result for result in ordered if isinstance(result, Summary)]
    return summaries, reading.failures + [result for result in ordered if isinstance(result, Failure)]


def build_edition(
    config: Config,
    *,
    day: date | None = None,
    engine: Engine | None = None,
    clock: Callable[[], datetime] = utc_now,
    progress: ProgressListener | None = None,
) -> Edition:
    """The edition that `briefing run` would write for this configuration, as a value; nothing is written but the state.

    Raises `BriefingError` as the command line would say it. What could not be read is in `Edition.failures`.
    """
    with RunContext(config, clock=clock, progress=progress or NoProgress(), engine=engine) as context:
        edition, _ = make_edition(context, day=day)
        return edition


def summarise(
    text_or_article: str | Article,
    *,
    title: str = "",
    config: Config | None = None,
    engine: Engine | str | None = None,
    clock: Callable[[], datetime] = utc_now,
    progress: ProgressListener | None = None,
    **wishes: object,
) -> Summary:
    """The summary of one text or article.

    `engine` is the name of one, or one of your own. `wishes` are settings of `Config` such as ``points=3``,
    ``length="short"``, ``model="smollm2-135m"``. Raises `BriefingError` where there is no text or no model.
    """
    from briefing.errors import EngineError

    article = text_or_article if isinstance(text_or_article, Article) else _article(text_or_article, title)
    named = engine if isinstance(engine, str) else None
    loaded = None if isinstance(engine, str) else engine
    settings = (config or Config()).with_overrides(engine=named, **wishes)
    with RunContext(settings, clock=clock, progress=progress or NoProgress(), engine=loaded) as context:
        ((_, result),) = condense([article], context)
    if isinstance(result, Failure):
        raise EngineError(result.subject, result.cause, result.remedy)
    return result


def _article(text: str, title: str) -> Article:
    from briefing.extract import article_from_text

    return article_from_text(text, title=title, source="text")
