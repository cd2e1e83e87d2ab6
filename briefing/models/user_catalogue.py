"""What the user added to the catalogue: one small JSON file in the model folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from briefing.errors import ModelError
from briefing.models.catalogue import Entry, HubLocation
from briefing.private_files import write_atomically

__all__ = ["read_added", "write_added"]

_PLAIN = {"name": str, "description": str, "engine": str, "licence": str, "file": str, "size": int, "sha256": str,
          "context": int}  # fmt: skip


def read_added(path: Path) -> tuple[Entry, ...]:
    """The entries recorded at `path`, none where there is no such file. Raises `ModelError` where it is broken."""
    try:
        return tuple(_entry(data) for data in json.loads(path.read_text("utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        cause = f"the record of added models cannot be read ({error})"
        raise ModelError(str(path), cause, "Delete it and add them again") from error


def write_added(path: Path, entries: tuple[Entry, ...]) -> None:
    """Replace the record. Raises `OSError`."""
    write_atomically(path, json.dumps([_data(entry) for entry in entries], indent=1))


def _data(entry: Entry) -> dict[str, Any]:
    data: dict[str, Any] = {key: getattr(entry, key) for key in _PLAIN}
    data["location"] = str(entry.location) if entry.location else None
    data["hub"] = [[place.repo, place.file] for place in entry.places if isinstance(place, HubLocation)]
    return data


def _entry(data: dict[str, Any]) -> Entry:
    wrong = [key for key, kind in _PLAIN.items() if not isinstance(data[key], kind)]
    if wrong:
        raise ValueError(f"no {_PLAIN[wrong[0]].__name__} for {wrong[0]}")
    return Entry(
        **{key: data[key] for key in _PLAIN},
        places=tuple(HubLocation(str(repo), str(file)) for repo, file in data["hub"]),
        added=True,
        location=Path(data["location"]) if data["location"] else None,
    )
