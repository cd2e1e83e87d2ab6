"""A training run: what a batch of lessons costs and teaches, going on where it was stopped, what cannot be begun."""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from filelock import FileLock

from briefing.errors import UsageError

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from training import train  # noqa: E402
from training.lessons import Lesson, Place, Plan, Teacher  # noqa: E402
from training.rows import Claim, records, save  # noqa: E402

from .test_training import ARTICLE, articles, letters  # noqa: E402

pytestmark = pytest.mark.slow  # importing PyTorch takes seconds


def untrained() -> Any:
    """A Qwen2 of a few thousand weights; they are large, so that what a token sees shows in what it says."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install -e '.[train]')")
    pytest.importorskip("peft", reason="PEFT is not installed (pip install -e '.[train]')")
    from transformers import Qwen2Config, Qwen2ForCausalLM

    state = torch.get_rng_state()
    torch.manual_seed(1)
    config = Qwen2Config(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        vocab_size=256,
        initializer_range=0.3,
    )
    base = Qwen2ForCausalLM(config)
    torch.set_rng_state(state)
    return base


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Two wait for each other at every small product."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install -e '.[train]')")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def model(one_thread: None) -> Any:
    """With an adapter on, of the same weights each time."""
    base = untrained()
    import torch

    from training.model import adapt, weights_of

    torch.manual_seed(2)
    adapted = adapt(base, rank=2, alpha=4)
    for name, weight in weights_of(adapted).items():
        if name.endswith("lora_B.weight"):  # nothing, as yet: then A has no gradient
            weight.data.normal_(std=0.1)
    return adapted


def begun(model: Any, tokens: int = 2000) -> Any:
    return train.Run(model, alpha=4, tokens=tokens)


class Stopping(Plan):
    """A plan in whose midst the run is told to end: `stopped` is filled when so many steps have been asked for."""

    def __init__(self, after: int, stopped: list[int]) -> None:
        super().__init__(articles(8), seed=3, batch=4)
        self._after, self._stopped = after, stopped

    def next(self, place: Place, teacher: Teacher) -> tuple[list[Lesson], Place]:
        self._after -= 1
        if self._after < 0:
            self._stopped.append(15)
        return super().next(place, teacher)


def gone_through(run: Any, out: Path, epochs: int, *, stop_after: int = 100) -> None:
    stopped = list[int]()
    wanted = argparse.Namespace(out=out, epochs=epochs, rate=0.01, warm_up=2, save=1e9)
    train.go(run, Stopping(stop_after, stopped), Teacher(letters), wanted, stopped)


OF_TRANSFORMERS = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


def lesson(*texts: str) -> Lesson:
    """The article's lesson with these statements only."""
    claims = tuple(Claim((1,), text, len(text) % 2, "swap") for text in texts)
    return Teacher(letters).lesson(replace(ARTICLE, claims=claims), random.Random(1))


def learnt(model: Any, *lessons: Lesson) -> tuple[list[Any], dict[str, Any]]:
    """How they went, and what they add to the gradients."""
    from training.model import learn, weights_of

    model.zero_grad()
    outcomes = learn(model, lessons, scales=(1.0, 0.5), verdicts=(1, 2))
    return outcomes, {name: weight.grad.clone() for name, weight in weights_of(model).items()}


def added(*several: dict[str, Any]) -> dict[str, Any]:
    return {name: sum(one[name] for one in several) for name in several[0]}


def alike(some: dict[str, Any], others: dict[str, Any]) -> bool:
    return all((weight - others[name]).abs().max() < 1e-4 for name, weight in some.items())


