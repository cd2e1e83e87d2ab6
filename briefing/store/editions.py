"""Editions and the articles they told.

"The latest" edition, and the age of articles, go by the clock: an edition may be dated in the future.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from briefing.nlp.text import version_key
from briefing.store.database import stamp, storable
from briefing.store.deliveries import forget_open
from briefing.store.search import Search, drop_from_index, update_index
from briefing.store.seen_items import SeenItems, settle, unsettle
from briefing.types import Article, day_and_name, stem_of

KEPT_DAYS = 14
"""How long the told texts of articles are kept after their sources last listed them."""


class Editions(Search, SeenItems):
    """The part of the store with editions, which do not expire."""

    def put_edition(
        self,
        day: date,
        title: str,
        edition: str,
        now: datetime,
        told: Iterable[Article] = (),
        *,
        name: str = "",
        ranked_by: str = "",
    ) -> None:
        """Store the JSON of an edition, replacing an earlier one of the same `day`, `title` and `name`.

        `told`: its articles; their texts are kept while sources list them (`keep_told`) and `KEPT_DAYS` longer. Settles
        what was proposed for the edition (`seen_items`). Texts that it told before and tells otherwise now stay for
        letters (`told_versions`). `ranked_by`: a text for the wishes that its stories are in
        order of.
        """
        key = (stem_of(day, name), storable(title))
        rows = [
            (*key, article.id, article.url, storable(article.title), storable(article.text), storable(article.source),
             stamp(article.published) if article.published else None, stamp(now))
            for article in told
        ]  # fmt: skip
        oldest = stamp(now - timedelta(days=KEPT_DAYS))
        with self.transaction() as connection:
            values = (*key, storable(edition), stamp(now), ranked_by)
            connection.execute(
                "INSERT OR REPLACE INTO editions (date, title, edition, written, ranked_by) VALUES (?, ?, ?, ?, ?)",
                values,
            )
            update_index(connection)
            current = {row[2]: row[5] for row in rows}
            connection.executemany(
                "UPDATE OR REPLACE told SET article = ? WHERE date = ? AND title = ? AND article = ?",
                [
                    (version_key(article.id, article.text), *key, article.id)
                    for article in self.told_versions(day, title, name=name).values()
                    if article.id in current and article.text and article.text != current[article.id]
                ],
            )
            connection.execute(
                "DELETE FROM told WHERE (date = ? AND title = ? AND instr(article, '@') = 0) OR listed < ?",
                (*key, oldest),
            )
            connection.executemany("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            settle(connection, *key)

    def ranked_by(self, day: date, title: str, *, name: str = "") -> str:
        """What `put_edition` was told of the edition's order; empty where there is none."""
        rows = self.query(
            "SELECT ranked_by FROM editions WHERE date = ? AND title = ?", stem_of(day, name), storable(title)
        )
        return rows[0][0] if rows else ""

    def keep_told(self, title: str, listed: Iterable[str], now: datetime) -> None:
        """Record that sources list these articles (ids) still, which keeps their texts."""
        self.query(
            "UPDATE told SET listed = ? WHERE title = ? AND article IN (SELECT value FROM json_each(?))",
            stamp(now),
            title,
            json.dumps(list(listed)),
        )

    def told_texts(self, day: date, title: str, article: str) -> list[str]:
        """The texts of an article (id) in the editions up to `day`, that day's included, that told it."""
        rows = self.query(
            "SELECT text FROM told WHERE title = ? AND article = ? AND substr(date, 1, 10) <= ?",
            title,
            article,
            day.isoformat(),
        )
        return [text for (text,) in rows]

    def told_versions(self, day: date, title: str, *, name: str = "") -> dict[str, Article]:
        """The articles of an edition as it tells and told them, each version by its `version_key`."""
        rows = self.query(
            "SELECT article, headline, text, source FROM told WHERE date = ? AND title = ?",
            stem_of(day, name),
            storable(title),
        )
        articles = [
            Article(id=key.partition("@")[0], title=headline, text=text, source=source)
            for key, headline, text, source in rows
        ]
        return {version_key(article.id, article.text): article for article in articles}

    def editions_before(
        self, day: date, title: str, days: int, listed: Iterable[str] = (), *, name: str = ""
    ) -> list[tuple[date, str, dict[str, Article]]]:
        """Date, JSON and articles by id of the editions in the `days` before `day`, earliest first.

        Also of older ones that told one of `listed` (ids of articles), with only these articles; and of the others of
        `day` than `name` that were begun before it.
        """
        before = (
            "(substr(date, 1, 10) < ?3 OR (substr(date, 1, 10) = ?3 AND date != ?5"
            " AND (SELECT began FROM made WHERE made.date = {0}.date AND made.title = ?1)"
            " < coalesce((SELECT began FROM made WHERE made.date = ?5 AND made.title = ?1 AND finished), '~')))"
        )
        where = f"title = ?1 AND {before} AND (date >= ?2 OR {{1}}) ORDER BY date"
        values = (
            title,
            (day - timedelta(days=days)).isoformat(),
            day.isoformat(),
            json.dumps(list(listed)),
            stem_of(day, name),
        )
        told_listed = "article IN (SELECT value FROM json_each(?4))"
        articles: dict[str, dict[str, Article]] = {}
        columns = "date, article, url, headline, text, source, published"
        told = self.query(f"SELECT {columns} FROM told WHERE {where.format('told', told_listed)}", *values)  # noqa: S608 - ours
        for edition_day, article_id, url, headline, text, source, published in told:
            when = datetime.fromisoformat(published) if published else None
            article = Article(id=article_id, url=url, title=headline, text=text, source=source, published=when)
            articles.setdefault(edition_day, {})[article_id] = article
        with_listed = where.format(
            "editions",
            "date IN (SELECT date FROM told WHERE title = ?1 AND " + told_listed + ")",  # noqa: S608 - ours
        )
        editions = self.query(f"SELECT date, edition FROM editions WHERE {with_listed}", *values)  # noqa: S608 - ours
        return [(day_and_name(stem)[0], text, articles.get(stem, {})) for stem, text in editions]

    def get_edition(
        self, day: date | None, title: str, *, today: date | None = None, name: str | None = None
    ) -> str | None:
        """The JSON of the edition `title` of `day`; for None of the latest, at most of `today`.

        `name` None: of several of a day the one without a name, else the one written last; without a `day` the latter.
        """
        rows = self.query(
            "SELECT edition FROM editions WHERE title = ?1 AND (?2 IS NULL OR substr(date, 1, 10) = ?2)"
            " AND (?2 IS NOT NULL OR ?3 IS NULL OR substr(date, 1, 10) <= ?3)"
            " AND (?4 IS NULL OR substr(date, 12) = ?4)"
            " ORDER BY substr(date, 1, 10) DESC, ?2 IS NULL OR length(date) > 10, written DESC LIMIT 1",
            title,
            day.isoformat() if day else None,
            today.isoformat() if today else None,
            name,
        )
        return str(rows[0][0]) if rows else None

    def editions(self, *, since: date | None = None, title: str | None = None) -> list[tuple[date, str, str]]:
        """Day, title and name of every edition, newest first; filtered by first day and title."""
        rows = self.query(
            "SELECT date, title FROM editions WHERE (?1 IS NULL OR date >= ?1) AND (?2 IS NULL OR title = ?2)"
            " ORDER BY substr(date, 1, 10) DESC, title, written DESC",
            since.isoformat() if since else None,
            title,
        )
        return [(day_and_name(stem)[0], own, day_and_name(stem)[1]) for stem, own in rows]

    def remove_edition(self, day: date, title: str, name: str = "") -> bool:
        """Delete an edition, its told articles and the marks of its items; whether there was one.

        Deliveries stay but for those that are still to be made.
        """
        key = (stem_of(day, name), storable(title))
        with self.transaction() as connection:
            found = connection.execute("DELETE FROM editions WHERE date = ? AND title = ?", key).rowcount > 0
            connection.execute("DELETE FROM told WHERE date = ? AND title = ?", key)
            forget_open(connection, " ".join(key))
            unsettle(connection, *key)
            drop_from_index(connection, *key)
            return found
