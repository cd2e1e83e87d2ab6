"""Files written whole or not at all, and standard output."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
from pathlib import Path
from typing import TextIO

from briefing.errors import OutputError

__all__ = ["check_writable", "write_atomically", "write_stdout"]

_PREFIX, _SUFFIX = ".briefing-", ".tmp"
_STALE_SECONDS = 3600.0


def check_writable(folder: Path) -> None:
    """Make `folder` where it is missing and find out whether files can be written in it. Raises `OutputError`."""
    probe = folder / f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise _output_error(folder, error) from error


def write_atomically(path: Path, content: str | bytes) -> None:
    """Put `content` (text as UTF-8) at `path`; whoever reads it sees the old file or the new one, never a part.

    Missing folders are made. A file that exists keeps its permissions, a new one gets those of the umask; a link stays
    a link, its target is replaced. What is no file (a device, a pipe) is written to directly. Temporary files that a
    killed run left in the folder are removed after an hour. Raises `OutputError`; the old file is then as it was.
    """
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    try:
        target = path.resolve()
        mode = _mode(target)
        if mode is not None and stat.S_ISDIR(mode):
            raise OutputError(str(path), "is a folder", "Name a file")
        if mode is not None and not stat.S_ISREG(mode):
            target.write_bytes(data)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, data, None if mode is None else stat.S_IMODE(mode))
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle (until Python 3.13)
        raise _output_error(path, error) from error


def write_stdout(content: str | bytes) -> bool:
    """Write to standard output and flush; False when nobody reads it any more, which is no error.

    Text is UTF-8, whatever the system would choose, with line ends as they are; on a terminal it is what that shows,
    and characters that it lacks become ``?``. Bytes are written as they are. Raises `OutputError`.
    """
    stream = sys.stdout
    if stream is None:  # started with standard output closed
        raise OutputError("standard output", "is closed", "Write to a file instead")
    try:
        if isinstance(content, str) and (stream.isatty() or not hasattr(stream, "buffer")):
            encoding = stream.encoding or "utf-8"
            stream.write(content.encode(encoding, "replace").decode(encoding))
        else:
            stream.flush()
            stream.buffer.write(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
        stream.flush()
    except BrokenPipeError:
        _silence(stream)
        return False
    except OSError as error:
        raise _output_error(Path("standard output"), error) from error
    return True


def _mode(path: Path) -> int | None:
    """Kind and permissions of what is there, or None."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _replace(target: Path, data: bytes, permissions: int | None) -> None:
    # The name does not contain the target's: that may be as long as the file system allows.
    temporary = target.with_name(f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}")
    try:
        with temporary.open("xb") as file:
            if permissions is not None:
                temporary.chmod(permissions)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            _remove_stale(target.parent, os.fstat(file.fileno()).st_mtime)
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _remove_stale(folder: Path, now: float) -> None:
    """Remove what killed runs left; `now` is by the folder's own clock, which on a network drive may not be ours."""
    for leftover in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        with contextlib.suppress(OSError):
            if leftover.stat().st_mtime < now - _STALE_SECONDS:
                leftover.unlink()


def _silence(stream: TextIO) -> None:
    """Send what anybody prints from here on nowhere, so that neither it nor Python's own flush at exit fails."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _output_error(path: Path, error: OSError | RuntimeError) -> OutputError:
    number = error.errno if isinstance(error, OSError) else errno.ELOOP
    remedies = {
        errno.ENOSPC: "Free some space, or choose another folder",
        errno.EDQUOT: "Free some space, or choose another folder",
        errno.EFBIG: "Raise the limit on file sizes, or choose another folder",
        errno.EACCES: "Choose a folder you may write to",
        errno.EPERM: "Choose a folder you may write to",
        errno.EROFS: "Choose a folder you may write to",
        errno.ENOTDIR: "Choose another folder: a part of this path is a file",
        errno.EEXIST: "Choose another folder: a part of this path is a file",
    }
    cause = os.strerror(number) if number is not None else str(error)
    return OutputError(str(path), f"cannot be written: {cause}", remedies.get(number or 0, "Choose another place"))
