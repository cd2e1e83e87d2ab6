"""From the sources a reader chose to articles: read, fetch, extract, and what went wrong by name.

Every source ends as articles or as failures; none stops the others. The order of the result is the order of the sources
and, within a feed, of its items, whatever finished first.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from briefing.errors import BriefingError, FetchError, SourceError
from briefing.pipeline.found import (
    Found,
    Item,
    Letter,
    MailMark,
    address_of,
    date_of,
    failure_of,
    name_of,
    newest,
    skipped,
    title_of,
    within_limits,
)
from briefing.pipeline.listed import is_web, listed
from briefing.pipeline.mail import Mail, is_imap, shown_place
from briefing.pipeline.secrets import Commands
from briefing.pipeline.waiting import Reach
from briefing.pipeline.watch import Watcher
from briefing.stories.addresses import canonical_url
from briefing.types import Article, Failure, Source, SourceKind

if TYPE_CHECKING:
    from briefing.fetch import Fetched, Fetcher, Request
    from briefing.sources import Feed
    from briefing.store import Store

__all__ = ["Limits", "Reading", "read_sources"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is left out on purpose, and how far reading may go."""

    since: timedelta | None = None
    """How old a feed's item or a mailbox's message may be at `now`; None: any age. Those without a date are taken."""
    max_articles: int = 0
    """0: no limit."""
    max_per_source: int = 0
    """0: no limit."""
    full_text: bool = True
    """Whether the page behind a feed's item is fetched."""
    offline: bool = False
    """Whether the network is left alone."""
    allow_local: bool = False
    """Whether every source the reader named, also in a list, may be at a private address."""


@dataclass(slots=True)
class Reading:
    """What came of reading: in `articles` no two of one id."""

    articles: list[Article] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    sources: int = 0
    """Feeds, pages, files, mailboxes that were read, those behind an OPML file or a folder counted singly."""
    weights: dict[str, float] = field(default_factory=dict)
    """How much each source's voice counts, by the name its articles have."""
    mails: list[MailMark] = field(default_factory=list)
    """What the store is to remember of mail servers once it has the articles, and not before."""
    offline: bool = False
    """Whether there are sources on the web and not one of their servers could be spoken to."""


def read_sources(
    sources: Sequence[Source],
    *,
    limits: Limits,
    now: datetime,
    open_fetcher: Callable[[], Fetcher],
    watcher: Watcher,
    store: Store | None = None,
    again: Callable[[str], bool] = lambda _: False,
    commands: Commands | None = None,
) -> Reading:
    """Read every source. `now` is aware; `open_fetcher` is called only if something has to be fetched.

    `store` is asked for what mail servers gave in earlier runs; nothing is written into it. `again` is called, with the
    cause, where no server on the web could be spoken to: they are all tried again if it says so. `commands` gives
    passwords.

    Raises nothing for what a source holds or does not; every failure is a value with the source's name.
    """
    mail = Mail(now=now, since=limits.since, most=limits.max_per_source, store=store, commands=commands)
    with closing(mail):
        return _Reader(limits, now, open_fetcher, watcher, mail).read(sources, again)


