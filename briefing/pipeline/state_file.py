"""The state file is looked after: read through before a run, copied after one, mended when somebody asks for it.

Whoever calls this holds the run's lock, but for `mend_state`, which takes it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from briefing.config import Config
from briefing.errors import StoreError
from briefing.pipeline.context import RunContext
from briefing.store import RepairResult, Store, default_state, keep_copy, repair
from briefing.store.lock import run_lock

__all__ = ["keep_state", "mend_state"]


def keep_state(context: RunContext) -> str:
    """Put a copy of the state file beside it and take old lines out of the ledger's file; what went wrong, or nothing.

    An edition that is written and letters that are sent stay so, whatever goes wrong here.
    """
    try:
        keep_copy(context.store)
        context.store.prune_ledger(context.clock())
    except StoreError as error:
        return f"The state file could not be copied: {error}"
    return ""


def mend_state(config: Config, now: datetime) -> RepairResult | None:
    """Put the copy in the place of a damaged state file, with what the ledger's file knows; None: nothing to be done.

    `now` is aware. Raises `StoreError`, also where a run is under way.
    """
    path = Path(config.state or default_state())
    with run_lock(path):
        done = repair(path, now)
        if done and done.copy:
            Store(path).close()  # takes in the ledger's file
    return done
