"""`briefing init`: a first configuration."""

from pathlib import Path
from typing import Annotated

import typer

from briefing.cli.console import message, result
from briefing.errors import OutputError

__all__ = ["init"]


def init(
    path: Annotated[Path, typer.Argument(help="File to write.")] = Path("briefing.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a configuration in which every setting is explained."""
    from briefing.assets import environment
    from briefing.config import local_timezone
    from briefing.deliver import write_atomically

    if path.exists() and not force:
        raise OutputError(str(path), "it is there already", "Use --force to replace it")
    text = environment("templates", ()).get_template("briefing.toml.j2").render(timezone=local_timezone())
    write_atomically(path, text)
    result(str(path))
    message("Now add what you read: briefing sources add ADDRESS")
