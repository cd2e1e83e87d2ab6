"""How good the summaries are: ours, the bare model, simple baselines and published systems on the same articles.

    python bench/quality.py [--articles 8] [--model NAME] [--pairs FOLDER]

FOLDER holds ``dev.jsonl.gz`` and ``dev_published_outputs.jsonl.gz`` (default: the developers' shared data). For each of
its sources, the first N articles in the order of their hashed ids. ROUGE-1, -2 and -Lsum (F1, stemmed; Lin, 2004)
against the human summary; words; the share of bigrams that the article does not have; points that repeat another;
points, and numbers, names and quotations in them, that the checker does not find in the article (the shown points of
ours have passed it: their row is the checker's own word, the others' rows say what a reader would have been shown);
seconds an article. The bare model has the product's prompt and nothing behind it. The last line is JSON.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from metering import model_spec, table

from briefing.assets import environment
from briefing.engines import EngineOptions, Prompt, open_engine
from briefing.ground import Evidence, check
from briefing.summariser import PromptBook, SummaryOptions, summarise_all
from briefing.summariser.answers import read_points, says_the_same
from briefing.text import sentences, words
from briefing.types import Article, Summary, Verdict

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data" / "pairs"
FACTS = {"number", "name", "quotation"}


def rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def chosen(pairs: Sequence[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    by_source: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for pair in sorted(pairs, key=lambda pair: hashlib.sha256(pair["id"].encode()).hexdigest()):
        by_source[pair["source"]].append(pair)
    return [pair for found in by_source.values() for pair in found[:count]]


def reference(pair: dict[str, Any]) -> str:
    """The human summary, a sentence a line; where a person has corrected it, the corrected one."""
    text = pair.get("faithful_alt_reference") or pair["reference"]
    return "\n".join(text if isinstance(text, list) else [one.text for one in sentences(text)])


def text_rank(article: str) -> list[str]:
    """Three sentences by sumy's TextRank."""
    from sumy.parsers.plaintext import PlaintextParser
    from sumy.summarizers.text_rank import TextRankSummarizer

    class Tokens:
        def to_sentences(self, text: str) -> list[str]:
            return [one.text for one in sentences(text)]

        def to_words(self, text: str) -> list[str]:
            return words(text)

    parser = PlaintextParser.from_string(article, Tokens())
    return [str(one) for one in TextRankSummarizer()(parser.document, 3)]


def judged(told: Sequence[list[str]], pairs: Sequence[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """Figures of one system's summaries, each a list of sentences."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rouge1", "rouge2", "rougeLsum"], use_stemmer=True)
    sums: defaultdict[str, float] = defaultdict(float)
    points = unsupported = facts = repeated = 0
    for summary, pair in zip(told, pairs, strict=True):
        for name, score in scorer.score(reference(pair), "\n".join(summary)).items():
            sums[name] += score.fmeasure
        sums["words"] += sum(len(words(one)) for one in summary)
        sums["novel"] += novel(" ".join(summary), pair["article"])
        evidence = Evidence(pair["article"])
        for place, point in enumerate(summary):
            points += 1
            found = check(point, evidence)
            unsupported += found.verdict is Verdict.UNSUPPORTED
            facts += sum(missing.kind in FACTS for missing in found.missing)
            repeated += any(says_the_same(point, other) for other in summary[:place])
    count = len(pairs)
    return {
        "R-1": f"{100 * sums['rouge1'] / count:.1f}",
        "R-2": f"{100 * sums['rouge2'] / count:.1f}",
        "R-Lsum": f"{100 * sums['rougeLsum'] / count:.1f}",
        "words": round(sums["words"] / count),
        "novel %": round(100 * sums["novel"] / count),
        "points": points,
        "repeated": repeated,
        "unsupported %": f"{100 * unsupported / max(1, points):.1f}",
        "wrong facts": facts,
        "s/article": f"{seconds / count:.1f}",
    }


def novel(summary: str, article: str) -> float:
    """Share of a summary's bigrams that the article does not have."""

    def bigrams(text: str) -> list[tuple[str, str]]:
        folded = [word.casefold() for word in words(text)]
        return list(pairwise(folded))

    mine, theirs = bigrams(summary), set(bigrams(article))
    return sum(one not in theirs for one in mine) / max(1, len(mine))


def timed(tell: Callable[[str], list[str]], pairs: Sequence[dict[str, Any]]) -> tuple[list[list[str]], float]:
    began = time.perf_counter()
    told = [tell(pair["article"]) for pair in pairs]
    return told, time.perf_counter() - began


def by_models(pairs: Sequence[dict[str, Any]], model: str) -> dict[str, tuple[list[list[str]], float]]:
    """What the product and the bare model say of every article, and in how many seconds."""
    book = PromptBook(environment("prompts"))
    options = SummaryOptions()
    articles = [Article(id=pair["id"], title="", text=pair["article"], source="bench") for pair in pairs]
    engine = open_engine("llama", model_spec(model), EngineOptions())
    found: dict[str, tuple[list[list[str]], float]] = {}
    try:
        began = time.perf_counter()
        done = {article.id: result for article, result in summarise_all(articles, engine, book, options)}
        ours = [
            [point.text for point in result.key_points] if isinstance(result, Summary) else []
            for result in (done[article.id] for article in articles)
        ]
        found["ours"] = ours, time.perf_counter() - began
        low, high = options.point_words
        prompts = [
            Prompt(
                id=article.id,
                messages=book.messages(
                    "points", article=article.text, title="", points=options.points, fewest=options.fewest,
                    words_low=low, words_high=high, language="English",
                ),
                document=article.text, points=options.points, max_tokens=300,
            )
            for article in articles
        ]  # fmt: skip
        began = time.perf_counter()
        answers = {one.id: list(read_points(one.text)[1]) for one in engine.complete(prompts)}
        found["bare model"] = [answers[article.id] for article in articles], time.perf_counter() - began
    finally:
        engine.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--articles", type=int, default=8, help="of each source")
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--pairs", type=Path, default=DEFAULT)
    wanted = parser.parse_args()
    pairs = chosen(rows(wanted.pairs / "dev.jsonl.gz"), wanted.articles)
    published = rows(wanted.pairs / "dev_published_outputs.jsonl.gz")
    told = by_models(pairs, wanted.model)
    told["lead-3"] = timed(lambda text: [one.text for one in sentences(text)[:3]], pairs)
    told["TextRank"] = timed(text_rank, pairs)
    result: dict[str, Any] = {}
    for source in dict.fromkeys(pair["source"] for pair in pairs):
        places = [place for place, pair in enumerate(pairs) if pair["source"] == source]
        here = [pairs[place] for place in places]
        lines = {
            name: judged([summaries[place] for place in places], here, seconds * len(here) / len(pairs))
            for name, (summaries, seconds) in told.items()
        }
        for model in dict.fromkeys(one["model"] for one in published):
            outputs = {one["id"]: one["summary"] for one in published if one["model"] == model}
            same = [pair for pair in here if pair["id"] in outputs]
            if len(same) >= len(here) / 2:
                texts = [[one.text for one in sentences(outputs[pair["id"]])] for pair in same]
                lines[f"{model} ({len(same)})"] = judged(texts, same, 0.0)
        print(f"\n{source}, {len(here)} articles\n{table(lines)}")
        result[source] = lines
    print(json.dumps(result))


if __name__ == "__main__":
    main()
