"""The article of a feed's item: from the fetched page, the file or the feed's own text, else why there is none."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from briefing.address import shown
from briefing.dates import is_plausible
from briefing.errors import BlockedAddressError, BriefingError, FetchError, WallError
from briefing.pipeline.candidates import Item, failure_of, headline_key, skipped, stub_of, wall_of
from briefing.pipeline.read_session import ReadSession
from briefing.types import Article, Failure

if TYPE_CHECKING:
    from briefing.fetch import Fetched

_log = logging.getLogger(__name__)


def from_item(item: Item, answer: Fetched | FetchError | None, session: ReadSession) -> Article | Failure:
    """The article in a file or a fetched page, else in the feed; a failure where neither holds one."""
    from briefing.extract import article_from_feed_item, extract_article, extract_file, teaser_of, with_fuller_text

    wanted = {"source": item.name, "section": item.source.section}
    if isinstance(answer, BlockedAddressError):
        from briefing.fetch.failures import led_to

        answer = led_to(answer)
    error: BriefingError | OSError | None = answer if isinstance(answer, FetchError) else None
    try:
        if item.entry.path and error is None:
            return extract_file(Path(item.entry.path), hint=item.entry, **wanted)
        if answer is not None and not isinstance(answer, FetchError):
            article = extract_article(
                answer.body,
                content_type=answer.content_type,
                charset=answer.charset,
                name=item.title or shown(answer.url),
                # The feed's own address stays: it is what the reader subscribed to, and it is stable.
                url=item.entry.url,
                hint=item.entry,
                **wanted,
            )
            return with_fuller_text(article, item.entry)
    except (BriefingError, OSError) as failed:
        error = failed
    try:
        cause = error if isinstance(error, BriefingError) else None
        made = article_from_feed_item(item.entry, error=cause, **wanted)
        if cause is not None:
            said = session.secrets.text(f"{item.entry.title or item.name}: from the feed's text: {cause.cause}")
            _log.info("%s", said)
        return made
    except BriefingError as failed:
        subject = f"{item.name}: {item.title or item.entry.url or 'untitled'}"
        failure = failure_of(error or failed, subject, "fetch" if isinstance(error, FetchError) else "extract")
        failure = replace(failure, url=item.entry.url or "")
        wall = wall_of(error)
        if not wall or (item.entry.url is None and not isinstance(error, WallError)):
            return failure
        if any(map(session.window.told, (item.key, headline_key(item)))):
            return skipped(subject, "an earlier edition had its headline")
        return stub_of(item, failure, wall, teaser_of(item.entry))


def without_future_date(article: Article, now: datetime) -> Article:
    """`article` without a date that no feed may have, either (`dates.is_plausible`): it may come from the page."""
    ahead = article.published and article.published > now and not is_plausible(article.published, now)
    return replace(article, published=None) if ahead else article


def from_feed(item: Item) -> Article | None:
    """The article of an item that shares its address with others of its feed: the page there is none of theirs.

    None where the feed holds too little text.
    """
    from briefing.extract import article_from_feed_item

    with suppress(BriefingError):
        article = article_from_feed_item(item.entry, source=item.name, section=item.source.section)
        return replace(article, id=item.id)
    return None
