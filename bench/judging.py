"""What a model's check adds to the rules of `briefing.ground`, on human labels.

    python bench/judging.py [--model NAME] [--tuning 12] [--claims 24] [--labels FILE]

Of every data set, as many claims of each half of the documents (`bench/faithfulness.py` splits them) as asked for,
half of them supported where there are enough, in the order of a hash. The model gets the product's question
(prompts/judge.j2): the sentences that the checker cites and one sentence of the claim, answered by yes or no; what
counts is the share of "yes" in its first token. A claim counts by its worst sentence.

Figures of the second half, cuts from the first: balanced accuracy with one cut for all and with a cut for each data
set, area under the ROC curve; for the fast score, the model alone, the two together (a logistic regression of both
logarithms of the odds, fitted on the first half) and the verdicts shown, without and with the model; how many claims
are put to it; seconds a question. The last line is JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from faithfulness import DEFAULT, Claim, Figures, by_cuts, claims
from metering import model_spec, table

from briefing.assets import environment
from briefing.engines import EngineOptions, Prompt, open_engine
from briefing.ground import Check, check
from briefing.summariser import PromptBook
from briefing.types import Verdict


def sample(data: Sequence[Claim], tuning: int, reported: int) -> list[Claim]:
    """Claims of every data set and half, both labels alike as far as they reach, whoever comes first by a hash."""
    groups: defaultdict[tuple[str, bool, int], list[Claim]] = defaultdict(list)
    for claim in sorted(data, key=lambda claim: hashlib.sha256(" ".join(claim.sentences).encode()).digest()):
        groups[claim.source, claim.tuning, claim.label].append(claim)
    return list(
        chain.from_iterable(found[: (tuning if half else reported) // 2] for (_, half, _), found in groups.items())
    )


def weighed(checks: Sequence[tuple[str, Check]], model: str) -> tuple[list[float], float]:
    """The model's share of "yes" for each pair of sentence and check, and seconds a question."""
    engine = open_engine("llama", model_spec(model), EngineOptions())
    book = PromptBook(environment("prompts"))
    prompts = [question(book, found, point, str(n)) for n, (point, found) in enumerate(checks)]
    began = time.perf_counter()
    try:
        odds = {done.id: done.odds[0] if done.odds else 0.5 for done in engine.complete(prompts)}
    finally:
        engine.close()
    return [odds[prompt.id] for prompt in prompts], (time.perf_counter() - began) / max(1, len(prompts))


def question(book: PromptBook, found: Check, point: str, name: str) -> Prompt:
    behind = [citation.text for citation in found.citations]
    messages = book.messages("judge", sentences=behind, point=point)
    return Prompt(id=name, messages=messages, document=point, max_tokens=2, choices=("yes", "no"))


def logit(share: float) -> float:
    share = min(max(share, 1e-4), 1 - 1e-4)
    return math.log(share / (1 - share))


def together(data: Sequence[Claim], score: Sequence[float], model: Sequence[float]) -> tuple[list[float], str]:
    """Score and model in one number, fitted on the first half, and the weights."""
    from sklearn.linear_model import LogisticRegression

    rows = [[logit(a), logit(b)] for a, b in zip(score, model, strict=True)]
    known = [index for index, claim in enumerate(data) if claim.tuning]
    fitted = LogisticRegression().fit([rows[n] for n in known], [data[n].label for n in known])
    weights = f"{fitted.coef_[0][0]:.2f} * score + {fitted.coef_[0][1]:.2f} * model {fitted.intercept_[0]:+.2f}"
    return [float(value) for value in fitted.decision_function(rows)], weights


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--tuning", type=int, default=12, help="claims of each data set to choose cuts on")
    parser.add_argument("--claims", type=int, default=24, help="claims of each data set that figures are of")
    parser.add_argument("--labels", type=Path, default=DEFAULT)
    wanted = parser.parse_args()
    data = sample([claim for claim in claims(wanted.labels) if claim.sentences], wanted.tuning, wanted.claims)
    checked = [[(s, check(s, claim.evidence)) for s in claim.sentences] for claim in data]
    odds, seconds = weighed(list(chain.from_iterable(checked)), wanted.model)
    left = iter(odds)
    shares = [[next(left) for _ in found] for found in checked]

    score = [min(result.score for _, result in found) for found in checked]
    model = [min(of_claim) for of_claim in shares]
    both, weights = together(data, score, model)
    asked = [[result.verdict is Verdict.UNCERTAIN for _, result in found] for found in checked]
    refused = [any(result.verdict is Verdict.UNSUPPORTED for _, result in found) for found in checked]
    denied = [
        any(uncertain and share < 0.5 for uncertain, share in zip(*pair, strict=True))
        for pair in zip(asked, shares, strict=True)
    ]
    ways: dict[str, Sequence[float]] = {
        "fast score": score,
        "model alone": model,
        "score and model": both,
        "verdict, no model": [float(not failed) for failed in refused],
        "verdict, model": [float(not (a or b)) for a, b in zip(refused, denied, strict=True)],
    }
    results: dict[str, Figures] = {name: by_cuts(data, scores, seconds * 1000) for name, scores in ways.items()}
    print(
        table(
            {
                name: {
                    "one cut": f"{100 * r.macro:.1f}",
                    "own cuts": f"{100 * r.own_cut:.1f}",
                    "precision": f"{100 * r.precision:.1f}",
                    "recall": f"{100 * r.recall:.1f}",
                    "AUC": f"{100 * r.auc:.1f}",
                }
                for name, r in results.items()
            }
        )
    )
    print("\nBalanced accuracy by data set, one cut for all:")
    sets = sorted(results["fast score"].balanced)
    print(table({name: {s: f"{100 * r.balanced[s]:.1f}" for s in sets} for name, r in results.items()}))
    count = sum(not claim.tuning for claim in data)
    put = sum(map(any, asked))
    print(f"{count} of {len(data)} claims reported; {put} put to the model by the product; together: {weights}")
    print(f"{seconds:.2f} s a question, {len(odds)} questions, {wanted.model}")
    raw = [
        {
            "source": c.source,
            "tuning": c.tuning,
            "label": c.label,
            "score": s,
            "model": m,
            "asked": any(a),
            "refused": r,
        }
        for c, s, m, a, r in zip(data, score, model, asked, refused, strict=True)
    ]
    numbers = {
        name: {"macro": round(r.macro, 4), "own_cut": round(r.own_cut, 4), "auc": round(r.auc, 4)}
        for name, r in results.items()
    }
    print(json.dumps({"bench": "judging", "model": wanted.model, "claims": count, "ways": numbers, "rows": raw}))


if __name__ == "__main__":
    main()
