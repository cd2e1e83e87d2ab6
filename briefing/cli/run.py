"""`briefing run`: the daily edition."""

from collections.abc import Iterable
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from briefing.address import shown
from briefing.cli import options
from briefing.cli.console import message, result, results
from briefing.cli.messages import ProgressDisplay
from briefing.cli.report import nothing_new, run_code, tell_failures, tell_language, tell_run, tell_usage
from briefing.cli.send import keep_state, post_after_run, worse
from briefing.cli.settings import one_of, settings
from briefing.errors import ConfigError, ExitCode, OutputError, UsageError

if TYPE_CHECKING:
    from briefing.config import Config
    from briefing.pipeline import RunContext
    from briefing.types import Edition


def run(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Argument(
            callback=options.in_hand, help="Configuration file. Default: ./briefing.toml, then the one in your folder."
        ),
    ] = None,
    config_option: options.ConfigPath = None,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", "-s", metavar="SOURCE", help="Feed, page, file, folder, OPML file or - (repeatable)."),
    ] = None,
    formats: options.Formats = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FOLDER", help="Folder of the editions; - prints the edition. Default: briefings."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="SPAN",
            help="How old a feed's article may be: last (unseen by any edition), 24h, 7d, '' for any age.",
        ),
    ] = None,
    max_stories: Annotated[
        int | None,
        typer.Option(
            "--max-stories",
            "--max-articles",
            metavar="N",
            help="Stories that the run adds to the edition, at most; 0: no limit.",
        ),
    ] = None,
    points: options.Points = None,
    length: options.Length = None,
    language: options.Language = None,
    paragraph: options.Paragraph = None,
    evidence: options.Evidence = None,
    pictures: options.Pictures = None,
    model: options.Model = None,
    engine: options.Engine = None,
    base_url: options.BaseUrl = None,
    parallel: options.Parallel = None,
    threads: options.Threads = None,
    gpu_layers: options.GpuLayers = None,
    date: Annotated[
        datetime | None, typer.Option(parser=options.day, metavar="DATE", help="Date of the edition. Default: today.")
    ] = None,
    edition_name: options.EditionName = None,
    state: options.State = None,
    prompts: options.Prompts = None,
    templates: options.Templates = None,
    allow_local: options.AllowLocal = None,
    offline: options.Offline = None,
    no_config: options.NoConfig = False,
    send: Annotated[bool, typer.Option("--send", help="Then e-mail and push it to all who have not got it.")] = False,
    deadline: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Time of day, such as 07:00, by which the edition is written, finished or not."
        ),
    ] = None,
    budget: Annotated[str | None, typer.Option(metavar="SPAN", help="How long the run may take, such as 10m.")] = None,
    wait: Annotated[
        str | None,
        typer.Option(
            metavar="SPAN", help="How long to wait for the network where there is none. Default: 10m; '': not."
        ),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say why each story stands where it stands.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read the sources and list the articles; write nothing.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="See whether settings, folders, passwords and model are there; do no more.")
    ] = False,
) -> None:
    """Read the sources, condense every article, write the edition."""
    display: ProgressDisplay = context.obj
    config = one_of(config, config_option)
    ad_hoc = bool(source) and config is None
    _refuse_of_day(ad_hoc=ad_hoc, send=send, edition=edition_name)
    mail_errors: list[ConfigError] = []
    printed = str(out) == "-"
    wanted = settings(
        config, source or [], no_config=no_config, mail_error=mail_errors.append,
        formats=formats or None, out=None if printed else out, since=since, max_stories=max_stories, points=points,
        deadline=deadline, budget=budget, wait=wait,
        length=length, language=language, paragraph=paragraph, evidence=evidence, pictures=pictures, model=model,
        engine=engine,
        base_url=base_url, parallel=parallel, threads=threads, gpu_layers=gpu_layers,
        state=state, prompts=prompts, templates=templates,
        allow_local=allow_local, offline=offline,
    )  # fmt: skip
    _check_chosen(wanted, printed=printed)
    from briefing import pipeline

    pipeline.check_named(wanted)
    from briefing.store import default_state
    from briefing.store.lock import run_lock

    alone = nullcontext() if dry_run or check else run_lock(wanted.state or default_state())
    with (
        alone as lock,
        pipeline.RunContext(
            wanted, clock=pipeline.utc_now, progress=display, edition=edition_name or "", ad_hoc=ad_hoc
        ) as run_context,
    ):
        until = run_context.due(run_context.clock())
        with display:
            if check:
                _check(display, run_context, mail_errors if send else (), send=send)
                return
            if dry_run:
                raise typer.Exit(_list(display, run_context, date, until))
            if not printed:
                pipeline.check_output(run_context)
            run_context.store.check()
            day = date.date() if date else None
            edition, report = pipeline.make_edition(run_context, day=day)
            to_send = edition if edition.stories or (wanted.mail.send_empty and not report.offline) else None
            if send and to_send:
                pipeline.owe_letters(to_send, run_context)
            written, content = (
                ((), "") if edition.empty and not report.emptied else _write(edition, run_context, printed=printed)
            )
            explanation = (
                pipeline.render_explanation(report.ranked, edition, run_context.templates, report.left_out)
                if explain
                else ""
            )
            keep_state(display, run_context, lock)
        untold = _untold(display, written, content)
        if explanation:
            message(explanation)
        again = options.given(
            max_stories=max_stories, since=since, date=date and date.date(),
            points=points, length=length, language=language, paragraph=paragraph, evidence=evidence, pictures=pictures,
            model=model, engine=engine, base_url=base_url, parallel=parallel, threads=threads, gpu_layers=gpu_layers,
            deadline=deadline, budget=budget, prompts=prompts, templates=templates,
            allow_local=allow_local or None, offline=offline or None,
        )  # fmt: skip
        # An address that is named may hold a password, which is not printed.
        secret = source or (base_url and shown(base_url) != base_url)
        explained_by = "" if secret else display.in_hand.command(f"run {again} --explain")
        tell_run(display, edition, report, explained_by=None if explain else explained_by)
        tell_language(display, [story.summary for story in edition.stories], run_context.config.language)
        tell_usage(display, run_context)
        code = run_code(bool(written or content), report.failures, known=report.known, offline=report.offline)
        # The edition is written by now: errors of mail cost nobody the edition.
        mail = ExitCode.MAIL if send and mail_errors else ExitCode.WELL
        for error in mail_errors:
            display.complain(str(error))
        if send and (not mail_errors or wanted.notify.urls):
            with display:
                # A run that was offline is started again soon: no pauses, which would only delay that.
                last = run_context.clock() if code is ExitCode.OFFLINE else until
                mail = worse(mail, post_after_run(display, to_send, run_context, last, lock))
    code = ExitCode.PARTLY if untold and code is ExitCode.WELL else code
    raise typer.Exit(mail or code if code in {ExitCode.WELL, ExitCode.PARTLY} else code)


