"""`briefing sources`: what the configuration reads."""

# No postponed annotations here: typer reads these objects, not their text.
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from briefing.address import bare_address, is_web, shown, shown_in, web_address
from briefing.cli import options
from briefing.cli.console import result
from briefing.cli.messages import ProgressDisplay
from briefing.cli.report import exit_code
from briefing.cli.settings import configuration_path, settings, typed_location
from briefing.cli.tables import table
from briefing.errors import ConfigError, SourceError, UsageError
from briefing.types import Failure, Notice, Source

if TYPE_CHECKING:
    from briefing.config import Config
    from briefing.pipeline import CheckedSource

app = typer.Typer(
    help="The sources in the configuration: add, list, remove, check, import, export.", no_args_is_help=True
)


@app.command("add")
def add(
    context: typer.Context,
    location: Annotated[str, typer.Argument(help="Address of a feed, page or mailbox, or a path.")],
    name: Annotated[str, typer.Option(help="What the edition calls it. Default: its own title.")] = "",
    section: Annotated[str, typer.Option(help="Section of the edition for its articles.")] = "",
    no_check: Annotated[bool, typer.Option("--no-check", help="Add it without a look at what it gives.")] = False,
    config: options.ConfigPath = None,
    allow_local: options.AllowLocal = None,
    offline: options.Offline = None,
) -> None:
    """Read a source once, say what it gives, and add it to the configuration; the rest of the file stays as it is."""
    from briefing.config import load_config, source_key

    if location == "-":
        raise UsageError("sources add", "standard input cannot be a source of every day", "Use --source - with `run`")
    place = typed_location(location)
    if source_key(place) == "path":
        # A typed path is relative to the current folder, one in the file to the file's folder.
        place = str(Path(place).absolute())
        if not Path(place).exists():
            raise UsageError(shown(location), "there is no such file or folder", "Addresses begin with https://")
    plain = place.replace("https:", "http:", 1) if bare_address(location) and is_web(place) else ""
    path = configuration_path(config)
    display: ProgressDisplay = context.obj
    wanted = load_config(path, mail_error=lambda error: display.complain(str(error)))
    wanted = wanted.with_overrides(allow_local=allow_local, offline=offline)
    have = {source.location for source in wanted.sources}
    if have & {place, plain}:
        raise UsageError(shown(place), "it is a source already", "`briefing sources list` shows all of them")
    source = Source(location=place, name=name, section=section, allow_local=bool(allow_local))
    if not no_check:
        source = _looked_at(source, plain, wanted, display)
    if source.location in have:
        raise UsageError(str(source.address), "it is a source already", "`briefing sources list` shows all of them")
    _extend(path, (source,))


def _looked_at(source: Source, plain: str, config: "Config", display: ProgressDisplay) -> Source:
    """`source` as it should be added, after saying what it gives. Raises `SourceError` where it gives nothing."""
    from briefing import pipeline
    from briefing.config import source_key

    if config.offline and source_key(source.location) != "path":
        display.say("Not looked at: the network is left alone.")
        return source
    with display, pipeline.RunContext(config, clock=pipeline.utc_now, progress=display) as context:
        found, checked = pipeline.found_in(source, context, plain=plain)
        now = context.clock()
    if not checked.works:
        first = checked.failures[0]
        if source_key(source.location) == "imap":  # the password may come later
            display.complain(f"Nothing of it could be read: {_reason(first)}")
            return source
        more = f"{first.remedy}, or add it all the same with --no-check" if first.remedy else "--no-check adds it"
        raise SourceError(source.shown, first.cause, more)
    if checked.feed:
        display.say("It is a web page; the feed that it names is added.")
    elif is_web(found.location) and not checked.title:
        display.say("It is a web page without a feed: the article on it is the source.")
    display.say(f"{checked.source.name or checked.title or found.shown}: {_count(checked, now)}.")
    for failure in checked.failures:
        display.complain(f"{failure.subject}: {_reason(failure)}")
    for notice in checked.notices:
        display.complain(f"{notice.subject}: {notice.sentences}")
    return found


def _count(checked: "CheckedSource", now: datetime) -> str:
    """How much there is in a source, and how new it is."""
    noun = "item" if checked.title else "article"
    newest = f", newest {_age(now - checked.newest)}" if checked.newest else ""
    return f"{checked.articles:,} {noun}{'' if checked.articles == 1 else 's'}{newest}"


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    units = ((60, "minute"), (60 * 24, "hour"), (60 * 24 * 14, "day"), (60 * 24 * 60, "week"), (60 * 24 * 730, "month"))
    sizes = {"minute": 1, "hour": 60, "day": 60 * 24, "week": 60 * 24 * 7, "month": 60 * 24 * 30, "year": 60 * 24 * 365}
    unit = next((unit for limit, unit in units if minutes < limit), "year")
    number = minutes // sizes[unit]
    return f"{number} {unit}{'' if number == 1 else 's'} ago"


@app.command("list")
def list_sources(config: options.ConfigPath = None) -> None:
    """Print a line for each source: name (else its feed's title, once known), section, address or path."""
    from briefing.config import load_config

    wanted = load_config(configuration_path(config))
    title_of = _titles(wanted)
    rows = (
        (shown_in(source.name) or title_of(source) or "-", source.section or "-", str(source.address))
        for source in wanted.sources
    )
    table(("name", "section", "address or path"), rows)


