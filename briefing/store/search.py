"""Full-text search (FTS5, BM25) over the stories of past editions.

The index is built from the editions' JSON. ``editions.indexed`` marks those that are in it; a search adds the others
first. So files from before there was an index, and editions stored by a Python without FTS5, need no migration. Words
are indexed as `search_terms` folds them; the original texts lie beside them.
"""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from datetime import date

from briefing.errors import StoreError
from briefing.nlp.search_terms import begins_words, search_words
from briefing.sanitise import one_line
from briefing.serialization import edition_from_json
from briefing.store.database import StateFile, storable
from briefing.store.snippet import Phrase, snippet
from briefing.types import Edition, SearchHit, Story, day_and_name

_MODULE = "fts5"
_INDEX = f"""CREATE VIRTUAL TABLE IF NOT EXISTS story_index USING {_MODULE}(
    date UNINDEXED, title UNINDEXED, shown UNINDEXED, section, headline, points, sources,
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* C*'"
)"""
"""Words are folded already: of all letters, marks, numbers and others the tokeniser separates none, only blanks do."""


class Search(StateFile):
    """The part of the store with the full-text index."""

    def search(
        self, words: str, *, since: date | None = None, title: str | None = None, limit: int = 0
    ) -> list[SearchHit]:
        """Stories with all `words`, by BM25 (weight 4 for the headline), newest first among equals.

        Words are folded by `search_terms`: without case and accents, cut at punctuation; parts of one word ("US-China")
        and words in quotation marks are phrases. A ``*`` after a word matches any ending; a Korean word does without.
        `title`: only editions of that name; `limit` 0: no limit. Raises `StoreError`, also where this Python's SQLite
        has no FTS5.
        """
        wanted = _phrases(words)
        if not wanted:
            return []
        with self.transaction() as connection:
            if not update_index(connection):
                remedy = "Use a Python whose SQLite is built with FTS5"
                raise StoreError("search", "this Python's SQLite has no full-text search", remedy)
        rows = self.query(
            "SELECT date, title, shown FROM story_index WHERE story_index MATCH ?1"
            " AND (?2 IS NULL OR date >= ?2) AND (?3 IS NULL OR title = ?3)"
            " ORDER BY bm25(story_index, 0, 0, 0, 1, 4, 1, 1), date DESC, rowid LIMIT ?4",
            " ".join(f'"{" ".join(phrase.words)}"' + "*" * phrase.begins for phrase in wanted),
            since.isoformat() if since else None,
            title,
            limit or -1,
        )
        return [_hit(day, name, shown, wanted) for day, name, shown in rows]


def update_index(connection: sqlite3.Connection) -> bool:
    """Index the editions that are new or were replaced; False where SQLite has no FTS5."""
    if not connection.execute("SELECT 1 FROM pragma_module_list WHERE name = ?", (_MODULE,)).fetchone():
        return False
    columns = {name for (name,) in connection.execute("SELECT name FROM pragma_table_info('story_index')")}
    if columns and "shown" not in columns:  # an index of words that were not folded
        connection.execute("DROP TABLE story_index")
        connection.execute("UPDATE editions SET indexed = 0")
    connection.execute(_INDEX)
    waiting = connection.execute("SELECT rowid, date, title FROM editions WHERE NOT indexed").fetchall()
    if not waiting:
        return True
    # A scan of the whole index, so one for all of them.
    connection.execute(
        "DELETE FROM story_index WHERE (date, title) IN (SELECT date, title FROM editions WHERE NOT indexed)"
    )
    for row, day, title in waiting:
        ((edition,),) = connection.execute("SELECT edition FROM editions WHERE rowid = ?", (row,))
        connection.executemany(
            "INSERT INTO story_index (date, title, shown, section, headline, points, sources)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [_row(day, title, *map(storable, texts)) for texts in _rows(edition)],
        )
    connection.execute("UPDATE editions SET indexed = 1 WHERE NOT indexed")
    return True


def _row(day: str, title: str, url: str, *texts: str) -> tuple[str, ...]:
    """A row of the index: a story's texts as JSON, and section, headline, points and sources folded."""
    folded = (" ".join(search_words(text)) for text in texts)
    return (day, storable(title), json.dumps([url, *texts], ensure_ascii=False), *folded)


def drop_from_index(connection: sqlite3.Connection, stem: str, title: str) -> None:
    """Remove the stories of one edition from the index, where there is one and SQLite has FTS5."""
    module = connection.execute("SELECT 1 FROM pragma_module_list WHERE name = ?", (_MODULE,)).fetchone()
    if module and connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'story_index'").fetchone():
        connection.execute("DELETE FROM story_index WHERE date = ? AND title = ?", (stem, title))


def _rows(text: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Address, section, headline, points and sources of each story; nothing for JSON that is no edition."""
    try:
        edition: Edition = edition_from_json(json.loads(text), lambda _: None)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return
    for section in edition.sections:
        for story in section.stories:
            headline = story.summary.headline or story.summary.title
            yield story.summary.url or "", _line(section.name), _line(headline), _points(story), _sources(story)


def _points(story: Story) -> str:
    """Key points, versions of disagreements and paragraph, one a line."""
    lines = [point.text for point in story.summary.key_points]
    lines += [version.text for conflict in story.disagreements for version in conflict.versions]
    lines.append(story.summary.paragraph or "")
    return "\n".join(filter(None, map(_line, lines)))


def _line(text: str) -> str:
    """`text` on one line; a control character parts words, as it did when the rows in old indices were made."""
    return one_line("".join(" " if unicodedata.category(character) == "Cc" else character for character in text))


def _sources(story: Story) -> str:
    """Names of the sources, one a line."""
    return "\n".join(dict.fromkeys(_line(article.source) for article in (*story.articles, *story.copies)))


_QUOTES = '"“”„«»'
_WORD = re.compile(rf"[{_QUOTES}]([^{_QUOTES}]*)[{_QUOTES}]?(\*?)|([^\s{_QUOTES}]+)")


def _phrases(words: str) -> list[Phrase]:
    """The query as phrases; terms without a word are left out, as they would match nothing."""
    found: dict[Phrase, None] = {}
    for phrase, ending, word in _WORD.findall(words):
        if folded := search_words(phrase or word):
            begins = bool(ending) or word.endswith("*") or begins_words(folded[-1])
            found[Phrase(tuple(folded), begins=begins)] = None
    return list(found)


def _hit(day: str, title: str, shown: str, wanted: list[Phrase]) -> SearchHit:
    url, section, headline, points, sources = json.loads(shown)
    text, marks = snippet(points, wanted)
    when, name = day_and_name(day)
    return SearchHit(
        date=when,
        title=title,
        edition=name,
        section=section,
        headline=headline,
        url=url or None,
        sources=tuple(sources.split("\n")),
        snippet=text,
        marks=marks,
    )
