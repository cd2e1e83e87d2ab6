"""The ledger: changes of deliveries as JSON Lines in a file beside the database.

It outlives the database: one that is new, or was restored from an older backup, takes from it to whom editions of the
last days were sent (`Editions`), so that nobody gets one twice. A line is synced before a letter is sent. Like the
database it holds addresses and is readable by its owner only. Processes that share it hold the run's lock.

A line has the number of the attempt, as the database counts: a lower number than the database's is older news.
"""

from __future__ import annotations

import json
import logging
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast, get_args

from briefing.private_files import (
    make_private,
    private_file,
    remove_leftovers,
    replace_file,
    sync_folder,
    temporary_beside,
)
from briefing.store.database import stamp
from briefing.store.schema import DeliveryKey, DeliveryState

LEDGER_DAYS = 30
"""How long a line is kept. Runs up to three days after an edition still send it."""
_FIELDS = ("edition", "reader", "channel", "state", "time")
_STATES = frozenset(get_args(DeliveryState))

_log = logging.getLogger(__name__)


class LedgerLine(NamedTuple):
    """A change of a delivery."""

    state: DeliveryState
    time: str
    """UTC, as ISO 8601."""
    tries: int
    """Attempts until then; 1 for a line of a version that did not write them."""
    stories: tuple[str, ...] | None = None
    """`StoredLetter.stories`; None: not known, or as in the line before."""


class LedgerFile:
    """The file at `path`. Methods raise OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, key: DeliveryKey, change: LedgerLine) -> None:
        """Append a line and sync it; where that fails, it may be there or not."""
        row = dict(zip(_FIELDS, (*key, change.state, change.time), strict=True))
        told = {} if change.stories is None else {"stories": change.stories}
        line = json.dumps(row | {"tries": change.tries} | told)
        private_file(self.path)
        with self.path.open("a+b") as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                torn = file.read(1) != b"\n"  # by a process that was killed while it wrote
            else:
                torn = False
            file.write(("\n" if torn else "").encode() + line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if not size:
            sync_folder(self.path.parent)

    def last(self) -> dict[DeliveryKey, LedgerLine]:
        """The last line of every delivery. Invalid lines are skipped with a warning."""
        make_private(self.path)
        rows = [row for _, row in self._lines()]
        if unread := rows.count(None):
            _log.warning("%s: %d of its lines cannot be read and are passed over", self.path, unread)
        last: dict[DeliveryKey, LedgerLine] = {}
        for row in filter(None, rows):
            key = (row["edition"], row["reader"], row["channel"])
            told = tuple(row["stories"]) if "stories" in row else last[key].stories if key in last else None
            last[key] = LedgerLine(cast("DeliveryState", row["state"]), row["time"], row.get("tries", 1), told)
        return last

    def prune(self, now: datetime) -> None:
        """Remove lines older than `LEDGER_DAYS` and invalid ones. `now` is aware."""
        oldest = stamp(now - timedelta(days=LEDGER_DAYS))
        lines = self._lines()
        kept = b"".join(line + b"\n" for line, row in lines if row and row["time"] >= oldest)
        if len(kept.splitlines()) == len(lines):
            return
        remove_leftovers(self.path)
        with temporary_beside(self.path) as file:
            file.write_bytes(kept)
            replace_file(file, self.path)

    def _lines(self) -> list[tuple[bytes, dict[str, Any] | None]]:
        """Every line with its values; None for an invalid one."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        return [(line, _read(line)) for line in data.split(b"\n") if line.strip()]


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
        valid = all(isinstance(row[field], str) for field in _FIELDS) and row["state"] in _STATES
        valid = valid and isinstance(row.get("tries", 1), int) and 0 <= row.get("tries", 1) < 2**31
        valid = valid and isinstance(row.get("stories", []), list)
        valid = valid and all(isinstance(article, str) for article in row.get("stories", []))
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return row if valid else None
