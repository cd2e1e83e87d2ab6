"""The pictures of editions, as made small, in an SQLite file of their own beside the state file (``NAME-pictures.db``).

Not in the state file, whose backup is written by every run. It may be lost: editions then show no pictures. Nothing
here raises for the file; what fails is logged.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from briefing.address import shown_in
from briefing.private_files import database_files, make_private, private_file, private_folder
from briefing.store.database import stamp, storable
from briefing.types import PictureLink

UNUSED = timedelta(days=30)
"""After which what no edition shows is forgotten."""
_SLOW = timedelta(hours=20)
_VERSION = 2
_TABLES = (
    # By a digest of the address, which may hold a secret; without a picture where there is none that can be shown.
    "CREATE TABLE IF NOT EXISTS addresses (address TEXT PRIMARY KEY, picture TEXT, seen TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS pictures (
        digest TEXT PRIMARY KEY, width INTEGER NOT NULL, height INTEGER NOT NULL, data BLOB NOT NULL, seen TEXT NOT NULL
    )""",
    # Who named it: one that a source has for several articles is a logo.
    """CREATE TABLE IF NOT EXISTS named (
        picture TEXT NOT NULL, source TEXT NOT NULL, article TEXT NOT NULL, seen TEXT NOT NULL,
        PRIMARY KEY (picture, source, article)
    )""",
    "CREATE TABLE IF NOT EXISTS shown (edition TEXT NOT NULL, picture TEXT NOT NULL, PRIMARY KEY (edition, picture))",
    # Version 2: the pictures that feed and page name for an article, for later runs of its edition.
    """CREATE TABLE links (
        article TEXT NOT NULL, place INTEGER NOT NULL, address TEXT NOT NULL, alt TEXT NOT NULL, width INTEGER NOT NULL,
        seen TEXT NOT NULL, PRIMARY KEY (article, place)
    )""",
    f"PRAGMA user_version = {_VERSION}",
)

_log = logging.getLogger(__name__)


class StoredPicture(NamedTuple):
    """What is known of the picture at an address."""

    digest: str
    """SHA-256 of the small picture, hexadecimal; empty: there is none that can be shown."""
    width: int
    height: int


