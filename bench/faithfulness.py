"""How well support is told from invention: every layer of `briefing.ground` and simple baselines on human labels.

    python bench/faithfulness.py [LABELS] [--fit] [--every N]

LABELS is a file of document, claim and label (default: the developers' shared data). Documents are split in half by a
hash of their text, whatever data set they come from. Cuts are chosen on the first half; every figure is of the second.
A claim of several sentences is judged sentence by sentence and counts by its worst.

Balanced accuracy with one cut for all data sets (what the product has) and with a cut for each (what papers report),
precision and recall for ``unsupported``, area under the ROC curve, all averaged over the data sets; balanced accuracy
for each data set; milliseconds a claim once its document is prepared. ``--fit`` fits the weights of
`briefing.ground.score` anew on the first half and prints them. The last line is JSON.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from metering import table

from briefing.facts import tokens
from briefing.ground import LAYERS, Evidence, check, contradictions, undenied
from briefing.ground.align import choose
from briefing.ground.exact import Missing, facts, unpaired
from briefing.ground.reading import Reading
from briefing.ground.score import WEIGHTS, probability, signs
from briefing.text import normalise, sentences
from briefing.types import Verdict

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data" / "faithfulness" / "dev.jsonl.gz"
TOO_FEW = 30
"""Labels of a half below which a data set has no figure of its own and no part in the average."""

Judge = Callable[[str, Evidence], float]
"""How much a sentence seems supported; only the order matters."""


@dataclass
class Claim:
    """One labelled claim, as sentences."""

    source: str
    label: int
    tuning: bool
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
        text = _untokenised(row["claim"])
        cut = [s.text for s in sentences(text)] if row["unit"] == "summary" else [text]
        found.append(Claim(row["source"], row["label"], _first_half(document), cut, evidence))
    return found


def _first_half(document: str) -> bool:
    """By the beginning of the text without blanks and marks: one article may stand in several data sets."""
    beginning = re.sub(r"\W", "", document.lower())[:200]
    return hashlib.sha256(beginning.encode()).digest()[0] % 2 == 0


def _untokenised(claim: str) -> str:
    """Without what the data sets' own tokenisers left: "quarter - final", "`` yes ''", "# 16m" for pounds."""
    text = normalise(claim).replace("\\'", "'").replace("``", '"').replace("''", '"').replace("`", "'")
    text = re.sub(r"# ?(?=\d)", "£", re.sub(r"(\w) - (\w)", r"\1-\2", text))
    return re.sub(r" (n't|'s|'re|'ll)\b", r"\1", text)


# --- judges --------------------------------------------------------------------------------------------------


def words_in_article(sentence: str, evidence: Evidence) -> float:
    said = set(tokens(sentence))
    return len(said & {word.key for reading in evidence.readings for word in reading.words}) / max(1, len(said))


@cache
def _vectors(document: str) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b")
    return vectoriser, vectoriser.fit_transform([s.text for s in sentences(document)])


def tfidf_cosine(sentence: str, evidence: Evidence) -> float:
    try:
        vectoriser, matrix = _vectors(evidence.text)
    except ValueError:  # a document without words
        return 0.0
    return float((matrix @ vectoriser.transform([sentence]).T).max())


def _lacking(kinds: Iterable[str]) -> Judge:
    wanted = set(kinds)

    def judge(sentence: str, evidence: Evidence) -> float:
        missing, _ = facts(Reading(sentence), evidence)
        return -float(sum(part.kind in wanted for part in missing))

    return judge


def alignment(sentence: str, evidence: Evidence) -> float:
    """Share of words and facts in the cited sentences."""
    reading = Reading(sentence)
    _, wanted = facts(reading, evidence)
    chosen, share = choose(wanted, reading.roots, evidence)
    return share - 0.2 * len(list(unpaired(reading, chosen, evidence)))


def _against(names: Sequence[str]) -> Judge:
    return lambda sentence, evidence: -float(len(contradictions(Reading(sentence), evidence, names)))


def _everything(sentence: str, evidence: Evidence) -> tuple[Reading, list[Missing]]:
    reading = Reading(sentence)
    missing, wanted = facts(reading, evidence)
    chosen, _ = choose(wanted, reading.roots, evidence)
    against = contradictions(reading, evidence) or undenied(reading, chosen, evidence)
    return reading, [*missing, *unpaired(reading, chosen, evidence), *against]


def _weighed(known: Iterable[str]) -> Judge:
    """The product's score with only some of its signs."""
    names = set(known)

    def judge(sentence: str, evidence: Evidence) -> float:
        found = signs(*_signed(sentence, evidence))
        return probability({sign: value if sign in names else 0.0 for sign, value in found.items()})

    return judge


def _signed(sentence: str, evidence: Evidence) -> tuple[Reading, Evidence, list[Missing]]:
    reading, missing = _everything(sentence, evidence)
    return reading, evidence, missing


def verdict(sentence: str, evidence: Evidence) -> float:
    """What a reader is shown: everything that is not refused."""
    return float(check(sentence, evidence).verdict is not Verdict.UNSUPPORTED)


