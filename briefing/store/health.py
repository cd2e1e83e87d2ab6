"""Whether a state file is whole, and what helps where it is not.

Reading every page of one of 50 MB (`quick_check`) takes 0.02 s from memory, so it is done at the start of each run.
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

__all__ = [
    "BackupCopy",
    "beside",
    "check_ours",
    "good_copy",
    "opened_to_read",
    "pragma",
    "remedy_for_damage",
    "unsound",
]

_LOST = "what was seen and told, finished summaries and every earlier edition"


@dataclass(frozen=True, slots=True)
class BackupCopy:
    """The copy of a state file that lies beside it."""

    path: Path
    made: datetime
    """UTC."""

    def __str__(self) -> str:
        return f"the good copy of {self.made:%Y-%m-%d %H:%M} UTC"


def beside(path: Path | str, ending: str) -> Path:
    """A file that belongs to the state file at `path`, whatever link it is named by."""
    try:
        file = Path(path).resolve()
    except (OSError, RuntimeError):  # links in a circle: opening it says so
        file = Path(path).absolute()
    return file.with_name(f"{file.name}.{ending}")


def pragma(connection: sqlite3.Connection, name: str) -> int:
    """A number that SQLite keeps for the file."""
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def check_ours(connection: sqlite3.Connection, path: str) -> None:
    """Raise `StoreError` for another program's database, and for one that a newer version wrote."""
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


def opened_to_read(path: Path) -> sqlite3.Connection:
    """The file, to be looked at only: nothing is changed or made beside it, and a run may be at work on it."""
    # With a write-ahead log somebody is at work, or was killed, and both have to be read. Without, one would be made.
    how = "mode=ro" if Path(f"{path.resolve()}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)


def unsound(connection: sqlite3.Connection) -> str:
    """What is wrong with the pages of a database, in SQLite's words; empty where they are whole."""
    try:
        (found, *_) = (row[0] for row in connection.execute("PRAGMA quick_check(1)"))
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # locked, unreadable: says nothing about the pages
            raise
        return str(error)
    return "" if found == "ok" else " ".join(str(found).split())


def good_copy(path: Path | str) -> BackupCopy | None:
    """The copy of the state file at `path`, where there is one that is whole."""
    file = beside(path, "backup")
    try:
        made = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        with closing(opened_to_read(file)) as connection:
            check_ours(connection, str(file))
            whole = pragma(connection, "user_version") > 0 and not unsound(connection)
    except (OSError, sqlite3.Error, StoreError):
        return None
    return BackupCopy(file, made) if whole else None


def remedy_for_damage(path: Path | str) -> str:
    """What to do about a damaged state file, and what it costs."""
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
