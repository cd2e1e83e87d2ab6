"""Evaluates `briefing.ground` and simple baselines on human labels of supported and unsupported claims.

    python bench/faithfulness.py [LABELS] [--every N]
    python bench/faithfulness.py [LABELS] --shipped [--half report|tuning] [--sample N] [--out FILE]
    python bench/faithfulness.py [LABELS] --fit | --fit-model FILE [--ablate]

LABELS is a file of document, claim and label (default: the developers' shared data). Documents are split in half by a
hash of their text, whatever data set they come from. Cuts are chosen on the first half; every figure is of the second.
A claim of several sentences is judged sentence by sentence and counts by its worst.

Balanced accuracy with one cut for all data sets (what the product has) and with a cut for each (what papers report),
precision and recall for ``unsupported``, area under the ROC curve, all averaged over the data sets; balanced accuracy
for each data set; milliseconds a claim once its document is prepared. The last line is JSON.

``--shipped`` runs the check as the product has it, with its own cut: with the tuned model (`bench/reading.py`) where
the model's catalogue entry has an adapter. FILE gets each answer at once, and a run that was stopped goes on.
``--fit`` prints the weights of `briefing.ground.combination` anew, ``--fit-model`` those with a model from such a FILE
of the tuning half (other lines with the fields ``id`` and ``log_odds``, a list by sentence, will do); ``--ablate``
prints the ablation, cross-validated.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fitting import Sample, cross_validated, fit, scores
from judges import JUDGES, Judge
from metering import table
from reading import answers, collect, judged, sample

from briefing.ground import Evidence, check
from briefing.ground.align import choose
from briefing.ground.analysis import AnalysedSentence
from briefing.ground.combination import WITH_MODEL, WITHOUT_MODEL, features
from briefing.ground.exact import match_facts
from briefing.nlp.sentences import sentences
from briefing.nlp.text import normalise
from training.prepare import first_half, untokenised

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data" / "faithfulness" / "dev.jsonl.gz"
TOO_FEW = 30
"""Labels of a half below which a data set has no figure of its own and no part in the average."""
FEW_READ = 10
"""The same for weights with a model, whose answers take seconds each."""


@dataclass
class Claim:
    """A labelled claim, as sentences."""

    id: str
    """Data set, and a hash of document and claim."""
    source: str
    label: int
    tuning: bool
    document: str
    """Hash of its text."""
    sentences: list[str]
    evidence: Evidence = field(repr=False)


def claims(path: Path, every: int = 1) -> list[Claim]:
    prepared: dict[str, Evidence] = {}
    found = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for row in rows[::every]:
        document = normalise(row["document"])
        evidence = prepared.setdefault(document, Evidence(document))
        text = untokenised(row["claim"])
        cut = [s.text for s in sentences(text, "en")] if row["unit"] == "summary" else [text]
        name = (
            f"{row['source']}-{hashlib.md5((document + row['claim']).encode(), usedforsecurity=False).hexdigest()[:10]}"
        )
        origin = hashlib.sha256(document.encode()).hexdigest()[:12]
        found.append(Claim(name, row["source"], row["label"], first_half(document), origin, cut, evidence))
    return found


# --- figures -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """Results of one judge on the second half."""

    balanced: dict[str, float]
    """Balanced accuracy by data set, with one cut for all."""
    own_cut: float
    precision: float
    recall: float
    auc: float
    milliseconds: float

    @property
    def macro(self) -> float:
        return _mean(self.balanced.values())


def figures(judge: Judge, data: Sequence[Claim]) -> Figures:
    for claim in data:
        for sentence in claim.sentences[:1]:
            judge(sentence, claim.evidence)  # what is prepared once is not counted
    began = time.perf_counter()
    scores = [min((judge(s, claim.evidence) for s in claim.sentences), default=0.0) for claim in data]
    spent = (time.perf_counter() - began) / max(1, sum(len(claim.sentences) for claim in data))
    return by_cuts(data, scores, spent * 1000)


def by_cuts(data: Sequence[Claim], scores: Sequence[float], milliseconds: float) -> Figures:
    tuning, report = _by_source(data, scores, tuning=True), _by_source(data, scores, tuning=False)
    cut = _best_cut(tuning.values())
    shown = {source: pairs for source, pairs in report.items() if _enough(pairs)}
    own = {source: _best_cut([tuning[source]]) if source in tuning else cut for source in shown}
    refused = [_refusals(pairs, cut) for pairs in shown.values()]
    return Figures(
        balanced={source: _balanced(pairs, cut) for source, pairs in shown.items()},
        own_cut=_mean(_balanced(pairs, own[source]) for source, pairs in shown.items()),
        precision=_mean(right / max(1, all_) for right, all_, _ in refused),
        recall=_mean(right / max(1, bad) for right, _, bad in refused),
        auc=_mean(_auc(pairs) for pairs in shown.values()),
        milliseconds=milliseconds,
    )


Pairs = list[tuple[int, float]]


def _enough(pairs: Pairs, least: int = TOO_FEW) -> bool:
    return len(pairs) >= least and len({label for label, _ in pairs}) == 2


def _by_source(data: Sequence[Claim], scores: Sequence[float], *, tuning: bool) -> dict[str, Pairs]:
    found: dict[str, Pairs] = defaultdict(list)
    for claim, score in zip(data, scores, strict=True):
        if claim.tuning is tuning:
            found[claim.source].append((claim.label, score))
    return found


def _best_cut(sets: Iterable[Pairs], least: int = TOO_FEW) -> float:
    """The cut under which a claim counts as unsupported, for the best average of the balanced accuracies."""
    usable = [pairs for pairs in sets if _enough(pairs, least)]
    values = sorted({score for pairs in usable for _, score in pairs})
    step = max(1, len(values) // 200)
    return max(values[::step] or [0.0], key=lambda cut: _mean(_balanced(pairs, cut) for pairs in usable))


def _balanced(pairs: Pairs, cut: float) -> float:
    good = [score >= cut for label, score in pairs if label]
    bad = [score < cut for label, score in pairs if not label]
    return (_mean(good) + _mean(bad)) / 2


def _refusals(pairs: Pairs, cut: float) -> tuple[int, int, int]:
    refused = [label for label, score in pairs if score < cut]
    return refused.count(0), len(refused), sum(not label for label, _ in pairs)


def _auc(pairs: Pairs) -> float:
    from sklearn.metrics import roc_auc_score

    labels, scores = zip(*pairs, strict=True)
    return float(roc_auc_score(labels, scores))


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0


# --- weights and the shipped check ----------------------------------------------------------------------------


def tuned_on(data: Sequence[Claim], read: Mapping[str, Sequence[float]] | None = None) -> list[Sample]:
    """Features of the tuning half, with the model's log-odds if `read` has them by claim; without `read`, all of it."""
    rows = []
    for claim in data:
        odds = read.get(claim.id, ()) if read is not None else ()
        if not claim.tuning or not claim.sentences or (read is not None and len(odds) != len(claim.sentences)):
            continue
        found = [
            dict(check(sentence, claim.evidence).features or features([], 1.0, 1.0)) for sentence in claim.sentences
        ]
        if odds:
            found = [{**features_, "log_odds": value} for features_, value in zip(found, odds, strict=True)]
        rows.append(Sample(claim.source, claim.label, claim.document, found))
    least = TOO_FEW if read is None else FEW_READ
    few = {source for source, count in Counter(row.source for row in rows).items() if count < least}
    return [row for row in rows if row.source not in few]