EXACT = ("number", "name")
AGAINST = ("pair", "contradiction")
JUDGES: dict[str, Judge] = {
    "baseline: words in article": words_in_article,
    "baseline: TF-IDF cosine": tfidf_cosine,
    "numbers": _lacking({"number"}),
    "names": _lacking({"name"}),
    "quotations": _lacking({"quotation"}),
    "alignment": alignment,
    **{name: _against([name]) for name in LAYERS},
    "exact facts": _weighed(EXACT),
    "+ contradictions": _weighed((*EXACT, *AGAINST)),
    "+ new words": _weighed((*EXACT, *AGAINST, "novel_share", "novel_words")),
    "+ order = score": _weighed(WEIGHTS),
    "verdict shown": verdict,
}

# --- figures -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """How one judge did on the second half."""

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


def _enough(pairs: Pairs) -> bool:
    return len(pairs) >= TOO_FEW and len({label for label, _ in pairs}) == 2


def _by_source(data: Sequence[Claim], scores: Sequence[float], *, tuning: bool) -> dict[str, Pairs]:
    found: dict[str, Pairs] = defaultdict(list)
    for claim, score in zip(data, scores, strict=True):
        if claim.tuning is tuning:
            found[claim.source].append((claim.label, score))
    return found


def _best_cut(sets: Iterable[Pairs]) -> float:
    """The cut under which a claim counts as unsupported, for the best average of the balanced accuracies."""
    usable = [pairs for pairs in sets if _enough(pairs)]
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


# --- fitting -------------------------------------------------------------------------------------------------


def fit(data: Sequence[Claim], *, rounds: int = 3, ridge: float = 0.003) -> dict[str, float]:
    """Weights of `briefing.ground.score` and their bias, on the first half; with scipy's L-BFGS-B.

    Every data set and both labels weigh the same. Of a text of several sentences that is not supported, only the one
    that scores worst is taken for wrong.
    """
    import numpy as np
    from scipy.optimize import minimize

    names = list(WEIGHTS)
    rows = [claim for claim in data if claim.tuning]
    usable = {s for s, n in Counter(claim.source for claim in rows).items() if n >= TOO_FEW}
    rows = [claim for claim in rows if claim.source in usable and claim.sentences]
    found = [
        np.array([[signs(*_signed(s, claim.evidence))[name] for name in names] for s in claim.sentences])
        for claim in rows
    ]
    middle, spread = np.vstack(found).mean(0), np.vstack(found).std(0) + 1e-9
    found = [(matrix - middle) / spread for matrix in found]
    of = Counter((claim.source, claim.label) for claim in rows)
    solution = np.zeros(len(names) + 1)
    bounds = [(0, None) if name == "in_one_sentence" else (None, 0) for name in names] + [(None, None)]
    for turn in range(rounds):
        blocks, signs_of, weights = [], [], []
        for claim, matrix in zip(rows, found, strict=True):
            weight = 1 / of[claim.source, claim.label]
            if claim.label:
                used = matrix
            elif len(matrix) == 1 or turn:
                used = matrix[[int((matrix @ solution[:-1]).argmin())]]
            else:
                continue
            blocks.append(used)
            signs_of += [2 * claim.label - 1] * len(used)
            weights += [weight / len(used)] * len(used)
        x, y, w = np.vstack(blocks), np.array(signs_of), np.array(weights)
        for label in (-1, 1):
            w[y == label] /= 2 * w[y == label].sum()

        def loss(at: Any, x: Any = x, y: Any = y, w: Any = w) -> Any:
            margin = y * (x @ at[:-1] + at[-1])
            slope = -y * w / (1 + np.exp(margin))
            value = (w * np.logaddexp(0, -margin)).sum() + ridge * (at[:-1] ** 2).sum()
            return value, np.append(x.T @ slope + 2 * ridge * at[:-1], slope.sum())

        solution = minimize(loss, solution, jac=True, method="L-BFGS-B", bounds=bounds).x
    weights_ = solution[:-1] / spread
    bias = float(solution[-1] - (weights_ * middle).sum())
    return {
        **{name: round(float(value), 3) for name, value in zip(names, weights_, strict=True)},
        "bias": round(bias, 3),
    }


def main() -> None:
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    every = int(sys.argv[sys.argv.index("--every") + 1]) if "--every" in sys.argv else 1
    path = Path(arguments[0]) if arguments and not arguments[0].isdigit() else DEFAULT
    began = time.perf_counter()
    data = claims(path, every)
    prepared = {id(claim.evidence): claim.evidence for claim in data}.values()
    reading = time.perf_counter()
    for evidence in prepared:
        facts(Reading("Prepare this."), evidence)
        choose(frozenset(), frozenset({"x"}), evidence)
        evidence.roots, evidence.whole, evidence.acronyms  # noqa: B018
    preparing = (time.perf_counter() - reading) / max(1, len(prepared)) * 1000
    if "--fit" in sys.argv:
        print(json.dumps(fit(data)))
        return
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
