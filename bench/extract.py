"""How well articles are freed from their pages: ours against trafilatura alone, on pages with human gold.

    python bench/extract.py [PAGES]

PAGES is the folder of pages with ``gold.json.gz`` (default: the developers' shared data). Bag-of-words F1 where the
gold is the whole text, must-contain and must-not-contain shares where it is segments; seconds a page; the last line
is JSON.
"""

from __future__ import annotations

import gzip
import json
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from briefing.errors import ExtractError
from briefing.extract import extract_article

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data" / "html"


def ours(page: bytes, name: str) -> str:
    return extract_article(page, content_type="text/html", name=name, url=None, source="bench").text


def trafilatura_alone(page: bytes, name: str) -> str:
    import trafilatura

    return trafilatura.extract(page, include_comments=False) or ""


def f1(found: str, gold: str) -> float:
    a, b = Counter(re.findall(r"\w+", found)), Counter(re.findall(r"\w+", gold))
    return 2 * sum((a & b).values()) / max(1, sum(a.values()) + sum(b.values()))


def measure(
    extract: Callable[[bytes, str], str], pages: Path, gold: dict[str, Any], before: dict[str, float]
) -> dict[str, float]:
    """Figures of one extractor; its F1 a page goes into `before`, and where it is worse than there, to stderr."""
    scores: list[float] = []
    must: list[bool] = []
    must_not: list[bool] = []
    refused: list[str] = []
    began = time.perf_counter()
    for name, entry in sorted(gold.items()):
        if not name.startswith(("aeb-", "traf-")):
            continue
        page = gzip.decompress((pages / f"{name}.gz").read_bytes())
        try:
            text = extract(page, name)
        except ExtractError as error:
            refused.append(f"{name}: {error.cause}")
            text = ""
        if name.startswith("aeb-"):
            scores.append(f1(text, entry["text"]))
            if scores[-1] < before.setdefault(name, scores[-1]) - 0.02:
                print(f"worse {name}: {scores[-1]:.3f}, was {before[name]:.3f}", file=sys.stderr)
        else:
            flat = " ".join(text.split())
            for part, wanted in [(p, True) for p in entry.get("must_contain", [])] + [
                (p, False) for p in entry.get("must_not_contain", [])
            ]:
                right = (" ".join(part.split()) in flat) is wanted
                (must if wanted else must_not).append(right)
                if right < before.setdefault(f"{name} {part}", right):
                    print(f"worse {name}: {'lacks' if wanted else 'holds'} {part[:60]!r}", file=sys.stderr)
    seconds = time.perf_counter() - began
    for line in refused:
        print("refused", line, file=sys.stderr)
    count = sum(name.startswith(("aeb-", "traf-")) for name in gold)
    return {
        "f1": round(sum(scores) / len(scores), 4),
        "contains": round(sum(must) / max(1, len(must)), 4),
        "leaves_out": round(sum(must_not) / max(1, len(must_not)), 4),
        "refused": len(refused),
        "seconds_a_page": round(seconds / count, 4),
    }


def refused_of_the_rest(pages: Path, gold: dict[str, Any]) -> list[str]:
    """Pages whose gold is another extractor's text, so that only a refusal can be judged: the gate's own errors."""
    refused: list[str] = []
    for name in sorted(gold):
        if not name.startswith(("aeb-", "traf-")):
            try:
                ours(gzip.decompress((pages / f"{name}.gz").read_bytes()), name)
            except ExtractError as error:
                refused.append(f"{name}: {error.cause}; its gold has {len(gold[name].get('text') or '')} characters")
    return refused


def main() -> None:
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    pages = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    gold = json.loads(gzip.decompress((pages / "gold.json.gz").read_bytes()))
    before: dict[str, float] = {}
    results = {
        name: measure(run, pages, gold, before) for name, run in (("trafilatura", trafilatura_alone), ("ours", ours))
    }
    keys = list(results["ours"])
    print("              " + "".join(f"{key:>16}" for key in keys))
    for name, result in results.items():
        print(f"{name:<14}" + "".join(f"{result[key]:>16}" for key in keys))
    alone = results["trafilatura"]
    ratio = {key: round(results["ours"][key] / alone[key], 3) for key in keys if alone[key]}
    print(f"{'ratio':<14}" + "".join(f"{ratio.get(key, '-'):>16}" for key in keys))
    rest = refused_of_the_rest(pages, gold)
    for line in rest:
        print("refused", line, file=sys.stderr)
    total = results["ours"]["refused"] + len(rest)
    print(f"refused by the gate: {total:.0f} of {len(gold)} pages")
    print(json.dumps({"bench": "extract", **results, "ratio": ratio, "refused_of_all": total, "pages": len(gold)}))


if __name__ == "__main__":
    main()
