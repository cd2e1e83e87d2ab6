"""Where a traceback goes instead of the screen."""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path

from briefing._version import __version__

__all__ = ["write_crash"]


def write_crash() -> Path:
    """Write the current exception's traceback to a file of its own and return the file's path."""
    with tempfile.NamedTemporaryFile("w", prefix="briefing-crash-", suffix=".txt", delete=False) as file:
        file.write(f"briefing {__version__}\n{traceback.format_exc()}")
    return Path(file.name)
