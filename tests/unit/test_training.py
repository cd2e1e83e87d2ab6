"""What the adapter is trained on: its format to the byte, its rows, its lessons; and how it is measured."""

from __future__ import annotations

import json
import math
import random
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from training import prepare  # noqa: E402
from training.batches import groups  # noqa: E402
from training.evaluate import asked, odds  # noqa: E402
from training.figures import Scored, figures  # noqa: E402
from training.layout import Layout, answer  # noqa: E402
from training.lessons import Lesson, Place, Plan, Teacher  # noqa: E402
from training.rows import Claim, Row, Write, read, save  # noqa: E402

SENTENCES = ("The mayor resigned on Monday.", "She had led Springfield for nine years.", "A vote follows in May.")
ARTICLE = Row(
    "train",
    "web",
    "one",
    SENTENCES,
    Write("medium", None, (((1, 2), "Springfield's mayor resigned."), ((3,), "A vote follows in May."))),
    (
        Claim((1, 2), "Springfield's mayor resigned.", 1, "true"),
        Claim((3,), "A vote follows in May.", 1, "true"),
        Claim((2,), "She had led it for five years.", 0, "detail"),
        Claim((3,), "She won a vote in May.", 0, "reversal"),
    ),
)


def letters(text: str) -> list[int]:
    """A tokeniser of bytes, with a token each for the two verdicts."""
    return {" yes": [1], " no": [2]}.get(text, [*text.encode()])


def articles(count: int) -> list[Row]:
    write, claims = ARTICLE.write, ARTICLE.claims
    labelled = [Row("tune", f"set{n % 3}", f"label{n}", SENTENCES, None, claims[1:3]) for n in range(7)]
    return [Row("train", "web", f"article{n}", SENTENCES, write, claims) for n in range(count)] + labelled


# --- the format ----------------------------------------------------------------------------------------------

WRITE = """<|im_start|>system
You condense and check news. Every line begins with the numbers of the sentences behind it.<|im_end|>
<|im_start|>user
[1] The mayor resigned on Monday.
[2] She had led Springfield for nine years.
[3] A vote follows in May.

Write a headline and 3 medium key points.<|im_end|>
<|im_start|>assistant
"""


def test_what_the_model_is_asked_is_what_it_was_trained_on_to_the_byte() -> None:
    layout = Layout()
    question = layout.question(SENTENCES, points=3, headline=True)
    assert question.beginning + question.write == WRITE
    assert question.beginning.endswith("May.\n\n")
    assert layout.question(SENTENCES, length="short").write.startswith("Write 1 short key point.<|im_end|>")
    checked = layout.check(SENTENCES, [2, 3], "She led it for nine years.")
    assert checked == f"{question.beginning}{question.check}[2,3] She led it for nine years. |"
    assert question.check == "Check these statements.<|im_end|>\n<|im_start|>assistant\n"


def test_an_answer_has_a_line_a_point_behind_its_citations() -> None:
    points = [([2, 1], "One."), ([3], "Two.")]
    assert answer(points, None) == "[2,1] One.\n[3] Two.<|im_end|>"
    assert answer(points, "News") == "# News\n[2,1] One.\n[3] Two.<|im_end|>"


def test_the_pilot_wrote_the_same_bytes(shared_data: Path) -> None:
    names: dict[str, Any] = {}
    exec((shared_data.parent / "model" / "scripts" / "fmt.py").read_text("utf-8"), names)  # the pilot is no package
    layout = Layout()
    rows = list(prepare.articles(shared_data / "points" / "train.jsonl.gz"))[::7]
    assert rows
    for row in rows:
        assert row.write
        count, headline = len(row.write.points), bool(row.write.headline)
        question = layout.question(row.sentences, points=count, length=row.write.length, headline=headline)
        assert question.beginning == names["prefix"](row.sentences)
        assert question.write == names["ask_write"](count, row.write.length, headline)
        assert question.check == names["ASK_CHECK"]
        assert answer(row.write.points, row.write.headline) == names["answer"](row.write.points, row.write.headline)


# --- rows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_rows_come_back_as_they_were_written(tmp_path: Path, name: str) -> None:
    rows = articles(2)
    save(rows, tmp_path / name)
    assert read(tmp_path / name) == rows


