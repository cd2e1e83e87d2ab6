"""From what the sources hold to articles: each once, the newest first, as many as the limits allow.

What takes no place in an edition counts against no limit: what earlier editions told, what is muted, what cannot be
read. That shows only once a page is there, so pages are fetched in rounds, and each round fills the places that the
last one left empty.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from briefing.address import Secrets, shown
from briefing.canonical import canonical_url
from briefing.errors import BriefingError, FetchError, OutOfTimeError, WallError
from briefing.nlp.text import article_id
from briefing.pipeline.candidates import (
    Candidate,
    Item,
    MailItem,
    MailMark,
    address_of,
    agree,
    date_of,
    failure_of,
    name_of,
    own_of,
    same_guid,
    skipped,
    stub_of,
    title_of,
)
from briefing.pipeline.deadline import ReadDeadline
from briefing.pipeline.limits import Limits, Quota
from briefing.pipeline.newsletters import Newsletters
from briefing.pipeline.progress import ProgressListener
from briefing.pipeline.redaction import without_secrets
from briefing.pipeline.window import Window
from briefing.types import Article, Failure

if TYPE_CHECKING:
    from briefing.fetch import Fetched, Request

__all__ = ["Gatherer", "Limits", "ReadResult", "origin_of"]


@dataclass(slots=True)
class ReadResult:
    """What came of reading: in `articles` no two of one id."""

    now: datetime
    """When it began, UTC; where the network was waited for, when the last try did."""
    articles: list[Article] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    sources: int = 0
    """Feeds, pages, files, mailboxes that were read, those behind an OPML file or a folder counted singly."""
    weights: dict[str, float] = field(default_factory=dict)
    """How much each source's voice counts, by the name its articles have."""
    mails: list[MailMark] = field(default_factory=list)
    """What the store is to remember of mail servers once it has the articles, and not before."""
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By an article's id the keys of the items that it came from (`store.seen_items`)."""
    settled: set[str] = field(default_factory=set)
    """Keys of items that gave no article and never will."""
    stubs: set[str] = field(default_factory=set)
    """Keys of items of which there is only the headline."""
    seen_before: int = 0
    """Items left out because an earlier edition has seen them."""
    offline: bool = False
    """Whether there are sources on the web and not one of their servers could be spoken to."""
    listed: set[str] = field(default_factory=set)
    """Ids of all articles that the sources list, read or not."""
    titles: dict[str, str] = field(default_factory=dict)
    """What the feeds that were read call themselves, by the sources' addresses."""


