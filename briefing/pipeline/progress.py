"""The interface of progress listeners, and one that does nothing."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


class ProgressListener(Protocol):
    """Called at every stage of a run, in order, on the thread that runs the pipeline."""

    def stage(self, name: str, total: int) -> None:
        """A stage begins: ``read``, ``fetch``, ``summarise``, ``pictures`` or ``download``.

        `total`: items, bytes for a download.

        A stage may begin several times in a run. Stories that an earlier run has condensed are in none.
        """
        ...

    def step(self, subject: str, amount: int = 1) -> None:
        """`amount` more items of the stage are done, the last one `subject`."""
        ...

    def say(self, line: str) -> None:
        """A message for the user, such as what is about to be downloaded."""
        ...


@runtime_checkable
class DetailedListener(ProgressListener, Protocol):
    """A listener that is told of items before they are done, too."""

    def expect(self, *, known: int, seconds: float | None) -> None:
        """Before the stage ``summarise``: how many stories an earlier run has condensed, and what one of the others is
        expected to take; None where nobody knows.
        """
        ...

    def begin(self, subject: str) -> None:
        """A source, article or story is begun, which `step` will name; several may be at once."""
        ...


def begun(listener: ProgressListener, subject: str) -> None:
    """Tell a `DetailedListener` that an item is begun."""
    if isinstance(listener, DetailedListener):
        listener.begin(subject)


class NoProgress:
    """No-op progress listener."""

    def stage(self, name: str, total: int) -> None:
        """Do nothing."""

    def step(self, subject: str, amount: int = 1) -> None:
        """Do nothing."""

    def say(self, line: str) -> None:
        """Do nothing."""
