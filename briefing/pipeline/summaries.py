"""Summaries of articles and stories, from the store or an engine: for an edition, or without one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter

from briefing.config import Config
from briefing.engines import Engine
from briefing.errors import EngineError
from briefing.extract.language import language_of
from briefing.pipeline.context import RunContext, utc_now
from briefing.pipeline.pace import Pace, expected_seconds
from briefing.pipeline.progress import DetailedListener, NoProgress, ProgressListener, begun
from briefing.pipeline.read import read
from briefing.summariser import SummaryOptions, summarise_stories, summary_key
from briefing.types import Article, Failure, Summary

_log = logging.getLogger(__name__)


def condense_stories(
    stories: Sequence[tuple[Article, ...]], context: RunContext, enough: Callable[[], bool] | None = None
) -> Iterator[tuple[int, Summary | Failure]]:
    """Each story's index with its summary or failure: cached summaries first, then as each is finished.

    The model is loaded only if a summary is missing. Once `enough` is true, unfinished stories are not yielded. Where
    the engine fails as a whole (no server, no access), every story that is not cached fails for that one reason,
    without a request of its own. Raises `ModelError` where there is no model; finished summaries are in the store by
    then.
    """
    if not stories:
        return
    out_of_time = enough or (lambda: False)
    options = options_by_article(context)
    keys: dict[int, str] = {}
    """Cache keys of the missing summaries, by index: in a batch two texts may have one id."""
    for index, (first, *others) in enumerate(stories):
        key = summary_key(first, context.engine, context.prompts, options(first), others)
        cached = context.store.get_summary(key)
        if cached is None:
            keys[index] = key
            continue
        yield index, _of(first, cached)
    _log.debug("Summaries in the store: %s of %s", len(stories) - len(keys), len(stories))
    if not keys or out_of_time():
        return
    missing = list(keys)
    if isinstance(context.progress, DetailedListener):
        context.progress.expect(known=len(stories) - len(missing), seconds=expected_seconds(context))
    context.progress.stage("summarise", len(missing))

    def waiting() -> Iterator[tuple[Article, ...]]:
        for index in missing:
            begun(context.progress, _subject(stories[index][0]))
            yield stories[index]

    pace = Pace(context)
    results = summarise_stories(waiting(), context.engine, context.prompts, options, context.answers, out_of_time)
    try:
        for position, result in results:
            index = missing[position]
            key, first = keys.pop(index), stories[index][0]
            pace.note(result)
            if isinstance(result, Summary):
                context.store.put_summary(key, result, context.clock())
            context.progress.step(_subject(first))
            yield index, result
        pace.keep()
    except EngineError as error:
        for index in keys:
            first = stories[index][0]
            named = EngineError(first.title or first.id, f"{error.subject}: {error.cause}", error.remedy)
            yield index, named.as_failure("summarise")


def _subject(article: Article) -> str:
    """Source and title, as a listener names the story."""
    title = article.title or article.id
    return title if article.source in {"", title} else f"{article.source}: {title}"


def options_by_article(context: RunContext) -> Callable[[Article], SummaryOptions]:
    """The options of a story by its first article: those of its source, else those in the configuration."""
    known: dict[tuple[int, str], SummaryOptions] = {}

    def options(article: Article) -> SummaryOptions:
        source = context.wishes.get(article.source)
        wish = (source.points, source.language) if source else (0, "")
        if wish not in known:
            known[wish] = _options(context, *wish)
        return known[wish]

    return options


def _options(context: RunContext, points: int, language: str) -> SummaryOptions:
    """The options in the configuration, but for what is given."""
    config = context.config
    language = language or config.language
    embedder = context.embedder if language else None
    return SummaryOptions(
        points=points or config.points,
        length=config.length,
        language=language,
        paragraph=config.paragraph,
        embed=embedder.embed if embedder else None,
        language_of=language_of if language else None,
        embedded_by=embedder.digest if embedder else "",
    )


def _of(article: Article, cached: Summary) -> Summary:
    """A cached summary under this article's origin: articles with the same text share a summary."""
    return replace(
        cached, id=article.id, url=article.url, title=article.title, source=article.source, published=article.published
    )


def summarise_sources(context: RunContext) -> tuple[list[Summary], list[Failure]]:
    """Read the sources and condense every article: summaries in the order of the input, and failures."""
    reading = read(context, articles=True)
    results = sorted(condense_stories([(article,) for article in reading.articles], context), key=itemgetter(0))
    summaries = [result for _, result in results if isinstance(result, Summary)]
    return summaries, reading.failures + [result for _, result in results if isinstance(result, Failure)]


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
    from briefing.extract import article_from_text

    article = (
        text_or_article
        if isinstance(text_or_article, Article)
        else article_from_text(text_or_article, title=title, source="text")
    )
    named = engine if isinstance(engine, str) else None
    loaded = None if isinstance(engine, str) else engine
    settings = (config or Config()).with_overrides(engine=named, **wishes)
    with RunContext(settings, clock=clock, progress=progress or NoProgress(), engine=loaded) as context:
        ((_, result),) = condense_stories([(article,)], context)
    if isinstance(result, Failure):
        raise EngineError(result.subject, result.cause, result.remedy)
    return result


@dataclass(frozen=True, slots=True)
class Comparison:
    """One article with its summary or failure for each model, in the order of the models."""

    article: Article
    results: tuple[Summary | Failure, ...]


def compare(
    config: Config,
    models: Sequence[str],
    *,
    clock: Callable[[], datetime],
    progress: ProgressListener,
) -> tuple[list[Comparison], list[Failure]]:
    """Every article of the configuration's sources condensed by each of `models`, and what could not be read.

    One model is in memory at a time. Raises `ModelError` or `EngineError` where one cannot be had.
    """
    with RunContext(config, clock=clock, progress=progress) as context:
        reading = read(context)
    articles = reading.articles
    results: list[list[Summary | Failure]] = [[] for _ in articles]
    for model in models:
        progress.say(model)
        with RunContext(config.with_overrides(model=model), clock=clock, progress=progress) as context:
            for index, result in condense_stories([(article,) for article in articles], context):
                results[index].append(result)
    return list(map(Comparison, articles, map(tuple, results))), list(reading.failures)