class Gatherer:
    """Makes articles of what one run has found."""

    def __init__(
        self,
        limits: Limits,
        window: Window,
        mail: Newsletters,
        progress: ProgressListener,
        fetched: Callable[[Iterable[Request]], Iterator[tuple[Request, Fetched | FetchError]]],
        time: ReadDeadline,
        secrets: Secrets,
    ) -> None:
        self._limits = limits
        self._window = window
        self._mail = mail
        self._progress = progress
        self._fetched = fetched
        self._time = time
        self._secrets = secrets
        """Of the addresses of all sources, which stay out of what is made of them."""
        self._done: dict[int, Article | Failure] = {}
        self._passing: set[int] = set()
        """Places of what could not be fetched and may be there tomorrow."""
        self._same: dict[int, int] = {}
        """Places of what turned out to be the article of an earlier place, and that place."""
        self._at: defaultdict[str, list[int]] = defaultdict(list)
        """Places of the articles at each address, and at each that a page gives as its own with its title."""
        self._late: set[int] = set()
        """Places of what there was no time for: whatever is told of it now, a later edition looks at it again."""
        self._room = Quota(limits)
        self._ids: dict[str, int] = {}
        """Places of the articles, by id."""
        self._sources: Sequence[int] = ()
        """The number of the source of each place."""

    def reading(self, places: Sequence[Sequence[Candidate]], listed: Iterable[str] = ()) -> ReadResult:
        """The articles in what each source holds: every letter, and every item from its page or from its feed.

        `listed`: ids of what the sources list besides.
        """
        found = self._in_places(places)
        keys = self._unique(found)
        over = self._in_rounds(found, keys)
        reading = ReadResult(now=self._window.now, mails=self._mail.marks, seen_before=self._window.before)
        reading.listed = set(listed)
        reading.listed |= {one.id for one in found if isinstance(one, Article)}
        repeated: defaultdict[int, list[str]] = defaultdict(list)
        for other, first in self._same.items():
            repeated[first] += () if other in self._late else keys[other]
        for place, entry in enumerate(found):
            if place in over:
                continue
            result = without_secrets(entry if isinstance(entry, Failure) else self._done[place], self._secrets)
            if isinstance(result, Article):
                reading.articles.append(result)
                reading.keys[result.id] = () if place in self._late else (*keys[place], *repeated[place])
            else:
                reading.failures.append(result)
                if place not in self._passing and place not in self._same:
                    (reading.stubs if result.stub else reading.settled).update(keys.get(place, ()))
        reading.failures += [without_secrets(one, self._secrets) for one in self._left_out(over, found)]
        return reading

    def distinct(self, places: Sequence[Sequence[Candidate]]) -> list[Candidate]:
        """What each source holds, in order, a failure in place of what repeats another."""
        found = self._in_places(places)
        self._unique(found)
        return found

    def _in_places(self, places: Sequence[Sequence[Candidate]]) -> list[Candidate]:
        """What the sources hold in one row; notes whose each place is."""
        self._sources = [number for number, place in enumerate(places) for _ in place]
        return [one for place in places for one in place]

    def _unique(self, found: list[Candidate]) -> dict[int, tuple[str, ...]]:
        """Put failures in place of what was found before; the keys of each place, with those of its repetitions."""
        before: defaultdict[str, list[int]] = defaultdict(list)
        keys: dict[int, tuple[str, ...]] = {}
        for place, one in enumerate(found):
            if isinstance(one, Failure):
                continue
            own = tuple(self._mail.keys.get(one.id, (one.id,))) if isinstance(one, Article) else (one.key,)
            address = address_of(one)
            at = before[address] if address else []
            here = [other for other in at if self._sources[other] == self._sources[place]]
            first = next((other for other in here if own_of(found[other]) == own_of(one)), None)
            for same in (same_guid, agree):
                if first is None:
                    first = next((other for other in at if other not in here and same(found[other], one)), None)
            if first is not None:
                keys[first] += own
                found[place] = _repeated(one, elsewhere=first not in here)
                continue
            keys[place] = own
            at.append(place)
        return keys

    def _in_rounds(self, found: Sequence[Candidate], keys: Mapping[int, tuple[str, ...]]) -> set[int]:
        """Read the newest until the limits are reached; the places that are over them."""
        candidates = [place for place, one in enumerate(found) if not isinstance(one, Failure)]
        moments = self._window.moments([(keys[place][0], date_of(found[place])) for place in candidates])
        order = dict(zip(candidates, moments, strict=True))
        waiting = sorted(candidates, key=lambda place: order[place], reverse=True)
        while waiting:
            planned = self._room.used.copy()
            batch: list[int] = []
            rest: list[int] = []
            for place in waiting:
                source = self._sources[place]
                room = self._room.has(source, planned)
                (batch if room else rest).append(place)
                planned[source] += room
            if not batch or (self._done and self._time.up):
                waiting = batch + rest
                break
            self._make(sorted(batch), found)
            if rest:
                for place in batch:
                    self._room.note(self._sources[place], self._done[place], passing=place in self._passing)
            waiting = rest
        return set(waiting)

    def _left_out(self, over: set[int], found: Sequence[Candidate]) -> list[Failure]:
        names = {self._sources[place]: name_of(found[place]) for place in sorted(over, reverse=True)}
        return self._room.left_out(Counter(self._sources[place] for place in over), names)

    # --- pages of items, bodies of letters ---

    def _make(self, batch: Sequence[int], found: Sequence[Candidate]) -> None:
        """Settle what each place of `batch` gives: an article or a failure."""
        from briefing.fetch import Request

        made: dict[int, Article | Failure] = {}
        alone: set[int] = set()
        """Places of what is not its page, so that only one of the same id is the same (`_unique` has compared them)."""
        waiting: defaultdict[Request, list[tuple[int, Item]]] = defaultdict(list)
        items = [(place, one) for place in batch if isinstance(one := found[place], Item)]
        if items:
            self._progress.stage("fetch", len(items))
        for place, one in items:
            url = one.item.url
            told = self._of_its_own(one) if one.own else None
            if told or url is None or not self.needs_page(one):
                late = self._no_time(place, one.item.title) if one.item.path else None
                made[place] = told or self._from_item(one, late)
                alone.update({place} if told else ())
                self._progress.step(one.item.title)
                continue
            local = one.source.allow_local and origin_of(url) == origin_of(one.source.location)
            waiting[Request(url, allow_local=local, private=bool(one.source.address.secrets))].append((place, one))
        for request, answer in self._fetched(waiting):
            for place, one in waiting[request]:
                # Also of pages that came in time: to find the articles in a hundred of them takes its time, too.
                got = answer if isinstance(answer, FetchError) else self._no_time(place, one.item.title) or answer
                made[place] = self._from_item(one, got)
                self._progress.step(one.item.title)
                if isinstance(got, FetchError) and not got.lasting:
                    self._passing.add(place)
                if isinstance(got, OutOfTimeError):
                    self._late.add(place)
        for place in batch:
            entry = found[place]
            if isinstance(entry, MailItem):
                late = self._no_time(place, entry.subject)
                made[place] = failure_of(late, entry.subject, "fetch") if late else self._mail.article(entry)
                if entry.key in self._mail.passing:
                    self._passing.add(place)
            elif isinstance(entry, Article):
                made[place] = entry
            self._done[place] = self._once(place, made[place], alone=place in alone)

    def _no_time(self, place: int, subject: str) -> OutOfTimeError | None:
        """The error for `place` where the time for reading is up."""
        if not self._time.up:
            return None
        self._passing.add(place)
        self._late.add(place)
        return OutOfTimeError(subject)

    def needs_page(self, one: Candidate) -> bool:
        """Whether a page is fetched to make an article of it."""
        if not isinstance(one, Item):
            return False
        return self._limits.full_text and one.item.url is not None and not one.item.path

    def _once(self, place: int, result: Article | Failure, *, alone: bool) -> Article | Failure:
        """`result`, or a failure where it is the same page as an article that is there already.

        `alone`: it is no page, so that only its id tells.
        """
        if isinstance(result, Failure):
            return result
        if alone:
            taken = self._ids.setdefault(result.id, place)
            return result if taken == place else self._repeats(place, taken, result)
        address = canonical_url(result.url) if result.url else result.id
        # A site that gives one address to many pages is wrong about it: their titles tell.
        named = f"{canonical_url(result.canonical)} {result.title}" if result.canonical else ""
        at = self._at[address]
        told = [(other, article) for other in at if isinstance(article := self._done[other], Article)]
        first = next((other for other, article in told if agree(article, result)), None)
        if first is None and named:
            first = next(iter(self._at[named]), None)
        if first is not None:
            return self._repeats(place, first, result)
        said = f"{result.url}\n{result.title or result.text}"
        while result.id in self._ids:  # two texts at one address
            result = replace(result, id=article_id(None, said))
            said += f"\n+{result.text}"
        self._ids[result.id] = place
        at.append(place)
        if named:
            self._at[named].append(place)
        return result

    def _repeats(self, place: int, first: int, result: Article) -> Failure:
        self._same[place] = first
        return _repeated(result, elsewhere=self._sources[first] != self._sources[place])

    def _of_its_own(self, one: Item) -> Article | None:
        """The article of an item whose address others of its feed have too: the page there is none of theirs.

        None where the feed says too little of it.
        """
        from briefing.extract import article_from_feed_item

        with suppress(BriefingError):
            article = article_from_feed_item(one.item, source=one.name, section=one.source.section)
            return replace(article, id=one.id)
        return None

    def _from_item(self, one: Item, answer: Fetched | FetchError | None) -> Article | Failure:
        from briefing.extract import article_from_feed_item, extract_article, extract_file, teaser_of, with_fuller_text

        wanted = {"source": one.name, "section": one.source.section}
        error: BriefingError | OSError | None = answer if isinstance(answer, FetchError) else None
        try:
            if one.item.path and error is None:
                return extract_file(Path(one.item.path), hint=one.item, **wanted)
            if answer is not None and not isinstance(answer, FetchError):
                article = extract_article(
                    answer.body,
                    content_type=answer.content_type,
                    charset=answer.charset,
                    name=one.item.title or shown(answer.url),
                    # The feed's own address stays: it is what the reader subscribed to, and it is stable.
                    url=one.item.url,
                    hint=one.item,
                    **wanted,
                )
                return with_fuller_text(article, one.item)
        except (BriefingError, OSError) as failed:
            error = failed
        try:
            return article_from_feed_item(one.item, error=error if isinstance(error, BriefingError) else None, **wanted)
        except BriefingError as failed:
            subject = f"{one.name}: {one.item.title or one.item.url or 'untitled'}"
            failure = failure_of(error or failed, subject, "fetch" if isinstance(error, FetchError) else "extract")
            if not isinstance(error, WallError):
                return failure
            if self._window.told(one.key):
                return skipped(subject, "an earlier edition had its headline")
            return stub_of(one, failure, error.wall, teaser_of(one.item))


def _repeated(one: Candidate, *, elsewhere: bool) -> Failure:
    return skipped(title_of(one), f"it was found before, in {'another source' if elsewhere else 'the same source'}")


def origin_of(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port: what has to be equal for a private address to be the reader's own choice.

    Of an address that is not usable: nothing.
    """
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port
    except ValueError:
        return "", None, None
