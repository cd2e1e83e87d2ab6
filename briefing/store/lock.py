"""The lock of a run: one process at a time works with a state file. Not here: the lock of a model's pull (`models`)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from briefing.errors import StoreError
from briefing.private_files import make_private, private_folder
from briefing.store.database import MEMORY

if TYPE_CHECKING:
    from filelock import BaseFileLock


class RunLock:
    """A lock that was acquired, and may be released for a while."""

    def __init__(self, lock: BaseFileLock | None) -> None:
        self._lock = lock
        self.held = True
        """True also where the file system has no locks."""

    def release_for(self, seconds: float, sleep: Callable[[float], object]) -> bool:
        """Release the lock, call ``sleep(seconds)`` and acquire it again; False where another process has it then."""
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
    """Hold the lock file beside the state file at `state` (links resolved) while the block runs, without waiting.

    The lock is the operating system's and ends with the process; the empty file that stays locks nothing. On a file
    system without locks runs go on without. Raises `StoreError` where another process holds the lock or the lock file
    cannot be written.
    """
    from filelock import FileLock, Timeout

    with contextlib.ExitStack() as held:
        lock: BaseFileLock | None = None
        if str(state) != MEMORY:
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
