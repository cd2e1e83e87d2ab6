"""What one step learns from: which rows, in which order, as which tokens. Pure and the same for the same seed.

Nothing here keeps a random state: every choice follows from the seed, the epoch and the row's id, so a run that goes on
from a checkpoint draws what it would have drawn.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from training.layout import Layout, answer, line
from training.rows import Row

__all__ = ["Continuation", "Lesson", "Place", "Plan", "Teacher"]

MOST = 8
"""Statements of a row put to the check at a time; where it has more, they are drawn."""
LABELLED, OWN = 0.2, 0.1
"""Shares of labelled claims and of the model's own points in all statements."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """What follows behind an article's sentences: what is asked, and the answer."""

    tokens: list[int]
    learnt: int
    """How many tokens at the end are the answer: those are to be predicted."""
    check: bool
    """Whether it is a verdict on one statement; else the key points."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A row as tokens: its sentences, and behind them continuations that do not see each other."""

    beginning: list[int]
    continuations: tuple[Continuation, ...]
    source: str
    """``points``, ``labelled`` or ``own``."""

    @property
    def size(self) -> int:
        """Tokens that the model reads: of each continuation all but the last, which is only predicted."""
        return len(self.beginning) + sum(len(one.tokens) - 1 for one in self.continuations)

    @property
    def counts(self) -> tuple[int, int]:
        """Predicted tokens of the key points, and verdicts."""
        written = sum(one.learnt for one in self.continuations if not one.check)
        return written, sum(one.check for one in self.continuations)


class Teacher:
    """Rows into tokens."""

    def __init__(self, tokenise: Callable[[str], list[int]], layout: Layout | None = None) -> None:
        self._tokenise = tokenise
        self._layout = layout or Layout()
        (self.yes,), (self.no,) = tokenise(" yes"), tokenise(" no")

    def lesson(self, row: Row, draw: random.Random) -> Lesson:
        """The row's tokens: each statement is asked about by itself, as the product does; `draw` picks `MOST`."""
        write = row.write
        question = self._layout.question(
            row.sentences,
            points=len(write.points) if write else 1,
            length=write.length if write else "medium",
            headline=bool(write and write.headline),
        )
        found = []
        if write:
            text = self._tokenise(answer(write.points, write.headline))
            found.append(Continuation(self._tokenise(question.write) + text, len(text), check=False))
        asked = self._tokenise(question.check)
        for claim in draw.sample(row.claims, min(MOST, len(row.claims))):
            said = self._tokenise(f"{line(claim.cites, claim.text)} |")
            found.append(Continuation([*asked, *said, self.yes if claim.label else self.no], 1, check=True))
        source = {"tune": "labelled", "own": "own"}.get(row.part, "points")
        return Lesson(self._tokenise(question.beginning), tuple(found), source)


@dataclass(slots=True)
class Place:
    """Where in the data a run is."""

    epoch: int = 0
    index: int = 0
    """Articles of this epoch that are done."""
    drawn: dict[str, int] = field(default_factory=lambda: {"labelled": 0, "own": 0})
    """Rows without an article that are done."""
    due: dict[str, float] = field(default_factory=lambda: {"labelled": 0.0, "own": 0.0})
    """Statements without an article that are still to come, by source; below zero where a row brought more."""


class Plan:
    """Which rows come when."""

    def __init__(self, rows: Sequence[Row], *, seed: int, batch: int) -> None:
        self._articles = [row for row in rows if row.part == "train"]
        self._others = {
            "labelled": [row for row in rows if row.part == "tune"],
            "own": [row for row in rows if row.part == "own"],
        }
        self._seed, self._batch = seed, batch
        labelled = LABELLED if self._others["labelled"] else 0.0
        own = OWN if self._others["own"] else 0.0
        self._wanted = {"labelled": labelled / (1 - labelled - own), "own": own / (1 - labelled - own)}

    def order(self, epoch: int) -> list[Row]:
        """The articles of an epoch, shuffled."""
        return random.Random(f"{self._seed} {epoch}").sample(self._articles, len(self._articles))

    def left(self, place: Place, epochs: int) -> float:
        """The share of `epochs` passes that is still to come: 1 at the beginning, 0 at the end."""
        return max(0.0, 1 - (place.epoch + place.index / max(1, len(self._articles))) / epochs)

    def next(self, place: Place, teacher: Teacher) -> tuple[list[Lesson], Place]:
        """The lessons of the step at `place`, and the place behind it."""
        rows = self.order(place.epoch)[place.index : place.index + self._batch]
        lessons = [teacher.lesson(row, random.Random(f"{self._seed} {place.epoch} {row.id}")) for row in rows]
        index = place.index + len(rows)
        done = index >= len(self._articles)
        behind = Place(place.epoch + done, 0 if done else index, dict(place.drawn), dict(place.due))
        count = sum(lesson.counts[1] for lesson in lessons)
        for source, ratio in self._wanted.items():
            behind.due[source] += ratio * count
            while behind.due[source] >= 1:
                number = behind.drawn[source]
                row = self._other(source, number)
                lessons.append(teacher.lesson(row, random.Random(f"{self._seed} {number} {row.id}")))
                behind.drawn[source] += 1
                behind.due[source] -= lessons[-1].counts[1]
        return lessons, behind

    def _other(self, source: str, number: int) -> Row:
        turn, at = divmod(number, len(self._others[source]))
        return self._mixed(source, turn)[at]

    def _mixed(self, source: str, turn: int) -> list[Row]:
        """Rows in turns of their data sets; at any time a set has come up as the root of its size, not as its size."""
        draw = random.Random(f"{self._seed} {turn} {source}")
        rows = self._others[source]
        sizes = Counter(row.source for row in rows)
        come: Counter[str] = Counter()
        keyed = []
        for row in draw.sample(rows, len(rows)):
            keyed.append(((come[row.source] + draw.random()) / math.sqrt(sizes[row.source]), row))
            come[row.source] += 1
        return [row for _, row in sorted(keyed, key=lambda one: one[0])]
