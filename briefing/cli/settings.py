"""Merges a configuration file and a command's options into one checked `Config`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from briefing.address import web_address, without_feed_scheme
from briefing.errors import ConfigError
from briefing.types import Source

if TYPE_CHECKING:
    from briefing.config import Config


def configuration_path(given: Path | None) -> Path:
    """`given`, else the file that `find_config` finds. Raises `ConfigError` where there is none."""
    from briefing.config import find_config

    path = given or find_config()
    if path is None:
        raise ConfigError(
            "configuration",
            "there is no briefing.toml here or in your configuration folder",
            "Make one with `briefing init`, or name what to read with --source",
        )
    return path


def settings(
    given: Path | None, named: list[str], *, mail_error: Callable[[ConfigError], None] | None = None, **options: object
) -> Config:
    """The configuration in `given`, or the one that is found, overridden by the options that are not None.

    `named` sources are added to those of `given`; without `given` they are the only ones. `mail_error` as in
    `load_config`. Raises `ConfigError` or `UsageError`.
    """
    from briefing.config import Config, load_config

    config = load_config(configuration_path(given), mail_error=mail_error) if given or not named else Config()
    config = config.with_overrides(**options)
    extra = tuple(Source(location=typed_location(source), allow_local=config.allow_local) for source in named)
    if not config.sources and not extra:
        raise ConfigError(
            str(configuration_path(given)), "it names no source", "Add one with `briefing sources add ADDRESS`"
        )
    return replace(config, sources=config.sources + extra)


def settings_if_any(given: Path | None, **options: object) -> Config:
    """`settings` for commands that read no source: without a configuration, the defaults."""
    from briefing.config import Config, find_config, load_config

    path = given or find_config()
    return (load_config(path) if path else Config()).with_overrides(**options)


def typed_location(source: str) -> str:
    """The location of a source as typed: an address, ``-``, or a path; a bare host is one of the web.

    Unless there is a file of that name.
    """
    from briefing.config import bare_address

    path = Path(source).expanduser()
    bare = bare_address(source)
    if bare and not path.exists():
        source = bare
    address = web_address(source) or without_feed_scheme(source)
    return address if address == "-" or "://" in address else str(path)
