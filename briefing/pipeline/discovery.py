"""What each source lists: articles, feed items and messages that may become articles, failures by name.

A source that fails stops no other. The order is that of the sources and, within a feed, of its items, whichever request
finished first. `gather` makes articles of the result.
"""

from __future__ import annotations

import logging
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from briefing.address import is_web, shown, web_address
from briefing.canonical import canonical_url, same_site
from briefing.config import source_key
from briefing.encodings import page_text
from briefing.errors import BriefingError, FetchError, FrontPageError, OutOfTimeError, SourceError
from briefing.nlp.text import article_id
from briefing.pipeline.candidates import (
    Candidate,
    Item,
    SourceContents,
    failure_of,
    identities,
    item_keys,
    origin_of,
    skipped,
)
from briefing.pipeline.network_wait import NetworkReach
from briefing.pipeline.newsletters import is_imap
from briefing.pipeline.progress import begun
from briefing.pipeline.read_session import ReadSession
from briefing.pipeline.source_names import name_for, site_of
from briefing.pipeline.source_options import listed_by, narrowed
from briefing.pipeline.window import Window
from briefing.sanitise import clipped, shown_name, shown_title
from briefing.types import Failure, Notice, Source, SourceKind

if TYPE_CHECKING:
    from briefing.fetch import Fetched, Request
    from briefing.sources import Feed

_log = logging.getLogger(__name__)

_FEEDS_TRIED = 3
"""Of those that a page names."""
_SERVERS_REVALIDATED = 3
"""One that answers is enough, and not every one need be alive."""
_NO_FEEDS = frozenset({SourceKind.PAGE, SourceKind.FILE})
_TITLE_BYTES = 100_000
_LONGEST_TITLE = 80
"""Characters of a page's title in an error."""

_Indexed = tuple[int, Source]
"""A source with its index among all."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """An address on the web that is to be read for a source."""

    index: int
    """Of the source among all."""
    source: Source
    """With this address as its location."""
    otherwise: tuple[Source, ...] = ()
    """Feeds to be tried where this one cannot be read."""
    named: bool = False
    """Whether a page named it as its feed; one that is a page again names no more."""
    moved: Notice | None = None
    """What the reader has to know where it can be read."""


@dataclass(slots=True, kw_only=True)
class Discovery:
    """The contents of all sources."""

    contents: list[SourceContents]
    """In the order of the sources."""
    positions: dict[str, int] = field(default_factory=dict)
    """The place of a feed's item in it, from 0, by its key and the ids of its article, in the window or not."""
    listed: set[str] = field(default_factory=set)
    """Ids of the articles that feeds list, taken or not."""
    count: int = 0
    """Feeds, pages, files and mailboxes that were read, those in an OPML file or a folder counted singly."""
    unread: int = 0
    """Those that could not be read, a list counted as one."""
    feeds: set[str] = field(default_factory=set)
    """Locations of sources of unknown kind that answered with a feed."""
    offline: bool = False
    """Whether there are sources on the web and none of their servers could be reached."""


def expanded(sources: Iterable[Source], *, allow_local: bool) -> Iterator[Source | Failure]:
    """The sources, each of its own kind, with local lists (OPML, addresses) replaced by what they list.

    A failure stands for a list that cannot be read. `allow_local`: every source may be at a private address.
    """
    from briefing.sources import classify_path, read_subscriptions

    for named in sources:
        # Decided here: what a page leads to later was not named in the configuration.
        source = replace(
            named,
            location=web_address(named.location) or named.location,
            allow_local=named.allow_local or allow_local,
        )
        if source.location == "-" or is_web(source.location) or is_imap(source.location):
            yield source
            continue
        path = Path(source.location).expanduser()
        try:
            if "://" in source.location and not path.exists():
                source_key(source.location)
            kind = classify_path(path) if source.kind is SourceKind.AUTO else source.kind
            if kind is not SourceKind.OPML:
                yield replace(source, kind=kind)
                continue
            subscriptions = read_subscriptions(path.read_bytes(), subject=str(path))
        except (BriefingError, OSError) as error:
            yield failure_of(
                error, source.name or (str(path) if "://" not in source.location else source.shown), "read"
            )
            continue
        for listed in subscriptions:
            local = listed.allow_local or allow_local
            yield replace(listed_by(source, listed), allow_local=local)


