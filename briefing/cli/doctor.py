"""`briefing doctor`: what works on this machine and what does not."""

import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from briefing._version import __version__
from briefing.cli import options
from briefing.errors import BriefingError

if TYPE_CHECKING:
    from briefing.config import Config

__all__ = ["doctor"]


def doctor(config: options.ConfigPath = None) -> None:
    """Check the configuration, model, state, prompts and templates, and say what to do about what is wrong."""
    typer.echo(f"briefing {__version__}, Python {platform.python_version()}, {sys.platform}, {platform.machine()}")
    from briefing.config import find_config

    path = config or find_config()
    settings = _readable(path)
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("configuration", lambda: _configuration(path)),
        ("model", lambda: _model(settings)),
        ("engine", _engine),
        ("state", lambda: _state(settings)),
        ("prompts and templates", lambda: _assets(settings)),
    )
    broken = 0
    for name, look in checks:
        try:
            typer.echo(f"ok      {name}: {look()}")
        except (BriefingError, OSError) as error:
            broken += 1
            typer.echo(f"broken  {name}: {error}")
    raise typer.Exit(1 if broken else 0)


def _configuration(path: Path | None) -> str:
    from briefing.config import load_config

    if path is None:
        return "none; `briefing init` makes one (not needed with --source)"
    return f"{path}, {len(load_config(path).sources)} sources"


def _readable(path: Path | None) -> "Config":
    """The configuration in `path`; the defaults where there is none or it is broken, which another check says."""
    from briefing.config import Config, load_config

    try:
        return load_config(path) if path else Config()
    except BriefingError:
        return Config()


def _model(config: "Config") -> str:
    from briefing.models import ModelFolder

    models = ModelFolder(config.models, offline=True)
    name = config.model or models.catalogue.default
    if name not in {entry.name for entry in models.entries()}:
        return f"{name} is at {models.resolve(name).path}"
    entry, path = models.entry(name), models.path(name)
    if path is not None:
        return f"{name} is at {path}"
    models.folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(models.folder).free
    return f"{name} is not here; the first run pulls it ({entry.size / 1e6:,.0f} MB, {free / 1e6:,.0f} MB free)"


def _engine() -> str:
    from briefing.engines import engine_names
    from briefing.engines.cores import physical_cores

    return f"{', '.join(engine_names())}; {physical_cores()} physical cores"


def _state(config: "Config") -> str:
    from briefing.store import Store, default_state

    with Store(config.state or default_state()) as store:
        return store.path


def _assets(config: "Config") -> str:
    from briefing.pipeline import check_assets

    return f"{check_assets(config)} files"
