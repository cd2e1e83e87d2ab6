"""The command line: parse, call, print, exit code. What happens is decided elsewhere.

Results go to standard output, everything else to standard error. What the exit codes say: `errors.ExitCode`.

Modules of this folder are one command (group) each. They import the pipeline when a command runs, not before: `--help`
must not wait for a model library.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from traceback import walk_tb
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from briefing._version import __version__
from briefing.cli import (
    archive,
    assets,
    compare,
    doctor,
    history,
    init,
    models,
    run,
    schedule,
    send,
    sources,
    summarise,
)
from briefing.cli.console import hold_streams, result, spare_streams
from briefing.cli.logs import logging_to
from briefing.cli.messages import ProgressDisplay, tell_error
from briefing.errors import BriefingError, ExitCode, StoppedError
from briefing.sanitise import clean

__all__ = ["app", "main"]


class _Commands(TyperGroup):
    """The commands, whose errors about a command line quote nothing that would steer a terminal: typer prints them."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        with _quoted_cleanly():
            return super().make_context(*args, **extra)

    def invoke(self, *args: Any, **extra: Any) -> Any:
        with _quoted_cleanly():
            return super().invoke(*args, **extra)


@contextmanager
def _quoted_cleanly() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # Not by its class: newer versions of typer have a private copy of click and of its ClickException.
        if hasattr(error, "format_message") and isinstance(said := getattr(error, "message", None), str):
            error.message = clean(said)  # type: ignore[attr-defined]
        raise


app = typer.Typer(
    name="briefing",
    cls=_Commands,
    help="A daily briefing from the sources you choose, summarised on your own machine, every key point checked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(init.init)
app.command("run")(run.run)
app.command("summarise")(summarise.summarise)
app.command("summarize", hidden=True)(summarise.summarise)
app.command("compare")(compare.compare)
app.command("send")(send.send)
app.add_typer(history.app, name="history")
app.command("show")(history.show)
app.command("search")(history.search)
app.command("archive")(archive.archive)
app.add_typer(sources.app, name="sources")
app.add_typer(models.app, name="models")
app.add_typer(schedule.app, name="schedule")
app.add_typer(assets.templates, name="templates")
app.add_typer(assets.prompts, name="prompts")
app.command("doctor")(doctor.doctor)


def _version(wanted: bool) -> None:
    if wanted:
        result(__version__)
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but results and errors.")] = False,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose",
            "-v",
            count=True,
            metavar="",
            show_default=False,
            help="Print what was left out of each summary, and why, and each stage and story; -vv: every detail.",
        ),
    ] = 0,
    log_file: Annotated[
        Path | None, typer.Option("--log-file", help="File to which a log of every detail is added.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of every command."""
    context.obj = ProgressDisplay(quiet=quiet, verbose=verbose > 0)
    context.with_resource(logging_to(verbose, log_file.expanduser() if log_file else None))


def main() -> None:
    """The console script. No traceback ever reaches a user."""
    hold_streams()
    _speak_utf8()
    code = _run()
    if lost := spare_streams():
        tell_error(str(lost))
        code = code or lost.exit_code
    sys.exit(code)


def _run() -> int | str | None:
    """Do what the command line says; the exit code."""
    try:
        app()
    except SystemExit as end:
        # Outside of a run, Ctrl-C comes to typer first, which ends without a word.
        if end.code == StoppedError.exit_code:
            tell_error("Stopped.")
        meant = _meant(end)
        if meant is None and isinstance(end.__context__, BrokenPipeError):
            return None  # typer makes that a 1; nobody reads the help any more, which is no error
        return end.code if meant is None else meant
    except BriefingError as error:
        tell_error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        tell_error("Stopped.")
        return StoppedError.exit_code
    except Exception as error:
        if isinstance(error, OSError) and _while_typer_printed(error):
            if (code := _meant(error)) is not None:
                return code
            from briefing.deliver import output_error

            lost = output_error("standard output", error)
            tell_error(str(lost))
            return lost.exit_code
        from briefing.cli.crash import tell_crash

        tell_crash(error)
        return ExitCode.NOTHING
    return None


def _meant(error: BaseException) -> int | None:
    """The exit code that typer had in hand when it failed to say why: of the error that it was about to print."""
    reason = error.__context__
    while reason is not None:
        if isinstance(code := getattr(reason, "exit_code", None), int):
            return code
        reason = reason.__context__
    return None


def _while_typer_printed(error: OSError) -> bool:
    """Whether it arose over the help, the version or a wrong option, which typer and rich print themselves."""
    *_, (frame, _) = walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__")).partition(".")[0] in {"typer", "rich", "click"}


def _speak_utf8() -> None:
    """Have what is printed be UTF-8 with line ends as they are wherever it goes into a file or a pipe.

    Else Windows would take its code page, and end lines in its own way. A terminal keeps the encoding it has. What
    cannot be written becomes ``?`` (on standard error, an escape) and ends no command.
    """
    for stream, errors in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
        if not isinstance(stream, TextIOWrapper):  # closed, or replaced by whoever calls
            continue
        if stream.isatty():
            stream.reconfigure(errors=errors)
        else:
            stream.reconfigure(encoding="utf-8", errors=errors, newline="")
