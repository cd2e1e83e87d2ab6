"""Whether a run would find what it needs, so that it is not found out every morning.

No source is read, nothing that is kept is written: the state file stays as it is, of an older format too, so that a run
may be at work on it. The network is left alone: it may be there then, or not. Commands that print passwords are run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from briefing.config import Config
from briefing.pipeline.context import RunContext
from briefing.pipeline.mailing import check_settings
from briefing.pipeline.model_resolution import embedding_place, engine_for, model_place
from briefing.pipeline.newsletters import is_imap, password_for
from briefing.store import check_state, default_state

__all__ = ["check_assets", "check_out", "check_run", "check_state_file", "missing_sources"]


def check_run(context: RunContext, *, send: bool) -> Iterator[str]:
    """Yield remarks on what is not as it might be; raise what a run (with `send`: and its mail) would end with.

    Raises `BriefingError`.
    """
    from briefing.fetch.imap import parse_address

    config = context.config
    check_assets(config)
    engine_for(config)
    check_out(config)
    check_state_file(config)
    for source in config.sources:
        if is_imap(source.location) and not config.offline:
            password_for(source, parse_address(source.location), context.commands)
    if send:
        check_settings(config.mail, context.commands)
    yield from missing_sources(config)
    for place, pulls in (model_place(config), *([embedding_place(config)] if config.embeddings else [])):
        if pulls:
            yield place


def check_assets(config: Config) -> int:
    """Look every prompt and template up, the user's before the shipped; how many they are. Raises `AssetError`."""
    from briefing.assets import environment, shipped

    folders: dict[Literal["prompts", "templates"], Path | None]
    folders = {"prompts": config.prompts, "templates": config.templates}
    count = 0
    for kind, folder in folders.items():
        templates = environment(kind, [folder] if folder else [])
        for name in shipped(kind):
            if name.endswith(".j2"):
                templates.get_template(name)
                count += 1
    return count


def check_out(config: Config) -> Path:
    """The folder of the editions, which a run can write into or make. Raises `OutputError`."""
    from briefing.deliver import check_writable

    check_writable(_there(config.out))
    return config.out


def check_state_file(config: Config) -> Path:
    """The state file that a run uses or makes, which stays as it is. Raises `StoreError` or `OutputError`."""
    from briefing.deliver import check_writable

    state = Path(config.state or default_state())
    check_writable(_there(state.parent))
    check_state(state)
    return state


def missing_sources(config: Config) -> Iterator[str]:
    """A sentence for each file or folder among the sources that is not there."""
    for source in config.sources:
        if "://" not in source.location and source.location != "-" and not Path(source.location).expanduser().exists():
            yield f"{source.shown}: there is no such file or folder."


def _there(folder: Path) -> Path:
    """The innermost folder of this path that exists; a run makes the rest."""
    path = folder.absolute()
    return next((place for place in (path, *path.parents) if place.exists()), path)
