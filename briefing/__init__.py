"""A daily briefing from the sources you choose, with every key point checked against its article."""

from __future__ import annotations

from briefing._version import __version__

__all__ = ["__version__"]
