"""`briefing models`: the model files on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from briefing.cli import options
from briefing.cli.screen import Screen
from briefing.cli.settings import settings_if_any
from briefing.errors import ModelError

if TYPE_CHECKING:
    from briefing.models import ModelFolder

__all__ = ["app"]

app = typer.Typer(help="The models on this machine: list, pull, add, remove.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A name from `models list`, or OWNER/NAME of the Hugging Face Hub.")]


@app.command("list")
def list_models(config: options.ConfigPath = None) -> None:
    """Show every model that can be used, its size, licence, and whether it is here."""
    from rich.console import Console
    from rich.table import Table

    models = _folder(config)
    here = {entry.name for entry in models.installed()}
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "here", "size", "engine", "licence", "what it is, and what it needs"):
        table.add_column(heading, justify="right" if heading == "size" else "left", no_wrap=heading[:4] != "what")
    for entry in models.entries():
        default = " (default)" if entry.name == models.catalogue.default else ""
        table.add_row(
            entry.name + default,
            "yes" if entry.name in here else "no",
            f"{entry.size / 1e6:,.0f} MB",
            entry.engine,
            entry.licence,
            entry.description,
        )
    for model in models.repositories():
        table.add_row(model.name, "yes", f"{model.size / 1e6:,.0f} MB", model.engine, "", _needs())
    console = Console(markup=False, emoji=False, highlight=False)  # a file may say anything of itself
    if not console.is_terminal:
        console.width = 200
    console.print(table)


@app.command("pull")
def pull(
    context: typer.Context, name: Name, offline: options.Offline = None, config: options.ConfigPath = None
) -> None:
    """Download a model and verify it; one that is here already is left alone."""
    from briefing.models import is_hub_name
    from briefing.pipeline.pulling import pull_repository

    screen: Screen = context.obj
    models = _folder(config, offline)
    if is_hub_name(name):
        with screen:
            pull_repository(models, name, screen)
        typer.echo(str(models.resolve_folder(name).path))
        return
    entry = models.entry(name)
    if models.path(name) is None:
        screen.say(f"{name}: {entry.size / 1e6:,.0f} MB, licence {entry.licence}.")
    with screen:
        typer.echo(str(_pulled(models, name, screen)))


@app.command("path")
def path(name: Name, config: options.ConfigPath = None) -> None:
    """Print where a model's file is."""
    from briefing.models import is_hub_name

    models = _folder(config)
    found = models.resolve_folder(name).path if is_hub_name(name) else models.path(name)
    if found is None:
        raise ModelError(name, "its file is not here", f"Pull it with `briefing models pull {name}`")
    typer.echo(str(found))


@app.command("remove")
def remove(name: Name, config: options.ConfigPath = None) -> None:
    """Delete a model's file. A file of your own that was added is only forgotten."""
    if not _folder(config).remove(name):
        raise ModelError(name, "its file is not here")
    typer.echo(name)


@app.command("add")
def add(
    context: typer.Context,
    location: Annotated[str, typer.Argument(help="A GGUF file, or OWNER/REPOSITORY:FILE.gguf of the Hub.")],
    name: Annotated[str | None, typer.Option(help="What to call it. Default: after the file.")] = None,
    offline: options.Offline = None,
    config: options.ConfigPath = None,
) -> None:
    """Add a model of your own choice and pull it where it is not on this disk."""
    screen: Screen = context.obj
    models = _folder(config, offline)
    entry = models.add(Path(location) if Path(location).exists() else location, name)
    with screen:
        _pulled(models, entry.name, screen)
    typer.echo(entry.name)


def _needs() -> str:
    """What is missing for models of Hugging Face's."""
    from importlib.util import find_spec

    known = "A model of the Hugging Face Hub"
    return known if find_spec("torch") else f"{known}; it needs PyTorch: pip install 'briefing[torch]'"


def _folder(config: Path | None, offline: bool | None = None) -> "ModelFolder":
    """The folder that a run with this configuration, or the one that is found, takes its models from.

    The configuration's `offline` is about runs: who says `models pull` wants the network.
    """
    from briefing.models import ModelFolder

    return ModelFolder(settings_if_any(config).models, offline=bool(offline))


def _pulled(models: "ModelFolder", name: str, screen: Screen) -> Path:
    from briefing.pipeline.pulling import pull as pull_shown

    return pull_shown(models, name, screen)
