"""From candidates to articles: deduplicated, the most important first (`selection`), as many as the limits allow.

Articles that earlier editions told, that are muted or cannot be read count against no limit. That shows only once a
page is fetched, so pages are fetched in rounds until the limits are reached.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from briefing.canonical import canonical_url
from briefing.errors import FetchError, OutOfTimeError
from briefing.nlp.text import article_id
from briefing.pipeline.candidates import (
    Candidate,
    Item,
    MailItem,
    Readable,
    SourceContents,
    address_of,
    agree,
    failure_of,
    headline_key,
    identity_of,
    name_of,
    origin_of,
    same_guid,
    skipped,
)
from briefing.pipeline.discovery import Discovery
from briefing.pipeline.item_articles import from_feed, from_item, without_future_date
from briefing.pipeline.left_before import left_before
from briefing.pipeline.limits import Quota
from briefing.pipeline.pictures import with_local_pictures
from briefing.pipeline.progress import begun
from briefing.pipeline.read_result import ReadResult
from briefing.pipeline.read_session import ReadSession
from briefing.pipeline.redaction import redacted_article, redacted_failure
from briefing.pipeline.section_names import has_one_section
from briefing.pipeline.selection import Selection, numbered_in, outline, selections
from briefing.stories.ranking import LeftOut
from briefing.types import Article, Failure

if TYPE_CHECKING:
    from briefing.fetch import Request

_log = logging.getLogger(__name__)


class Gatherer:
    """Makes articles of one run's candidates. All sets and dictionaries hold indices of candidates."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session
        self._results: dict[int, Article | Failure] = {}
        self._transient: set[int] = set()
        """Failed, but may succeed another day."""
        self._repeats: dict[int, int] = {}
        """Repeats that showed only once they were read, with the first of each."""
        self._at: defaultdict[str, list[int]] = defaultdict(list)
        """Articles by address, and by a page's canonical address with its title."""
        self._late: set[int] = set()
        """Out of time: left open for a later edition, also where the feed's text stands in."""
        self._quota = Quota(session.limits)
        self._by_id: dict[str, int] = {}
        """Articles by id."""
        self._sources: Sequence[int] = ()
        """The index of each candidate's source."""
        self._events: list[tuple[int, ...]] = []
        """Those about one great event each (`Bundle.event`)."""

    def gather(self, discovery: Discovery) -> ReadResult:
        """The articles: of every message, and of every item from its page or from its feed."""
        session, secrets = self._session, self._session.secrets
        candidates = self._in_one_row(discovery.contents)
        readable, keys = self._without_repeats(candidates)
        places = self._places(readable, discovery.positions)
        result = ReadResult(
            now=session.window.now,
            sources=discovery.count,
            unread_sources=discovery.unread,
            seen_before=session.window.before,
            in_edition=session.window.own,
            offline=discovery.offline,
            feeds=discovery.feeds,
            listed=discovery.listed | {article.id for article in readable.values() if isinstance(article, Article)},
        )
        result.positions.update(discovery.positions)
        self._note_sources(result, discovery.contents)
        waiting = self._read_in_rounds(readable, keys, result.weights, places)
        unread = {index for one in waiting for index in one.indices}
        result.events = self._told_events()
        result.mails = session.newsletters.marks
        own_limits = (story for contents in discovery.contents for story in contents.left_out)
        safe = (replace(one, title=secrets.text(one.title), source=secrets.text(one.source)) for one in own_limits)
        before = left_before(session, result.weights, discovery.positions)
        result.left_out = [*self._over_limits(waiting), *before, *safe]
        repeated: defaultdict[int, list[str]] = defaultdict(list)
        for index, first in self._repeats.items():
            repeated[first] += () if index in self._late else keys[index]
        for index, candidate in enumerate(candidates):
            if index in unread:
                continue
            made = candidate if isinstance(candidate, Failure) else self._results[index]
            if isinstance(made, Article):
                if isinstance(candidate, Item):
                    made = with_local_pictures(made, candidate.source)
                result.articles.append(redacted_article(without_future_date(made, session.window.now), secrets))
                result.positions[made.id] = places[index]
                result.keys[made.id] = () if index in self._late else (*keys[index], *repeated[index])
                if session.window.again.issuperset((*keys[index], *repeated[index])):
                    result.again.add(made.id)
            else:
                result.failures.append(redacted_failure(made, secrets))
                if index not in self._transient and index not in self._repeats:
                    (result.stubs if made.stub else result.settled).update(keys.get(index, ()))
                # One that is open for the next run may have its text then, and one with a new date comes back; but
                # not their headlines.
                if made.stub and isinstance(candidate, Item):
                    told = headline_key(candidate)
                    session.window.looked.add(told)
                    result.stubs.add(told)
        result.failures += [redacted_failure(failure, secrets) for failure in self._left_out(unread, readable)]
        if not session.time.up:  # else some of them would have been read
            result.over = {key for index in unread for key in keys[index]}
            result.over.update(*(contents.over for contents in discovery.contents))
        _log.info("Articles: %s, sources: %s, failures: %s", len(result.articles), result.sources, len(result.failures))
        return result

    def _note_sources(self, result: ReadResult, all_contents: Sequence[SourceContents]) -> None:
        """Put the names, weights, sections and notices of the sources into `result`."""
        secret = self._session.secrets.text
        for contents in all_contents:
            result.notices += contents.notices(self._session.secrets)
            source = contents.source
            if source is None:  # a list of sources that could not be read
                result.named = False
                continue
            names = {secret(name) for candidate in contents.candidates if (name := name_of(candidate))}
            result.weights.update(dict.fromkeys(names, source.weight))
            of_its_own = [*names, source.name, secret(contents.title)]
            result.sections.update(filter(None, [source.section] if source.section else of_its_own))
            result.named &= has_one_section(source) or bool(contents.title)
            if contents.title and not source.name:
                result.titles[source.location] = secret(contents.title)

    def distinct(self, contents: Sequence[SourceContents]) -> list[Candidate]:
        """The candidates of all sources in order, with a failure in place of what repeats another."""
        candidates = self._in_one_row(contents)
        self._without_repeats(candidates)
        return candidates

    def _in_one_row(self, contents: Sequence[SourceContents]) -> list[Candidate]:
        self._sources = [number for number, source in enumerate(contents) for _ in source.candidates]
        return [candidate for source in contents for candidate in source.candidates]

    def _without_repeats(self, candidates: list[Candidate]) -> tuple[dict[int, Readable], dict[int, tuple[str, ...]]]:
        """Put failures in place of repeats; the others, and the store's keys of each with those of its repeats."""
        by_address: defaultdict[str, list[int]] = defaultdict(list)
        readable: dict[int, Readable] = {}
        keys: dict[int, tuple[str, ...]] = {}
        for index, candidate in enumerate(candidates):
            if isinstance(candidate, Failure):
                continue
            if isinstance(candidate, Article):
                own = tuple(self._session.newsletters.keys.get(candidate.id, (candidate.id,)))
            else:
                own = (candidate.key,)
            address = address_of(candidate)
            at = by_address[address] if address else []
            same_source = [other for other in at if self._sources[other] == self._sources[index]]
            identity = identity_of(candidate)
            first = next((other for other in same_source if identity_of(readable[other]) == identity), None)
            for same in (same_guid, agree):
                if first is None:
                    elsewhere = (other for other in at if other not in same_source)
                    first = next((other for other in elsewhere if same(readable[other], candidate)), None)
            if first is not None:
                keys[first] += own
                candidates[index] = self._repeat_failure(index, first, candidate)
                continue
            readable[index], keys[index] = candidate, own
            at.append(index)
        return readable, keys

    def _places(self, readable: Mapping[int, Readable], in_feeds: Mapping[str, int]) -> dict[int, int]:
        """By index the place of each candidate in its source, from 0: in its feed, else among those to be read."""
        numbers = numbered_in([self._sources[index] for index in readable])
        return {
            index: in_feeds.get(candidate.key, number) if isinstance(candidate, Item) else number
            for (index, candidate), number in zip(readable.items(), numbers, strict=True)
        }

    def _read_in_rounds(
        self,
        readable: Mapping[int, Readable],
        keys: Mapping[int, tuple[str, ...]],
        weights: Mapping[str, float],
        places: Mapping[int, int],
    ) -> list[Selection]:
        """Read the best stories' articles until the limits are reached or the time is up; what was not read."""
        session = self._session
        dated = [(keys[index][0], candidate.published) for index, candidate in readable.items()]
        outlines = {
            index: redacted_article(outline(index, candidate, moment), session.secrets)
            for (index, candidate), moment in zip(readable.items(), session.window.moments(dated), strict=True)
        }
        waiting = selections(outlines, self._sources, session.ranking, weights, places, most=session.limits.max_stories)
        self._events = [one.indices for one in waiting if one.ranked.bundle.event]
        left_before = {index for index in readable if session.window.again.issuperset(keys[index])}
        again = [one for one in waiting if left_before.issuperset(one.indices)]
        waiting = self._read([one for one in waiting if one not in again], readable, more=bool(again))
        if again:
            names = {self._sources[index]: name_of(candidate) for index, candidate in readable.items()}
            self._quota.fill_up(self._articles, self._told_events(), names)
            again = self._read(again, readable)
        return waiting + again

    def _read(
        self, waiting: list[Selection], readable: Mapping[int, Readable], *, more: bool = False
    ) -> list[Selection]:
        """Read `waiting`, the first first, as far as limits and time allow; the rest. `more`: others come after it."""
        session = self._session
        while waiting:
            batch, rest = self._quota.next_round(waiting, self._sources)
            if not batch or (self._results and session.time.up):
                break
            _log.debug("Reading %s candidates, %s stories over the limits or left for later", len(batch), len(rest))
            self._make({index: readable[index] for index in sorted(batch)})
            if rest or more:
                for index in batch:
                    self._quota.note(self._sources[index], self._results[index], transient=index in self._transient)
                self._quota.note_stories(self._articles, self._told_events())
            waiting = rest
        return waiting

    @property
    def _articles(self) -> list[Article]:
        return [made for made in self._results.values() if isinstance(made, Article)]

    def _told_events(self) -> list[frozenset[str]]:
        """Of each event the ids of the articles read."""
        made = ([self._results.get(index) for index in event] for event in self._events)
        return [frozenset(one.id for one in event if isinstance(one, Article)) for event in made]

    def _over_limits(self, waiting: Sequence[Selection]) -> list[LeftOut]:
        """What the limits left out; empty where it was the time that was up."""
        left_out = []
        for one in waiting:
            full_sources = all(self._quota.is_full_of(self._sources[index]) for index in one.indices)
            if full_sources or self._quota.is_full:
                first = one.ranked.bundle.articles[0]
                reason = "source" if full_sources else "limit"
                left_out.append(LeftOut(first.title, first.source, one.ranked.score, reason, len(one.indices)))
        return left_out

    def _left_out(self, unread: set[int], readable: Mapping[int, Readable]) -> list[Failure]:
        names = {self._sources[index]: name_of(readable[index]) for index in sorted(unread, reverse=True)}
        return self._quota.left_out(Counter(self._sources[index] for index in unread), names)

    # --- pages of items, bodies of messages ---

    def _make(self, batch: Mapping[int, Readable]) -> None:
        """Make an article or a failure of each candidate of `batch`."""
        from briefing.fetch import Request

        session = self._session
        made: dict[int, Article | Failure] = {}
        without_page: set[int] = set()
        """Told by the feed's own text, so that only the id names them (`_without_repeats` has compared them)."""
        waiting: defaultdict[Request, list[tuple[int, Item]]] = defaultdict(list)
        items = [(index, item) for index, item in batch.items() if isinstance(item, Item)]
        if items:
            session.progress.stage("fetch", len(items))
        for index, item in items:
            url = item.entry.url
            own_text = from_feed(item) if item.identity else None
            if own_text or url is None or not self.needs_page(item):
                late = self._out_of_time(index, item.title) if item.entry.path else None
                made[index] = own_text or from_item(item, late, session)
                without_page.update({index} if own_text else ())
                session.progress.step(item.title)
                continue
            local = item.source.allow_local and origin_of(url) == origin_of(item.source.location)
            sent = session.sent_with(item.source, url)
            request = Request(url, allow_local=local, private=bool(item.source.address.secrets), headers=sent)
            waiting[request].append((index, item))
            begun(session.progress, item.title)
        for request, answer in session.fetch(waiting):
            for index, item in waiting[request]:
                # Also of pages that came in time: to find the articles in a hundred of them takes its time, too.
                late = None if isinstance(answer, FetchError) else self._out_of_time(index, item.title)
                used = late or answer
                made[index] = from_item(item, used, session)
                session.progress.step(item.title)
                if isinstance(used, FetchError) and not used.lasting:
                    self._transient.add(index)
                if isinstance(used, OutOfTimeError):
                    self._late.add(index)
        for index, candidate in batch.items():
            if isinstance(candidate, MailItem):
                late = self._out_of_time(index, candidate.subject)
                made[index] = (
                    failure_of(late, candidate.subject, "fetch") if late else session.newsletters.article(candidate)
                )
                if candidate.key in session.newsletters.transient:
                    self._transient.add(index)
            elif isinstance(candidate, Article):
                made[index] = candidate
            result = made[index]
            if isinstance(result, Article):
                result = (
                    self._unique_by_id(index, result) if index in without_page else self._unique_by_page(index, result)
                )
            self._results[index] = result

    def _out_of_time(self, index: int, subject: str) -> OutOfTimeError | None:
        """The error for a candidate where the time for reading is up."""
        if not self._session.time.up:
            return None
        self._transient.add(index)
        self._late.add(index)
        return OutOfTimeError(subject)

    def needs_page(self, candidate: Candidate) -> bool:
        """Whether a page is fetched to make an article of it."""
        if not isinstance(candidate, Item):
            return False
        entry, own = candidate.entry, candidate.source.full_text
        wanted = self._session.limits.full_text if own is None else own
        return wanted and entry.url is not None and not entry.path and not entry.enclosed

    def _unique_by_id(self, index: int, article: Article) -> Article | Failure:
        """`article`, or a failure where another has its id."""
        first = self._by_id.setdefault(article.id, index)
        return article if first == index else self._repeat(index, first, article)

    def _unique_by_page(self, index: int, article: Article) -> Article | Failure:
        """`article`, or a failure where another one is the same page."""
        address = canonical_url(article.url) if article.url else article.id
        # Sites may give one canonical address to many pages: the title tells them apart.
        named = f"{canonical_url(article.canonical)} {article.title}" if article.canonical else ""
        at = self._at[address]
        read = [(other, earlier) for other in at if isinstance(earlier := self._results[other], Article)]
        first = next((other for other, earlier in read if agree(earlier, article)), None)
        if first is None and named:
            first = next(iter(self._at[named]), None)
        if first is not None:
            return self._repeat(index, first, article)
        identity = f"{article.url}\n{article.title or article.text}"
        while article.id in self._by_id:  # two texts at one address
            article = replace(article, id=article_id(None, identity))
            identity += f"\n+{article.text}"
        self._by_id[article.id] = index
        at.append(index)
        if named:
            self._at[named].append(index)
        return article

    def _repeat(self, index: int, first: int, article: Article) -> Failure:
        self._repeats[index] = first
        return self._repeat_failure(index, first, article)

    def _repeat_failure(self, index: int, first: int, candidate: Readable) -> Failure:
        where = "the same source" if self._sources[first] == self._sources[index] else "another source"
        return skipped(candidate.title or "untitled", f"it was found before, in {where}")
