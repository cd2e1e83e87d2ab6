"""The state machine of an edition's deliveries, in the state file and the ledger beside it."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from briefing.errors import StoreError
from briefing.store.database import MEMORY, StateFile, stamp, storable
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
from briefing.types import day_and_name

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


class Deliveries(StateFile):
    """The part of the store with deliveries, which do not expire.

    They are also written to the ledger, a file beside the state file (`ledger`), which is merged when the store is
    opened.
    """

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self._ledger = None if self.path == MEMORY else LedgerFile(beside(self.path, "ledger"))
        try:
            self._merge_ledger()
        except BaseException:
            self.close()
            raise

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


def forget_open(connection: sqlite3.Connection, edition: str) -> None:
    """Forget, within a transaction, letters about `edition` (as for `Deliveries.deliveries`) that are still owed."""
    connection.execute(
        f"DELETE FROM deliveries WHERE {_OF_EDITION} AND state IN ('pending', 'deferred')",  # noqa: S608 - ours
        (edition,),
    )


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
