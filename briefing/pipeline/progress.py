"""The interface of progress listeners, and one that does nothing."""

from __future__ import annotations

from typing import Protocol


class ProgressListener(Protocol):
    """Called at every stage of a run, in order, on the thread that runs the pipeline."""

    def stage(self, name: str, total: int) -> None:
        """A stage begins: ``read``, ``fetch``, ``summarise`` or ``download``; `total` items (bytes for a download)."""
        ...

    def step(self, subject: str, amount: int = 1) -> None:
        """`amount` more items of the stage are done, the last one `subject`."""
        ...

    def say(self, line: str) -> None:
        """A message for the user, such as what is about to be downloaded."""
        ...


class NoProgress:
    """No-op progress listener."""

    def stage(self, name: str, total: int) -> None:
        """Do nothing."""

    def step(self, subject: str, amount: int = 1) -> None:
        """Do nothing."""

    def say(self, line: str) -> None:
        """Do nothing."""
