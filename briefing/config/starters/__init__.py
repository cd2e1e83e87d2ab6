"""Lists of well-known public feeds to begin with, one OPML file a topic: titles and addresses, nothing else.

They name outlets of several countries whose feeds are free to read and have kept their address for years.
"""

from __future__ import annotations

from importlib.resources import files

from briefing.config.validators import nearest
from briefing.errors import UsageError

STARTERS = ("world", "tech", "science", "business")


def read_starter(topic: str) -> bytes:
    """The OPML list of one of `STARTERS`. Raises `UsageError` for any other."""
    if topic not in STARTERS:
        cause = f"there is no list {topic!r} to begin with{nearest(topic, STARTERS)}"
        raise UsageError("--starter", cause, f"Choose one of {', '.join(STARTERS)}")
    return files(__package__).joinpath(f"{topic}.opml").read_bytes()
