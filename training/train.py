"""Low-rank adaptation (Hu et al., "LoRA", 2021) of the catalogue's model to prompts/cite.j2 and prompts/check.j2.

    python -m training.train ROWS OUT [--resume] [--device cuda] [--from ADAPTER] [--epochs N] [--seed N] ...

ROWS is what `training.prepare` wrote. A step is eight articles and the labelled claims that are due
(`training.lessons`), as many at a time as the device holds (`training.batches`). AdamW (Loshchilov and Hutter, 2019)
without weight decay; the rate rises over the first steps and falls in a line, to nothing at the end of the last pass.
A step whose gradient is not finite is left out, and said in the log by a ``norm`` of null.

OUT/checkpoint.pt is written every five minutes and at the end, whole or not at all; with ``--resume`` the same command
goes on from it. SIGTERM and SIGINT save and end; a step that was begun is done again. OUT/log.jsonl has a line a step;
losses and accuracy are of statements and points before they are learnt from: on a first pass, of unseen ones.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import time
from dataclasses import asdict
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from briefing.errors import BriefingError, UsageError
from training.adapter import Adapter
from training.batches import groups
from training.lessons import Lesson, Place, Plan, Teacher
from training.rows import read

if TYPE_CHECKING:
    from training.model import Outcome

__all__ = ["CHECKPOINT", "Run", "checkpoint"]

CHECKPOINT = "checkpoint.pt"
CHECK_WEIGHT = 0.6
"""Of the check's mean loss beside the writing's: the pilot's."""
CLIP = 1.0
"""Norm of the gradient at most."""
TOKENS = {"cpu": 0, "cuda": 18_000}
"""Tokens that go through the model together, with their padding: on a CPU one row at a time."""
SURROUNDINGS = {
    # oneDNN keeps a matrix product, with its buffers, for every length of text: a model of one layer grew by 0.8 GB in
    # 40 lessons, this one to 9 GB in ten steps. Made anew each time they take no longer (44 s against 49).
    "LRU_CACHE_CAPACITY": "1",
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "1",
    # Threads that wait for each other sleep: in the background a core is seldom free for long.
    "OMP_WAIT_POLICY": "passive",
}
"""Of the process, set before torch is loaded, where the user has not set them."""


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    found = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    found.add_argument("rows", type=Path)
    found.add_argument("out", type=Path)
    found.add_argument("--resume", action="store_true", help="go on from the checkpoint in OUT, where one is")
    found.add_argument("--from", dest="start", type=Path, help="adapter to begin with: a PEFT folder or a GGUF file")
    found.add_argument("--model", default="qwen2.5-coder-1.5b", help="of the catalogue")
    found.add_argument("--device", default="cpu", choices=sorted(TOKENS))
    found.add_argument("--tokens", type=int, help=f"at a time, with padding ({TOKENS['cuda']} on a GPU; else a row)")
    found.add_argument("--epochs", type=positive, default=3, help="passes; the rate falls to nothing over all of them")
    found.add_argument("--seed", type=int, default=1)
    found.add_argument("--rate", type=float, default=2.5e-4, help="learning rate at most")
    found.add_argument("--warm-up", type=positive, default=20, help="steps over which the rate rises")
    found.add_argument("--batch", type=positive, default=8, help="articles a step")
    found.add_argument("--rank", type=positive, default=8, help="of a new adapter")
    found.add_argument("--bits", type=int, choices=(16, 32), default=16, help="of the frozen weights")
    found.add_argument("--threads", type=positive, default=os.cpu_count() or 1)
    found.add_argument("--save", type=float, default=300.0, help="seconds between checkpoints")
    return found


def positive(text: str) -> int:
    """A whole number from 1, for argparse. Raises `ValueError` where it is none."""
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


