"""`briefing sources`: what the configuration reads."""

from pathlib import Path
from typing import Annotated

import typer

from briefing.address import shown, shown_in
from briefing.cli import options
from briefing.cli.console import result
from briefing.cli.messages import ProgressDisplay
from briefing.cli.report import exit_code
from briefing.cli.settings import configuration_path, settings, typed_location
from briefing.cli.tables import table
from briefing.errors import ConfigError, UsageError
from briefing.types import Failure, Source

app = typer.Typer(
    help="The sources in the configuration: add, list, remove, check, import, export.", no_args_is_help=True
)


@app.command("add")
def add(
    location: Annotated[str, typer.Argument(help="Address of a feed, page or mailbox, or a path.")],
    name: Annotated[str, typer.Option(help="What the edition calls it. Default: its own title.")] = "",
    section: Annotated[str, typer.Option(help="Section of the edition for its articles.")] = "",
    config: options.ConfigPath = None,
) -> None:
    """Add a source at the end of the configuration; everything else in the file stays as it is."""
    from briefing.config import load_config, source_key

    if location == "-":
        raise UsageError("sources add", "standard input cannot be a source of every day", "Use --source - with `run`")
    place = typed_location(location)
    if source_key(place) == "path":
        # A typed path is relative to the current folder, one in the file to the file's folder.
        place = str(Path(place).absolute())
        if not Path(place).exists():
            raise UsageError(shown(location), "there is no such file or folder", "Addresses begin with https://")
    path = configuration_path(config)
    if place in {source.location for source in load_config(path).sources}:
        raise UsageError(shown(place), "it is a source already", "`briefing sources list` shows all of them")
    _extend(path, (Source(location=place, name=name, section=section),))


@app.command("list")
def list_sources(config: options.ConfigPath = None) -> None:
    """Print a line for each source: name, section, address or path."""
    from briefing.config import load_config

    rows = (
        (shown_in(source.name) or "-", source.section or "-", str(source.address))
        for source in load_config(configuration_path(config)).sources
    )
    table(("name", "section", "address or path"), rows)


@app.command("remove")
def remove(
    source: Annotated[str, typer.Argument(help="Its name, address or path, as in the configuration.")],
    config: options.ConfigPath = None,
) -> None:
    """Take a source out of the configuration."""
    from briefing.config import read_config, remove_source
    from briefing.deliver import write_atomically

    path = configuration_path(config)
    write_atomically(path, remove_source(read_config(path), source, path))


@app.command("check")
def check(
    context: typer.Context,
    config: options.ConfigPath = None,
    allow_local: options.AllowLocal = None,
    offline: options.Offline = None,
) -> None:
    """Read every source once and print what it gives, or why it gives nothing. No article is fetched or summarised."""
    from briefing import pipeline

    display: ProgressDisplay = context.obj
    # Errors in [mail] do not keep a run from its sources.
    wanted = settings(
        configuration_path(config), [], mail_error=lambda error: display.complain(str(error)), allow_local=allow_local,
        offline=offline,
    )  # fmt: skip
    failures: list[Failure] = []
    good = 0
    with display, pipeline.RunContext(wanted, clock=pipeline.utc_now, progress=display) as run_context:
        for checked in pipeline.check_sources(run_context):
            name = checked.source.shown
            failures += checked.failures
            if checked.articles or not checked.failures:
                good += 1
                result(f"ok\t{name}\t{checked.articles} articles")
                for failure in checked.failures:
                    result(f"failed\t{name}: {failure.subject}\t{_reason(failure)}")
            else:
                first, *rest = checked.failures
                more = f" And {len(rest)} more." if rest else ""
                result(f"failed\t{name}\t{_reason(first)}{more}")
            for notice in checked.notices:
                about = name if notice.subject == name else f"{name}: {notice.subject}"
                result(f"warning\t{about}\t{notice.sentences}")
    raise typer.Exit(exit_code(good > 0, failures))


@app.command("import")
def import_opml(
    file: Annotated[Path, typer.Argument(help="OPML file, or a text file with an address on each line.")],
    config: options.ConfigPath = None,
) -> None:
    """Add every source of an OPML file that the configuration does not have yet."""
    from briefing.config import load_config
    from briefing.sources import read_subscriptions

    try:
        body = file.read_bytes()
    except OSError as error:
        raise ConfigError(str(file), f"it cannot be read: {error.strerror}", "Check the path") from error
    path = configuration_path(config)
    have = {source.location for source in load_config(path).sources}
    _extend(path, tuple(s for s in read_subscriptions(body, subject=str(file)) if s.location not in have))


@app.command("export")
def export_opml(
    context: typer.Context,
    config: options.ConfigPath = None,
    secrets: Annotated[
        bool, typer.Option("--secrets", help="Leave user names, passwords and keys in the addresses.")
    ] = False,
) -> None:
    """Print the configuration's feeds and pages as OPML, for another reader."""
    from briefing.address import is_web
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
