"""Folders that can be written in, standard output, and what to say where neither can be (files: `together`)."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sys
from pathlib import Path
from typing import TextIO

from briefing.errors import OutputError

__all__ = ["check_writable", "output_error", "write_stdout"]


def check_writable(folder: Path) -> None:
    """Make `folder` where it is missing and find out whether files can be written in it. Raises `OutputError`."""
    probe = folder / f".briefing-{secrets.token_hex(8)}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink(missing_ok=True)  # another process may have taken it for a leftover
    except OSError as error:
        raise output_error(folder, error) from error


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
        raise output_error(Path("standard output"), error) from error
    return True


def _silence(stream: TextIO) -> None:
    """Send what anybody prints from here on nowhere, so that neither it nor Python's own flush at exit fails."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def output_error(path: Path, error: OSError) -> OutputError:
    """What keeps the file or folder at `path` from being written, and what helps."""
    remedies = {
        errno.ENOSPC: "Free some space, or choose another folder",
        errno.EDQUOT: "Free some space, or choose another folder",
        errno.EFBIG: "Raise the limit on file sizes, or choose another folder",
        errno.EACCES: "Choose a folder you may write to",
        errno.EPERM: "Choose a folder you may write to",
        errno.EROFS: "Choose a folder you may write to",
        errno.ELOOP: "Take away one of the links: they lead in a circle",
        errno.ENOTDIR: "Choose another folder: a part of this path is a file",
        errno.EEXIST: "Choose another folder: a part of this path is a file",
    }
    cause = os.strerror(error.errno) if error.errno is not None else str(error)
    return OutputError(str(path), f"cannot be written: {cause}", remedies.get(error.errno or 0, "Choose another place"))
