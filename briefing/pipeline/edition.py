"""Makes an edition of a day: read, tell the stories, compose, render, write, remember.

An edition that is made again on its own day only grows: the stories on record stay, what is new joins them. Their
articles are taken from the store and grouped, ranked and condensed with the new ones, so that a story to which articles
come is told anew in its place.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache, partial
from pathlib import Path

from briefing.config import Config
from briefing.engines import Engine
from briefing.errors import UsageError
from briefing.extract.length import is_cut
from briefing.pipeline.context import RunContext, utc_now
from briefing.pipeline.network_wait import longest_wait
from briefing.pipeline.on_record import Line, edition_on_record, kept_stories, not_muted, standing_for, text_for_record
from briefing.pipeline.pictures import keep_pictures, with_pictures
from briefing.pipeline.planning import in_section
from briefing.pipeline.preflight import repeated_sources
from briefing.pipeline.progress import NoProgress, ProgressListener
from briefing.pipeline.read import limits_of, read
from briefing.pipeline.read_result import ReadResult
from briefing.pipeline.section_names import unknown_sections
from briefing.pipeline.source_names import stories_of_others
from briefing.pipeline.story_pipeline import shortened_leads, tell_stories
from briefing.render.compose import compose
from briefing.render.edition import EDITION_FORMATS, render_edition
from briefing.stories.ranking import LeftOut, Ranked, section_of
from briefing.types import Article, Edition, Failure, FailureKind, Notice, Story, Stub

_log = logging.getLogger(__name__)

_KEPT = timedelta(days=365)
"""How long the store remembers what no run asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The numbers of a run; failures are in `Edition.failures`."""

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
    """Every story of the day, told or not, with the reasons for its rank."""
    seconds: float
    offline: bool = False
    """Whether there are sources on the web and none of their servers could be reached."""
    cut: int = 0
    """Articles that were too long to be read beyond their beginning."""
    notices: tuple[Notice, ...] = ()
    """About sources that were read, such as dates in them that cannot be."""
    left_out: tuple[LeftOut, ...] = ()
    """Stories for which the limits had no room, by falling score, then those that were not ranked."""
    unread_sources: int = 0
    """Feeds, pages and files that could not be read."""
    kept: int = 0
    """Stories that the edition had before this run."""
    muted: int = 0
    """Stories that the edition had and the reader has muted since; they return when the mute goes."""
    emptied: bool = False
    """Whether the edition on record told something, and all of it has gone."""
    in_edition: int = 0
    """Items of feeds and mailboxes that an earlier run of the edition has settled."""

    @property
    def known(self) -> int:
        """What was read and is not new, stories and items together."""
        return self.told_before + self.seen_before + self.in_edition


def make_edition(context: RunContext, *, day: date | None = None) -> tuple[Edition, Report]:
    """Read, group, condense and compose. An edition may be empty: the caller decides what that means.

    Its items count as seen once `write_edition` has stored it; where it is empty, at once.

    `day` is the edition's date; None takes the current one in the configuration's time zone. Stories for which the
    configured deadline or budget leaves no time are told in one quoted sentence; half of that time is for reading, and
    what is not read by then is left to the next run. Offline, the run waits as long as configured; day, window and a
    deadline that has passed meanwhile are then taken anew.
    """
    config, began = context.config, context.clock()
    deadline = context.due(began)
    on_record = cache(partial(edition_on_record, context))  # reading asks for it, too
    reading = read(
        context,
        day,
        wait=longest_wait(config.wait, began, deadline),
        deadline=deadline,
        kept=lambda day: list(_articles_of(kept_stories(on_record(day), context)).values()),
        on_record=not context.ad_hoc,
    )
    day = day or context.today(reading.now)
    deadline = context.due(reading.now, deadline)
    known = on_record(day)
    kept = kept_stories(known, context)
    articles = list({article.id: article for article in (*_readable_articles(kept), *reading.articles)}.values())
    by_article = {article: story for story in kept for article in _articles_of([story])}
    results = tell_stories(
        articles,
        context,
        day=day,
        deadline=deadline,
        weights=reading.weights,
        positions=reading.positions,
        kept=by_article,
        again=reading.again,
        events=[*reading.events, *(_articles_of([story]).keys() for story in kept)],
    )
    left_out = (*reading.left_out, *results.left_out)
    told = _articles_of(results.stories).keys()
    stories = [
        *(_with_picture_of(by_article, story) for story in results.stories),
        *(story for story in kept if told.isdisjoint(_articles_of([story]))),
    ]
    as_before = known and _ranked_by(config) == context.store.ranked_by(day, config.title, name=context.edition)
    ranks = {summary: rank for rank, summary in enumerate(known.ranking if known else ())}
    returned = bool(ranks) and any(story.summary.id not in ranks for story in kept)
    if as_before and not returned and by_article.keys() >= {article.id for article in reading.articles}:
        # Nothing is new and nothing else is wished for: nothing moves.
        stories.sort(key=lambda story: ranks.get(story.summary.id, len(ranks)))
    failures = (*reading.failures, *results.failures)
    # Headlines alone are an edition too, unless it is the network or the engine that is missing.
    headlines = bool(stories) or not (reading.offline or results.failures)
    if headlines:  # an article that is in the edition with its headline did not fail
        failures = tuple(replace(one, kind=FailureKind.SKIPPED) if one.stub else one for one in failures)
    stubs = [_in_its_section(failure.stub, config) for failure in failures if failure.stub and headlines]
    earlier_stubs, earlier_mentions = (known.stubs, known.developing) if known else ((), ())
    edition = compose(
        stories,
        date=day,
        title=config.title,
        timezone=context.timezone,
        created=context.clock(),
        model=context.engine.model if results.stories else known.model if known else "",
        failures=failures,
        section_order=config.sections,
        language=config.language or "en",
        developing=_with_earlier(results.developing, not_muted(earlier_mentions, context), stories),
        leads=shortened_leads(stories, context, results.enough),
        stubs=_with_earlier(not_muted(stubs, context), not_muted(earlier_stubs, context), stories),
    )
    emptied = edition.empty and known is not None and not known.empty
    missing = sum(story.items for story in left_out)
    edition = replace(edition, name=context.edition, left_out=missing)
    context.pictures.forget(began)  # before: a slow picture is asked for anew the next day
    edition = with_pictures(edition, context, due=deadline, offline=reading.offline)
    settled = reading.settled.union(
        *(keys for article, keys in reading.keys.items() if article not in results.left_open)
    )
    if headlines:  # else they come with the next edition
        settled |= reading.stubs
    left = reading.over.union(*(reading.keys.get(article, ()) for article in results.over))
    if not context.ad_hoc:
        context.store.propose(
            day, config.title, settled, reading.now, name=context.edition, passed=(limits_of(context, day), left)
        )
        if edition.empty and not (reading.offline or emptied):
            context.store.finish(day, config.title, context.edition)
    context.store.forget(began - _KEPT)
    unknown = unknown_sections(config, reading.sections, complete=reading.named)
    report = Report(
        sources=reading.sources,
        unread_sources=reading.unread_sources,
        articles=len(reading.articles),
        condensed=results.condensed,
        cached=results.cached,
        told_before=results.told_before,
        seen_before=reading.seen_before,
        in_edition=reading.in_edition,
        brief=results.brief,
        failures=failures,
        ranked=tuple(results.ranked),
        seconds=(context.clock() - began).total_seconds(),
        offline=reading.offline,
        cut=sum(is_cut(article) for article in reading.articles),
        left_out=tuple(sorted(left_out, key=lambda story: (story.score is None, -(story.score or 0.0)))),
        notices=(
            *reading.notices,
            *repeated_sources(config),
            *stories_of_others(kept, config.sources, _names_of_sources(reading, context), config.title),
            *dict.fromkeys(one.notice for one in unknown),
        ),
        kept=len(kept),
        muted=len(known.stories) - len(kept) if known else 0,
        emptied=emptied,
    )
    _log.info("Edition of %s: stories: %s, %.1f s", day, len(edition.stories), report.seconds)
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

    config, stem = context.config, edition.stem
    files = [
        (
            config.out / f"{stem}.{EDITION_FORMATS[name]}",
            render_edition(edition, name, context.templates, evidence=config.evidence),
        )
        for name in config.formats
    ]
    write_together(files)
    _log.info("Edition of %s: files written: %s", stem, len(files))
    return tuple(path for path, _ in files)


def remember_edition(edition: Edition, context: RunContext) -> None:
    """Store the edition, to be sent and searched, and so that later ones do not tell its stories again.

    A no-op in an ad hoc run.
    """
    if context.ad_hoc:
        return
    text, told = text_for_record(edition, context), _articles_of(edition.stories).values()
    context.store.put_edition(
        edition.date,
        edition.title,
        text,
        context.clock(),
        told,
        name=edition.name,
        ranked_by=_ranked_by(context.config),
    )
    keep_pictures(edition, context)


def check_output(context: RunContext) -> None:
    """Raises `OutputError` where editions cannot be written: known before an hour of summarising."""
    from briefing.deliver import check_writable

    check_writable(context.config.out)


def build_edition(
    config: Config,
    *,
    day: date | None = None,
    name: str = "",
    engine: Engine | None = None,
    clock: Callable[[], datetime] = utc_now,
    progress: ProgressListener | None = None,
) -> Edition:
    """The edition that `briefing run` would write for this configuration, as a value; nothing is written but the state.

    `name`: which of the day's editions, as ``--edition`` says it.

    Raises `BriefingError` as the command line would say it. What could not be read is in `Edition.failures`.
    """
    from briefing.dates import edition_name

    try:
        name = edition_name(name) if name else ""
    except ValueError as error:
        raise UsageError(f"edition {name!r}", str(error), "Give another name") from error
    with RunContext(config, clock=clock, progress=progress or NoProgress(), engine=engine, edition=name) as context:
        edition, _ = make_edition(context, day=day)
        return edition


def _articles_of(stories: Iterable[Story]) -> dict[str, Article]:
    """Every article of the stories, copies included, by id."""
    return {article.id: article for story in stories for article in (*story.articles, *story.copies)}


def _in_its_section(stub: Stub, config: Config) -> Stub:
    """The headline in the section that its article would be in, by its words where its source has none."""
    return replace(stub, section=section_of(in_section(standing_for(stub), config)))


def _ranked_by(config: Config) -> str:
    """A text for what the reader's wishes say about the order of stories."""
    interests = config.interests
    return json.dumps([list(interests.words), interests.boost, [source.weight for source in config.sources]])


def _with_picture_of(kept: Mapping[str, Story], story: Story) -> Story:
    """The story with the picture that an earlier run of the edition found for it."""
    pictures = (kept[article].picture for article in _articles_of([story]) if article in kept)
    return replace(story, picture=story.picture or next(filter(None, pictures), None))


def _names_of_sources(reading: ReadResult, context: RunContext) -> set[str]:
    """Names that articles of the configured sources have, today or when their feeds were last read."""
    last = context.store.feed_titles([source.location for source in context.config.sources])
    return {*reading.weights, *reading.titles.values(), *last.values()}


def _readable_articles(stories: Iterable[Story]) -> list[Article]:
    """The articles of `stories` whose texts are in the store."""
    return [article for article in _articles_of(stories).values() if article.text]


def _with_earlier(new: Iterable[Line], earlier: Iterable[Line], stories: Iterable[Story]) -> list[Line]:
    """Lines of this run and of earlier ones of the edition, each address once, and none that a story tells now."""
    lines = list(new)
    taken = {article.url for article in _articles_of(stories).values() if article.url} | {line.url for line in lines}
    return lines + [line for line in earlier if line.url not in taken]
