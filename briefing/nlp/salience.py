"""Which sentences of a text carry it. Pure.

TextRank (Mihalcea and Tarau, "TextRank: Bringing Order into Text", EMNLP 2004) over stems, with the weight that news
gives to its opening: the first sentences of a report hold most of what its summaries hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from briefing.nlp.facts import stems
from briefing.nlp.text import Sentence, word_count

__all__ = ["ranked"]

DAMPING = 0.85
ROUNDS = 30
MOST_COMPARED = 1500
"""Sentences compared with one another; of a longer text, that many evenly spread ones."""


def ranked(sentences: Sequence[Sentence]) -> list[int]:
    """Indices of `sentences`, most telling first. Headings and fragments (under five words) come last."""
    if not sentences:
        return []
    step = max(1, math.ceil(len(sentences) / MOST_COMPARED))
    compared = list(range(0, len(sentences), step))
    scores = dict(zip(compared, _textrank([frozenset(stems(sentences[i].text)) for i in compared]), strict=True))
    top = max(scores.values()) or 1.0

    def score(index: int) -> tuple[bool, float, int]:
        opening = 0.5 / (1 + index / 3)
        text = sentences[index].text
        tells = word_count(text) >= 5 and not text.endswith(("—", "–"))  # a dateline tells nothing
        return tells, scores.get(index, 0.0) / top + opening, -index

    return sorted(range(len(sentences)), key=score, reverse=True)


def _textrank(bags: Sequence[frozenset[str]]) -> list[float]:
    """Stationary weights of the graph in which two sentences are tied by the stems they share."""
    import numpy as np

    vocabulary = {word: column for column, word in enumerate(sorted(frozenset().union(*bags)))}
    if not vocabulary or len(bags) < 2:
        return [1.0] * len(bags)
    from scipy.sparse import csr_matrix

    rows = [row for row, bag in enumerate(bags) for _ in bag]
    columns = [vocabulary[word] for bag in bags for word in sorted(bag)]
    counts: Any = csr_matrix(
        (np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(len(bags), len(vocabulary))
    )
    # One square array, written over in place: of 1,500 sentences it is 9 MB.
    flow = (counts @ counts.T).toarray()
    np.fill_diagonal(flow, 0.0)
    lengths = np.log(1.0 + np.array([max(1, len(bag)) for bag in bags], dtype=np.float32))
    for row in range(len(bags)):
        flow[row] /= lengths + lengths[row]
    out = flow.sum(axis=1, dtype=float)
    flow[out == 0] = 1 / len(bags)
    flow /= np.where(out > 0, out, 1.0)[:, None].astype(np.float32)
    weights = np.full(len(bags), 1 / len(bags))
    for _ in range(ROUNDS):
        weights = (1 - DAMPING) / len(bags) + DAMPING * (weights @ flow)
    return [float(weight) for weight in weights]
