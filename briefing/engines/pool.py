"""Prompts in flight side by side, each on a thread of its own: for engines that wait for something else to decode."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from briefing.engines.base import Completion, Prompt

__all__ = ["complete_concurrently"]


def complete_concurrently(
    prompts: Iterable[Prompt],
    slots: int,
    answer: Callable[[Prompt, threading.Event], Completion],
    *,
    patience: float = 10.0,
) -> Iterator[Completion]:
    """Yield ``answer(prompt, cancelled)`` for each prompt as it finishes, at most `slots` at once.

    `prompts` is pulled when a slot is free, also after it had none (`Engine.complete`), and by this thread alone, so
    that the caller's code never runs on another one. `answer` must raise nothing, and end soon once `cancelled` is set,
    as it is when the iterator is closed; all together then get `patience` seconds.
    """
    waiting = iter(prompts)
    done: queue.SimpleQueue[Completion] = queue.SimpleQueue()
    cancelled = threading.Event()
    workers: list[threading.Thread] = []
    running = 0
    try:
        while True:
            while running < slots and (prompt := next(waiting, None)) is not None:
                worker = threading.Thread(target=lambda prompt=prompt: done.put(answer(prompt, cancelled)), daemon=True)
                workers.append(worker)
                worker.start()
                running += 1
            if not running:
                return
            yield _wait(done)
            running -= 1
            workers = [worker for worker in workers if worker.is_alive()]
    finally:
        cancelled.set()
        last = time.monotonic() + patience
        for worker in workers:
            worker.join(timeout=max(0.0, last - time.monotonic()))


def _wait(done: queue.SimpleQueue[Completion]) -> Completion:
    while True:  # in short waits, because a signal is only handled between them on some systems
        with contextlib.suppress(queue.Empty):
            return done.get(timeout=0.2)