@pytest.mark.slow
def test_the_last_articles_are_kept_out(shared_data: Path) -> None:
    rows = list(prepare.articles(shared_data / "points" / "train.jsonl.gz"))
    assert [row.part for row in rows] == ["train"] * (len(rows) - 60) + ["valid"] * 60
    assert not {row.id for row in rows if row.part == "train"} & {row.id for row in rows if row.part == "valid"}


def test_claims_on_a_document_share_its_telling_sentences(tmp_path: Path) -> None:
    document = " ".join([*SENTENCES, *(f"Filler number {n} says nothing of interest at all." for n in range(80))])
    file = tmp_path / "dev.jsonl"
    claims = [
        {"claim": "The mayor of Springfield resigned.", "label": 1, "unit": "summary"},
        {"claim": "A vote follows in June.", "label": 0, "unit": "claim"},
        {"claim": "She resigned in May. She led Springfield for a year.", "label": 0, "unit": "summary"},
    ]
    about = {"document": document, "source": "set"}
    file.write_text("".join(json.dumps(one | about) + "\n" for one in claims), "utf-8")
    (row,) = prepare.labelled(file)
    assert row.part in {"tune", "report"}
    assert {claim.text: claim.label for claim in row.claims} == {claims[0]["claim"]: 1, claims[1]["claim"]: 0}
    assert {SENTENCES[0], SENTENCES[2]} <= set(row.sentences)
    assert sum(map(len, row.sentences)) < 4.3 * prepare.BUDGET
    voted = next(claim for claim in row.claims if not claim.label)
    assert row.sentences[voted.cites[0] - 1] == SENTENCES[2]


@pytest.mark.slow
def test_the_halves_are_those_of_the_benchmark(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(REPOSITORY / "bench"))
    import faithfulness as bench

    path = shared_data / "faithfulness" / "dev.jsonl.gz"
    learnt = {claim.text for row in prepare.labelled(path) if row.part == "tune" for claim in row.claims}
    report = {claim.text for row in prepare.labelled(path) if row.part == "report" for claim in row.claims}
    claims = bench.claims(path, 50)
    assert {claim.tuning for claim in claims} == {True, False}
    for claim in claims:
        told = {" ".join(sentence.split()) for sentence in claim.sentences}
        assert claim.tuning or not told & (learnt - report)
        assert not claim.tuning or not told & (report - learnt)


def test_nothing_is_measured_by_what_was_learnt_from() -> None:
    def row(part: str, name: str) -> Row:
        told = tuple(
            f"The council of {name} voted {n} times on the tram line that was to run to the hospital." for n in "123"
        )
        return Row(part, "set", f"{part} {name}", told, None, ())

    claims = [
        row("tune", "Marlow"),
        row("tune", "Leeds"),
        row("tune", "York"),
        row("report", "Kent"),
        row("report", "Bath"),
    ]
    points = [row("valid", "Marlow"), row("train", "Kent"), row("train", "York")]
    kept = prepare.apart(claims, points, [" ".join(row("", "Leeds").sentences)])
    assert [one.id for one in kept] == ["tune York", "report Bath"]


