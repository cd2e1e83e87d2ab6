"""Seconds an article and peak memory of every engine with the same weights, on the same articles, in one run.

    python bench/engines.py [--model NAME] [--articles N]

``llama`` is the baseline; ``transformers`` reads the same GGUF file, one prompt at a time and eight; ``server`` is
llama.cpp's own HTTP server on loopback (from the wheel that ``llama`` uses), asked through the engine ``openai``. Each
runs in a process of its own. Prints a table, then ratios to ``llama``; the last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from dataclasses import replace
from typing import Any

from llama_server import LlamaServer
from metering import Metered, articles, model_spec, peak_mb, table

from briefing.assets import environment
from briefing.engines import EngineOptions, open_engine
from briefing.summariser import PromptBook, summarise_all
from briefing.types import Summary

WAYS = {
    "llama": ("llama", EngineOptions()),
    "transformers, 1": ("transformers", EngineOptions(slots=1)),
    "transformers, 8": ("transformers", EngineOptions(slots=8)),
    "server, 4": ("openai", EngineOptions(slots=4)),
}


def measure(way: str, model: str, count: int) -> dict[str, Any]:
    name, options = WAYS[way]
    spec = model_spec(model)
    todo = articles(count)
    book = PromptBook(environment("prompts"))
    server = LlamaServer(spec.path, slots=4) if spec.path and name == "openai" else None
    if server:
        spec = replace(spec, path=None, address=server.base_url)
    engine = Metered(open_engine(name, spec, options))
    engine.count_tokens("load")
    if name == "transformers":
        engine._loaded  # noqa: B018 - loading is not what is measured
    began = time.perf_counter()
    done = [result for _, result in summarise_all(todo, engine, book)]
    seconds = time.perf_counter() - began
    engine.close()
    return {
        "seconds_an_article": round(seconds / len(todo), 2),
        "summaries": sum(isinstance(one, Summary) for one in done),
        "key_points": sum(len(one.key_points) for one in done if isinstance(one, Summary)),
        "prompts": engine.prompts,
        "decode_tokens": engine.decoded,
        "peak_mb": server.kill() if server else peak_mb(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Seconds an article and memory, by engine.")
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--articles", type=int, default=4)
    wanted = parser.parse_args()
    found: dict[str, dict[str, Any]] = {}
    for way in WAYS:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found[way] = pool.apply(measure, (way, wanted.model, wanted.articles))
    print(table(found))
    base = found["llama"]["seconds_an_article"]
    ratios = {way: round(row["seconds_an_article"] / base, 2) for way, row in found.items()}
    print(
        json.dumps(
            {"bench": "engines", "model": wanted.model, "articles": wanted.articles, **found, "over_llama": ratios}
        )
    )


if __name__ == "__main__":
    main()
