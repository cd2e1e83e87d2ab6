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

from briefing.private_files import write_atomically

__all__ = ["Fit", "Machine", "Speed", "fit_of", "read_speed", "write_speed"]

_WINDOW = 4096
"""Tokens of a prompt and its answer, as the engine llama takes them where nobody says otherwise."""
_BUFFERS = 400_000_000
"""Bytes that llama.cpp takes beside model and cache, for a batch of 512 tokens."""
_CACHE_SHARE = 17_000
"""A model's file has about so many times the bytes of its cache for one token, where that is not known."""
_ADAPTER = 1.3
"""Times as long with an adapter: the default read 82 and wrote 34 tokens a second without its own, with it 60, 28."""
_READ_CITED, _READ_WHOLE, _WRITTEN = 500, 900, 175
"""Tokens a story: with the tuned model, and with whole articles, as an article of 470 tokens was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How fast a machine goes through a model."""

    reading: float
    """Bytes of a model a second, times tokens of a prompt: tokens a second are this by the file's size."""
    writing: float
    """The same for tokens that are written."""
    by: str
    """Name of the model that it was measured with; empty where only the processor's arithmetic and memory were."""
    day: str
    """ISO date of the measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a model finds on a machine."""

    processor: str
    cores: int
    """Physical ones."""
    memory: int
    """Bytes that are free; 0 where that is not known."""
    gpu: str = ""
    """Name of the GPU that llama.cpp computes on; empty without one."""
    gpu_memory: int = 0
    """Bytes that are free there."""
    slots: int = 1
    """Prompts side by side, each with a window of its own."""
    window: int = 0
    """Tokens that the settings give each of them; 0 where they leave it to the engine llama."""
    speed: Speed | None = None
    """None where it was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How a model goes with a machine."""

    needed: int
    """Bytes: file, cache and buffers."""
    place: Literal["gpu", "memory", "nowhere", "unknown"]
    """Where there is room for it."""
    seconds: float | None
    """A story; None where that is not known."""


def fit_of(machine: Machine, *, size: int, cache: int = 0, context: int = 0, adapter: int = 0) -> Fit:
    """How a model of `size` bytes, with `cache` bytes a token (0: not known), goes with `machine`.

    `context` is what the model can take, in tokens (0: not known); `adapter` the bytes of the weights that go with
    it (0: none), with which it is given chosen sentences rather than whole articles.
    """
    wished = machine.window or _WINDOW
    window = min(wished, context or wished) * machine.slots
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
    # A speed measured on a GPU says nothing of a model that has to lie beside it, nor arithmetic of a GPU.
    told = speed and place != "nowhere" and (not machine.gpu or (place == "gpu" and speed.by))
    if not speed or not told:
        return None
    read, times = (_READ_CITED, _ADAPTER) if tuned else (_READ_WHOLE, 1.0)
    return size * times * (read / speed.reading + _WRITTEN / speed.writing)


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
