"""How long a story takes: as earlier runs on this state file measured it, else as estimated for this machine."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from briefing.types import Failure, Summary

if TYPE_CHECKING:
    from briefing.pipeline.context import RunContext

_STORIES, _MILLISECONDS = "pace.stories", "pace.ms"
"""Counters of a run, followed by what names engine and model."""


def expected_seconds(context: RunContext) -> float | None:
    """Seconds that a story is expected to take; None where nothing was measured. Nothing is measured for it."""
    name = _model(context)
    last = context.store.counters_with(f"{_STORIES}.{name}")
    if last:
        return last[f"{_MILLISECONDS}.{name}"] / 1000 / last[f"{_STORIES}.{name}"]
    if context.engine_was_given:
        return None
    from briefing.pipeline.recommendation import seconds_a_story

    return seconds_a_story(context.config)


class Pace:
    """Measures how long stories take from now on, for later runs."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._began = context.clock()
        self._last: datetime | None = None
        self._done = 0

    def note(self, result: Summary | Failure) -> None:
        """A story is done; counts where the model was asked for it."""
        if isinstance(result, Summary) and not result.cached:
            self._done += 1
            self._last = self._context.clock()

    def keep(self) -> None:
        """Store what was measured, where anything was, unless most answers came from the store."""
        counted = self._context.store.counters()
        if self._last is None or counted.get("completion.hit", 0) > counted.get("completion.miss", 0):
            return
        name = _model(self._context)
        took = (self._last - self._began).total_seconds()
        self._context.store.count(f"{_STORIES}.{name}", self._done)
        self._context.store.count(f"{_MILLISECONDS}.{name}", max(1, round(took * 1000)))


def _model(context: RunContext) -> str:
    return context.engine.digest[:16]
