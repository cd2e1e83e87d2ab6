"""The copy of the state file that lies beside it as ``NAME.backup``: made after each run, put back when it is damaged.

Made and put back only by who holds the run's lock. One of 56 MB takes 0.1 s.
"""

from __future__ import annotations

import glob
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from pathlib import Path

from briefing.errors import DamageError
from briefing.private import database_files, make_private, private_file
from briefing.store.file import MEMORY, StateFile, check_state, damage, explained
from briefing.store.health import Copy, beside, good_copy, opened_to_read, unsound

__all__ = ["Repaired", "keep_copy", "repair"]


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was done for a damaged state file."""

    kept: Path | None
    """Where the damaged one is now; None where there was none."""
    copy: Copy | None
    """What stands in its place; None where the next run makes a new one."""


def keep_copy(store: StateFile) -> Path | None:
    """Put a copy of the state file beside it, every page of which has been read; None for one in memory.

    A copy that knows of more runs than the file does, which then was made anew, is kept as ``NAME.backup-before``.
    Raises `DamageError` where the file is damaged, `StoreError` where there is no room; the last good copy then stays.
    """
    if store.path == MEMORY:
        return None
    place = beside(store.path, "backup")
    with explained(str(place)), _unfinished(place) as file:
        with closing(sqlite3.connect(file, isolation_level=None)) as copy:
            store.copy_to(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, whole without another
            if wrong := unsound(copy):
                raise damage(store.path, wrong)
        _settle(file)
        if _runs(place) > _runs(file):
            place.replace(beside(store.path, "backup-before"))
        file.replace(place)
    return place


def repair(path: Path, now: datetime) -> Repaired | None:
    """Put the good copy in the place of a damaged state file, or of one that is gone; None where nothing is to be done.

    The damaged one stays beside it as ``NAME.damaged-DATE``. Where there is no good copy, that is all, and a run makes
    a new one. `now` is aware. Raises `StoreError` where it is no state file of ours, or cannot be moved.
    """
    record, copy = path.resolve(), good_copy(path)
    if record.exists():
        try:
            check_state(record)
        except DamageError:
            pass
        else:
            return None
    elif copy is None:
        return None
    with explained(str(path)):
        if copy is None:
            return Repaired(_set_aside(record, now), None)
        with _unfinished(record) as file:
            shutil.copyfile(copy.path, file)
            _settle(file)
            kept = _set_aside(record, now) if record.exists() else None
            file.replace(record)
    return Repaired(kept, copy)


def _set_aside(record: Path, now: datetime) -> Path:
    """Rename a damaged file with all that belongs to it; its new name."""
    name = f"{record.name}.damaged-{now:%Y-%m-%d}"
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    kept = next(place for place in map(record.with_name, names) if not place.exists())
    main, *parts = zip(database_files(record), database_files(kept), strict=True)
    # The log first: beside a file that it does not belong to it would be taken for that one's.
    for old, new in (*parts, main):
        if old.exists():
            old.replace(new)
            make_private(new)
    return kept


@contextmanager
def _unfinished(place: Path) -> Iterator[Path]:
    """A private file to write what is to come to `place`; what killed processes left of such files is removed."""
    for leftover in place.parent.glob(f"{glob.escape(place.name)}.unfinished-*"):
        with suppress(OSError):
            leftover.unlink()
    file = place.with_name(f"{place.name}.unfinished-{secrets.token_hex(4)}")
    private_file(file)
    try:
        yield file
    finally:
        for part in database_files(file):
            with suppress(OSError):
                part.unlink(missing_ok=True)


def _runs(file: Path) -> int:
    """How many runs a state file has known; 0 where it cannot be read."""
    try:
        with closing(opened_to_read(file)) as connection:
            rows = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'runs'").fetchall()
    except sqlite3.Error:
        return 0
    return int(rows[0][0]) if rows else 0


def _settle(file: Path) -> None:
    """Wait until it is on the disk."""
    with file.open("r+b") as opened:
        os.fsync(opened.fileno())
