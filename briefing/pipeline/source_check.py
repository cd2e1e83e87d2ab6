"""What each source holds, read as a run reads it; only the pages behind a feed's items are left alone.

Whatever its age: what an edition takes of it is the business of `since` and the limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from briefing.pipeline.context import RunContext
from briefing.pipeline.read import Limits, check_source
from briefing.pipeline.window import Window
from briefing.types import Failure, FailureKind, Source

__all__ = ["CheckedSource", "check_sources"]


@dataclass(frozen=True, slots=True)
class CheckedSource:
    """What reading one source of the configuration gave."""

    source: Source
    articles: int
    """Those that were read, and the items whose pages a run would fetch."""
    failures: tuple[Failure, ...]
    """What could not be read: the source itself, or some of what it lists."""


def check_sources(context: RunContext) -> Iterator[CheckedSource]:
    """Each source of the configuration with the number of articles it gives and what is wrong with it."""
    config = context.config
    for source in config.sources:
        limits = Limits(full_text=config.full_text, offline=config.offline, allow_local=config.allow_local)
        articles, failures = check_source(
            source,
            limits=limits,
            window=Window(now=context.clock()),
            open_fetcher=context.fetcher,
            progress=context.progress,
            commands=context.commands,
        )
        failed = tuple(failure for failure in failures if failure.kind is FailureKind.FAILED)
        yield CheckedSource(source, articles, failed)
