"""`briefing history`, `history remove`, `show`, `search` and `archive`: the editions of earlier days."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from briefing.cli import options
from briefing.cli.console import message, on_terminal, result, results
from briefing.cli.messages import ProgressDisplay
from briefing.cli.send import keep_state
from briefing.cli.settings import settings_if_any
from briefing.cli.tables import table
from briefing.errors import ExitCode, StoreError, UsageError
from briefing.types import stem_of

if TYPE_CHECKING:
    from briefing.render.history import EditionListing

app = typer.Typer(invoke_without_command=True)

Listed = Annotated[str, typer.Option("--format", "-f", help="text or json.")]
Since = Annotated[str, typer.Option(help="Only editions since a date, or a time span before today such as 30d.")]
Title = Annotated[str | None, typer.Option(help="Only editions of this title. Default: all.")]


@app.callback()
def history(
    context: typer.Context,
    since: Since = "",
    title: Title = None,
    format_: Listed = "text",
    config: options.ConfigPath = None,
    state: options.State = None,
    templates: options.Templates = None,
) -> None:
    """List the editions there are, newest first; `remove` takes one away."""
    if context.invoked_subcommand:
        return
    display: ProgressDisplay = context.obj
    wanted = settings_if_any(config, state=state, templates=templates)
    from briefing import pipeline
    from briefing.deliver import write_stdout
    from briefing.render.history import listings_as_text, rows_as_json

    as_data = _is_json(format_)
    with display, pipeline.RunContext(wanted, clock=pipeline.utc_now, progress=display) as run_context:
        told = list(pipeline.history(run_context, since=pipeline.day_since(since, run_context), title=title))
        if as_data:
            write_stdout(rows_as_json(told))
        elif told and not on_terminal():
            write_stdout(listings_as_text(told, run_context.templates))
    if told and not as_data and on_terminal():
        _tabulate(told)
    if not told:
        display.complain("There is no edition yet." if not since and title is None else "There is no such edition.")
        raise typer.Exit(3)


def _tabulate(told: "list[EditionListing]") -> None:
    """Print the editions on a terminal; the title is in the table where they have several."""
    titled = len({one.title for one in told}) > 1
    rows = [
        (stem_of(one.date, one.edition), *([one.title] if titled else []), str(one.stories), one.headline)
        for one in told
    ]
    table(("date", *(["title"] if titled else []), "stories", "what it was about"), rows, right=("stories",))


_REMAINING_DELIVERIES = {
    "sent": "{0} has got it; that stays on record.",
    "sending": "Nobody knows whether {0} has got it; that stays on record.",
    "refused": "{0} was refused it; that stays on record.",
    "deferred": "{0} has not got it and will not.",
    "pending": "{0} has not got it and will not.",
}


@app.command("remove")
def remove(
    context: typer.Context,
    date: Annotated[datetime, typer.Argument(parser=options.day, metavar="DATE", help="Date of the edition.")],
    title: Annotated[str | None, typer.Option(help="Its title. Default: the configuration's, or the only one.")] = None,
    edition_name: options.EditionName = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: options.ConfigPath = None,
    state: options.State = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder of its files. Default: briefings.")] = None,
) -> None:
    """Take an edition away: its files and what is remembered of it. Its stories may be told again."""
    display: ProgressDisplay = context.obj
    wanted = settings_if_any(config, state=state, out=out)
    from briefing import pipeline
    from briefing.store import default_state
    from briefing.store.lock import run_lock

    with display, pipeline.RunContext(wanted, clock=pipeline.utc_now, progress=display) as run_context:
        what = pipeline.removal(run_context, date.date(), title, edition_name or "")
        named = f"{stem_of(what.date, what.name)} {what.title!r}"
        files = ", ".join(map(str, what.files)) or "no file"
        stories = f"{what.stories} {'story' if what.stories == 1 else 'stories'}"
        if not yes and not _agreed(f"Take away {named} ({stories}; {files})?"):
            display.complain("Nothing was taken away.")
            raise typer.Exit(3)
        with run_lock(wanted.state or default_state()):  # only now: runs do not wait for the answer
            there = pipeline.removal(run_context, what.date, what.title, what.name)
            if not yes and there != what:
                raise StoreError("edition", "it was changed while you were asked", "Look at it, then say it again")
            what = there
            pipeline.remove_edition(run_context, what)
            keep_state(display, run_context)  # else a restored backup would have it again
        deliveries = [(pipeline.shown_recipient(one, run_context), became) for one, became in what.deliveries]
    for path in what.files:
        result(str(path))
    display.say(f"{named} is no longer in the state file; its stories count as untold.")
    for recipient, became in deliveries:
        display.say(_REMAINING_DELIVERIES[became].format(recipient))


def _agreed(question: str) -> bool:
    """Ask for a yes. Raises `UsageError` where standard input is closed."""
    message(f"{question} [y/N]", end=" ")
    answer = sys.stdin.readline() if sys.stdin else ""
    if not answer:
        message()
        raise UsageError("history remove", "nobody is there to say yes", "Say it with --yes")
    return answer.strip().casefold() in {"y", "yes"}


def show(
    context: typer.Context,
    date: Annotated[
        datetime | None,
        typer.Argument(parser=options.day, metavar="DATE", help="Date of the edition. Default: the latest."),
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", "-f", help=f"{options.FORMATS_IN_WORDS}. Default: as --out ends, or text.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; - is standard output, the default.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Its title. Default: the configuration's, else any.")] = None,
    edition_name: options.EditionName = None,
    config: options.ConfigPath = None,
    state: options.State = None,
    templates: options.Templates = None,
    evidence: options.Evidence = None,
) -> None:
    """Show an edition again, in any format."""
    display: ProgressDisplay = context.obj
    wanted = settings_if_any(config, state=state, templates=templates, evidence=evidence)
    from briefing import pipeline
    from briefing.deliver import write_atomically, write_stdout
    from briefing.render.edition import render_edition

    path = None if out is None or str(out) == "-" else out.expanduser()
    with display, pipeline.RunContext(wanted, clock=pipeline.utc_now, progress=display) as run_context:
        edition = pipeline.shown_edition(run_context, date.date() if date else None, title, edition_name)
        content = render_edition(
            edition, format_ or _format(path), run_context.templates, evidence=run_context.config.evidence
        )
    if path is None:
        write_stdout(content)
        return
    write_atomically(path, content)
    result(str(path))


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
    display: ProgressDisplay = context.obj
    wanted = settings_if_any(config, state=state, templates=templates)
    from briefing import pipeline
    from briefing.deliver import write_stdout
    from briefing.nlp.search_terms import search_words
    from briefing.render.history import hits_as_text, rows_as_json

    with display, pipeline.RunContext(wanted, clock=pipeline.utc_now, progress=display) as run_context:
        first = pipeline.day_since(since, run_context)
        more = limit + 1 if limit else 0
        found = run_context.store.search(" ".join(words), since=first, title=title, limit=more)
        shown = found[:limit] if limit else found
        if shown or format_ != "text":
            write_stdout(rows_as_json(shown) if _is_json(format_) else hits_as_text(shown, run_context.templates))
    if not shown:
        typed = " ".join(words)
        cause = "" if search_words(typed) else ": there is no word in it"
        display.complain(f"Nothing found for {typed!r}{cause}.")
        raise typer.Exit(3)
    if len(found) > len(shown):
        display.say("There are more: --limit shows them.")


def _is_json(format_: str) -> bool:
    if format_ not in {"text", "json"}:
        raise UsageError(f"format {format_!r}", "there is no such format here", "Choose one of text, json")
    return format_ == "json"


def archive(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the site.")] = Path("archive"),
    config: options.ConfigPath = None,
    state: options.State = None,
    templates: options.Templates = None,
) -> None:
    """Write all editions as a static site: an index by date, a search without a server, a feed."""
    display: ProgressDisplay = context.obj
    wanted = settings_if_any(config, state=state, templates=templates)
    from briefing import pipeline

    with display, pipeline.RunContext(wanted, clock=pipeline.utc_now, progress=display) as run_context:
        editions, written = pipeline.write_archive(out.expanduser(), run_context)
    untold = results([out / "index.html"])
    display.say(f"Editions: {editions}. Files written: {written}.")
    if untold:
        display.complain(str(untold))
        raise typer.Exit(ExitCode.PARTLY)


def _format(path: Path | None) -> str:
    """The format of a file's ending; text for standard output."""
    from briefing.render.edition import EDITION_FORMATS

    if path is None:
        return "text"
    named = [name for name, ending in EDITION_FORMATS.items() if path.suffix.lower() == f".{ending}"]
    if not named:
        endings = ", ".join(f".{ending}" for ending in EDITION_FORMATS.values())
        raise UsageError(str(path), "its ending says no format", f"Choose one of {endings}, or say --format")
    return named[0]
