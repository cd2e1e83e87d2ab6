"""One run at a time on one state file. Not here: two processes that pull one model (`models.pull` lets one wait)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from briefing.errors import StoreError
from briefing.private_files import make_private, private_folder

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["RunLock", "run_lock"]


class RunLock:
    """The lock, from when it is first held."""

    def __init__(self, lock: BaseFileLock | None) -> None:
        self._lock = lock
        self.held = True
        """Whether it is ours still. Also where the file system has no locks."""

    def release_for(self, seconds: float, sleep: Callable[[float], object]) -> bool:
        """Let other runs have the lock while `sleep` waits for so many seconds; whether it is ours again."""
        from filelock import Timeout

        if self._lock is not None:
            self._lock.release()
            self.held = False
        sleep(seconds)
        try:
            if self._lock is not None:
                self._lock.acquire()
        except Timeout:
            return False
        self.held = True
        return True


@contextmanager
def run_lock(state: Path) -> Iterator[RunLock]:
    """Hold the lock beside the state file at `state` while the block runs.

    Raises `StoreError` at once where another process holds it or the lock file cannot be written. The lock is the
    system's: it ends with its process, however that ends, and the empty file that stays behind locks nothing. Two names
    of one state file (a link) are one. Where the file system has no locks, runs go on without.
    """
    from filelock import FileLock, Timeout

    with contextlib.ExitStack() as held:
        lock: BaseFileLock | None = None
        if str(state) != ":memory:":
            try:
                file = state.resolve()
                private_folder(file.parent)
                beside = file.with_name(f"{file.name}.lock")
                lock = held.enter_context(FileLock(beside, timeout=0, mode=0o600))
                make_private(beside)
            except Timeout as error:
                raise StoreError(
                    str(state), "another run with this state file is under way", "Wait for it, or use another --state"
                ) from error
            except NotImplementedError:
                pass
            except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle (until Python 3.13)
                cause = getattr(error, "strerror", None) or str(error)
                raise StoreError(
                    f"{state}.lock", f"cannot be written: {cause}", "Choose another place with --state"
                ) from error
        yield RunLock(lock)
