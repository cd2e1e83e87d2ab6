"""From articles to what an edition tells: grouped into stories, ranked, set against earlier editions, condensed.

Stories are condensed in the order of their weight until the time is up; the others are told in one quoted sentence,
which is not kept, so that a later run completes the edition. What earlier editions told is left out; a story that goes
on leads with what is new, or is only mentioned. One for which there was no time is mentioned only where not one of its
sentences is new.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from briefing.config import Config
from briefing.errors import EngineError
from briefing.extract.language import language_of
from briefing.pipeline.context import RunContext
from briefing.pipeline.deadline import StopBefore
from briefing.render.compose import FEWEST_STORIES
from briefing.serialization import edition_from_json
from briefing.stories import Bundle, group
from briefing.stories.conflicts import disagreements
from briefing.stories.novelty import EarlierStory, comparable, linked, news, unheard, untold
from briefing.stories.ranking import Ranked, RankingPreferences, limited, muted, rank, section_of, topic
from briefing.summariser import SummaryOptions, in_brief, leads_in_short, summarise_stories, summary_key
from briefing.types import Article, Failure, FailureKind, KeyPoint, Mention, Story, Summary, Verdict

__all__ = ["StoryResults", "condense_stories", "may_be_told", "summary_options", "tell_stories"]

_FRONT = 6
"""Stories that the overview may tell of: one more than it has sentences."""
_DAYS = 7
"""How far back an edition is looked for that has told a story."""


@dataclass(slots=True)
class StoryResults:
    """What an edition is made of."""

    stories: list[Story] = field(default_factory=list)
    """In the order of their weight."""
    developing: list[Mention] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    condensed: int = 0
    cached: int = 0
    brief: int = 0
    """Stories for which there was no time."""
    ranked: list[Ranked] = field(default_factory=list)
    """Every story, told or not, and why it stands where it stands."""
    leads: dict[str, KeyPoint] = field(default_factory=dict)
    """For the overview: the front stories' first points in few words, by summary's id."""
    told_before: int = 0
    """Stories left out, or only mentioned, because earlier editions told them."""
    open: set[str] = field(default_factory=set)
    """Ids of articles that a later edition has to look at again: over a limit, or not condensed."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """One story before it is condensed."""

    rank: int
    """Index among all stories of the day."""
    ranked: Ranked
    articles: tuple[Article, ...]
    """Those that no edition has told."""
    earlier: tuple[EarlierStory, ...]

    @property
    def first(self) -> Article:
        """The representative article."""
        return self.articles[0]

    @property
    def copies(self) -> tuple[Article, ...]:
        """The same texts elsewhere."""
        return self.ranked.bundle.copies


def tell_stories(
    articles: Sequence[Article],
    context: RunContext,
    *,
    day: date,
    deadline: datetime | None = None,
    weights: Mapping[str, float] | None = None,
) -> StoryResults:
    """The stories that `articles` tell on `day`. `deadline`: when the edition has to be there, UTC.

    `weights`: of sources' voices, by name; 1 where there is none.

    Raises `ModelError` where there is no model and something to condense.
    """
    config = context.config
    preferences = _preferences(config, weights or {})
    wanted, failures = _without_muted(articles, config, preferences)
    ranked = _ranked(wanted, context, preferences)
    plans = _plans(ranked, wanted, context, day)
    results = StoryResults(failures=failures, told_before=len(ranked) - len(plans))
    stories: dict[int, Story] = {}
    """By the index of the plan."""
    sections = Counter[str]()
    enough = StopBefore(deadline, context.clock) if deadline else _never

    def first_article(index: int) -> Article:
        return plans[index].first

    batch, waiting = limited(range(len(plans)), config.max_per_section, first_article, sections)
    while batch:  # again where a story has nothing new: the next one of its section takes its place
        condensed = dict(_condensed(batch, plans, context, results, enough))
        for index in batch:
            plan = plans[index]
            summary = condensed.get(index) or _in_brief(plan, summary_options(context))
            if isinstance(summary, Failure):
                results.open.update(article.id for article in (*plan.articles, *plan.copies))
                continue
            told = _told(plan, summary, brief=index not in condensed)
            if isinstance(told, Mention):
                results.developing.append(told)
                continue
            stories[index] = told
            sections[section_of(plan.first)] += 1
        batch, waiting = limited(waiting, config.max_per_section, first_article, sections)
    results.told_before += len(results.developing)
    results.stories = [stories[index] for index in sorted(stories)]
    results.brief = sum(story.brief for story in results.stories)
    for index in waiting:
        bundle = plans[index].ranked.bundle
        results.open.update(article.id for article in (*bundle.articles, *bundle.copies))
    if waiting:
        cause = f"{len(waiting)} stories are over the limit of {config.max_per_section} in a section"
        results.failures.append(Failure(subject="limit", stage="read", cause=cause, kind=FailureKind.SKIPPED))
    over_limit = {plans[index].rank for index in waiting}
    results.ranked = [story for rank, story in enumerate(ranked) if rank not in over_limit]
    if len(results.stories) >= FEWEST_STORIES and not enough():
        front = [story for story in results.stories if not story.brief][:_FRONT]
        results.leads = leads_in_short(
            front, context.engine, context.prompts, summary_options(context), context.answers, enough
        )
    return results


def _condensed(
    batch: Sequence[int],
    plans: Sequence[_Plan],
    context: RunContext,
    results: StoryResults,
    enough: Callable[[], bool],
) -> Iterator[tuple[int, Summary | Failure]]:
    """The summary or failure of each plan in `batch`, counted in `results`; none for which there was no time."""
    for position, result in condense_stories([plans[index].articles for index in batch], context, enough):
        if isinstance(result, Failure):
            results.failures.append(result)
        else:
            results.condensed += not result.cached
            results.cached += result.cached
        yield batch[position], result


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
    out_of_time = enough or _never
    options = summary_options(context)
    context.progress.stage("summarise", len(stories))
    keys: dict[int, str] = {}
    """Cache keys of the missing summaries, by index: in a batch two texts may have one id."""
    for index, (first, *others) in enumerate(stories):
        key = summary_key(first, context.engine, context.prompts, options, others)
        cached = context.store.get_summary(key)
        if cached is None:
            keys[index] = key
            continue
        context.progress.step(first.title or first.id)
        yield index, _of(first, cached)
    if not keys or out_of_time():
        return
    missing = list(keys)
    results = summarise_stories(
        [stories[index] for index in missing], context.engine, context.prompts, options, context.answers, out_of_time
    )
    try:
        for position, result in results:
            index = missing[position]
            key, first = keys.pop(index), stories[index][0]
            if isinstance(result, Summary):
                context.store.put_summary(key, result, context.clock())
            context.progress.step(first.title or first.id)
            yield index, result
    except EngineError as error:
        for index in keys:
            first = stories[index][0]
            named = EngineError(first.title or first.id, f"{error.subject}: {error.cause}", error.remedy)
            yield index, named.as_failure("summarise")


def summary_options(context: RunContext) -> SummaryOptions:
    """What the configuration wishes of a summary."""
    config = context.config
    embedder = context.embedder if config.language else None
    return SummaryOptions(
        points=config.points,
        length=config.length,
        language=config.language,
        paragraph=config.paragraph,
        embed=embedder.embed if embedder else None,
        language_of=language_of if config.language else None,
        embedded_by=embedder.digest if embedder else "",
    )


# --- planning ------------------------------------------------------------------------------------------------


def _without_muted(
    articles: Sequence[Article], config: Config, preferences: RankingPreferences
) -> tuple[list[Article], list[Failure]]:
    """The articles, each in its section, that are not muted; and a failure for each that is."""
    wanted: list[Article] = []
    failures: list[Failure] = []
    for article in (_in_section(article, config) for article in articles):
        if reason := muted(article, preferences):
            subject, cause = article.title or article.id, f"it is muted ({reason})"
            failures.append(Failure(subject=subject, stage="read", cause=cause, kind=FailureKind.SKIPPED))
        else:
            wanted.append(article)
    return wanted, failures


def _ranked(articles: Sequence[Article], context: RunContext, preferences: RankingPreferences) -> list[Ranked]:
    """The stories that `articles` tell, highest score first."""
    compare = context.compare
    bundles = (
        group(articles, compare=compare)
        if context.config.group
        else [Bundle(articles=(article,), copies=()) for article in articles]
    )
    return rank(bundles, preferences, now=context.clock(), places=_feed_positions(articles))


def _plans(ranked: Sequence[Ranked], articles: Sequence[Article], context: RunContext, day: date) -> list[_Plan]:
    """The stories of which an article is new, in the order of `ranked`, with the articles that no edition has told.

    `articles`: all that are wanted, to look up what editions told of them.
    """

    def clustered(together: Sequence[Article]) -> list[Sequence[Article]]:
        return [(*bundle.articles, *bundle.copies) for bundle in group(together, compare=context.compare)]

    earlier = [] if context.config.repeat else _earlier(context, day, [article.id for article in articles])
    links = linked([story.bundle.articles for story in ranked], earlier, clustered)
    plans = []
    for index, (story, link) in enumerate(zip(ranked, links, strict=True)):
        fresh = untold(story.bundle.articles, link) if link else story.bundle.articles
        if fresh:
            plans.append(_Plan(index, story, fresh, link))
    return plans


def may_be_told(article: Article, context: RunContext, day: date) -> bool:
    """Whether the edition of `day` may tell `article`: it is not muted, and no earlier one has told the same text."""
    config = context.config
    if muted(_in_section(article, config), _preferences(config, {})):
        return False
    texts = [] if config.repeat else context.store.told_texts(day, config.title, article.id)
    return comparable(article.text) not in {comparable(text) for text in texts}


def _preferences(config: Config, weights: Mapping[str, float]) -> RankingPreferences:
    return RankingPreferences(
        interests=config.interests.words,
        boost=config.interests.boost,
        muted_words=config.mute.words,
        muted_sources=config.mute.sources,
        muted_sections=config.mute.sections,
        weights=weights,
    )


def _in_section(article: Article, config: Config) -> Article:
    """The article in the section of its topic (`topic`), where its source has none."""
    if article.section or not config.topics:
        return article
    return replace(article, section=topic(article, config.topics) or config.other)


def _feed_positions(articles: Sequence[Article]) -> dict[str, int]:
    """The position of each article among those of its source, from 0, by id."""
    counts: Counter[str] = Counter()
    positions = {}
    for article in articles:
        positions[article.id] = counts[article.source]
        counts[article.source] += 1
    return positions


def _earlier(context: RunContext, day: date, article_ids: Sequence[str]) -> list[EarlierStory]:
    """The stories of the last `_DAYS` days' editions; of older editions, what they told of the articles named."""
    earlier = []
    for told, text, articles in context.store.editions_before(day, context.config.title, _DAYS, article_ids):
        try:
            edition = edition_from_json(json.loads(text), articles.get)
        except (ValueError, KeyError, TypeError):  # the format of a version that is no longer read
            continue
        for story in edition.stories:
            together = (*story.articles, *story.copies)
            if (day - told).days > _DAYS:
                together = tuple(article for article in together if article.id in articles)
            if together:
                earlier.append(_as_earlier(told, story.summary, together))
    return earlier


