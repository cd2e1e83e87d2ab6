"""Atomic writes of one or several files: all of them or none.

All files are written under temporary names and synced before the first is renamed, so that an error before then (no
space, no permission, a folder in the way) changes nothing. An error between two renames is rolled back. Only a process
that is killed there leaves some files new and some old, each of them whole.

Each process holds a lock (flock) on an empty file of its own in every folder it writes in. Temporary files whose lock
nobody holds were left by killed processes; the next one that writes there removes them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from briefing.deliver.files import output_error
from briefing.errors import OutputError
from briefing.private_files import write_synced

_STALE_SECONDS = 3600.0
"""Age from which a temporary file is a leftover where the system has no locks."""
_STREAM = re.compile(r"/dev/(stdout|stderr|fd/(\d+))|/proc/self/fd/(\d+)")


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace the file at `path` by `content` (text as UTF-8); readers see the old file or the new one.

    Makes missing folders. An existing file keeps its permissions, a new one has those of the umask. A link stays, its
    target is replaced. Devices, pipes and streams such as ``/dev/stdout`` are written to directly. Raises
    `OutputError`; the old file is then unchanged.
    """
    with AtomicWrites() as files:
        files.add(path, content)


def write_together(files: Sequence[tuple[Path, str | bytes]]) -> None:
    """`write_atomically` for several files. Raises `OutputError`, which also names the files that are there then."""
    writes = AtomicWrites()
    try:
        with writes:
            for path, content in files:
                writes.add(path, content)
    except OutputError as error:
        if writes.mixed:
            raise
        there = [str(path) for path, _ in files if path.is_file()]
        missing = [str(path) for path, _ in files if not path.exists()]
        left = [f"as before {_are(there)}"] * bool(there) + [f"not there {_are(missing)}"] * bool(missing)
        remedy = f"{error.remedy}. No file was changed: {'; '.join(left)}" if left else error.remedy
        raise OutputError(error.subject, error.cause, remedy) from error


@dataclass(slots=True)
class _PendingFile:
    path: Path
    """As the caller named it."""
    target: Path
    """With links resolved."""
    temporary: Path
    existed: bool
    old: Path | None = None
    """Hard link to the old file, for a rollback."""


class AtomicWrites:
    """Context manager that commits the added files at its end, unless that is an error. Raises `OutputError`."""

    def __init__(self) -> None:
        self.mixed = False
        """Whether some files are new and others old, because a rollback failed."""
        self._files: list[_PendingFile] = []
        self._targets: dict[Path, Path] = {}
        """The caller's paths by resolved path."""
        self._streams: list[tuple[Path, bytes]] = []
        self._temporary: dict[Path, _TemporaryFiles] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._open:
            if kind is None:
                self._commit()

    def add(self, path: Path, content: str | bytes) -> None:
        """Write `content` to a temporary file beside `path`."""
        data = content.encode("utf-8", "replace") if isinstance(content, str) else content
        with _as_output_error(path):
            mode = _mode(path)
            if mode is not None and stat.S_ISDIR(mode):
                raise OutputError(str(path), "is a folder", "Name a file, or move the folder away")
            if (mode is not None and not stat.S_ISREG(mode)) or _STREAM.fullmatch(str(path)):
                self._streams.append((path, data))
                return
            target = path.resolve()
            if same := self._targets.get(target):
                raise OutputError(str(path), f"is the same file as {same}", "Take the link away")
            temporary = self._temporary_in(target.parent).name()
            write_synced(temporary, data, None if mode is None else stat.S_IMODE(mode))
            self._files.append(_PendingFile(path, target, temporary, mode is not None))
            self._targets[target] = path

    def _temporary_in(self, folder: Path) -> _TemporaryFiles:
        if folder not in self._temporary:
            folder.mkdir(parents=True, exist_ok=True)
            self._temporary[folder] = self._open.enter_context(_TemporaryFiles(folder))
        return self._temporary[folder]

    def _commit(self) -> None:
        for path, data in self._streams:
            with _as_output_error(path):
                _write_stream(path, data)
        renamed: list[_PendingFile] = []
        try:
            for file in self._files:
                with _as_output_error(file.path):
                    if len(self._files) > 1 and file.existed:
                        file.old = _hard_link(file.target, self._temporary_in(file.target.parent).name())
                    file.temporary.replace(file.target)
                renamed.append(file)
        except BaseException as error:
            new = [str(file.path) for file in renamed if not _rolled_back(file)]
            if not new or not isinstance(error, OutputError):
                raise
            self.mixed = True
            known = set(new)
            old = [name for file in self._files if (name := str(file.path)) not in known]
            remedy = f"{error.remedy}, then run again. New {_are(new)}; as before {_are(old)}"
            raise OutputError(error.subject, error.cause, remedy) from error


