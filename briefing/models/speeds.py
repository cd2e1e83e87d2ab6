"""The measured speed of this machine, kept in a small JSON file with what the machine is: it is measured once."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from pathlib import Path

from briefing.models.fit import Speed
from briefing.private_files import write_atomically

__all__ = ["read_speed", "write_speed"]


def read_speed(path: Path, machine: str) -> Speed | None:
    """The speed noted at `path` for the machine of that description; None where there is none or it is broken."""
    try:
        noted = json.loads(path.read_text("utf-8"))
        if noted["machine"] != machine:
            return None
        speed = Speed(
            reading=float(noted["reading"]), writing=float(noted["writing"]),
            by=str(noted["by"]), day=str(noted["day"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return speed if speed.reading > 0 and speed.writing > 0 else None


def write_speed(path: Path, machine: str, speed: Speed) -> None:
    """Note the speed; a folder that cannot be written costs a measurement each time, and no more."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps({"machine": machine, **asdict(speed)}))
