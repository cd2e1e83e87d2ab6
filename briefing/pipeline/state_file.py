"""Backup and repair of the state file. The caller holds the run's lock, except for `mend_state`, which takes it."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from briefing.config import Config
from briefing.errors import StoreError
from briefing.pipeline.context import RunContext
from briefing.store import RepairResult, Store, default_state, keep_copy, repair
from briefing.store.lock import run_lock

_log = logging.getLogger(__name__)


def keep_state(context: RunContext) -> str:
    """Back up the state file and prune the ledger's file; an error message, or empty.

    A `StoreError` is not raised: the edition is written and its letters are sent by then.
    """
    try:
        keep_copy(context.store)
        context.store.prune_ledger(context.clock())
    except StoreError as error:
        return f"The state file could not be copied: {error}"
    return ""


def mend_state(config: Config, now: datetime) -> RepairResult | None:
    """Replace a damaged state file by its backup and the ledger's file; None where it is sound.

    `now` is aware. Raises `StoreError`, also where a run is under way.
    """
    path = Path(config.state or default_state())
    with run_lock(path):
        done = repair(path, now)
        if done and done.copy:
            Store(path).close()  # merges the ledger's file
    return done
