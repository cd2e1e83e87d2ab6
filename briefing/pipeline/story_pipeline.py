"""From articles to the stories of an edition: planned (`planning`), condensed (`summaries`), reduced to the news.

Stories are condensed in the order of their rank until the deadline; the others are told in one quoted sentence, which
is not stored, so that a later run completes the edition. An update of an earlier story leads with the new points, or is
only mentioned where there are none; without time for a summary, only where none of its sentences is new.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from briefing.config import Config
from briefing.pipeline.candidates import skipped
from briefing.pipeline.context import RunContext
from briefing.pipeline.deadline import StopBefore
from briefing.pipeline.planning import StoryPlan, in_section, plan_stories
from briefing.pipeline.summaries import condense_stories, options_by_article
from briefing.render.front_page import FEWEST_STORIES
from briefing.stories.conflicts import disagreements
from briefing.stories.novelty import news_first, novelty_test
from briefing.stories.ranking import LeftOut, Ranked, fair_order, limit_sections, section_of
from briefing.summariser import SummaryOptions, quoted_summary, shorten_leads
from briefing.types import Article, Failure, KeyPoint, Mention, Story, Summary

_log = logging.getLogger(__name__)

_FRONT = 6
"""Stories that the overview may tell of: one more than it has sentences."""


@dataclass(slots=True)
class StoryResults:
    """The stories of an edition, and the numbers for its report."""

    stories: list[Story] = field(default_factory=list)
    """In the order of their rank."""
    developing: list[Mention] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    condensed: int = 0
    cached: int = 0
    brief: int = 0
    """Stories for which there was no time."""
    ranked: list[Ranked] = field(default_factory=list)
    """Every story, told or not, with the reasons for its rank; without those over the limit of a section."""
    told_before: int = 0
    """Stories left out, or only mentioned, because earlier editions told them."""
    left_out: list[LeftOut] = field(default_factory=list)
    """Stories for which the limits had no room."""
    left_open: set[str] = field(default_factory=set)
    """Ids of articles left to a later edition: over a limit, or not condensed."""
    over: set[str] = field(default_factory=set)
    """Those of them that are over a limit."""
    enough: Callable[[], bool] = lambda: False
    """Whether there is no time for another answer of the engine."""


def tell_stories(
    articles: Sequence[Article],
    context: RunContext,
    *,
    day: date,
    deadline: datetime | None = None,
    weights: Mapping[str, float] | None = None,
    positions: Mapping[str, int] | None = None,
    kept: Mapping[str, Story] | None = None,
    events: Sequence[Collection[str]] = (),
    again: Collection[str] = (),
) -> StoryResults:
    """The stories that `articles` tell on `day`. `deadline`: when the edition has to be there, UTC.

    `weights`: of sources' voices, by name; 1 where there is none. `positions`, `events`: as in `plan_stories`. `kept`:
    the stories of earlier runs of this edition, by the ids of their articles, which are among `articles`. They count
    against no limit, and stay as they are where they cannot be condensed now. `again`: ids of articles that earlier
    runs left out; for stories of these alone there are the places that the kept stories and the new ones leave.

    Raises `ModelError` where there is no model and something to condense.
    """
    config = context.config
    as_told = list({id(story): story for story in (kept or {}).values()}.values())
    planning = plan_stories(articles, context, day, weights or {}, positions, as_told, events)
    plans = planning.plans
    options = options_by_article(context)
    enough: Callable[[], bool] = StopBefore(deadline, context.clock) if deadline else lambda: False
    results = StoryResults(failures=planning.muted, told_before=len(planning.ranked) - len(plans), enough=enough)
    stories: dict[int, Story] = {}
    """By the index of the plan."""

    stored = _stored(plans, kept or {})
    places = _Places(plans, config, stored, [in_section(story.articles[0], config) for story in as_told], again)
    fresh = [index for index in _in_fair_order(plans, config.max_stories) if index not in stored]
    batch, waiting = places.given_to(fresh, stories)
    batch = sorted([*batch, *stored])
    while batch:  # again where a story has nothing new: the next one takes its place
        condensed = dict(_condensed(batch, plans, context, results, enough))
        for index in batch:
            plan, before = plans[index], stored.get(index)
            told = _outcome(plan, condensed.get(index), before, options)
            if before and not isinstance(condensed.get(index), Summary):  # what has joined it is left to the next run
                together = (*plan.articles, *plan.copies)
                results.left_open.update(article.id for article in together if article.id not in (kept or {}))
            if isinstance(told, Failure):
                results.left_open.update(article.id for article in (*plan.articles, *plan.copies))
            elif isinstance(told, Mention):
                results.developing.append(told)
            elif told is not before or before not in stories.values():
                stories[index] = told
        batch, waiting = places.given_to(waiting, stories)
    results.told_before += len(results.developing)
    results.stories = [stories[index] for index in sorted(stories)]
    results.brief = sum(story.brief for story in results.stories)
    for index in waiting:
        _leave_out(plans[index], results, full=places.is_section_full(index, stories))
    results.left_open |= results.over
    results.failures += _over_limits(results.left_out, config)
    over_limit = {plans[index].rank for index in waiting}
    results.ranked = [story for rank, story in enumerate(planning.ranked) if rank not in over_limit]
    _log.info(
        "Stories: %s, condensed: %s, from the store: %s, without time: %s",
        len(results.stories),
        results.condensed,
        results.cached,
        results.brief,
    )
    return results


def shortened_leads(stories: Sequence[Story], context: RunContext, enough: Callable[[], bool]) -> dict[str, KeyPoint]:
    """For the overview of `stories`, best first: the front ones' first points, shortened, by summary's id.

    `enough`: whether time is up.
    """
    if len(stories) < FEWEST_STORIES or enough():
        return {}
    front = [story for story in stories if not story.brief and all(article.text for article in story.articles)]
    options = options_by_article(context)
    return shorten_leads(front[:_FRONT], context.engine, context.prompts, options, context.answers, enough)


class _Places:
    """The places of an edition. Plans are known by their indices.

    Those with something that has come since the last run have as many as the limits say, however many stories the
    edition has by then; those that an earlier run left out only fill it up. A kept story has its place.
    """

    def __init__(
        self,
        plans: Sequence[StoryPlan],
        config: Config,
        kept: Collection[int],
        as_told: Sequence[Article],
        again: Collection[str],
    ) -> None:
        self._firsts = [plan.first for plan in plans]
        self._stories, self._each = config.max_stories, config.max_per_section
        self._kept = kept
        self._as_told = as_told
        """The first articles of the stories that the edition had."""
        self._again = {index for index, plan in enumerate(plans) if _ids(plan).issubset(again)}

    def given_to(self, waiting: Sequence[int], told: Collection[int]) -> tuple[list[int], list[int]]:
        """Those for which edition and sections have room beside those that are `told`, and the rest, in their order."""
        batch: list[int] = []
        for again in (False, True):
            alike = [index for index in waiting if (index in self._again) is again]
            taken = self._counted([*told, *batch], again=again)
            within, _ = limit_sections(alike, self._each, self._firsts.__getitem__, Counter(map(section_of, taken)))
            batch += within[: max(0, self._stories - len(taken))] if self._stories else within
        return batch, [index for index in waiting if index not in set(batch)]

    def is_section_full(self, index: int, told: Collection[int]) -> bool:
        """Whether the section of a plan has no room, given those that are `told`."""
        sections = map(section_of, self._counted(told, again=index in self._again))
        return bool(self._each) and list(sections).count(section_of(self._firsts[index])) >= self._each

    def _counted(self, told: Collection[int], *, again: bool) -> list[Article]:
        """The first articles of the stories that count for what an earlier run left out (`again`), or for the rest."""
        added = [self._firsts[one] for one in told if one not in self._kept and (again or one not in self._again)]
        return [*self._as_told, *added] if again else added


def _leave_out(plan: StoryPlan, results: StoryResults, *, full: bool) -> None:
    """Note in `results` a story for which there is no room; `full`: in its section."""
    together = _ids(plan)
    results.over |= together
    reason = "section" if full else "limit"
    results.left_out.append(LeftOut(plan.first.title, plan.first.source, plan.ranked.score, reason, len(together)))


def _ids(plan: StoryPlan) -> frozenset[str]:
    """Of all articles of a plan, told before or not."""
    return frozenset(article.id for article in (*plan.ranked.bundle.articles, *plan.ranked.bundle.copies))


def _over_limits(left_out: Sequence[LeftOut], config: Config) -> list[Failure]:
    """How many stories the limits had no room for, a failure for each limit."""
    counts = Counter(story.reason for story in left_out)
    limits = {"section": f"{config.max_per_section} in a section", "limit": f"{config.max_stories} stories"}
    causes = [f"{counts[name]} stories are over the limit of {text}" for name, text in limits.items() if counts[name]]
    return [skipped("limit", cause, counted=True) for cause in causes]


def _in_fair_order(plans: Sequence[StoryPlan], most: int) -> list[int]:
    """The indices of `plans` in the order in which they get the places of an edition of at most so many stories."""
    if not most:
        return list(range(len(plans)))
    by_plan = [{article.source for article in plan.articles} for plan in plans]
    return fair_order(range(len(plans)), lambda index: by_plan[index], most, len(set().union(*by_plan)))


def _stored(plans: Sequence[StoryPlan], kept: Mapping[str, Story]) -> dict[int, Story]:
    """By the index of a plan the story of an earlier run that it tells again, perhaps with more articles."""
    found: dict[int, Story] = {}
    for index, plan in enumerate(plans):
        articles = (*plan.ranked.bundle.articles, *plan.ranked.bundle.copies)
        if story := next((kept[article.id] for article in articles if article.id in kept), None):
            found[index] = story
    return found


def _condensed(
    batch: Sequence[int],
    plans: Sequence[StoryPlan],
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


def _outcome(
    plan: StoryPlan,
    summary: Summary | Failure | None,
    before: Story | None,
    options: Callable[[Article], SummaryOptions],
) -> Story | Mention | Failure:
    """What becomes of a plan; `summary` None: there was no time for one. `before`: as an earlier run told it."""
    if before and (summary is None or isinstance(summary, Failure)):
        return before
    made = summary or _in_brief(plan, options(plan.first))
    if isinstance(made, Failure):
        return made
    told = _told(plan, made, brief=summary is None)
    return before if before and isinstance(told, Mention) else told


def _in_brief(plan: StoryPlan, options: SummaryOptions) -> Summary:
    """One quoted sentence for a story without time for a summary; for an update, a sentence that was not told."""
    wanted = novelty_test(plan.earlier, plan.articles[0].language) if plan.earlier else None
    return quoted_summary(plan.articles, options, wanted)


def _told(plan: StoryPlan, summary: Summary, *, brief: bool) -> Story | Mention:
    """The story as the edition tells it; a mention where earlier editions told every point."""
    fresh = 0
    if plan.earlier:
        summary, fresh = news_first(summary, plan.earlier)
        if not fresh:
            last, first = plan.earlier[0], plan.first
            return Mention(
                headline=last.headline,
                url=first.url,
                source=first.source,
                told=last.edition_date,
                language=last.language,
            )
    return Story(
        articles=plan.articles,
        summary=summary,
        copies=plan.copies,
        disagreements=disagreements(plan.articles),
        told=plan.earlier[0].edition_date if plan.earlier else None,
        news=fresh,
        brief=brief,
    )
