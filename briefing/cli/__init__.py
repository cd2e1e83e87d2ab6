"""The command line: parses arguments, calls the pipeline, prints, exits. Not here: what a command does (`pipeline`).

Results go to standard output, all else to standard error; exit codes are `errors.ExitCode`. Commands import the
pipeline when they run, so that ``--help`` does not import a model library.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from traceback import walk_tb
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from briefing._version import __version__
from briefing.cli import (
    assets,
    compare,
    doctor,
    history,
    models,
    run,
    schedule,
    send,
    sources,
    summarise,
)
from briefing.cli.console import fill_closed_streams, flush_streams, result
from briefing.cli.everywhere import equip
from briefing.cli.logs import Logs, log_printed, logging_to
from briefing.cli.messages import ProgressDisplay, tell_crash, tell_error
from briefing.errors import BriefingError, ExitCode, StoppedError
from briefing.sanitise import clean

__all__ = ["app", "main"]


class _Commands(TyperGroup):
    """Cleans control characters from usage errors, which typer prints itself; its options work after a command too."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        equip(self, _use)  # no earlier: typer adds its options for completion last
        with _clean_errors():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        with _clean_errors():
            try:
                return super().invoke(ctx)
            except BriefingError as error:
                if isinstance(ctx.obj, ProgressDisplay):
                    error.remedy = ctx.obj.in_hand.completed(error.remedy)
                raise


@contextmanager
def _clean_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # Not by its class: newer versions of typer have a private copy of click and of its ClickException.
        if hasattr(error, "format_message") and isinstance(text := getattr(error, "message", None), str):
            error.message = clean(text)  # type: ignore[attr-defined]
        raise


app = typer.Typer(
    name="briefing",
    cls=_Commands,
    help="A daily briefing from the sources you choose, summarised on your own machine, every key point checked.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(assets.init)
app.command("run")(run.run)
app.command("summarise")(summarise.summarise)
app.command("summarize", hidden=True)(summarise.summarise)
app.command("compare")(compare.compare)
app.command("send")(send.send)
app.add_typer(history.app, name="history")
app.command("show")(history.show)
app.command("search")(history.search)
app.command("archive")(history.archive)
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
        Path | None, typer.Option("--log-file", metavar="FILE", help="File to which a log of every detail is added.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of every command, which may also stand after it."""
    until_exit, context.obj = context.obj, ProgressDisplay(quiet=quiet, verbose=verbose > 0)
    opened = logging_to(verbose, log_file, quiet=quiet)
    # `main` gives a stack of its own: it logs the error that ends the command.
    of_main = isinstance(until_exit, ExitStack)
    context.meta[_LOGS] = until_exit.enter_context(opened) if of_main else context.with_resource(opened)


_LOGS = "briefing.logs"
"""Where contexts keep the `Logs`."""


def _use(context: Any, name: str, value: Any) -> None:
    """Follow an option of every command that stands after the command."""
    logs: Logs | None = context.meta.get(_LOGS)
    if logs is None:  # the command is only parsed
        return
    display: ProgressDisplay = context.find_root().obj
    if name == "log_file":
        logs.write_to(value)
        return
    display.quiet = display.quiet or name == "quiet"
    display.verbose = display.verbose or name == "verbose"
    logs.show(logs.verbosity + (value if name == "verbose" else 0), quiet=display.quiet)


def main() -> None:
    """The console script. Errors are printed in one line, without a traceback."""
    fill_closed_streams()
    _use_utf8()
    with ExitStack() as until_exit:
        code = _run(until_exit)
    if stdout_error := flush_streams():
        tell_error(str(stdout_error))
        code = code or stdout_error.exit_code
    sys.exit(code)


def _run(until_exit: ExitStack) -> int | str | None:
    """Run the command; its exit code."""
    try:
        # By its name also under `python -m briefing`: completion is installed for the command of that name.
        app(obj=until_exit, prog_name="briefing")
    except SystemExit as end:
        # Outside of a run typer handles Ctrl-C, and exits without a message.
        if end.code == StoppedError.exit_code:
            _report("Stopped.")
        intended = _intended_code(end)
        if intended is None and isinstance(end.__context__, BrokenPipeError):
            return None  # typer makes that a 1; a closed pipe is no error
        return end.code if intended is None else intended
    except BriefingError as error:
        _report(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        _report("Stopped.")
        return StoppedError.exit_code
    except Exception as error:
        if isinstance(error, OSError) and _while_typer_printed(error):
            if (code := _intended_code(error)) is not None:
                return code
            from briefing.deliver import output_error

            stdout_error = output_error("standard output", error)
            _report(str(stdout_error))
            return stdout_error.exit_code
        log_printed(type(error).__name__, error)
        tell_crash(error)
        return ExitCode.NOTHING
    return None


def _report(error: str) -> None:
    """Print and log the error that ends the command."""
    log_printed(error)
    tell_error(error)


def _intended_code(error: BaseException) -> int | None:
    """The exit code of the usage error that typer could not print, from the exception's context."""
    reason = error.__context__
    while reason is not None:
        if isinstance(code := getattr(reason, "exit_code", None), int):
            return code
        reason = reason.__context__
    return None


def _while_typer_printed(error: OSError) -> bool:
    """Whether it was raised while typer or rich printed help, the version or a usage error."""
    *_, (frame, _) = walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__")).partition(".")[0] in {"typer", "rich", "click"}


def _use_utf8() -> None:
    r"""Print UTF-8 with ``\n`` line ends to files and pipes, also on Windows; a terminal keeps its encoding.

    Characters that cannot be encoded become ``?``, on standard error an escape.
    """
    for stream, errors in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
        if not isinstance(stream, TextIOWrapper):  # closed, or replaced by the caller
            continue
        if stream.isatty():
            stream.reconfigure(errors=errors)
        else:
            stream.reconfigure(encoding="utf-8", errors=errors, newline="")
