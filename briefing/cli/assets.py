"""`briefing templates` and `briefing prompts`: copies to edit."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from briefing.cli.console import result

__all__ = ["prompts", "templates"]

templates = typer.Typer(help="The output templates, and copies of them to edit.", no_args_is_help=True)
prompts = typer.Typer(help="The prompts for the model, and copies of them to edit.", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    typer.Argument(help="Folder to copy to. Default: the one that is looked in."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace copies that are there.")]


@templates.command("eject")
def eject_templates(folder: Folder = None, overwrite: Overwrite = False) -> None:
    """Copy the shipped templates, to be edited; what you do not need to change you can delete again."""
    _eject("templates", folder, overwrite)


@prompts.command("eject")
def eject_prompts(folder: Folder = None, overwrite: Overwrite = False) -> None:
    """Copy the shipped prompts, to be edited; what you do not need to change you can delete again."""
    _eject("prompts", folder, overwrite)


def _eject(kind: Literal["prompts", "templates"], folder: Path | None, overwrite: bool) -> None:
    from briefing.assets import eject, user_folder

    for path in eject(kind, folder or user_folder(kind), overwrite=overwrite):
        result(str(path))
