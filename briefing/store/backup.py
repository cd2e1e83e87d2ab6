"""The copy of the state file that lies beside it as ``NAME.backup``: made after each run, put back when it is damaged.

Made and put back only by who holds the run's lock. One of 56 MB takes 0.1 s.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from pathlib import Path

from briefing.errors import DamageError
from briefing.private_files import (
    database_files,
    make_private,
    remove_leftovers,
    replace_file,
    sync_folder,
    temporary_beside,
)
from briefing.store.database import MEMORY, StateFile, check_state, damage, explained
from briefing.store.health import BackupCopy, beside, good_copy, opened_to_read, unsound

__all__ = ["RepairResult", "keep_copy", "repair"]


@dataclass(frozen=True, slots=True)
class RepairResult:
    """What was done for a damaged state file."""

    kept: Path | None
    """Where the damaged one is now; None where there was none."""
    copy: BackupCopy | None
    """What stands in its place; None where the next run makes a new one."""


def keep_copy(store: StateFile) -> Path | None:
    """Put a copy of the state file beside it, every page of which has been read; None for one in memory.

    A copy of another file, because this one then was made anew, is kept as ``NAME.backup-before``.
    Raises `DamageError` where the file is damaged, `StoreError` where there is no room; the last good copy then stays.
    """
    if store.path == MEMORY:
        return None
    place = beside(store.path, "backup")
    with explained(str(place)):
        remove_leftovers(place)
        remove_leftovers(Path(store.path).resolve())
    with explained(str(place)), temporary_beside(place) as file:
        with closing(sqlite3.connect(file, isolation_level=None)) as copy:
            store.copy_to(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, whole without another
            if wrong := unsound(copy):
                raise damage(store.path, wrong)
        if _is_of_another(place, file):
            place.replace(beside(store.path, "backup-before"))
        replace_file(file, place)
    return place


def repair(path: Path, now: datetime) -> RepairResult | None:
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
            aside = _second_name(record, now)
            record.unlink()
            sync_folder(record.parent)
            return RepairResult(aside, None)
        remove_leftovers(record)
        with temporary_beside(record) as file:
            shutil.copyfile(copy.path, file)
            # The damaged one is there under its own name, too, until the copy takes its place: whoever comes after a
            # process that was killed here has to find it damaged, and not gone.
            kept = _second_name(record, now) if record.exists() else None
            replace_file(file, record)
    return RepairResult(kept, copy)


def _second_name(record: Path, now: datetime) -> Path:
    """Keep a damaged file under another name as well, and what belongs to it only there; that name."""
    name = f"{record.name}.damaged-{now:%Y-%m-%d}"
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    # One that is the same file was made by a process that was killed before it came to the end.
    kept = next(one for one in map(record.with_name, names) if not one.exists() or one.samefile(record))
    if not kept.exists():
        try:
            kept.hardlink_to(record)
        except OSError:  # a file system without
            shutil.copyfile(record, kept)
    make_private(kept)
    # Beside another file its log would be taken for that one's.
    for old, new in list(zip(database_files(record), database_files(kept), strict=True))[1:]:
        if old.exists():
            old.replace(new)
            make_private(new)
    return kept


def _is_of_another(copy: Path, file: Path) -> bool:
    """Whether a copy is one of another state file than that of which `file` is one.

    One of a version that gave them no identity is where it knows of more runs.
    """
    (known, runs), (ours, more) = _identity(copy), _identity(file)
    return known != ours if known else runs > more


def _identity(file: Path) -> tuple[str, int]:
    """The identity of a state file, or empty, and how many runs it has known; 0 where it cannot be read."""
    identity, runs = "", 0
    try:
        with closing(opened_to_read(file)) as connection:
            for (seq,) in connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'runs'"):
                runs = int(seq)
            for (text,) in connection.execute("SELECT id FROM identity"):
                identity = str(text)
    except sqlite3.Error:
        pass
    return identity, runs
