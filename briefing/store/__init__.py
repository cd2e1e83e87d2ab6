"""The state file (SQLite): articles, summaries, completions, mails, seen items, editions, deliveries, counters.

Not here: the HTTP cache, which has a file of its own (`fetch.cache`), and what cache keys are made of (`summariser`).
Every put commits before it returns (`database`).
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from briefing.private_files import data_folder
from briefing.serialization import summary_from_json, summary_to_json
from briefing.store.backup import RepairResult, keep_copy, repair
from briefing.store.database import MEMORY, check_state, stamp
from briefing.store.deliveries import Deliveries
from briefing.store.editions import Editions
from briefing.store.health import good_copy
from briefing.store.schema import (
    MIGRATIONS,
    Delivery,
    DeliveryKey,
    DeliveryState,
    PendingDelivery,
    StoredCompletion,
    StoredLetter,
    edition_and_number,
    letter_key,
)
from briefing.store.seen_items import KnownFeeds, SeenItem, known_feeds
from briefing.types import Article, Summary

__all__ = [
    "MEMORY",
    "MIGRATIONS",
    "Delivery",
    "DeliveryKey",
    "DeliveryState",
    "KnownFeeds",
    "PendingDelivery",
    "RepairResult",
    "SeenItem",
    "Store",
    "StoredCompletion",
    "StoredLetter",
    "check_state",
    "default_state",
    "edition_and_number",
    "good_copy",
    "keep_copy",
    "known_feeds",
    "letter_key",
    "repair",
]

_log = logging.getLogger(__name__)
_ARTICLE = ("id", "url", "title", "text", "source", "section", "published", "language", "author", "warnings")
"""Columns of ``articles`` that are attributes of `Article`."""
_UPDATED_ARTICLE = """url = ?2, title = ?3, text = ?4, source = ?5, section = ?6, published = ?7, language = ?8,
    author = ?9, warnings = ?10,"""


def default_state() -> Path:
    """``$BRIEFING_STATE`` where set, else ``state.db`` in the user's data folder."""
    if given := os.environ.get("BRIEFING_STATE"):
        return Path(given).expanduser()
    return data_folder() / "state.db"