def ablation(rows: Sequence[Sample], names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Balanced accuracy with one cut and area under the ROC curve, cross-validated: all features, and without each."""
    found = {}
    for left_out in ("", *names):
        over = cross_validated(rows, [name for name in names if name != left_out], _cut_of)
        splits = [list(_sets(rows, margins).values()) for margins in over]
        figures_ = [(_mean(_balanced(p, 0) for p in sets), _mean(_auc(p) for p in sets)) for sets in splits]
        balanced, auc = (100 * _mean(column) for column in zip(*figures_, strict=True))
        found[f"without {left_out}" if left_out else "all"] = {"one cut": f"{balanced:.1f}", "AUC": f"{auc:.1f}"}
    return found


def _sets(rows: Sequence[Sample], values: Sequence[float]) -> dict[str, Pairs]:
    found: dict[str, Pairs] = defaultdict(list)
    for row, value in zip(rows, values, strict=True):
        found[row.source].append((row.label, value))
    return {source: pairs for source, pairs in found.items() if _enough(pairs, 2)}


def _cut_of(rows: Sequence[Sample], values: Sequence[float]) -> float:
    return _best_cut(_sets(rows, values).values(), 2)


def fit_and_tell(rows: Sequence[Sample], names: Sequence[str], *, ablate: bool) -> None:
    """Print weights, the best cut as a probability and, with `ablate`, the ablation."""
    if not rows:
        raise SystemExit("nothing to fit on: no claim of the tuning half has answers for all its sentences")
    if ablate:
        print(table(ablation(rows, names)))
    weights = fit(rows, names)
    cut = _cut_of(rows, scores(rows, weights))
    print(json.dumps({**weights, "cut": round(1 / (1 + math.exp(-cut)), 3), "claims": len(rows)}))


def shipped(data: Sequence[Claim], each: int, out: Path | None, model: str) -> None:
    """The check as the product has it, its cut included; the last line printed is JSON."""
    chosen = sample(data, each) if each else list(data)
    sets: dict[str, tuple[Pairs, Pairs]] = defaultdict(lambda: ([], []))
    seconds = []
    for claim, row in zip(chosen, collect(chosen, out, model), strict=True):
        began = time.perf_counter()
        shows, score = judged(claim, row["log_odds"])
        seconds.append(row["seconds"] + time.perf_counter() - began)
        sets[claim.source][0].append((claim.label, float(shows)))
        sets[claim.source][1].append((claim.label, score))
    small = 0 < each < TOO_FEW
    usable = {
        name: pair
        for name, pair in sorted(sets.items())
        if (small or len(pair[0]) >= TOO_FEW) and len({label for label, _ in pair[0]}) == 2
    }
    if small:
        print(f"{each} claims a data set are asked for: the average is over all sets with both labels.")
    measured = {
        name: {
            "balanced_accuracy": round(_balanced(shown, 1), 4),
            "auc": round(_auc(scored), 4),
            "claims": len(shown),
        }
        for name, (shown, scored) in usable.items()
    }
    shown_rows = {name: {key: str(value) for key, value in figures_.items()} for name, figures_ in measured.items()}
    print(table(shown_rows) if shown_rows else table({"-": {}}))
    result = {
        key: round(_mean(figures_[key] for figures_ in measured.values()), 4) for key in ("balanced_accuracy", "auc")
    }
    print(
        json.dumps(
            {
                "bench": "faithfulness",
                "claims": len(chosen),
                "seconds_a_claim": round(_mean(seconds), 3),
                "sets": measured,
                "shipped": result,
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("labels", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--every", type=int, default=1, help="take one claim in so many")
    parser.add_argument("--fit", action="store_true", help="fit the weights without a model, and print them")
    parser.add_argument("--fit-model", type=Path, metavar="FILE", help="fit those with a model, on answers in FILE")
    parser.add_argument("--ablate", action="store_true", help="when fitting, say what each sign earns")
    parser.add_argument("--shipped", action="store_true", help="measure the check as it ships")
    parser.add_argument(
        "--half", choices=("report", "tuning"), default="report", help="of the documents, for --shipped"
    )
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="claims of a data set, for --shipped")
    parser.add_argument("--out", type=Path, help="answers of the model, for --shipped; those that it has are not asked")
    parser.add_argument("--model", default="qwen2.5-coder-1.5b", help="for --shipped")
    wanted = parser.parse_args()
    data = claims(wanted.labels, wanted.every)
    if wanted.shipped:
        half = [claim for claim in data if claim.tuning is (wanted.half == "tuning") and claim.sentences]
        shipped(half, wanted.sample, wanted.out, wanted.model)
    elif wanted.fit_model:
        read = {name: row["log_odds"] for name, row in answers(wanted.fit_model).items() if row["log_odds"]}
        fit_and_tell(tuned_on(data, read), list(WITH_MODEL), ablate=wanted.ablate)
    elif wanted.fit or wanted.ablate:
        fit_and_tell(tuned_on(data), list(WITHOUT_MODEL), ablate=wanted.ablate)
    else:
        compare(data)


def compare(data: Sequence[Claim]) -> None:
    """Every judge on the report half, in tables; the last line is JSON."""
    began = time.perf_counter()
    prepared = {id(claim.evidence): claim.evidence for claim in data}.values()
    for evidence in prepared:
        match_facts(AnalysedSentence("Prepare this."), evidence)
        choose(frozenset(), frozenset({"x"}), evidence)
        evidence.stems, evidence.sentence_index, evidence.acronyms  # noqa: B018
    preparing = (time.perf_counter() - began) / max(1, len(prepared)) * 1000
    results = {name: figures(judge, data) for name, judge in JUDGES.items()}
    print(
        table(
            {
                name: {
                    "one cut": f"{100 * r.macro:.1f}",
                    "own cuts": f"{100 * r.own_cut:.1f}",
                    "precision": f"{100 * r.precision:.1f}",
                    "recall": f"{100 * r.recall:.1f}",
                    "AUC": f"{100 * r.auc:.1f}",
                    "ms": f"{r.milliseconds:.2f}",
                }
                for name, r in results.items()
            }
        )
    )
    print("\nBalanced accuracy by data set, one cut for all:")
    sets = sorted(results["verdict shown"].balanced)
    print(table({name: {s: f"{100 * r.balanced[s]:.1f}" for s in sets} for name, r in results.items()}))
    print("Sentence-embedding cosine: no embedding model at hand, not measured.")
    count = sum(not claim.tuning for claim in data)
    print(f"{count} of {len(data)} claims reported; {preparing:.1f} ms to prepare a document")
    numbers = {
        name: {k: round(v, 4) for k, v in {**r.balanced, "macro": r.macro, "own_cut": r.own_cut, "auc": r.auc}.items()}
        | {"precision": round(r.precision, 4), "recall": round(r.recall, 4), "ms": round(r.milliseconds, 3)}
        for name, r in results.items()
    }
    seconds = round(time.perf_counter() - began, 1)
    print(json.dumps({"bench": "faithfulness", "claims": count, "seconds": seconds, "judges": numbers}))


if __name__ == "__main__":
    main()
