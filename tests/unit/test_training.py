"""The adapter's training: its format to the byte, its rows, and a run that goes on where it was stopped."""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from training import prepare  # noqa: E402
from training.evaluate import asked, odds  # noqa: E402
from training.figures import Scored, figures  # noqa: E402
from training.layout import Layout, answer  # noqa: E402
from training.lessons import IGNORED, Place, Plan, Teacher  # noqa: E402
from training.rows import Claim, Row, Write, read, records, save  # noqa: E402

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
    for row in list(prepare.articles(shared_data / "points" / "train.jsonl.gz"))[::7]:
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


def test_the_halves_are_those_of_the_benchmark(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(REPOSITORY / "bench"))
    import faithfulness as bench

    path = shared_data / "faithfulness" / "dev.jsonl.gz"
    learnt = {claim.text for row in prepare.labelled(path) if row.part == "tune" for claim in row.claims}
    report = {claim.text for row in prepare.labelled(path) if row.part == "report" for claim in row.claims}
    for claim in bench.claims(path, 50):
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


def test_a_lesson_predicts_the_answer_and_the_verdicts_only() -> None:
    lesson = Teacher(letters).lesson(ARTICLE, random.Random(1))
    written, checked = lesson.targets[: lesson.written], lesson.targets[lesson.written :]
    assert bytes(one for one in written if one != IGNORED).decode() == answer(ARTICLE.write.points, None)  # type: ignore[union-attr]
    assert sorted(one for one in checked if one != IGNORED) == [1, 1, 2, 2]
    for place, target in enumerate(lesson.targets):
        assert target in {IGNORED, *lesson.tokens[place + 1 : place + 2]}
    assert lesson.counts == (len(answer(ARTICLE.write.points, None)), 4)  # type: ignore[union-attr]


def test_a_fifth_of_the_statements_are_labelled_and_every_article_comes_once_an_epoch() -> None:
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


def test_articles_that_were_seen_come_last_in_the_first_pass_only() -> None:
    plan = Plan(articles(20), seed=3, batch=4, seen=[f"article{n}" for n in range(0, 20, 2)])
    first = [int(row.id.removeprefix("article")) % 2 for row in plan.order(0)]
    assert first == [1] * 10 + [0] * 10
    assert [int(row.id.removeprefix("article")) % 2 for row in plan.order(1)] != first


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


# --- a run ---------------------------------------------------------------------------------------------------


@pytest.fixture
def model() -> Iterator[Any]:
    """A Qwen2 of a few thousand weights, with an adapter on."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install 'briefing[train]')")
    pytest.importorskip("peft", reason="PEFT is not installed (pip install 'briefing[train]')")
    from transformers import Qwen2Config, Qwen2ForCausalLM

    from training.model import adapt

    torch.manual_seed(1)
    config = Qwen2Config(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        vocab_size=256,
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two wait for each other at every small product
    yield adapt(Qwen2ForCausalLM(config), rank=2, alpha=4)
    torch.set_num_threads(threads)


def begun(model: Any) -> Any:
    from training.train import Run

    return Run(model, alpha=4, rate=0.01, warm_up=2, average=0.9)


def gone_through(run: Any, out: Path, epochs: int, **other: Any) -> None:
    from training.train import go

    wanted = argparse.Namespace(out=out, epochs=epochs, hours=0.0, save=1e9)
    go(run, Plan(articles(8), seed=3, batch=4), Teacher(letters), wanted, other.get("stopped", []))


OF_TRANSFORMERS = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@OF_TRANSFORMERS
def test_both_continuations_in_one_pass_are_what_they_are_alone(model: Any) -> None:
    from dataclasses import replace

    from training.model import learn, weights_of

    lesson = Teacher(letters).lesson(ARTICLE, random.Random(1))
    cut = lesson.written
    written = replace(lesson, tokens=lesson.tokens[:cut], targets=lesson.targets[:cut])
    checked = replace(lesson, tokens=lesson.tokens[cut:], targets=lesson.targets[cut:], written=0)
    both = learn(model, lesson, scales=(1.0, 0.5), verdicts=(1, 2))
    together = {name: weight.grad.clone() for name, weight in weights_of(model).items()}
    model.zero_grad()
    alone = [learn(model, one, scales=(1.0, 0.5), verdicts=(1, 2)) for one in (written, checked)]
    assert both.write == pytest.approx(alone[0].write, rel=1e-4)
    assert both.check == pytest.approx(alone[1].check, rel=1e-4)
    assert both.right == alone[1].right
    for name, weight in weights_of(model).items():
        assert (weight.grad - together[name]).abs().max() < 1e-4


@OF_TRANSFORMERS
def test_a_run_goes_on_as_if_it_had_not_stopped(model: Any, tmp_path: Path) -> None:
    import torch

    from training.model import put
    from training.train import CHECKPOINT

    run = begun(model)
    start = {name: weight.detach().clone() for name, weight in run.weights.items()}
    gone_through(run, tmp_path, 3)
    whole = {name: weight.clone() for name, weight in run.averaged.items()}
    assert (run.steps, run.articles) == (6, 24)
    lines = records(tmp_path / "log.jsonl")
    assert lines[-1]["write"] < lines[0]["write"]
    assert {"check", "points_right", "labelled_of", "seconds_an_article"} <= set(lines[-1])
    put(model, start)
    gone_through(begun(model), tmp_path, 2)
    put(model, start)
    other = begun(model)
    other.restore(torch.load(tmp_path / CHECKPOINT, weights_only=True))
    assert other.place.epoch == 2
    gone_through(other, tmp_path, 3)
    assert all(torch.equal(weight, whole[name]) for name, weight in other.averaged.items())
    assert not all(torch.equal(weight, other.weights[name]) for name, weight in whole.items())


@OF_TRANSFORMERS
def test_told_to_end_a_run_saves_and_leaves_the_step_for_later(model: Any, tmp_path: Path) -> None:
    import torch

    from training.train import CHECKPOINT

    run = begun(model)
    assert run.step([Teacher(letters).lesson(ARTICLE, random.Random(1))], (1, 2), [15]) is None
    gone_through(run, tmp_path, 1, stopped=[15])
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True)["place"]["index"] == 0
    assert not (tmp_path / "log.jsonl").exists()


@OF_TRANSFORMERS
def test_an_exported_average_can_be_gone_on_from(model: Any, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("gguf", reason="gguf is not installed (pip install 'briefing[train]')")
    from training.adapter import Adapter
    from training.export import averaged
    from training.model import put
    from training.train import CHECKPOINT

    run = begun(model)
    gone_through(run, tmp_path, 1)
    exported, far = averaged(tmp_path)
    assert far.startswith("2 steps, 8 articles")
    exported.write_gguf(tmp_path / "points.gguf")
    exported.write_peft(tmp_path / "peft")
    for place, rough in (("points.gguf", 1e-3), ("peft", 1e-2)):
        back = Adapter.read(tmp_path / place)
        assert (back.rank, back.alpha) == (2, 4.0)
        assert set(back.tensors) == set(exported.tensors)
        for name, weight in exported.tensors.items():
            assert torch.allclose(back.tensors[name], weight, atol=rough, rtol=rough)
        put(model, back.tensors)
    last, _ = averaged(tmp_path / CHECKPOINT, last=True)
    assert any(not torch.equal(weight, exported.tensors[name]) for name, weight in last.tensors.items())
