"""The shipped check of `bench/faithfulness.py`: what was looked up, and what the tuned model reads.

A claim's document is shown as the product shows an article's: numbered sentences, here the ones that share most with
the statement, at most about `TOKENS` of them. Answers are written down one by one, so that a run that was stopped goes
on, and only as log-odds: a new weight needs no new run.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from briefing.ground import Check, Evidence, check, weigh
from briefing.ground.analysis import AnalysedSentence
from briefing.types import Verdict

if TYPE_CHECKING:
    from faithfulness import Claim

    from briefing.engines import Engine
    from briefing.summariser import PromptBook

__all__ = ["TOKENS", "answers", "collect", "judged", "log_odds", "sample", "shown"]

TOKENS = 300
"""Of a document, about so many tokens are shown with a statement."""
_LETTERS = 4.3
"""Of a token of English news, on average."""


def log_odds(engine: Engine, book: PromptBook, sentences: Sequence[str], cites: Sequence[int], statement: str) -> float:
    """log P(yes) - log P(no) that the numbered `sentences`, those of `cites` before all, hold `statement`.

    Raises `RuntimeError` where the engine gives no odds.
    """
    from briefing.summariser.context import check_prompt
    from briefing.summariser.context import log_odds as of_probability

    (answer,) = engine.complete([check_prompt(book, sentences, cites, statement)])
    if not answer.odds:
        raise RuntimeError(f"no odds came for {statement!r}: {answer.error or answer.text!r}")
    return of_probability(answer.odds[0])


def shown(statement: str, evidence: Evidence) -> tuple[list[str], list[int]]:
    """The sentences of a document worth showing for `statement`, in its order, and the numbers of the best two.

    By the rare stems that they share, long sentences a little behind; each with the one before it, which says who "he"
    is. The adapter's labelled claims were chosen alike.
    """
    roots = AnalysedSentence(statement).stems
    spread = Counter(root for reading in evidence.analysed for root in reading.stems)
    count = len(evidence.analysed)
    worth = [
        sum(math.log(1 + count / spread[root]) for root in roots & reading.stems) / (8 + len(reading.stems)) ** 0.35
        for reading in evidence.analysed
    ]
    texts = [" ".join(reading.text.split()) for reading in evidence.analysed]
    kept: list[int] = []
    used = 0.0
    for index in sorted(range(count), key=lambda place: -worth[place]):
        for place in (index, index - 1):
            long = len(texts[place]) / _LETTERS + 5
            if place < 0 or place in kept or not texts[place] or (kept and used + long > TOKENS):
                continue
            kept.append(place)
            used += long
        if used > 0.85 * TOKENS:
            break
    kept.sort()
    best = sorted(range(len(kept)), key=lambda place: -worth[kept[place]])[:2]
    return [texts[place] for place in kept], sorted(place + 1 for place in best)


def sample(data: Sequence[Claim], each: int) -> list[Claim]:
    """`each` claims of every data set, half of them supported as far as they reach, the sets taking turns."""
    groups: defaultdict[tuple[str, int], list[Claim]] = defaultdict(list)
    for claim in sorted(data, key=lambda one: sha256(one.id.encode()).digest()):
        groups[claim.source, claim.label].append(claim)
    turns: list[tuple[int, str, Claim]] = []
    for source in sorted({source for source, _ in groups}):
        bad, good = groups[source, 0], groups[source, 1]
        few = min(len(bad), len(good), each // 2)
        left = each - few
        chosen = [*bad[:few], *good[:left]] if len(bad) <= len(good) else [*good[:few], *bad[:left]]
        chosen.sort(key=lambda one: sha256(one.id.encode()).digest())
        turns += [(turn, source, claim) for turn, claim in enumerate(chosen)]
    return [claim for _, _, claim in sorted(turns, key=lambda one: one[:2])]


def answers(path: Path) -> dict[str, dict[str, Any]]:
    """What `collect` wrote, by the claims' ids; of one that stands there twice, the last; a torn line is skipped."""
    found = {}
    for line in path.read_text("utf-8").split("\n") if path.exists() else ():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row["log_odds"], float):  # of one sentence, from elsewhere
            row["log_odds"] = [row["log_odds"]]
        found[row["id"]] = row
    return found


def collect(data: Sequence[Claim], out: Path | None, model: str) -> Iterator[dict[str, Any]]:
    """For each claim the log-odds of its sentences, in their order, asked of the tuned model unless `out` has them.

    What another model or adapter answered is asked again. None for log-odds where `model` has no adapter: then the
    rules are the check.
    """
    from metering import model_spec

    from briefing.assets import environment
    from briefing.engines import EngineOptions, open_engine
    from briefing.summariser import PromptBook

    known = answers(out) if out else {}
    spec = model_spec(model)
    engine = open_engine("llama", spec, EngineOptions()) if spec.adapter else None
    book = PromptBook(environment("prompts"))
    torn = "\n" if out and out.exists() and not out.read_text("utf-8").endswith("\n") else ""
    try:
        for claim in data:
            before = known.get(claim.id)
            if before and before.get("by") == spec.digest and (before["log_odds"] or not engine):
                yield before
                continue
            began = time.perf_counter()
            read = engine and [log_odds(engine, book, *shown(s, claim.evidence), s) for s in claim.sentences]
            row = {
                "id": claim.id,
                "source": claim.source,
                "tuning": claim.tuning,
                "label": claim.label,
                "claim": " ".join(claim.sentences),
                "document": claim.document,
                "by": spec.digest,
                "log_odds": read and [round(one, 4) for one in read],
                "seconds": round(time.perf_counter() - began, 3),
            }
            if out:
                with out.open("a", encoding="utf-8") as lines:  # behind what a killed run may have left unfinished
                    lines.write(torn + json.dumps(row, ensure_ascii=False) + "\n")
                torn = ""
            yield row
    finally:
        if engine:
            engine.close()


def judged(claim: Claim, read: Sequence[float] | None) -> tuple[bool, float]:
    """Whether the product shows a claim, and its score: those of its worst sentence."""
    checks: list[Check] = [check(sentence, claim.evidence) for sentence in claim.sentences]
    if read is not None:
        checks = [weigh(*one) for one in zip(checks, claim.sentences, read, strict=True)]
    return all(c.verdict is not Verdict.UNSUPPORTED for c in checks), min((c.score for c in checks), default=0.0)
