"""What is read first: candidates are grouped and ranked by what their sources say of them, before a page is fetched.

Titles, teasers and the texts of feeds are enough to see what many report and what a reader cares for. The articles that
are read are grouped and ranked anew (`planning`): this decides only which these are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from briefing.nlp.text import beginning
from briefing.pipeline.candidates import Item, Readable, item_text
from briefing.stories import Bundle
from briefing.stories.ranking import Ranked, fair_order
from briefing.types import Article

Ranking = Callable[[Sequence[Article], Mapping[str, int], Mapping[str, float]], list[Ranked]]
"""The stories that articles seem to tell, the most important first; given the articles, their positions in their
sources by id, and the weights of sources by name."""

_READ_WORDS, _READ_HTML = 150, 20_000
"""Of a feed's text, and characters of its HTML: what tells a story is in its beginning."""
_MOST_ARTICLES = 8
"""Of one story that are read for one edition: the ninth repeats the others."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A story that an edition may tell, before its articles are read."""

    ranked: Ranked
    indices: tuple[int, ...]
    """Of the candidates that seem to tell it, the one that represents it first."""


def newest_first(
    articles: Sequence[Article], positions: Mapping[str, int], weights: Mapping[str, float]
) -> list[Ranked]:
    """A `Ranking` where nothing is ranked: each article a story of its own, the newest first."""

    def age(article: Article) -> float:
        return -article.published.timestamp() if article.published else 0.0

    return [Ranked(Bundle(articles=(article,), copies=()), ()) for article in sorted(articles, key=age)]


def selections(
    outlines: Mapping[int, Article],
    sources: Sequence[int],
    ranking: Ranking,
    weights: Mapping[str, float],
    places: Mapping[int, int],
    *,
    most: int,
) -> list[Selection]:
    """The stories that candidates seem to tell, in the order in which they are read.

    `outlines` (`outline`), `sources`, the number of a candidate's source, and `places`, that in its source, are by the
    candidate's index. `most`: stories of the edition, of which no source has more than its share while others wait
    (`fair_order`), and all but the first articles of a story wait; 0: no limit, and the order is that of the ranks.
    """
    ranked = ranking(list(outlines.values()), {str(index): places[index] for index in outlines}, weights)
    ordered: list[Selection] = []
    further: list[Selection] = []
    for story in ranked:
        indices = [int(article.id) for article in (*story.bundle.articles, *story.bundle.copies)]
        first = _of_many_sources(indices, sources)[: _MOST_ARTICLES if most else None]
        ordered.append(Selection(story, tuple(first)))
        if rest := tuple(index for index in indices if index not in first):
            further.append(Selection(story, rest))
    if most:
        count = len({sources[index] for index in outlines})
        ordered = fair_order(ordered, lambda one: {sources[index] for index in one.indices}, most, count)
    return ordered + further


def _of_many_sources(indices: Sequence[int], sources: Sequence[int]) -> list[int]:
    """`indices` in their order, but for each source's second after every source's first, and so on."""
    rounds = numbered_in([sources[index] for index in indices])
    return [index for _, _, index in sorted(zip(rounds, range(len(indices)), indices, strict=True))]


def numbered_in(sources: Sequence[Hashable]) -> list[int]:
    """For each of a row of articles, given their sources, how many of its own source stand before it."""
    counts = Counter[Hashable]()
    numbers = []
    for source in sources:
        numbers.append(counts[source])
        counts[source] += 1
    return numbers


def outline(index: int, candidate: Readable, moment: datetime) -> Article:
    """A candidate as an article, with what is known of it before it is read. Its id is `index`.

    `moment`: when it counts as published (`Window.moments`).
    """
    if isinstance(candidate, Article):
        text = beginning(candidate.text, _READ_WORDS)
        return replace(candidate, id=str(index), text=text, published=moment)
    text = ""
    if isinstance(candidate, Item):
        entry = replace(candidate.entry, html=candidate.entry.html[:_READ_HTML])
        text = beginning(item_text(replace(candidate, entry=entry)), _READ_WORDS)
    section = candidate.source.section if isinstance(candidate, Item) else candidate.section
    title, source = candidate.title, candidate.name
    return Article(id=str(index), title=title, text=text, source=source, section=section, published=moment)
