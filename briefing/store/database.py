"""The SQLite database: connection, migrations, transactions, and SQLite's errors as `StoreError`.

Every statement commits before `StateFile.query` returns. With ``journal_mode=WAL`` and ``synchronous=NORMAL`` a commit
survives the death of the process; a power cut may lose the last few, and leaves the file consistent
(https://www.sqlite.org/pragma.html#pragma_synchronous). Several processes may use one file.
"""

from __future__ import annotations

import logging
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
from briefing.store.health import beside, check_ours, integrity_problem, open_read_only, pragma, remedy_for_damage
from briefing.store.schema import APPLICATION_ID

_log = logging.getLogger(__name__)
MEMORY = ":memory:"
"""Path of an in-memory store."""

BUSY_SECONDS = 30.0
"""SQLite's busy timeout; a write holds the file for milliseconds."""

_COMPANIONS = ("ledger", "backup", "backup-before", "lock")
"""Endings of the files beside the state file."""


class StateFile:
    """An open state file, created where it is missing. Thread-safe, not fork-safe.

    Every method raises `StoreError` where the file cannot be used: no permission, no space, damaged, another program's,
    or written by a newer version.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        with explained(self.path):
            if self.path != MEMORY:
                private_folder(Path(self.path).parent)
                _refuse_folders(Path(self.path), "ledger")
                _refuse_truncated(Path(self.path))
                with suppress(OSError, RuntimeError):  # SQLite's error says more
                    _create(Path(self.path).resolve())
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
        """Close the connection. Safe to call twice."""
        with self._lock:
            if self._connection is not None:
                with suppress(sqlite3.Error):  # every statement has committed
                    self._connection.close()
                self._connection = None

    def query(self, statement: str, *values: str | int | None) -> list[Any]:
        """Run one statement as a transaction of its own and fetch all rows."""
        parameters = [storable(value) if isinstance(value, str) else value for value in values]
        with explained(self.path), self._lock:
            return self._open().execute(statement, parameters).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction of several statements (BEGIN IMMEDIATE)."""
        with explained(self.path), self._lock, _transaction(self._open()) as connection:
            yield connection

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(self.path, "is closed already")
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        check_ours(connection, self.path)
        if self.path != MEMORY:
            companions = (beside(self.path, ending) for ending in _COMPANIONS)
            make_private(*database_files(Path(self.path).resolve()), *companions)
        _use_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        while (version := pragma(connection, "user_version")) < len(schema.MIGRATIONS):
            with _transaction(connection):
                # Another process may have migrated it before this one had the write lock.
                if pragma(connection, "user_version") == version:
                    _log.debug("%s: migration to schema version %d", self.path, version + 1)
                    for statement in schema.MIGRATIONS[version]:
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {version + 1}")
        # Where another process migrated it SQLite still knows the old columns, until a statement reads a table.
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
        # A no-op write, so that a read-only file fails here and not after the first article.
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    def copy_to(self, other: sqlite3.Connection) -> None:
        """Copy the whole database into another (SQLite's online backup)."""
        with explained(self.path), self._lock:
            self._open().backup(other)

    def check(self) -> None:
        """Read every page. Raises `StoreError` where one is damaged."""
        with explained(self.path), self._lock:
            problem = integrity_problem(self._open())
        if problem:
            raise damage(self.path, problem)


def check_state(path: Path) -> None:
    """Raise `StoreError` where a run could not use the file at `path`, without changing or migrating it.

    A missing file is no error: a run creates it.
    """
    with explained(str(path)):
        _refuse_folders(path, *_COMPANIONS)
        if not path.exists():
            return
        _refuse_truncated(path)
        with closing(open_read_only(path)) as connection:
            check_ours(connection, str(path))
            problem = integrity_problem(connection)
    if problem:
        raise damage(str(path), problem)
    if not os.access(path, os.W_OK):
        raise StoreError(str(path), *_CAUSES[sqlite3.SQLITE_READONLY])


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Raise SQLite's errors and OSErrors about the file at `path` as `StoreError`."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary result code
        if code in _DAMAGE:
            raise damage(path, str(error), code) from error
        cause, remedy = _CAUSES.get(code, ("cannot be used", "Name another file with --state"))
        raise StoreError(path, f"{cause} ({error})", remedy) from error
    except OSError as error:
        raise StoreError(path, f"cannot be made: {error.strerror}", "Name another file with --state") from error


def damage(path: str, problem: str, code: int = sqlite3.SQLITE_CORRUPT) -> StoreError:
    """A `DamageError` with SQLite's description of the `problem`; a `StoreError` where it never was a state file."""
    file = Path(path)
    if code == sqlite3.SQLITE_NOTADB and not (beside(file, "backup").exists() or beside(file, "ledger").exists()):
        return StoreError(path, f"is not a state file ({problem})", "Name another file with --state, or move it away")
    return DamageError(path, f"is damaged ({problem})", remedy_for_damage(file))


def _create(path: Path) -> None:
    """Create a private database at `path` where there is none, at no moment empty: an empty one counts as damaged."""
    if path.exists():
        return
    with temporary_beside(path) as file:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        try:
            path.hardlink_to(file)
        except OSError:  # another process was faster, or the file system has no hard links
            private_file(path)


def _refuse_folders(path: Path, *companions: str) -> None:
    """Raise `StoreError` where the state file or one of its `companions` is a folder or a device."""
    for file in (path, *(beside(path, ending) for ending in companions)):
        if file.exists() and not file.is_file():
            what = "is a folder, not a file" if file.is_dir() else "is not a file"
            remedy = "Name a file with --state" if file is path else "Move it away, or name another file with --state"
            raise StoreError(str(file), what, remedy)


def _refuse_truncated(path: Path) -> None:
    """Raise `DamageError` for an empty file with a backup or a ledger; without, it is a new one."""
    companions = (beside(path, ending) for ending in ("backup", "ledger"))
    if path.exists() and not path.stat().st_size and any(file.exists() for file in companions):
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
    """BEGIN IMMEDIATE takes the write lock at once: a read transaction that becomes a write cannot wait for it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # SQLite may have rolled back already
            connection.execute("ROLLBACK")
        raise


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL, retrying: while another process creates the file, SQLite ignores the busy timeout."""
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
    """UTC in ISO 8601 with microseconds, which sorts by time. Raises ValueError for a naive time."""
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def storable(text: str) -> str:
    """`text` with ``?`` for lone surrogates, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()
