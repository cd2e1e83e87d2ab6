"""Entries of the catalogue without a digest: what the Hub said of their files when they were pulled, kept beside them.

The word of the Hub is asked for again whenever a file has to be pulled, and never where it is here. So a record that
cannot be read is one that says nothing: it concerns no other model, and the next pull writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from briefing.errors import ModelError
from briefing.models.catalogue import Entry, HubLocation
from briefing.models.hub import describe_on_hub
from briefing.models.partial import LocationError
from briefing.models.records import read_added, write_added

__all__ = ["ask_the_hub", "with_stated"]


def with_stated(entries: Iterable[Entry], record: Path) -> tuple[Entry, ...]:
    """`entries`, those without a digest with what `record` holds for them."""
    entries = tuple(entries)
    if all(entry.sha256 for entry in entries):
        return entries
    stated = {(one.name, one.places): one for one in _read(record)}
    return tuple(
        replace(entry, size=told.size, sha256=told.sha256)
        if not entry.sha256 and (told := stated.get((entry.name, entry.places)))
        else entry
        for entry in entries
    )


def ask_the_hub(entry: Entry, record: Path) -> Entry:
    """`entry` with what the Hub states for its file now, which is noted in `record`.

    The caller holds a lock on `record`. Raises `ModelError` naming the repository where the Hub states nothing, and
    `OSError` where the disk fails.
    """
    place = next(place for place in entry.places if isinstance(place, HubLocation))
    try:
        size, digest = describe_on_hub(place)
    except LocationError as error:
        raise ModelError(
            f"model {entry.name}",
            f"{place.file} in the repository {place.repo} of the Hugging Face Hub: {error}",
            "Check the network; a file that was moved or renamed is taken from its new place with "
            "`briefing models add OWNER/REPOSITORY:FILE.gguf`",
        ) from error
    told = replace(entry, size=size, sha256=digest)
    write_added(record, (*(one for one in _read(record) if one.name != entry.name), told))
    return told


def _read(record: Path) -> tuple[Entry, ...]:
    try:
        return read_added(record)
    except ModelError:
        return ()
