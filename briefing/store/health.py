"""Integrity of a state file and of its backup, and the remedies for damage.

``PRAGMA quick_check`` of 50 MB takes 0.02 s from the page cache, so every run begins with it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from briefing.errors import StoreError
from briefing.store import schema
from briefing.store.schema import APPLICATION_ID

_LOST = "what was seen and told, finished summaries and every earlier edition"


@dataclass(frozen=True, slots=True)
class BackupCopy:
    """A good backup of a state file."""

    path: Path
    made: datetime
    """UTC."""

    def __str__(self) -> str:
        return f"the good copy of {self.made:%Y-%m-%d %H:%M} UTC"


def beside(path: Path | str, ending: str) -> Path:
    """The companion file (``ledger``, ``backup``, ``lock`` ...) of the state file at `path`, links resolved."""
    try:
        file = Path(path).resolve()
    except (OSError, RuntimeError):  # links in a circle: the error comes with opening it
        file = Path(path).absolute()
    return file.with_name(f"{file.name}.{ending}")


def pragma(connection: sqlite3.Connection, name: str) -> int:
    """An integer pragma of the database."""
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def check_ours(connection: sqlite3.Connection, path: str) -> None:
    """Raise `StoreError` for another program's database or a newer version's."""
    if (
        pragma(connection, "application_id") != APPLICATION_ID
        and connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    ):
        raise StoreError(path, "is another program's database", "Name another file with --state")
    if (version := pragma(connection, "user_version")) > len(schema.MIGRATIONS):
        raise StoreError(
            path,
            f"was written by a newer version of briefing (format {version}; this one knows {len(schema.MIGRATIONS)})",
            "Update briefing, or name another file with --state",
        )


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a database without changing it or creating files beside it; another process may be writing to it."""
    # A WAL file, of a process that is at work or was killed, has to be read; mode=ro would create a missing one.
    mode = "mode=ro" if Path(f"{path.resolve()}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)


def integrity_problem(connection: sqlite3.Connection) -> str:
    """The first finding of SQLite's ``quick_check``; empty where there is none."""
    try:
        (finding, *_) = (row[0] for row in connection.execute("PRAGMA quick_check(1)"))
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # locked, unreadable: says nothing about the pages
            raise
        return str(error)
    return "" if finding == "ok" else " ".join(str(finding).split())


def good_copy(path: Path | str) -> BackupCopy | None:
    """The backup of the state file at `path`; None where it is missing or damaged."""
    file = beside(path, "backup")
    try:
        made = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        with closing(open_read_only(file)) as connection:
            check_ours(connection, str(file))
            sound = pragma(connection, "user_version") > 0 and not integrity_problem(connection)
    except (OSError, sqlite3.Error, StoreError):
        return None
    return BackupCopy(file, made) if sound else None


def remedy_for_damage(path: Path | str) -> str:
    """The remedy for a damaged state file, with what is lost by it."""
    ledger = beside(path, "ledger")
    if copy := good_copy(path):
        return (
            f"`briefing doctor --repair` puts back {copy} and keeps the damaged file; without it, {_LOST} would be lost"
        )
    if not ledger.exists() and not beside(path, "backup").exists():
        letters = "and to whom letters were sent, so that somebody may get one twice"
    else:
        letters = f"but not to whom letters were sent in the last days ({ledger.name})"
    return (
        "There is no good copy of it. `briefing doctor --repair` sets it aside and the next run makes a new one; lost "
        f"is {_LOST}, {letters}"
    )
