"""`briefing doctor`: what works on this machine and what does not."""

import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from briefing._version import __version__
from briefing.cli import options
from briefing.cli.console import result
from briefing.cli.messages import ProgressDisplay
from briefing.errors import BriefingError, ConfigError

if TYPE_CHECKING:
    from briefing.config import Config


def doctor(
    context: typer.Context,
    config: options.ConfigPath = None,
    state: options.State = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Put back the last good copy of a damaged state file; that one is kept.")
    ] = False,
) -> None:
    """Check what a run needs, as it would look for it, and say what to do about what is wrong. Nothing is fetched."""
    result(f"briefing {__version__}, Python {platform.python_version()}, {sys.platform}, {platform.machine()}")
    from briefing.config import Config, find_config
    from briefing.pipeline import utc_now
    from briefing.pipeline.checkup import extras_in_words, mail_in_words, notify_in_words, schedule_in_words

    path = config or find_config()
    readable = _readable(path)
    settings = (readable or Config()).with_overrides(state=state)
    checks: list[tuple[str, Callable[[], str]]] = [
        ("configuration", lambda: _configuration(path)),
        ("sources", lambda: _sources(path, settings)),
        ("model", lambda: _model(settings)),
        ("engine", lambda: _engine(settings)),
        ("editions", lambda: _editions(settings)),
        ("state", lambda: _state(settings, repair=repair)),
        ("prompts and templates", lambda: _assets(settings)),
        ("extras", extras_in_words),
        ("schedule", lambda: schedule_in_words(path, utc_now())),
    ]
    mail = settings.mail
    if mail.host or mail.sender or mail.recipients:
        checks.append(("mail", lambda: mail_in_words(settings)))
    if settings.notify.urls:
        checks.append(("push", lambda: notify_in_words(settings)))
    if settings.embeddings:
        checks.insert(3, ("embeddings", lambda: _embeddings(settings)))
    if readable is None:  # what is in it, nobody knows
        checks = [(name, look) for name, look in checks if name not in _OF_THE_CONFIGURATION]
    broken = 0
    display: ProgressDisplay = context.obj
    for name, look in checks:
        try:
            line = f"ok      {name}: {look()}"
        except (BriefingError, OSError) as error:
            broken += 1
            line = f"broken  {name}: {error}"
        result(display.in_hand.completed(line), hanging=8)
    raise typer.Exit(1 if broken else 0)


_OF_THE_CONFIGURATION = {"sources", "model", "engine", "editions", "prompts and templates"}
"""Checks that say nothing where it cannot be read."""


def _configuration(path: Path | None) -> str:
    from briefing.config import load_config

    if path is None:
        return "none; `briefing init` makes one (not needed with --source)"
    load_config(path)
    return str(path)


def _readable(path: Path | None) -> "Config | None":
    """The configuration in `path`, the defaults without one; None where it is broken, which another check says."""
    from briefing.config import Config, load_config

    try:
        return load_config(path, mail_error=lambda _: None) if path else Config()
    except BriefingError:
        return None


def _sources(path: Path | None, config: "Config") -> str:
    from briefing.cli.settings import no_source
    from briefing.pipeline.checkup import check_secrets
    from briefing.pipeline.preflight import missing_sources, repeated_sources
    from briefing.pipeline.section_names import unknown_sections

    if missing := list(missing_sources(config)):
        raise ConfigError("sources", " ".join(missing).rstrip("."), "Correct the path, or take it out")
    check_secrets(config)
    if not config.sources:
        if path:
            raise no_source(path)
        return "none"
    # Those of recipients are a matter of mail.
    unknown = [one.notice.sentences for one in unknown_sections(config) if not one.recipient]
    unknown += [f"{notice.subject}: {notice.sentences}" for notice in repeated_sources(config)]
    return " ".join([f"{len(config.sources)}; `briefing sources check` reads them{'.' if unknown else ''}", *unknown])


def _model(config: "Config") -> str:
    from briefing.pipeline.model_resolution import model_location
    from briefing.pipeline.recommendation import fit_in_words

    place, fit = model_location(config)[0], fit_in_words(config)
    return f"{place.rstrip('.')}; it {fit}" if fit else place


def _embeddings(config: "Config") -> str:
    from briefing.pipeline.model_resolution import embedding_location

    return embedding_location(config)[0]


def _engine(config: "Config") -> str:
    from briefing.engines.hardware import physical_cores
    from briefing.pipeline.checkup import usable_engines
    from briefing.pipeline.model_resolution import engine_for

    used = engine_for(config)
    usable, others = usable_engines()
    return "; ".join([f"{used} (usable: {', '.join(usable)})", f"{physical_cores()} physical cores", *others])


def _editions(config: "Config") -> str:
    from briefing.pipeline.preflight import check_out

    return f"in the folder {check_out(config)}"


def _state(config: "Config", *, repair: bool) -> str:
    from briefing import pipeline
    from briefing.pipeline.preflight import check_state_file
    from briefing.store import good_copy

    done = pipeline.mend_state(config, pipeline.utc_now()) if repair else None
    path = check_state_file(config)
    copy = good_copy(path)
    if done is None:
        there = "" if path.exists() else "; it is not there yet"
        offer = f" (`briefing doctor --repair` puts back {copy})" if there and copy else ""
        return f"{path}{there}{offer}" if there or not copy else f"{path}, with {copy}"
    kept = f"; the damaged file is {done.kept}" if done.kept else ""
    return f"{path}: {done.copy} was put back{kept}" if done.copy else f"{path}: the next run makes a new one{kept}"


def _assets(config: "Config") -> str:
    from briefing.pipeline.preflight import check_assets

    return f"{check_assets(config)} files"
