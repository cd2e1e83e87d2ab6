"""The SQLite file itself: opened, migrated, asked, and its troubles explained.

Every statement commits before `StateFile.query` returns. With ``journal_mode=WAL`` and ``synchronous=NORMAL`` a commit
survives the death of the process at any moment; only a power cut may take back the last few, and it leaves the file
consistent (https://www.sqlite.org/pragma.html#pragma_synchronous). Several processes may use one file.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from briefing.errors import StoreError
from briefing.store.schema import APPLICATION_ID, MIGRATIONS

__all__ = ["BUSY_SECONDS", "MEMORY", "StateFile", "check_state", "stamp", "storable"]

MEMORY = ":memory:"
"""Instead of a path: a store that ends with the process."""

BUSY_SECONDS = 30.0
"""How long a write waits for another process's; each holds the file for milliseconds."""


class StateFile:
    """An open state file, made where there is none. Safe to share among threads, not across a fork.

    Everything raises `StoreError` when the file cannot be used: no permission, no space, damaged, another program's, or
    written by a newer version.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        with _explained(self.path):
            if self.path != MEMORY:
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            with _explained(self.path):
                self._prepare(self._connection)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back. Safe to call twice."""
        with self._lock:
            if self._connection is not None:
                with suppress(sqlite3.Error):  # nothing is lost: every put has committed
                    self._connection.close()
                self._connection = None

    def query(self, statement: str, *values: str | int | None) -> list[Any]:
        """Run one statement, which is a transaction of its own, and fetch all its rows."""
        clean = [storable(value) if isinstance(value, str) else value for value in values]
        with _explained(self.path), self._lock:
            return self._open().execute(statement, clean).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Several statements, all or none of them."""
        with _explained(self.path), self._lock, _transaction(self._open()) as connection:
            yield connection

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(self.path, "is closed already")
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        _check_ours(connection, self.path)
        _use_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        while (version := _pragma(connection, "user_version")) < len(MIGRATIONS):
            with _transaction(connection):
                # Another process may have been faster, between the look and the lock.
                if _pragma(connection, "user_version") == version:
                    for statement in MIGRATIONS[version]:
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {version + 1}")
        # Changes nothing, but a file that can only be read fails here, not after the first article.
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def check_state(path: Path) -> None:
    """Raise `StoreError` where a run could not use the file at `path`; it is not changed, nor brought up to date."""
    with _explained(str(path)):
        # No lock is taken and no file made beside it, so that a run may be at work on it. What stands only in the
        # write-ahead log is not seen: the two marks that are looked at seldom do.
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)
        try:
            _check_ours(connection, str(path))
        finally:
            connection.close()
    if not os.access(path, os.W_OK):
        raise StoreError(str(path), *_CAUSES[sqlite3.SQLITE_READONLY])


def _check_ours(connection: sqlite3.Connection, path: str) -> None:
    if (
        _pragma(connection, "application_id") != APPLICATION_ID
        and connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    ):
        raise StoreError(path, "is another program's database", "Name another file with --state")
    if (version := _pragma(connection, "user_version")) > len(MIGRATIONS):
        raise StoreError(
            path,
            f"was written by a newer version of briefing (format {version}; this one knows {len(MIGRATIONS)})",
            "Update briefing, or name another file with --state",
        )


@contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the extended part
        cause, remedy = _CAUSES.get(code, ("cannot be used", "Name another file with --state"))
        raise StoreError(path, f"{cause} ({error})", remedy) from error
    except OSError as error:
        raise StoreError(path, f"cannot be made: {error.strerror}", "Name another file with --state") from error


_DAMAGED = "Move it away: a new one is made, and only the memory of earlier runs is lost"
_CAUSES = {
    sqlite3.SQLITE_NOTADB: ("is not a state file", _DAMAGED),
    sqlite3.SQLITE_CORRUPT: ("is damaged", _DAMAGED),
    sqlite3.SQLITE_FULL: ("cannot grow: the disk is full", "Free some space, or name another file with --state"),
    sqlite3.SQLITE_READONLY: ("cannot be written", "Give yourself the permission, or name another file with --state"),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "Give yourself the permission, or name another file with --state"),
    sqlite3.SQLITE_PERM: ("cannot be opened", "Give yourself the permission, or name another file with --state"),
    sqlite3.SQLITE_BUSY: ("is held by another process", "Wait for the other run to end, or end it"),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "Look at the disk's space and health, or name another file"),
}


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing; takes the write lock at once, because a read that later turns into a write cannot wait for it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # SQLite may have rolled back itself
            connection.execute("ROLLBACK")
        raise


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL, waiting here: when another process is making the same new file, SQLite says "locked" at once."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def stamp(time: datetime) -> str:
    """UTC with microseconds, so that texts sort as times do."""
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def storable(text: str) -> str:
    """`text` without halves of surrogate pairs, which JSON from outside can smuggle in and UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()
