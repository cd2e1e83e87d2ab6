"""Catalogue entries recorded in the model folder (JSON): added by the user, or with the digest that the Hub stated.

The Hub is asked for a digest whenever a file has to be pulled, and never where the file is here. A record of digests
that cannot be read is therefore treated as empty: the next pull writes it anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from briefing.errors import ModelError
from briefing.models.catalogue import Entry, HubLocation
from briefing.models.hub import describe_on_hub
from briefing.models.partial import LocationError
from briefing.private_files import replace_text

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
    replace_text(path, json.dumps([_data(entry) for entry in entries], indent=1))


def _data(entry: Entry) -> dict[str, Any]:
    data: dict[str, Any] = {key: getattr(entry, key) for key in _PLAIN}
    data["location"] = str(entry.location) if entry.location else None
    data["hub"] = [[hub.repo, hub.file] for hub in entry.places if isinstance(hub, HubLocation)]
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


def with_stated(entries: Iterable[Entry], record: Path) -> tuple[Entry, ...]:
    """`entries`, with size and digest from `record` for those without a digest."""
    entries = tuple(entries)
    if all(entry.sha256 for entry in entries):
        return entries
    stated = {(entry.name, entry.places): entry for entry in _read(record)}
    found = ((entry, stated.get((entry.name, entry.places))) for entry in entries)
    return tuple(
        replace(entry, size=known.size, sha256=known.sha256) if known and not entry.sha256 else entry
        for entry, known in found
    )


def ask_the_hub(entry: Entry, record: Path) -> Entry:
    """`entry` with the size and digest that the Hub states now, which are noted in `record`.

    The caller holds a lock on `record`. Raises `ModelError` naming the repository where the Hub states nothing, and
    `OSError` where the disk fails.
    """
    location = next(location for location in entry.places if isinstance(location, HubLocation))
    try:
        size, digest = describe_on_hub(location)
    except LocationError as error:
        raise ModelError(
            f"model {entry.name}",
            f"{location.file} in the repository {location.repo} of the Hugging Face Hub: {error}",
            "Check the network; a file that was moved or renamed is taken from its new place with "
            "`briefing models add OWNER/REPOSITORY:FILE.gguf`",
        ) from error
    described = replace(entry, size=size, sha256=digest)
    write_added(record, (*(other for other in _read(record) if other.name != entry.name), described))
    return described


def _read(record: Path) -> tuple[Entry, ...]:
    try:
        return read_added(record)
    except ModelError:
        return ()
