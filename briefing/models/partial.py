"""A resumable download. All locations have the same bytes, so that each can resume what another began; only the digest
at the end verifies them.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from briefing.private_files import replace_text


class LocationError(Exception):
    """Why a location could not give a file, without a full stop. Never leaves `briefing.models`."""


class Partial:
    """The beginning of a file of `size` bytes in its own folder, with a record of complete parts."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.size = size
        self.path = folder / "data.partial"
        self._record = folder / "parts.json"
        if self.length > size:
            self.discard()

    @property
    def length(self) -> int:
        """Bytes written so far, verified or not."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    @property
    def complete(self) -> bool:
        """Whether every byte is there; none is verified."""
        return self.length == self.size

    @contextlib.contextmanager
    def writing(self, start: int) -> Iterator[Callable[[bytes], None]]:
        """Truncate the file at `start` and yield a function that appends; it raises `LocationError` beyond `size`."""
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
        """The end offsets of the complete parts of `names`, in order."""
        try:
            record = json.loads(self._record.read_text("utf-8"))
            ends = [int(end) for end in record["ends"]] if tuple(record["names"]) == names else []
        except (OSError, ValueError, KeyError, TypeError):
            return []
        return [end for end in ends if end <= self.length]

    def record_parts(self, names: tuple[str, ...], ends: list[int]) -> None:
        """Record the end offsets of complete parts."""
        replace_text(self._record, json.dumps({"names": names, "ends": ends}))

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """An empty temporary folder, cleared of leftovers of a killed pull and removed at the end."""
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
