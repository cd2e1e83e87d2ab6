"""`briefing init`, `templates eject` and `prompts eject`: files to start from and to edit."""

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from briefing.cli import options
from briefing.cli.console import message, result
from briefing.cli.messages import ProgressDisplay
from briefing.cli.settings import settings_if_any
from briefing.errors import OutputError

templates = typer.Typer(help="The output templates, and copies of them to edit.", no_args_is_help=True)
prompts = typer.Typer(help="The prompts for the model, and copies of them to edit.", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    typer.Argument(help="Folder to copy to. Default: the configuration's, else your own, which is looked in."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace copies that are there.")]


def init(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="File to write.")] = Path("briefing.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    starter: Annotated[
        list[str] | None,
        typer.Option(
            "--starter", metavar="TOPIC", help="Well-known feeds: world, tech, science, business (repeatable)."
        ),
    ] = None,
) -> None:
    """Write a configuration in which every setting is explained."""
    from briefing.assets import environment
    from briefing.config import add_sources, local_timezone, read_starter
    from briefing.deliver import write_atomically
    from briefing.sources import read_opml

    path = path.expanduser()
    found = {one.location: one for topic in starter or () for one in read_opml(read_starter(topic), subject=topic)}

    if path.exists() and not force:
        raise OutputError(str(path), "it is there already", "Use --force to replace it")
    text = (
        environment("templates", ())
        .get_template("briefing.toml.j2")
        .render(timezone=local_timezone(), title=_title(path))
    )
    write_atomically(path, add_sources(text, found.values(), path) if found else text)
    result(str(path))
    display: ProgressDisplay = context.obj
    display.in_hand.config = path
    if found:
        sections = list(dict.fromkeys(one.section for one in found.values()))
        count = f"{len(found)} source{'' if len(found) == 1 else 's'} ({', '.join(sections)})"
        message(f"{count}. Now read them: {display.in_hand.command('run')}")
    else:
        message(f"Now add what you read: {display.in_hand.command('sources add ADDRESS')}")


def _title(path: Path) -> str:
    """A title for the editions of this configuration, after its file's name; empty for the usual one."""
    name = " ".join(re.findall(r"[^\W_]+", path.stem))[:60].strip()
    return "" if path.name == "briefing.toml" else name[:1].upper() + name[1:]


@templates.command("eject")
def eject_templates(folder: Folder = None, overwrite: Overwrite = False, config: options.ConfigPath = None) -> None:
    """Copy the shipped templates, to be edited; what you do not need to change you can delete again."""
    _eject("templates", folder or settings_if_any(config).templates, overwrite)


@prompts.command("eject")
def eject_prompts(folder: Folder = None, overwrite: Overwrite = False, config: options.ConfigPath = None) -> None:
    """Copy the shipped prompts, to be edited; what you do not need to change you can delete again."""
    _eject("prompts", folder or settings_if_any(config).prompts, overwrite)


def _eject(kind: Literal["prompts", "templates"], folder: Path | None, overwrite: bool) -> None:
    from briefing.assets import eject, user_folder

    for path in eject(kind, folder or user_folder(kind), overwrite=overwrite):
        result(str(path))
