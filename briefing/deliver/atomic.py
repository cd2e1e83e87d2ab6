"""Files that take their places whole and together, or not at all.

Each is written beside its place and on the disk before the first is renamed, so that whatever goes wrong before (no
space, no permission, a folder in the way) changes nothing. What goes wrong between two renames is undone. Only a
process that is killed there leaves some files new and some old, each of them whole, and the next one writes them all.

Until the end a process holds the lock of an empty file of its own in every folder it writes in. Temporary files whose
lock nobody holds are what killed processes left, and are removed by the next that writes there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from briefing.deliver.files import output_error
from briefing.errors import OutputError
from briefing.private_files import write_synced

__all__ = ["AtomicWrites", "write_atomically", "write_together"]

_STALE_SECONDS = 3600.0
"""After which a temporary file is taken for a leftover where a system has no locks."""
_STREAM = re.compile(r"/dev/(stdout|stderr|fd/(\d+))|/proc/self/fd/(\d+)")


def write_atomically(path: Path, content: str | bytes) -> None:
    """Put `content` (text as UTF-8) at `path`; whoever reads it sees the old file or the new one, never a part.

    Missing folders are made. A file that exists keeps its permissions, a new one gets those of the umask; a link stays
    a link, its target is replaced or made. What is no file (a device, a pipe, a stream such as ``/dev/stdout``) is
    written to directly. Raises `OutputError`; the old file is then as it was.
    """
    with AtomicWrites() as files:
        files.add(path, content)


def write_together(files: Sequence[tuple[Path, str | bytes]]) -> None:
    """`write_atomically` for several files: all or none. Raises `OutputError` that also says what is there then."""
    together = AtomicWrites()
    try:
        with together:
            for path, content in files:
                together.add(path, content)
    except OutputError as error:
        if together.mixed:
            raise
        there = [str(path) for path, _ in files if path.is_file()]
        missing = [str(path) for path, _ in files if not path.exists()]
        left = [f"as before {_are(there)}"] * bool(there) + [f"not there {_are(missing)}"] * bool(missing)
        remedy = f"{error.remedy}. No file was changed: {'; '.join(left)}" if left else error.remedy
        raise OutputError(error.subject, error.cause, remedy) from error


@dataclass(slots=True)
class _Written:
    path: Path
    """As it was asked for."""
    target: Path
    """The file itself, behind every link."""
    temporary: Path
    existed: bool
    before: Path | None = None
    """A second name of the old file, to put it back by."""


class AtomicWrites:
    """A context manager: the files that were added take their places at its end, unless it ends with an error.

    Everything raises `OutputError`.
    """

    def __init__(self) -> None:
        self.mixed = False
        """Whether some of the files are new and others not, because what went wrong could not be undone."""
        self._files: list[_Written] = []
        self._targets: dict[Path, Path] = {}
        """What was asked for, by the file behind every link."""
        self._streams: list[tuple[Path, bytes]] = []
        self._desks: dict[Path, _Desk] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._open:
            if kind is None:
                self._put_in_place()

    def add(self, path: Path, content: str | bytes) -> None:
        """Write `content` beside `path`."""
        data = content.encode("utf-8", "replace") if isinstance(content, str) else content
        with _explained(path):
            mode = _mode(path)
            if mode is not None and stat.S_ISDIR(mode):
                raise OutputError(str(path), "is a folder", "Name a file, or move the folder away")
            if (mode is not None and not stat.S_ISREG(mode)) or _STREAM.fullmatch(str(path)):
                self._streams.append((path, data))
                return
            target = path.resolve()
            if other := self._targets.get(target):
                raise OutputError(str(path), f"is the same file as {other}", "Take the link away")
            temporary = self._desk(target.parent).name()
            write_synced(temporary, data, None if mode is None else stat.S_IMODE(mode))
            self._files.append(_Written(path, target, temporary, mode is not None))
            self._targets[target] = path

    def _desk(self, folder: Path) -> _Desk:
        if folder not in self._desks:
            folder.mkdir(parents=True, exist_ok=True)
            self._desks[folder] = self._open.enter_context(_Desk(folder))
        return self._desks[folder]

    def _put_in_place(self) -> None:
        for path, data in self._streams:
            with _explained(path):
                _write_stream(path, data)
        renamed: list[_Written] = []
        try:
            for one in self._files:
                with _explained(one.path):
                    if len(self._files) > 1 and one.existed:
                        one.before = _second_name(one.target, self._desk(one.target.parent).name())
                    one.temporary.replace(one.target)
                renamed.append(one)
        except BaseException as error:
            new = [str(one.path) for one in renamed if not _undone(one)]
            if not new or not isinstance(error, OutputError):
                raise
            self.mixed = True
            known = set(new)
            old = [name for one in self._files if (name := str(one.path)) not in known]
            remedy = f"{error.remedy}, then run again. New {_are(new)}; as before {_are(old)}"
            raise OutputError(error.subject, error.cause, remedy) from error


class _Desk:
    """Where temporary files for one folder are: names in it, and the lock that says that somebody needs them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: list[Path] = []

    def __enter__(self) -> Self:
        while True:
            self._token = secrets.token_hex(8)
            self._lock = self._folder / f".briefing-{self._token}.tmp"
            self._descriptor = os.open(self._lock, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            _locked(self._descriptor)
            if os.fstat(self._descriptor).st_nlink:  # else it was taken for a leftover, before it was locked
                break
            os.close(self._descriptor)
        _sweep(self._folder, self._token, os.fstat(self._descriptor).st_mtime)
        return self

    def __exit__(self, *error: object) -> None:
        for name in (*self._names, self._lock):
            with contextlib.suppress(OSError):
                name.unlink(missing_ok=True)
        os.close(self._descriptor)

    def name(self) -> Path:
        # It does not contain the target's: that may be as long as the file system allows.
        self._names.append(self._folder / f".briefing-{self._token}-{len(self._names)}.tmp")
        return self._names[-1]


def _sweep(folder: Path, own: str, now: float) -> None:
    """Remove what killed processes left. `now` is by the folder's own clock: on a network drive it may not be ours."""
    left: dict[str, list[Path]] = {}
    for path in folder.glob(".briefing-*.tmp"):
        left.setdefault(path.name.split("-")[1].removesuffix(".tmp"), []).append(path)
    left.pop(own, None)
    for token, paths in left.items():
        with contextlib.suppress(OSError), _if_left(folder / f".briefing-{token}.tmp", now) as abandoned:
            for path in paths if abandoned else ():
                with contextlib.suppress(OSError):
                    path.unlink()


@contextlib.contextmanager
def _if_left(lock: Path, now: float) -> Iterator[bool]:
    """Whether nobody holds the lock; nobody gets it meanwhile."""
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        yield True
        return
    try:
        held = _locked(descriptor)
        yield os.fstat(descriptor).st_mtime < now - _STALE_SECONDS if held is None else held
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool | None:
    """Lock the file until it is closed; whether that went, None where the system has no locks."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _mode(path: Path) -> int | None:
    """Kind and permissions of what is there, behind every link, or None."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _write_stream(path: Path, data: bytes) -> None:
    """Into a device or a pipe; a stream of this process goes on where it is, whatever file or pipe it leads to."""
    stream = _STREAM.fullmatch(str(path))
    if stream is None:
        path.write_bytes(data)
        return
    name, *numbers = stream.groups()
    number = next((int(one) for one in numbers if one), 1 if name == "stdout" else 2)
    with os.fdopen(os.dup(number), "wb") as file:
        file.write(data)


def _second_name(file: Path, name: Path) -> Path | None:
    try:
        name.hardlink_to(file)
    except OSError:  # a file system without
        return None
    return name


def _undone(one: _Written) -> bool:
    """Put back what was there before a rename; whether that went."""
    try:
        if one.before:
            one.before.replace(one.target)
        elif not one.existed:
            one.target.unlink()
        else:
            return False
    except OSError:
        return False
    return True


def _are(names: Sequence[str]) -> str:
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return f"{'is' if len(names) == 1 else 'are'} {shown}"


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise output_error(path, error) from error
    except RuntimeError as error:  # links in a circle (until Python 3.13)
        raise output_error(path, OSError(errno.ELOOP, str(error))) from error
