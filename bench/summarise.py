"""Articles a minute: ours against plain one-at-a-time loops over the same engine, model and articles, in one run.

    python bench/summarise.py [--model NAME] [--articles N] [--rounds N]

Three ways of condensing the sample's articles with the same prompts and checks:

- ``plain``: one article at a time, one slot, every prompt computed from its first token;
- ``plain+prefix``: the same, but the beginning that prompts share is kept (what llama.cpp's server does by itself);
- ``ours``: `summarise_all`, several articles in flight.

Prints a table with articles a minute, prefill and decode tokens a second of one slot, tokens a second of all together,
and peak memory in MB, then the ratios of ours to the others; the last line is JSON. Each way runs in a process of its
own, so that its memory is its own; nothing is cached between them.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time

from metering import Metered, articles, model_spec, peak_mb, table

from briefing.assets import environment
from briefing.engines import EngineOptions, open_engine
from briefing.models import ModelFolder
from briefing.summariser import PromptBook, summarise_all
from briefing.types import Summary

WAYS = {
    "plain": EngineOptions(slots=1, reuse_prefix=False),
    "plain+prefix": EngineOptions(slots=1),
    "ours": EngineOptions(),
}


def measure(way: str, model: str, count: int) -> dict[str, float]:
    engine = Metered(open_engine("llama", model_spec(model), WAYS[way]))
    book = PromptBook(environment("prompts"))
    todo = articles(count)
    engine.count_tokens("load")
    began = time.perf_counter()
    groups = [todo] if way == "ours" else [[article] for article in todo]
    done = [result for group in groups for _, result in summarise_all(group, engine, book)]
    seconds = time.perf_counter() - began
    assert all(isinstance(result, Summary) for result in done)
    engine.close()
    return {
        "articles_a_minute": round(60 * len(done) / seconds, 2),
        "prompts": engine.prompts,
        "prefill_tokens": engine.prefilled,
        "decode_tokens": engine.decoded,
        "prefill_tokens_a_second": round(engine.prefilled / max(1e-9, engine.prefill_seconds), 1),
        "decode_tokens_a_second": round(engine.decoded / max(1e-9, engine.decode_seconds), 1),
        "tokens_a_second": round((engine.prefilled + engine.decoded) / seconds, 1),
        "peak_mb": peak_mb(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Articles a minute, ours against plain loops.")
    parser.add_argument("--model", default=ModelFolder().catalogue.default)
    parser.add_argument("--articles", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=1, help="Rounds; the best of each way counts.")
    wanted = parser.parse_args()
    best: dict[str, dict[str, float]] = {}
    for _ in range(wanted.rounds):
        for way in WAYS:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                result = pool.apply(measure, (way, wanted.model, wanted.articles))
            if way not in best or result["articles_a_minute"] > best[way]["articles_a_minute"]:
                best[way] = result
    print(table(best))
    ours = best["ours"]["articles_a_minute"]
    ratios = {way: round(ours / best[way]["articles_a_minute"], 2) for way in WAYS if way != "ours"}
    print(
        json.dumps(
            {"bench": "summarise", "model": wanted.model, "articles": wanted.articles, **best, "ours_over": ratios}
        )
    )


if __name__ == "__main__":
    main()
