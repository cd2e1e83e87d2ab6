"""Low-rank adaptation (Hu et al., "LoRA", 2021) of the catalogue's model to prompts/cite.j2 and prompts/check.j2.

    python -m training.train ROWS OUT [--resume] [--from ADAPTER] [--seen FILE] [--epochs N] [--hours H] ...

ROWS is what `training.prepare` wrote, ADAPTER a PEFT folder or a GGUF file to begin with. A step is four articles and
the labelled claims that are due (`training.lessons`). AdamW without weight decay; the rate rises over the first steps
and stays, and beside the weights runs their exponential moving average, which is what `training.export` takes: when
the run ends is not known, and an average does what a falling rate does (Polyak and Juditsky, 1992).

OUT/checkpoint.pt is written every five minutes and at the end, whole or not at all; with ``--resume`` the same command
goes on from it. SIGTERM and SIGINT save and end; a step that was begun is done again. OUT/log.jsonl has a line a step;
losses and accuracy are of statements and points before they are learnt from: on a first pass, of unseen ones.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from training.adapter import Adapter
from training.lessons import Lesson, Place, Plan, Teacher
from training.rows import read

__all__ = ["CHECKPOINT", "Run"]

CHECKPOINT = "checkpoint.pt"
CHECK_WEIGHT = 0.6
"""Of the check's mean loss beside the writing's: the pilot's."""
CLIP = 1.0
"""Norm of the gradient at most."""
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
    found.add_argument("--resume", action="store_true", help="go on from the checkpoint in OUT")
    found.add_argument("--from", dest="start", type=Path, help="adapter to begin with: a PEFT folder or a GGUF file")
    found.add_argument("--seen", type=Path, help="JSON list of ids that the first pass takes last")
    found.add_argument("--model", default="qwen2.5-coder-1.5b", help="of the catalogue")
    found.add_argument("--epochs", type=int, default=3)
    found.add_argument("--hours", type=float, default=0.0, help="end after this long (0: no limit)")
    found.add_argument("--seed", type=int, default=1)
    found.add_argument("--rate", type=float, default=1.5e-4, help="learning rate; without --from, 2.5e-4 is better")
    found.add_argument("--warm-up", type=int, default=20, help="steps")
    found.add_argument("--batch", type=int, default=4, help="articles a step")
    found.add_argument("--rank", type=int, default=8, help="of a new adapter")
    found.add_argument("--average", type=float, default=0.98, help="decay of the moving average, a step")
    found.add_argument("--bits", type=int, choices=(16, 32), default=16, help="of the frozen weights")
    found.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    found.add_argument("--save", type=float, default=300.0, help="seconds between checkpoints")
    return found


