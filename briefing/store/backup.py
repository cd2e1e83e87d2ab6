"""Backup of the state file, ``NAME.backup`` beside it: made after each run, restored where the file is damaged.

Both need the run's lock (`lock.run_lock`). A backup of 56 MB takes 0.1 s.
"""

from __future__ import annotations

import logging
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
from briefing.store.health import BackupCopy, beside, good_copy, integrity_problem, open_read_only

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RepairResult:
    """The outcome of `repair`."""

    kept: Path | None
    """The damaged file under its new name; None where there was none."""
    copy: BackupCopy | None
    """The restored backup; None where the next run makes a new file."""


def keep_copy(store: StateFile) -> Path | None:
    """Back up the state file, reading every page of the copy; the backup's path, None for a store in memory.

    A backup of another state file, where this one was made anew, is kept as ``NAME.backup-before``. Raises
    `DamageError` where the file is damaged, `StoreError` where there is no room; the last good backup then stays.
    """
    if store.path == MEMORY:
        return None
    backup = beside(store.path, "backup")
    with explained(str(backup)):
        remove_leftovers(backup)
        remove_leftovers(Path(store.path).resolve())
    with explained(str(backup)), temporary_beside(backup) as file:
        with closing(sqlite3.connect(file, isolation_level=None)) as copy:
            store.copy_to(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # complete without a WAL file
            if problem := integrity_problem(copy):
                raise damage(store.path, problem)
        if _belongs_to_another(backup, file):
            backup.replace(beside(store.path, "backup-before"))
        replace_file(file, backup)
    _log.debug("Backup written to %s", backup)
    return backup


def repair(path: Path, now: datetime) -> RepairResult | None:
    """Restore the backup of a damaged or missing state file; None where there is nothing to repair.

    The damaged file is kept beside it as ``NAME.damaged-DATE``. Without a good backup it is only moved there, and a run
    makes a new file. `now` is aware. Raises `StoreError` where it is no state file of ours, or cannot be moved.
    """
    state, copy = path.resolve(), good_copy(path)
    if state.exists():
        try:
            check_state(state)
        except DamageError:
            pass
        else:
            return None
    elif copy is None:
        return None
    with explained(str(path)):
        if copy is None:
            kept = _set_aside(state, now)
            state.unlink()
            sync_folder(state.parent)
            return RepairResult(kept, None)
        remove_leftovers(state)
        with temporary_beside(state) as file:
            shutil.copyfile(copy.path, file)
            # The damaged file keeps its name until it is replaced: after a process that was killed here, the next one
            # has to find it damaged, not missing.
            damaged = _set_aside(state, now) if state.exists() else None
            replace_file(file, state)
    return RepairResult(damaged, copy)


def _set_aside(state: Path, now: datetime) -> Path:
    """Link a damaged file to a second name, which is returned, and move its WAL and journal to that."""
    name = f"{state.name}.damaged-{now:%Y-%m-%d}"
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    # A link to the same file was left by a process that was killed in here.
    kept = next(path for path in map(state.with_name, names) if not path.exists() or path.samefile(state))
    if not kept.exists():
        try:
            kept.hardlink_to(state)
        except OSError:  # a file system without hard links
            shutil.copyfile(state, kept)
    make_private(kept)
    # Beside the restored file, SQLite would take the old WAL for that one's.
    for old, new in list(zip(database_files(state), database_files(kept), strict=True))[1:]:
        if old.exists():
            old.replace(new)
            make_private(new)
    return kept


def _belongs_to_another(copy: Path, file: Path) -> bool:
    """Whether two copies are of different state files: by identity; before schema version 8, by more runs in `copy`."""
    (copy_id, copy_runs), (file_id, file_runs) = _identity(copy), _identity(file)
    return copy_id != file_id if copy_id else copy_runs > file_runs


def _identity(file: Path) -> tuple[str, int]:
    """Identity (empty where it has none) and number of runs of a state file; 0 where it cannot be read."""
    identity, runs = "", 0
    try:
        with closing(open_read_only(file)) as connection:
            for (seq,) in connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'runs'"):
                runs = int(seq)
            for (text,) in connection.execute("SELECT id FROM identity"):
                identity = str(text)
    except sqlite3.Error:
        pass
    return identity, runs
