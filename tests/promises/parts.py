"""What the fixtures of this folder give."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from briefing.engines import Engine, EngineOptions

Configure = Callable[..., None]
"""``configure("points = 3", towns=TOWNS[:2])``"""
Install = Callable[[Engine], list[EngineOptions]]
"""Installs an engine under the name ``scripted``; what it returns gets the options of each time it is opened."""


class Clock:
    """The time of the runs in a test; it stands still unless something moves it."""

    def __init__(self) -> None:
        self.now = datetime(2024, 5, 17, 6, 58, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        """Move it."""
        self.now += timedelta(seconds=seconds)
