"""Files that are put down and taken away without a trace: each names the folders that were made for it."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

from briefing.errors import OutputError, ScheduleError

__all__ = [
    "MARK",
    "claim",
    "folders_line",
    "made_folders",
    "missing_folders",
    "read_ours",
    "remove_file",
    "remove_folders",
]

MARK = "Written by `briefing schedule install`; `briefing schedule remove` takes it away."
"""Stands in every file of ours; what lacks it is somebody else's and left alone."""

_FOLDERS = "Folders made for it: "


def missing_folders(path: Path) -> tuple[str, ...]:
    """The folders that have to be made for a file at `path`, the innermost first."""
    return tuple(str(folder) for folder in path.parents if not folder.exists())


def folders_line(folders: tuple[str, ...]) -> str:
    """`folders` as a line of a comment, in ASCII and without the two hyphens that XML forbids there."""
    return _FOLDERS + json.dumps(folders).replace("-", "\\u002d")


def made_folders(text: str) -> tuple[str, ...]:
    """What `folders_line` wrote into `text`; nothing where the line is gone or was edited."""
    match = re.search(rf"{_FOLDERS}(\[.*\])", text)
    try:
        folders = json.loads(match[1]) if match else []
    except ValueError:
        folders = []
    return tuple(folder for folder in folders if isinstance(folder, str))


def read_ours(path: Path) -> str | None:
    """The text of a file of ours; None where there is none, or somebody else's. Raises `OutputError`."""
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise OutputError(str(path), f"cannot be read: {error.strerror}", "Mend its permissions") from error
    return text if MARK in text else None


def claim(path: Path) -> str | None:
    """`read_ours` before writing. Raises `ScheduleError` where somebody else's file has the name, and `OutputError`."""
    text = read_ours(path)
    if text is None and path.exists():
        raise ScheduleError(str(path), "is there and was not written by briefing", "Move it to another name")
    return text


def remove_file(path: Path) -> bool:
    """Whether there was one. Raises `OutputError`."""
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise OutputError(str(path), f"cannot be removed: {error.strerror}", "Mend its folder's permissions") from error
    return True


def remove_folders(folders: tuple[str, ...]) -> None:
    """Remove those that are empty, the innermost first; whatever somebody put there since then stays."""
    for folder in sorted(folders, key=len, reverse=True):
        with contextlib.suppress(OSError):
            Path(folder).rmdir()
