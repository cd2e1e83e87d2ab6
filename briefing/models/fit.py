"""Whether a model fits a machine, and how long a story would take there: estimates from two measured speeds.

Decoding a token reads all weights once, so its time grows with the size of the file; so does prefill, whose arithmetic
a token is proportional to it. A speed measured with one model is therefore kept in bytes a second and holds for models
of any size, within a third or so. It is measured once and kept in a small JSON file.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from briefing.private_files import replace_text

WINDOW = 4096
"""Default context window of the engine llama, in tokens."""
_BUFFERS = 400_000_000
"""Bytes of llama.cpp's compute buffers, for a batch of 512 tokens."""
_CACHE_SHARE = 17_000
"""Estimated ratio of a model's file to its KV cache for one token, where the latter is not known."""
_ADAPTER = 1.3
"""Times as long with an adapter: the default read 82 and wrote 34 tokens a second without its own, with it 60, 28."""
_READ_CITED, _READ_WHOLE, _WRITTEN = 500, 900, 175
"""Tokens a story: with the tuned model, and with whole articles, as an article of 470 tokens was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """A machine's throughput: bytes of weights times tokens a second. Divided by a file's size: tokens a second."""

    reading: float
    """Of prefill."""
    writing: float
    """Of decoding."""
    by: str
    """Name of the model that it was measured with; empty where only arithmetic and memory were measured."""
    day: str
    """ISO date of the measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine's resources for a model."""

    processor: str
    cores: int
    """Physical ones."""
    memory: int
    """Free bytes; 0 where that is not known."""
    gpu: str = ""
    """Name of llama.cpp's GPU; empty without one."""
    gpu_memory: int = 0
    """Free bytes there."""
    slots: int = 1
    """Prompts decoded concurrently, each with its own window."""
    window: int = 0
    """Configured tokens of a window; 0 for the default of the engine llama."""
    speed: Speed | None = None
    """None where it was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Memory and speed of a model on a machine."""

    needed: int
    """Bytes: file, KV cache and buffers."""
    place: Literal["gpu", "memory", "nowhere", "unknown"]
    """Where it fits."""
    seconds: float | None
    """For a story; None where that is not known."""


def fit_of(machine: Machine, *, size: int, cache: int = 0, context: int = 0, adapter: int = 0) -> Fit:
    """The fit of a model of `size` bytes, with `cache` bytes a token (0: not known), on `machine`.

    `context`: the model's window in tokens (0: not known); `adapter`: bytes of its adapter (0: none), with which it
    reads chosen sentences instead of whole articles.
    """
    configured = machine.window or WINDOW
    window = min(configured, context or configured) * machine.slots
    needed = size + adapter + (cache or size // _CACHE_SHARE) * window + _BUFFERS
    place: Literal["gpu", "memory", "nowhere", "unknown"]
    if machine.gpu and needed <= machine.gpu_memory:
        place = "gpu"
    elif not machine.memory:
        place = "unknown"
    else:
        place = "memory" if needed <= machine.memory else "nowhere"
    return Fit(needed=needed, place=place, seconds=_seconds(machine, place, size, bool(adapter)))


def _seconds(machine: Machine, place: str, size: int, tuned: bool) -> float | None:
    speed = machine.speed
    # A speed measured on a GPU does not hold for a model in main memory, nor measured arithmetic for a GPU.
    applies = place != "nowhere" and (not machine.gpu or (place == "gpu" and speed and speed.by))
    if not speed or not applies:
        return None
    read, times = (_READ_CITED, _ADAPTER) if tuned else (_READ_WHOLE, 1.0)
    return size * times * (read / speed.reading + _WRITTEN / speed.writing)


def read_speed(path: Path, machine: str) -> Speed | None:
    """The speed recorded at `path` for the machine of that description; None where there is none or it is broken."""
    try:
        data = json.loads(path.read_text("utf-8"))
        if data["machine"] != machine:
            return None
        reading, writing = float(data["reading"]), float(data["writing"])
        speed = Speed(reading=reading, writing=writing, by=str(data["by"]), day=str(data["day"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return speed if speed.reading > 0 and speed.writing > 0 else None


def write_speed(path: Path, machine: str, speed: Speed) -> None:
    """Record the speed; where the folder cannot be written, it is measured each time."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, json.dumps({"machine": machine, **asdict(speed)}))
