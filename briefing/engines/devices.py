"""What llama.cpp can compute on: this machine's processor, and the GPUs that the installed wheel was built for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["Device", "gpus", "processor"]


@dataclass(frozen=True, slots=True)
class Device:
    """One thing that computes."""

    name: str
    """As its driver says it; empty where it says nothing."""
    memory: int
    """Bytes that it has."""
    free: int
    """Bytes of them that nobody uses now."""


def gpus() -> tuple[Device, ...]:
    """GPUs with memory of their own or the processor's; none where the wheel has no code for them."""
    return _devices("GPU", "IGPU")


def processor() -> Device:
    """The processor, with the machine's memory."""
    return next(iter(_devices("CPU")), Device("", 0, 0))


def _devices(*kinds: str) -> tuple[Device, ...]:
    import xllamacpp

    listed: Iterable[dict[str, Any]] = getattr(
        xllamacpp, "get_device_info", list
    )()  # not every version of the binding has it
    return tuple(
        Device(" ".join(str(one["description"]).split()), int(one["memory_total"]), int(one["memory_free"]))
        for one in listed
        if str(getattr(one["type"], "name", one["type"])).rpartition("_TYPE_")[2] in kinds
    )
