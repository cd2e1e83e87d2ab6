"""The hardware this process may use: physical cores, free memory, and the devices that llama.cpp computes on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def physical_cores(cpus: Path = Path("/sys/devices/system/cpu")) -> int:
    """Physical cores among those this process may run on, at least 1.

    Hyper-threads of one core slow each other down in matrix work. Outside Linux all logical processors are counted.
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
    """Default number of slots for llama.cpp.

    Each slot prefills the shared prefix for itself, which on two cores costs more than decoding concurrently gains
    (bench/summarise.py).
    """
    return min(4, max(1, physical_cores() // 2))


@dataclass(frozen=True, slots=True)
class Device:
    """A compute device, as its driver describes it."""

    name: str
    memory: int
    """Bytes in all."""
    free: int
    """Bytes."""


def gpus() -> tuple[Device, ...]:
    """Discrete and integrated GPUs; none where the llama.cpp wheel was built without them."""
    return _devices("GPU", "IGPU")


def processor() -> Device:
    """The processor, with the machine's memory."""
    return next(iter(_devices("CPU")), Device("", 0, 0))


def _devices(*kinds: str) -> tuple[Device, ...]:
    import xllamacpp

    # Not every version of the binding has `get_device_info`.
    listed: Iterable[dict[str, Any]] = getattr(xllamacpp, "get_device_info", list)()
    return tuple(
        Device(" ".join(str(info["description"]).split()), int(info["memory_total"]), int(info["memory_free"]))
        for info in listed
        if str(getattr(info["type"], "name", info["type"])).rpartition("_TYPE_")[2] in kinds
    )


def free_memory(system: Path = Path("/")) -> int:
    """Available bytes of memory, within the limit of the cgroup; 0 where that is not known (outside Linux)."""
    found = []
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = (system / "proc/meminfo").read_text().splitlines()
        found += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    group = system / "sys/fs/cgroup"  # a container's limit; "max" is no number
    with contextlib.suppress(OSError, ValueError):
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        lines = (group / "memory.stat").read_text().splitlines()
        # The page cache, such as a model's file, is reclaimable.
        used -= sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
        found.append(max(0, limit - used))
    return min(found, default=0)
