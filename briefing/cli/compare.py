"""`briefing compare`: several models' summaries of the same articles, side by side."""

from pathlib import Path
from typing import Annotated

import typer

from briefing.cli import options
from briefing.cli.console import result
from briefing.cli.messages import ProgressDisplay
from briefing.cli.report import exit_code, tell_failures
from briefing.cli.settings import reading_settings
from briefing.errors import UsageError
from briefing.types import Failure


def compare(
    context: typer.Context,
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Addresses, files, folders, or - for standard input.")
    ],
    models: Annotated[
        list[str] | None, typer.Option("--model", "-m", help="A model to compare (repeatable, at least two).")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The page to write; - for standard output.")] = Path(
        "compare.html"
    ),
    points: options.Points = None,
    length: options.Length = None,
    language: options.Language = None,
    base_url: options.BaseUrl = None,
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
    """Write a page with each article, the models' key points beside it, the sentences behind them and the verdicts."""
    display: ProgressDisplay = context.obj
    chosen = list(dict.fromkeys(models or []))
    if len(chosen) < 2:
        raise UsageError("--model", "there is nothing to compare", "Name two models or more, each with --model")
    wanted = reading_settings(
        config, inputs, no_config=no_config, model=chosen[0], points=points, length=length, language=language,
        base_url=base_url, threads=threads, gpu_layers=gpu_layers, state=state,
        prompts=prompts, templates=templates, allow_local=allow_local, offline=offline, since="", max_articles=0,
    )  # fmt: skip
    from briefing import pipeline
    from briefing.deliver import write_atomically, write_stdout
    from briefing.render.edition import render_comparison

    with display:
        compared, failures = pipeline.compare(wanted, chosen, clock=pipeline.utc_now, progress=display)
        if compared:
            with pipeline.RunContext(wanted, clock=pipeline.utc_now, progress=display) as run_context:
                rows = [(comparison.article, comparison.results) for comparison in compared]
                page = render_comparison(rows, chosen, run_context.templates)
            if str(out) == "-":
                write_stdout(page)
            else:
                write_atomically(out, page)
    if compared and str(out) != "-":
        result(str(out))
    failures += [result for comparison in compared for result in comparison.results if isinstance(result, Failure)]
    tell_failures(display, failures, produced=bool(compared))
    raise typer.Exit(exit_code(bool(compared), failures))
