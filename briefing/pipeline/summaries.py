"""The same articles condensed by several models, so that a person can judge them beside one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from briefing.config import Config
from briefing.pipeline.context import RunContext
from briefing.pipeline.progress import ProgressListener
from briefing.pipeline.read import ReadResult
from briefing.pipeline.story_pipeline import condense_stories
from briefing.types import Article, Failure, Summary

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One article and what became of it, in the order of the models."""

    article: Article
    results: tuple[Summary | Failure, ...]


def compare(
    config: Config,
    models: Sequence[str],
    read: Callable[[RunContext], ReadResult],
    *,
    clock: Callable[[], datetime],
    progress: ProgressListener,
) -> tuple[list[Comparison], list[Failure]]:
    """Every article of the configuration's sources condensed by each of `models`, and what could not be read.

    One model is in memory at a time. Raises `ModelError` or `EngineError` where one cannot be had.
    """
    with RunContext(config, clock=clock, progress=progress) as context:
        reading = read(context)
    articles = reading.articles
    results: list[list[Summary | Failure]] = [[] for _ in articles]
    for model in models:
        progress.say(model)
        with RunContext(config.with_overrides(model=model), clock=clock, progress=progress) as context:
            for index, result in condense_stories([(article,) for article in articles], context):
                results[index].append(result)
    return list(map(Comparison, articles, map(tuple, results))), list(reading.failures)
