"""What the benchmarks share: the sample's articles, an engine that counts, and a llama.cpp server on loopback."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from briefing.config import load_config
from briefing.engines import Completion, ModelSpec, Prompt
from briefing.models import ModelFolder
from briefing.pipeline import Silent, Workshop, read, utc_now
from briefing.types import Article

__all__ = ["LlamaServer", "Metered", "articles", "model_spec", "peak_mb", "table"]

SAMPLE = Path(__file__).resolve().parents[1] / "tests" / "data" / "sample" / "briefing.toml"


class Metered:
    """An engine that counts what passes through it."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.prefilled = self.decoded = self.prompts = self.errors = 0
        self.prefill_seconds = self.decode_seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        for completion in self._engine.complete(prompts):
            self.prompts += 1
            self.errors += completion.finish == "error"
            self.prefilled += completion.prompt_tokens - completion.cached_tokens
            self.decoded += completion.completion_tokens
            self.prefill_seconds += completion.prefill_seconds
            self.decode_seconds += completion.decode_seconds
            yield completion


def articles(count: int) -> list[Article]:
    config = load_config(SAMPLE).with_overrides(state=":memory:")
    with Workshop(config, clock=utc_now, watcher=Silent()) as workshop:
        return read(workshop).articles[:count]


def model_spec(name: str) -> ModelSpec:
    file = ModelFolder().resolve(name)
    return ModelSpec(name=file.name, path=file.path, digest=file.sha256, context=file.context)


def peak_mb() -> int:
    """Of this process, in MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def table(rows: dict[str, dict[str, Any]]) -> str:
    """Rows by name under the columns of the first."""
    keys = list(next(iter(rows.values())))
    width = max(14, *(len(name) + 2 for name in rows))
    lines = ["".ljust(width) + "".join(f"{key:>{len(key) + 4}}" for key in keys)]
    lines += [name.ljust(width) + "".join(f"{row[key]:>{len(key) + 4}}" for key in keys) for name, row in rows.items()]
    return "\n".join(lines)


_SERVE = """
import sys, time, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.port, params.n_parallel = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
params.n_ctx = int(sys.argv[4]) * params.n_parallel
params.verbosity, params.warmup, params.ui = -1, False, False
for threads in (params.cpuparams, params.cpuparams_batch):
    threads.n_threads = int(sys.argv[5])
server = xllamacpp.Server(params)
print("ready", flush=True)
while True:
    time.sleep(60)
"""


class LlamaServer:
    """llama.cpp's own HTTP server, from the installed wheel, in a process of its own. A context manager."""

    def __init__(self, spec: ModelSpec, *, slots: int, context: int = 4096, port: int = 0) -> None:
        from briefing.engines.cores import physical_cores

        self.port = port or _free_port()
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        arguments = [str(spec.path), str(self.port), str(slots), str(context), str(physical_cores())]
        self._process = subprocess.Popen([sys.executable, "-c", _SERVE, *arguments], stdout=subprocess.PIPE)
        assert self._process.stdout
        assert self._process.stdout.readline() == b"ready\n", "the server did not start"
        self._wait()

    def __enter__(self) -> LlamaServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> int:
        """End it as a power cut would; returns its peak memory in MB."""
        peak = self.peak_mb()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        return peak

    def peak_mb(self) -> int:
        with contextlib.suppress(OSError, StopIteration, ValueError):
            status = Path(f"/proc/{self._process.pid}/status").read_text("ascii")
            return round(int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024)
        return 0

    def _wait(self) -> None:
        for _ in range(100):
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"{self.base_url}/models", timeout=5).close()
                return
            time.sleep(0.1)
        raise RuntimeError("the server does not answer")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
