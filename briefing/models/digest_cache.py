"""A cache of SHA-256 digests of large files, keyed by path, size and modification time (nanoseconds).

A change that keeps the size and, to the nanosecond, the time is not seen.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections.abc import Callable
from pathlib import Path

from briefing.private_files import replace_text

_log = logging.getLogger(__name__)
_BLOCK = 1 << 22


class DigestCache:
    """One small JSON file ("seal") for each digest, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def digest(self, path: Path) -> str:
        """Hexadecimal SHA-256 of the file, from the cache where its state is unchanged. Raises `OSError`."""
        before = _state(path)
        try:
            seal = json.loads(self._seal(path).read_text("utf-8"))
            if {key: seal[key] for key in before} == before:
                return str(seal["sha256"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        _log.debug("Hashing %s", path.name)
        digest = sha256_of(path)
        if _state(path) == before:
            self.put(path, digest)
        return digest

    def put(self, path: Path, digest: str) -> None:
        """Cache the digest of the file as it is now. Raises `OSError` where the file is gone."""
        seal = json.dumps(_state(path) | {"sha256": digest})
        # In a read-only shared folder the file is hashed at every start.
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_text(self._seal(path), seal)

    def forget(self, path: Path) -> None:
        """Remove the file from the cache. Raises `OSError`."""
        self._seal(path).unlink(missing_ok=True)

    def _seal(self, path: Path) -> Path:
        return self._folder / f"{hashlib.sha256(str(path).encode()).hexdigest()[:20]}.seal.json"


def sha256_of(path: Path, advance: Callable[[int], None] = lambda done: None) -> str:
    """Hexadecimal SHA-256 of a file; `advance` gets the bytes hashed so far. Raises `OSError`."""
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
