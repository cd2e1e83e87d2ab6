"""From the sources a reader chose to articles: read, fetch, extract, and what went wrong by name.

Every source ends as articles or as failures; none stops the others. Here the sources themselves are read; what becomes
of their items is the business of `gather`. The order of the result is the order of the sources and, within a feed, of
its items, whatever finished first.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from briefing.address import Secrets
from briefing.errors import BriefingError, FetchError, FrontPageError, OutOfTimeError, SourceError
from briefing.nlp.text import article_id
from briefing.pipeline.candidates import Candidate, Item, MailItem, failure_of, item_keys, name_of, skipped, told_apart
from briefing.pipeline.deadline import ReadDeadline, unlimited
from briefing.pipeline.gather import Gatherer, Limits, ReadResult, origin_of
from briefing.pipeline.network_wait import NetworkReach
from briefing.pipeline.newsletters import Newsletters, is_imap
from briefing.pipeline.progress import ProgressListener
from briefing.pipeline.secrets import Commands
from briefing.pipeline.source_lists import is_web, listed
from briefing.pipeline.source_names import name_for, site_of, tell_apart
from briefing.pipeline.window import Window
from briefing.sanitise import shown_name
from briefing.types import Failure, Source, SourceKind

if TYPE_CHECKING:
    from briefing.fetch import Fetched, Fetcher, Request
    from briefing.sources import Feed
    from briefing.store import Store

__all__ = ["Limits", "ReadResult", "check_source", "read_sources"]

_OPENED = 10
"""Letters of a mail server, where a source is only checked: they come one by one."""

_FEEDS_TRIED = 3
"""Of those that a page names."""
_ASKED_ANEW = 3
"""Servers: one that answers is enough, and not every one need be alive."""


def read_sources(
    sources: Sequence[Source],
    *,
    limits: Limits,
    window: Window,
    open_fetcher: Callable[[], Fetcher],
    progress: ProgressListener,
    store: Store | None = None,
    again: Callable[[str], Window | None] = lambda _: None,
    commands: Commands | None = None,
    time: ReadDeadline | None = None,
) -> ReadResult:
    """Read every source, as far as `window` reaches; `open_fetcher` is called only if something has to be fetched.

    `store` is asked for what mail servers gave in earlier runs, and what feeds were called then; nothing is written
    into it. `again` is called, with the cause, where no server on the web could be spoken to: they are all tried again
    if it gives a window, which is then that of everything. `commands` gives passwords. What is not read before `time`
    is up is a failure, and left to the next run.

    Raises nothing for what a source holds or does not; every failure is a value with the source's name.
    """
    mail = Newsletters(window=window, store=store, commands=commands)
    with closing(mail):
        reader = _Reader(limits, window, open_fetcher, progress, mail, time or unlimited())
        return reader.read(sources, again, store.feed_titles if store else lambda _: {})


def check_source(
    source: Source,
    *,
    limits: Limits,
    window: Window,
    open_fetcher: Callable[[], Fetcher],
    progress: ProgressListener,
    commands: Commands | None = None,
) -> tuple[int, list[Failure]]:
    """How many articles a run finds in `source`, and what goes wrong on the way to them.

    As `read_sources`, but a page that would be fetched for an item counts as an article unread, and so does a letter on
    a mail server beyond the first few, which show whether they can be had.
    """
    mail = Newsletters(window=window, store=None, commands=commands)
    with closing(mail):
        return _Reader(limits, window, open_fetcher, progress, mail, unlimited()).check(source)


class _Reader:
    def __init__(
        self,
        limits: Limits,
        window: Window,
        open_fetcher: Callable[[], Fetcher],
        progress: ProgressListener,
        mail: Newsletters,
        time: ReadDeadline,
    ) -> None:
        self._mail = mail
        self._time = time
        self._limits = limits
        self._window = window
        self._listed: set[str] = set()
        self._open_fetcher = open_fetcher
        self._progress = progress
        self._count = 0
        self._secrets = Secrets()
        self._titles: dict[int, str] = {}  # by place, of the feeds that were read
        self._reach = NetworkReach()
        self._others: dict[int, list[Source]] = {}
        """By place the feeds that a page names besides, for where the first cannot be read."""
        self._fresh: list[Request] = []
        """Of this try: what the cache answered, so that no server was asked."""

    def read(
        self,
        sources: Sequence[Source],
        again: Callable[[str], Window | None],
        remembered: Callable[[Iterable[str]], Mapping[str, str]],
    ) -> ReadResult:
        """`remembered`: what the feeds at these addresses were called when they were last read."""
        places, weights, known = self._find(sources, again)
        tell_apart(places, known, self._titles, remembered(one.location for one in known.values()))
        reading = self._gatherer().reading(places, self._listed)
        reading.sources = self._count
        unnamed = {known[place].location: title for place, title in self._titles.items() if not known[place].name}
        reading.titles = {location: self._secrets.text(title) for location, title in unnamed.items()}
        reading.offline = self._reach.offline
        for place, weight in weights.items():
            names = {self._secrets.text(name) for one in places[place] if (name := name_of(one))}
            reading.weights.update(dict.fromkeys(names, weight))
        return reading

    def check(self, source: Source) -> tuple[int, list[Failure]]:
        places, *_ = self._find([source], lambda _: None)
        gatherer = self._gatherer()
        opened: list[Candidate] = []
        unread = letters = 0
        for one in gatherer.distinct(places):
            letters += isinstance(one, MailItem) and bool(one.mailbox)
            if gatherer.needs_page(one) or (isinstance(one, MailItem) and one.mailbox and letters > _OPENED):
                unread += 1
            else:
                opened.append(one)
        reading = gatherer.reading([opened])
        return len(reading.articles) + unread, reading.failures

    def _gatherer(self) -> Gatherer:
        return Gatherer(
            self._limits, self._window, self._mail, self._progress, self._fetched, self._time, self._secrets
        )

    def _find(
        self, sources: Sequence[Source], again: Callable[[str], Window | None]
    ) -> tuple[list[list[Candidate]], dict[int, float], dict[int, Source]]:
        """What each source holds, in its place, and by its place how much its voice counts and the source itself."""
        self._progress.stage("read", len(sources))
        places: list[list[Candidate]] = []
        web: list[tuple[int, Source]] = []
        boxes: list[tuple[int, Source]] = []
        here: list[tuple[int, Source]] = []
        weights: dict[int, float] = {}
        known: dict[int, Source] = {}
        for source in listed(sources, allow_local=self._limits.allow_local):
            if isinstance(source, Failure):
                places.append([source])
                continue
            weights[len(places)], known[len(places)] = source.weight, source
            self._secrets.add(source.location)
            places.append([])
            if is_web(source.location):
                web.append((len(places) - 1, source))
            elif is_imap(source.location):
                boxes.append((len(places) - 1, source))
            else:
                here.append((len(places) - 1, source))
        while True:
            self._time.begin(self._window.now)
            self._fetch_sources(web, places)
            self._read_local(boxes, places)
            if self._reach.offline:
                self._ask_anew()
            window = again(self._reach.cause) if self._reach.offline else None
            if window is None:
                break
            self._progress.stage("read", len(web) + len(boxes) + len(here))
            self._window = self._mail.window = window
            self._count, self._reach, self._fresh = 0, NetworkReach(), []
            if web:
                self._open_fetcher().forget_dead()
        # Last, because standard input can be read only once, and the window is known only now.
        self._read_local(here, places)
        return places, weights, known

    def _ask_anew(self) -> None:
        """Have servers whose answers are fresh in the cache show whether a network is there: one dead server beside
        them is no night offline."""
        from briefing.fetch.urls import server_of

        servers = {server_of(one.url): one for one in self._fresh}
        for _, answer in self._fetched([replace(one, anew=True) for one in list(servers.values())[:_ASKED_ANEW]]):
            self._reach.note(answer)

    def _read_local(self, sources: Sequence[tuple[int, Source]], places: list[list[Candidate]]) -> None:
        for place, source in sources:
            places[place] = self._local(source, place)
            self._progress.step(source.shown)

    def _local(self, source: Source, place: int) -> list[Candidate]:
        """Articles, items or letters of standard input, a file, a folder or a mailbox."""
        from briefing.extract import article_from_text
        from briefing.sources import list_folder

        path = Path(source.location).expanduser()
        shown = source.shown
        try:
            # Standard input is there in this run only, and waits for no server.
            if self._time.up and source.location != "-":
                raise OutOfTimeError(shown)
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
                return [one for file in files for one in self._file(file, source, source.name or shown_name(path.name))]
            if source.kind is SourceKind.FEED:
                return self._feed_file(path, source, place)
            if source.kind in {SourceKind.MBOX, SourceKind.MAILDIR}:
                self._count += 1
                return self._mail.local(path, source)
            return self._file(path, source, source.name or shown_name(path.stem))
        except (BriefingError, OSError) as error:
            return [failure_of(error, shown, "read")]

    def _mailbox(self, source: Source) -> list[Candidate]:
        self._count += 1
        if self._limits.offline:
            raise FetchError(source.shown, "the run is offline", "Leave --offline away")
        try:
            found = self._mail.on_server(source, self._time.left)
        except FetchError as error:
            self._reach.note(error)
            raise
        self._reach.reached = True
        return found

    def _file(self, path: Path, source: Source, name: str) -> list[Candidate]:
        from briefing.extract import extract_file

        self._count += 1
        try:
            if self._time.up:
                raise OutOfTimeError(str(path))
            return list(extract_file(path, source=name, section=source.section))
        except (BriefingError, OSError) as error:
            return [failure_of(error, str(path), "extract")]

    def _feed_file(self, path: Path, source: Source, place: int) -> list[Candidate]:
        from briefing.sources import read_feed

        self._count += 1
        feed = read_feed(path.read_bytes(), folder=path.parent, now=self._window.now, subject=str(path))
        return self._items(feed, source, name_for(source, feed.title, path.stem), place)

    def _fetch_sources(self, pending: list[tuple[int, Source]], places: list[list[Candidate]]) -> None:
        """Fetch the sources on the web, each into its place; a home page gives way to the feed that it names."""
        from briefing.fetch import Request

        second: list[tuple[int, Source]] = []
        waiting: dict[Request, list[tuple[int, Source]]] = {}
        for place, source in pending:
            private = bool(source.address.secrets)
            request = Request(source.location, allow_local=source.allow_local, private=private)
            waiting.setdefault(request, []).append((place, source))
        for request, answer in self._fetched(waiting):
            self._reach.note(answer)
            if not (isinstance(answer, FetchError) or answer.asked):
                self._fresh.append(request)
            for place, source in waiting[request]:
                self._count += 1
                failed: BriefingError | None = answer if isinstance(answer, FetchError) else None
                if not isinstance(answer, FetchError):
                    try:
                        places[place] = self._web_source(answer, source, second, place)
                    except BriefingError as error:
                        failed = error
                others = self._others.get(place, [])
                if failed and others and not isinstance(failed, OutOfTimeError):
                    second.append((place, others.pop(0)))
                    self._count -= 1
                elif failed:
                    stage = "fetch" if isinstance(failed, FetchError) else "read"
                    places[place] = [failure_of(failed, source.shown, stage)]
                self._progress.step(source.shown)
        if second:
            self._fetch_sources(second, places)

    def _web_source(
        self, answer: Fetched, source: Source, second: list[tuple[int, Source]], place: int
    ) -> list[Candidate]:
        from briefing.extract import extract_article
        from briefing.extract.front_pages import is_root
        from briefing.sources import classify_content, find_feeds, read_feed

        self._secrets.add(answer.url)
        kind = classify_content(answer.body, answer.content_type)
        # What a page names as its feed, or a list of feeds has, is none where a page comes: a home page is not told.
        if kind is SourceKind.FEED or source.kind is SourceKind.FEED:
            feed = read_feed(
                answer.body,
                url=answer.url,
                content_type=_with_charset(answer),
                now=self._window.now,
                subject=source.shown,
            )
            return self._items(feed, source, name_for(source, feed.title, site_of(answer.url)), place)
        if kind is SourceKind.OPML:
            raise SourceError(
                source.shown, "it is a list of feeds", "Save it and add its feeds with `briefing sources import`"
            )
        if self._time.up:
            raise OutOfTimeError(source.shown)  # a feed that is there costs little, the article in a page some time
        # Who names a site wants its articles, however its home page is made.
        at_root = source.kind is SourceKind.AUTO and is_root(source.location)
        feeds = find_feeds(answer.body, answer.url) if at_root and kind is SourceKind.PAGE else []
        try:
            if not feeds:
                return [
                    extract_article(
                        answer.body,
                        content_type=answer.content_type,
                        charset=answer.charset,
                        name=source.shown,
                        url=answer.url,
                        source=name_for(source, site_of(answer.url)),
                        section=source.section,
                    )
                ]
        except BriefingError as error:
            # Of a single page only the feed in its head is its own: what it links to may be that of the whole site.
            feeds = find_feeds(answer.body, answer.url, linked=isinstance(error, FrontPageError))
            if not feeds:
                raise
        named = [feeds[0], *(feed for feed in feeds[1:] if "comment" not in feed.lower())][:_FEEDS_TRIED]
        # A feed on the source's own origin is what the reader meant; elsewhere no private address is allowed.
        here = [source.allow_local and origin_of(feed) == origin_of(source.location) for feed in named]
        self._secrets.add(*named)
        first, *self._others[place] = [
            replace(source, location=feed, kind=SourceKind.FEED, allow_local=local)
            for feed, local in zip(named, here, strict=True)
        ]
        second.append((place, first))
        self._count -= 1
        return []

    def _items(self, feed: Feed, source: Source, name: str, place: int) -> list[Candidate]:
        """The feed's items that the window takes, in the feed's order."""
        self._titles[place] = name
        entries = [
            Item(item, source, name, key, own)
            for item, key, own in zip(feed.items, item_keys(feed.items), told_apart(feed.items), strict=True)
        ]
        # By their own ids and by that of the page, which a teaser among those that share it gives way to.
        self._listed |= {one.id for one in entries if one.item.url}
        self._listed |= {article_id(one.item.url, "") for one in entries if one.item.url}
        kept, left_out = self._window.taken(entries, lambda one: one.key, lambda one: one.item.published, name)
        found: list[Candidate] = [one for one, _, _ in kept]
        if not feed.items:
            found.append(skipped(name, "there is no article in the feed"))
        return found + left_out

    def _fetched(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Fetched | FetchError]]:
        from briefing.fetch import shown

        wanted = list(requests)
        if not wanted:
            return
        if self._limits.offline:
            for request in wanted:
                yield request, FetchError(shown(request.url), "the run is offline", "Leave --offline away")
            return
        if self._time.up:
            yield from ((request, OutOfTimeError(shown(request.url))) for request in wanted)
            return
        yield from self._open_fetcher().fetch_many(wanted, within=self._time.left)


def _with_charset(answer: Fetched) -> str:
    return f"{answer.content_type}; charset={answer.charset}" if answer.charset else answer.content_type
