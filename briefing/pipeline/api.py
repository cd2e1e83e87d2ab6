"""What other programs do with an edition that `build_edition` gave them: render, write, send. Each by a configuration.

The command line has a run's context for this; here each call opens one and closes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from os import PathLike
from pathlib import Path

from briefing.config import Config
from briefing.pipeline import edition as editions
from briefing.pipeline.context import RunContext, utc_now
from briefing.pipeline.delivery import DeliveryResult, send_editions
from briefing.pipeline.progress import NoProgress, ProgressListener
from briefing.render.edition import render_edition
from briefing.store import default_state
from briefing.store.lock import RunLock, run_lock
from briefing.types import Edition, EvidenceStyle


def render(
    edition: Edition,
    format: str = "md",  # noqa: A002
    *,
    templates: str | PathLike[str] | None = None,
    evidence: EvidenceStyle = "footnotes",
) -> str | bytes:
    """The edition in a format: ``md``, ``html``, ``text``, ``json``, ``atom``; ``epub`` gives bytes.

    `templates`: a folder with templates of your own, looked in before the shipped ones. `evidence`: how the sentences
    behind each point are shown, as the setting has it. Raises `UsageError` for an
    unknown format, `AssetError` for a broken template.
    """
    from briefing.assets import environment

    own = [Path(templates)] if templates else []
    return render_edition(edition, format, environment("templates", own), evidence=evidence)


def write_edition(
    edition: Edition,
    config: Config,
    *,
    clock: Callable[[], datetime] = utc_now,
    progress: ProgressListener | None = None,
) -> tuple[Path, ...]:
    """Write the edition's files as `briefing run` does, all or none, and remember it: its stories count as told.

    Returns their paths. Raises `OutputError`, `AssetError`, or `StoreError`, also where another run is under way.
    """
    with _alone(config, clock, progress) as (context, _):
        return editions.write_edition(edition, context)


def send(
    edition: Edition,
    config: Config,
    *,
    only: Sequence[str] = (),
    resend: bool = False,
    clock: Callable[[], datetime] = utc_now,
    progress: ProgressListener | None = None,
) -> tuple[DeliveryResult, ...]:
    """Send the edition by e-mail to every recipient of the configuration who has not got it, each once.

    `only`: addresses to write to instead of all. `resend`: also letters that were refused or whose outcome is unknown;
    to those of `only` also letters that were sent. Returns what became of each letter. A letter that is put off is
    owed for three days to editions that were written (`write_edition`). Raises `ConfigError` for settings of mail that
    are missing, `DeliveryError` where the server cannot be used, `UsageError` or `StoreError`.
    """
    with _alone(config, clock, progress) as (context, lock):
        return tuple(send_editions(edition, context, only=only, resend=resend, lock=lock))


@contextmanager
def _alone(
    config: Config, clock: Callable[[], datetime], progress: ProgressListener | None
) -> Iterator[tuple[RunContext, RunLock]]:
    """A run's context with the lock of its state file."""
    with (
        run_lock(config.state or default_state()) as lock,
        RunContext(config, clock=clock, progress=progress or NoProgress()) as context,
    ):
        yield context, lock
