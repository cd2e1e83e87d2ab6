"""Merges a configuration file and a command's options into one checked `Config`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from briefing.address import bare_address, web_address, without_feed_scheme
from briefing.errors import ConfigError, UsageError
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


def one_of(argument: Path | None, option: Path | None) -> Path | None:
    """The configuration file that a command names, as its argument or an option. Raises `UsageError` for both."""
    if argument and option:
        raise UsageError("--config", f"{argument} is named as the configuration already", "Name one of the two files")
    return argument or option


def settings(
    given: Path | None,
    named: list[str],
    *,
    no_config: bool = False,
    mail_error: Callable[[ConfigError], None] | None = None,
    **options: object,
) -> Config:
    """The configuration in `given`, or the one that is found, overridden by the options that are not None.

    `named` sources are added to those of `given`; without `given` they are the only ones, read as `reading_settings`
    says. `no_config`: no file is looked for. `mail_error` as in `load_config`. Raises `ConfigError` or `UsageError`.
    """
    from briefing.config import load_config

    if no_config and not named:
        raise UsageError("--no-config", "it leaves nothing to read", "Name what to read with --source")
    if named and not given:
        return reading_settings(None, named, no_config=no_config, **options)
    _no_config_but(given, no_config)
    config = _overridden(load_config(configuration_path(given), mail_error=mail_error), options)
    config = _with_sources(config, named)
    if not config.sources:
        raise no_source(configuration_path(given))
    return config


def no_source(path: Path) -> ConfigError:
    """What is wrong with a configuration that names none."""
    return ConfigError(str(path), "it names no source", "Add one with `briefing sources add ADDRESS`")


def reading_settings(given: Path | None, named: list[str], *, no_config: bool = False, **options: object) -> Config:
    """Settings for reading `named` and nothing else, whatever the configuration in force reads every day.

    How articles are read, condensed and shown (model, engine, server, language, prompts, state ...) is taken from
    `given` or the file that is found, unless `no_config`; what makes the edition of every day (its sources, title,
    limits, mutes, mail) is not. Options that are not None win. Raises `ConfigError`, which for a file that was found
    says how to do without, or `UsageError`.
    """
    from briefing.config import Config, find_config, load_config

    _no_config_but(given, no_config)
    config = usual = Config()
    if path := given or (None if no_config else find_config()):
        try:
            config = load_config(path, mail_error=lambda _: None)
        except ConfigError as error:
            if given:
                raise
            remedy = "Or leave the configuration aside with --no-config"
            raise ConfigError(error.subject, error.cause, f"{error.remedy}. {remedy}".removeprefix(". ")) from error
    config = replace(config, **{name: getattr(usual, name) for name in _OF_THE_DAILY_EDITION})
    return _with_sources(_overridden(config, options), named)


_OF_THE_DAILY_EDITION = (
    "title", "since", "catch_up", "deadline", "budget", "max_stories", "max_per_source", "max_per_section",
    "repeat", "interests", "mute", "topics", "other", "sections", "mail", "notify",
    "sources",
)  # fmt: skip
"""Settings that say nothing of how a single article is read, condensed or shown."""


def _overridden(config: Config, options: dict[str, object]) -> Config:
    """`config` with the options that are not None; an engine of the file does not keep a named model from running."""
    given = {name for name, value in options.items() if value is not None}
    other_model = "base_url" in given or ("model" in given and config.engine == "extractive")
    if other_model and "engine" not in given:
        config = replace(config, engine="")
    return config.with_overrides(**options)


def _no_config_but(given: Path | None, no_config: bool) -> None:
    if given and no_config:
        raise UsageError("--no-config", f"{given} is named as the configuration", "Leave one of the two away")


def _with_sources(config: Config, named: list[str]) -> Config:
    extra = tuple(Source(location=typed_location(source), allow_local=config.allow_local) for source in named)
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
    path = Path(source).expanduser()
    bare = bare_address(source)
    if bare and not path.exists():
        source = bare
    address = web_address(source) or without_feed_scheme(source)
    return address if address == "-" or "://" in address else str(path)