def test_the_models_own_points_share_a_row_by_their_sentences(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    lines = [{"sentences": SENTENCES, "cites": [1], "text": f"Point {n}.", "label": n % 2} for n in range(3)]
    file.write_text("".join(json.dumps(one) + "\n" for one in lines), "utf-8")
    (row,) = prepare.own(file)
    assert (row.part, row.write) == ("own", None)
    assert [claim.label for claim in row.claims] == [0, 1, 0]


# --- lessons -------------------------------------------------------------------------------------------------


def test_every_continuation_is_what_the_product_asks_and_learns_its_answer_only() -> None:
    lesson, layout = Teacher(letters).lesson(ARTICLE, random.Random(1)), Layout()
    assert ARTICLE.write
    told = answer(ARTICLE.write.points, None)
    written, *checked = lesson.continuations
    asked_for = layout.question(SENTENCES, points=2, length="medium")
    assert bytes(lesson.beginning + written.tokens).decode() == asked_for.beginning + asked_for.write + told
    assert (written.learnt, written.check) == (len(told), False)
    wanted = {layout.check(SENTENCES, one.cites, one.text): [2, 1][one.label] for one in ARTICLE.claims}
    assert {bytes(lesson.beginning + one.tokens[:-1]).decode(): one.tokens[-1] for one in checked} == wanted
    assert all((one.learnt, one.check) == (1, True) for one in checked)
    assert lesson.counts == (len(told), 4)


def test_all_statements_of_an_article_are_put_to_the_check_but_eight_at_most() -> None:
    claims = tuple(Claim((1,), f"Statement {number}.", number % 2, "swap") for number in range(11))
    row = Row("train", "web", "many", SENTENCES, ARTICLE.write, claims)
    lessons = [Teacher(letters).lesson(row, random.Random(seed)) for seed in (1, 1, 2)]
    assert [lesson.counts[1] for lesson in lessons] == [8, 8, 8]
    assert lessons[0] == lessons[1] != lessons[2]


def test_lessons_of_like_length_go_together_up_to_so_many_tokens() -> None:
    lessons = [Lesson([0] * size, (), "points") for size in (9, 40, 16, 33, 100)]
    assert [[one.size for one in group] for group in groups(lessons, 80)] == [[100], [40, 33], [16, 9]]
    assert [[one.size for one in group] for group in groups(lessons, 0)] == [[100], [40], [33], [16], [9]]


def test_a_fifth_of_the_statements_are_labelled_and_articles_come_once_an_epoch() -> None:
    plan, teacher = Plan(articles(40), seed=3, batch=4), Teacher(letters)
    place, lessons = Place(), []
    while place.epoch < 1:
        several, place = plan.next(place, teacher)
        lessons += several
    assert place == Place(1, 0, place.drawn, place.due)
    assert sum(lesson.source == "points" for lesson in lessons) == 40
    labelled = sum(lesson.counts[1] for lesson in lessons if lesson.source == "labelled")
    assert labelled / sum(lesson.counts[1] for lesson in lessons) == pytest.approx(0.2, abs=0.02)
    assert [row.id for row in plan.order(0)] != [row.id for row in plan.order(1)]


def test_own_points_that_come_later_are_not_caught_up_with() -> None:
    place, teacher = Place(), Teacher(letters)
    for _ in range(8):
        _, place = Plan(articles(40), seed=3, batch=4).next(place, teacher)
    mine = [Row("own", "own", f"own{n}", SENTENCES, None, ARTICLE.claims[:1]) for n in range(30)]
    lessons, _ = Plan([*articles(40), *mine], seed=3, batch=4).next(place, teacher)
    assert [lesson.source for lesson in lessons].count("own") == 2
    assert [lesson.source for lesson in lessons].count("points") == 4


def test_the_share_that_is_left_falls_from_all_to_nothing() -> None:
    plan, teacher, place, found = Plan(articles(8), seed=3, batch=4), Teacher(letters), Place(), []
    while place.epoch < 2:
        found.append(plan.left(place, 2))
        _, place = plan.next(place, teacher)
    assert [*found, plan.left(place, 2)] == [1.0, 0.75, 0.5, 0.25, 0.0]


# --- figures -------------------------------------------------------------------------------------------------


def test_figures_count_what_is_refused() -> None:
    found = [Scored(score, 1, "true") for score in range(1, 11)]
    found += [Scored(score, 0, "swap") for score in (-2, -1, 0.5, 5.5)]
    told = figures(found, 0.0)
    assert told["auc"] == pytest.approx((3 * 10 + 5) / 40)
    assert told["balanced_accuracy"] == pytest.approx(0.875)
    assert told["cut"] == {
        "at": 0.0, "true_refused": 0.0, "wrong_refused": 0.5, "balanced_accuracy": 0.75, "by_kind": {"swap": (2, 4)},
    }  # fmt: skip
    assert (told["tenth"]["at"], told["tenth"]["true_refused"]) == (2, 0.1)
    assert figures(found[:3], 0.0) == {"statements": 3, "held": 3, "wrong": 0}


def test_the_score_is_the_difference_of_the_logarithms() -> None:
    told = [{"token": " yes", "logprob": -0.5}, {"token": "Yes", "logprob": -3.0}, {"token": " no", "logprob": -1.5}]
    assert odds(told) == pytest.approx(math.log(math.exp(-0.5) + math.exp(-3.0)) + 1.5)
    assert odds(told[:1]) > 10


def test_every_statement_is_asked_behind_its_article() -> None:
    found = list(asked([ARTICLE], Layout()))
    assert [about["label"] for _, about, _ in found] == [1, 1, 0, 0]
    assert len({name for name, _, _ in found}) == 4
    assert found[2][2].endswith("[2] She had led it for five years. |")
