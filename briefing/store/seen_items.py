"""Items of feeds and mailboxes: first seen when, settled by which edition. Also the titles of feeds.

An item is settled when later editions need not look at it again: it was told, was told before, is muted, or can never
be an article. What a limit left out or could not be fetched stays open. A run proposes items (`SeenItems.propose`);
they are settled when its edition is stored, or there was none to store (`finish`), so that a run that dies in between
settles nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from briefing.errors import StoreError
from briefing.nlp.text import fingerprint
from briefing.store.database import StateFile, stamp, storable
from briefing.store.health import check_ours, open_read_only
from briefing.types import day_and_name, stem_of

Passed = tuple[str, Collection[str]]
"""Why items are left to a later edition, and their keys."""
NOTHING: Passed = ("", ())


@dataclass(frozen=True, slots=True)
class SeenItem:
    """The state of one item."""

    first: datetime
    """When a run first saw it, UTC."""
    settled: date | None
    """Day of the earliest edition that settled it."""
    by: str = ""
    """Stem of that edition; empty for none."""
    passed: tuple[str, ...] = ()
    """Which editions of one day left it to a later one, and with which limits (`SeenItems.propose`)."""


class SeenItems(StateFile):
    """The part of the store with items; each title of an edition has its own."""

    def seen_items(self, title: str, items: Iterable[str]) -> dict[str, SeenItem]:
        """The known ones of `items`."""
        rows = self.query(
            "SELECT item, first_seen, edition, passed FROM seen"
            " WHERE title = ? AND item IN (SELECT value FROM json_each(?))",
            title,
            json.dumps(list(items)),
        )
        return {
            item: SeenItem(
                datetime.fromisoformat(first), day_and_name(stem)[0] if stem else None, stem or "", _lines(passed)
            )
            for item, first, stem, passed in rows
        }

    def record_seen(self, title: str, items: Collection[str], now: datetime) -> None:
        """Record that a run saw `items` at `now`."""
        with self.transaction() as connection:
            connection.executemany(
                "INSERT INTO seen (title, item, first_seen, last_seen) VALUES (?1, ?2, ?3, ?3)"
                " ON CONFLICT (title, item) DO UPDATE SET last_seen = ?3",
                [(storable(title), item, stamp(now)) for item in items],
            )

    def propose(
        self, day: date, title: str, items: Iterable[str], began: datetime, *, name: str = "", passed: Passed = NOTHING
    ) -> None:
        """Record the items that the edition of `day` called `name` will settle; `began`: when its first run did.

        `passed`: the items that its limits leave to a later edition, with a text that stands for its limits and begins
        with its stem and a blank. What other editions of that day left, and with which limits, stays on record.
        """
        key = (stem_of(day, name), storable(title))
        with self.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO made (date, title, began) VALUES (?, ?, ?)", (*key, stamp(began)))
            connection.execute("UPDATE seen SET pending = NULL WHERE pending = ? AND title = ?", key)
            connection.executemany(
                "UPDATE seen SET pending = ? WHERE title = ? AND item = ?", [(*key, item) for item in items]
            )
            why, left = passed
            known = connection.execute(
                "SELECT item, passed FROM seen WHERE title = ? AND item IN (SELECT value FROM json_each(?))",
                (key[1], json.dumps(list(left))),
            )
            of_the_day = {
                item: [line for line in _lines(text) if line.startswith(day.isoformat()) and not _is_of(key[0], line)]
                for item, text in known
            }
            connection.executemany(
                "UPDATE seen SET passed = ? WHERE title = ? AND item = ?",
                [(storable("\n".join([*lines, why])), key[1], item) for item, lines in of_the_day.items()],
            )

    def finish(self, day: date, title: str, name: str = "") -> None:
        """Settle what was proposed for the edition of `day`, without storing one."""
        with self.transaction() as connection:
            settle(connection, stem_of(day, name), storable(title))

    def begun(self, day: date, title: str, name: str = "") -> tuple[datetime | None, datetime | None]:
        """When the finished edition of `day` began, and when the first finished one up to `day` did; UTC."""
        rows = self.query(
            "SELECT (SELECT began FROM made WHERE title = ?1 AND date = ?2 AND finished),"
            " (SELECT min(began) FROM made WHERE title = ?1 AND substr(date, 1, 10) <= ?3 AND finished)",
            title,
            stem_of(day, name),
            day.isoformat(),
        )
        own, first = (datetime.fromisoformat(text) if text else None for text in rows[0])
        return own, first

    def feed_titles(self, locations: Iterable[str]) -> dict[str, str]:
        """Titles of the feeds at these addresses, where known."""
        digests = {fingerprint(location): location for location in locations}
        rows = self.query(
            "SELECT source, title FROM feeds WHERE source IN (SELECT value FROM json_each(?))",
            json.dumps(list(digests)),
        )
        return {digests[digest]: title for digest, title in rows}

    def was_feed(self, location: str) -> bool:
        """Whether a feed was read at this address (`keep_feeds`)."""
        return bool(self.query("SELECT 1 FROM feeds WHERE source = ?", _feed_key(location)))

    def keep_feeds(self, locations: Iterable[str], now: datetime) -> None:
        """Record that feeds were read at these addresses themselves, and not at those that a page there names."""
        with self.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO feeds (source, title, read) VALUES (?, '', ?)",
                [(_feed_key(location), stamp(now)) for location in locations],
            )

    def keep_feed_titles(self, titles: Mapping[str, str], now: datetime) -> None:
        """Record titles of feeds by their addresses."""
        with self.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO feeds (source, title, read) VALUES (?, ?, ?)",
                [(fingerprint(location), storable(title), stamp(now)) for location, title in titles.items()],
            )


@dataclass(frozen=True, slots=True)
class KnownFeeds:
    """What a state file knows of feeds."""

    _titles: Mapping[str, str]
    """By the keys of the table of feeds."""

    def was_read(self, location: str) -> bool:
        """As `SeenItems.was_feed`."""
        return _feed_key(location) in self._titles

    def title_of(self, location: str) -> str:
        """The title of the feed at an address, when it was last read; empty where unknown."""
        return self._titles.get(fingerprint(location), "")


def known_feeds(path: Path) -> KnownFeeds:
    """What the state file at `path` knows of feeds, without changing or migrating it.

    Nothing where there is no such file or it cannot be read.
    """
    try:
        path.stat()  # SQLite would make a missing file
        with closing(open_read_only(path)) as connection:
            check_ours(connection, str(path))
            return KnownFeeds(dict(connection.execute("SELECT source, title FROM feeds")))
    except (sqlite3.Error, OSError, StoreError):
        return KnownFeeds({})


def _feed_key(location: str) -> str:
    """Beside the key of the location's title, which may be that of a feed that a page there names."""
    return fingerprint("feed", location)


