"""What is remembered between runs, in one SQLite file: articles, summaries, single completions, known mails, items
that were seen, editions, their deliveries, counts.

Not here: HTTP validators (they live in the HTTP cache's own file), and what the keys are made of (`summarise`).

Every put commits before it returns, and survives the death of the process at any moment (`database`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from briefing.private_files import data_folder
from briefing.serialization import summary_from_json, summary_to_json
from briefing.store.backup import RepairResult, keep_copy, repair
from briefing.store.database import MEMORY, check_state, stamp
from briefing.store.editions import Editions
from briefing.store.health import good_copy
from briefing.store.schema import (
    MIGRATIONS,
    Delivery,
    DeliveryKey,
    DeliveryState,
    PendingDelivery,
    StoredCompletion,
)
from briefing.store.seen_items import SeenItem
from briefing.types import Article, Summary

__all__ = [
    "MEMORY",
    "MIGRATIONS",
    "Delivery",
    "DeliveryKey",
    "DeliveryState",
    "PendingDelivery",
    "RepairResult",
    "SeenItem",
    "Store",
    "StoredCompletion",
    "check_state",
    "default_state",
    "good_copy",
    "keep_copy",
    "repair",
]


def default_state() -> Path:
    """``$BRIEFING_STATE`` where set, else ``state.db`` in the user's data folder."""
    if given := os.environ.get("BRIEFING_STATE"):
        return Path(given).expanduser()
    return data_folder() / "state.db"


class Store(Editions):
    """All of the memory in one open file. Everything raises `StoreError` when the file cannot be used.

    `now` is aware; a naive one is a bug and raises ValueError.
    """

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self._run: int | None = None

    # Summaries and completions

    def get_summary(self, key: str) -> Summary | None:
        """The summary under `key`, marked as cached; counts ``summary.hit`` or ``summary.miss``.

        A row that is no summary any more, because the format has changed, is a miss.
        """
        rows = self.query("SELECT summary FROM summaries WHERE key = ?", key)
        summary = _parsed(rows[0][0]) if rows else None
        self.count("summary.hit" if summary else "summary.miss")
        return summary

    def put_summary(self, key: str, summary: Summary, now: datetime) -> None:
        """Remember a finished summary."""
        text = json.dumps(summary_to_json(summary), ensure_ascii=False)
        self.query("INSERT OR REPLACE INTO summaries VALUES (?, ?, ?)", key, text, stamp(now))

    def get_completion(self, key: str) -> StoredCompletion | None:
        """The answer under `key`; counts ``completion.hit`` or ``completion.miss``."""
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
        """Remember one answer, so that a run killed in the middle of a long article does not ask again."""
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

    def put_article(self, article: Article, now: datetime) -> None:
        """Remember an article, or that it was seen again."""
        self.query(
            """INSERT INTO articles VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)
            ON CONFLICT (id) DO UPDATE SET url = ?2, title = ?3, text = ?4, source = ?5, section = ?6, published = ?7,
            language = ?8, author = ?9, warnings = ?10, last_seen = max(last_seen, ?11)""",
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
        return next(self._articles("id = ?", article_id), None)

    def article_by_url(self, url: str) -> Article | None:
        """The article of this address that was seen last."""
        return next(self._articles("url = ? ORDER BY last_seen DESC LIMIT 1", url), None)

    def seen(self, ids: Iterable[str]) -> set[str]:
        """Those of `ids` that are articles here."""
        rows = self.query("SELECT id FROM articles WHERE id IN (SELECT value FROM json_each(?))", json.dumps(list(ids)))
        return {row[0] for row in rows}

    def put_mail(self, mailbox: str, uid: int, article_id: str, sender: str, now: datetime) -> None:
        """Remember that a message of a mail server is the article of this id; to be called after `put_article`."""
        self.query("INSERT OR REPLACE INTO mails VALUES (?, ?, ?, ?, ?)", mailbox, uid, article_id, sender, stamp(now))

    def known_mails(self, mailbox: str) -> dict[int, tuple[str, str]]:
        """The id of the article and the sender of each message of `mailbox` that is known, by UID."""
        rows = self.query("SELECT uid, article, sender FROM mails WHERE mailbox = ?", mailbox)
        return {uid: (article_id, sender) for uid, article_id, sender in rows}

    def forget(self, older_than: datetime) -> int:
        """Delete articles not seen since, and all else that is from before; returns how many rows.

        Editions and their deliveries are kept.
        """
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
        return count

    # Counts

    def start_run(self, now: datetime) -> int:
        """Begin a run, to which every count from here on belongs; returns its number."""
        with self.transaction() as connection:
            run = connection.execute("INSERT INTO runs (started) VALUES (?)", (stamp(now),)).lastrowid or 0
        self._run = run
        return run

    def count(self, name: str, by: int = 1) -> None:
        """Add to one of the run's counters. Outside a run nothing is counted."""
        if self._run is not None and by:
            self.query(
                "INSERT INTO counters VALUES (?1, ?2, ?3) ON CONFLICT (run, name) DO UPDATE SET value = value + ?3",
                self._run,
                name,
                by,
            )

    def counters(self, run: int | None = None) -> dict[str, int]:
        """The counts of a run, by default of the last one that began; what is absent was never counted."""
        rows = self.query(
            "SELECT name, value FROM counters WHERE run = coalesce(?, (SELECT max(id) FROM runs)) ORDER BY name", run
        )
        return dict(rows)

    # Within

    def _articles(self, where: str, value: str) -> Iterator[Article]:
        for row in self.query(
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


def _parsed(text: str) -> Summary | None:
    try:
        return replace(summary_from_json(json.loads(text)), cached=True)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
