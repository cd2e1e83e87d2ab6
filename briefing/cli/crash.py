"""Where a traceback goes instead of the screen."""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path

from briefing._version import __version__
from briefing.address import shown_in
from briefing.cli.messages import tell_error

__all__ = ["tell_crash"]


def tell_crash(error: Exception) -> None:
    """Say in one line that `error`, which is being handled, is a mistake of ours, and where its traceback is."""
    said = shown_in(f"{type(error).__name__}: {error}")
    tell_error(f"A mistake in briefing itself: {said}. Details: {write_crash()}")


def write_crash() -> Path:
    """Write the current exception's traceback, without secrets of addresses, to a file of its own; its path."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="briefing-crash-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.write(f"briefing {__version__}\n{shown_in(traceback.format_exc())}")
    return Path(file.name)