def _as_earlier(told: date, summary: Summary, articles: tuple[Article, ...]) -> EarlierStory:
    points = tuple(point.text for point in summary.key_points if point.verdict is not Verdict.QUOTED)
    return EarlierStory(
        told=told, headline=summary.headline, articles=articles, language=summary.language, points=points
    )  # fmt: skip


def _in_brief(plan: _Plan, options: SummaryOptions) -> Summary:
    """One quoted sentence for a story without time for a summary; for an update, a sentence that was not told."""
    wanted = unheard(plan.earlier, plan.articles[0].language) if plan.earlier else None
    return in_brief(plan.articles, options, wanted)


def _told(plan: _Plan, summary: Summary, *, brief: bool) -> Story | Mention:
    """The story as the edition tells it; a mention where earlier editions told every point."""
    fresh = 0
    if plan.earlier:
        summary, fresh = news(summary, plan.earlier)
        if not fresh:
            last, first = plan.earlier[0], plan.first
            return Mention(
                headline=last.headline, url=first.url, source=first.source, told=last.told, language=last.language
            )
    return Story(
        articles=plan.articles,
        summary=summary,
        copies=plan.copies,
        disagreements=disagreements(plan.articles),
        told=plan.earlier[0].told if plan.earlier else None,
        news=fresh,
        brief=brief,
    )


def _never() -> bool:
    return False


def _of(article: Article, cached: Summary) -> Summary:
    """A cached summary under this article's origin: articles with the same text share a summary."""
    return replace(
        cached, id=article.id, url=article.url, title=article.title, source=article.source, published=article.published
    )