def _titles(config: "Config") -> Callable[[Source], str]:
    """The title that the feed of a source had when a run read it last; empty where unknown. No state file is made."""
    from briefing.store import default_state, known_feeds

    known = known_feeds(config.state or default_state())
    return lambda source: known.title_of(web_address(source.location) or source.location)


@app.command("remove")
def remove(
    source: Annotated[str, typer.Argument(help="Its name, address or path, as `sources list` shows it.")],
    config: options.ConfigPath = None,
) -> None:
    """Take a source out of the configuration."""
    from briefing.config import parse_config, read_config, remove_source
    from briefing.deliver import write_atomically

    path = configuration_path(config)
    text = read_config(path)
    wanted = parse_config(text, path)
    if source not in {one.name for one in wanted.sources}:
        title_of = _titles(wanted)
        titled = {one.location for one in wanted.sources if not one.name and title_of(one) == source}
        source = titled.pop() if len(titled) == 1 else source
    write_atomically(path, remove_source(text, source, path))


@app.command("check")
def check(
    context: typer.Context,
    config: options.ConfigPath = None,
    allow_local: options.AllowLocal = None,
    offline: options.Offline = None,
) -> None:
    """Read every source once and print what it gives, or why it gives nothing. No article is fetched or summarised."""
    display: ProgressDisplay = context.obj
    # Errors in [mail] do not keep a run from its sources.
    wanted = settings(
        configuration_path(config), [], mail_error=lambda error: display.complain(str(error)), allow_local=allow_local,
        offline=offline,
    )  # fmt: skip
    failures: list[Failure] = []
    works: list[CheckedSource] = []
    table(("status", "source", "what it gives"), _checked(wanted, display, works, failures))
    raise typer.Exit(exit_code(bool(works), failures))


def _checked(
    config: "Config", display: ProgressDisplay, works: "list[CheckedSource]", failures: list[Failure]
) -> Iterator[tuple[str, str, str]]:
    """The rows of a check as they are found; adds the sources that work to `works` and what failed to `failures`."""
    from briefing import pipeline

    with display, pipeline.RunContext(config, clock=pipeline.utc_now, progress=display) as run_context:
        for checked in pipeline.check_sources(run_context):
            name = checked.source.shown
            failures += checked.failures
            if checked.works:
                works.append(checked)
                called = "" if checked.source.name or not checked.title else f"{checked.title}: "
                yield "ok", name, f"{called}{_count(checked, run_context.clock())}"
                for failure in checked.failures:
                    yield "failed", f"{name}: {failure.subject}", _reason(failure)
            else:
                first, *rest = checked.failures
                yield "failed", name, _reason(first) + (f" And {len(rest)} more." if rest else "")
            for notice in checked.notices:
                yield "warning", name if notice.subject == name else f"{name}: {notice.subject}", notice.sentences


_LEFT_OUT_SHOWN = 50
"""Entries of a list that are named, with the reason."""


@app.command("import")
def import_opml(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="OPML file, or a text file with an address on each line.")],
    config: options.ConfigPath = None,
) -> None:
    """Add every source of a list that the configuration does not have yet, and say what was left out."""
    from briefing.config import load_config
    from briefing.sources import read_subscriptions

    try:
        body = file.read_bytes()
    except OSError as error:
        raise ConfigError(str(file), f"it cannot be read: {error.strerror}", "Check the path") from error
    display: ProgressDisplay = context.obj
    path = configuration_path(config)
    have = {source.location for source in load_config(path).sources}
    skipped: list[Notice] = []
    listed = read_subscriptions(body, subject=str(file), skipped=skipped.append)
    _extend(path, new := tuple(source for source in listed if source.location not in have))
    for notice in skipped[:_LEFT_OUT_SHOWN]:
        display.complain(f"Left out: {notice.subject}: {notice.sentences}")
    if len(skipped) > _LEFT_OUT_SHOWN:
        display.complain(f"Left out: {len(skipped) - _LEFT_OUT_SHOWN:,} more.")
    if count := len(listed) - len(new):
        display.say(f"{count} {'is a source' if count == 1 else 'are sources'} already.")


@app.command("export")
def export_opml(
    context: typer.Context,
    config: options.ConfigPath = None,
    secrets: Annotated[
        bool, typer.Option("--secrets", help="Leave user names, passwords and keys in the addresses.")
    ] = False,
) -> None:
    """Print the configuration's feeds and pages as OPML, for another reader."""
    from briefing.config import load_config
    from briefing.deliver import write_stdout
    from briefing.sources import write_opml

    wanted = load_config(configuration_path(config))
    web = [source for source in wanted.sources if is_web(source.location)]
    write_stdout(write_opml(web, wanted.title, secrets=secrets))
    count = 0 if secrets else sum(bool(source.address.secrets) for source in web)
    if count:
        display: ProgressDisplay = context.obj
        display.complain(f"{count} addresses are without their password or key. --secrets leaves them in.")


def _extend(path: Path, sources: tuple[Source, ...]) -> None:
    from briefing.config import add_sources, read_config
    from briefing.deliver import write_atomically

    write_atomically(path, add_sources(read_config(path), sources, path))
    for source in sources:
        result(str(source.address))


def _reason(failure: Failure) -> str:
    return f"{failure.cause}. {failure.remedy}.".removesuffix(" .")
