"""Ranks sentences by salience: TextRank over stems, weighted by position. Pure.

Mihalcea and Tarau, "TextRank: Bringing Order into Text", EMNLP 2004. Position counts because the first sentences of a
news report hold most of what its summaries hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from briefing.nlp.facts import stems
from briefing.nlp.text import Sentence, word_count

DAMPING = 0.85
ITERATIONS = 30
MOST_COMPARED = 1500
"""Sentences in the graph; of a longer text, that many evenly spaced ones."""


def ranked(sentences: Sequence[Sentence]) -> list[int]:
    """Indices of `sentences`, most salient first; headings and fragments (under five words) come last."""
    if not sentences:
        return []
    step = max(1, math.ceil(len(sentences) / MOST_COMPARED))
    compared = list(range(0, len(sentences), step))
    scores = dict(zip(compared, _textrank([frozenset(stems(sentences[i].text)) for i in compared]), strict=True))
    top = max(scores.values()) or 1.0

    def score(index: int) -> tuple[bool, float, int]:
        position = 0.5 / (1 + index / 3)
        text = sentences[index].text
        is_sentence = word_count(text) >= 5 and not text.endswith(("—", "–"))  # a dash ends a dateline
        return is_sentence, scores.get(index, 0.0) / top + position, -index

    return sorted(range(len(sentences)), key=score, reverse=True)


def _textrank(bags: Sequence[frozenset[str]]) -> list[float]:
    """Stationary distribution over the graph of sentences, edges weighted by shared stems."""
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
    # One square array, updated in place: 9 MB for 1,500 sentences.
    flow = (counts @ counts.T).toarray()
    np.fill_diagonal(flow, 0.0)
    lengths = np.log(1.0 + np.array([max(1, len(bag)) for bag in bags], dtype=np.float32))
    for row in range(len(bags)):
        flow[row] /= lengths + lengths[row]
    out = flow.sum(axis=1, dtype=float)
    flow[out == 0] = 1 / len(bags)
    flow /= np.where(out > 0, out, 1.0)[:, None].astype(np.float32)
    weights = np.full(len(bags), 1 / len(bags))
    for _ in range(ITERATIONS):
        weights = (1 - DAMPING) / len(bags) + DAMPING * (weights @ flow)
    return [float(weight) for weight in weights]
