"""Pulls a model and reports the progress to a listener."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from briefing.pipeline.progress import ProgressListener

if TYPE_CHECKING:
    from briefing.models import ModelFolder, PullProgress


def pull_if_missing(models: ModelFolder, name: str, listener: ProgressListener) -> None:
    """Announce and pull the model where it is known and not here. Raises `ModelError`."""
    if name not in {entry.name for entry in models.entries()} or models.path(name) is not None:
        return
    entry = models.entry(name)
    about = "" if entry.sha256 else "about "
    listener.say(
        f"The model {name} ({about}{entry.size / 1e6:,.0f} MB, licence {entry.licence}) is not here yet; pulling it."
    )
    pull(models, name, listener)


def pull_repository(models: ModelFolder, name: str, listener: ProgressListener) -> None:
    """The same for a repository of the Hugging Face Hub; nothing for a local folder."""
    if not models.is_folder(name):
        models.pull_repository(
            name, lambda size: listener.say(f"The model {name} ({size / 1e6:,.0f} MB) is not here yet; pulling it.")
        )


def pull(models: ModelFolder, name: str, listener: ProgressListener) -> Path:
    """Download and verify the model `name` unless it is here. Raises `ModelError`."""
    listener.stage("download", models.entry(name).size)
    done = 0
    phase = ""

    def tell(progress: PullProgress) -> None:
        nonlocal done, phase
        if progress.phase == "waiting" and phase != "waiting":
            listener.say(f"Another briefing is pulling {name}; waiting for it.")
        phase = progress.phase
        if phase == "fetching":
            listener.step(name, progress.done - done)
            done = progress.done

    return models.pull(name, tell)