@OF_TRANSFORMERS
def test_a_packed_lesson_costs_and_teaches_what_its_continuations_do_alone(model: Any) -> None:
    import torch

    from training.model import weights_of

    whole = lesson("She left.", "The mayor stayed in office.", "No vote.")
    ((together,), gradient) = learnt(model, whole)
    model.zero_grad()
    write, check, right = 0.0, 0.0, 0
    for one in whole.continuations:  # as plain text, without a mask or positions of our own
        text = torch.tensor([whole.beginning + one.tokens])
        logits = model(input_ids=text).logits[0, -one.learnt - 1 : -1]
        loss = torch.nn.functional.cross_entropy(logits, text[0, -one.learnt :], reduction="sum")
        torch.autograd.backward(loss * (0.5 if one.check else 1.0))
        if one.check:
            check += loss.item()
            right += int((logits[0, 1] > logits[0, 2]) == (one.tokens[-1] == 1))
        else:
            write += loss.item()
    assert (together.write, together.check) == (pytest.approx(write, rel=1e-4), pytest.approx(check, rel=1e-4))
    assert together.right == right
    assert alike(gradient, {name: weight.grad for name, weight in weights_of(model).items()})


@OF_TRANSFORMERS
def test_no_continuation_sees_another(model: Any) -> None:
    first, second = lesson("She left.", "The mayor stayed in office."), lesson("She left.", "A vote follows, in May.")
    assert first.continuations[:1] == second.continuations[:1]
    (kept,), _ = learnt(model, first)
    (changed,), _ = learnt(model, second)
    assert changed.write == pytest.approx(kept.write, rel=1e-5)
    told = [learnt(model, replace(first, continuations=first.continuations[1:][::turn]))[0][0] for turn in (1, -1)]
    alone = [learnt(model, replace(first, continuations=(one,)))[0][0].check for one in first.continuations[1:]]
    assert [one.check for one in told] == pytest.approx([sum(alone)] * 2, rel=1e-5)
    assert changed.check != pytest.approx(kept.check, rel=1e-3)


@OF_TRANSFORMERS
def test_a_rows_gradient_does_not_change_with_its_neighbours(model: Any) -> None:
    lessons = [lesson("She left."), lesson(), lesson("No vote.", "The mayor stayed in office for nine years.")]
    apart = [learnt(model, one) for one in lessons]
    outcomes, gradient = learnt(model, *lessons)
    for one, (alone,) in zip(outcomes, (found for found, _ in apart), strict=True):
        assert (one.write, one.check) == (pytest.approx(alone.write, rel=1e-5), pytest.approx(alone.check, rel=1e-5))
        assert one.right == alone.right
    assert alike(gradient, added(*(found for _, found in apart)))


@OF_TRANSFORMERS
def test_over_weights_of_16_bits_the_adapter_keeps_its_32(model: Any) -> None:
    import torch

    from training.model import weights_of

    ((exact,), gradient) = learnt(model, lesson("She left."))
    adapter = {name: weight.detach().clone() for name, weight in weights_of(model).items()}
    model.to(torch.bfloat16)
    for name, weight in weights_of(model).items():
        weight.data = adapter[name]
    ((rough,), rounded) = learnt(model, lesson("She left."))
    assert {weight.dtype for weight in rounded.values()} == {torch.float32}
    assert rough.write == pytest.approx(exact.write, rel=0.01)
    flat = [torch.cat([one[name].flatten() for name in sorted(one)]) for one in (gradient, rounded)]
    assert torch.nn.functional.cosine_similarity(flat[0], flat[1], dim=0) > 0.99


@OF_TRANSFORMERS
@pytest.mark.parametrize("tokens", [0, 2000])
def test_a_run_goes_on_as_if_it_had_not_stopped(model: Any, tmp_path: Path, tokens: int) -> None:
    import torch

    from training.model import put

    run = begun(model, tokens)
    start = {name: weight.detach().clone() for name, weight in run.weights.items()}
    gone_through(run, tmp_path, 3)
    whole = {name: weight.detach().clone() for name, weight in run.weights.items()}
    assert (run.steps, run.articles, run.skipped) == (6, 24, 0)
    lines = records(tmp_path / "log.jsonl")
    assert lines[-1]["write"] < lines[0]["write"]
    assert [one["rate"] for one in lines] == pytest.approx(
        [0.005, 0.01 * 5 / 6, 0.01 * 4 / 6, 0.005, 0.01 / 3, 0.01 / 6], rel=1e-3
    )
    assert {"check", "points_right", "labelled_of", "seconds_an_article", "tokens"} <= set(lines[-1])
    put(model, start)
    gone_through(begun(model, tokens), tmp_path, 3, stop_after=3)
    put(model, start)
    other = begun(model, tokens)
    other.restore(torch.load(tmp_path / train.CHECKPOINT, weights_only=True))
    assert other.place.index
    gone_through(other, tmp_path, 3)
    assert other.steps == 6
    assert all(torch.equal(weight, whole[name]) for name, weight in other.weights.items())


