"""Seconds a story: choosing, citing and checking against the pipeline before it and the bare base, in one run.

    python bench/speed.py [--articles 8] [--model NAME] [--out FILE]

Every article of the sample is condensed in three ways, one after the other, so that all suffer alike from what else the
machine does:

- ``cite``: what the product does with a tuned model;
- ``whole``: what it does with the same base untuned: the whole article in one prompt, checks, rewrites;
- ``bare``: the same base asked with the whole article once, nothing behind it.

A row an article, as JSON Lines in ``--out``; then a table with seconds and tokens a story, and the ratios of ``cite``
to the others. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from metering import Metered, articles, model_spec, peak_mb, table

from briefing.assets import environment
from briefing.engines import EngineOptions, Prompt, open_engine
from briefing.models import ModelFolder
from briefing.summariser import PromptBook, SummaryOptions, summarise_all
from briefing.types import Article

BOOK = PromptBook(environment("prompts"))
OPTIONS = SummaryOptions()


def told(engine: Metered, article: Article) -> None:
    """The product's way, whichever the engine's model speaks."""
    list(summarise_all([article], engine, BOOK, OPTIONS))


def asked(engine: Metered, article: Article) -> None:
    """One question, one answer."""
    low, high = OPTIONS.point_words
    messages = BOOK.messages(
        "points", article=article.text, title=article.title, points=OPTIONS.points, fewest=OPTIONS.fewest,
        words_low=low, words_high=high, characters=0, language="English",
    )  # fmt: skip
    list(engine.complete([Prompt(id="1", messages=messages, document=article.text, max_tokens=320)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default=ModelFolder().catalogue.default)
    parser.add_argument("--articles", type=int, default=8)
    parser.add_argument("--out", type=Path)
    wanted = parser.parse_args()
    spec = model_spec(wanted.model)
    base = replace(spec, adapter=None)
    engines = {
        "cite": Metered(open_engine("llama", spec, EngineOptions())),
        "whole": Metered(open_engine("llama", base, EngineOptions())),
        "bare": Metered(open_engine("llama", base, EngineOptions())),
    }
    for engine in engines.values():
        engine.count_tokens("load")
    seconds: dict[str, list[float]] = defaultdict(list)
    for article in articles(wanted.articles):
        for way, engine in engines.items():
            began = time.perf_counter()
            (asked if way == "bare" else told)(engine, article)
            seconds[way].append(round(time.perf_counter() - began, 2))
        if wanted.out:
            row = {"id": article.id} | {way: found[-1] for way, found in seconds.items()}
            with wanted.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
    count = max(1, len(seconds["cite"]))
    rows: dict[str, dict[str, Any]] = {
        way: {
            "s/story": round(sum(seconds[way]) / count, 1),
            "prompts": round(engine.prompts / count, 1),
            "prefill": round(engine.prefilled / count),
            "decode": round(engine.decoded / count),
        }
        for way, engine in engines.items()
    }
    print(table(rows))
    ratios = {way: round(sum(seconds["cite"]) / sum(seconds[way]), 2) for way in ("whole", "bare")}
    print(json.dumps({"bench": "speed", "stories": count, **rows, "cite_over": ratios, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main()
