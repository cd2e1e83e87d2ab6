"""Pulling a model while somebody watches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from briefing.pipeline.watch import Watcher

if TYPE_CHECKING:
    from briefing.models import ModelFolder, PullProgress

__all__ = ["pull"]


def pull(models: ModelFolder, name: str, watcher: Watcher) -> Path:
    """Download and verify the model `name` unless it is here. Raises `ModelError`."""
    watcher.stage("download", models.entry(name).size)
    done = 0
    phase = ""

    def tell(progress: PullProgress) -> None:
        nonlocal done, phase
        if progress.phase == "waiting" and phase != "waiting":
            watcher.say(f"Another briefing is pulling {name}; waiting for it.")
        phase = progress.phase
        if phase == "fetching":
            watcher.step(name, progress.done - done)
            done = progress.done

    return models.pull(name, tell)