class Run:
    """An adapter in training: its weights, the optimiser and where in the data it is."""

    def __init__(self, model: Any, *, alpha: float, tokens: int) -> None:
        import torch

        from training.model import weights_of

        self.model = model
        self.alpha = alpha
        self.weights = weights_of(model)
        self.optimiser = torch.optim.AdamW(self.weights.values(), weight_decay=0.0, betas=(0.9, 0.99))
        self.place = Place()
        self.steps = self.skipped = self.articles = 0
        self.spent = 0.0
        """Seconds, of all sessions."""
        self._tokens = tokens

    def step(
        self, lessons: list[Lesson], verdicts: tuple[int, int], stopped: list[int], *, rate: float
    ) -> dict[str, Any] | None:
        """Learn from `lessons`; what the log says of it, or None where `stopped` was filled before the end."""
        import torch

        from training.model import learn

        written = sum(lesson.counts[0] for lesson in lessons)
        checked = sum(lesson.counts[1] for lesson in lessons)
        scales = (1 / max(1, written), CHECK_WEIGHT / max(1, checked))
        self.optimiser.zero_grad(set_to_none=True)
        outcomes: list[tuple[Lesson, Outcome]] = []
        for together in groups(lessons, self._tokens):
            if stopped:
                return None
            outcomes += zip(together, learn(self.model, together, scales=scales, verdicts=verdicts), strict=True)
        norm = float(torch.nn.utils.clip_grad_norm_(self.weights.values(), CLIP))
        if math.isfinite(norm):
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            self.optimiser.step()
        else:
            self.skipped += 1
        self.steps += 1
        self.articles += sum(lesson.source == "points" for lesson in lessons)
        told: dict[str, Any] = {
            "write": sum(one.write for _, one in outcomes) / max(1, written),
            "check": sum(one.check for _, one in outcomes) / max(1, checked),
            "norm": norm,
            "tokens": sum(lesson.size for lesson in lessons),
        }
        for source in ("points", "labelled", "own"):
            of = [(lesson, one) for lesson, one in outcomes if lesson.source == source]
            count = sum(lesson.counts[1] for lesson, _ in of)
            if count:
                told[f"{source}_right"], told[f"{source}_of"] = sum(one.right for _, one in of), count
        return told

    def save(self, file: Path) -> None:
        """Everything to go on from, in one file, whole or not at all."""
        import torch

        state = {
            "weights": {name: weight.detach() for name, weight in self.weights.items()},
            "optimiser": self.optimiser.state_dict(),
            "place": asdict(self.place),
            "alpha": self.alpha,
            "steps": self.steps,
            "skipped": self.skipped,
            "articles": self.articles,
            "spent": self.spent,
        }
        new = file.with_suffix(".new")
        with new.open("wb") as written:
            torch.save(state, written)
            written.flush()
            os.fsync(written.fileno())
        new.replace(file)

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `save` wrote."""
        from training.model import put

        put(self.model, state["weights"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.place = Place(**state["place"])
        self.steps, self.skipped = state["steps"], state["skipped"]
        self.articles, self.spent = state["articles"], state["spent"]


def main() -> None:
    """The command."""
    wanted = parser().parse_args()
    for name, value in SURROUNDINGS.items():
        os.environ.setdefault(name, value)
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _: stopped.append(got))
    try:
        train(wanted, stopped)
    except BriefingError as error:
        raise SystemExit(str(error)) from error


def train(wanted: argparse.Namespace, stopped: list[int]) -> None:
    """Load and learn until the passes are through or `stopped` is filled; then save. Raises `BriefingError`."""
    import torch

    from briefing.models import ModelFolder
    from training.model import adapt, load, put

    if wanted.device == "cuda" and not torch.cuda.is_available():
        remedy = "Install a PyTorch that was built for CUDA, on a machine with such a GPU, or leave --device out"
        raise UsageError("--device cuda", f"PyTorch {torch.__version__} finds no CUDA device", remedy)
    plan = planned(wanted)
    file = wanted.out / CHECKPOINT
    if file.exists() and not wanted.resume:
        raise UsageError(str(file), "it is there already", "Go on from it with --resume, or name another folder")
    wanted.out.mkdir(parents=True, exist_ok=True)
    lock = FileLock(wanted.out / "lock", timeout=0)  # two runs would write one checkpoint in turns
    try:
        lock.acquire()
    except Timeout as error:
        remedy = "Wait for it, or end it: it may be one that is suspended"
        raise UsageError(str(wanted.out), "a run is in this folder already", remedy) from error
    torch.set_num_threads(wanted.threads)
    torch.manual_seed(wanted.seed)  # the first values of a new adapter; nothing else is drawn by torch
    state = checkpoint(file) if wanted.resume and file.exists() else None
    begun = Adapter(state["weights"], state["alpha"]) if state else begun_with(wanted.start)
    base, tokenizer = load(ModelFolder().resolve(wanted.model).path, bits=wanted.bits)
    rank, alpha = (begun.rank, begun.alpha) if begun else (wanted.rank, 2.0 * wanted.rank)
    model = adapt(base, rank=rank, alpha=alpha).to(wanted.device)
    if begun:
        put(model, begun.tensors)
    tokens = TOKENS[wanted.device] if wanted.tokens is None else wanted.tokens
    run = Run(model, alpha=alpha, tokens=tokens)
    if state:
        run.restore(state)
    teacher = Teacher(lambda text: list(tokenizer(text, add_special_tokens=False)["input_ids"]))
    try:
        go(run, plan, teacher, wanted, stopped)
    except torch.OutOfMemoryError as error:
        remedy = f"Go on with --resume and fewer --tokens than {tokens}"
        raise UsageError(f"--device {wanted.device}", "its memory is full", remedy) from error


def checkpoint(file: Path) -> dict[str, Any]:
    """What `Run.save` wrote. Raises `UsageError` where it is not to be had."""
    import torch

    try:
        state: dict[str, Any] = torch.load(file, weights_only=True, map_location="cpu")
    except (OSError, EOFError, RuntimeError, UnpicklingError) as error:
        raise UsageError(
            str(file), f"no checkpoint can be read from it ({error})", "Begin in another folder"
        ) from error
    if "skipped" not in state:
        remedy = "Begin in another folder"
        raise UsageError(str(file), "it is of the method before this one, with an average of the weights", remedy)
    return state


def begun_with(path: Path | None) -> Adapter | None:
    """The adapter that ``--from`` names. Raises `UsageError` where it is none."""
    try:
        return Adapter.read(path) if path else None
    except (OSError, ValueError, LookupError) as error:
        remedy = "Name a PEFT folder or an adapter's GGUF file"
        raise UsageError(f"--from {path}", f"no adapter can be read from it ({error})", remedy) from error


def planned(wanted: argparse.Namespace) -> Plan:
    """The plan of the rows' file. Raises `UsageError` where there is nothing to learn from."""
    remedy = "training.prepare writes the rows"
    try:
        rows = read(wanted.rows)
    except (OSError, EOFError, ValueError, LookupError, TypeError) as error:
        raise UsageError(str(wanted.rows), f"no rows can be read from it ({error})", remedy) from error
    if not any(row.part == "train" for row in rows):
        raise UsageError(str(wanted.rows), 'it has no article to learn from (a row of the part "train")', remedy)
    return Plan(rows, seed=wanted.seed, batch=wanted.batch)


