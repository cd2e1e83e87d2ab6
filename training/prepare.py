"""Rows for training out of the developers' shared data.

    python -m training.prepare SHARED OUT.jsonl.gz [--own FILE]

- Articles of ``points/train``: what is to be written, true and wrong statements. The last 60 are kept out (``valid``).
- Claims labelled by people (``faithfulness/dev``), by document in the halves of bench/faithfulness.py: ``tune`` is
  learnt from, ``report`` only measured. Claims on one document share a row of at most `TOGETHER`; their sentences are
  those that share the most telling stems with one of them, each with the sentence before it, within `BUDGET` tokens, in
  the document's order. Of a text of several sentences that is not supported nobody knows which one is wrong: left out.
  So is what stands in two of these heaps (`apart`).
- The model's own points, labelled by reading (``--own``): JSON Lines of ``sentences``, ``cites``, ``text``, ``label``
  (1 or 0); what has the same sentences shares a row.

Printed: rows and statements of every part and source.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from briefing.nlp.facts import stems
from briefing.nlp.sentences import sentences
from briefing.nlp.text import normalise
from training.rows import Claim, Row, Write, records, save

KEPT_OUT = 60
"""Articles at the end of ``points/train`` that are never trained on."""
TOGETHER = 4
"""Claims a row: more share their beginning's cost, fewer leave each more room for its sentences."""
BUDGET = 340
"""Tokens of sentences a prompt: as many as the product shows."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("shared", type=Path, help="the developers' shared folder")
    parser.add_argument("out", type=Path)
    parser.add_argument("--own", type=Path, help="the model's own points, labelled by reading")
    wanted = parser.parse_args()
    data = wanted.shared / "data"
    rows = [*articles(data / "points" / "train.jsonl.gz")]
    claims = [*labelled(data / "faithfulness" / "dev.jsonl.gz")]
    development = [normalise(one["article"]) for one in records(data / "pairs" / "dev.jsonl.gz")]
    rows += apart(claims, rows, development)
    rows += own(wanted.own) if wanted.own else []
    save(rows, wanted.out)
    statements: Counter[tuple[str, str]] = Counter()
    for row in rows:
        statements[row.part, row.source] += len(row.claims)
    for (part, source), count in sorted(Counter((row.part, row.source) for row in rows).items()):
        print(f"{part:7} {source:16} {count:5} rows {statements[part, source]:5} statements")


def articles(path: Path) -> Iterator[Row]:
    """The rows of ``points/train``, the last `KEPT_OUT` as ``valid``."""
    found = records(path)
    for place, one in enumerate(found):
        points = tuple((tuple(point["cites"]), point["text"]) for point in one["points"])
        yield Row(
            part="valid" if place >= len(found) - KEPT_OUT else "train",
            source=one["source"],
            id=one["id"],
            sentences=tuple(one["sentences"]),
            write=Write(one["length"], one["headline"], points),
            claims=(
                *(Claim(cites, text, 1, "true") for cites, text in points),
                *(Claim(tuple(wrong["cites"]), wrong["text"], 0, wrong["kind"]) for wrong in one["wrong"]),
            ),
        )


def labelled(path: Path) -> Iterator[Row]:
    """The rows of the labelled claims."""
    documents: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for one in records(path):
        document, text = normalise(one["document"]), untokenised(one["claim"])
        cut = [s.text for s in sentences(text, "en")] if one["unit"] == "summary" else [text]
        if len(cut) == 1 or one["label"]:
            documents[document] += [(one["source"], _flat(part), one["label"]) for part in cut]
    for document, claims in documents.items():
        shown = [_flat(s.text) for s in sentences(document, "en")]
        if not shown:
            continue
        claims.sort(key=lambda one: hashlib.sha256(one[1].encode()).digest())
        weighed = Weighed(shown)
        for start in range(0, len(claims), TOGETHER):
            several = claims[start : start + TOGETHER]
            kept, cited = weighed.shown_for([text for _, text, _ in several])
            yield Row(
                part="tune" if first_half(document) else "report",
                source=several[0][0],
                id=hashlib.sha256(f"{document}{several[0][1]}".encode()).hexdigest()[:12],
                sentences=tuple(shown[place] for place in kept),
                write=None,
                claims=tuple(
                    Claim(cites, text, label, "label") for (_, text, label), cites in zip(several, cited, strict=True)
                ),
            )


def apart(claims: Sequence[Row], points: Sequence[Row], development: Sequence[str]) -> Iterator[Row]:
    """The rows of labelled claims without those by which something would be measured that was learnt from: of ``tune``
    what is on an article of ``valid`` or of `development`, of ``report`` what is on an article of ``train``.

    Two texts are one where they have two long sentences in common.
    """
    kept_out = [row.sentences for row in points if row.part == "valid"]
    kept_out += [tuple(_flat(s.text) for s in sentences(text, "en")) for text in development]
    learnt = [row.sentences for row in points if row.part == "train"]
    barred = {"tune": _long(kept_out), "report": _long(learnt)}
    for row in claims:
        if len(_long([row.sentences]) & barred[row.part]) < 2:
            yield row


def _long(texts: Sequence[Sequence[str]]) -> set[str]:
    return {re.sub(r"\W", "", one.lower()) for text in texts for one in text if len(one) >= 60}


def own(path: Path) -> Iterator[Row]:
    """The rows of the model's own points."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for one in records(path):
        groups[tuple(one["sentences"])].append(one)
    for shown, found in groups.items():
        name = hashlib.sha256("\n".join(shown).encode()).hexdigest()[:12]
        claims = tuple(Claim(tuple(one["cites"]), one["text"], int(one["label"]), "own") for one in found)
        yield Row("own", "own", name, shown, None, claims)