def settle(connection: sqlite3.Connection, stem: str, title: str) -> None:
    """Settle, within a transaction, what was proposed for the edition of that stem."""
    key = (stem, title)
    connection.execute("UPDATE made SET finished = 1 WHERE date = ? AND title = ?", key)
    connection.execute(
        "UPDATE seen SET edition = ?1 WHERE pending = ?1 AND title = ?2 AND (edition IS NULL OR edition > ?1)", key
    )
    connection.execute("UPDATE seen SET pending = NULL WHERE pending = ? AND title = ?", key)


def unsettle(connection: sqlite3.Connection, stem: str, title: str) -> None:
    """Reopen, within a transaction, what the edition of that stem has settled, and what its limits left out."""
    connection.execute("UPDATE seen SET edition = NULL WHERE edition = ? AND title = ?", (stem, title))
    left = connection.execute(
        "SELECT item, passed FROM seen WHERE title = ? AND instr(passed, ? || ' ')", (title, stem)
    ).fetchall()
    connection.executemany(
        "UPDATE seen SET passed = ? WHERE title = ? AND item = ?",
        [("\n".join(line for line in _lines(text) if not _is_of(stem, line)), title, item) for item, text in left],
    )


def _lines(passed: str) -> tuple[str, ...]:
    """The column `passed`: a line for each edition."""
    return tuple(passed.splitlines())


def _is_of(stem: str, line: str) -> bool:
    """Whether a line of the column `passed` is of the edition of that stem."""
    return line.startswith(f"{stem} ")
