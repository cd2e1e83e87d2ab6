"""How good the summaries are: ours, the bare model, simple baselines and published systems on the same articles.

    python bench/quality.py [--articles 8] [--model NAME] [--adapter FILE] [--pairs FOLDER] [--out FILE] [--bare]
                            [--readers FOLDER]

FOLDER holds ``dev.jsonl.gz`` and ``dev_published_outputs.jsonl.gz`` (default: the developers' shared data). For each of
its sources, the first N articles in the order of their hashed ids. ROUGE-1, -2 and -Lsum (F1, stemmed; Lin, 2004)
against the human summary; words; the share of bigrams that the article does not have; points that repeat another;
points, and numbers, names and quotations in them, that the checker does not find in the article (the shown points of
ours have passed it: their row is the checker's own word, the others' rows say what a reader would have been shown);
seconds an article. ``--bare`` adds the model that is asked with the whole article and has nothing behind it.
``--readers`` writes every article with the systems' points, shuffled, for somebody who is not to know who wrote which.
The last line is JSON.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import string
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from metering import model_spec, table

from briefing.assets import environment
from briefing.engines import EngineOptions, Prompt, open_engine
from briefing.ground import Evidence, check
from briefing.nlp.sentences import sentences
from briefing.nlp.text import words
from briefing.serialization import summary_to_json
from briefing.summariser import PromptBook, SummaryOptions, summarise_all
from briefing.summariser.parsing import read_points, says_the_same
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
    return "\n".join(text if isinstance(text, list) else [one.text for one in sentences(text, "en")])


def text_rank(article: str) -> list[str]:
    """Three sentences by sumy's TextRank."""
    from sumy.parsers.plaintext import PlaintextParser
    from sumy.summarizers.text_rank import TextRankSummarizer

    class Tokens:
        def to_sentences(self, text: str) -> list[str]:
            return [one.text for one in sentences(text, "en")]

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


def ours(pairs: Sequence[dict[str, Any]], wanted: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """What the product says of every article, by its id: a summary as JSON with its seconds, or what went wrong.

    Each is written to ``wanted.out`` at once, and what stands there is not asked again.
    """
    path: Path | None = wanted.out
    lines = path.read_text("utf-8").splitlines() if path and path.exists() else []
    found = {row["id"]: row for row in map(json.loads, lines)}
    missing = [pair for pair in pairs if pair["id"] not in found]
    if not missing:
        return found
    spec = model_spec(wanted.model)
    if wanted.adapter:
        spec = replace(spec, adapter=wanted.adapter, digest=f"{spec.digest} {wanted.adapter}")
    articles = [Article(id=one["id"], title="", text=one["article"], source="bench", language="en") for one in missing]
    engine = open_engine("llama", spec, EngineOptions())
    try:
        began = time.perf_counter()
        for article, result in summarise_all(articles, engine, PromptBook(environment("prompts")), SummaryOptions()):
            told = summary_to_json(result) if isinstance(result, Summary) else {"key_points": [], "error": str(result)}
            found[article.id] = told | {"id": article.id, "seconds": round(time.perf_counter() - began, 2)}
            began = time.perf_counter()
            if path:
                with path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(found[article.id], ensure_ascii=False) + "\n")
    finally:
        engine.close()
    return found


def bare(pairs: Sequence[dict[str, Any]], model: str) -> tuple[list[list[str]], float]:
    """What the model says that is asked with the whole article and has nothing behind it."""
    book, options = PromptBook(environment("prompts")), SummaryOptions()
    low, high = options.point_words
    prompts = [
        Prompt(
            id=pair["id"],
            messages=book.messages(
                "points", article=pair["article"], title="", points=options.points, fewest=options.fewest,
                words_low=low, words_high=high, characters=0, language="English",
            ),
            document=pair["article"], points=options.points, max_tokens=300,
        )
        for pair in pairs
    ]  # fmt: skip
    engine = open_engine("llama", model_spec(model), EngineOptions())
    try:
        began = time.perf_counter()
        answers = {one.id: list(read_points(one.text)[1]) for one in engine.complete(prompts)}
        return [answers[pair["id"]] for pair in pairs], time.perf_counter() - began
    finally:
        engine.close()


def for_readers(folder: Path, pairs: Sequence[dict[str, Any]], told: dict[str, dict[str, list[str]]]) -> None:
    """One file an article with every system's points, shuffled; ``key.json`` says which is whose."""
    folder.mkdir(parents=True, exist_ok=True)
    key: dict[str, list[str]] = {}
    for number, pair in enumerate(pairs, 1):
        systems = [name for name, summaries in told.items() if pair["id"] in summaries]
        random.Random(f"readers {pair['id']}").shuffle(systems)
        name = f"{number:02}.txt"
        key[name] = systems
        parts = [f"ARTICLE\n\n{pair['article']}\n"]
        for letter, system in zip(string.ascii_uppercase, systems, strict=False):
            points = told[system][pair["id"]]
            parts.append(f"SUMMARY {letter}\n" + "\n".join(f"{letter}{n} {text}" for n, text in enumerate(points, 1)))
        (folder / name).write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    (folder / "key.json").write_text(json.dumps(key, indent=1), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--articles", type=int, default=8, help="of each source")
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--adapter", type=Path, help="another than the model's own")
    parser.add_argument("--pairs", type=Path, default=DEFAULT)
    parser.add_argument("--out", type=Path, help="JSON Lines of our summaries, to go on from")
    parser.add_argument("--readers", type=Path, help="folder for what blind readers are given")
    parser.add_argument("--bare", action="store_true", help="the bare model as well")
    wanted = parser.parse_args()
    pairs = chosen(rows(wanted.pairs / "dev.jsonl.gz"), wanted.articles)
    published = rows(wanted.pairs / "dev_published_outputs.jsonl.gz")
    done = ours(pairs, wanted)
    mine = [[point["text"] for point in done[pair["id"]]["key_points"]] for pair in pairs]
    told = {"ours": (mine, sum(done[pair["id"]]["seconds"] for pair in pairs))}
    if wanted.bare:
        told["bare model"] = bare(pairs, wanted.model)
    told["lead-3"] = timed(lambda text: [one.text for one in sentences(text, "en")[:3]], pairs)
    told["TextRank"] = timed(text_rank, pairs)
    outputs: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for one in published:
        outputs[one["model"]][one["id"]] = [part.text for part in sentences(one["summary"], "en")]
    if wanted.readers:
        read = {name: dict(zip([p["id"] for p in pairs], told[name][0], strict=True)) for name in ("ours", "lead-3")}
        for_readers(wanted.readers, pairs, read | outputs)
    result: dict[str, Any] = {}
    for source in dict.fromkeys(pair["source"] for pair in pairs):
        places = [place for place, pair in enumerate(pairs) if pair["source"] == source]
        here = [pairs[place] for place in places]
        lines = {
            name: judged([summaries[place] for place in places], here, seconds * len(here) / len(pairs))
            for name, (summaries, seconds) in told.items()
        }
        for model, summaries in outputs.items():
            same = [pair for pair in here if pair["id"] in summaries]
            if len(same) >= len(here) / 2:
                lines[f"{model} ({len(same)})"] = judged([summaries[pair["id"]] for pair in same], same, 0.0)
        print(f"\n{source}, {len(here)} articles\n{table(lines)}")
        result[source] = lines
    rungs = Counter(point["rung"] for pair in pairs for point in done[pair["id"]]["key_points"])
    print(json.dumps(result | {"rungs": rungs}))


if __name__ == "__main__":
    main()
