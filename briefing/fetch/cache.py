"""The HTTP cache (RFC 9111, by hishel) and server suspensions, in one SQLite file shared by threads. May be lost.

Responses from addresses with a secret are not cached (`Request.private`), since private feeds repeat their address.
Unlike a browser's: there is no heuristic freshness (an unchanged response costs a 304), and freshness is limited to an
hour, because feeds with a ``max-age`` of a year exist.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from briefing.address import shown
from briefing.private_files import database_files, make_private, private_file, private_folder

if TYPE_CHECKING:
    from hishel import SqliteStorage

LONGEST_FRESH = 3600
"""Seconds for which a response is used without revalidation."""
_VERSION = 2
"""Schema version; before 2, entries held addresses with their secrets."""
_TABLES = frozenset({"entries", "streams", "pauses"})
_MOST_BYTES = 256 * 1024 * 1024
_UNUSED_SECONDS = 30 * 86_400.0
_QUIET = logging.NullHandler()
_MAX_AGE = re.compile(r"\bmax-age\s*=\s*\"?(\d+)", re.IGNORECASE)

_log = logging.getLogger(__name__)


def open_cache(path: Path) -> SqliteStorage | None:
    """The cache at `path`, or None where it cannot be used.

    A damaged file is set aside as ``NAME.damaged``; another program's database is left alone.
    """
    # hishel logs each unusable entry with a traceback.
    logging.getLogger("hishel").addHandler(_QUIET)
    for _ in range(2):
        try:
            return _open(path)
        except (sqlite3.Error, OSError, RuntimeError) as error:
            _log.warning("HTTP cache %s cannot be used: %s", path, error)
            # OperationalError: locked, read-only, no such folder; the file is not damaged.
            if not isinstance(error, sqlite3.DatabaseError) or isinstance(error, sqlite3.OperationalError):
                return None
            try:
                path.replace(f"{path}.damaged")
                for part in ("-wal", "-shm"):
                    Path(f"{path}{part}").unlink(missing_ok=True)
            except OSError:
                return None
    return None


def _open(path: Path) -> SqliteStorage:
    from hishel import SqliteStorage

    private_folder(path.parent)
    private_file(path)
    connection = sqlite3.connect(path, timeout=5.0, check_same_thread=False, isolation_level=None)
    try:
        _migrate(connection)
        make_private(*database_files(path))
        storage = SqliteStorage(connection=connection, max_size=_MOST_BYTES, default_tti=_UNUSED_SECONDS)
        storage.get_entries("")  # creates the tables, or raises RuntimeError where they are of another version
        connection.execute(f"PRAGMA user_version = {_VERSION}")  # raises where the file cannot be written
    except BaseException:
        connection.close()
        raise
    return storage


def _migrate(connection: sqlite3.Connection) -> None:
    """Drop the tables of an older version in one transaction. Raises RuntimeError for another program's database."""
    # Older versions dropped them one by one, so a kill may have left some.
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    own = {name for name in tables if not name.startswith("sqlite_")}
    if own and "entries" not in own and not own <= _TABLES:
        raise RuntimeError("it is another program's database")
    if not own or connection.execute("PRAGMA user_version").fetchone()[0] >= _VERSION:
        return
    connection.execute("PRAGMA secure_delete = ON")  # else the dropped data would stay in the file
    connection.execute("BEGIN IMMEDIATE")
    for name in own - {"pauses"}:
        connection.execute(f'DROP TABLE IF EXISTS "{name}"')
    connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute("COMMIT")
    connection.execute("VACUUM")


class Suspensions:
    """Suspensions that servers asked for (``Retry-After``): server to end, in seconds since 1970. Ignores errors."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def known(self, now: float) -> dict[str, float]:
        """The suspensions that last beyond `now`."""
        with suppress(sqlite3.Error), closing(self._opened()) as file:
            return dict(file.execute("SELECT server, until FROM pauses WHERE until > ?", (now,)))
        return {}

    def keep(self, server: str, until: float) -> None:
        """Store one, and delete long expired ones."""
        with suppress(sqlite3.Error), closing(self._opened()) as file:
            file.execute("DELETE FROM pauses WHERE until < ?", (until - _UNUSED_SECONDS,))
            file.execute("INSERT OR REPLACE INTO pauses VALUES (?, ?)", (server, until))

    def _opened(self) -> sqlite3.Connection:
        file = sqlite3.connect(self._path, timeout=5.0, isolation_level=None)
        file.execute("CREATE TABLE IF NOT EXISTS pauses (server TEXT PRIMARY KEY, until REAL NOT NULL)")
        return file


def capped_freshness(
    headers: Sequence[tuple[bytes, bytes]], *, longest: int = LONGEST_FRESH
) -> list[tuple[bytes, bytes]]:
    """The headers with ``max-age`` of at most `longest` seconds, 0 by default, and without cookies.

    ``no-store`` for a redirect to an address with a secret.
    """
    fields = {name.lower(): value.decode("latin-1") for name, value in headers}
    control = fields.get(b"cache-control", "")
    lifetime = min(_lifetime(control, fields), longest)
    directives = [part.strip() for part in control.split(",")]
    kept = [part for part in directives if part and not _MAX_AGE.match(part)]
    if (target := fields.get(b"location", "")) != shown(target):
        kept.append("no-store")
    value = ", ".join([*kept, f"max-age={lifetime}"]).encode("latin-1")
    replaced = {b"cache-control", b"set-cookie", b"set-cookie2"}
    return [*((name, value) for name, value in headers if name.lower() not in replaced), (b"Cache-Control", value)]


def _lifetime(control: str, headers: dict[bytes, str]) -> int:
    if match := _MAX_AGE.search(control):
        return int(match[1][:9])
    try:
        expires, date = (parsedate_to_datetime(headers[name]) for name in (b"expires", b"date"))
        return max(0, int((expires - date).total_seconds()))
    except (KeyError, ValueError, TypeError, OverflowError):  # no such header, no date, no time zone
        return 0
