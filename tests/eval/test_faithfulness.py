"""Quality floors of the check on real articles and human labels. They are in ``floors.json`` and only go up:

python tests/eval/test_faithfulness.py --update
"""

from __future__ import annotations

import gzip
import json
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.eval

HERE = Path(__file__).resolve().parent
FLOORS = HERE / "floors.json"
EVERY = 2
"""Of the labelled claims, one in so many; the figures are of the half that nothing was tuned on."""


@lru_cache(maxsize=1)
def measured(labels: Path) -> dict[str, float]:
    """Figures of the score, the verdict and the better baseline, as ``bench/faithfulness.py`` takes them."""
    import faithfulness as bench
    from judges import JUDGES

    data = bench.claims(labels, EVERY)
    score = bench.figures(JUDGES["+ closeness = score"], data)
    shown = bench.figures(JUDGES["verdict shown"], data)
    baseline = bench.figures(JUDGES["baseline: words in article"], data)
    return {
        "score, one cut": score.macro,
        "score, own cuts": score.own_cut,
        "score, area under the curve": score.auc,
        "verdict shown": shown.macro,
        "baseline: words in article, own cuts": baseline.own_cut,
    }


def pairs(shared_data: Path, count: int) -> list[dict[str, Any]]:
    with gzip.open(shared_data / "pairs" / "dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return rows[:: max(1, len(rows) // count)][:count]


@pytest.mark.parametrize(
    "figure", ["score, one cut", "score, own cuts", "score, area under the curve", "verdict shown"]
)
def test_no_figure_falls_below_its_floor(figure: str, shared_data: Path) -> None:
    found = measured(shared_data / "faithfulness" / "dev.jsonl.gz")[figure]
    floor = json.loads(FLOORS.read_text("utf-8"))["faithfulness"][figure]
    assert found >= floor - 0.001, f"{figure}: {found:.4f}, the floor is {floor}"


def test_the_score_is_clearly_above_the_baseline(shared_data: Path) -> None:
    found = measured(shared_data / "faithfulness" / "dev.jsonl.gz")
    assert found["score, own cuts"] > found["baseline: words in article, own cuts"] + 0.05


def test_no_sentence_of_an_article_is_refused_by_it(shared_data: Path) -> None:
    from briefing.ground import Evidence, check
    from briefing.nlp.text import normalise
    from briefing.types import Verdict

    refused = []
    for pair in pairs(shared_data, 60):
        evidence = Evidence(normalise(pair["article"]))
        for index, sentence in enumerate(evidence.sentences):
            found = check(sentence.text, evidence)
            assert all(evidence.text[c.start : c.end] == c.text for c in found.citations)
            if found.verdict is not Verdict.SUPPORTED and index not in evidence.injections:
                refused.append((sentence.text, found.missing))
    assert refused == []


def test_what_people_wrote_about_another_article_is_refused(shared_data: Path) -> None:
    from briefing.ground import Evidence, check
    from briefing.nlp.text import normalise
    from briefing.types import Verdict

    rows = pairs(shared_data, 120)
    passed = []
    for row, other in zip(rows, rows[1:] + rows[:1], strict=True):
        evidence = Evidence(normalise(other["article"]))
        points = row["reference"] if isinstance(row["reference"], list) else [row["reference"]]
        passed += [p for p in points if check(normalise(p), evidence).verdict is not Verdict.UNSUPPORTED]
    assert passed == []


def update(labels: Path) -> None:
    """Raise every floor that is exceeded; lower none."""
    floors = json.loads(FLOORS.read_text("utf-8")) if FLOORS.exists() else {}
    old = floors.get("faithfulness", {})
    found = {figure: value for figure, value in measured(labels).items() if not figure.startswith("baseline")}
    floors["faithfulness"] = {figure: max(old.get(figure, 0.0), round(value, 4)) for figure, value in found.items()}
    FLOORS.write_text(json.dumps(floors, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parents[1] / "bench"))
    import faithfulness

    if sys.argv[1:] == ["--update"]:
        update(faithfulness.DEFAULT)
    else:
        sys.exit("python tests/eval/test_faithfulness.py --update")