class PictureStore:
    """The file at `path`, made by the first picture that is stored."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def known(self, url: str) -> StoredPicture | None:
        """What an earlier look at an address gave; None where there was none."""
        rows = self._run(
            "SELECT picture, width, height FROM addresses LEFT JOIN pictures ON digest = picture WHERE address = ?",
            _key(url),
        )
        if not rows:
            return None
        digest, width, height = rows[0]
        if not digest:
            return StoredPicture("", 0, 0)
        return None if width is None else StoredPicture(digest, width, height)

    def put(self, url: str, data: bytes, width: int, height: int, now: datetime) -> str:
        """Store the picture of an address; its digest."""
        digest = sha256(data).hexdigest()
        self._write(
            [
                ("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?, ?)", (digest, width, height, data, stamp(now))),
                ("INSERT OR REPLACE INTO addresses VALUES (?, ?, ?)", (_key(url), digest, stamp(now))),
            ]
        )
        return digest

    def put_none(self, url: str, now: datetime) -> None:
        """Remember that there is no picture at an address that can be shown."""
        self._write([("INSERT OR REPLACE INTO addresses VALUES (?, NULL, ?)", (_key(url), stamp(now)))])

    def put_slow(self, url: str, now: datetime) -> None:
        """Remember for less than a day that nobody should wait for the picture at an address."""
        self.put_none(url, now - UNUSED + _SLOW)

    def name(self, digest: str, source: str, article: str, now: datetime) -> None:
        """Remember that a source has the picture for an article."""
        row = (digest, storable(source), storable(article), stamp(now))
        self._write([("INSERT OR REPLACE INTO named VALUES (?, ?, ?, ?)", row)])

    def is_shared(self, digest: str, source: str) -> bool:
        """Whether a source has the picture for several articles: a logo, or what stands for a missing picture."""
        found = self._run("SELECT count(*) FROM named WHERE picture = ? AND source = ?", digest, storable(source))
        return bool(found) and found[0][0] > 1

    def put_links(self, links: Mapping[str, Sequence[PictureLink]], now: datetime) -> None:
        """Remember the pictures that are named for articles, by their ids; none whose address holds a secret."""
        rows = [
            (storable(article), place, link.url, storable(link.alt), link.width, stamp(now))
            for article, named in links.items()
            for place, link in enumerate(named)
            if shown_in(link.url) == link.url
        ]
        if rows:
            self._write([("INSERT OR REPLACE INTO links VALUES (?, ?, ?, ?, ?, ?)", row) for row in rows])

    def links(self, articles: Iterable[str]) -> dict[str, list[PictureLink]]:
        """What `put_links` was told of these articles."""
        rows = self._run(
            "SELECT article, address, alt, width FROM links WHERE article IN (SELECT value FROM json_each(?))"
            " ORDER BY article, place",
            json.dumps([storable(article) for article in articles]),
        )
        found: dict[str, list[PictureLink]] = {}
        for article, url, alt, width in rows:
            found.setdefault(article, []).append(PictureLink(url=url, alt=alt, width=width))
        return found

    def data(self, digest: str) -> bytes:
        """The picture; empty where it is not at hand."""
        rows = self._run("SELECT data FROM pictures WHERE digest = ?", digest)
        return rows[0][0] if rows and isinstance(rows[0][0], bytes) else b""

    def keep(self, edition: str, digests: Iterable[str]) -> None:
        """Keep these pictures for as long as there is the edition, and none that it had before."""
        rows = sorted({(storable(edition), digest) for digest in digests})
        if rows or self._path.exists():
            self._write(
                [
                    ("DELETE FROM shown WHERE edition = ?", (storable(edition),)),
                    *(("INSERT INTO shown VALUES (?, ?)", row) for row in rows),
                ]
            )

    def remove(self, edition: str) -> None:
        """Delete the pictures that this edition shows and no other, and what is known of them."""
        if self._path.exists():
            gone = "SELECT picture FROM shown WHERE edition = ?1 EXCEPT SELECT picture FROM shown WHERE edition <> ?1"
            tables = (("pictures", "digest"), ("addresses", "picture"), ("named", "picture"))
            self._write(
                [
                    *((f"DELETE FROM {table} WHERE {column} IN ({gone})", (storable(edition),))  # noqa: S608 - ours
                      for table, column in tables),
                    ("DELETE FROM shown WHERE edition = ?", (storable(edition),)),
                ]
            )  # fmt: skip

    def forget(self, now: datetime) -> None:
        """Delete what no edition shows and no run has seen for `UNUSED`."""
        if self._path.exists():
            limit = (stamp(now - UNUSED),)
            unshown = "NOT IN (SELECT picture FROM shown)"
            self._write(
                [
                    (f"DELETE FROM pictures WHERE seen < ? AND digest {unshown}", limit),  # noqa: S608 - ours
                    ("DELETE FROM addresses WHERE seen < ?", limit),
                    ("DELETE FROM named WHERE seen < ?", limit),
                    ("DELETE FROM links WHERE seen < ?", limit),
                ]
            )

    def _run(self, statement: str, *values: str) -> list[Any]:
        if not self._path.exists():
            return []
        try:
            with closing(self._opened()) as file:
                return file.execute(statement, values).fetchall()
        except (sqlite3.Error, OSError) as error:
            _log.debug("Pictures %s cannot be read: %s", self._path, error)
            return []

    def _write(self, statements: Sequence[tuple[str, tuple[object, ...]]]) -> None:
        try:
            with closing(self._opened()) as file:
                file.execute("BEGIN IMMEDIATE")
                for statement, values in statements:
                    file.execute(statement, values)
                file.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            _log.warning("Pictures %s cannot be written: %s", self._path, error)

    def _opened(self) -> sqlite3.Connection:
        """The file; a damaged one is replaced by an empty one."""
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # locked, read-only: not damaged
                raise
            _log.warning("Pictures %s are damaged and begun anew: %s", self._path, error)
            for part in database_files(self._path):
                with suppress(FileNotFoundError):
                    part.unlink()
            return self._open()

    def _open(self) -> sqlite3.Connection:
        private_folder(self._path.parent)
        private_file(self._path)
        file = sqlite3.connect(self._path, timeout=5.0, isolation_level=None)
        try:
            make_private(*database_files(self._path))
            if file.execute("PRAGMA user_version").fetchone()[0] < _VERSION:
                file.execute("BEGIN IMMEDIATE")
                if file.execute("PRAGMA user_version").fetchone()[0] < _VERSION:
                    for statement in _TABLES:
                        file.execute(statement)
                file.execute("COMMIT")
            file.execute("PRAGMA secure_delete = ON")
        except BaseException:
            file.close()
            raise
        return file


def _key(url: str) -> str:
    return sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