class Weighed:
    """A document's sentences by the stems they share with a claim; a stem weighs more the fewer sentences have it."""

    def __init__(self, shown: Sequence[str]) -> None:
        self._stems = [set(stems(text)) for text in shown]
        self._tokens = [len(text) / 4.3 + 5 for text in shown]  # 4.3 characters a token of English news
        df = Counter(stem for known in self._stems for stem in known)
        self._weight = {stem: math.log(1 + len(shown) / count) for stem, count in df.items()}

    def shown_for(self, claims: Sequence[str]) -> tuple[list[int], list[tuple[int, ...]]]:
        """Places of the sentences to show, and for each claim the numbers of its best two among them."""
        scores = [self._scores(claim) for claim in claims]
        ranked = [sorted(range(len(self._stems)), key=lambda place: -score[place]) for score in scores]
        kept: list[int] = []
        used = 0.0
        for best in zip(*ranked, strict=True):
            for place in best:
                for near in (place, place - 1):
                    if near < 0 or near in kept or (kept and used + self._tokens[near] > BUDGET):
                        continue
                    kept.append(near)
                    used += self._tokens[near]
            if used > 0.85 * BUDGET:
                break
        kept.sort()
        cited = [sorted(range(len(kept)), key=lambda at: -score[kept[at]])[:2] for score in scores]
        return kept, [tuple(at + 1 for at in best) for best in cited]

    def _scores(self, claim: str) -> list[float]:
        wanted = set(stems(claim))
        return [sum(self._weight[stem] for stem in wanted & known) / (8 + len(known)) ** 0.35 for known in self._stems]


def first_half(document: str) -> bool:
    """Whether a document is of the tuning half, by its beginning without blanks and marks: one article may stand in
    several data sets. bench/faithfulness.py splits by this as well.
    """
    beginning = re.sub(r"\W", "", document.lower())[:200]
    return hashlib.sha256(beginning.encode()).digest()[0] % 2 == 0


def untokenised(claim: str) -> str:
    """A claim without what the data sets' own tokenisers left: "quarter - final", "`` yes ''", "# 16m" for pounds."""
    text = normalise(claim).replace("\\'", "'").replace("``", '"').replace("''", '"').replace("`", "'")
    text = re.sub(r"# ?(?=\d)", "£", re.sub(r"(\w) - (\w)", r"\1-\2", text))
    return re.sub(r" (n't|'s|'re|'ll)\b", r"\1", text)


def _flat(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
