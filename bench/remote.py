"""A real OpenAI-compatible server on loopback under load, and killed half-way.

    python bench/remote.py [--model NAME] [--requests N] [--slots N]

The server is llama.cpp's own, from the installed wheel, in a process of its own. First N short prompts with 1, 8 and 64
in flight: requests a second; one in flight is the baseline. Then a run over the sample whose server is killed half-way
and comes back: what was answered is not asked again, and the summaries are those of a run that was never disturbed.
Prints a table; the last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from llama_server import LlamaServer
from metering import SAMPLE, Metered, model_spec, table

from briefing.config import load_config
from briefing.engines import EngineOptions, Message, ModelSpec, Prompt, open_engine
from briefing.pipeline import NoProgress, ProgressListener, RunContext, make_edition, utc_now
from briefing.types import Edition, FailureKind


def load(spec: ModelSpec, server: LlamaServer, in_flight: int, requests: int) -> dict[str, Any]:
    engine = Metered(
        open_engine("openai", replace(spec, path=None, address=server.base_url), EngineOptions(slots=in_flight))
    )
    prompts = [
        Prompt(id=str(n), messages=(Message("user", f"Name something that comes {n}th."),), document="", max_tokens=16)
        for n in range(requests)
    ]
    began = time.perf_counter()
    done = list(engine.complete(prompts))
    seconds = time.perf_counter() - began
    engine.close()
    return {
        "requests_a_second": round(len(done) / seconds, 2),
        "errors": engine.errors,
        "tokens_a_second": round((engine.prefilled + engine.decoded) / seconds, 1),
    }


class Killer(NoProgress):
    """Watches a run, and kills its server when so many articles are done."""

    def __init__(self, server: LlamaServer, after: int) -> None:
        self._server, self._left, self._stage = server, after, ""

    def stage(self, name: str, total: int) -> None:
        self._stage = name

    def step(self, subject: str, amount: int = 1) -> None:
        self._left -= self._stage == "summarise"
        if self._left == 0:
            self._server.kill()


def edition(
    server: LlamaServer, model: str, state: Path, articles: int, progress: ProgressListener | None = None
) -> tuple[Edition, dict[str, int]]:
    """One prompt at a time: llama.cpp's answers depend on what is decoded beside them, in the last digits."""
    config = load_config(SAMPLE).with_overrides(
        state=state, model=model, base_url=server.base_url, parallel=1, max_stories=articles, context=4096
    )
    with RunContext(config, clock=utc_now, progress=progress or NoProgress()) as run_context:
        made, _ = make_edition(run_context)
        return made, run_context.store.counters()


def disturbed(spec: ModelSpec, articles: int) -> dict[str, Any]:
    """The run whose server dies half-way and comes back at the same address."""
    assert spec.path
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.db"
        with LlamaServer(spec.path, slots=1) as first:
            broken, before = edition(first, spec.name, state, articles, Killer(first, articles // 2))
        with LlamaServer(spec.path, slots=1, port=first.port) as second:
            whole, after = edition(second, spec.name, state, articles)
        with LlamaServer(spec.path, slots=1, port=first.port) as third:
            undisturbed, alone = edition(third, spec.name, Path(folder) / "other.db", articles)
    told = [story.summary.key_points for story in whole.stories]
    return {
        "articles": articles,
        "told_before_the_kill": len(broken.stories),
        "failed_by_the_kill": sum(one.kind is FailureKind.FAILED for one in broken.failures),
        "told_in_the_end": len(whole.stories),
        "answers_before": before.get("engine.answer", 0),
        "answers_after": after.get("engine.answer", 0),
        "answers_undisturbed": alone.get("engine.answer", 0),
        "same_summaries": told == [story.summary.key_points for story in undisturbed.stories],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="A loopback server under load, and killed half-way.")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--requests", type=int, default=128)
    parser.add_argument("--articles", type=int, default=12)
    parser.add_argument("--slots", type=int, default=8, help="Of the server; what is more waits there.")
    wanted = parser.parse_args()
    spec = model_spec(wanted.model)
    assert spec.path
    with LlamaServer(spec.path, slots=wanted.slots, context=1024) as server:
        load(spec, server, 1, 4)  # warm up
        found = {f"{n} in flight": load(spec, server, n, wanted.requests) for n in (1, 8, 64)}
    print(table(found))
    killed = disturbed(spec, wanted.articles)
    print(json.dumps(killed, indent=2))
    base = found["1 in flight"]["requests_a_second"]
    ratios = {name: round(row["requests_a_second"] / base, 2) for name, row in found.items()}
    print(json.dumps({"bench": "remote", "model": wanted.model, **found, "over_one": ratios, "killed": killed}))


if __name__ == "__main__":
    main()
