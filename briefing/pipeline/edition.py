"""Makes an edition of a day: read, tell the stories, compose, render, write, remember.

An edition may be made again on its own day. Mail that was sent cannot be taken back: the edition that readers have
stays on record, and what is new since then is left to the next.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from briefing.config import Config
from briefing.engines import Engine
from briefing.errors import UsageError
from briefing.extract.length import is_cut
from briefing.pipeline.context import RunContext, utc_now
from briefing.pipeline.history import known_edition
from briefing.pipeline.network_wait import longest_wait
from briefing.pipeline.pictures import keep_pictures, with_pictures
from briefing.pipeline.planning import in_section
from briefing.pipeline.progress import NoProgress, ProgressListener
from briefing.pipeline.read import read
from briefing.pipeline.section_names import unknown_sections
from briefing.pipeline.story_pipeline import tell_stories
from briefing.render.compose import compose
from briefing.render.edition import EDITION_FORMATS, render_edition
from briefing.render.email import edition_key
from briefing.serialization import edition_to_json
from briefing.stories.ranking import Ranked, section_of
from briefing.types import Article, Edition, Failure, FailureKind, Notice, Story, Stub

_log = logging.getLogger(__name__)

_KEPT = timedelta(days=365)
"""How long the store remembers what no run asks for."""
_DELIVERED = frozenset({"sent", "sending"})
"""States of a delivery that a reader has or may have."""


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
    reading = read(context, day, wait=longest_wait(config.wait, began, deadline), deadline=deadline)
    day = day or context.today(reading.now)
    deadline = context.due(reading.now, deadline)
    results = tell_stories(reading.articles, context, day=day, deadline=deadline, weights=reading.weights)
    failures = (*reading.failures, *results.failures)
    kept, headlines = _carried_over(context, day, reading.failures, reading.weights, results.stories)
    if results.stories or kept:  # an article that is in the edition with its headline did not fail
        failures = tuple(replace(one, kind=FailureKind.SKIPPED) if one.stub else one for one in failures)
    edition = compose(
        [*results.stories, *kept],
        date=day,
        title=config.title,
        timezone=context.timezone,
        created=context.clock(),
        model=context.engine.model if results.stories else "",
        failures=failures,
        section_order=config.sections,
        language=config.language or "en",
        developing=results.developing,
        leads=results.leads,
        stubs=[*(_in_its_section(failure.stub, config) for failure in failures if failure.stub), *headlines],
    )
    edition = with_pictures(edition, context, due=deadline, offline=reading.offline)
    settled = reading.settled.union(
        *(keys for article, keys in reading.keys.items() if article not in results.left_open)
    )
    if edition.stories:  # else no edition is written: a mere headline comes with the next
        settled |= reading.stubs
    context.store.propose(day, config.title, settled, reading.now)
    if not edition.stories and not reading.offline:
        context.store.finish(day, config.title)
    context.store.forget(began - _KEPT)
    context.pictures.forget(began)
    report = Report(
        sources=reading.sources,
        articles=len(reading.articles),
        condensed=results.condensed,
        cached=results.cached,
        told_before=results.told_before,
        seen_before=reading.seen_before,
        brief=results.brief,
        failures=failures,
        ranked=tuple(results.ranked),
        seconds=(context.clock() - began).total_seconds(),
        offline=reading.offline,
        cut=sum(is_cut(article) for article in reading.articles),
        notices=(*reading.notices, *unknown_sections(config, reading.sections, complete=reading.named)),
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

    config, day = context.config, edition.date.isoformat()
    files = [
        (
            config.out / f"{day}.{EDITION_FORMATS[name]}",
            render_edition(edition, name, context.templates, evidence=config.evidence),
        )
        for name in config.formats
    ]
    write_together(files)
    _log.info("Edition of %s: files written: %s", day, len(files))
    return tuple(path for path, _ in files)


def remember_edition(edition: Edition, context: RunContext) -> None:
    """Store the edition, to be sent and searched, and so that later ones do not tell its stories again.

    Where another edition of this day was sent by mail, that one stays: what is new is left to the next.
    """
    told = _articles_of(edition.stories)
    sent = sent_edition(context, edition.date)
    if sent and edition.title == sent.title and _articles_of(sent.stories).keys() != told.keys():
        context.progress.say(
            f"The edition of {edition.date} that was sent by mail told other stories. It stays the one on record; what "
            "is new comes with the next."
        )
        return
    text = json.dumps(edition_to_json(edition), ensure_ascii=False)
    context.store.put_edition(edition.date, edition.title, text, context.clock(), told.values())
    keep_pictures(edition, context)


def check_output(context: RunContext) -> None:
    """Raises `OutputError` where editions cannot be written: known before an hour of summarising."""
    from briefing.deliver import check_writable

    check_writable(context.config.out)


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


def _articles_of(stories: Iterable[Story]) -> dict[str, Article]:
    """Every article of the stories, copies included, by id."""
    return {article.id: article for story in stories for article in (*story.articles, *story.copies)}


def sent_edition(context: RunContext, day: date | None = None) -> Edition | None:
    """The edition of `day` (None: today) as its readers have it; None where nobody has it."""
    known = _edition_on_record(context, day or context.today())
    if known and any(state in _DELIVERED for _, state in context.store.deliveries(edition_key(known))):
        return known
    return None


def _in_its_section(stub: Stub, config: Config) -> Stub:
    """The headline in the section that its article would be in, by its words where its source has none."""
    section = "" if stub.section == stub.source else stub.section
    article = Article(id="", title=stub.title, text=stub.teaser, source=stub.source, section=section)
    return replace(stub, section=section_of(in_section(article, config)))


def _carried_over(
    context: RunContext, day: date, failures: Collection[Failure], names: Collection[str], stories: Collection[Story]
) -> tuple[list[Story], list[Stub]]:
    """Stories and headlines from an earlier edition of `day` whose sources cannot be read now.

    `names`: of the sources that could be read; `stories`: those told now.
    """
    if not any(failure.kind is FailureKind.FAILED for failure in failures):
        return [], []
    known = _edition_on_record(context, day)
    if known is None:
        return [], []
    told = _articles_of(stories).keys()
    kept = [
        story
        for story in known.stories
        if told.isdisjoint(_articles_of([story])) and all(article.source not in names for article in story.articles)
    ]
    return kept, [stub for stub in known.stubs if stub.source not in names]


def _edition_on_record(context: RunContext, day: date) -> Edition | None:
    if context.store.get_edition(day, context.config.title) is None:
        return None
    try:
        return known_edition(context, day)
    except UsageError:  # stored in a format that is no longer read
        return None
