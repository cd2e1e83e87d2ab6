"""Pictures of an edition's stories: chosen, fetched once, made small, kept. One that fails is left out, silently."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from briefing.address import shown
from briefing.errors import BriefingError, FetchError, OutOfTimeError
from briefing.pipeline.candidates import origin_of
from briefing.render.email import edition_key
from briefing.render.front_page import by_importance, front_stories
from briefing.sanitise import label
from briefing.types import Article, Edition, Picture, PictureLink, Source, Story

if TYPE_CHECKING:
    from briefing.fetch import Fetched
    from briefing.pipeline.context import RunContext

_log = logging.getLogger(__name__)

_FRONT = 5
"""Stories on the front, where the edition names none."""
_TRIES = 3
"""Pictures of a story that are looked at until one can be shown."""
_SECONDS = 30.0
"""For all of them: an edition does not wait for its pictures."""
_PATIENCE, _EACH = 6.0, 1.0
"""Seconds for the slowest of those that are fetched together, and more for each of them: a server is not hurried."""
_RESERVE = 3.0
"""Seconds before the deadline that are left for writing."""

_MAIL_SIDE, _MAIL_BYTES = 360, 14_000
"""Pixels and bytes of a picture in a letter, of which a letter has some five beside its text."""


def with_local_pictures(article: Article, source: Source) -> Article:
    """`article` with its pictures marked that lie at the origin of a source that may have a private address."""
    if not (source.allow_local and article.pictures):
        return article
    here = origin_of(source.location)
    return replace(
        article, pictures=tuple(replace(link, local=origin_of(link.url) == here) for link in article.pictures)
    )


def with_pictures(
    edition: Edition, context: RunContext, *, due: datetime | None = None, offline: bool = False
) -> Edition:
    """The edition with a picture for each story that shows one by the setting `pictures`, and for no other.

    `due`: when the edition has to be there, UTC; `offline`: whether there is no network: those at hand are shown. What
    an earlier run of the edition told and has no picture of is looked at again.
    """
    wanted = _wanted(edition, context.config.pictures)
    pictures = {story.summary.id: story.picture for story in wanted if story.picture and story.picture.data}
    named = _named(edition, context) if len(pictures) < len(wanted) else {}
    links = {story.summary.id: _links(story, named) for story in wanted if story.summary.id not in pictures}
    began = context.clock()
    left = _SECONDS if due is None else min(_SECONDS, (due - began).total_seconds() - _RESERVE)
    for number in range(_TRIES):
        tried = [
            (story, *links[story.summary.id][number])
            for story in wanted
            if story.summary.id not in pictures and number < len(links[story.summary.id])
        ]
        spent = (context.clock() - began).total_seconds()
        _look((link for _, link, _ in tried), context, left - spent, offline=offline)
        found = [(story, article, picture) for story, link, article in tried if (picture := _at_hand(link, context))]
        for _, article, picture in found:
            context.pictures.name(picture.digest, article.source, article.id, began)
        for story, article, picture in found:
            if not context.pictures.is_shared(picture.digest, article.source):
                pictures[story.summary.id] = replace(picture, alt=_alt(picture.alt, story))
    return _replaced(edition, _distinct(wanted, pictures).get)


def with_picture_data(edition: Edition, data: Callable[[str], bytes]) -> Edition:
    """An edition on record with the bytes of its pictures, which `data` gives by their digests."""
    if not any(story.picture for story in edition.stories):
        return edition
    pictures = {
        story.summary.id: replace(story.picture, data=data(story.picture.digest))
        for story in edition.stories
        if story.picture
    }
    return _replaced(edition, pictures.get)


def with_pictures_for_mail(edition: Edition) -> Edition:
    """The edition with its pictures so small that a letter has room for several."""
    from briefing.extract.pictures import small_picture

    pictures: dict[str, Picture] = {}
    for story in edition.stories:
        if (picture := story.picture) and picture.data:
            with suppress(BriefingError):
                made = small_picture(picture.data, picture.url, side=_MAIL_SIDE, most=_MAIL_BYTES)
                small = replace(picture, data=made.data, width=made.width, height=made.height)
                pictures[story.summary.id] = small
    return _replaced(edition, pictures.get)


def keep_pictures(edition: Edition, context: RunContext) -> None:
    """Keep the pictures of an edition that is put on record, and where its articles have theirs."""
    context.pictures.keep(
        edition_key(edition),
        [story.picture.digest for story in edition.stories if story.picture and story.picture.data],
    )
    if context.config.pictures != "none":
        named = {article.id: article.pictures[:_TRIES] for article in _articles(edition) if article.pictures}
        context.pictures.put_links(named, context.clock())


def _wanted(edition: Edition, setting: str) -> list[Story]:
    """The stories that show a picture, the most important first."""
    if setting == "front" and (front := front_stories(edition)):
        return list(front)
    stories = [edition.stories[index] for index in by_importance(edition)] if setting != "none" else []
    return stories if setting == "all" else stories[:_FRONT]


def _articles(edition: Edition) -> list[Article]:
    return [article for story in edition.stories for article in (*story.articles, *story.copies)]


def _named(edition: Edition, context: RunContext) -> dict[str, list[PictureLink]]:
    """The pictures of the edition's articles, by their ids: as they were read now, else as an earlier run read them.

    Not those that a source has for several articles of the edition: a logo, or what stands for a missing picture.
    """
    sources = context.config.sources
    own = {origin_of(one.location) for one in sources if one.allow_local or context.config.allow_local}
    known = context.pictures.links(article.id for article in _articles(edition) if not article.pictures)
    named = {
        article.id: list(article.pictures)
        or [replace(link, local=origin_of(link.url) in own) for link in known.get(article.id, ())]
        for article in _articles(edition)
    }
    times = Counter(
        (article.source, url) for article in _articles(edition) for url in {link.url for link in named[article.id]}
    )
    return {
        article.id: [link for link in named[article.id] if times[article.source, link.url] == 1]
        for article in _articles(edition)
    }


def _links(story: Story, named: Mapping[str, Sequence[PictureLink]]) -> list[tuple[PictureLink, Article]]:
    """The pictures of a story that are worth a look, those of its first article first, with their articles."""
    found = [(link, article) for article in (*story.articles, *story.copies) for link in named[article.id]]
    return found[:_TRIES]


def _look(links: Iterable[PictureLink], context: RunContext, seconds: float, *, offline: bool) -> None:
    """Fetch the pictures that nobody has looked at yet, and store what is made of them, for `seconds`."""
    from briefing.fetch import Request, Wanted

    new = list(dict.fromkeys(link for link in links if context.pictures.known(link.url) is None))
    if not new or seconds <= 0 or offline or context.config.offline:
        return
    context.progress.stage("pictures", len(new))
    limit = _PATIENCE + _EACH * len(new)
    # Past the HTTP cache: what is made of them is kept, and that is smaller.
    requests = {
        Request(link.url, allow_local=link.local, private=True, wanted=Wanted.PICTURE): link.url for link in new
    }
    for request, answer in context.fetcher.fetch_many(requests, within=min(seconds, limit)):
        context.progress.step(shown(request.url))
        if isinstance(answer, OutOfTimeError) and limit < seconds:
            context.pictures.put_slow(request.url, context.clock())
        else:
            _store(requests[request], answer, context)


def _store(url: str, answer: Fetched | FetchError, context: RunContext) -> None:
    from briefing.extract.pictures import small_picture

    try:
        if isinstance(answer, FetchError):
            raise answer
        made = small_picture(answer.body, shown(url))
    except BriefingError as error:
        _log.debug("%s: no picture: %s", shown(url), error.cause)
        if not isinstance(error, FetchError) or error.lasting:
            context.pictures.put_none(url, context.clock())
    else:
        context.pictures.put(url, made.data, made.width, made.height, context.clock())


def _at_hand(link: PictureLink, context: RunContext) -> Picture | None:
    stored = context.pictures.known(link.url)
    data = context.pictures.data(stored.digest) if stored and stored.digest else b""
    if not (stored and data):
        return None
    return Picture(
        url=shown(link.url), width=stored.width, height=stored.height, digest=stored.digest, alt=link.alt, data=data
    )


def _alt(alt: str, story: Story) -> str:
    """What stands for a picture; empty where it says no more than the headline above it, or names a file."""
    said = {label(text).casefold() for text in (story.summary.headline, *(a.title for a in story.articles))}
    return "" if label(alt).casefold() in said or _FILE_NAME.search(alt) else alt


_FILE_NAME = re.compile(r"^\S{1,250}\.(?:jpe?g|png|webp|avif|gif)$|^https?:", re.IGNORECASE)


def _distinct(stories: Iterable[Story], pictures: Mapping[str, Picture]) -> dict[str, Picture]:
    """Without those that an earlier one of the stories shows."""
    kept: dict[str, Picture] = {}
    for story in stories:
        picture = pictures.get(story.summary.id)
        if picture and picture.digest not in {other.digest for other in kept.values()}:
            kept[story.summary.id] = picture
    return kept


def _replaced(edition: Edition, picture: Callable[[str], Picture | None]) -> Edition:
    return replace(
        edition,
        sections=tuple(
            replace(
                section, stories=tuple(replace(story, picture=picture(story.summary.id)) for story in section.stories)
            )
            for section in edition.sections
        ),
    )
