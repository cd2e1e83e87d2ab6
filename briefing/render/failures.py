"""What is not in an edition, for a reader: one line a server, however many of its pages could not be read. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from briefing.canonical import host_of
from briefing.types import Failure, FailureKind

MOST_LINKS = 3
"""Of one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Failures of one server, or else of one subject."""

    name: str
    """The host, or the subject where there is one failure or no host."""
    failures: tuple[Failure, ...]
    """At least one, in order."""

    @property
    def count(self) -> int:
        """Number of failures."""
        return len(self.failures)

    @property
    def cause(self) -> str:
        """The commonest, the first of several."""
        return Counter(failure.cause for failure in self.failures).most_common(1)[0][0]

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """Title and address of the first pages that can be linked to."""
        linked = [(_title(failure), failure.url) for failure in self.failures if failure.url]
        return tuple(linked[:MOST_LINKS])


def place_of(failure: Failure) -> str:
    """The host of a failure's page; empty where it is about none."""
    return host_of(failure.url or failure.subject).removeprefix("www.")


def grouped(failures: Iterable[Failure]) -> list[FailureGroup]:
    """All that failed, in the order of each group's first; what was left out on purpose is not among them."""
    groups: dict[str, list[Failure]] = {}
    for failure in failures:
        if failure.kind is FailureKind.FAILED:
            groups.setdefault(place_of(failure) or failure.subject, []).append(failure)
    return [
        FailureGroup(name=name if len(group) > 1 else group[0].subject, failures=tuple(group))
        for name, group in groups.items()
    ]


def _title(failure: Failure) -> str:
    """The page's title, behind the name of its source."""
    return failure.subject.partition(": ")[2] or failure.subject
