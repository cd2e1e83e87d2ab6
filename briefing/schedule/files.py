"""Files of schedulers: marked as ours, with a record of the folders made for them, so that both can be removed."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

from briefing.errors import OutputError, ScheduleError

MARK = "Written by `briefing schedule install`; `briefing schedule remove` takes it away."
"""In every file of ours; files without it are left alone."""

_FOLDERS = "Folders made for it: "


def folders_for(*paths: Path, earlier: str = "") -> tuple[str, ...]:
    """Folders to record in a file: those made for its `earlier` text, and the missing ones above `paths`."""
    missing = (str(folder) for path in paths for folder in path.parents if not folder.exists())
    return tuple(dict.fromkeys((*made_folders(earlier), *missing)))


def folders_line(folders: tuple[str, ...]) -> str:
    """`folders` as a line of a comment: ASCII, without the double hyphen that XML forbids in comments."""
    return _FOLDERS + json.dumps(folders).replace("-", "\\u002d")


def made_folders(text: str) -> tuple[str, ...]:
    """The folders that `folders_line` recorded in `text`; empty where the line is gone or was edited."""
    match = re.search(rf"{_FOLDERS}(\[.*\])", text)
    try:
        folders = json.loads(match[1]) if match else []
    except ValueError:
        folders = []
    return tuple(folder for folder in folders if isinstance(folder, str))


def read_ours(path: Path) -> str | None:
    """The text of a file with our mark; None where there is none or it lacks the mark. Raises `OutputError`."""
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise OutputError(str(path), f"cannot be read: {error.strerror}", "Mend its permissions") from error
    return text if MARK in text else None


def claim(path: Path) -> str:
    """The text of our file that is to be replaced, else empty.

    Raises `ScheduleError` for a file without our mark, and `OutputError`.
    """
    text = read_ours(path)
    if text is None and path.exists():
        raise ScheduleError(str(path), "is there and was not written by briefing", "Move it to another name")
    return text or ""


def remove_file(path: Path) -> bool:
    """Remove a file; whether there was one. Raises `OutputError`."""
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise OutputError(str(path), f"cannot be removed: {error.strerror}", "Mend its folder's permissions") from error
    return True


def remove_folders(folders: tuple[str, ...]) -> None:
    """Remove those that are empty, innermost first."""
    for folder in sorted(folders, key=len, reverse=True):
        with contextlib.suppress(OSError):
            Path(folder).rmdir()