class SourceReader:
    """Reads the sources of one run, or of a check."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session
        self._found = Discovery(contents=[])
        self._reach = NetworkReach()
        self._fresh: list[Request] = []
        """Requests of this attempt that the cache answered, so that no server was asked."""

    def read(self, sources: Sequence[Source], retry: Callable[[str], Window | None] = lambda _: None) -> Discovery:
        """The contents of `sources`, as far as the session's window reaches.

        `retry` is called, with the cause, where no server on the web could be reached: all are tried again if it gives
        a window, which then replaces the session's.
        """
        session, found = self._session, self._found
        lists = 0
        """That could not be read."""
        for source in expanded(sources, allow_local=session.limits.allow_local):
            if isinstance(source, Failure):
                found.contents.append(SourceContents(candidates=[source]))
                lists += 1
            else:
                session.secrets.add(source.location)
                found.contents.append(SourceContents(source=source))
        named = [(index, contents.source) for index, contents in enumerate(found.contents) if contents.source]
        web = [(index, source) for index, source in named if is_web(source.location)]
        mailboxes = [(index, source) for index, source in named if is_imap(source.location)]
        session.progress.stage("read", len(named))
        remote = {index for index, _ in (*web, *mailboxes)}
        local = [(index, source) for index, source in named if index not in remote]
        found.unread = lists
        while True:
            session.time.begin(session.window.now)
            self._fetch_sources(web)
            self._read_local(mailboxes)
            if self._reach.offline:
                self._revalidate()
            window = retry(self._reach.cause) if self._reach.offline else None
            if window is None:
                break
            session.progress.stage("read", len(named))
            session.window = session.newsletters.window = window
            found.count, found.unread, self._reach, self._fresh = 0, lists, NetworkReach(), []
            if web:
                session.open_fetcher().forget_unreachable()
        # Last, because standard input can be read only once, and the window is known only now.
        self._read_local(local)
        for contents in found.contents:
            contents.candidates = narrowed(contents, session.window)
        found.offline = self._reach.offline
        _log.info(
            "Sources read: %s, candidates: %s",
            found.count,
            sum(len(contents.candidates) for contents in found.contents),
        )
        return found

    def _revalidate(self) -> None:
        """Ask servers whose answers are fresh in the cache: one unreachable server beside them does not mean that the
        run is offline."""
        from briefing.fetch.urls import server_of

        servers = {server_of(request.url): request for request in self._fresh}
        requests = [replace(request, anew=True) for request in list(servers.values())[:_SERVERS_REVALIDATED]]
        for _, answer in self._session.fetch(requests):
            self._reach.note(answer)

    # --- files, folders, mailboxes, standard input ---

    def _read_local(self, sources: Sequence[_Indexed]) -> None:
        for index, source in sources:
            begun(self._session.progress, source.shown)
            self._found.contents[index].candidates = self._local(source, index)
            self._session.progress.step(source.shown)

    def _local(self, source: Source, index: int) -> list[Candidate]:
        """The candidates in standard input, a file, a folder or a mailbox."""
        from briefing.extract import article_from_text
        from briefing.sources import list_folder

        path, before = Path(source.location).expanduser(), self._found.count
        try:
            # Standard input is there in this run only, and needs no server.
            if self._session.time.up and source.location != "-":
                raise OutOfTimeError(source.shown)
            if is_imap(source.location):
                return self._mailbox(source)
            if source.location == "-":
                self._found.count += 1
                name = source.name or "standard input"
                if sys.stdin is None:
                    raise SourceError(name, "it is closed", "Pipe a text into it, or name a file")
                return [article_from_text(sys.stdin.buffer.read(), source=name, section=source.section)]
            if source.kind is SourceKind.FOLDER:
                files = list_folder(path)
                if not files:
                    self._found.count += 1
                    cause = "there is no article in the folder; known are .txt, .md, .html, .eml"
                    return [skipped(source.name or str(path), cause)]
                return [
                    article
                    for file in files
                    for article in self._file(file, source, source.name or shown_name(_name_of(path)))
                ]
            if source.kind is SourceKind.FEED:
                return self._feed_file(path, source, index)
            if source.kind in {SourceKind.MBOX, SourceKind.MAILDIR}:
                self._found.count += 1
                return self._session.newsletters.local(path, source)
            return self._file(path, source, source.name or shown_name(path.stem))
        except (BriefingError, OSError) as error:
            self._found.count = before
            self._found.unread += 1
            return [failure_of(error, source.shown, "read")]

    def _mailbox(self, source: Source) -> list[Candidate]:
        self._found.count += 1
        if self._session.limits.offline:
            raise FetchError(source.shown, "the run is offline", "Leave --offline away")
        try:
            candidates = self._session.newsletters.on_server(source, self._session.time.left)
        except FetchError as error:
            self._reach.note(error)
            raise
        self._reach.reached = True
        return candidates

    def _file(self, path: Path, source: Source, name: str) -> list[Candidate]:
        from briefing.extract import extract_file

        try:
            if self._session.time.up:
                raise OutOfTimeError(str(path))
            article = extract_file(path, source=name, section=source.section)
            self._found.count += 1
            return [article]
        except (BriefingError, OSError) as error:
            self._found.unread += 1
            return [failure_of(error, str(path), "extract")]

    def _feed_file(self, path: Path, source: Source, index: int) -> list[Candidate]:
        from briefing.sources import read_feed

        self._found.count += 1
        feed = read_feed(path.read_bytes(), folder=path.parent, now=self._session.window.now, subject=str(path))
        return self._items(feed, source, name_for(source, feed.title, path.stem), index)

    # --- the web ---

    def _fetch_sources(self, sources: Sequence[_Indexed]) -> None:
        """Fetch the sources on the web; a home page is replaced by the first of its feeds that can be read."""
        from briefing.fetch import Request, Wanted

        pending = [_Attempt(index, source) for index, source in sources]
        while pending:
            waiting: defaultdict[Request, list[_Attempt]] = defaultdict(list)
            for attempt in pending:
                source = attempt.source
                # A page that was asked for as a feed and named one, perhaps itself, is not asked for as a page again.
                wanted = Wanted.FEED if attempt.named else Wanted.FEED_OR_PAGE
                article = source.kind is SourceKind.AUTO and self._session.articles
                try:
                    headers = self._session.sent_with(source, source.location)
                except BriefingError as error:
                    self._found.contents[attempt.index].candidates = [failure_of(error, source.shown, "read")]
                    self._found.unread += 1
                    self._session.progress.step(source.shown)
                    continue
                begun(self._session.progress, source.shown)
                request = Request(
                    source.location,
                    allow_local=source.allow_local,
                    private=bool(source.address.secrets),
                    headers=headers,
                    wanted=Wanted.PAGE if source.kind is SourceKind.PAGE or article else wanted,
                )
                waiting[request].append(attempt)
            pending = []
            for request, answer in self._session.fetch(waiting):
                self._reach.note(answer)
                if not (isinstance(answer, FetchError) or answer.asked):
                    self._fresh.append(request)
                for attempt in waiting[request]:
                    index, source, unread = attempt.index, attempt.source, 0
                    try:
                        candidates, following = self._web_source(answer, attempt)
                    except BriefingError as error:
                        stage = "fetch" if isinstance(error, FetchError) else "read"
                        candidates, unread = [failure_of(error, source.shown, stage)], 1
                        feeds = () if isinstance(error, OutOfTimeError) else attempt.otherwise
                        following = replace(attempt, source=feeds[0], otherwise=feeds[1:]) if feeds else None
                    if following:
                        pending.append(following)
                    else:
                        self._found.count += 1 - unread
                        self._found.unread += unread
                        self._found.contents[index].candidates = candidates
                    self._session.progress.step(source.shown, amount=0 if following else 1)

    def _web_source(self, answer: Fetched | FetchError, attempt: _Attempt) -> tuple[list[Candidate], _Attempt | None]:
        """The candidates in an answer; or the feed that a page names in its place. Raises `BriefingError`."""
        from briefing.extract import extract_article
        from briefing.extract.front_pages import is_root
        from briefing.sources import classify_content, find_feeds, is_named_like_comments, is_named_like_feed

        if isinstance(answer, FetchError):
            raise answer
        source, index = attempt.source, attempt.index
        self._session.secrets.add(answer.url)
        kind = classify_content(answer.body, answer.content_type)
        if kind is SourceKind.FEED:
            return self._feed(answer, attempt), None
        # A page in place of a feed is no article: the site's home page, a notice of its host, a domain for sale.
        expected = source.kind is SourceKind.AUTO and is_named_like_feed(source.location)
        if (
            source.kind is SourceKind.FEED
            or (expected and kind is SourceKind.FILE)
            or (source.kind is SourceKind.AUTO and kind in _NO_FEEDS and self._session.was_feed(source.location))
        ):
            try:
                return self._feed(answer, attempt), None
            except SourceError:
                if kind is not SourceKind.PAGE:
                    raise
                return [], self._feed_of_page(answer, attempt)
        if kind is SourceKind.OPML:
            raise SourceError(
                source.shown, "it is a list of feeds", "Save it and add its feeds with `briefing sources import`"
            )
        if self._session.time.up:
            raise OutOfTimeError(source.shown)  # parsing a feed is cheap, extracting an article is not
        # The root of a site stands for its articles, whatever its home page looks like; so does an address of a feed.
        at_root = source.kind is SourceKind.AUTO and is_root(source.location)
        feeds = (
            find_feeds(answer.body, answer.url, answer.charset)
            if (at_root or expected) and kind is SourceKind.PAGE
            else []
        )
        if expected and kind is SourceKind.PAGE and not feeds:
            raise _page_error(source.shown, answer)
        try:
            if not feeds:
                article = extract_article(
                    answer.body,
                    content_type=answer.content_type,
                    charset=answer.charset,
                    name=source.shown,
                    url=answer.url,
                    source=name_for(source, site_of(answer.url)),
                    section=source.section,
                )
                return [article], None
        except BriefingError as error:
            # Of a single page only the feed in its head counts: one that it links to may be that of the whole site.
            feeds = find_feeds(answer.body, answer.url, answer.charset, linked=isinstance(error, FrontPageError))
            if not feeds:
                raise
        named = [feeds[0], *(feed for feed in feeds[1:] if not is_named_like_comments(feed))][:_FEEDS_TRIED]
        first, *rest = (self._named(source, feed) for feed in named)
        return [], _Attempt(index, first, tuple(rest), named=True)

    def _named(self, source: Source, feed: str) -> Source:
        """A feed that a page in place of `source` names.

        On the source's own origin it is what the reader meant; elsewhere no private address is allowed, and nothing is
        sent with the request.
        """
        self._session.secrets.add(feed)
        own = origin_of(feed) == origin_of(source.location)
        named = replace(source, location=feed, kind=SourceKind.FEED, allow_local=source.allow_local and own)
        return named if own else replace(named, headers=(), cookies=())

    def _feed_of_page(self, answer: Fetched, attempt: _Attempt) -> _Attempt:
        """The feed to be read in place of a page at the address of a feed: the only one of the same site that it names.

        Raises `SourceError` where there is none.
        """
        from briefing.sources import find_own_feeds

        source = attempt.source
        feeds = [] if attempt.named else find_own_feeds(answer.body, answer.url, answer.charset)
        own = [feed for feed in feeds if same_site(feed, source.location)]
        if len({canonical_url(feed) for feed in own}) != 1:
            raise _page_error(source.shown, answer, feeds)
        named = self._named(source, own[0])
        if canonical_url(named.location) in {canonical_url(source.location), canonical_url(answer.url)}:
            return _Attempt(attempt.index, named, named=True)  # asked again, for nothing but a feed
        moved = Notice(
            source.shown,
            f"it is a web page, not a feed; the feed that it names was read, now at {named.address}",
            "Put this address into the configuration",
        )
        return _Attempt(attempt.index, named, named=True, moved=moved)

    def _feed(self, answer: Fetched, attempt: _Attempt) -> list[Candidate]:
        """The items of a feed. Raises `SourceError`."""
        from briefing.sources import read_feed

        source, index = attempt.source, attempt.index
        feed = read_feed(
            answer.body,
            url=answer.url,
            content_type=_with_charset(answer),
            now=self._session.window.now,
            subject=source.shown,
        )
        if source.kind is SourceKind.AUTO:
            self._found.feeds.add(source.location)
        self._found.contents[index].moved = attempt.moved
        self._found.contents[index].feed = source.location if attempt.named else ""
        return self._items(feed, source, name_for(source, feed.title, site_of(answer.url)), index)

    def _items(self, feed: Feed, source: Source, name: str, index: int) -> list[Candidate]:
        """The feed's items that the window takes, in the feed's order."""
        self._found.contents[index].title = name
        self._found.contents[index].warnings = feed.warnings
        items = [
            Item(entry, source, name, key, identity)
            for entry, key, identity in zip(feed.items, item_keys(feed.items), identities(feed.items), strict=True)
        ]
        # By their own ids and by that of the page, which replaces teasers that share its address.
        self._found.listed |= {item.id for item in items if item.entry.url}
        self._found.listed |= {article_id(item.entry.url, "") for item in items if item.entry.url}
        for place, item in enumerate(items):
            of_its_page = [item.id, article_id(item.entry.url, "")] if item.entry.url else []
            for known in (item.key, *of_its_page):
                self._found.positions.setdefault(known, place)
        kept, left_out = self._session.window.taken(items, lambda item: item.key, lambda item: item.published, name)
        candidates: list[Candidate] = [item for item, _, _ in kept]
        if not feed.items:
            candidates.append(skipped(name, "there is no article in the feed"))
        return candidates + left_out


def _name_of(folder: Path) -> str:
    """Its name, also where it is written as ``.``."""
    return folder.name if folder.name.strip(".") else folder.resolve().name


def _with_charset(answer: Fetched) -> str:
    return f"{answer.content_type}; charset={answer.charset}" if answer.charset else answer.content_type


def _page_error(subject: str, page: Fetched, feeds: Sequence[str] = ()) -> SourceError:
    """The error for a page at the address of a feed: with its title, which often says why, and the `feeds` it names."""
    from briefing.extract.fallback import title_of

    title = clipped(shown_title(title_of(page_text(page.body[:_TITLE_BYTES], page.charset).text)), _LONGEST_TITLE)
    remedy = "Open it in a browser, and give the address of the site's feed, if it has one"
    if feeds:
        more = "" if len(feeds) == 1 else f", the first of {len(feeds)}"
        remedy = f"It names the feed {shown(feeds[0])}{more}; if that is the one, put it into the configuration"
    return SourceError(subject, "it is a web page, not a feed" + (f" (“{title}”)" if title else ""), remedy)
