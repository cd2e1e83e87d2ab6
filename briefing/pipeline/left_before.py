"""What earlier runs of the edition left to the next one: ranked like everything else, to be listed with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from briefing.pipeline.candidates import Item, Readable, address_of, identity_of
from briefing.pipeline.read_session import ReadSession
from briefing.pipeline.redaction import redacted_article
from briefing.pipeline.selection import outline
from briefing.stories.ranking import LeftOut
from briefing.types import Article


def left_before(session: ReadSession, weights: Mapping[str, float], places: Mapping[str, int]) -> list[LeftOut]:
    """The stories that the items which the session's window passed over seem to tell, without its secrets.

    `weights` of sources by name; `places` of items in their feeds by key. The reason is the limit that the edition on
    record has reached by now; where it has reached none, that an earlier run left them out.
    """
    items = _distinct([item for item in session.window.passed if isinstance(item, Readable)])
    if not items:
        return []
    names = {session.secrets.text(item.name): item.source.weight for item in items if isinstance(item, Item)}
    dated = [(item.id if isinstance(item, Article) else item.key, item.published) for item in items]
    outlines = [
        redacted_article(outline(index, item, moment), session.secrets)
        for index, (item, moment) in enumerate(zip(items, session.window.moments(dated), strict=True))
    ]
    positions = {str(index): places.get(key, index) for index, (key, _) in enumerate(dated)}
    told = session.limits.kept()
    of_source = Counter(article.source for article in told)
    most = session.limits.max_stories
    full = bool(most) and session.limits.stories(told, ()) >= most
    left_out = []
    for story in session.ranking(outlines, positions, {**names, **weights}):
        articles = (*story.bundle.articles, *story.bundle.copies)
        first = articles[0]
        mosts = (_most_of(items[int(article.id)], session.limits.max_per_source) for article in articles)
        full_sources = all(
            limit and of_source[article.source] >= limit for limit, article in zip(mosts, articles, strict=True)
        )
        reason = "source" if full_sources else "limit" if full else "before"
        left_out.append(LeftOut(first.title, first.source, story.score, reason, len(articles)))
    return left_out


def _distinct(items: Sequence[Readable]) -> list[Readable]:
    """Each address once: another feed's item there is the same article."""
    found: dict[object, Readable] = {}
    for index, item in enumerate(items):
        address = address_of(item)
        found.setdefault((address, identity_of(item)) if address else index, item)
    return list(found.values())


def _most_of(item: Readable, each: int) -> int:
    """The least of the limits for the source of `item`; 0: none."""
    own = item.source.max_articles if isinstance(item, Item) else 0
    return min(filter(None, (own, each)), default=0)
