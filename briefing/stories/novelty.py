"""Today's stories against what earlier editions told: what continues, and what of it is new.

Pure. A story continues an earlier one when they share an article, or when today's grouping would put articles of both
into one story. What is new is decided by the same check that every key point passes: a point that the earlier articles
support has been told. A point in another language than its articles is compared with what was told in its own language,
else by the sentences behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from briefing.ground import Evidence, check
from briefing.nlp.facts import stems
from briefing.nlp.text import fold
from briefing.types import Article, KeyPoint, Summary, Verdict

__all__ = [
    "MOST_BACKGROUND",
    "TOLD",
    "EarlierStory",
    "link_earlier",
    "news_first",
    "novelty_test",
    "text_key",
    "unseen_articles",
]

TOLD = 0.8
"""Share of a point that earlier articles must hold: "Police arrested the manager of the plant that exploded" is news
although two thirds of it have been told. Support needs less, because a point may say things in its own words."""
MOST_BACKGROUND = 1
"""Points that an update keeps of what was told before, for readers who missed it."""


@dataclass(frozen=True)
class EarlierStory:
    """A story of an earlier edition."""

    edition_date: date
    headline: str
    articles: tuple[Article, ...]
    """As they were then."""
    language: str = "und"
    """Of `headline` and `points`."""
    points: tuple[str, ...] = ()
    """What was written of them, without quotations."""

    @cached_property
    def texts(self) -> frozenset[str]:
        """Its articles' texts, as far as they can be compared."""
        return frozenset(text_key(article.text) for article in self.articles)


def link_earlier(
    stories: Sequence[Sequence[Article]],
    earlier: Sequence[EarlierStory],
    group: Callable[[Sequence[Article]], Iterable[Sequence[Article]]],
) -> list[tuple[EarlierStory, ...]]:
    """For each of `stories` the earlier ones that it continues, latest first. `group` makes stories of articles."""
    today = {article.id for articles in stories for article in articles}
    before = {article.id: article for one in earlier for article in one.articles if article.id not in today}
    together = [article for articles in stories for article in articles] + list(before.values())
    groups = [{article.id for article in found} for found in group(together)] if before else []
    links: list[tuple[EarlierStory, ...]] = []
    for articles in stories:
        mine = {article.id for article in articles}
        reach = mine.union(*(found for found in groups if found & mine))
        links.append(tuple(one for one in earlier if any(article.id in reach for article in one.articles)))
    return [tuple(sorted(link, key=lambda story: story.edition_date, reverse=True)) for link in links]


def unseen_articles(articles: Iterable[Article], earlier: Iterable[EarlierStory]) -> tuple[Article, ...]:
    """Those of `articles` whose text is none of the earlier stories'."""
    known = frozenset().union(*(one.texts for one in earlier))
    return tuple(article for article in articles if text_key(article.text) not in known)


def novelty_test(earlier: Sequence[EarlierStory], language: str) -> Callable[[KeyPoint], bool]:
    """Says of a point in `language` whether it is new: whether no earlier article supports it.

    A sentence that an earlier article holds word for word is never new.
    """
    text = "\n\n".join(article.text for one in earlier for article in one.articles)
    evidence = Evidence(text, " ".join(article.title for one in earlier for article in one.articles), language)
    known = fold(" ".join(text.split()))

    def is_new(point: KeyPoint) -> bool:
        if point.verdict is Verdict.QUOTED and fold(" ".join(point.text.split())) in known:
            return False
        return _lacks(point.text, evidence)

    return is_new


def news_first(summary: Summary, earlier: Sequence[EarlierStory]) -> tuple[Summary, int]:
    """`summary` with its new points (`novelty_test`) first and little of the rest behind; and how many are new."""
    is_new = _unheard_elsewhere(summary, earlier) if summary.translated else novelty_test(earlier, _read_in(summary))
    fresh = [point for point in summary.key_points if is_new(point)]
    rest = [point for point in summary.key_points if point not in fresh][:MOST_BACKGROUND]
    return replace(summary, key_points=(*fresh, *rest)), len(fresh)


def _read_in(summary: Summary) -> str:
    return summary.language if summary.article_language == "und" else summary.article_language


def _unheard_elsewhere(summary: Summary, earlier: Sequence[EarlierStory]) -> Callable[[KeyPoint], bool]:
    """The same for points in another language than their articles. One that can be compared with nothing is not called
    new.
    """
    told = [point for one in earlier if one.language == summary.language for point in one.points]
    evidence = Evidence("\n\n".join(told), language=summary.language)
    is_new = novelty_test(earlier, summary.article_language)

    def is_new_elsewhere(point: KeyPoint) -> bool:
        if point.verdict is Verdict.QUOTED:
            return is_new(point)
        if told and not _lacks(point.text, evidence):
            return False
        if not point.citations:
            return bool(told)
        sentences = (replace(point, text=one.text, verdict=Verdict.QUOTED) for one in point.citations)
        return any(is_new(sentence) for sentence in sentences)

    return is_new_elsewhere


def _lacks(text: str, evidence: Evidence) -> bool:
    """Whether `evidence` does not say what `text` does, or not enough of it."""
    found = check(text, evidence)
    said = frozenset(stems(text))
    held = said.intersection(stems(" ".join(citation.text for citation in found.citations)))
    return found.verdict is Verdict.UNSUPPORTED or len(held) < TOLD * len(said)


def text_key(text: str) -> str:
    """A text as far as it matters when asking whether it was told: equal ones are the same."""
    return fold(" ".join(text.split()))
