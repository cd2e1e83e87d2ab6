"""Migrations of the state file, and the types of its values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

APPLICATION_ID = 0x62726966  # "brif", so that another program's database is not taken for ours

# The statements of each schema version; released ones never change. Python 3.11 on older systems has SQLite 3.34, so
# nothing here needs more: no STRICT (3.37), no RETURNING (3.35).
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
    (
        """CREATE TABLE editions (
            date TEXT NOT NULL, title TEXT NOT NULL, edition TEXT NOT NULL, written TEXT NOT NULL,
            PRIMARY KEY (date, title)
        )""",
        """CREATE TABLE deliveries (
            edition TEXT NOT NULL, recipient TEXT NOT NULL, channel TEXT NOT NULL, state TEXT NOT NULL,
            attempts INTEGER NOT NULL, detail TEXT NOT NULL, changed TEXT NOT NULL,
            PRIMARY KEY (edition, recipient, channel)
        )""",
    ),
    # Version 3: messages of IMAP servers and their articles; a mailbox is its address with its UIDVALIDITY.
    (
        """CREATE TABLE mails (
            mailbox TEXT NOT NULL, uid INTEGER NOT NULL, article TEXT NOT NULL, sender TEXT NOT NULL,
            written TEXT NOT NULL, PRIMARY KEY (mailbox, uid)
        )""",
    ),
    # Version 4: whether the edition is in the full-text index (`search`, which creates it where SQLite has FTS5).
    (
        "ALTER TABLE editions ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0",
        # Finds those that are not without reading the long texts of all the others.
        "CREATE INDEX editions_to_index ON editions (date, title) WHERE NOT indexed",
    ),
    # Version 5: the articles of each edition as it told them; `articles` has their latest versions.
    (
        """CREATE TABLE told (
            date TEXT NOT NULL, title TEXT NOT NULL, article TEXT NOT NULL, url TEXT, headline TEXT NOT NULL,
            text TEXT NOT NULL, source TEXT NOT NULL, published TEXT, PRIMARY KEY (date, title, article)
        )""",
    ),
    # Version 6: probabilities of the answers that a prompt offered; a JSON list.
    ("ALTER TABLE completions ADD COLUMN odds TEXT NOT NULL DEFAULT '[]'",),
    # Version 7: items that runs saw and the edition (a day) that settled them; when each edition began; when the source
    # of a told article last listed it.
    (
        """CREATE TABLE seen (
            title TEXT NOT NULL, item TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, edition TEXT,
            pending TEXT, PRIMARY KEY (title, item)
        )""",
        "CREATE INDEX seen_by_edition ON seen (edition, title)",
        "CREATE INDEX seen_by_pending ON seen (pending, title) WHERE pending IS NOT NULL",
        """CREATE TABLE made (
            date TEXT NOT NULL, title TEXT NOT NULL, began TEXT NOT NULL, finished INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (date, title)
        )""",
        "INSERT INTO made SELECT date, title, written, 1 FROM editions",
        "ALTER TABLE told ADD COLUMN listed TEXT NOT NULL DEFAULT ''",
        """UPDATE told SET listed = coalesce(
            (SELECT written FROM editions WHERE editions.date = told.date AND editions.title = told.title), date)""",
        "CREATE INDEX told_by_article ON told (title, article)",
    ),
    # Version 8: an identity of the file, which tells its backup from one of a file that it replaced.
    (
        "CREATE TABLE identity (id TEXT NOT NULL)",
        "INSERT INTO identity SELECT lower(hex(randomblob(16)))",
    ),
    # Version 9: titles of feeds, by a digest of the address, which may hold a secret.
    ("CREATE TABLE feeds (source TEXT PRIMARY KEY, title TEXT NOT NULL, read TEXT NOT NULL)",),
    # Version 10: letters of scripts without blanks are words of their own in the full-text index: the next search makes
    # it anew.
    ("UPDATE editions SET indexed = 0",),
    # Version 11: an edition may have a name. `date` of editions, told, made and story_index, `edition` and `pending` of
    # seen hold its stem (`types.stem_of`), which for one without a name is its day as before. Which stories a letter
    # told (ids of their articles, a JSON list; NULL: not known, all); which editions of one day left an item to a later
    # one, with which limits, a line each; what an edition's stories are in order of.
    (
        "ALTER TABLE deliveries ADD COLUMN stories TEXT",
        """UPDATE deliveries SET stories = (SELECT json_group_array(article) FROM told
            WHERE told.date || ' ' || told.title = deliveries.edition)
            WHERE state IN ('sent', 'sending', 'refused')
            AND EXISTS (SELECT 1 FROM told WHERE told.date || ' ' || told.title = deliveries.edition)""",
        "ALTER TABLE seen ADD COLUMN passed TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE editions ADD COLUMN ranked_by TEXT NOT NULL DEFAULT ''",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCompletion:
    """A model's answer to one prompt."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    finish: str = "stop"
    odds: tuple[float, ...] = ()


DeliveryKey = tuple[str, str, str]
"""Letter (`letter_key`), recipient (in lower case), channel (``mail``)."""


def letter_key(edition: str, number: int) -> str:
    """The key of a recipient's letter of that number, from 1, about an edition (its stem, a blank, its title).

    The first has the edition's own key; ``2026-11-28+2 Morning`` tells what is new since then.
    """
    stem, _, title = edition.partition(" ")
    return edition if number == 1 else f"{stem}+{number} {title}"


def edition_and_number(letter: str) -> tuple[str, int]:
    """The inverse of `letter_key`."""
    stem, _, title = letter.partition(" ")
    stem, _, number = stem.partition("+")
    return f"{stem} {title}", int(number) if number.isdecimal() else 1


DeliveryState = Literal["pending", "sending", "sent", "deferred", "refused"]
"""``sending`` outside of a running send means that the outcome is unknown."""
TRANSITIONS: dict[DeliveryState, frozenset[DeliveryState]] = {
    "pending": frozenset({"sending", "deferred", "refused"}),
    "deferred": frozenset({"sending", "deferred", "refused"}),
    "sending": frozenset({"sent", "deferred", "refused"}),
    "sent": frozenset(),
    "refused": frozenset(),
}
"""Allowed changes of state; out of ``sending`` only by the process that claimed the delivery. Final states are reopened
only on request (`Editions.reopen_delivery`)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The state of one delivery."""

    state: DeliveryState
    attempts: int
    detail: str
    """The server's last reply, or empty."""


@dataclass(frozen=True, slots=True)
class StoredLetter:
    """One of a recipient's letters about an edition."""

    number: int
    """From 1 (`letter_key`)."""
    delivery: Delivery
    changed: datetime
    """UTC; of one that was sent: when."""
    stories: frozenset[str] | None
    """Versions of the articles of the stories in it (`nlp.text.version_key`; an id alone: any), and keys of its
    headlines, and articles that it passed over (`render.email.told_in`); None: not known, so all that the edition
    has."""

    @property
    def open(self) -> bool:
        """Whether it is still to be sent."""
        return self.delivery.state in {"pending", "deferred"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDelivery:
    """An open delivery."""

    date: date
    """Of the edition."""
    name: str = ""
    """Of the edition."""
    owed: datetime
    """Since when it is pending, UTC; a deferral does not change that."""
    key: DeliveryKey
    detail: str
    """The server's last reply; empty where there was no attempt."""
