"""From articles to what an edition tells: grouped into stories, ranked, set against earlier editions, condensed.

Stories are condensed in the order of their weight until the time is up; the others are told in one quoted sentence,
which is not kept, so that a later run completes the edition. What earlier editions told is left out; a story that goes
on leads with what is new, or is only mentioned. One for which there was no time is mentioned only where not one of its
sentences is new.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial

from briefing.config import Config
from briefing.errors import EngineError
from briefing.extract.language import language_of
from briefing.pipeline.context import RunContext
from briefing.pipeline.deadline import StopBefore
from briefing.render.compose import FEWEST_STORIES
from briefing.serialization import edition_from_json
from briefing.stories import Bundle, Vectoriser, group
from briefing.stories.conflicts import disagreements
from briefing.stories.novelty import EarlierStory, link_earlier, news_first, novelty_test, text_key, unseen_articles
from briefing.stories.ranking import (
    Ranked,
    RankingPreferences,
    assign_topic,
    limit_sections,
    muted_by,
    rank,
    section_of,
)
from briefing.summariser import SummaryOptions, quoted_summary, shorten_leads, summarise_stories, summary_key
from briefing.types import Article, Failure, FailureKind, KeyPoint, Mention, Story, Summary, Verdict

__all__ = ["StoryResults", "condense_stories", "summary_options", "takes_a_place", "tell_stories"]

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
    """One story before it is told."""

    ranked: Ranked
    articles: tuple[Article, ...]
    copies: tuple[Article, ...]
    earlier: tuple[EarlierStory, ...]

    @property
    def first(self) -> Article:
        """The article that stands for it."""
        return self.articles[0]


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
    telling = StoryResults()
    planned = list(_planned(articles, context, day, telling, weights or {}))
    enough = StopBefore(deadline, context.clock) if deadline else _never
    most, told = context.config.max_per_section, Counter[str]()
    plans, waiting = limit_sections(planned, most, lambda plan: plan.first, told)
    told_plans: list[_Plan] = []
    while plans:  # again where a story turns out to have nothing new: the next one of its section takes its place
        done = _condensed(plans, context, telling, enough)
        for place, plan in enumerate(plans):
            result = done.get(place) or _in_brief(plan, summary_options(context))
            before = len(telling.stories)
            if isinstance(result, Summary):
                _tell(telling, plan, result, brief=place not in done)
            else:
                telling.open.update(article.id for article in (*plan.articles, *plan.copies))
            if len(telling.stories) > before:
                told_plans.append(plan)
                told[section_of(plan.first)] += 1
        plans, waiting = limit_sections(waiting, most, lambda plan: plan.first, told)
    _leave_out(waiting, telling, most)
    order = {id(plan): place for place, plan in enumerate(planned)}
    in_order = sorted(zip(told_plans, telling.stories, strict=True), key=lambda pair: order[id(pair[0])])
    telling.stories = [story for _, story in in_order]
    if len(telling.stories) >= FEWEST_STORIES and not enough():
        front = [story for story in telling.stories if not story.brief][:_FRONT]
        telling.leads = shorten_leads(
            front, context.engine, context.prompts, summary_options(context), context.answers, enough
        )
    return telling


def _condensed(
    plans: Sequence[_Plan], context: RunContext, telling: StoryResults, enough: Callable[[], bool]
) -> dict[int, Summary | Failure]:
    """What came of each of `plans`, by its place; nothing where there was no time."""
    done: dict[int, Summary | Failure] = {}
    places = {id(plan.articles): place for place, plan in enumerate(plans)}
    for found, result in condense_stories([plan.articles for plan in plans], context, enough):
        done[places[id(found)]] = result
        if isinstance(result, Failure):
            telling.failures.append(result)
        else:
            telling.condensed += not result.cached
            telling.cached += result.cached
    return done


def _leave_out(over: Sequence[_Plan], telling: StoryResults, most: int) -> None:
    """Say how many stories were over the limit of their sections, and leave their articles to later editions."""
    if not over:
        return
    for plan in over:
        telling.open.update(article.id for article in (*plan.ranked.bundle.articles, *plan.copies))
    cause = f"{len(over)} stories are over the limit of {most} in a section"
    telling.failures.append(Failure(subject="limit", stage="read", cause=cause, kind=FailureKind.SKIPPED))
    left = {id(plan.ranked) for plan in over}
    telling.ranked = [one for one in telling.ranked if id(one) not in left]


def condense_stories(
    stories: Sequence[tuple[Article, ...]], context: RunContext, enough: Callable[[], bool] | None = None
) -> Iterator[tuple[tuple[Article, ...], Summary | Failure]]:
    """Every story's articles with their summary or failure, those in the store first, then as each is finished.

    The model is loaded only if a summary is missing. Once there is `enough`, what is not finished does not come. Where
    there is no server, or none that answers us, every story that is not in the store fails for that one reason, without
    being asked for. Raises `ModelError` where there is no model; what was finished until then is in the store.
    """
    if not stories:
        return
    full = enough or _never
    options = summary_options(context)
    context.progress.stage("summarise", len(stories))
    keys: dict[int, str] = {}  # not by the article's id: in a batch two texts may have one
    missing: list[tuple[Article, ...]] = []
    for articles in stories:
        first, *others = articles
        key = keys[id(articles)] = summary_key(first, context.engine, context.prompts, options, others)
        known = context.store.get_summary(key)
        if known is None:
            missing.append(articles)
            continue
        context.progress.step(first.title or first.id)
        yield articles, _of(first, known)
    if not missing or full():
        return
    told = summarise_stories(missing, context.engine, context.prompts, options, context.answers, full)
    left = {id(articles): articles for articles in missing}
    try:
        for found, result in told:
            articles = left.pop(id(found))
            if isinstance(result, Summary):
                context.store.put_summary(keys[id(found)], result, context.clock())
            context.progress.step(articles[0].title or articles[0].id)
            yield articles, result
    except EngineError as error:
        for articles in left.values():
            named = EngineError(articles[0].title or articles[0].id, f"{error.subject}: {error.cause}", error.remedy)
            yield articles, named.as_failure("summarise")


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


def _planned(
    articles: Sequence[Article], context: RunContext, day: date, telling: StoryResults, weights: Mapping[str, float]
) -> Iterator[_Plan]:
    """The stories worth telling, in the order of their weight, each with the articles that no edition has told."""
    config = context.config
    wishes = _wishes(config, weights)
    wanted = []
    for article in map(partial(_placed, config=config), articles):
        if word := muted_by(article, wishes):
            subject = article.title or article.id
            telling.failures.append(
                Failure(subject=subject, stage="read", cause=f"it is muted ({word})", kind=FailureKind.SKIPPED)
            )
        else:
            wanted.append(article)
    compare = context.compare
    bundles = (
        group(wanted, compare=compare)
        if config.group
        else [Bundle(articles=(article,), copies=()) for article in wanted]
    )
    ranked = rank(bundles, wishes, now=context.clock(), positions=_places(wanted))
    telling.ranked = ranked
    earlier = [] if config.repeat else _earlier(context, day, [article.id for article in wanted])
    links = link_earlier([one.bundle.articles for one in telling.ranked], earlier, partial(_grouped, compare=compare))
    for one, link in zip(telling.ranked, links, strict=True):
        fresh = unseen_articles(one.bundle.articles, link) if link else one.bundle.articles
        if fresh:
            yield _Plan(one, fresh, one.bundle.copies, link)
        else:
            telling.told_before += 1


def takes_a_place(article: Article, context: RunContext, day: date) -> bool:
    """Whether an edition of `day` may tell `article`: it is not muted, and no earlier one has told just this text."""
    config = context.config
    if muted_by(_placed(article, config=config), _wishes(config, {})):
        return False
    texts = [] if config.repeat else context.store.told_texts(day, config.title, article.id)
    return text_key(article.text) not in {text_key(text) for text in texts}


def _wishes(config: Config, weights: Mapping[str, float]) -> RankingPreferences:
    return RankingPreferences(
        interests=config.interests.words,
        boost=config.interests.boost,
        muted_words=config.mute.words,
        muted_sources=config.mute.sources,
        muted_sections=config.mute.sections,
        weights=weights,
    )


def _placed(article: Article, *, config: Config) -> Article:
    """The article in the section that its words speak for, where its source has none."""
    if article.section or not config.topics:
        return article
    return replace(article, section=assign_topic(article, config.topics) or config.other)


def _places(articles: Sequence[Article]) -> dict[str, int]:
    """Where each article stands among those of its source, from 0."""
    counts: Counter[str] = Counter()
    places = {}
    for article in articles:
        places[article.id] = counts[article.source]
        counts[article.source] += 1
    return places


def _grouped(articles: Sequence[Article], *, compare: Vectoriser) -> Iterable[Sequence[Article]]:
    return [(*bundle.articles, *bundle.copies) for bundle in group(articles, compare=compare)]


def _earlier(context: RunContext, day: date, listed: Sequence[str]) -> list[EarlierStory]:
    """The stories of the last days' editions; of older ones what they told of `listed` articles, by id."""
    found = []
    for told, text, articles in context.store.editions_before(day, context.config.title, _DAYS, listed):
        try:
            edition = edition_from_json(json.loads(text), articles.get)
        except (ValueError, KeyError, TypeError):  # written by a version that no longer counts
            continue
        for story in edition.stories:
            together = (*story.articles, *story.copies)
            if (day - told).days > _DAYS:
                together = tuple(article for article in together if article.id in articles)
            if together:
                found.append(_as_earlier(told, story.summary, together))
    return found