def _check(
    display: ProgressDisplay, run_context: "RunContext", mail_errors: Iterable[ConfigError], *, send: bool
) -> None:
    """Say what a run will not find, or that it is all there. Raises the error that would end it."""
    from briefing import pipeline

    for error in mail_errors:
        raise error
    remarks = list(pipeline.check_run(run_context, send=send))
    for remark in remarks:
        result(remark)
    if not remarks:
        display.say("All that a run needs is there.")


def _check_chosen(config: "Config", *, printed: bool) -> None:
    """Raise `UsageError` where several formats would be printed or there is no such engine, before anything is read."""
    from briefing.engines import check_engine

    if printed and len(config.formats) != 1:
        cause = f"it prints one format, and {', '.join(config.formats)} are chosen"
        raise UsageError("--out -", cause, "Name one with --format")
    if config.engine:
        check_engine(config.engine)


def _write(edition: "Edition", run_context: "RunContext", *, printed: bool) -> tuple[tuple[Path, ...], str | bytes]:
    """Write and remember an edition: the files, or what is to be `printed` instead."""
    from briefing import pipeline
    from briefing.render.edition import render_edition

    if not printed:
        return pipeline.write_edition(edition, run_context), ""
    config = run_context.config
    content = render_edition(edition, config.formats[0], run_context.templates, evidence=config.evidence)
    pipeline.remember_edition(edition, run_context)
    return (), content


def _refuse_of_day(*, ad_hoc: bool, send: bool, edition: str | None) -> None:
    """Raise `UsageError` for an ad hoc run with an option that is about the editions of a day."""
    if ad_hoc and (send or edition):
        option = "--send" if send else "--edition"
        cause = "a run of --source without a configuration is none of the day's editions"
        raise UsageError(option, cause, "Name the configuration as well, as in `briefing run briefing.toml --source X`")


def _untold(display: ProgressDisplay, written: Iterable[Path], content: str | bytes) -> bool:
    """Print the paths of the files and the `content`; whether that failed, which is a complaint."""
    from briefing.deliver import write_stdout

    error = results(written)
    try:
        if content:
            write_stdout(content)
    except OutputError as failed:
        error = failed
    if error:
        display.complain(str(error))
    return error is not None


def _list(
    display: ProgressDisplay, run_context: "RunContext", day: datetime | None, deadline: "datetime | None"
) -> ExitCode:
    """Print the articles that an edition of `day` would read, a line each."""
    from briefing import pipeline

    reading = pipeline.read(run_context, day.date() if day else None, deadline=deadline)
    for article in reading.articles:
        result(f"{article.source}\t{article.title or '(untitled)'}\t{article.url or ''}")
    produced, known = bool(reading.articles), reading.seen_before + reading.in_edition
    tell_failures(display, reading.failures, produced=produced, quiet=nothing_new(reading.failures, known))
    return run_code(produced, reading.failures, known=known, offline=reading.offline)
