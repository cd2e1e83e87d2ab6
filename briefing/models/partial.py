"""A file while it grows, so that a pull that was killed goes on where it stopped.

All places carry the same bytes, so what one has begun another can go on with; whether it is the right file is decided
by its digest at the end and by nothing before.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from briefing.private_files import write_atomically

__all__ = ["LocationError", "Partial"]


class LocationError(Exception):
    """Why one place could not give a file: short, without a full stop. Never leaves `briefing.models`."""


class Partial:
    """The beginning of a file of `size` bytes, in a folder of its own, with a record of whole parts."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.size = size
        self.path = folder / "data.partial"
        self._record = folder / "parts.json"
        if self.length > size:
            self.discard()

    @property
    def length(self) -> int:
        """Bytes that are there. All that was written counts: a wrong one shows in the digest."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    @property
    def complete(self) -> bool:
        """Whether every byte is there; they may still be wrong."""
        return self.length == self.size

    @contextlib.contextmanager
    def writing(self, start: int) -> Iterator[Callable[[bytes], None]]:
        """Truncate the file at `start` and give a function that appends; `LocationError` is raised past its end."""
        self.path.touch()
        with self.path.open("r+b", buffering=0) as file:
            file.truncate(start)
            file.seek(start)
            yield lambda block: self._append(file, block)
            os.fsync(file.fileno())

    def _append(self, file: IO[bytes], block: bytes) -> None:
        if file.tell() + len(block) > self.size:
            raise LocationError(f"it gave more than the {self.size:,} bytes that the file has")
        rest = memoryview(block)
        while rest:
            rest = rest[file.write(rest) :]

    def parts(self, names: tuple[str, ...]) -> list[int]:
        """Where each part of `names` that is already here ends, in order."""
        try:
            record = json.loads(self._record.read_text("utf-8"))
            ends = [int(end) for end in record["ends"]] if tuple(record["names"]) == names else []
        except (OSError, ValueError, KeyError, TypeError):
            return []
        return [end for end in ends if end <= self.length]

    def record_parts(self, names: tuple[str, ...], ends: list[int]) -> None:
        """Remember where the parts end that are here."""
        write_atomically(self._record, json.dumps({"names": names, "ends": ends}))

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """An empty folder beside it, cleared of what a killed pull left there and removed at the end."""
        folder = self.folder / "scratch"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def discard(self) -> None:
        """Start over."""
        self.path.unlink(missing_ok=True)
        self._record.unlink(missing_ok=True)
