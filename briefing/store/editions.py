"""Editions, the articles they told, and the state machine of their deliveries.

"The latest" edition, and the age of articles, go by the clock: an edition may be dated in the future.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

from briefing.errors import StoreError
from briefing.store.database import MEMORY, stamp, storable
from briefing.store.health import beside
from briefing.store.ledger import LedgerFile, LedgerLine
from briefing.store.schema import (
    TRANSITIONS,
    Delivery,
    DeliveryKey,
    DeliveryState,
    PendingDelivery,
    StoredLetter,
    edition_and_number,
)
from briefing.store.search import Search, drop_from_index, update_index
from briefing.store.seen_items import SeenItems, settle, unsettle
from briefing.types import Article, day_and_name, stem_of

KEPT_DAYS = 14
"""How long the told texts of articles are kept after their sources last listed them."""

_INSERT_PENDING = (
    "INSERT OR IGNORE INTO deliveries (edition, recipient, channel, state, attempts, detail, changed)"
    " VALUES (?, ?, ?, 'pending', 0, '', ?)"
)
_UPDATE_STATE = (
    "UPDATE deliveries SET state = ?4, detail = coalesce(?5, detail), attempts = attempts + (?4 = 'sending'),"
    " stories = coalesce(?9, stories),"
    " changed = CASE WHEN ?4 IN ('sending', 'deferred') THEN changed ELSE ?6 END"
    " WHERE edition = ?1 AND recipient = ?2 AND channel = ?3"
    " AND state IN (SELECT value FROM json_each(?7)) AND attempts = coalesce(?8, attempts)"
)
# A ledger line counts where the database is behind it. ``sent`` and ``refused`` end a delivery that is still open here.
# ``sending`` counts only for an attempt that the database does not know: after one that it knows, the outcome may not
# have reached the ledger. ``deferred`` counts only after a death between the line and the commit.
_MERGE_LEDGER_LINE = (
    "INSERT INTO deliveries (edition, recipient, channel, state, attempts, detail, changed, stories)"
    " SELECT ?1, ?2, ?3, ?4, ?6, '', ?5, ?7 WHERE ?4 != 'deferred' OR EXISTS"
    " (SELECT 1 FROM deliveries WHERE edition = ?1 AND recipient = ?2 AND channel = ?3)"
    " ON CONFLICT (edition, recipient, channel) DO UPDATE SET state = ?4, attempts = max(attempts, ?6),"
    " stories = coalesce(?7, stories),"
    " changed = CASE WHEN ?4 IN ('sending', 'deferred') THEN changed ELSE ?5 END"
    " WHERE CASE ?4 WHEN 'sending' THEN state IN ('pending', 'deferred') AND ?6 > attempts"
    " WHEN 'deferred' THEN state = 'sending' AND ?6 = attempts ELSE state IN ('pending', 'deferred', 'sending') END"
)

_EDITION_OF = (
    "CASE WHEN instr(deliveries.edition, '+') BETWEEN 11 AND instr(deliveries.edition, ' ') THEN"
    " substr(deliveries.edition, 1, instr(deliveries.edition, '+') - 1)"
    " || substr(deliveries.edition, instr(deliveries.edition, ' ')) ELSE deliveries.edition END"
)
"""The edition that a letter is about (`schema.edition_and_number`)."""
_OF_EDITION = f"{_EDITION_OF} = ?1"

_log = logging.getLogger(__name__)


class Editions(Search, SeenItems):
    """The part of the store with editions and deliveries; neither expires.

    Deliveries are also written to the ledger, a file beside the state file (`ledger`), which is merged when the store
    is opened.
    """

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self._ledger = None if self.path == MEMORY else LedgerFile(beside(self.path, "ledger"))
        try:
            self._merge_ledger()
        except BaseException:
            self.close()
            raise

    def put_edition(
        self,
        day: date,
        title: str,
        edition: str,
        now: datetime,
        told: Iterable[Article] = (),
        *,
        name: str = "",
        ranked_by: str = "",
    ) -> None:
        """Store the JSON of an edition, replacing an earlier one of the same `day`, `title` and `name`.

        `told`: its articles; their texts are kept while sources list them (`keep_told`) and `KEPT_DAYS` longer. Settles
        what was proposed for the edition (`seen_items`). `ranked_by`: a text for the wishes that its stories are in
        order of.
        """
        key = (stem_of(day, name), storable(title))
        rows = [
            (*key, article.id, article.url, storable(article.title), storable(article.text), storable(article.source),
             stamp(article.published) if article.published else None, stamp(now))
            for article in told
        ]  # fmt: skip
        oldest = stamp(now - timedelta(days=KEPT_DAYS))
        with self.transaction() as connection:
            values = (*key, storable(edition), stamp(now), ranked_by)
            connection.execute(
                "INSERT OR REPLACE INTO editions (date, title, edition, written, ranked_by) VALUES (?, ?, ?, ?, ?)",
                values,
            )
            update_index(connection)
            connection.execute("DELETE FROM told WHERE (date = ? AND title = ?) OR listed < ?", (*key, oldest))
            connection.executemany("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            settle(connection, *key)

    def ranked_by(self, day: date, title: str, *, name: str = "") -> str:
        """What `put_edition` was told of the edition's order; empty where there is none."""
        rows = self.query(
            "SELECT ranked_by FROM editions WHERE date = ? AND title = ?", stem_of(day, name), storable(title)
        )
        return rows[0][0] if rows else ""

    def keep_told(self, title: str, listed: Iterable[str], now: datetime) -> None:
        """Record that sources list these articles (ids) still, which keeps their texts."""
        self.query(
            "UPDATE told SET listed = ? WHERE title = ? AND article IN (SELECT value FROM json_each(?))",
            stamp(now),
            title,
            json.dumps(list(listed)),
        )

    def told_texts(self, day: date, title: str, article: str) -> list[str]:
        """The texts of an article (id) in the editions up to `day`, that day's included, that told it."""
        rows = self.query(
            "SELECT text FROM told WHERE title = ? AND article = ? AND substr(date, 1, 10) <= ?",
            title,
            article,
            day.isoformat(),
        )
        return [text for (text,) in rows]

    def editions_before(
        self, day: date, title: str, days: int, listed: Iterable[str] = (), *, name: str = ""
    ) -> list[tuple[date, str, dict[str, Article]]]:
        """Date, JSON and articles by id of the editions in the `days` before `day`, earliest first.

        Also of older ones that told one of `listed` (ids of articles), with only these articles; and of the others of
        `day` than `name` that were begun before it.
        """
        before = (
            "(substr(date, 1, 10) < ?3 OR (substr(date, 1, 10) = ?3 AND date != ?5"
            " AND (SELECT began FROM made WHERE made.date = {0}.date AND made.title = ?1)"
            " < coalesce((SELECT began FROM made WHERE made.date = ?5 AND made.title = ?1 AND finished), '~')))"
        )
        where = f"title = ?1 AND {before} AND (date >= ?2 OR {{1}}) ORDER BY date"
        values = (
            title,
            (day - timedelta(days=days)).isoformat(),
            day.isoformat(),
            json.dumps(list(listed)),
            stem_of(day, name),
        )
        told_listed = "article IN (SELECT value FROM json_each(?4))"
        articles: dict[str, dict[str, Article]] = {}
        columns = "date, article, url, headline, text, source, published"
        told = self.query(f"SELECT {columns} FROM told WHERE {where.format('told', told_listed)}", *values)  # noqa: S608 - ours
        for edition_day, article_id, url, headline, text, source, published in told:
            when = datetime.fromisoformat(published) if published else None
            article = Article(id=article_id, url=url, title=headline, text=text, source=source, published=when)
            articles.setdefault(edition_day, {})[article_id] = article
        with_listed = where.format(
            "editions",
            "date IN (SELECT date FROM told WHERE title = ?1 AND " + told_listed + ")",  # noqa: S608 - ours
        )
        editions = self.query(f"SELECT date, edition FROM editions WHERE {with_listed}", *values)  # noqa: S608 - ours
        return [(day_and_name(stem)[0], text, articles.get(stem, {})) for stem, text in editions]

    def get_edition(
        self, day: date | None, title: str, *, today: date | None = None, name: str | None = None
    ) -> str | None:
        """The JSON of the edition `title` of `day`; for None of the latest, at most of `today`.

        `name` None: of several of a day the one without a name, else the one written last; without a `day` the latter.
        """
        rows = self.query(
            "SELECT edition FROM editions WHERE title = ?1 AND (?2 IS NULL OR substr(date, 1, 10) = ?2)"
            " AND (?2 IS NOT NULL OR ?3 IS NULL OR substr(date, 1, 10) <= ?3)"
            " AND (?4 IS NULL OR substr(date, 12) = ?4)"
            " ORDER BY substr(date, 1, 10) DESC, ?2 IS NULL OR length(date) > 10, written DESC LIMIT 1",
            title,
            day.isoformat() if day else None,
            today.isoformat() if today else None,
            name,
        )
        return str(rows[0][0]) if rows else None

    def editions(self, *, since: date | None = None, title: str | None = None) -> list[tuple[date, str, str]]:
        """Day, title and name of every edition, newest first; filtered by first day and title."""
        rows = self.query(
            "SELECT date, title FROM editions WHERE (?1 IS NULL OR date >= ?1) AND (?2 IS NULL OR title = ?2)"
            " ORDER BY substr(date, 1, 10) DESC, title, written DESC",
            since.isoformat() if since else None,
            title,
        )
        return [(day_and_name(stem)[0], own, day_and_name(stem)[1]) for stem, own in rows]

    def remove_edition(self, day: date, title: str, name: str = "") -> bool:
        """Delete an edition, its told articles and the marks of its items; whether there was one.

        Deliveries stay but for those that are still to be made.
        """
        key = (stem_of(day, name), storable(title))
        with self.transaction() as connection:
            found = connection.execute("DELETE FROM editions WHERE date = ? AND title = ?", key).rowcount > 0
            connection.execute("DELETE FROM told WHERE date = ? AND title = ?", key)
            connection.execute(
                f"DELETE FROM deliveries WHERE {_OF_EDITION} AND state IN ('pending', 'deferred')",  # noqa: S608 - ours
                (" ".join(key),),
            )
            unsettle(connection, *key)
            drop_from_index(connection, *key)
            return found

    def deliveries(self, edition: str) -> list[tuple[str, DeliveryState]]:
        """Recipient and state of every letter about `edition` (its stem, a blank, its title)."""
        order = "ORDER BY recipient, rowid"
        rows = self.query(f"SELECT recipient, state FROM deliveries WHERE {_OF_EDITION} {order}", edition)  # noqa: S608 - ours
        return [(recipient, state) for recipient, state in rows]

    def letters(self, edition: str, recipient: str, channel: str) -> list[StoredLetter]:
        """A recipient's letters about `edition`, the first one first."""
        columns = "edition, state, attempts, detail, changed, stories"
        which = f"{_OF_EDITION} AND recipient = ?2 AND channel = ?3"
        rows = self.query(f"SELECT {columns} FROM deliveries WHERE {which}", edition, recipient, channel)  # noqa: S608 - ours
        found = [
            StoredLetter(
                edition_and_number(letter)[1], Delivery(*delivery), datetime.fromisoformat(changed),
                None if stories is None else frozenset(json.loads(stories)),
            )
            for letter, *delivery, changed, stories in rows
        ]  # fmt: skip
        return sorted(found, key=lambda letter: letter.number)

    def delivery(self, key: DeliveryKey) -> Delivery:
        """The state of one delivery; ``pending`` where nothing is recorded."""
        rows = self.query(
            "SELECT state, attempts, detail FROM deliveries WHERE edition = ? AND recipient = ? AND channel = ?", *key
        )
        return Delivery(*rows[0]) if rows else Delivery("pending", 0, "")

    def claim_delivery(self, key: DeliveryKey, now: datetime, stories: Iterable[str] | None = None) -> int | None:
        """Claim a delivery just before the point of no return; None where another process has.

        Returns the number of this attempt, which `put_delivery` takes as proof of the claim. A process that dies from
        here on leaves the delivery ``sending``: whether it arrived is unknown. `stories`: `StoredLetter.stories`.
        """
        told = None if stories is None else sorted(stories)
        with self.transaction() as connection:
            if not _compare_and_set(connection, key, "sending", _predecessors("sending"), now, stories=told):
                return None
            claim = self.delivery(key).attempts
        # The line comes after the commit: a process that dies in between has sent nothing, as a ledger without the line
        # says. And it comes before the letter, because the database may be lost.
        try:
            self._append_to_ledger(key, "sending", now, claim, told)
        except OSError as error:
            # The line may have been written all the same; the letter is not out, which a second line says if it can.
            with suppress(OSError):
                self._append_to_ledger(key, "deferred", now, claim)
            with self.transaction() as connection:
                _compare_and_set(connection, key, "deferred", {"sending"}, now, tries=claim)
            raise self._ledger_error(error) from error
        return claim

    def owe_delivery(self, key: DeliveryKey, now: datetime) -> None:
        """Record a delivery as ``pending``, where nothing is recorded yet."""
        self.query(_INSERT_PENDING, *key, stamp(now))

    def put_delivery(
        self,
        key: DeliveryKey,
        state: DeliveryState,
        detail: str,
        now: datetime,
        claim: int | None = None,
        stories: Iterable[str] | None = None,
    ) -> bool:
        """Record the outcome of a delivery (compare-and-set); whether it was recorded.

        It is not where `TRANSITIONS` does not allow the change (``sending`` is for `claim_delivery`), nor where the
        delivery is claimed by another than `claim`. A ledger that cannot be written is logged as a warning: the outcome
        of a letter that is out is in the database. `stories`: of a letter that was not claimed.
        """
        told = None if stories is None else sorted(stories)
        claimed: set[DeliveryState] = {"sending"}
        of = _predecessors(state) & claimed if claim is not None else _predecessors(state) - claimed
        if state == "sending":
            return False
        with self.transaction() as connection:
            written = _compare_and_set(connection, key, state, of, now, detail=detail, tries=claim, stories=told)
            if written:
                # Before the commit: the other way round, a death in between would leave a deferred letter ``sending``
                # in the ledger, which for a new database means that its outcome is unknown.
                try:
                    self._append_to_ledger(key, state, now, self.delivery(key).attempts, told)
                except OSError as error:
                    place = self._ledger.path if self._ledger else self.path
                    _log.warning(
                        "%s cannot be written (%s): what came of a letter stands only in %s",
                        place,
                        error.strerror,
                        self.path,
                    )
            return written

    def reopen_delivery(self, key: DeliveryKey, seen: Delivery, now: datetime) -> bool:
        """Make a delivery ``pending`` anew; False where its state is no longer `seen`: another process has it."""
        with self.transaction() as connection:
            opened = _compare_and_set(connection, key, "pending", {seen.state}, now, detail="", tries=seen.attempts)
            if opened:
                try:
                    # Else the ledger's last line would close the delivery again.
                    self._append_to_ledger(key, "pending", now, seen.attempts)
                except OSError as error:
                    raise self._ledger_error(error) from error
            return opened

    def _append_to_ledger(
        self, key: DeliveryKey, state: DeliveryState, now: datetime, tries: int, stories: Sequence[str] | None = None
    ) -> None:
        """Write a change to the ledger. Raises OSError."""
        if self._ledger:
            self._ledger.append(key, LedgerLine(state, stamp(now), tries, None if stories is None else tuple(stories)))

    def waiting_deliveries(self, title: str, channel: str) -> list[PendingDelivery]:
        """Open deliveries of the editions called `title`, earliest edition first."""
        rows = self.query(
            f"SELECT editions.date, deliveries.changed, deliveries.edition, recipient, detail"  # noqa: S608 - ours
            f" FROM editions JOIN deliveries ON {_EDITION_OF} = editions.date || ' ' || editions.title"
            " WHERE title = ? AND channel = ? AND state IN ('pending', 'deferred')"
            " ORDER BY editions.date, deliveries.rowid",
            title,
            channel,
        )
        return [
            PendingDelivery(
                date=day_and_name(stem)[0], name=day_and_name(stem)[1], owed=datetime.fromisoformat(owed),
                key=(edition, recipient, channel), detail=detail,
            )
            for stem, owed, edition, recipient, detail in rows
        ]  # fmt: skip

    def prune_ledger(self, now: datetime) -> None:
        """Remove old lines from the ledger; the caller holds the run's lock."""
        if self._ledger:
            try:
                self._ledger.prune(now)
            except OSError as error:
                raise self._ledger_error(error) from error

    def _merge_ledger(self) -> None:
        """Take from the ledger what the database does not know: it is new, or was restored from a backup.

        Deliveries that the database knows to be further on do not change. The transaction keeps other processes from
        writing either file meanwhile.
        """
        if not self._ledger or not self._ledger.path.exists():
            return
        with self.transaction() as connection:
            try:
                last = self._ledger.last()
            except OSError as error:
                raise StoreError(
                    str(self._ledger.path), f"cannot be read: {error.strerror}", "Give yourself the permission"
                ) from error
            news = [
                (*map(storable, key), *line[:3], None if line.stories is None else json.dumps(line.stories))
                for key, line in last.items()
                if line.state != "pending"
            ]
            connection.executemany(_MERGE_LEDGER_LINE, news)

    def _ledger_error(self, error: OSError) -> StoreError:
        place = self._ledger.path if self._ledger else self.path
        cause = f"cannot be written: {error.strerror}, and without it no letter may leave"
        return StoreError(str(place), cause, "Free some space, or give yourself the permission")


def _predecessors(state: DeliveryState) -> set[DeliveryState]:
    """The states from which `TRANSITIONS` allows this one."""
    return {before for before, allowed in TRANSITIONS.items() if state in allowed}


def _compare_and_set(
    connection: sqlite3.Connection,
    key: DeliveryKey,
    state: DeliveryState,
    of: Collection[DeliveryState],
    now: datetime,
    *,
    detail: str | None = None,
    tries: int | None = None,
    stories: Sequence[str] | None = None,
) -> bool:
    """Set `state` where the delivery is in one `of` these states, after `tries` attempts (None: any); whether it was.

    The time since when it is owed stays, where it goes on being owed.
    """
    which = [storable(part) for part in key]
    if "pending" in of:
        connection.execute(_INSERT_PENDING, (*which, stamp(now)))
    values = (*which, state, None if detail is None else storable(detail), stamp(now), json.dumps(list(of)), tries,
              None if stories is None else json.dumps(stories))  # fmt: skip
    return connection.execute(_UPDATE_STATE, values).rowcount > 0
