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
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from briefing.errors import DamageError, StoreError
from briefing.private_files import database_files, make_private, private_file, private_folder, temporary_beside
from briefing.store import schema
from briefing.store.health import beside, check_ours, opened_to_read, pragma, remedy_for_damage, unsound
from briefing.store.schema import APPLICATION_ID

__all__ = ["BUSY_SECONDS", "MEMORY", "StateFile", "check_state", "damage", "explained", "stamp", "storable"]

MEMORY = ":memory:"
"""Instead of a path: a store that ends with the process."""

BUSY_SECONDS = 30.0
"""How long a write waits for another process's; each holds the file for milliseconds."""


_COMPANIONS = ("ledger", "backup", "backup-before", "lock")
"""Endings of the files that lie beside it."""


class StateFile:
    """An open state file, made where there is none. Safe to share among threads, not across a fork.

    Everything raises `StoreError` when the file cannot be used: no permission, no space, damaged, another program's, or
    written by a newer version.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        with explained(self.path):
            if self.path != MEMORY:
                private_folder(Path(self.path).parent)
                _refuse_folders(Path(self.path), "ledger")
                _refuse_emptied(Path(self.path))
                with suppress(OSError, RuntimeError):  # SQLite says better why not
                    _begin(Path(self.path).resolve())
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            with explained(self.path):
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
        with explained(self.path), self._lock:
            return self._open().execute(statement, clean).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Several statements, all or none of them."""
        with explained(self.path), self._lock, _transaction(self._open()) as connection:
            yield connection

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(self.path, "is closed already")
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        check_ours(connection, self.path)
        if self.path != MEMORY:
            make_private(*database_files(Path(self.path).resolve()), *(beside(self.path, one) for one in _COMPANIONS))
        _use_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        while (version := pragma(connection, "user_version")) < len(schema.MIGRATIONS):
            with _transaction(connection):
                # Another process may have been faster, between the look and the lock.
                if pragma(connection, "user_version") == version:
                    for statement in schema.MIGRATIONS[version]:
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {version + 1}")
        # Changes nothing, but a file that can only be read fails here, not after the first article.
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    def copy_to(self, other: sqlite3.Connection) -> None:
        """Write all of it, as it is now, into another database."""
        with explained(self.path), self._lock:
            self._open().backup(other)

    def check(self) -> None:
        """Read every page. Raises `StoreError` where one is damaged."""
        with explained(self.path), self._lock:
            wrong = unsound(self._open())
        if wrong:
            raise damage(self.path, wrong)


def check_state(path: Path) -> None:
    """Raise `StoreError` where a run could not use the file at `path`; it is not changed, nor brought up to date.

    One that is not there is well, for a run makes it.
    """
    with explained(str(path)):
        _refuse_folders(path, *_COMPANIONS)
        if not path.exists():
            return
        _refuse_emptied(path)
        with closing(opened_to_read(path)) as connection:
            check_ours(connection, str(path))
            wrong = unsound(connection)
    if wrong:
        raise damage(str(path), wrong)
    if not os.access(path, os.W_OK):
        raise StoreError(str(path), *_CAUSES[sqlite3.SQLITE_READONLY])


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Have what goes wrong with the file at `path` be a `StoreError`."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the extended part
        if code in _DAMAGE:
            raise damage(path, str(error), code) from error
        cause, remedy = _CAUSES.get(code, ("cannot be used", "Name another file with --state"))
        raise StoreError(path, f"{cause} ({error})", remedy) from error
    except OSError as error:
        raise StoreError(path, f"cannot be made: {error.strerror}", "Name another file with --state") from error


def damage(path: str, said: str, code: int = sqlite3.SQLITE_CORRUPT) -> StoreError:
    """The error for a file of which SQLite `said` what is wrong; no `DamageError` where it never was one of ours."""
    file = Path(path)
    if code == sqlite3.SQLITE_NOTADB and not (beside(file, "backup").exists() or beside(file, "ledger").exists()):
        return StoreError(path, f"is not a state file ({said})", "Name another file with --state, or move it away")
    return DamageError(path, f"is damaged ({said})", remedy_for_damage(file))


def _begin(path: Path) -> None:
    """Make a private file at `path` where there is none. At no moment is it empty there, as a damaged one is."""
    if path.exists():
        return
    with temporary_beside(path) as file:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        try:
            path.hardlink_to(file)
        except OSError:  # another process was faster, or the file system has no links
            private_file(path)


def _refuse_folders(path: Path, *companions: str) -> None:
    """Where the state file or one of those `companions` should lie, nothing but a file may."""
    for file in (path, *(beside(path, ending) for ending in companions)):
        if file.exists() and not file.is_file():
            what = "is a folder, not a file" if file.is_dir() else "is not a file"
            remedy = "Name a file with --state" if file is path else "Move it away, or name another file with --state"
            raise StoreError(str(file), what, remedy)


def _refuse_emptied(path: Path) -> None:
    """An empty file is a new one, unless there once was more in it."""
    left = (beside(path, ending) for ending in ("backup", "ledger"))
    if path.exists() and not path.stat().st_size and any(one.exists() for one in left):
        raise damage(str(path), "it is empty")


_DAMAGE = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
_CAUSES = {
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


def stamp(time: datetime) -> str:
    """UTC with microseconds, so that texts sort as times do."""
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def storable(text: str) -> str:
    """`text` without halves of surrogate pairs, which JSON from outside can smuggle in and UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()
