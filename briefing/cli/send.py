"""`briefing send`: an edition by e-mail, to each reader once."""

import re
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from briefing.cli import options
from briefing.cli.console import result, results
from briefing.cli.messages import ProgressDisplay, tell_crash
from briefing.cli.settings import configuration_path
from briefing.dates import edition_day
from briefing.errors import BriefingError, ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from briefing.pipeline import DeliveryResult, RunContext
    from briefing.store.lock import RunLock
    from briefing.types import Edition

_OUTCOMES = {
    "sent": "Sent to {0}.",
    "before": "{0} has it already.",
    "nothing": "There is nothing in it for {0}.",
    "taken": "Another run is sending this letter to {0}; nothing was done about it here.",
    "deferred": "Not sent to {0} yet: {1}. The next `briefing run --send` or `briefing send` tries again.",
    "today": "Not sent to {0} yet: {1}. Today's next `briefing run --send` or `briefing send` tries again.",
    "missed": "Never sent to {0}: {1}. Its day is over; `briefing send DATE --resend` sends it all the same.",
    "put off": "Not sent to {0}: {1}. Say `briefing send` once more, later, with the same edition and address.",
    "given up": "Given up for {0} after three days: {1}. `briefing send DATE --resend` tries again.",
    "refused": "Refused for {0}: {1}. `briefing send --resend` tries again.",
    "redirected": "Refused for {0}: {1}.",
    "bad address": "Refused for {0}: {1}. Check the address; `briefing send --resend` tries again.",
    "unable": "Not sent to {0}: {1}. Once that is mended, `briefing send` tries again.",
    "unknown": "Nobody knows whether {0} has it: {1}. Ask them; `briefing send --resend` sends it again.",
}


def send(
    context: typer.Context,
    edition: Annotated[
        str | None, typer.Argument(metavar="[DATE|FILE]", help="A date, or a JSON file. Default: the latest edition.")
    ] = None,
    config: options.ConfigPath = None,
    edition_name: options.EditionName = None,
    to: Annotated[list[str] | None, typer.Option(help="Only to this address (repeatable).")] = None,
    state: options.State = None,
    templates: options.Templates = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder of --dry-run. Default: briefings.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write the letters as .eml files; send nothing.")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="Open the first letter in the browser.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Log in to the mail server; send nothing.")] = False,
    resend: Annotated[
        bool, typer.Option("--resend", help="Also to those who were refused, or of whom nobody knows.")
    ] = False,
) -> None:
    """Send an edition by e-mail to everyone in the configuration who has not got it, and push its front page.

    Without DATE, FILE and --to, letters of the last three days that were put off are sent as well.
    """
    display: ProgressDisplay = context.obj
    from briefing import pipeline
    from briefing.config import load_config
    from briefing.store import default_state
    from briefing.store.lock import run_lock

    wanted = load_config(configuration_path(config)).with_overrides(state=state, templates=templates, out=out)
    # One run at a time: else a letter that another run is sending would count as one whose run has died.
    alone = nullcontext() if check or dry_run or preview else run_lock(wanted.state or default_state())
    with display, alone as lock, pipeline.RunContext(wanted, clock=pipeline.utc_now, progress=display) as run_context:
        if check:
            if pipeline.mails(wanted):
                result(f"{pipeline.check_mail(run_context)} takes the login.")
            unusable = []
            for checked in pipeline.check_notify(run_context):
                if isinstance(checked, BriefingError):
                    unusable.append(checked)
                else:
                    result(f"{checked} is an address that can be pushed to; nothing was sent there.")
            for error in unusable[:-1]:
                display.complain(str(error))
            if unusable:
                raise unusable[-1]
            return
        until = run_context.due(run_context.clock())
        chosen = _chosen(edition, edition_name, run_context)
        if dry_run or preview:
            _write(chosen, run_context, to or [], preview)
            return
        waiting = edition is None and not to
        code = ExitCode.WELL
        if to or pipeline.mails(wanted):
            posted = pipeline.send_editions(
                chosen, run_context, only=to or [], resend=resend, waiting=waiting, until=until, lock=lock
            )
            code = tell_deliveries(display, posted)
        if not to:
            pushed = pipeline.send_pushes(chosen, run_context, resend=resend, until=until, lock=lock)
            code = worse(code, tell_deliveries(display, pushed))
        keep_state(display, run_context, lock)
        raise typer.Exit(code)