class _Reader:
    def __init__(
        self, limits: Limits, now: datetime, open_fetcher: Callable[[], Fetcher], watcher: Watcher, mail: Mail
    ) -> None:
        self._mail = mail
        self._limits = limits
        self._now = now
        self._open_fetcher = open_fetcher
        self._watcher = watcher
        self._count = 0
        self._reach = Reach()

    def read(self, sources: Sequence[Source], again: Callable[[str], bool]) -> Reading:
        self._watcher.stage("read", len(sources))
        places: list[list[Found]] = []
        web: list[tuple[int, Source]] = []
        boxes: list[tuple[int, Source]] = []
        weights: dict[int, float] = {}
        for source in listed(sources, allow_local=self._limits.allow_local):
            if isinstance(source, Failure):
                places.append([source])
                continue
            weights[len(places)] = source.weight
            places.append([])
            if is_web(source.location):
                web.append((len(places) - 1, source))
            elif is_imap(source.location):
                boxes.append((len(places) - 1, source))
            else:
                places[-1] = self._local(source)
                self._watcher.step(source.name or shown_place(source.location))
        count = self._count
        while True:
            self._fetch_sources(web, places)
            for place, source in boxes:
                places[place] = self._local(source)
                self._watcher.step(source.name or shown_place(source.location))
            if not self._reach.offline or not again(self._reach.cause):
                break
            self._watcher.stage("read", len(web) + len(boxes))
            self._count, self._reach = count, Reach()
        found = self._chosen([one for place in places for one in place])
        reading = self._fetch_pages(found)
        reading.sources = self._count
        reading.offline = self._reach.offline
        for place, weight in weights.items():
            reading.weights.update({name: weight for one in places[place] if (name := name_of(one))})
        return reading

    def _local(self, source: Source) -> list[Found]:
        """Articles, items or letters of standard input, a file, a folder or a mailbox."""
        from briefing.extract import article_from_text
        from briefing.sources import list_folder

        path = Path(source.location).expanduser()
        try:
            if is_imap(source.location):
                return self._mailbox(source)
            if source.location == "-":
                self._count += 1
                name = source.name or "standard input"
                if sys.stdin is None:
                    raise SourceError(name, "it is closed", "Pipe a text into it, or name a file")
                return [article_from_text(sys.stdin.buffer.read(), source=name, section=source.section)]
            if source.kind is SourceKind.FOLDER:
                files = list_folder(path)
                if not files:
                    self._count += 1
                    cause = "there is no article in the folder; known are .txt, .md, .html, .eml"
                    return [skipped(source.name or str(path), cause)]
                return [one for file in files for one in self._file(file, source, source.name or path.name)]
            if source.kind is SourceKind.FEED:
                return self._feed_file(path, source)
            if source.kind in {SourceKind.MBOX, SourceKind.MAILDIR}:
                self._count += 1
                return self._mail.local(path, source)
            return self._file(path, source, source.name or path.stem)
        except (BriefingError, OSError) as error:
            return [failure_of(error, source.name or shown_place(source.location), "read")]

    def _mailbox(self, source: Source) -> list[Found]:
        self._count += 1
        if self._limits.offline:
            raise FetchError(shown_place(source.location), "the run is offline", "Leave --offline away")
        try:
            found = self._mail.on_server(source)
        except FetchError as error:
            self._reach.note(error)
            raise
        self._reach.reached = True
        return found

    def _file(self, path: Path, source: Source, name: str) -> list[Found]:
        from briefing.extract import extract_file

        self._count += 1
        try:
            return list(extract_file(path, source=name, section=source.section))
        except (BriefingError, OSError) as error:
            return [failure_of(error, str(path), "extract")]

    def _feed_file(self, path: Path, source: Source) -> list[Found]:
        from briefing.sources import read_feed

        self._count += 1
        feed = read_feed(path.read_bytes(), folder=path.parent, now=self._now, subject=str(path))
        return self._items(feed, source, source.name or feed.title or path.stem)

    def _fetch_sources(self, pending: list[tuple[int, Source]], places: list[list[Found]]) -> None:
        """Fetch the sources on the web, each into its place; a home page gives way to the feed that it names."""
        from briefing.fetch import Request

        second: list[tuple[int, Source]] = []
        waiting: dict[Request, list[tuple[int, Source]]] = {}
        for place, source in pending:
            request = Request(source.location, allow_local=source.allow_local)
            waiting.setdefault(request, []).append((place, source))
        for request, answer in self._fetched(waiting):
            self._reach.note(answer)
            for place, source in waiting[request]:
                self._count += 1
                name = source.name or source.location
                if isinstance(answer, FetchError):
                    places[place] = [failure_of(answer, name, "fetch")]
                else:
                    try:
                        places[place] = self._web_source(answer, source, second, place)
                    except BriefingError as error:
                        places[place] = [failure_of(error, name, "read")]
                self._watcher.step(name)
        if second:
            self._fetch_sources(second, places)

    def _web_source(self, answer: Fetched, source: Source, second: list[tuple[int, Source]], place: int) -> list[Found]:
        from briefing.extract import extract_article
        from briefing.sources import classify_content, find_feeds, read_feed

        kind = classify_content(answer.body, answer.content_type)
        if kind is SourceKind.FEED:
            feed = read_feed(
                answer.body,
                url=answer.url,
                content_type=_with_charset(answer),
                now=self._now,
                subject=source.name or source.location,
            )
            return self._items(feed, source, source.name or feed.title or _host(answer.url))
        if kind is SourceKind.OPML:
            raise SourceError(
                source.location, "it is a list of feeds", "Save it and add its feeds with `briefing sources import`"
            )
        try:
            return [
                extract_article(
                    answer.body,
                    content_type=answer.content_type,
                    charset=answer.charset,
                    name=source.location,
                    url=answer.url,
                    source=source.name or _host(answer.url),
                    section=source.section,
                )
            ]
        except BriefingError:
            feeds = find_feeds(answer.body, answer.url)
            if not feeds or source.kind is SourceKind.FEED:
                raise
            # A feed on the source's own origin is what the reader meant; elsewhere no private address is allowed.
            local = source.allow_local and _origin(feeds[0]) == _origin(source.location)
            second.append((place, replace(source, location=feeds[0], kind=SourceKind.FEED, allow_local=local)))
            self._count -= 1
            return []

    def _items(self, feed: Feed, source: Source, name: str) -> list[Found]:
        """The feed's items that are young enough, the newest `max_per_source` of them, in the feed's order."""
        oldest = None if self._limits.since is None else self._now - self._limits.since
        kept, left_out = within_limits(
            feed.items, lambda item: item.published, name=name, oldest=oldest, most=self._limits.max_per_source
        )
        found: list[Found] = [Item(item, source, name) for item in kept]
        if not feed.items:
            found.append(skipped(name, "there is no article in the feed"))
        return found + left_out

    def _chosen(self, found: list[Found]) -> list[Found]:
        """Without what was found before, and without what is over the limit for the edition, oldest first."""
        unique: list[Found] = []
        seen: set[str] = set()
        for one in found:
            key = address_of(one)
            if key and key in seen:
                unique.append(skipped(title_of(one), "it was found before, in another source"))
            else:
                unique.append(one)
                seen.add(key)
        candidates = [one for one in unique if not isinstance(one, Failure)]
        kept = {id(one) for one in newest(candidates, self._limits.max_articles, date_of)}
        over = len(candidates) - len(kept)
        chosen = [one for one in unique if isinstance(one, Failure) or id(one) in kept]
        if over:
            chosen.append(skipped("limit", f"{over} articles are over the limit of {self._limits.max_articles}"))
        return chosen

    # --- pages of items, bodies of letters ---

    def _fetch_pages(self, found: list[Found]) -> Reading:
        """Every letter as an article, and every item: from its page, else from what the feed itself says."""
        from briefing.fetch import Request

        done = {place: self._mail.article(one) for place, one in enumerate(found) if isinstance(one, Letter)}
        waiting: dict[Request, list[tuple[int, Item]]] = {}
        items = [(place, one) for place, one in enumerate(found) if isinstance(one, Item)]
        if items:
            self._watcher.stage("fetch", len(items))
        for place, one in items:
            url = one.item.url
            if url is None or not self._limits.full_text or one.item.path:
                done[place] = self._from_item(one, None)
                self._watcher.step(one.item.title)
                continue
            local = one.source.allow_local and _origin(url) == _origin(one.source.location)
            waiting.setdefault(Request(url, allow_local=local), []).append((place, one))
        for request, answer in self._fetched(waiting):
            for place, one in waiting[request]:
                done[place] = self._from_item(one, answer)
                self._watcher.step(one.item.title)
        reading, known = Reading(mails=self._mail.marks), set[str]()
        for place, entry in enumerate(found):
            result = done.get(place, entry)
            if isinstance(result, Failure):
                reading.failures.append(result)
            elif isinstance(result, Article):
                # A site that gives one address to many pages is wrong about it: their titles tell.
                same = f"{canonical_url(result.canonical)} {result.title}" if result.canonical else result.id
                if known & {result.id, same}:
                    reading.failures.append(skipped(title_of(result), "it was found before, in another source"))
                else:
                    known |= {result.id, same}
                    reading.articles.append(result)
        return reading

    def _from_item(self, one: Item, answer: Fetched | FetchError | None) -> Article | Failure:
        from briefing.extract import article_from_feed_item, extract_article, extract_file

        wanted = {"source": one.name, "section": one.source.section}
        error: BriefingError | OSError | None = answer if isinstance(answer, FetchError) else None
        try:
            if one.item.path:
                return extract_file(Path(one.item.path), hint=one.item, **wanted)[0]
            if answer is not None and not isinstance(answer, FetchError):
                return extract_article(
                    answer.body,
                    content_type=answer.content_type,
                    charset=answer.charset,
                    name=one.item.title or answer.url,
                    # The feed's own address stays: it is what the reader subscribed to, and it is stable.
                    url=one.item.url,
                    hint=one.item,
                    **wanted,
                )
        except (BriefingError, OSError) as failed:
            error = failed
        try:
            return article_from_feed_item(one.item, error=error if isinstance(error, BriefingError) else None, **wanted)
        except BriefingError as failed:
            subject = f"{one.name}: {one.item.title or one.item.url or 'untitled'}"
            return failure_of(error or failed, subject, "fetch" if isinstance(error, FetchError) else "extract")

    def _fetched(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Fetched | FetchError]]:
        wanted = list(requests)
        if not wanted:
            return
        if self._limits.offline:
            for request in wanted:
                yield request, FetchError(request.url, "the run is offline", "Leave --offline away")
            return
        yield from self._open_fetcher().fetch_many(wanted)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or url).removeprefix("www.")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _with_charset(answer: Fetched) -> str:
    return f"{answer.content_type}; charset={answer.charset}" if answer.charset else answer.content_type
