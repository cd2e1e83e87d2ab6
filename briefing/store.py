"""What is remembered between runs, in one SQLite file: articles, summaries, single completions, known mails, counts.

Not here: HTTP validators (they live in the HTTP cache's own file), and what the keys are made of (`summarise`).

Every put commits before it returns. With ``journal_mode=WAL`` and ``synchronous=NORMAL`` a commit survives the death of
the process at any moment; only a power cut may take back the last few, and it leaves the file consistent
(https://www.sqlite.org/pragma.html#pragma_synchronous). Several processes may use one file.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from briefing.errors import StoreError
from briefing.jsonio import summary_from_json, summary_to_json
from briefing.types import Article, Summary

__all__ = ["MEMORY", "MIGRATIONS", "Store", "StoredCompletion", "default_state"]

MEMORY = ":memory:"
"""Instead of a path: a store that ends with the process."""

BUSY_SECONDS = 30.0
"""How long a write waits for another process's; each holds the file for milliseconds."""

APPLICATION_ID = 0x62726966  # "brif", so that another program's database is not taken for ours

# One tuple of statements for each version of the file; released ones never change. Older systems give Python 3.11 a
# SQLite 3.34, so nothing in this module needs more: no STRICT (3.37), no RETURNING (3.35).
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        f"PRAGMA application_id = {APPLICATION_ID}",
        """CREATE TABLE articles (
            id TEXT PRIMARY KEY, url TEXT, title TEXT NOT NULL, text TEXT NOT NULL, source TEXT NOT NULL,
            section TEXT NOT NULL, published TEXT, language TEXT NOT NULL, author TEXT NOT NULL, warnings TEXT NOT NULL,
            first_seen TEXT NOT NULL, last_seen TEXT NOT NULL
        )""",
        "CREATE INDEX articles_by_url ON articles (url, last_seen)",
        "CREATE TABLE summaries (key TEXT PRIMARY KEY, summary TEXT NOT NULL, written TEXT NOT NULL)",
        """CREATE TABLE completions (
            key TEXT PRIMARY KEY, text TEXT NOT NULL, finish TEXT NOT NULL,
            prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, written TEXT NOT NULL
        )""",
        "CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, started TEXT NOT NULL)",
        """CREATE TABLE counters (
            run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, name TEXT NOT NULL, value INTEGER NOT NULL,
            PRIMARY KEY (run, name)
        )""",
    ),
    (),  # version 2: reserved for what is being written elsewhere; to be replaced by it, never released empty
    # Version 3: messages of mail servers that are articles here; a mailbox is its address with its UIDVALIDITY.
    (
        """CREATE TABLE mails (
            mailbox TEXT NOT NULL, uid INTEGER NOT NULL, article TEXT NOT NULL, sender TEXT NOT NULL,
            written TEXT NOT NULL, PRIMARY KEY (mailbox, uid)
        )""",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCompletion:
    """A model's answer to one prompt, as it was given."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    finish: str = "stop"


def default_state() -> Path:
    """``$BRIEFING_STATE`` where set, else ``state.db`` in the user's data folder."""
    if given := os.environ.get("BRIEFING_STATE"):
        return Path(given).expanduser()
    from platformdirs import user_data_dir

    return Path(user_data_dir("briefing", appauthor=False)) / "state.db"


class Store:
    """An open state file, made where there is none. Safe to share among threads, not across a fork.

    Everything raises `StoreError` when the file cannot be used: no permission, no space, damaged, another program's, or
    written by a newer version. `now` is aware; a naive one is a bug and raises ValueError.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        self._lock = threading.RLock()
        self._run: int | None = None
        self._connection: sqlite3.Connection | None = None
        with self._explained():
            if self.path != MEMORY:
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            with self._explained():
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

    # Summaries and completions

    def get_summary(self, key: str) -> Summary | None:
        """The summary under `key`, marked as cached; counts ``summary.hit`` or ``summary.miss``.

        A row that is no summary any more, because the format has changed, is a miss.
        """
        rows = self._query("SELECT summary FROM summaries WHERE key = ?", key)
        summary = _parsed(rows[0][0]) if rows else None
        self.count("summary.hit" if summary else "summary.miss")
        return summary

    def put_summary(self, key: str, summary: Summary, now: datetime) -> None:
        """Remember a finished summary."""
        text = json.dumps(summary_to_json(summary), ensure_ascii=False)
        self._query("INSERT OR REPLACE INTO summaries VALUES (?, ?, ?)", key, text, _stamp(now))

    def get_completion(self, key: str) -> StoredCompletion | None:
        """The answer under `key`; counts ``completion.hit`` or ``completion.miss``."""
        rows = self._query("SELECT text, prompt_tokens, completion_tokens, finish FROM completions WHERE key = ?", key)
        self.count("completion.hit" if rows else "completion.miss")
        if not rows:
            return None
        text, prompt_tokens, completion_tokens, finish = rows[0]
        return StoredCompletion(
            text=text, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens, finish=finish
        )

    def put_completion(self, key: str, completion: StoredCompletion, now: datetime) -> None:
        """Remember one answer, so that a run killed in the middle of a long article does not ask again."""
        self._query(
            "INSERT OR REPLACE INTO completions VALUES (?, ?, ?, ?, ?, ?)",
            key,
            completion.text,
            completion.finish,
            completion.prompt_tokens,
            completion.completion_tokens,
            _stamp(now),
        )

    # Articles

    def put_article(self, article: Article, now: datetime) -> None:
        """Remember an article, or that it was seen again."""
        self._query(
            """INSERT INTO articles VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)
            ON CONFLICT (id) DO UPDATE SET url = ?2, title = ?3, text = ?4, source = ?5, section = ?6, published = ?7,
            language = ?8, author = ?9, warnings = ?10, last_seen = max(last_seen, ?11)""",
            article.id,
            article.url,
            article.title,
            article.text,
            article.source,
            article.section,
            _stamp(article.published) if article.published else None,
            article.language,
            article.author,
            json.dumps(article.warnings),
            _stamp(now),
        )

    def get_article(self, article_id: str) -> Article | None:
        """The article of this id."""
        return next(self._articles("id = ?", article_id), None)

    def article_by_url(self, url: str) -> Article | None:
        """The article of this address that was seen last."""
        return next(self._articles("url = ? ORDER BY last_seen DESC LIMIT 1", url), None)

    def seen(self, ids: Iterable[str]) -> set[str]:
        """Those of `ids` that are articles here."""
        rows = self._query(
            "SELECT id FROM articles WHERE id IN (SELECT value FROM json_each(?))", json.dumps(list(ids))
        )
        return {row[0] for row in rows}

    def put_mail(self, mailbox: str, uid: int, article_id: str, sender: str, now: datetime) -> None:
        """Remember that a message of a mail server is the article of this id; to be called after `put_article`."""
        self._query(
            "INSERT OR REPLACE INTO mails VALUES (?, ?, ?, ?, ?)", mailbox, uid, article_id, sender, _stamp(now)
        )

    def known_mails(self, mailbox: str) -> dict[int, tuple[str, str]]:
        """The id of the article and the sender of each message of `mailbox` that is known, by UID."""
        rows = self._query("SELECT uid, article, sender FROM mails WHERE mailbox = ?", mailbox)
        return {uid: (article_id, sender) for uid, article_id, sender in rows}

    def forget(self, older_than: datetime) -> int:
        """Delete articles not seen since, and all else that is from before; returns how many rows."""
        limit, count = _stamp(older_than), 0
        with self._explained(), self._lock, _transaction(self._open()) as connection:
            for table, column in (
                ("articles", "last_seen"),
                ("summaries", "written"),
                ("completions", "written"),
                ("runs", "started"),
                ("mails", "written"),
            ):
                count += connection.execute(f"DELETE FROM {table} WHERE {column} < ?", (limit,)).rowcount  # noqa: S608
        return count

    # Counts

    def start_run(self, now: datetime) -> int:
        """Begin a run, to which every count from here on belongs; returns its number."""
        with self._explained(), self._lock:
            run = self._open().execute("INSERT INTO runs (started) VALUES (?)", (_stamp(now),)).lastrowid or 0
        self._run = run
        return run

    def count(self, name: str, by: int = 1) -> None:
        """Add to one of the run's counters. Outside a run nothing is counted."""
        if self._run is not None and by:
            self._query(
                "INSERT INTO counters VALUES (?1, ?2, ?3) ON CONFLICT (run, name) DO UPDATE SET value = value + ?3",
                self._run,
                name,
                by,
            )

    def counters(self, run: int | None = None) -> dict[str, int]:
        """The counts of a run, by default of the last one that began; what is absent was never counted."""
        rows = self._query(
            "SELECT name, value FROM counters WHERE run = coalesce(?, (SELECT max(id) FROM runs)) ORDER BY name", run
        )
        return dict(rows)

    # Within

    def _articles(self, where: str, value: str) -> Iterator[Article]:
        for row in self._query(
            "SELECT id, url, title, text, source, section, published, language, author, warnings "  # noqa: S608 - ours
            f"FROM articles WHERE {where}",
            value,
        ):
            yield Article(
                id=row[0],
                url=row[1],
                title=row[2],
                text=row[3],
                source=row[4],
                section=row[5],
                published=datetime.fromisoformat(row[6]) if row[6] else None,
                language=row[7],
                author=row[8],
                warnings=tuple(json.loads(row[9])),
            )

    def _query(self, statement: str, *values: str | int | None) -> list[Any]:
        """Run one statement, which is a transaction of its own, and fetch all its rows."""
        storable = [_storable(value) if isinstance(value, str) else value for value in values]
        with self._explained(), self._lock:
            return self._open().execute(statement, storable).fetchall()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(self.path, "is closed already")
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if (
            _pragma(connection, "application_id") != APPLICATION_ID
            and connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        ):
            raise StoreError(self.path, "is another program's database", "Name another file with --state")
        if (version := _pragma(connection, "user_version")) > len(MIGRATIONS):
            raise StoreError(
                self.path,
                f"was written by a newer version of briefing (format {version}; this one knows {len(MIGRATIONS)})",
                "Update briefing, or name another file with --state",
            )
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

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the extended part
            cause, remedy = _CAUSES.get(code, ("cannot be used", "Name another file with --state"))
            raise StoreError(self.path, f"{cause} ({error})", remedy) from error
        except OSError as error:
            raise StoreError(
                self.path, f"cannot be made: {error.strerror}", "Name another file with --state"
            ) from error


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


def _stamp(time: datetime) -> str:
    """UTC with microseconds, so that texts sort as times do."""
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def _storable(text: str) -> str:
    """`text` without halves of surrogate pairs, which JSON from outside can smuggle in and UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()


def _parsed(text: str) -> Summary | None:
    try:
        return replace(summary_from_json(json.loads(text)), cached=True)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
