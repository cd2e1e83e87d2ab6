"""Describes this machine: processor, free memory, GPU, and its speed, measured once.

The speed is measured with a local model through llama.cpp as in a run, GPU included; without a model, arithmetic and
memory are measured with numpy and scaled to agree with llama.cpp's wheel on one machine with AVX2 (1.5 billion
parameters at 4 bits: 82 tokens a second read, 34 written).
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from briefing.engines import EngineOptions, Message, ModelSpec, Prompt
from briefing.engines.hardware import free_memory, gpus, llama_slots, physical_cores, processor
from briefing.errors import BriefingError
from briefing.models import Entry, Machine, ModelFolder, Speed, read_speed, write_speed

_SMALLEST, _LARGEST = 300_000_000, 2_600_000_000
"""Bytes of a model to measure with: smaller ones are dominated by overhead, larger ones take long."""
_READ = "The council met on Tuesday to talk about the tram line, the bridge and the new market hall. " * 3
"""About 64 tokens."""
_WRITTEN = 24
"""Tokens."""
_SECONDS = 0.5
_CALM = 0.8
"""Share of the cores' time that llama.cpp gets on an idle machine. Its threads wait for one another, so that with less
it slows down disproportionately: with a quarter of two cores it wrote 2 tokens a second instead of 34."""
_READING_SHARE, _WRITING_SHARE = 0.36, 0.95


def this_machine(
    models: ModelFolder, *, measures: bool, afresh: bool = False, say: Callable[[str], None] = lambda _: None
) -> Machine:
    """The machine's description.

    Without `measures`, the speed is the recorded one. With it, the speed is measured (a few seconds, announced to
    `say`, as is a failure) where none is recorded, where it was measured without a model and one is here now, or
    `afresh`.
    """
    host, cards = processor(), gpus()
    cores = physical_cores()
    described = [host.name, f"{cores} cores", f"{host.memory >> 30} GiB", *(card.name for card in cards), _binding()]
    identity = "; ".join(described)
    speed = None if afresh else read_speed(models.speed_record, identity)
    if measures and (speed is None or (not speed.by and _yardstick(models))):
        say("Measuring the speed of this machine; this is done once.")
        try:
            measured, calm = _with_a_model(models, on_gpu=bool(cards))
            if not calm:
                say("Other programs kept the processor busy, so what was measured is rough and is not kept.")
            speed = measured if measured and calm else _with_arithmetic(cores)
            if calm:
                write_speed(models.speed_record, identity, speed)
        except ImportError as error:
            (said, *_) = str(error).strip().splitlines() or [type(error).__name__]
            say(f"It could not be measured: a package is missing or broken ({said}).")
    return Machine(
        processor=host.name,
        cores=cores,
        memory=free_memory() or host.memory * 3 // 4,
        gpu=cards[0].name if cards else "",
        gpu_memory=sum(card.free for card in cards),
        slots=llama_slots(),
        speed=speed,
    )


def _binding() -> str:
    try:
        return f"xllamacpp {version('xllamacpp')}"
    except PackageNotFoundError:
        return ""


def _yardstick(models: ModelFolder) -> Entry | None:
    """The model to measure with: the catalogue's default, else the largest of a suitable size; None without one."""
    suitable = [e for e in models.installed() if e.engine == "llama" and _SMALLEST <= e.size <= _LARGEST]
    return min(suitable, key=lambda entry: (entry.name != models.catalogue.default, -entry.size), default=None)


def _with_a_model(models: ModelFolder, *, on_gpu: bool) -> tuple[Speed | None, bool]:
    """The speed of a local model (None where there is none or it does not run), and whether the machine was idle."""
    from briefing.engines.llama import LlamaEngine

    entry = _yardstick(models)
    if entry and not on_gpu and _share_of_the_cores() < _CALM:
        return None, False  # a measurement would take ten times as long and be useless
    if entry:
        with contextlib.suppress(BriefingError):
            file = models.resolve(entry.name)
            spec = ModelSpec(name=file.name, path=file.path, digest=file.digest, context=file.context)
            engine = LlamaEngine(spec, EngineOptions(slots=1, context=1024))
            try:
                next(engine.complete([_prompt("Hello.", 1)]))  # loads the file
                began, worked = time.perf_counter(), time.process_time()
                answer = next(engine.complete([_prompt(f"{_READ} Tell a long story about it.", _WRITTEN)]))
                share = (time.process_time() - worked) / (time.perf_counter() - began) / physical_cores()
            finally:
                engine.close()
            read = answer.prompt_tokens - answer.cached_tokens
            if answer.prefill_seconds > 0 and answer.decode_seconds > 0 and answer.completion_tokens > 4 and read > 0:
                speed = Speed(
                    reading=file.size * read / answer.prefill_seconds,
                    writing=file.size * answer.completion_tokens / answer.decode_seconds,
                    by=entry.name,
                    day=_today(),
                )
                return speed, on_gpu or share >= _CALM
    return None, True


def _share_of_the_cores() -> float:
    """Share of the physical cores' time that this process gets under full load."""
    import numpy as np

    until = time.perf_counter() + _SECONDS / 2

    def work() -> None:
        block = np.ones(1 << 20, dtype=np.float32)
        while time.perf_counter() < until:
            block.max()  # releases the GIL

    workers = [threading.Thread(target=work) for _ in range(physical_cores())]
    began, worked = time.perf_counter(), time.process_time()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return (time.process_time() - worked) / (time.perf_counter() - began) / len(workers)


def _prompt(text: str, tokens: int) -> Prompt:
    return Prompt(id=text[:8], messages=(Message("user", text),), document=text, max_tokens=tokens)


def _with_arithmetic(cores: int) -> Speed:
    """The speed estimated from matrix products and memory bandwidth, in thread time, so that other programs change
    little about it.
    """
    import numpy as np
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    square = np.ones((768, 768), dtype=np.float32)
    with threadpool_limits(1):
        products = cores * _rate(lambda: np.dot(square, square)) * 2 * 768**3
        block = np.ones(16 << 20, dtype=np.float32)
        # Cores share memory bandwidth: two got 1.4 times what one did.
        passed = _rate(block.max) * block.nbytes * min(cores, 16) ** 0.5
    return Speed(reading=products * _READING_SHARE, writing=passed * _WRITING_SHARE, by="", day=_today())


def _rate(act: Callable[[], object]) -> float:
    """Calls in a second of this thread's time."""
    act()
    until, began, times = time.perf_counter() + _SECONDS, time.thread_time(), 0
    # Some systems count thread time in steps of 16 ms, so that it may still be 0.
    while time.perf_counter() < until or time.thread_time() <= began:
        act()
        times += 1
    return times / (time.thread_time() - began)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
