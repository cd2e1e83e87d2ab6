"""What the benchmarks share: the sample's articles, an engine that counts, a table."""

from __future__ import annotations

import resource
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from briefing.config import load_config
from briefing.engines import Completion, ModelSpec, Prompt
from briefing.models import ModelFolder
from briefing.pipeline import NoProgress, RunContext, read, utc_now
from briefing.types import Article

__all__ = ["Metered", "articles", "model_spec", "peak_mb", "table"]

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
    with RunContext(config, clock=utc_now, progress=NoProgress()) as run_context:
        return read(run_context).articles[:count]


def model_spec(name: str) -> ModelSpec:
    file = ModelFolder().resolve(name)
    return ModelSpec(name=file.name, path=file.path, adapter=file.adapter, digest=file.digest, context=file.context)


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
