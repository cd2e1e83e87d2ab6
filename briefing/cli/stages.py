"""What a run is doing, as lines and as bars: its stages, the story in hand, the time that is left."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from briefing.address import shown_in
from briefing.cli.logs import PROGRESS
from briefing.sanitise import clipped, one_line

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress

_STAGES = {
    "read": "Reading sources",
    "fetch": "Fetching articles",
    "summarise": "Summarising",
    "pictures": "Pictures",
    "download": "Downloading",
}
_SUBJECT = 90
"""Characters of the story in hand that are shown."""
_LONG = 20
"""Seconds from which on an estimate is worth a word."""
_log = logging.getLogger(PROGRESS)


class Stage:
    """A stage of a run, in numbers. Times are seconds of a clock that never goes back."""

    def __init__(self, name: str, total: int, now: float, *, known: int = 0, seconds: float | None = None) -> None:
        self.name = name
        self.total = total
        self.known = known
        self.seconds = seconds
        """Expected for one item; None where that is not known."""
        self.done = 0
        self.in_hand: dict[str, float] = {}
        """Items that were begun, in that order, and when."""
        self._began = self._last = now

    def more(self, total: int, known: int) -> None:
        """The same stage once more: `total` items are added to those that are done."""
        self.total = self.done + total
        self.known += known

    def begin(self, subject: str, now: float) -> None:
        """An item is begun."""
        self.in_hand[subject] = now

    def step(self, subject: str, amount: int, now: float) -> float | None:
        """`amount` items are done; the seconds that this one took, where its beginning was told."""
        self.done += amount
        self._last = now
        began = self.in_hand.pop(subject, None)
        return None if began is None else now - began

    def left(self, now: float) -> float | None:
        """Seconds that the rest will take, by what was done so far, else as expected; None where that is not known."""
        pace = (self._last - self._began) / self.done if self.done else self.seconds
        if pace is None:
            return None
        return max(0.0, pace * (self.total - self.done) - (now - self._last))

    @property
    def title(self) -> str:
        """Its name for a reader."""
        return _STAGES.get(self.name, self.name)

    def opening(self, more: int | None = None) -> str:
        """The line with which it begins; `more`: items that are added to those before."""
        count = self.total if more is None else more
        if self.name == "download":
            return f"{self.title}: {count / 1e6:,.0f} MB"
        unit = ("story" if count == 1 else "stories") if self.name == "summarise" else ""
        parts = [f"{self.title}: {count}{' more' if more is not None else ''}{f' {unit}' if unit else ''}"]
        if self.seconds is not None and (whole := self.seconds * count) >= _LONG:
            parts.append(f"about {in_words(whole)}")
        if self.known and more is None:
            parts.append(f"{self.known} from an earlier run")
        return ", ".join(parts)


def in_words(seconds: float) -> str:
    """A length of time, as roughly as it is known: ``40 seconds``, ``3 minutes``, ``2 h 10 min``."""
    if seconds < 90:
        count = max(1, round(seconds)) if seconds < 10 else round(seconds, -1)
        return f"{count:.0f} second{'s' if count != 1 else ''}"
    minutes = math.floor(seconds / 60 + 0.5)
    if minutes < 90:
        return f"{minutes} minutes"
    hours, rest = divmod(round(minutes, -1), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} hours"


class Lines:
    """A run as lines of the log: one for each stage and one for each story.

    `shown`: whether the log is how a reader sees them; else they go to the log file alone.
    """

    def __init__(self, *, shown: bool) -> None:
        self._extra = {} if shown else {"printed": True}

    def opened(self, stage: Stage, line: str) -> None:
        """A stage has begun. A single item says nothing: its result comes next."""
        if stage.total > 1:
            self._say(line)

    def stepped(self, stage: Stage, subject: str, seconds: float | None) -> None:
        """An item is done."""
        if stage.name == "summarise" and stage.total > 1:
            took = f", {seconds:.0f} s" if seconds is not None and seconds >= 1 else ""
            self._say(f"{stage.done}/{stage.total} {subject}{took}")

    def _say(self, line: str) -> None:
        _log.info("%s", shown_in(one_line(line)), extra=self._extra)


class Bars:
    """A run on a terminal: a bar for the stage that it is in, and below it the story in hand."""

    def __init__(self, terminal: Console, clock: Callable[[], float]) -> None:
        from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
        from rich.text import Text

        self.console = terminal
        self._clock = clock
        self._stage: Stage | None = None
        self._last = ""
        """The item that was done last."""
        bars = self

        class Left(ProgressColumn):
            def render(self, task: Task) -> Text:
                return Text(bars._left(), style="progress.remaining")

        class WithStory(Progress):
            def get_renderables(self) -> Iterator[RenderableType]:
                yield self.make_tasks_table(self.tasks)
                yield Text(bars._in_hand(), style="dim", no_wrap=True, overflow="ellipsis")

        self._progress: Progress = WithStory(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[amount]}"),
            TimeElapsedColumn(),
            Left(),
            console=terminal,
            transient=True,
        )

    def opened(self, stage: Stage) -> None:
        """A stage has begun."""
        self._progress.start()  # no earlier: most commands have no stage
        for task in self._progress.task_ids:
            self._progress.remove_task(task)
        self._stage, self._last = stage, ""
        # Of a single item nobody knows how far it is.
        self._progress.add_task(stage.title, total=stage.total if stage.total > 1 else None, amount=self._amount(stage))
        self.moved("")

    def moved(self, subject: str) -> None:
        """Items were begun or done, the last one done `subject`."""
        self._last = subject
        if self._stage is not None:
            for task in self._progress.task_ids:
                self._progress.update(task, completed=self._stage.done, amount=self._amount(self._stage))

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()

    @staticmethod
    def _amount(stage: Stage) -> str:
        if stage.name == "download":
            return f"{stage.done / 1e6:,.0f}/{stage.total / 1e6:,.0f} MB"
        return f"{stage.done}/{stage.total}" if stage.total > 1 else ""

    def _left(self) -> str:
        seconds = self._stage.left(self._clock()) if self._stage else None
        return f"about {in_words(seconds)} left" if seconds and seconds >= 1 else ""

    def _in_hand(self) -> str:
        """The story that was begun first and is not done, in a line that no markup or control character leaves."""
        begun = list(self._stage.in_hand) if self._stage else []
        subject = clipped(shown_in(one_line(begun[0] if begun else self._last)), _SUBJECT)
        more = f" (and {len(begun) - 1} more)" if len(begun) > 1 else ""
        return f"  {subject}{more}"
