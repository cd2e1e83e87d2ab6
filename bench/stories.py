"""Clustering of articles into stories: ours against two baselines, and time by number of articles.

    python bench/stories.py [CLUSTERS] [--embeddings FILE.gguf]

CLUSTERS is the file of stories with their articles (default: the developers' shared data). B-cubed precision, recall
and F1 (Bagga and Baldwin, 1998) over the pooled articles of all stories; the curve over thresholds; then seconds and
memory for 100, 1,000 and 10,000 articles, the larger pools filled with articles whose words are shuffled among those of
the data. The last line is JSON. With an embedding model (`bench/embedding_model.py` makes one) the same once more with
its embeddings, in pools of four sizes; the seconds then include the embedding.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from metering import peak_mb, table

from briefing.engines import ModelSpec
from briefing.engines.embedding import Embedder
from briefing.stories import THRESHOLD, Vectoriser, group, tfidf_vectors, with_embeddings
from briefing.types import Article

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data" / "clusters" / "dev.jsonl.gz"
SIZES = (100, 1_000, 10_000)
Cluster = Callable[[Sequence[Article]], list[int]]
CURVE = (0.10, 0.12, 0.14, 0.16, 0.18, 0.20, 0.25)


def pool(rows: Sequence[dict[str, Any]]) -> tuple[list[Article], list[int]]:
    """The articles of `rows`, their first sentence as title, and the story of each."""
    articles: list[Article] = []
    gold: list[int] = []
    for story, row in enumerate(rows):
        for index, text in enumerate(row["documents"]):
            title = re.split(r"(?<=[.!?])\s|\n", text.strip(), maxsplit=1)[0][:120]
            articles.append(Article(id=f"{len(articles):06}", title=title, text=text, source=f"paper {index}"))
            gold.append(story)
    return articles, gold


def b_cubed(found: Sequence[int], gold: Sequence[int]) -> tuple[float, float, float]:
    together: defaultdict[int, set[int]] = defaultdict(set)
    true: defaultdict[int, set[int]] = defaultdict(set)
    for index, (label, story) in enumerate(zip(found, gold, strict=True)):
        together[label].add(index)
        true[story].add(index)
    precision = recall = 0.0
    for label, story in zip(found, gold, strict=True):
        both = len(together[label] & true[story])
        precision += both / len(together[label])
        recall += both / len(true[story])
    precision, recall = precision / len(gold), recall / len(gold)
    return precision, recall, 2 * precision * recall / (precision + recall)


def ours(articles: Sequence[Article], threshold: float = THRESHOLD, compare: Vectoriser = tfidf_vectors) -> list[int]:
    labels = {}
    for label, bundle in enumerate(group(articles, threshold=threshold, compare=compare)):
        labels.update({article.id: label for article in (*bundle.articles, *bundle.copies)})
    return [labels[article.id] for article in articles]


def embedded(path: Path, threads: int, articles: list[Article], gold: list[int]) -> dict[str, Any]:
    """`ours` with embeddings of the model at `path`, loaded for this pool alone."""
    embedder = Embedder(ModelSpec(name=path.stem, path=path, digest=""), threads=threads)
    try:
        return scored(partial(ours, compare=with_embeddings(embedder.embed)), articles, gold)
    finally:
        embedder.close()


def titles_alone(articles: Sequence[Article]) -> list[int]:
    """Baseline of many feed readers: single linkage of titles by TF-IDF cosine."""
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(stop_words="english").fit_transform([article.title for article in articles])
    edges = (vectors @ vectors.T) > 0.3
    return [int(label) for label in connected_components(edges, directed=False)[1]]


def k_means(articles: Sequence[Article]) -> list[int]:
    """Baseline: k-means over TF-IDF of whole texts, one cluster for every three articles."""
    from sklearn.cluster import KMeans
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(stop_words="english", max_features=20_000)
    vectors = vectoriser.fit_transform([article.text for article in articles])
    return [int(label) for label in KMeans(max(1, len(articles) // 3), n_init=1, random_state=1).fit_predict(vectors)]


def scored(
    cluster: Callable[[Sequence[Article]], list[int]], articles: list[Article], gold: list[int]
) -> dict[str, Any]:
    began = time.perf_counter()
    precision, recall, f1 = b_cubed(cluster(articles), gold)
    seconds = time.perf_counter() - began
    return {
        "precision": round(precision, 3),
        "recall": round(recall, 3),
        "F1": round(f1, 3),
        "seconds": round(seconds, 1),
    }


def grown(articles: Sequence[Article], size: int) -> list[Article]:
    """`size` articles: the given ones, then ones made of the halves of two, their words shuffled."""
    random.seed(7)
    found = list(articles[:size])
    while len(found) < size:
        first, second = (article.text.split() for article in random.sample(list(articles), 2))
        words = first[: len(first) // 2] + second[len(second) // 2 :]
        random.shuffle(words)
        source = f"paper {len(found) % 50}"
        found.append(Article(id=f"{len(found):06}", title=" ".join(words[:10]), text=" ".join(words), source=source))
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("clusters", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--embeddings", type=Path, help="GGUF file of an embedding model")
    parser.add_argument("--threads", type=int, default=0, help="of the embedding model")
    given = parser.parse_args()
    with gzip.open(given.clusters, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    articles, gold = pool(rows)
    print(f"{len(articles)} articles of {len(rows)} stories")
    systems: dict[str, Cluster] = {"ours": ours, "titles": titles_alone, "k-means": k_means}
    quality = {name: scored(cluster, articles, gold) for name, cluster in systems.items()}
    print(table(quality))
    small: dict[str, dict[str, Any]] = {}
    for count in (8, 25, 100):
        few, few_gold = pool(rows[:count])
        small[f"ours, {len(few)} articles"] = scored(ours, few, few_gold)
    if given.embeddings:
        quality["ours + embeddings"] = embedded(given.embeddings, given.threads, articles, gold)
        for count in (100, 25, 8):
            few, few_gold = pool(rows[:count])
            small[f"ours + embeddings, {len(few)} articles"] = embedded(given.embeddings, given.threads, few, few_gold)
        print(table({"ours + embeddings": quality["ours + embeddings"]}))
    print(table(small))
    curve = {f"{threshold:.2f}": scored(partial(ours, threshold=threshold), articles, gold) for threshold in CURVE}
    print(table(curve))
    times: dict[int, float] = {}
    for size in SIZES:
        many = grown(articles, size)
        began = time.perf_counter()
        group(many)
        times[size] = time.perf_counter() - began
        print(f"{size:>7} articles: {times[size]:7.1f} s, {peak_mb()} MB at most so far")
    growth = math.log(times[SIZES[-1]] / times[SIZES[-2]]) / math.log(SIZES[-1] / SIZES[-2])
    print(f"time grows with the number of articles to the power of {growth:.2f}")
    seconds = {str(size): round(taken, 1) for size, taken in times.items()}
    print(json.dumps({**quality, "curve": curve, "seconds": seconds, "growth": round(growth, 2), "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main()
