"""One run at a time on one state file. Not here: two processes that pull one model (`models.pull` lets one wait)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from briefing.errors import StoreError
from briefing.private import make_private, private_folder

__all__ = ["only_run"]


@contextmanager
def only_run(state: Path) -> Iterator[None]:
    """Hold the lock beside the state file at `state` while the block runs.

    Raises `StoreError` at once where another process holds it or the lock file cannot be written. The lock is the
    system's: it ends with its process, however that ends, and the empty file that stays behind locks nothing. Two names
    of one state file (a link) are one. Where the file system has no locks, runs go on without.
    """
    from filelock import FileLock, Timeout

    with contextlib.ExitStack() as held:
        if str(state) != ":memory:":
            try:
                file = state.resolve()
                private_folder(file.parent)
                lock = file.with_name(f"{file.name}.lock")
                held.enter_context(FileLock(lock, timeout=0, mode=0o600))
                make_private(lock)
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
        yield
