"""What one step learns from: which rows, in which order, as which tokens. Pure and the same for the same seed.

Nothing here keeps a random state: every choice follows from the seed, the epoch and the row's id, so a run that goes on
from a checkpoint draws what it would have drawn.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from training.layout import Layout, answer, line
from training.rows import Claim, Row

__all__ = ["IGNORED", "Lesson", "Place", "Plan", "Teacher"]

IGNORED = -100
"""Where nothing is to be predicted (what torch's cross entropy leaves out)."""
TRUE, WRONG = 2, 3
"""Statements of an article put to the check each time."""
LABELLED, OWN = 0.2, 0.1
"""Shares of labelled claims and of the model's own points in all statements."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A row as tokens: a beginning, and behind it two continuations that do not see each other."""

    beginning: list[int]
    tokens: list[int]
    """Of the answer to ``write`` (none where the row has only statements), then those of the check."""
    written: int
    """How many of them belong to the first."""
    targets: list[int]
    """What follows each token, or `IGNORED`."""
    source: str
    """``points``, ``labelled`` or ``own``."""

    @property
    def counts(self) -> tuple[int, int]:
        """Predicted tokens of either continuation."""
        known = [target != IGNORED for target in self.targets]
        return sum(known[: self.written]), sum(known[self.written :])


class Teacher:
    """Rows into tokens."""

    def __init__(self, tokenise: Callable[[str], list[int]], layout: Layout | None = None) -> None:
        self._tokenise = tokenise
        self._layout = layout or Layout()
        (self.yes,), (self.no,) = tokenise(" yes"), tokenise(" no")

    def lesson(self, row: Row, draw: random.Random) -> Lesson:
        """The row's tokens, with the statements that `draw` picks of it where it is an article."""
        write = row.write
        question = self._layout.question(
            row.sentences,
            points=len(write.points) if write else 1,
            length=write.length if write else "medium",
            headline=bool(write and write.headline),
        )
        tokens, targets = [], []
        if write:
            order, text = self._tokenise(question.write), self._tokenise(answer(write.points, write.headline))
            tokens, targets = order + text, _shifted([IGNORED] * len(order) + text)
        checked, verdicts = self._tokenise(question.check), list[int]()
        verdicts += [IGNORED] * len(checked)
        for claim in _picked(row, draw):
            said = self._tokenise(f"{line(claim.cites, claim.text)} |")
            verdict = self.yes if claim.label else self.no
            end = self._tokenise("\n")
            checked += [*said, verdict, *end]
            verdicts += [*([IGNORED] * len(said)), verdict, *([IGNORED] * len(end))]
        source = {"tune": "labelled", "own": "own"}.get(row.part, "points")
        return Lesson(
            beginning=self._tokenise(question.beginning),
            tokens=tokens + checked,
            written=len(tokens),
            targets=targets + _shifted(verdicts),
            source=source,
        )


def _picked(row: Row, draw: random.Random) -> list[Claim]:
    if row.write is None:
        return draw.sample(row.claims, len(row.claims))
    right = [claim for claim in row.claims if claim.label]
    wrong = [claim for claim in row.claims if not claim.label]
    picked = draw.sample(right, min(TRUE, len(right))) + draw.sample(wrong, min(WRONG, len(wrong)))
    return draw.sample(picked, len(picked))


def _shifted(known: list[int]) -> list[int]:
    return [*known[1:], IGNORED]


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

    def __init__(self, rows: Sequence[Row], *, seed: int, batch: int, seen: Collection[str] = ()) -> None:
        self._articles = [row for row in rows if row.part == "train"]
        self._others = {
            "labelled": [row for row in rows if row.part == "tune"],
            "own": [row for row in rows if row.part == "own"],
        }
        self._seed, self._batch, self._seen = seed, batch, frozenset(seen)
        labelled = LABELLED if self._others["labelled"] else 0.0
        own = OWN if self._others["own"] else 0.0
        self._wanted = {"labelled": labelled / (1 - labelled - own), "own": own / (1 - labelled - own)}

    def order(self, epoch: int) -> list[Row]:
        """The articles of an epoch: shuffled; in the first, those not `seen` before come first."""
        order = random.Random(f"{self._seed} {epoch}").sample(self._articles, len(self._articles))
        return sorted(order, key=lambda row: row.id in self._seen) if epoch == 0 else order

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