class Store(Editions, Deliveries):
    """The open state file. Methods raise `StoreError`, and ValueError for a naive `now`."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self._run: int | None = None

    # Summaries and completions

    def get_summary(self, key: str) -> Summary | None:
        """The summary under `key`, marked as cached; counts ``summary.hit`` or ``summary.miss``.

        A row in an earlier format, which cannot be parsed, is a miss.
        """
        rows = self.query("SELECT summary FROM summaries WHERE key = ?", key)
        summary = _parsed(rows[0][0]) if rows else None
        self.count("summary.hit" if summary else "summary.miss")
        return summary

    def put_summary(self, key: str, summary: Summary, now: datetime) -> None:
        """Store a finished summary."""
        text = json.dumps(summary_to_json(summary), ensure_ascii=False)
        self.query("INSERT OR REPLACE INTO summaries VALUES (?, ?, ?)", key, text, stamp(now))

    def get_completion(self, key: str) -> StoredCompletion | None:
        """The completion under `key`; counts ``completion.hit`` or ``completion.miss``."""
        columns = "text, prompt_tokens, completion_tokens, finish, odds"
        rows = self.query(f"SELECT {columns} FROM completions WHERE key = ?", key)  # noqa: S608 - ours
        self.count("completion.hit" if rows else "completion.miss")
        if not rows:
            return None
        text, prompt_tokens, completion_tokens, finish, odds = rows[0]
        return StoredCompletion(
            text=text,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            finish=finish,
            odds=tuple(json.loads(odds)),
        )

    def put_completion(self, key: str, completion: StoredCompletion, now: datetime) -> None:
        """Store one completion, so that a run killed in the middle of a long article does not repeat it."""
        self.query(
            "INSERT OR REPLACE INTO completions VALUES (?, ?, ?, ?, ?, ?, ?)",
            key,
            completion.text,
            completion.finish,
            completion.prompt_tokens,
            completion.completion_tokens,
            stamp(now),
            json.dumps(completion.odds),
        )

    # Articles

    def put_article(self, article: Article, now: datetime, *, keep: bool = False) -> None:
        """Store an article, or update it and when it was last seen; `keep`: only the latter where it is there."""
        update = "" if keep else _UPDATED_ARTICLE
        self.query(
            f"""INSERT INTO articles VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)
            ON CONFLICT (id) DO UPDATE SET {update} last_seen = max(last_seen, ?11)""",  # noqa: S608 - ours
            article.id,
            article.url,
            article.title,
            article.text,
            article.source,
            article.section,
            stamp(article.published) if article.published else None,
            article.language,
            article.author,
            json.dumps(article.warnings),
            stamp(now),
        )

    def get_article(self, article_id: str) -> Article | None:
        """The article of this id."""
        rows = self.query(f"SELECT {', '.join(_ARTICLE)} FROM articles WHERE id = ?", article_id)  # noqa: S608 - ours
        if not rows:
            return None
        columns: dict[str, Any] = dict(zip(_ARTICLE, rows[0], strict=True))
        published, warnings = columns.pop("published"), columns.pop("warnings")
        return Article(
            published=datetime.fromisoformat(published) if published else None,
            warnings=tuple(json.loads(warnings)),
            **columns,
        )

    def put_mail(self, mailbox: str, uid: int, article_id: str, sender: str, now: datetime) -> None:
        """Store which article a message of a mail server is; to be called after `put_article`."""
        self.query("INSERT OR REPLACE INTO mails VALUES (?, ?, ?, ?, ?)", mailbox, uid, article_id, sender, stamp(now))

    def known_mails(self, mailbox: str) -> dict[int, tuple[str, str]]:
        """Article id and sender of the known messages of `mailbox`, by UID."""
        rows = self.query("SELECT uid, article, sender FROM mails WHERE mailbox = ?", mailbox)
        return {uid: (article_id, sender) for uid, article_id, sender in rows}

    def forget(self, older_than: datetime) -> int:
        """Delete rows from before, but for editions and their deliveries; returns their number."""
        limit, count = stamp(older_than), 0
        with self.transaction() as connection:
            for table, column in (
                ("articles", "last_seen"),
                ("summaries", "written"),
                ("completions", "written"),
                ("runs", "started"),
                ("mails", "written"),
                ("seen", "last_seen"),
                ("feeds", "read"),
            ):
                count += connection.execute(f"DELETE FROM {table} WHERE {column} < ?", (limit,)).rowcount  # noqa: S608
        _log.debug("Rows deleted that are older than %s: %d", limit, count)
        return count

    # Counts

    def start_run(self, now: datetime) -> int:
        """Begin a run, to which counters belong from here on; returns its number."""
        with self.transaction() as connection:
            run = connection.execute("INSERT INTO runs (started) VALUES (?)", (stamp(now),)).lastrowid or 0
        self._run = run
        return run

    def count(self, name: str, by: int = 1) -> None:
        """Add to a counter of the run; a no-op outside a run."""
        if self._run is not None and by:
            self.query(
                "INSERT INTO counters VALUES (?1, ?2, ?3) ON CONFLICT (run, name) DO UPDATE SET value = value + ?3",
                self._run,
                name,
                by,
            )

    def counters(self, run: int | None = None) -> dict[str, int]:
        """The counters of a run, by default the last one."""
        rows = self.query(
            "SELECT name, value FROM counters WHERE run = coalesce(?, (SELECT max(id) FROM runs)) ORDER BY name", run
        )
        return dict(rows)

    def counters_with(self, name: str) -> dict[str, int]:
        """The counters of the last run that has the counter `name`; empty where none has."""
        return dict(
            self.query(
                "SELECT name, value FROM counters WHERE run = (SELECT max(run) FROM counters WHERE name = ?)", name
            )
        )


def _parsed(text: str) -> Summary | None:
    try:
        return replace(summary_from_json(json.loads(text)), cached=True)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
