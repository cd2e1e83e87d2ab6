"""Prompts in flight concurrently, each on its own thread, for engines that wait for a server to decode."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from briefing.engines.base import Completion, Prompt


def complete_concurrently(
    prompts: Iterable[Prompt],
    slots: int,
    answer: Callable[[Prompt, threading.Event], Completion],
    *,
    patience: float = 10.0,
) -> Iterator[Completion]:
    """Yield ``answer(prompt, cancelled)`` for each prompt as it finishes, at most `slots` at once.

    `prompts` is pulled when a slot is free, also after it was exhausted (`Engine.complete`), and only by the caller's
    thread. `answer` must not raise, and must return soon after `cancelled` is set. Closing the iterator sets it and
    joins the threads for `patience` seconds in all.
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
    while True:  # in short waits: some systems handle signals only between them
        with contextlib.suppress(queue.Empty):
            return done.get(timeout=0.2)
