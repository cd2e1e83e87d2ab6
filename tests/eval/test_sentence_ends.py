"""Floors of sentence ends by language: F1 on news prose written for this test, with what is hard in each language.

``sentences/xx.txt`` has one sentence a line. What stands behind the line ``# written after the rules`` was written when
the rules were finished, to try them: the worst F1 was 0.89 then. The floors are in ``floors.json`` and only go up:

python tests/eval/test_sentence_ends.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from briefing.nlp.sentences import sentences

pytestmark = pytest.mark.eval

HERE = Path(__file__).resolve().parent
FLOORS = HERE / "floors.json"
LANGUAGES = tuple(sorted(path.stem for path in (HERE / "sentences").glob("*.txt")))
PARAGRAPH = 6
"""Sentences of each paragraph."""
MARK = "# written after the rules"


def lines(language: str) -> tuple[list[str], list[str]]:
    """The sentences before and behind `MARK`."""
    before, _, behind = (HERE / "sentences" / f"{language}.txt").read_text("utf-8").partition(MARK)
    return before.split("\n")[:-1], behind.strip().split("\n") if behind else []


def paragraphs(language: str, whole: list[str]) -> Iterator[tuple[str, set[int]]]:
    """Paragraphs of `whole`, with the offsets at which sentences end inside of each."""
    blank = "" if language in {"zh", "ja"} else " "
    for first in range(0, len(whole), PARAGRAPH):
        part = whole[first : first + PARAGRAPH]
        yield (
            blank.join(part),
            {len(blank.join(part[:count])) for count in range(1, len(part))},
        )


def f1(language: str, whole: list[str], stated: str | None = None) -> float:
    """Of the sentence ends inside the paragraphs; `stated`: the language that the text is said to have."""
    right = wrong = 0
    for text, ends in paragraphs(language, whole):
        found = {sentence.end for sentence in sentences(text, language if stated is None else stated)} - {len(text)}
        right += 2 * len(ends & found)
        wrong += len(ends ^ found)
    return right / (right + wrong)


def measured(language: str) -> dict[str, float]:
    before, behind = lines(language)
    return {
        "all": round(f1(language, before + behind), 3),
        "written after": round(f1(language, behind), 3),
        "language unknown": round(f1(language, before + behind, "und"), 3),
    }


def test_fourteen_languages_have_thirty_sentences_a_third_of_them_newer() -> None:
    counts = {language: [len(part) for part in lines(language)] for language in LANGUAGES}
    assert len([language for language, count in counts.items() if sum(count) >= 30]) >= 14
    assert all(behind >= 0.3 * (before + behind) for before, behind in counts.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_falls_below_its_floor(language: str) -> None:
    floors = json.loads(FLOORS.read_text("utf-8"))["sentence ends"][language]
    found = measured(language)
    assert {figure: found[figure] for figure in floors if found[figure] < floors[figure] - 0.001} == {}


if __name__ == "__main__":
    kept = json.loads(FLOORS.read_text("utf-8"))
    kept["sentence ends"] = {language: measured(language) for language in LANGUAGES}
    FLOORS.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
