"""`briefing history`, `show` and `search`: the editions of earlier days."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from briefing.cli import options
from briefing.cli.screen import Screen
from briefing.cli.settings import settings_if_any
from briefing.errors import UsageError

__all__ = ["history", "search", "show"]

Listed = Annotated[str, typer.Option("--format", "-f", help="text or json.")]
Since = Annotated[str, typer.Option(help="Only editions since a date, or a time span before today such as 30d.")]
Title = Annotated[str | None, typer.Option(help="Only editions of this title. Default: all.")]


def history(
    context: typer.Context,
    since: Since = "",
    title: Title = None,
    format_: Listed = "text",
    config: options.ConfigPath = None,
    state: options.State = None,
    templates: options.Templates = None,
) -> None:
    """List the editions there are, newest first."""
    screen: Screen = context.obj
    wanted = settings_if_any(config, state=state, templates=templates)
    from briefing import pipeline
    from briefing.deliver import write_stdout

    with screen, pipeline.Workshop(wanted, clock=pipeline.utc_now, watcher=screen) as workshop:
        told = list(pipeline.history(workshop, since=pipeline.day_since(since, workshop), title=title))
        if told or format_ != "text":
            write_stdout(pipeline.render_history(told, format_, workshop))
    if not told:
        screen.complain("There is no edition yet." if not since and title is None else "There is no such edition.")
        raise typer.Exit(3)


def show(
    context: typer.Context,
    date: Annotated[
        datetime | None, typer.Argument(formats=["%Y-%m-%d"], help="Date of the edition. Default: the latest.")
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", "-f", help=f"{options.FORMATS_IN_WORDS}. Default: as --out ends, or text.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; - is standard output, the default.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Its title. Default: the configuration's, else any.")] = None,
    config: options.ConfigPath = None,
    state: options.State = None,
    templates: options.Templates = None,
) -> None:
    """Show an edition again, in any format."""
    screen: Screen = context.obj
    wanted = settings_if_any(config, state=state, templates=templates)
    from briefing import pipeline
    from briefing.deliver import write_atomically, write_stdout

    path = None if out is None or str(out) == "-" else out.expanduser()
    with screen, pipeline.Workshop(wanted, clock=pipeline.utc_now, watcher=screen) as workshop:
        edition = pipeline.shown_edition(workshop, date.date() if date else None, title)
        content = pipeline.rendered_as(edition, format_ or _format(path), workshop)
    if path is None:
        write_stdout(content)
        return
    write_atomically(path, content)
    typer.echo(str(path))


def search(
    context: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS...", help="Words, '\"a phrase\"', or the beginning of a word: tram*.")
    ],
    since: Since = "",
    title: Title = None,
    limit: Annotated[int, typer.Option(min=0, help="Stories shown at most; 0: no limit.")] = 20,
    format_: Listed = "text",
    config: options.ConfigPath = None,
    state: options.State = None,
    templates: options.Templates = None,
) -> None:
    """Find stories of past editions by their words, best first."""
    screen: Screen = context.obj
    wanted = settings_if_any(config, state=state, templates=templates)
    from briefing import pipeline
    from briefing.deliver import write_stdout

    with screen, pipeline.Workshop(wanted, clock=pipeline.utc_now, watcher=screen) as workshop:
        first = pipeline.day_since(since, workshop)
        more = limit + 1 if limit else 0
        found = pipeline.search(workshop, " ".join(words), since=first, title=title, limit=more)
        shown = found[:limit] if limit else found
        if shown or format_ != "text":
            write_stdout(pipeline.render_found(shown, format_, workshop))
    if not shown:
        screen.complain(f"Nothing found for {' '.join(words)!r}.")
        raise typer.Exit(3)
    if len(found) > len(shown):
        screen.say("There are more: --limit shows them.")


def _format(path: Path | None) -> str:
    """The format that a file's ending asks for; text for standard output."""
    from briefing.render import EDITION_FORMATS

    if path is None:
        return "text"
    named = [name for name, ending in EDITION_FORMATS.items() if path.suffix.lower() == f".{ending}"]
    if not named:
        endings = ", ".join(f".{ending}" for ending in EDITION_FORMATS.values())
        raise UsageError(str(path), "its ending says no format", f"Choose one of {endings}, or say --format")
    return named[0]
