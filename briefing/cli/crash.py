"""Where a traceback goes instead of the screen."""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path

from briefing._version import __version__
from briefing.cli.screen import tell_error

__all__ = ["tell_crash"]


def tell_crash(error: Exception) -> None:
    """Say in one line that `error`, which is being handled, is a mistake of ours, and where its traceback is."""
    tell_error(f"A mistake in briefing itself: {type(error).__name__}: {error}. Details: {write_crash()}")


def write_crash() -> Path:
    """Write the current exception's traceback to a file of its own and return the file's path."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="briefing-crash-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.write(f"briefing {__version__}\n{traceback.format_exc()}")
    return Path(file.name)