@OF_TRANSFORMERS
def test_a_step_whose_gradient_is_not_finite_is_left_out(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    run = begun(model)
    weights = {name: weight.detach().clone() for name, weight in run.weights.items()}
    next(iter(run.weights.values())).register_hook(lambda grad: grad * (math.nan if run.steps == 0 else 1.0))
    gone_through(run, tmp_path, 3, stop_after=1)
    assert all(torch.equal(weight, weights[name]) for name, weight in run.weights.items())
    assert (run.steps, run.skipped, run.place.index) == (1, 1, 4)
    assert records(tmp_path / "log.jsonl")[0]["norm"] is None
    gone_through(run, tmp_path, 3)
    assert (run.steps, run.skipped) == (6, 1)
    assert all(torch.isfinite(weight).all() for weight in run.weights.values())
    assert records(tmp_path / "log.jsonl")[-1]["norm"] > 0


@OF_TRANSFORMERS
def test_told_to_end_a_run_saves_and_leaves_the_step_for_later(model: Any, tmp_path: Path) -> None:
    import torch

    run = begun(model)
    assert run.step([Teacher(letters).lesson(ARTICLE, random.Random(1))], (1, 2), [15], rate=0.01) is None
    gone_through(run, tmp_path, 1, stop_after=0)
    assert torch.load(tmp_path / train.CHECKPOINT, weights_only=True)["place"]["index"] == 0
    assert not (tmp_path / "log.jsonl").exists()


@OF_TRANSFORMERS
def test_an_exported_adapter_can_be_gone_on_from(model: Any, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("gguf", reason="gguf is not installed (pip install -e '.[train]')")
    from training.adapter import Adapter
    from training.export import kept
    from training.model import put

    run = begun(model)
    gone_through(run, tmp_path, 1)
    exported, far = kept(tmp_path)
    assert far.startswith("2 steps (0 skipped), 8 articles")
    exported.write_gguf(tmp_path / "points.gguf")
    exported.write_peft(tmp_path / "peft")
    for place, rough in (("points.gguf", 1e-3), ("peft", 1e-2)):
        back = Adapter.read(tmp_path / place)
        assert (back.rank, back.alpha) == (2, 4.0)
        assert set(back.tensors) == set(exported.tensors)
        for name, weight in exported.tensors.items():
            assert torch.allclose(back.tensors[name], weight, atol=rough, rtol=rough)
        put(model, back.tensors)


# --- the command ---------------------------------------------------------------------------------------------


@OF_TRANSFORMERS
@pytest.mark.usefixtures("one_thread")
def test_the_same_seed_makes_the_same_adapter_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from training.export import kept

    asked = list[Any]()

    def loaded(file: Path, *, bits: int) -> Any:
        asked.append(bits)
        return untrained(), lambda text, **_: {"input_ids": letters(text)}

    monkeypatch.setattr("training.model.load", loaded)
    monkeypatch.setattr("briefing.models.ModelFolder.resolve", lambda *_: SimpleNamespace(path=tmp_path))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    save(articles(9), tmp_path / "rows.jsonl")

    def made(name: str, *words: str) -> dict[str, Any]:
        given = ["train", str(tmp_path / "rows.jsonl"), str(tmp_path / name), "--threads", "1", "--rank", "2", *words]
        monkeypatch.setattr(sys, "argv", given)
        train.main()
        adapter, far = kept(tmp_path / name)
        assert (adapter.rank, adapter.alpha) == (2, 4.0)
        assert far.startswith("4 steps (0 skipped), 18 articles")
        return adapter.tensors

    first, again, other = (made(name, "--epochs", "2", "--seed", name[0]) for name in ("1", "1 again", "2"))
    assert all(torch.equal(weight, again[name]) for name, weight in first.items())
    assert not any(torch.equal(weight, other[name]) for name, weight in first.items())
    assert any(weight.any() for name, weight in first.items() if "lora_B" in name)
    assert asked == [16] * 3
    gone_on = made("1", "--epochs", "2", "--resume")
    assert all(torch.equal(weight, gone_on[name]) for name, weight in first.items())


# --- what cannot be begun ------------------------------------------------------------------------------------


def refused(monkeypatch: pytest.MonkeyPatch, *words: object) -> str:
    """What the command says before it ends."""
    from training.train import main

    monkeypatch.setattr(sys, "argv", ["train", *map(str, words)])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        main()
    return str(ended.value)


def test_without_a_gpu_cuda_is_refused_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install -e '.[train]')")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    save(articles(2), tmp_path / "rows.jsonl")
    said = refused(monkeypatch, tmp_path / "rows.jsonl", tmp_path / "out", "--device", "cuda")
    assert said.startswith("--device cuda: PyTorch ")
    assert "finds no CUDA device. Install a PyTorch that was built for CUDA" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (None, "no rows can be read"),
        ("{}\n", "no rows can be read"),
        ("no JSON", "no rows can be read"),
        ("", "no article"),
    ],
)
def test_rows_that_teach_nothing_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, cause: str
) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install -e '.[train]')")
    if text is not None:
        (tmp_path / "rows.jsonl").write_text(text, "utf-8")
    said = refused(monkeypatch, tmp_path / "rows.jsonl", tmp_path / "out")
    assert said.startswith(f"{tmp_path / 'rows.jsonl'}: ")
    assert cause in said
    assert said.endswith("training.prepare writes the rows.")