def post_after_run(
    display: ProgressDisplay,
    edition: "Edition | None",
    run_context: "RunContext",
    until: "datetime | None",
    lock: "RunLock | None",
) -> ExitCode:
    """Send the edition of a run, if there is one, and deferred letters of earlier ones.

    Errors are printed and set the exit code. The run's `lock` is released while a letter waits for a retry.
    """
    from briefing import pipeline

    def mailed() -> "Iterator[DeliveryResult]":
        return pipeline.send_editions(edition, run_context, waiting=True, until=until, lock=lock)

    def pushed() -> "Iterator[DeliveryResult]":
        return pipeline.send_pushes(edition, run_context, until=until, lock=lock)

    code = ExitCode.WELL
    for way in (mailed, pushed) if pipeline.mails(run_context.config) else (pushed,):
        try:
            code = worse(code, tell_deliveries(display, way()))
            keep_state(display, run_context, lock)
        except BriefingError as error:
            display.complain(display.in_hand.completed(str(error)))
            code = ExitCode.MAIL
        except Exception as error:
            tell_crash(error)
            code = ExitCode.MAIL
    return code


def worse(one: ExitCode, other: ExitCode) -> ExitCode:
    """Of two exit codes of sending the one that says more: what a later run does not mend, what it does, nothing."""
    return min((code for code in (one, other) if code), default=ExitCode.WELL)


def keep_state(display: ProgressDisplay, run_context: "RunContext", lock: "RunLock | None" = None) -> None:
    """Back up the state file, unless another run has the lock by now; a failure is printed and sets no exit code."""
    from briefing import pipeline

    if lock is not None and not lock.held:
        return
    if problem := pipeline.keep_state(run_context):
        display.complain(problem)


def tell_deliveries(display: ProgressDisplay, posted: "Iterable[DeliveryResult]") -> ExitCode:
    """Print the outcome of each letter as it is known."""
    code = ExitCode.WELL
    for delivery in posted:
        state: str = "put off" if delivery.state == "deferred" and not delivery.again else delivery.state
        if state == "deferred" and delivery.only_today:
            state = "today"
        if state == "refused" and delivery.detail.startswith("it redirects"):
            state = "redirected"
        elif state == "refused" and _is_address_error(delivery.detail):
            state = "bad address"
        said = {"{0}": delivery.recipient, "{1}": delivery.detail or _unsaid(state)}
        parts = re.split(r"(\{[01]\})", _OUTCOMES[state])
        line = "".join(said.get(part) or display.in_hand.completed(part) for part in parts)
        if delivery.earlier:
            line = f"{delivery.earlier}: {line}"
        if delivery.shortened:
            line += f" {delivery.shortened} stories are one line in it or only counted: all of it would be too large."
        good = delivery.state in {"sent", "before", "nothing", "taken"}
        if state in {"deferred", "today"}:
            code = code or ExitCode.LETTERS_WAIT
        elif not good:
            code = ExitCode.MAIL
        (display.say if good else display.complain)(line)
    return code


def _unsaid(state: str) -> str:
    """What stands for a reason that is not on record."""
    return (
        "the run was stopped while sending, or lost the connection" if state == "unknown" else "why is no longer known"
    )


def _is_address_error(reply: str) -> bool:
    """Whether a reply refuses the address (RFC 3463, 3.2), and not the message or for lack of space."""
    code, enhanced = re.match(r"(?:([245]\d\d)(?:[ -]([245]\.\d{1,3}\.\d{1,3}))?\b)?", reply).groups()  # type: ignore[union-attr]
    if enhanced:
        return str(enhanced).startswith("5.1.")
    return code in {"550", "553"} if code else "address" in reply


def _chosen(edition: str | None, name: str | None, run_context: "RunContext") -> "Edition":
    from briefing import pipeline

    if edition is None:
        return pipeline.known_edition(run_context, None, name=name)
    try:
        day = edition_day(edition)
    except ValueError as error:
        path = Path(edition).expanduser()
        if path.suffix != ".json":
            cause = f"it is neither a date ({error}) nor a JSON file of an edition"
            raise UsageError(edition, cause, "Write one with `briefing run --format json`") from None
        try:
            return pipeline.known_edition(run_context, None, path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(edition, f"it cannot be read ({error})", "Check the path") from error
    return pipeline.known_edition(run_context, day, name=name)


def _write(edition: "Edition", run_context: "RunContext", only: list[str], preview: bool) -> None:
    """Write the letters as files, or open the first in the browser."""
    from briefing import pipeline
    from briefing.deliver import write_atomically
    from briefing.render.email import file_name

    written = []
    letters = pipeline.letters(edition, run_context, only) if only or pipeline.mails(run_context.config) else ()
    for recipient, letter in letters:
        if letter is None:
            continue
        path = run_context.config.out / file_name(edition, recipient)
        if preview:
            part = letter.message.get_body(("html",))
            path = path.with_suffix(".preview.html")
            write_atomically(path, part.get_content() if part else "")
        else:
            write_atomically(path, letter.message.as_bytes())
        written.append(path)
        if preview:
            typer.launch(str(path))
            break
    if run_context.config.notify.urls and not preview and not only:
        path = run_context.config.out / f"{edition.date}.push.txt"
        write_atomically(path, pipeline.push_text(edition, run_context))
        written.append(path)
    if untold := results(written):
        raise untold
