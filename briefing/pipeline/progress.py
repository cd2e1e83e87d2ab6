"""What a run tells whoever watches it. The default says nothing."""

from __future__ import annotations

from typing import Protocol

__all__ = ["NoProgress", "ProgressListener"]


class ProgressListener(Protocol):
    """Told of every stage of a run, in order; all calls come from the thread that runs the pipeline."""

    def stage(self, name: str, total: int) -> None:
        """A stage begins: ``read``, ``fetch``, ``summarise`` or ``download``; `total` items (bytes for a download)."""
        ...

    def step(self, subject: str, amount: int = 1) -> None:
        """`amount` more of the stage is done, most recently `subject`."""
        ...

    def say(self, line: str) -> None:
        """Something a person should know now, such as what is about to be downloaded."""
        ...


class NoProgress:
    """Watches without a word."""

    def stage(self, name: str, total: int) -> None:
        """Say nothing."""

    def step(self, subject: str, amount: int = 1) -> None:
        """Say nothing."""

    def say(self, line: str) -> None:
        """Say nothing."""
