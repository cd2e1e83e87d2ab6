"""llama.cpp's HTTP server, from the wheel of the engine `llama`, in a process of its own.

::

    with LlamaServer(model_file, slots=2) as server:
        ...  # server.base_url is what --base-url takes
        server.kill()  # SIGKILL
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from briefing.engines.hardware import physical_cores

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
    """See the module. Decodes `slots` prompts in parallel, each with `context` tokens."""

    def __init__(self, model: Path, *, slots: int = 1, context: int = 4096, port: int = 0) -> None:
        self.port = port or _free_port()
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        arguments = [str(model), str(self.port), str(slots), str(context), str(physical_cores())]
        self._process = subprocess.Popen([sys.executable, "-c", _SERVE, *arguments], stdout=subprocess.PIPE)
        if not self._process.stdout or self._process.stdout.readline() != b"ready\n":
            raise RuntimeError("the server did not start")
        self._wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> int:
        """SIGKILL; returns the peak memory in MB."""
        peak = self.peak_mb()
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        return peak

    def peak_mb(self) -> int:
        """Peak resident memory in MB; 0 where the system does not report it."""
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