def test_a_checkpoint_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install -e '.[train]')")
    save(articles(2), tmp_path / "rows.jsonl")
    (tmp_path / train.CHECKPOINT).write_bytes(b"")
    said = refused(monkeypatch, tmp_path / "rows.jsonl", tmp_path)
    assert said.endswith("it is there already. Go on from it with --resume, or name another folder.")


@pytest.mark.parametrize("damage", ["empty", "no zip", "earlier"])
def test_what_is_no_checkpoint_of_this_method_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install -e '.[train]')")
    from training.export import kept

    save(articles(2), tmp_path / "rows.jsonl")
    file = tmp_path / train.CHECKPOINT
    if damage == "earlier":
        torch.save({"weights": {}, "averaged": {}, "steps": 3}, file)
    else:
        file.write_bytes(b"" if damage == "empty" else b"no zip at all")
    said = refused(monkeypatch, tmp_path / "rows.jsonl", tmp_path, "--resume")
    assert said.startswith(f"{file}: ")
    assert said.endswith("Begin in another folder.")
    with pytest.raises(UsageError, match="Begin in another folder"):
        kept(tmp_path)


def test_one_run_at_a_time_is_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install -e '.[train]')")
    save(articles(2), tmp_path / "rows.jsonl")
    with FileLock(tmp_path / "lock"):
        said = refused(monkeypatch, tmp_path / "rows.jsonl", tmp_path)
    assert said.startswith(f"{tmp_path}: a run is in this folder already. ")


@pytest.mark.parametrize("damage", ["none", "no GGUF", "a folder"])
def test_what_is_no_adapter_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install -e '.[train]')")
    pytest.importorskip("gguf", reason="gguf is not installed (pip install -e '.[train]')")
    save(articles(2), tmp_path / "rows.jsonl")
    start = tmp_path if damage == "a folder" else tmp_path / "points.gguf"
    if damage == "no GGUF":
        start.write_bytes(b"nothing of the kind")
    said = refused(monkeypatch, tmp_path / "rows.jsonl", tmp_path / "out", "--from", start)
    assert said.startswith(f"--from {start}: no adapter can be read from it (")
    assert said.endswith("Name a PEFT folder or an adapter's GGUF file.")
