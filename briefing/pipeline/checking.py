"""Whether a run would find what it needs, so that it is not found out every morning.

No source is read, nothing that is kept is written: the state file stays as it is, of an older format too, so that a run
may be at work on it. The network is left alone: it may be there then, or not. Commands that print passwords are run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from briefing.config import Config
from briefing.engines import check_engine
from briefing.pipeline.choosing import missing_model
from briefing.pipeline.mail import is_imap, password_for
from briefing.pipeline.sending import check_settings
from briefing.pipeline.workshop import Workshop
from briefing.store import check_state, default_state

__all__ = ["check_assets", "check_run"]


def check_run(workshop: Workshop, *, send: bool) -> Iterator[str]:
    """Yield remarks on what is not as it might be; raise what a run (with `send`: and its mail) would end with.

    Raises `BriefingError`.
    """
    from briefing.deliver import check_writable
    from briefing.fetch.imap import parse_address

    config = workshop.config
    check_assets(config)
    if config.engine:
        check_engine(config.engine)
    state = Path(config.state or default_state())
    for folder in (config.out, state.parent):
        check_writable(_there(folder))
    if state.is_file():
        check_state(state)
    for source in config.sources:
        if is_imap(source.location) and not config.offline:
            password_for(source, parse_address(source.location), workshop.commands)
    if send:
        check_settings(config.mail, workshop.commands)
    yield from _missing_sources(config)
    if missing := missing_model(config):
        yield missing


def check_assets(config: Config) -> int:
    """Look every prompt and template up, the user's before the shipped; how many they are. Raises `AssetError`."""
    from briefing.assets import environment, shipped
    from briefing.render import prepared

    folders: dict[Literal["prompts", "templates"], Path | None]
    folders = {"prompts": config.prompts, "templates": config.templates}
    count = 0
    for kind, folder in folders.items():
        templates = prepared(environment(kind, [folder] if folder else []))
        for name in shipped(kind):
            if name.endswith(".j2"):
                templates.get_template(name)
                count += 1
    return count


def _missing_sources(config: Config) -> Iterator[str]:
    for source in config.sources:
        if "://" not in source.location and source.location != "-" and not Path(source.location).expanduser().exists():
            yield f"{source.name or source.location}: there is no such file or folder."


def _there(folder: Path) -> Path:
    """The innermost folder of this path that exists; a run makes the rest."""
    path = folder.absolute()
    return next((place for place in (path, *path.parents) if place.exists()), path)
