"""Files of the program's own: owner-only permissions, atomic replacement, durability (fsync).

Private are the state file, its ledger, backup and lock, and the HTTP cache. Not private: what a person asked for
(editions, letters written as files, the archive; `deliver.atomic` writes those) and models, which several people may
share; they have the permissions of the umask. On Windows a user's own folders are private already, and permissions are
left alone.
"""

from __future__ import annotations

import glob
import logging
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from platformdirs import user_data_dir

_OTHERS = stat.S_IRWXG | stat.S_IRWXO

_log = logging.getLogger(__name__)


def database_files(path: Path) -> tuple[Path, ...]:
    """An SQLite database and what SQLite keeps beside it; the latter it makes with the permissions of the former."""
    return (path, *(path.with_name(f"{path.name}-{part}") for part in ("wal", "shm", "journal")))


def data_folder() -> Path:
    """Where what is remembered lies unless somebody names another place."""
    return Path(user_data_dir("briefing", appauthor=False))


def private_folder(folder: Path) -> None:
    """Make `folder`, and those above it that are missing, for their owner alone (0700). Raises OSError.

    One that is there is a person's own and stays as it is, but for `data_folder`, which is tightened as by
    `make_private`.
    """
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(mode=0o700, exist_ok=True)
        if os.name != "nt":
            parent.chmod(0o700)  # a umask may have left its owner out, too
    if not folder.is_dir():
        folder.mkdir()  # which says why not
    if folder == data_folder():
        _tighten(folder)


def make_private(*paths: Path) -> None:
    """Have only their owner read and write those files at `paths` (0600), whatever the umask, that are there.

    Where the permissions of one cannot be changed, that is logged as a warning, once for them all, and no more happens.
    """
    all(map(_tighten, paths))


def private_file(path: Path) -> None:
    """Make an empty file at `path` that only its owner may read (0600), where there is none. Raises OSError."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))  # never wider than that, not for a moment
        if os.name != "nt":
            path.chmod(0o600)  # a umask may have left its owner out, too


@contextmanager
def temporary_beside(path: Path, *, private: bool = True) -> Iterator[Path]:
    """A path beside `path` for a file that is to replace it (`replace_file`); what is there at the end is removed.

    Where `private`, an empty owner-only file is there already. Raises OSError.
    """
    file = path.with_name(f"{path.name}.unfinished-{secrets.token_hex(4)}")
    if private:
        private_file(file)
    try:
        yield file
    finally:
        _remove(file)


def remove_leftovers(path: Path) -> None:
    """Remove the temporary files for `path` of killed processes; to be called where no other process writes one."""
    for leftover in path.parent.glob(f"{glob.escape(path.name)}.unfinished-*"):
        _remove(leftover)


def write_synced(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write a new file, with the permissions `mode` (None: of the umask), and sync it to the disk. Raises OSError."""
    with path.open("xb") as file:
        if mode is not None:
            path.chmod(mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_atomically(path: Path, text: str) -> None:
    """Replace the file at `path`, permissions of the umask: readers see the old text or the new one. Raises OSError."""
    with temporary_beside(path, private=False) as file:
        write_synced(file, text.encode())
        file.replace(path)


def replace_file(file: Path, path: Path) -> None:
    """Rename `file` to `path`, both it and the new name synced to the disk. Raises OSError."""
    with file.open("r+b") as opened:
        os.fsync(opened.fileno())
    file.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in it, new ones and renamed ones, survive a power cut, where a system can do that."""
    with suppress(OSError):  # Windows opens no folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove(database: Path) -> None:
    for part in database_files(database):
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _tighten(path: Path) -> bool:
    """Whether nobody else has a right to the file or folder now."""
    if os.name == "nt":
        return True
    cause = "its file system has no permissions for it alone"
    try:
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a device is everybody's
            return True
        if mode & _OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
            mode = path.stat().st_mode
    except FileNotFoundError:
        return True
    except OSError as error:
        mode, cause = _OTHERS, f"its permissions cannot be changed ({error.strerror})"
    if mode & _OTHERS:
        _log.warning("%s may be read by others: %s", path, cause)
    return not mode & _OTHERS
