"""Checks that a folder is writable, writes standard output, and explains errors of both. Not here: files (`atomic`)."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sys
from pathlib import Path
from typing import IO

from briefing.errors import OutputError


def check_writable(folder: Path) -> None:
    """Make `folder` where it is missing and create a file in it to see whether that works. Raises `OutputError`."""
    probe = folder / f".briefing-{secrets.token_hex(8)}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink(missing_ok=True)  # another process may have removed it as a leftover
    except OSError as error:
        raise output_error(folder, error) from error


def write_stdout(content: str | bytes) -> bool:
    """Write to standard output and flush; False for a broken pipe, which is no error. Raises `OutputError`.

    Text is written as UTF-8 with its own line ends; on a terminal in the terminal's encoding, with ``?`` for characters
    that it lacks.
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
    """Point `stream` at the null device, so that Python does not fail to flush it once more at exit.

    A stream that is closed or None is left alone.
    """
    with contextlib.suppress(OSError, ValueError):
        if stream is not None:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)


def output_error(subject: Path | str, error: OSError) -> OutputError:
    """An OSError of writing to a file, folder or stream, with a remedy by its errno."""
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
        str(subject), f"cannot be written: {cause}", remedies.get(error.errno or 0, "Choose another place")
    )
