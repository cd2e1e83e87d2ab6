"""What was written and to whom it went: editions and the ledger of their deliveries."""

from __future__ import annotations

from datetime import date, datetime

from briefing.store.file import stamp, storable
from briefing.store.schema import Delivery, DeliveryKey, DeliveryState
from briefing.store.search import Search, update_index

__all__ = ["Editions"]


class Editions(Search):
    """The part of the store that remembers editions. They are what a reader keeps: nothing here forgets them."""

    def put_edition(self, day: date, title: str, edition: str, now: datetime) -> None:
        """Remember the JSON of the edition of `day` called `title`, instead of one that was there."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO editions (date, title, edition, written) VALUES (?, ?, ?, ?)",
                (day.isoformat(), storable(title), storable(edition), stamp(now)),
            )
            update_index(connection)

    def get_edition(self, day: date | None, title: str) -> str | None:
        """The JSON of the edition of `day` (None: of the latest) called `title`."""
        rows = self.query(
            "SELECT edition FROM editions WHERE title = ?1 AND (?2 IS NULL OR date = ?2) ORDER BY date DESC LIMIT 1",
            title,
            day.isoformat() if day else None,
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

    def delivery(self, key: DeliveryKey) -> Delivery:
        """What is known of one delivery; of one that was never tried, that it is pending."""
        rows = self.query(
            "SELECT state, attempts, detail FROM deliveries WHERE edition = ? AND recipient = ? AND channel = ?", *key
        )
        return Delivery(*rows[0]) if rows else Delivery("pending", 0, "")

    def claim_delivery(self, key: DeliveryKey, now: datetime) -> bool:
        """Take a delivery into one's own hands, just before it can no longer be taken back; false where another has.

        Whoever dies from here on leaves it ``sending``: nobody knows whether it arrived.
        """
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, 'pending', 0, '', ?)", (*key, stamp(now))
            )
            taken = connection.execute(
                "UPDATE deliveries SET state = 'sending', attempts = attempts + 1, changed = ?"
                " WHERE edition = ? AND recipient = ? AND channel = ? AND state IN ('pending', 'deferred')",
                (stamp(now), *key),
            )
            return taken.rowcount == 1

    def put_delivery(self, key: DeliveryKey, state: DeliveryState, detail: str, now: datetime) -> None:
        """Write down what came of a delivery."""
        self.query(
            "INSERT INTO deliveries VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)"
            " ON CONFLICT (edition, recipient, channel) DO UPDATE SET state = ?4, detail = ?5, changed = ?6",
            *key,
            state,
            detail,
            stamp(now),
        )