class Run:
    """An adapter in training: its weights, their average, the optimiser and where in the data it is."""

    def __init__(self, model: Any, *, alpha: float, rate: float, warm_up: int, average: float) -> None:
        import torch

        from training.model import weights_of

        self.model = model
        self.alpha = alpha
        self.weights = weights_of(model)
        self.averaged = {name: weight.detach().clone() for name, weight in self.weights.items()}
        self.optimiser = torch.optim.AdamW(self.weights.values(), lr=rate, weight_decay=0.0, betas=(0.9, 0.99))
        self.place = Place()
        self.steps = self.articles = 0
        self.spent = 0.0
        """Seconds, of all sessions."""
        self._rate, self._warm_up, self._average = rate, warm_up, average

    def step(self, lessons: list[Lesson], verdicts: tuple[int, int], stopped: list[int]) -> dict[str, Any] | None:
        """Learn from `lessons`; what the log says of it, or None where `stopped` was filled before the end."""
        import torch

        from training.model import learn

        written = sum(lesson.counts[0] for lesson in lessons)
        checked = sum(lesson.counts[1] for lesson in lessons)
        scales = (1 / max(1, written), CHECK_WEIGHT / max(1, checked))
        self.optimiser.zero_grad(set_to_none=True)
        outcomes = []
        for lesson in lessons:
            if stopped:
                return None
            outcomes.append(learn(self.model, lesson, scales=scales, verdicts=verdicts))
        norm = float(torch.nn.utils.clip_grad_norm_(self.weights.values(), CLIP))
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate * min(1.0, (self.steps + 1) / max(1, self._warm_up))
        self.optimiser.step()
        self.steps += 1
        self.articles += sum(lesson.source == "points" for lesson in lessons)
        self._follow()
        told: dict[str, Any] = {
            "write": sum(one.write for one in outcomes) / max(1, written),
            "check": sum(one.check for one in outcomes) / max(1, checked),
            "norm": norm,
        }
        for source in ("points", "labelled", "own"):
            of = [(lesson, one) for lesson, one in zip(lessons, outcomes, strict=True) if lesson.source == source]
            count = sum(lesson.counts[1] for lesson, _ in of)
            if count:
                told[f"{source}_right"], told[f"{source}_of"] = sum(one.right for _, one in of), count
        return told

    def _follow(self) -> None:
        """Move the average; in the beginning it forgets faster, so that it is not the first weights for long."""
        decay = min(self._average, (1 + self.steps) / (10 + self.steps))
        for name, weight in self.weights.items():
            self.averaged[name].lerp_(weight.detach(), 1 - decay)

    def save(self, file: Path) -> None:
        """Everything to go on from, in one file, whole or not at all."""
        import torch

        state = {
            "weights": {name: weight.detach() for name, weight in self.weights.items()},
            "averaged": self.averaged,
            "optimiser": self.optimiser.state_dict(),
            "place": asdict(self.place),
            "alpha": self.alpha,
            "steps": self.steps,
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
        self.averaged = state["averaged"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.place = Place(**state["place"])
        self.steps, self.articles, self.spent = state["steps"], state["articles"], state["spent"]


def main() -> None:
    """The command."""
    wanted = parser().parse_args()
    for name, value in SURROUNDINGS.items():
        os.environ.setdefault(name, value)
    wanted.out.mkdir(parents=True, exist_ok=True)
    if (wanted.out / CHECKPOINT).exists() and not wanted.resume:
        raise SystemExit(f"{wanted.out / CHECKPOINT} is there already: --resume goes on from it")
    lock = FileLock(wanted.out / "lock", timeout=0)  # two runs would write one checkpoint in turns
    try:
        lock.acquire()
    except Timeout as error:
        raise SystemExit(f"{wanted.out} has a run already, perhaps one that is suspended") from error
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _: stopped.append(got))
    train(wanted, stopped)


def train(wanted: argparse.Namespace, stopped: list[int]) -> None:
    """Load and learn until the passes are through, the time is up or `stopped` is filled; then save."""
    import torch

    from briefing.models import ModelFolder
    from training.model import adapt, load, put

    torch.set_num_threads(wanted.threads)
    torch.manual_seed(wanted.seed)  # the first values of a new adapter; nothing else is drawn by torch
    file = wanted.out / CHECKPOINT
    state = torch.load(file, weights_only=True) if wanted.resume and file.exists() else None
    begun = Adapter.read(wanted.start) if wanted.start and not state else None
    begun = Adapter(state["weights"], state["alpha"]) if state else begun
    base, tokenizer = load(ModelFolder().resolve(wanted.model).path, bits=wanted.bits)
    rank, alpha = (begun.rank, begun.alpha) if begun else (wanted.rank, 2.0 * wanted.rank)
    model = adapt(base, rank=rank, alpha=alpha)
    if begun:
        put(model, begun.tensors)
    run = Run(model, alpha=alpha, rate=wanted.rate, warm_up=wanted.warm_up, average=wanted.average)
    if state:
        run.restore(state)
    teacher = Teacher(lambda text: list(tokenizer(text, add_special_tokens=False)["input_ids"]))
    seen = json.loads(wanted.seen.read_text(encoding="utf-8")) if wanted.seen else []
    plan = Plan(read(wanted.rows), seed=wanted.seed, batch=wanted.batch, seen=seen)
    go(run, plan, teacher, wanted, stopped)


def go(run: Run, plan: Plan, teacher: Teacher, wanted: argparse.Namespace, stopped: list[int]) -> None:
    """Step after step from where the run is."""
    before, began, saved = run.spent, time.monotonic(), time.monotonic()
    while run.place.epoch < wanted.epochs and not stopped:
        if wanted.hours and time.monotonic() - began > 3600 * wanted.hours:
            break
        lessons, behind = plan.next(run.place, teacher)
        start, cpu = time.monotonic(), time.process_time()
        told = run.step(lessons, (teacher.yes, teacher.no), stopped)
        if told is None:
            break
        articles = max(1, sum(lesson.source == "points" for lesson in lessons))
        where = {"step": run.steps, "epoch": run.place.epoch, "articles": run.articles}
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
    """A line for OUT/log.jsonl, and to be looked at."""
    text = json.dumps({name: round(one, 4) if isinstance(one, float) else one for name, one in told.items()})
    with (out / "log.jsonl").open("a", encoding="utf-8") as lines:
        lines.write(f"{text}\n")
    print(text, flush=True)


if __name__ == "__main__":
    main()
