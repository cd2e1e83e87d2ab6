"""SHA-256 of large files, computed once: a seal keeps it with the file's size and modification time.

A change that keeps the size and, to the nanosecond, the time is not seen.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from briefing.private_files import write_atomically

__all__ = ["DigestCache", "sha256_of"]

_BLOCK = 1 << 22


class DigestCache:
    """The seals in one folder, a small file for each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def digest(self, path: Path) -> str:
        """Hexadecimal SHA-256 of the file, hashed only where its seal does not hold. Raises `OSError`."""
        before = _state(path)
        try:
            seal = json.loads(self._of(path).read_text("utf-8"))
            if {key: seal[key] for key in before} == before:
                return str(seal["sha256"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        digest = sha256_of(path)
        if _state(path) == before:
            self.put(path, digest)
        return digest

    def put(self, path: Path, digest: str) -> None:
        """Remember the digest of the file as it is now. Raises `OSError` where the file is gone."""
        seal = json.dumps(_state(path) | {"sha256": digest})
        # A folder may be shared for reading only; then the file is hashed at every start, and no more is lost.
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._of(path), seal)

    def forget(self, path: Path) -> None:
        """Remove the file's seal, if there is one. Raises `OSError`."""
        self._of(path).unlink(missing_ok=True)

    def _of(self, path: Path) -> Path:
        return self._folder / f"{hashlib.sha256(str(path).encode()).hexdigest()[:20]}.seal.json"


def sha256_of(path: Path, advance: Callable[[int], None] = lambda done: None) -> str:
    """Hexadecimal SHA-256 of a file; `advance` is told the bytes hashed so far. Raises `OSError`."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            advance(done)
    return digest.hexdigest()


def _state(path: Path) -> dict[str, str | int]:
    stat = path.stat()
    return {"path": str(path), "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
