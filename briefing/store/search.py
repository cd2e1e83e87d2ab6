"""Past editions by their words: a full-text index of every story that was told.

The index is made from the editions' JSON. ``editions.indexed`` says which of them it knows; a search takes in the
others first. So a file from before there was an index needs no more than that column, and neither does one in which a
Python without FTS5 has put an edition: there only a search fails. What is indexed are words folded as `search_terms`
folds them; what is shown lies beside them as it was told.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import date

from briefing.errors import StoreError
from briefing.nlp.search_terms import search_words
from briefing.sanitise import one_line
from briefing.serialization import edition_from_json
from briefing.store.database import StateFile, storable
from briefing.store.snippet import Phrase, snippet
from briefing.types import Edition, SearchHit, Story

__all__ = ["Search", "drop_from_index", "update_index"]

_MODULE = "fts5"
_INDEX = f"""CREATE VIRTUAL TABLE IF NOT EXISTS story_index USING {_MODULE}(
    date UNINDEXED, title UNINDEXED, shown UNINDEXED, section, headline, points, sources,
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* C*'"
)"""
"""Its tokeniser has nothing to do but cut at the blanks between folded words: no category of theirs separates."""


class Search(StateFile):
    """The part of the store that finds stories by their words."""

    def search(
        self, words: str, *, since: date | None = None, title: str | None = None, limit: int = 0
    ) -> list[SearchHit]:
        """Stories that hold every one of `words`, best first (BM25; a headline counts most), newest first among equals.

        Words are compared as `search_terms` folds them: without case and accents, cut at punctuation, and what it parts
        ("US-China") stands together, as words in quotation marks do, in this order. A ``*`` after a word stands for any
        ending; nothing else has a meaning. `title`: only editions of that name; `limit` 0:
        no limit. Raises `StoreError`, also where this Python's SQLite has no full-text search.
        """
        wanted = _wanted(words)
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
        return [_found(day, name, shown, wanted) for day, name, shown in rows]


def update_index(connection: sqlite3.Connection) -> bool:
    """Take in the editions that the index does not know as they are now; false where this SQLite cannot."""
    if not connection.execute("SELECT 1 FROM pragma_module_list WHERE name = ?", (_MODULE,)).fetchone():
        return False
    columns = {name for (name,) in connection.execute("SELECT name FROM pragma_table_info('story_index')")}
    if columns and "shown" not in columns:  # from before words were folded here: made anew
        connection.execute("DROP TABLE story_index")
        connection.execute("UPDATE editions SET indexed = 0")
    connection.execute(_INDEX)
    waiting = connection.execute("SELECT rowid, date, title FROM editions WHERE NOT indexed").fetchall()
    if not waiting:
        return True
    # Looks at every row of the index, so it is done once for all of them.
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
    """What the index keeps of a story: its texts, section, headline, points and sources, as told and folded."""
    folded = (" ".join(search_words(text)) for text in texts)
    return (day, storable(title), json.dumps([url, *texts], ensure_ascii=False), *folded)


def drop_from_index(connection: sqlite3.Connection, day: str, title: str) -> None:
    """Forget the stories of one edition; nothing where there is no index, or this SQLite cannot read it."""
    module = connection.execute("SELECT 1 FROM pragma_module_list WHERE name = ?", (_MODULE,)).fetchone()
    if module and connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'story_index'").fetchone():
        connection.execute("DELETE FROM story_index WHERE date = ? AND title = ?", (day, title))


def _rows(text: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Address, section, headline, points and sources of each story; nothing of what is no edition."""
    try:
        edition: Edition = edition_from_json(json.loads(text), lambda _: None)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return
    for section in edition.sections:
        for story in section.stories:
            headline = story.summary.headline or story.summary.title
            yield story.summary.url or "", one_line(section.name), one_line(headline), _points(story), _sources(story)


def _points(story: Story) -> str:
    """Everything the edition says of the story, a line for each sentence or paragraph."""
    told = [point.text for point in story.summary.key_points]
    told += [version.text for one in story.disagreements for version in one.versions]
    told.append(story.summary.paragraph or "")
    return "\n".join(filter(None, map(one_line, told)))


def _sources(story: Story) -> str:
    """Names of those who reported it, one a line."""
    return "\n".join(dict.fromkeys(one_line(one.source) for one in (*story.articles, *story.copies)))


_QUOTES = '"“”„«»'
_WORD = re.compile(rf"[{_QUOTES}]([^{_QUOTES}]*)[{_QUOTES}]?(\*?)|([^\s{_QUOTES}]+)")


def _wanted(words: str) -> list[Phrase]:
    """What a person typed as phrases that a story must hold; without what holds no word, as it would match nothing."""
    found: dict[Phrase, None] = {}
    for phrase, ending, word in _WORD.findall(words):
        if folded := search_words(phrase or word):
            found[Phrase(tuple(folded), begins=bool(ending) or word.endswith("*"))] = None
    return list(found)


def _found(day: str, title: str, shown: str, wanted: list[Phrase]) -> SearchHit:
    url, section, headline, points, sources = json.loads(shown)
    text, marks = snippet(points, wanted)
    return SearchHit(
        date=date.fromisoformat(day),
        title=title,
        section=section,
        headline=headline,
        url=url or None,
        sources=tuple(sources.split("\n")),
        snippet=text,
        marks=marks,
    )