def go(run: Run, plan: Plan, teacher: Teacher, wanted: argparse.Namespace, stopped: list[int]) -> None:
    """Step after step from where the run is."""
    before, began, saved = run.spent, time.monotonic(), time.monotonic()
    while run.place.epoch < wanted.epochs and not stopped:
        lessons, behind = plan.next(run.place, teacher)
        rate = wanted.rate * min(1.0, (run.steps + 1) / wanted.warm_up) * plan.left(run.place, wanted.epochs)
        start, cpu = time.monotonic(), time.process_time()
        told = run.step(lessons, (teacher.yes, teacher.no), stopped, rate=rate)
        if told is None:
            break
        articles = max(1, sum(lesson.source == "points" for lesson in lessons))
        where = {"step": run.steps, "epoch": run.place.epoch, "articles": run.articles, "rate": rate}
        told |= {
            "seconds_an_article": (time.monotonic() - start) / articles,
            "cpu_an_article": (time.process_time() - cpu) / articles,
        }
        run.place, run.spent = behind, before + time.monotonic() - began
        log(wanted.out, where | told)
        if time.monotonic() - saved > wanted.save:
            run.save(wanted.out / CHECKPOINT)
            saved = time.monotonic()
    run.spent = before + time.monotonic() - began
    run.save(wanted.out / CHECKPOINT)


def log(out: Path, told: dict[str, Any]) -> None:
    """A line for OUT/log.jsonl, and to be looked at: four digits of what is measured, null for what is not finite."""
    known = {name: one if not isinstance(one, float) or math.isfinite(one) else None for name, one in told.items()}
    text = json.dumps({name: float(f"{one:.4g}") if isinstance(one, float) else one for name, one in known.items()})
    with (out / "log.jsonl").open("a", encoding="utf-8") as lines:
        lines.write(f"{text}\n")
    print(text, flush=True)


if __name__ == "__main__":
    main()
