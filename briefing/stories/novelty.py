"""Compares today's stories with those of earlier editions: which continue one, and what of them is new.

Pure. A story continues an earlier one if they share an article, or if grouping would join articles of both. A point is
new unless the earlier articles support it, by the check of every key point (`ground.check`). A point in another
language than its articles is compared with earlier points in that language, else by the sentences that it cites.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache

from briefing.ground import Evidence, check
from briefing.nlp.facts import stems
from briefing.nlp.text import fold, version_key
from briefing.types import Article, KeyPoint, Story, Summary, Verdict

KNOWN = 0.8
"""Share of a point's stems that earlier articles must hold: "Police arrested the manager of the plant that exploded" is
news although two thirds of it are known. Support needs less, because a point may paraphrase."""
MOST_BACKGROUND = 1
"""Known points that an update keeps, for readers who missed them."""


@dataclass(frozen=True)
class EarlierStory:
    """A story of an earlier edition."""

    edition_date: date
    headline: str
    articles: tuple[Article, ...]
    """In the versions of that edition."""
    language: str = "und"
    """Of `headline` and `points`."""
    points: tuple[str, ...] = ()
    """Its key points without quotations."""

    @cached_property
    def text_keys(self) -> frozenset[str]:
        """`text_key` of its articles."""
        return frozenset(text_key(article.text) for article in self.articles)


def link_earlier(
    stories: Sequence[Sequence[Article]],
    earlier: Sequence[EarlierStory],
    group: Callable[[Sequence[Article]], Iterable[Sequence[Article]]],
) -> list[tuple[EarlierStory, ...]]:
    """For each of `stories` the earlier ones that it continues, latest first. `group` makes stories of articles."""
    today = {article.id for articles in stories for article in articles}
    before = {article.id: article for story in earlier for article in story.articles if article.id not in today}
    together = [article for articles in stories for article in articles] + list(before.values())
    groups = [{article.id for article in found} for found in group(together)] if before else []
    links: list[tuple[EarlierStory, ...]] = []
    for articles in stories:
        own = {article.id for article in articles}
        reachable = own.union(*(found for found in groups if found & own))
        linked = [story for story in earlier if any(article.id in reachable for article in story.articles)]
        links.append(tuple(sorted(linked, key=lambda story: story.edition_date, reverse=True)))
    return links


def unseen_articles(articles: Iterable[Article], earlier: Iterable[EarlierStory]) -> tuple[Article, ...]:
    """Those of `articles` whose text is in none of the earlier stories."""
    known = frozenset().union(*(story.text_keys for story in earlier))
    return tuple(article for article in articles if text_key(article.text) not in known)


def novelty_test(earlier: Sequence[EarlierStory], language: str) -> Callable[[KeyPoint], bool]:
    """A predicate for points in `language`: whether no earlier article supports the point.

    A sentence that an earlier article has word for word is never new, nor is a point behind which stand only such.
    """
    articles = [article for story in earlier for article in story.articles]
    text = "\n\n".join(article.text for article in articles)
    evidence = Evidence(text, " ".join(article.title for article in articles), language)
    known = text_key(text)

    def is_new(point: KeyPoint) -> bool:
        if point.verdict is Verdict.QUOTED and text_key(point.text) in known:
            return False
        if point.citations and all(text_key(cited.text) in known for cited in point.citations):
            return False
        return _lacks(evidence, point.text)

    return is_new


def news_first(summary: Summary, earlier: Sequence[EarlierStory]) -> tuple[Summary, int]:
    """`summary` with its new points first and little of the rest behind; and how many are new."""
    if summary.translated:
        is_new = _translated_novelty_test(summary, earlier)
    else:
        is_new = novelty_test(
            earlier, summary.language if summary.article_language == "und" else summary.article_language
        )
    fresh = [point for point in summary.key_points if is_new(point)]
    rest = [point for point in summary.key_points if point not in fresh][:MOST_BACKGROUND]
    return replace(summary, key_points=(*fresh, *rest)), len(fresh)


def untold(
    story: Story,
    known: Mapping[str, Collection[str]],
    day: date,
    texts: Callable[[], Mapping[str, Article]],
) -> Story | None:
    """What `story` has for a reader who was told of the articles `known` on `day`; None where that is nothing.

    `known`: by the articles' ids in which versions (`nlp.text.version_key`; the id: in any). `texts`: versions that the
    edition told. As it is where the reader has none of the story's articles; where others have joined them, or one was
    written anew, with the points first that what was told does not support. An article that brings no such point is no
    news, nor is anything where the texts that were told are gone.
    """
    told: list[Article] = []
    complete = True
    for article in (*story.articles, *story.copies):
        versions = known.get(article.id, ())
        if (
            article.id in versions
            or version_key(article.id, article.text) in versions
            or (versions and not article.text)
        ):
            told.append(article)
        else:
            complete = False
            gone = replace(article, title="", text="")
            told += [texts().get(version, gone) for version in sorted(versions)]
    if not told:
        return story
    return None if complete else _update(story, tuple(told), day)


@lru_cache(maxsize=256)
def _update(story: Story, told: tuple[Article, ...], day: date) -> Story | None:
    """`untold` for a story of which something was told, by these articles. Cached: an edition has many readers."""
    if not all(article.text for article in told):
        return None
    summary, fresh = news_first(story.summary, [EarlierStory(day, story.summary.headline, told)])
    return replace(story, summary=summary, told=day, news=fresh) if fresh else None


def _translated_novelty_test(summary: Summary, earlier: Sequence[EarlierStory]) -> Callable[[KeyPoint], bool]:
    """`novelty_test` for points in another language than their articles; those that cannot be compared are not new."""
    points = [point for story in earlier if story.language == summary.language for point in story.points]
    evidence = Evidence("\n\n".join(points), language=summary.language)
    is_new = novelty_test(earlier, summary.article_language)

    def is_new_translated(point: KeyPoint) -> bool:
        if point.verdict is Verdict.QUOTED:
            return is_new(point)
        if points and not _lacks(evidence, point.text):
            return False
        if not point.citations:
            return bool(points)
        return any(is_new(replace(point, text=cited.text, verdict=Verdict.QUOTED)) for cited in point.citations)

    return is_new_translated


def _lacks(evidence: Evidence, text: str) -> bool:
    """Whether `evidence` does not support `text`, or holds too little of it."""
    found = check(text, evidence)
    wanted = frozenset(stems(text))
    held = wanted.intersection(stems(" ".join(citation.text for citation in found.citations)))
    return found.verdict is Verdict.UNSUPPORTED or len(held) < KNOWN * len(wanted)


def text_key(text: str) -> str:
    """Key under which equal texts are found, whatever their case, accents and white space."""
    return fold(" ".join(text.split()))
