"""How well an adapter checks, through llama.cpp as users run it.

    python -m training.evaluate ROWS ADAPTER.gguf [--articles N] [--part valid] [--cut C] [--out FILE.jsonl]

Every statement of the articles kept out (or of another part: ``report`` has the labelled claims that nothing is chosen
on) is put to the model in a request of its own, the statements of an article one after the other, so that its
sentences are read once. The score is log P(yes) - log P(no) of the next token. FILE has a line a statement, written at
once; the same command goes on behind them (lines of another adapter or model do not count).

Printed: area under the ROC curve, best balanced accuracy, and what is refused at the cut and at the one that refuses a
tenth of the true statements, by kind; seconds a statement. The last line is JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from briefing.models import ModelFolder
from training.figures import Scored, figures
from training.layout import Layout
from training.rows import Row, read, records

FLOOR = math.log(1e-6)
"""Of an answer that is not among the alternatives llama.cpp tells."""
ALTERNATIVES = 40


class Checker:
    """A GGUF model with an adapter, asked for its verdicts."""

    def __init__(self, model: Path, adapter: Path | None, *, threads: int, context: int = 4096) -> None:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(model)
        params.n_ctx = context
        params.n_parallel = 1
        params.verbosity = -1
        params.warmup = params.ui = params.endpoint_slots = False
        if adapter:
            lora = xllamacpp.CommonAdapterLoraInfo()
            lora.path, lora.scale = str(adapter), 1.0
            params.lora_adapters = [lora]
        for several in (params.cpuparams, params.cpuparams_batch):
            several.n_threads = threads
        self._server = xllamacpp.Server(params)

    def score(self, prompt: str) -> float:
        """log P(yes) - log P(no) of what follows. Raises `RuntimeError` where llama.cpp has no answer."""
        heard: dict[str, Any] = {}

        def take(chunk: Any) -> bool:
            for part in chunk if isinstance(chunk, list) else [chunk]:
                heard.update(part)
            return False

        request = {"prompt": prompt, "n_predict": 1, "temperature": 0, "cache_prompt": True, "logprobs": ALTERNATIVES}
        self._server.handle_completions(request, take)
        if "choices" not in heard:
            raise RuntimeError(f"llama.cpp gave no answer: {heard}")
        return odds(heard["choices"][0]["logprobs"]["content"][0]["top_logprobs"])


def odds(told: Iterable[dict[str, Any]]) -> float:
    """From the next token's alternatives; what begins a word and what does not, small and capital, count together."""
    shares = {"yes": 0.0, "no": 0.0}
    for one in told:
        word = one["token"].strip().lower()
        if word in shares:
            shares[word] += math.exp(one["logprob"])
    yes, no = (math.log(share) if share else FLOOR for share in shares.values())
    return yes - no


def asked(rows: Iterable[Row], layout: Layout) -> Iterator[tuple[str, dict[str, Any], str]]:
    """A name, what is known and the prompt of every statement, article by article."""
    for row in rows:
        for number, claim in enumerate(row.claims):
            known = {"row": row.id, "source": row.source, "kind": claim.kind, "label": claim.label}
            yield f"{row.id} {number}", known, layout.check(row.sentences, claim.cites, claim.text)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rows", type=Path)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--articles", type=int, help="only the first so many")
    parser.add_argument("--part", default="valid", choices=("valid", "report", "tune", "train", "own"))
    parser.add_argument("--cut", type=float, default=0.0, help="score below which a statement is refused")
    parser.add_argument("--out", type=Path, help="a line a statement; what is there already is not asked again")
    parser.add_argument("--model", default="qwen2.5-coder-1.5b", help="of the catalogue")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    wanted = parser.parse_args()
    rows = [row for row in read(wanted.rows) if row.part == wanted.part][: wanted.articles]
    model = ModelFolder().resolve(wanted.model)
    tested = hashlib.sha256(wanted.adapter.read_bytes() + model.sha256.encode()).hexdigest()[:16]
    known = known_lines(wanted.out, tested)
    waiting = [one for one in asked(rows, Layout()) if one[0] not in known]
    began = time.monotonic()
    checker = Checker(model.path, wanted.adapter, threads=wanted.threads) if waiting else None
    loaded = time.monotonic()
    for name, about, prompt in waiting:
        assert checker is not None
        known[name] = {"name": name, "tested": tested, **about, "score": round(checker.score(prompt), 4)}
        if wanted.out:
            with wanted.out.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(known[name]) + "\n")
    spent = (time.monotonic() - loaded) / max(1, len(waiting))
    found = [known[name] for name, _, _ in asked(rows, Layout())]
    told = figures([Scored(one["score"], one["label"], one["kind"]) for one in found], wanted.cut)
    show(told)
    print(f"{len(waiting)} asked now, {spent:.2f} s each; {loaded - began:.1f} s to load")
    print(json.dumps({"adapter": str(wanted.adapter), "part": wanted.part, "seconds": round(spent, 3), **told}))


def known_lines(out: Path | None, tested: str) -> dict[str, dict[str, Any]]:
    """What `out` already has of this adapter and model, by statement."""
    if out is None or not out.exists():
        return {}
    return {one["name"]: one for one in records(out) if one["tested"] == tested}


def show(told: dict[str, Any]) -> None:
    """The figures for people."""
    print(f"{told['statements']} statements: {told['held']} true, {told['wrong']} wrong")
    if "auc" not in told:
        return
    best, at = told["balanced_accuracy"], told["best_cut"]
    print(f"AUC {100 * told['auc']:.1f}; best balanced accuracy {100 * best:.1f} at {at:.2f}")
    for name in ("cut", "tenth"):
        one = told[name]
        print(
            f"cut {one['at']:.2f}: {100 * one['true_refused']:.1f} % of the true refused,"
            f" {100 * one['wrong_refused']:.1f} % of the wrong;"
            f" {', '.join(f'{kind} {refused} of {of}' for kind, (refused, of) in one['by_kind'].items())}"
        )


if __name__ == "__main__":
    main()
