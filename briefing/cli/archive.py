"""`briefing archive`: all editions as a static site."""

from pathlib import Path
from typing import Annotated

import typer

from briefing.cli import options
from briefing.cli.console import results
from briefing.cli.messages import ProgressDisplay
from briefing.cli.settings import settings_if_any
from briefing.errors import ExitCode

__all__ = ["archive"]


def archive(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the site.")] = Path("archive"),
    config: options.ConfigPath = None,
    state: options.State = None,
    templates: options.Templates = None,
) -> None:
    """Write all editions as a static site: an index by date, a search without a server, a feed."""
    screen: ProgressDisplay = context.obj
    wanted = settings_if_any(config, state=state, templates=templates)
    from briefing import pipeline

    with screen, pipeline.RunContext(wanted, clock=pipeline.utc_now, progress=screen) as run_context:
        editions, written = pipeline.write_archive(out.expanduser(), run_context)
    untold = results([out / "index.html"])
    screen.say(f"Editions: {editions}. Files written: {written}.")
    if untold:
        screen.complain(str(untold))
        raise typer.Exit(ExitCode.PARTLY)
