"""Checks before a run: prompts and templates, engine, folders, state file, passwords, sources.

Nothing is read over the network and nothing is written: the state file is not migrated, so that a run may be using it.
Commands that print passwords are run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from briefing.canonical import canonical_url
from briefing.config import Config
from briefing.errors import ConfigError
from briefing.pipeline.context import RunContext
from briefing.pipeline.mailing import check_settings
from briefing.pipeline.model_resolution import check_names, embedding_location, engine_for, model_location
from briefing.pipeline.newsletters import is_imap, password_for
from briefing.pipeline.pushing import check_notify, mails
from briefing.pipeline.secrets import sent_headers
from briefing.store import check_state, default_state
from briefing.types import Notice, Source


def check_run(context: RunContext, *, send: bool) -> Iterator[str]:
    """Yield remarks; raise the `BriefingError` that would end a run, with `send` also that of its mail settings."""
    from briefing.fetch.imap import parse_address

    config = context.config
    check_assets(config)
    engine_for(config)
    check_out(config)
    check_state_file(config)
    for source in config.sources:
        if is_imap(source.location) and not config.offline:
            password_for(source, parse_address(source.location), context.commands)
        if not config.offline:
            sent_headers(source, context.commands)
    if send:
        if mails(config):
            check_settings(config.mail, context.commands)
        for checked in check_notify(context):
            if isinstance(checked, ConfigError):
                raise checked
    yield from missing_sources(config)
    for location, pulls in (model_location(config), *([embedding_location(config)] if config.embeddings else [])):
        if pulls:
            yield location


def check_named(config: Config) -> None:
    """Raise `AssetError` or `ModelError` where a named folder of one's own, or a model, is nowhere to be found."""
    from briefing.assets import environment

    for folder in filter(None, (config.prompts,)):
        environment("prompts", [folder])
    for folder in filter(None, (config.templates,)):
        environment("templates", [folder])
    check_names(config)


def check_assets(config: Config) -> int:
    """Load every prompt and template, the user's before the shipped; their number. Raises `AssetError`."""
    from briefing.assets import Kind, environment, shipped

    folders: dict[Kind, Path | None] = {"prompts": config.prompts, "templates": config.templates}
    count = 0
    for kind, folder in folders.items():
        templates = environment(kind, [folder] if folder else [])
        for name in (name for name in shipped(kind) if name.endswith(".j2")):
            templates.get_template(name)
            count += 1
    return count


def check_out(config: Config) -> Path:
    """The folder of the editions, once it is known that a run can write or make it. Raises `OutputError`."""
    from briefing.deliver import check_writable

    check_writable(_existing_ancestor(config.out))
    return config.out


def check_state_file(config: Config) -> Path:
    """The state file, once it is known that a run can use or make it. Raises `StoreError` or `OutputError`."""
    from briefing.deliver import check_writable

    state = Path(config.state or default_state())
    check_writable(_existing_ancestor(state.parent))
    check_state(state)
    return state


def missing_sources(config: Config) -> Iterator[str]:
    """A sentence for each missing file or folder among the sources."""
    for source in config.sources:
        if "://" not in source.location and source.location != "-" and not Path(source.location).expanduser().exists():
            yield f"{source.shown}: there is no such file or folder."


def repeated_sources(config: Config) -> Iterator[Notice]:
    """A notice for each source that stands in the configuration a second time."""
    first: dict[object, Source] = {}
    for source in config.sources:
        # Other readers' keys to one address are other feeds.
        known = first.setdefault((canonical_url(source.location), source.address.secrets), source)
        if known is not source:
            text = "it is there more than once, and what it has is told as of the first"
            if known.shown != source.shown:
                text = f"it is there as {known.shown} already, and what it has is told as of that"
            yield Notice(source.shown, text, "Take one of them out of the configuration")


def _existing_ancestor(folder: Path) -> Path:
    """The innermost existing folder of a path; a run makes the rest."""
    path = folder.absolute()
    return next((ancestor for ancestor in (path, *path.parents) if ancestor.exists()), path)
