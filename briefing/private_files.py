"""Private files (0600) and folders (0700), durable replacement, leftovers of killed processes.

For state, cache and ledger. Not for output (editions, letters as files, the archive), which follows the umask, nor for
models, which may be shared. On Windows a user's folders are private already, and permissions are left alone.
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

__all__ = [
    "data_folder",
    "database_files",
    "make_private",
    "private_file",
    "private_folder",
    "put_in_place",
    "sweep",
    "sync_folder",
    "unfinished",
]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO

_log = logging.getLogger(__name__)


def database_files(path: Path) -> tuple[Path, ...]:
    """An SQLite database and its sidecar files, to which SQLite gives the permissions of the database."""
    return (path, *(path.with_name(f"{path.name}-{part}") for part in ("wal", "shm", "journal")))


def data_folder() -> Path:
    """Default folder of the state."""
    return Path(user_data_dir("briefing", appauthor=False))


def private_folder(folder: Path) -> None:
    """Make `folder` and its missing parents with mode 0700. Raises OSError.

    Existing folders keep their permissions, but for `data_folder`, which `make_private` tightens.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
        if os.name != "nt":
            path.chmod(0o700)  # a umask may exclude the owner
    if not folder.is_dir():
        folder.mkdir()  # raises the reason
    if folder == data_folder():
        _tighten(folder)


def make_private(*paths: Path) -> None:
    """Remove the permissions of others from the existing files among `paths`.

    Where one cannot be changed, that is logged as a warning and the rest is skipped.
    """
    all(map(_tighten, paths))


def private_file(path: Path) -> None:
    """Make an empty file with mode 0600 at `path`, where there is none. Raises OSError."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))  # never wider, not for a moment
        if os.name != "nt":
            path.chmod(0o600)  # a umask may exclude the owner


@contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """A private temporary file beside `target`, for `put_in_place`; removed at the end. Raises OSError."""
    file = target.with_name(f"{target.name}.unfinished-{secrets.token_hex(4)}")
    private_file(file)
    try:
        yield file
    finally:
        _remove(file)


def sweep(target: Path) -> None:
    """Remove temporary files of killed processes for `target`. Requires that no other process is writing one."""
    for leftover in target.parent.glob(f"{glob.escape(target.name)}.unfinished-*"):
        _remove(leftover)


def put_in_place(file: Path, target: Path) -> None:
    """Replace `target` by `file`, atomically and durably (fsync). Raises OSError."""
    with file.open("r+b") as opened:
        os.fsync(opened.fileno())
    file.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """fsync of a folder, so that new and renamed files in it survive a power cut; where supported."""
    with suppress(OSError):  # Windows does not open folders
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
    """Remove the permissions of others. Whether none are left."""
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
