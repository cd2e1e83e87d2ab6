"""The hardware this process may use: physical cores, free memory, and the devices that llama.cpp computes on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Device", "free_memory", "gpus", "llama_slots", "physical_cores", "processor"]


def physical_cores(cpus: Path = Path("/sys/devices/system/cpu")) -> int:
    """Physical cores among those this process may run on, at least 1.

    Two threads on the two halves of one core only get in each other's way in matrix work. Where the system does not
    tell which logical processors share a core (outside Linux), all of them are counted.
    """
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    cores = set()
    for cpu in allowed:
        siblings = cpus / f"cpu{cpu}" / "topology" / "thread_siblings_list"
        try:
            cores.add(siblings.read_text().strip())
        except OSError:
            cores.add(f"cpu{cpu}")
    return max(1, len(cores))


def llama_slots() -> int:
    """Prompts that llama.cpp decodes side by side where nobody says how many.

    Each slot computes the shared beginning of prompts for itself, which on two cores costs more than decoding side by
    side gains (bench/summarise.py).
    """
    return min(4, max(1, physical_cores() // 2))


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


def free_memory(system: Path = Path("/")) -> int:
    """Bytes of memory that a program may still take; 0 where the system does not say it (outside Linux)."""
    found = []
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = (system / "proc/meminfo").read_text().splitlines()
        found += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    group = system / "sys/fs/cgroup"  # what a container may take may be less; "max" is no number
    with contextlib.suppress(OSError, ValueError):
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        lines = (group / "memory.stat").read_text().splitlines()
        # Files that are only kept at hand, such as a model's, give way.
        used -= sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
        found.append(max(0, limit - used))
    return min(found, default=0)