class _TemporaryFiles:
    """The temporary files of this process in one folder, and the lock file that marks them as in use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: list[Path] = []

    def __enter__(self) -> Self:
        while True:
            self._token = secrets.token_hex(8)
            self._lock = self._folder / f".briefing-{self._token}.tmp"
            self._descriptor = os.open(self._lock, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            # Else another process took it for a leftover before it was locked, and has removed it or is about to.
            if _try_lock(self._descriptor) is not False and os.fstat(self._descriptor).st_nlink:
                break
            os.close(self._descriptor)
        _remove_leftovers(self._folder, self._token, os.fstat(self._descriptor).st_mtime)
        return self

    def __exit__(self, *error: object) -> None:
        _remove(*self._names, self._lock)
        os.close(self._descriptor)
        _remove(self._lock)  # Windows removes no open file

    def name(self) -> Path:
        # Without the target's name, which may be as long as the file system allows.
        self._names.append(self._folder / f".briefing-{self._token}-{len(self._names)}.tmp")
        return self._names[-1]


def _remove_leftovers(folder: Path, own: str, now: float) -> None:
    """Remove temporary files of killed processes. `now` is by the folder's clock: a network drive has its own."""
    by_token: dict[str, list[Path]] = {}
    for path in folder.glob(".briefing-*.tmp"):
        by_token.setdefault(path.name.split("-")[1].removesuffix(".tmp"), []).append(path)
    by_token.pop(own, None)
    for token, paths in by_token.items():
        with contextlib.suppress(OSError):
            with _is_abandoned(lock := folder / f".briefing-{token}.tmp", now) as abandoned:
                _remove(*paths if abandoned else ())
            _remove(*[lock] if abandoned else ())  # Windows removes no open file


def _remove(*paths: Path) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _is_abandoned(lock: Path, now: float) -> Iterator[bool]:
    """Whether no process holds the lock; no other can take it during the block."""
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        yield True
        return
    try:
        locked = _try_lock(descriptor)
        yield os.fstat(descriptor).st_mtime < now - _STALE_SECONDS if locked is None else locked
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool | None:
    """Lock the file until it is closed; False where it is locked, None where the system has no locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _mode(path: Path) -> int | None:
    """Type and permissions of the file behind links; None where there is none."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _write_stream(path: Path, data: bytes) -> None:
    """Write to a device, a pipe, or an open stream of this process."""
    stream = _STREAM.fullmatch(str(path))
    if stream is None:
        path.write_bytes(data)
        return
    name, *numbers = stream.groups()
    number = next((int(number) for number in numbers if number), 1 if name == "stdout" else 2)
    with os.fdopen(os.dup(number), "wb") as file:
        file.write(data)


def _hard_link(file: Path, name: Path) -> Path | None:
    try:
        name.hardlink_to(file)
    except OSError:  # a file system without
        return None
    return name


def _rolled_back(file: _PendingFile) -> bool:
    """Undo a rename; whether that worked."""
    try:
        if file.old:
            file.old.replace(file.target)
        elif not file.existed:
            file.target.unlink()
        else:
            return False
    except OSError:
        return False
    return True


def _are(names: Sequence[str]) -> str:
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return f"{'is' if len(names) == 1 else 'are'} {shown}"


@contextlib.contextmanager
def _as_output_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise output_error(path, error) from error
    except RuntimeError as error:  # links in a circle (until Python 3.13)
        raise output_error(path, OSError(errno.ELOOP, str(error))) from error
