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
    """An SQLite database and its side files, which SQLite makes with the permissions of the database."""
    return (path, *(path.with_name(f"{path.name}-{part}") for part in ("wal", "shm", "journal")))


def data_folder() -> Path:
    """The default folder of the state file."""
    return Path(user_data_dir("briefing", appauthor=False))


def private_folder(folder: Path) -> None:
    """Make `folder` and its missing parents with mode 0700. Raises OSError.

    Existing folders keep their permissions, but for `data_folder`, which `make_private` tightens.
    """
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(mode=0o700, exist_ok=True)
        if os.name != "nt":
            parent.chmod(0o700)  # a umask may exclude the owner
    if not folder.is_dir():
        folder.mkdir()  # raises the reason
    if folder == data_folder():
        _tighten(folder)


def make_private(*paths: Path) -> None:
    """Restrict the existing ones of `paths` to their owner.

    The first that cannot be changed is logged as a warning, and the rest are left.
    """
    all(map(_tighten, paths))


def private_file(path: Path) -> None:
    """Make an empty file with mode 0600 at `path`, unless one exists. Raises OSError."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))  # never wider, not for a moment
        if os.name != "nt":
            path.chmod(0o600)  # a umask may exclude the owner


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


def replace_text(path: Path, text: str) -> None:
    """Replace the file at `path` atomically and durably, with the permissions of the umask. Raises OSError."""
    with temporary_beside(path, private=False) as file:
        write_synced(file, text.encode())
        file.replace(path)
        sync_folder(path.parent)


def replace_file(file: Path, path: Path) -> None:
    """Rename `file` to `path`, both it and the new name synced to the disk. Raises OSError."""
    with file.open("r+b") as opened:
        os.fsync(opened.fileno())
    file.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Sync a folder's entries, new and renamed, to the disk where the system can."""
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
    """Restrict a file or folder to its owner; whether it is now."""
    if os.name == "nt":
        return True
    cause = "its file system has no permissions for it alone"
    try:
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a device
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