def _as_earlier(told: date, summary: Summary, articles: tuple[Article, ...]) -> EarlierStory:
    points = tuple(point.text for point in summary.key_points if point.verdict is not Verdict.QUOTED)
    return EarlierStory(
        edition_date=told, headline=summary.headline, articles=articles, language=summary.language, points=points
    )  # fmt: skip


def _in_brief(plan: _Plan, options: SummaryOptions) -> Summary:
    """One sentence of a story for which there was no time; of one that goes on, a sentence that was not told."""
    wanted = novelty_test(plan.earlier, plan.articles[0].language) if plan.earlier else None
    return quoted_summary(plan.articles, options, wanted)


def _tell(telling: StoryResults, plan: _Plan, summary: Summary, *, brief: bool) -> None:
    """Make `summary` a story of the edition, or no more than a mention."""
    fresh = 0
    if plan.earlier:
        summary, fresh = news_first(summary, plan.earlier)
        if not fresh:
            telling.told_before += 1
            last, first = plan.earlier[0], plan.articles[0]
            mention = Mention(
                headline=last.headline,
                url=first.url,
                source=first.source,
                told=last.edition_date,
                language=last.language,
            )
            telling.developing.append(mention)
            return
    telling.brief += brief
    telling.stories.append(
        Story(
            articles=plan.articles,
            summary=summary,
            copies=plan.copies,
            disagreements=disagreements(plan.articles),
            told=plan.earlier[0].edition_date if plan.earlier else None,
            news=fresh,
            brief=brief,
        )
    )


def _never() -> bool:
    return False


def _of(article: Article, known: Summary) -> Summary:
    """A stored summary as this article's: two articles of one text share a summary, not their origin."""
    return replace(
        known, id=article.id, url=article.url, title=article.title, source=article.source, published=article.published
    )
