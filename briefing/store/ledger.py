"""The ledger once more, outside of the database: a line for each change of a delivery that counts, in a file beside it.

It outlives the database: one that is new, or was put back from an older copy, takes from it to whom editions of the
last days were sent (`Editions`), so that nobody gets one twice. A line is on the disk before a letter is handed over.
Addresses stand in it as they do in the database, and like that it is its owner's alone. Where several processes share
it, they hold the run's lock.

A line carries the number of the try that it is about, counted by the database: by that a database which has written it,
or has gone on since, knows it from one that came after it.
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

__all__ = ["LEDGER_DAYS", "LedgerFile", "LedgerLine"]

LEDGER_DAYS = 30
"""How long a line is kept. An edition is taken up by the runs of three days after its own."""
_FIELDS = ("edition", "reader", "channel", "state", "time")
_STATES = frozenset(get_args(DeliveryState))

log = logging.getLogger(__name__)


class LedgerLine(NamedTuple):
    """What became of a delivery."""

    state: DeliveryState
    time: str
    """UTC, as ISO 8601."""
    tries: int
    """How often it had been taken up; 1 in a line of a version that did not write it."""


class LedgerFile:
    """JSON Lines at `path`. What cannot be read or written raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, key: DeliveryKey, what: LedgerLine) -> None:
        """Add a line; it is on the disk when this returns. Where that fails, it may be there or not."""
        row = dict(zip(_FIELDS, (*key, what.state, what.time), strict=True))
        line = json.dumps(row | {"tries": what.tries})
        private_file(self.path)
        with self.path.open("a+b") as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                torn = file.read(1) != b"\n"  # of a process that was killed while it wrote
            else:
                torn = False
            file.write(("\n" if torn else "").encode() + line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if not size:
            sync_folder(self.path.parent)

    def last(self) -> dict[DeliveryKey, LedgerLine]:
        """The last line of every delivery. Lines that cannot be read are passed over with a warning."""
        make_private(self.path)
        rows = [row for _, row in self._lines()]
        if unread := rows.count(None):
            log.warning("%s: %d of its lines cannot be read and are passed over", self.path, unread)
        return {
            (row["edition"], row["reader"], row["channel"]): LedgerLine(
                cast("DeliveryState", row["state"]), row["time"], row.get("tries", 1)
            )
            for row in rows
            if row
        }

    def prune(self, now: datetime) -> None:
        """Take out the lines of more than `LEDGER_DAYS` ago, and those that cannot be read. `now` is aware."""
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
        """Every line with what it says; None where that cannot be read."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        return [(line, _read(line)) for line in data.split(b"\n") if line.strip()]


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
        known = all(isinstance(row[field], str) for field in _FIELDS) and row["state"] in _STATES
        known = known and isinstance(row.get("tries", 1), int) and 0 <= row.get("tries", 1) < 2**31
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return row if known else None
