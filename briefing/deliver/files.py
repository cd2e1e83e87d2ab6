"""Folders that can be written in, standard output, and what to say where neither can be (files: `atomic`)."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sys
from pathlib import Path
from typing import IO

from briefing.errors import OutputError

__all__ = ["check_writable", "output_error", "silence", "write_stdout"]


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
        silence(stream)
        return False
    except OSError as error:
        raise output_error("standard output", error) from error
    return True


def silence(stream: IO[str] | None) -> None:
    """Send what is printed on `stream` from here on nowhere: else Python tries what is left over once more at its end.

    A stream that is closed or None is left as it is.
    """
    with contextlib.suppress(OSError, ValueError):
        if stream is not None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def output_error(place: Path | str, error: OSError) -> OutputError:
    """What keeps a file, a folder or a stream from being written, and what helps."""
    remedies = {
        errno.ENOSPC: "Free some space, or write to another place",
        errno.EDQUOT: "Free some space, or write to another place",
        errno.EFBIG: "Raise the limit on file sizes, or choose another folder",
        errno.EACCES: "Choose a folder you may write to",
        errno.EPERM: "Choose a folder you may write to",
        errno.EROFS: "Choose a folder you may write to",
        errno.ELOOP: "Take away one of the links: they lead in a circle",
        errno.ENOTDIR: "Choose another folder: a part of this path is a file",
        errno.EEXIST: "Choose another folder: a part of this path is a file",
    }
    cause = os.strerror(error.errno) if error.errno is not None else str(error)
    return OutputError(
        str(place), f"cannot be written: {cause}", remedies.get(error.errno or 0, "Choose another place")
    )
