"""Which stories an edition could tell: articles that are not muted, grouped, ranked, set against earlier editions."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from briefing.config import Config
from briefing.pipeline.context import RunContext
from briefing.pipeline.selection import numbered_in
from briefing.serialization import edition_from_json
from briefing.stories import Bundle, group
from briefing.stories.novelty import EarlierStory, link_earlier, text_key, unseen_articles
from briefing.stories.ranking import Ranked, RankingPreferences, assign_topic, limit_sections, muted_by, rank
from briefing.types import Article, Failure, FailureKind, Story, Verdict

_DAYS = 7
"""Age of editions whose stories today's are compared with."""


@dataclass(frozen=True, slots=True)
class StoryPlan:
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


@dataclass(frozen=True, slots=True)
class Planning:
    """The stories of a day."""

    ranked: list[Ranked]
    """All, highest score first."""
    plans: list[StoryPlan]
    """Those with an article that no edition has told, in that order."""
    muted: list[Failure]
    """One for each article that is muted."""


def plan_stories(
    articles: Sequence[Article],
    context: RunContext,
    day: date,
    weights: Mapping[str, float],
    positions: Mapping[str, int] | None = None,
    as_told: Sequence[Story] = (),
    events: Sequence[Collection[str]] = (),
) -> Planning:
    """Group and rank the stories that `articles` tell, and link them to those of earlier editions.

    `weights`: of sources' voices, by name; 1 where there is none. `positions`: of articles in their sources, by id;
    None takes those among the articles given. `as_told`: stories that are told already; where they hold all `articles`,
    these stay together as there, so that nothing changes where nothing is new. `events`: as in
    `stories.group`.
    """
    config, compare = context.config, context.compare
    preferences = _preferences(context, weights)
    wanted: list[Article] = []
    failures: list[Failure] = []
    for article in (in_section(article, config) for article in articles):
        if reason := muted_by(article, preferences):
            subject, cause = article.title or article.id, f"it is muted ({reason})"
            failures.append(Failure(subject=subject, stage="read", cause=cause, kind=FailureKind.SKIPPED))
        else:
            wanted.append(article)
    bundles = _together_as(as_told, wanted)
    if bundles is None:
        bundles = group(wanted, compare=compare, events=events) if config.group else _one_each(wanted)
    if positions is None:
        numbers = numbered_in([article.source for article in wanted])
        positions = {article.id: number for article, number in zip(wanted, numbers, strict=True)}
    ranked = rank(bundles, preferences, now=context.clock(), positions=positions)

    def clustered(together: Sequence[Article]) -> list[Sequence[Article]]:
        return [(*bundle.articles, *bundle.copies) for bundle in group(together, compare=compare)]

    earlier = [] if config.repeat or context.ad_hoc else _earlier(context, day, [article.id for article in wanted])
    links = link_earlier([story.bundle.articles for story in ranked], earlier, clustered)
    plans = []
    for index, (story, link) in enumerate(zip(ranked, links, strict=True)):
        fresh = unseen_articles(story.bundle.articles, link) if link else story.bundle.articles
        if fresh:
            plans.append(StoryPlan(index, story, fresh, link))
    return Planning(ranked, plans, failures)


def expected_stories(
    outlines: Sequence[Article], positions: Mapping[str, int], weights: Mapping[str, float], context: RunContext
) -> list[Ranked]:
    """The stories that articles seem to tell by their `selection.outline`, best first.

    Those over the limit of their section come after the others, and what is muted last.
    """
    config, preferences = context.config, _preferences(context, weights)
    wanted: list[Article] = []
    muted: list[Article] = []
    for article in (in_section(article, config) for article in outlines):
        (muted if muted_by(article, preferences) else wanted).append(article)
    bundles = group(wanted) if config.group else _one_each(wanted)
    now = context.clock()
    ranked = rank(bundles, preferences, now=now, positions=positions)
    within, over = limit_sections(ranked, config.max_per_section, lambda story: story.bundle.articles[0])
    return [*within, *over, *rank(_one_each(muted), preferences, now=now, positions=positions)]


def count_stories(articles: Iterable[Article], config: Config, events: Sequence[Collection[str]]) -> int:
    """How many stories `articles` tell, within the limit of a section. `events`: as in `plan_stories`."""
    wanted = [in_section(article, config) for article in articles]
    bundles = group(wanted, events=events) if config.group else _one_each(wanted)
    return len(limit_sections(bundles, config.max_per_section, lambda bundle: bundle.articles[0])[0])


def is_muted(article: Article, context: RunContext) -> bool:
    """Whether the reader has muted a word, the source or the section of `article`."""
    return bool(muted_by(in_section(article, context.config), _preferences(context, {})))


def may_be_told(article: Article, context: RunContext, day: date) -> bool:
    """Whether an edition of `day` may newly tell `article`: it is not muted, and none has told the same text."""
    config = context.config
    if is_muted(article, context):
        return False
    texts = [] if config.repeat or context.ad_hoc else context.store.told_texts(day, config.title, article.id)
    return text_key(article.text) not in {text_key(text) for text in texts}


def _preferences(context: RunContext, weights: Mapping[str, float]) -> RankingPreferences:
    """The reader's interests and mutes; `weights`: of sources' voices, by name."""
    config = context.config
    return RankingPreferences(
        interests=config.interests.words,
        boost=config.interests.boost,
        muted_words=config.mute.words,
        muted_sources=config.mute.sources,
        muted_sections=config.mute.sections,
        muted_by_source={name: source.mute for name, source in context.wishes.items()},
        weights=weights,
    )


def _together_as(stories: Sequence[Story], articles: Sequence[Article]) -> Sequence[Bundle] | None:
    """The articles in the stories that hold them; None where a story holds not one of them."""
    given = {article.id: article for article in articles}
    bundles = []
    for story in stories:
        own = tuple(given.pop(article.id) for article in story.articles if article.id in given)
        copies = tuple(given.pop(article.id) for article in story.copies if article.id in given)
        if own or copies:
            bundles.append(Bundle(articles=own or copies[:1], copies=copies if own else copies[1:]))
    return None if given or not bundles else bundles


def _one_each(articles: Iterable[Article]) -> list[Bundle]:
    return [Bundle(articles=(article,), copies=()) for article in articles]


def in_section(article: Article, config: Config) -> Article:
    """The article in the section of its topic (`assign_topic`), where its source has none."""
    if article.section or not config.topics:
        return article
    return replace(article, section=assign_topic(article, config.topics) or config.other)


def _earlier(context: RunContext, day: date, article_ids: Sequence[str]) -> list[EarlierStory]:
    """The stories of the last `_DAYS` days' editions; of older editions, what they told of the articles named."""
    earlier = []
    title, name = context.config.title, context.edition
    for told, text, articles in context.store.editions_before(day, title, _DAYS, article_ids, name=name):
        try:
            edition = edition_from_json(json.loads(text), articles.get)
        except (ValueError, KeyError, TypeError):  # the format of a version that is no longer read
            continue
        for story in edition.stories:
            together = (*story.articles, *story.copies)
            if (day - told).days > _DAYS:
                together = tuple(article for article in together if article.id in articles)
            if together:
                summary = story.summary
                points = [point.text for point in summary.key_points if point.verdict is not Verdict.QUOTED]
                earlier.append(EarlierStory(told, summary.headline, together, summary.language, tuple(points)))
    return earlier
