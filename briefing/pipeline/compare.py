"""The same articles condensed by several models, so that a person can judge them beside one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from briefing.config import Config
from briefing.pipeline.context import Workshop
from briefing.pipeline.progress import Watcher
from briefing.pipeline.read import Reading
from briefing.pipeline.story_pipeline import condense_stories
from briefing.types import Article, Failure, Summary

__all__ = ["Compared", "compare"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One article and what became of it, in the order of the models."""

    article: Article
    results: tuple[Summary | Failure, ...]


def compare(
    config: Config,
    models: Sequence[str],
    read: Callable[[Workshop], Reading],
    *,
    clock: Callable[[], datetime],
    watcher: Watcher,
) -> tuple[list[Compared], list[Failure]]:
    """Every article of the configuration's sources condensed by each of `models`, and what could not be read.

    One model is in memory at a time. Raises `ModelError` or `EngineError` where one cannot be had.
    """
    with Workshop(config, clock=clock, watcher=watcher) as workshop:
        reading = read(workshop)
    results: dict[str, list[Summary | Failure]] = {article.id: [] for article in reading.articles}
    for model in models:
        watcher.say(model)
        with Workshop(config.with_overrides(model=model), clock=clock, watcher=watcher) as workshop:
            for (article, *_), result in condense_stories([(one,) for one in reading.articles], workshop):
                results[article.id].append(result)
    compared = [Compared(article, tuple(results[article.id])) for article in reading.articles]
    return compared, list(reading.failures)
