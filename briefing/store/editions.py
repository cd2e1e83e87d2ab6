"""What was written and to whom it went: editions and the ledger of their deliveries.

Which day is "the latest", and what is forgotten, goes by the clock: an edition may be dated in the future.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

from briefing.errors import StoreError
from briefing.store.database import MEMORY, stamp, storable
from briefing.store.health import beside
from briefing.store.ledger import LedgerFile, LedgerLine
from briefing.store.schema import TRANSITIONS, Delivery, DeliveryKey, DeliveryState, PendingDelivery
from briefing.store.search import Search, drop_from_index, update_index
from briefing.store.seen_items import SeenItems, settle, unsettle
from briefing.types import Article

__all__ = ["KEPT_DAYS", "Editions"]

KEPT_DAYS = 14
"""How long the articles of an edition are kept as they were, once no source lists them any more."""

_OWE = "INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, 'pending', 0, '', ?)"
_CHANGE = (
    "UPDATE deliveries SET state = ?4, detail = coalesce(?5, detail), attempts = attempts + (?4 = 'sending'),"
    " changed = CASE WHEN ?4 IN ('sending', 'deferred') THEN changed ELSE ?6 END"
    " WHERE edition = ?1 AND recipient = ?2 AND channel = ?3"
    " AND state IN (SELECT value FROM json_each(?7)) AND attempts = coalesce(?8, attempts)"
)
# What stands in the ledger's file counts where it is news. A letter that is out, or refused, is not owed any more. That
# one was taken up (``sending``) is news only of a try that this database does not know: a line of one that it does know
# may be the last there because what came of it could not be written. And what put a try off is known here too, but for
# a death between the line and the commit.
_TAKE_IN = (
    "INSERT INTO deliveries SELECT ?1, ?2, ?3, ?4, ?6, '', ?5 WHERE ?4 != 'deferred' OR EXISTS"
    " (SELECT 1 FROM deliveries WHERE edition = ?1 AND recipient = ?2 AND channel = ?3)"
    " ON CONFLICT (edition, recipient, channel) DO UPDATE SET state = ?4, attempts = max(attempts, ?6),"
    " changed = CASE WHEN ?4 IN ('sending', 'deferred') THEN changed ELSE ?5 END"
    " WHERE CASE ?4 WHEN 'sending' THEN state IN ('pending', 'deferred') AND ?6 > attempts"
    " WHEN 'deferred' THEN state = 'sending' AND ?6 = attempts ELSE state IN ('pending', 'deferred', 'sending') END"
)

log = logging.getLogger(__name__)


class Editions(Search, SeenItems):
    """The part of the store that remembers editions. They are what a reader keeps: nothing here forgets them.

    What becomes of letters is written into a file beside the state file as well (`ledger`), and what stands only there
    is taken from it when this one is opened.
    """

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self._ledger = None if self.path == MEMORY else LedgerFile(beside(self.path, "ledger"))
        try:
            self._catch_up()
        except BaseException:
            self.close()
            raise

    def put_edition(self, day: date, title: str, edition: str, now: datetime, told: Iterable[Article] = ()) -> None:
        """Remember the JSON of the edition of `day` called `title`, instead of one that was there.

        `told`: its articles, whose texts are kept for as long as they are listed (`keep_told`), and `KEPT_DAYS` more.
        What was proposed for it counts (`seen_items`).
        """
        key = (day.isoformat(), storable(title))
        rows = [
            (*key, one.id, one.url, storable(one.title), storable(one.text), storable(one.source),
             stamp(one.published) if one.published else None, stamp(now))
            for one in told
        ]  # fmt: skip
        oldest = stamp(now - timedelta(days=KEPT_DAYS))
        with self.transaction() as connection:
            values = (*key, storable(edition), stamp(now))
            connection.execute(
                "INSERT OR REPLACE INTO editions (date, title, edition, written) VALUES (?, ?, ?, ?)", values
            )
            update_index(connection)
            connection.execute("DELETE FROM told WHERE (date = ? AND title = ?) OR listed < ?", (*key, oldest))
            connection.executemany("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            unsettle(connection, day, key[1])
            settle(connection, day, key[1])

    def keep_told(self, title: str, listed: Iterable[str], now: datetime) -> None:
        """Keep the memory of those articles, by id, that their sources list still."""
        self.query(
            "UPDATE told SET listed = ? WHERE title = ? AND article IN (SELECT value FROM json_each(?))",
            stamp(now),
            title,
            json.dumps(list(listed)),
        )

    def told_texts(self, day: date, title: str, article: str) -> list[str]:
        """What an article said, by its id, when editions before `day` told it."""
        rows = self.query(
            "SELECT text FROM told WHERE title = ? AND article = ? AND date < ?", title, article, day.isoformat()
        )
        return [text for (text,) in rows]

    def editions_before(
        self, day: date, title: str, days: int, listed: Iterable[str] = ()
    ) -> list[tuple[date, str, dict[str, Article]]]:
        """Date, JSON and articles, by id, of the editions called `title` of the `days` before `day`, earliest first.

        Also of older ones that told one of `listed`, ids of articles; of their articles, only these.
        """
        near = "title = ?1 AND date < ?3 AND (date >= ?2 OR {}) ORDER BY date"
        span = (
            title,
            (day - timedelta(days=days)).isoformat(),
            day.isoformat(),
            json.dumps(list(listed)),
        )
        where = near.format("article IN (SELECT value FROM json_each(?4))")
        articles: dict[str, dict[str, Article]] = {}
        columns = "date, article, url, headline, text, source, published"
        for told, article, url, headline, text, source, published in self.query(
            f"SELECT {columns} FROM told WHERE {where}",  # noqa: S608 - ours
            *span,
        ):
            when = datetime.fromisoformat(published) if published else None
            known = Article(id=article, url=url, title=headline, text=text, source=source, published=when)
            articles.setdefault(told, {})[article] = known
        with_listed = near.format(
            "date IN (SELECT date FROM told WHERE title = ?1 AND article IN (SELECT value FROM json_each(?4)))"
        )
        editions = self.query(f"SELECT date, edition FROM editions WHERE {with_listed}", *span)  # noqa: S608 - ours
        return [(date.fromisoformat(told), text, articles.get(told, {})) for told, text in editions]

    def get_edition(self, day: date | None, title: str, *, today: date | None = None) -> str | None:
        """The JSON of the edition of `day` (None: of the latest, at most of `today`) called `title`."""
        rows = self.query(
            "SELECT edition FROM editions WHERE title = ?1 AND (?2 IS NULL OR date = ?2)"
            " AND (?2 IS NOT NULL OR ?3 IS NULL OR date <= ?3) ORDER BY date DESC LIMIT 1",
            title,
            day.isoformat() if day else None,
            today.isoformat() if today else None,
        )
        return str(rows[0][0]) if rows else None

    def editions(self, *, since: date | None = None, title: str | None = None) -> list[tuple[date, str]]:
        """Day and title of every edition since then (of that `title`), newest first."""
        rows = self.query(
            "SELECT date, title FROM editions WHERE (?1 IS NULL OR date >= ?1) AND (?2 IS NULL OR title = ?2)"
            " ORDER BY date DESC, title",
            since.isoformat() if since else None,
            title,
        )
        return [(date.fromisoformat(day), name) for day, name in rows]

    def remove_edition(self, day: date, title: str) -> bool:
        """Forget the edition of `day` called `title`, and that its items were seen and told; whether there was one.

        Its deliveries stay in the ledger but for those that were still to be made.
        """
        key = (day.isoformat(), storable(title))
        with self.transaction() as connection:
            there = connection.execute("DELETE FROM editions WHERE date = ? AND title = ?", key).rowcount > 0
            connection.execute("DELETE FROM told WHERE date = ? AND title = ?", key)
            connection.execute(
                "DELETE FROM deliveries WHERE edition = ? AND state IN ('pending', 'deferred')", (" ".join(key),)
            )
            unsettle(connection, day, key[1])
            drop_from_index(connection, key[0], key[1])
            return there

    def deliveries(self, edition: str) -> list[tuple[str, DeliveryState]]:
        """Recipient and state of every delivery of `edition` (`DeliveryKey`) in the ledger."""
        rows = self.query("SELECT recipient, state FROM deliveries WHERE edition = ? ORDER BY recipient", edition)
        return [(recipient, state) for recipient, state in rows]

    def delivery(self, key: DeliveryKey) -> Delivery:
        """What is known of one delivery; of one that was never tried, that it is pending."""
        rows = self.query(
            "SELECT state, attempts, detail FROM deliveries WHERE edition = ? AND recipient = ? AND channel = ?", *key
        )
        return Delivery(*rows[0]) if rows else Delivery("pending", 0, "")

    def claim_delivery(self, key: DeliveryKey, now: datetime) -> int | None:
        """Take a delivery into one's own hands, just before it can no longer be taken back; None where another has.

        Else the number of this try, by which `put_delivery` knows who writes. Whoever dies from here on leaves it
        ``sending``: nobody knows whether it arrived.
        """
        with self.transaction() as connection:
            if not _change(connection, key, "sending", _before("sending"), now):
                return None
            claim = self.delivery(key).attempts
        # After the commit, because whoever dies in between has handed over nothing: without a line it is as if the
        # letter had never been taken up. And before the letter, because the database may be lost.
        try:
            self._note(key, "sending", now, claim)
        except OSError as error:
            # The line may be there all the same; the letter is not out, and that is to stand behind it if it can.
            with suppress(OSError):
                self._note(key, "deferred", now, claim)
            with self.transaction() as connection:
                _change(connection, key, "deferred", {"sending"}, now, tries=claim)
            raise self._unwritten(error) from error
        return claim

    def owe_delivery(self, key: DeliveryKey, now: datetime) -> None:
        """Write down that somebody is to get something, where nothing is known of it yet."""
        self.query(_OWE, *key, stamp(now))

    def put_delivery(
        self, key: DeliveryKey, state: DeliveryState, detail: str, now: datetime, claim: int | None = None
    ) -> bool:
        """Write down what came of a delivery; whether it was written.

        It is not where the state that is there cannot become this one (`TRANSITIONS`; ``sending`` is for
        `claim_delivery`), and not while it is claimed by another than `claim`, what that gave. Where only the file
        beside this one cannot be written, that is logged as a warning: what came of a letter that is out is known here.
        """
        mine: set[DeliveryState] = {"sending"}
        of = _before(state) & mine if claim is not None else _before(state) - mine
        if state == "sending":
            return False
        with self.transaction() as connection:
            written = _change(connection, key, state, of, now, detail=detail, tries=claim)
            if written:
                # Before the commit: the other way round, a death in between would leave a letter that was put off
                # ``sending`` there, which a new database would take for one that nobody knows of.
                try:
                    self._note(key, state, now, self.delivery(key).attempts)
                except OSError as error:
                    place = self._ledger.path if self._ledger else self.path
                    log.warning(
                        "%s cannot be written (%s): what came of a letter stands only in %s",
                        place,
                        error.strerror,
                        self.path,
                    )
            return written

    def reopen_delivery(self, key: DeliveryKey, seen: Delivery, now: datetime) -> bool:
        """Have a delivery be owed anew, from now on, because somebody wants it; whether it is.

        It is not where it is no longer what was `seen` of it: another process has it in hand, or has done it.
        """
        with self.transaction() as connection:
            opened = _change(connection, key, "pending", {seen.state}, now, detail="", tries=seen.attempts)
            if opened:
                try:
                    self._note(key, "pending", now, seen.attempts)  # else what stands there would close it again
                except OSError as error:
                    raise self._unwritten(error) from error
            return opened

    def _note(self, key: DeliveryKey, state: DeliveryState, now: datetime, tries: int) -> None:
        """Write a change into the file beside this one as well. Raises OSError."""
        if self._ledger:
            self._ledger.append(key, LedgerLine(state, stamp(now), tries))

    def waiting_deliveries(self, title: str, channel: str) -> list[PendingDelivery]:
        """What is still to be delivered of the editions called `title`, of the earliest first."""
        rows = self.query(
            "SELECT editions.date, deliveries.changed, deliveries.edition, recipient, detail"
            " FROM editions JOIN deliveries ON deliveries.edition = editions.date || ' ' || editions.title"
            " WHERE title = ? AND channel = ? AND state IN ('pending', 'deferred')"
            " ORDER BY editions.date, deliveries.rowid",
            title,
            channel,
        )
        return [
            PendingDelivery(
                date=date.fromisoformat(day), owed=datetime.fromisoformat(owed),
                key=(edition, recipient, channel), detail=detail,
            )
            for day, owed, edition, recipient, detail in rows
        ]  # fmt: skip

    def prune_ledger(self, now: datetime) -> None:
        """Take the old lines out of the file beside this one; to be called by who holds the run's lock."""
        if self._ledger:
            try:
                self._ledger.prune(now)
            except OSError as error:
                raise self._unwritten(error) from error

    def _catch_up(self) -> None:
        """Take from the file beside this one who has, or may have, got a letter, where that is not known here.

        Of a letter that is known here to be further on, nothing changes. While it is read nobody else writes either
        file: else what was read would be old by the time it is written here.
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
            news = [(*map(storable, key), *line) for key, line in last.items() if line.state != "pending"]
            connection.executemany(_TAKE_IN, news)

    def _unwritten(self, error: OSError) -> StoreError:
        place = self._ledger.path if self._ledger else self.path
        cause = f"cannot be written: {error.strerror}, and without it no letter may leave"
        return StoreError(str(place), cause, "Free some space, or give yourself the permission")


def _before(state: DeliveryState) -> set[DeliveryState]:
    """The states that a delivery may have before this one."""
    return {one for one, may in TRANSITIONS.items() if state in may}


def _change(
    connection: sqlite3.Connection,
    key: DeliveryKey,
    state: DeliveryState,
    of: Collection[DeliveryState],
    now: datetime,
    *,
    detail: str | None = None,
    tries: int | None = None,
) -> bool:
    """Compare and set: a delivery is in `state` where it was in one `of` these, after so many `tries`; whether it is.

    Since when it is owed stays, where it goes on being owed.
    """
    which = [storable(one) for one in key]
    if "pending" in of:
        connection.execute(_OWE, (*which, stamp(now)))
    values = (*which, state, None if detail is None else storable(detail), stamp(now), json.dumps(list(of)), tries)
    return connection.execute(_CHANGE, values).rowcount > 0
