"""Politeness: how many requests a host gets at once, and how far apart they start."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from typing import TypeVar
from urllib.parse import urlsplit

__all__ = ["Politeness", "by_turns", "server_of"]

T = TypeVar("T")

_USUAL_PORTS = frozenset({80, 443})


class _Host:
    def __init__(self, at_once: int) -> None:
        self.slots = threading.Semaphore(at_once)
        self.next_start = 0.0


class Politeness:
    """At most `at_once` requests to a host at a time, their starts at least `gap` seconds apart."""

    def __init__(self, *, at_once: int, gap: float, sleep: Callable[[float], object]) -> None:
        self._at_once, self._gap, self._sleep = at_once, gap, sleep
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    @contextmanager
    def slot(self, host: str) -> Iterator[None]:
        """Waits for one of the host's slots and holds it."""
        with self._of(host).slots:
            yield

    def pause(self, host: str) -> None:
        """Waits until the host may be asked again. Called when a request leaves, so a cached answer never waits."""
        state = self._of(host)
        with self._lock:
            now = time.monotonic()
            start = max(now, state.next_start)
            state.next_start = start + self._gap
        if start > now:
            self._sleep(start - now)

    def _of(self, host: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(host, _Host(self._at_once))


def server_of(url: str) -> str:
    """The server behind an address: its host, with a port that is not the usual one; empty where there is none."""
    try:
        parts = urlsplit(url.strip())
        usual = parts.port is None or parts.port in _USUAL_PORTS
        return (parts.hostname or "") if usual else f"{parts.hostname}:{parts.port}"
    except ValueError:
        return ""


def by_turns(items: Iterable[T], host: Callable[[T], str]) -> list[T]:
    """The items so ordered that hosts take turns, each host's own in order: a large host does not hold up the rest."""
    queues: dict[str, list[T]] = {}
    for item in items:
        queues.setdefault(host(item), []).append(item)
    return [item for turn in zip_longest(*queues.values()) for item in turn if item is not None]
