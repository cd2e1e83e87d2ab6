"""`briefing summarise`: single articles on demand."""

from pathlib import Path
from typing import Annotated

import typer

from briefing.cli import options
from briefing.cli.console import on_terminal
from briefing.cli.look import show_summaries
from briefing.cli.messages import ProgressDisplay
from briefing.cli.report import exit_code, tell_failures, tell_language, tell_usage, tell_warnings
from briefing.cli.settings import reading_settings
from briefing.errors import UsageError
from briefing.types import Failure, Summary


def summarise(
    context: typer.Context,
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Addresses, files, folders, or - for standard input.")
    ],
    format_: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="text, md, html or json.")] = "text",
    batch: Annotated[
        bool,
        typer.Option(
            "--batch", help='INPUT is JSON Lines of {"id", "title"?, "text"}; so is the output, in its order.'
        ),
    ] = False,
    points: options.Points = None,
    length: options.Length = None,
    language: options.Language = None,
    paragraph: options.Paragraph = None,
    evidence: options.Evidence = None,
    model: options.Model = None,
    engine: options.Engine = None,
    base_url: options.BaseUrl = None,
    parallel: options.Parallel = None,
    threads: options.Threads = None,
    gpu_layers: options.GpuLayers = None,
    state: options.State = None,
    prompts: options.Prompts = None,
    templates: options.Templates = None,
    allow_local: options.AllowLocal = None,
    offline: options.Offline = None,
    config: options.ConfigPath = None,
    no_config: options.NoConfig = False,
) -> None:
    """Condense articles and print them: a headline and key points, each checked against its article."""
    display: ProgressDisplay = context.obj
    wanted = reading_settings(
        config, inputs, no_config=no_config,
        formats=("json",) if batch else (format_,), points=points, length=length, language=language,
        paragraph=paragraph, evidence=evidence, model=model, engine=engine, base_url=base_url, parallel=parallel,
        threads=threads, gpu_layers=gpu_layers,
        state=state, prompts=prompts, templates=templates, allow_local=allow_local, offline=offline,
        since="", max_articles=0,
    )  # fmt: skip
    from briefing import pipeline
    from briefing.deliver import write_stdout

    if batch and len(inputs) != 1:
        raise UsageError("--batch", f"it takes one INPUT, but {len(inputs)} were given")
    summaries: list[Summary] = []
    failures: list[Failure] = []
    with display, pipeline.RunContext(wanted, clock=pipeline.utc_now, progress=display) as run_context:
        if batch:
            for line, result in pipeline.batch(inputs[0], run_context):
                (summaries if isinstance(result, Summary) else failures).append(result)  # type: ignore[arg-type]
                if not write_stdout(line):
                    break  # nobody reads the rest; what is finished is in the store
        else:
            summaries, failures = pipeline.summarise_sources(run_context)
    if summaries and not batch:
        evidence = wanted.evidence
        if format_ == "text" and on_terminal() and not _has_own(wanted.templates):
            show_summaries(summaries, run_context.templates, evidence=evidence != "none")
        else:
            write_stdout(pipeline.render_summary(summaries, format_, run_context.templates, evidence=evidence))
    for summary in summaries:
        tell_warnings(display, summary)
    tell_language(display, summaries, run_context.config.language)
    tell_failures(display, failures, produced=bool(summaries))
    tell_usage(display, run_context)
    raise typer.Exit(exit_code(bool(summaries), failures))


def _has_own(templates: Path | None) -> bool:
    """Whether the reader has a plain text of their own, which a terminal shows as it is."""
    names = ("summary.txt.j2", "story.txt.j2")
    return templates is not None and any((templates / name).exists() for name in names)
