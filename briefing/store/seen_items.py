"""Which items of feeds and mailboxes were seen, when first, and which edition has settled them; what feeds are called.

An item is settled for an edition when a later one need not look at it again: it was told, was told before, is muted, or
can never be an article. What a limit left out, or what could not be fetched, stays open. A run proposes what it has
settled (`SeenItems.propose`); only when its edition is kept, or there was nothing to keep, does that count, so that a
run which dies in between has seen nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from briefing.nlp.text import fingerprint
from briefing.store.database import StateFile, stamp, storable

__all__ = ["SeenItem", "SeenItems", "settle", "unsettle"]


@dataclass(frozen=True, slots=True)
class SeenItem:
    """What is known of one item."""

    first: datetime
    """When a run first came across it, UTC."""
    settled: date | None
    """The day of the earliest edition that has settled it."""


class SeenItems(StateFile):
    """The part of the store that knows items, for each title of an edition on its own."""

    def seen_items(self, title: str, items: Iterable[str]) -> dict[str, SeenItem]:
        """What is known of each of `items`; one that no run has come across is absent."""
        rows = self.query(
            "SELECT item, first_seen, edition FROM seen WHERE title = ? AND item IN (SELECT value FROM json_each(?))",
            title,
            json.dumps(list(items)),
        )
        return {
            item: SeenItem(datetime.fromisoformat(first), date.fromisoformat(day) if day else None)
            for item, first, day in rows
        }

    def record_seen(self, title: str, items: Collection[str], now: datetime) -> None:
        """Remember that a run has come across `items`."""
        with self.transaction() as connection:
            connection.executemany(
                "INSERT INTO seen (title, item, first_seen, last_seen) VALUES (?1, ?2, ?3, ?3)"
                " ON CONFLICT (title, item) DO UPDATE SET last_seen = ?3",
                [(storable(title), item, stamp(now)) for item in items],
            )

    def propose(self, day: date, title: str, items: Iterable[str], began: datetime) -> None:
        """Note what the edition of `day`, whose first run began then, has settled once it is kept."""
        key = (day.isoformat(), storable(title))
        with self.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO made (date, title, began) VALUES (?, ?, ?)", (*key, stamp(began)))
            connection.execute("UPDATE seen SET pending = NULL WHERE pending = ? AND title = ?", key)
            connection.executemany(
                "UPDATE seen SET pending = ? WHERE title = ? AND item = ?", [(*key, item) for item in items]
            )

    def finish(self, day: date, title: str) -> None:
        """Make what was proposed count: there is nothing to keep of this day, or nothing more."""
        with self.transaction() as connection:
            settle(connection, day, storable(title))

    def begun(self, day: date, title: str) -> tuple[datetime | None, datetime | None]:
        """When the edition of `day` was first begun, and when the first finished one of all up to `day` was; UTC."""
        rows = self.query(
            "SELECT (SELECT began FROM made WHERE title = ?1 AND date = ?2 AND finished),"
            " (SELECT min(began) FROM made WHERE title = ?1 AND date <= ?2 AND finished)",
            title,
            day.isoformat(),
        )
        own, first = (datetime.fromisoformat(text) if text else None for text in rows[0])
        return own, first

    def feed_titles(self, locations: Iterable[str]) -> dict[str, str]:
        """What the feeds at these addresses called themselves when they were last read; unknown ones are absent."""
        digests = {fingerprint(location): location for location in locations}
        rows = self.query(
            "SELECT source, title FROM feeds WHERE source IN (SELECT value FROM json_each(?))",
            json.dumps(list(digests)),
        )
        return {digests[digest]: title for digest, title in rows}

    def keep_feed_titles(self, titles: Mapping[str, str], now: datetime) -> None:
        """Remember what feeds, by their addresses, call themselves."""
        with self.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO feeds (source, title, read) VALUES (?, ?, ?)",
                [(fingerprint(location), storable(title), stamp(now)) for location, title in titles.items()],
            )


def settle(connection: sqlite3.Connection, day: date, title: str) -> None:
    """Within a transaction: what was proposed for the edition of `day` counts from now on."""
    key = (day.isoformat(), title)
    connection.execute("UPDATE made SET finished = 1 WHERE date = ? AND title = ?", key)
    connection.execute(
        "UPDATE seen SET edition = ?1 WHERE pending = ?1 AND title = ?2 AND (edition IS NULL OR edition > ?1)", key
    )
    connection.execute("UPDATE seen SET pending = NULL WHERE pending = ? AND title = ?", key)


def unsettle(connection: sqlite3.Connection, day: date, title: str) -> None:
    """Within a transaction: what the edition of `day` has settled is open again."""
    connection.execute("UPDATE seen SET edition = NULL WHERE edition = ? AND title = ?", (day.isoformat(), title))
