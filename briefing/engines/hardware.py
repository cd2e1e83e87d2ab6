"""How many physical cores this process may use, and what follows from that.

Decoding is fastest with a thread for each of them.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["llama_slots", "physical_cores"]


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
