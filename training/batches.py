"""Lessons side by side: which go through the model together, and as which tensors.

A lesson is one row of a batch: its sentences, then every continuation, each at the positions behind the sentences and
blind to the others. So the sentences cost what they cost once, and each continuation reads what it would read alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.lessons import Lesson

__all__ = ["Batch", "groups", "pack"]

STRIDE = 8
"""Lengths are padded to a multiple of this: what attention on a GPU wants of a mask."""


def groups(lessons: Sequence[Lesson], tokens: int) -> list[list[Lesson]]:
    """Lessons of like length together, each group at most so many tokens with its padding; a longer one goes alone."""
    found: list[list[Lesson]] = []
    for lesson in sorted(lessons, key=lambda one: -one.size):
        if found and (len(found[-1]) + 1) * _padded(found[-1][0].size) <= tokens:
            found[-1].append(lesson)
        else:
            found.append([lesson])
    return found


@dataclass(frozen=True, slots=True)
class Batch:
    """Lessons as torch tensors."""

    tokens: Any
    """A row a lesson, padded behind its end."""
    positions: Any
    mask: Any
    """Added to the attention's scores: 0 where a token (third dimension) sees another (fourth)."""
    places: Any
    """Of the tokens behind which something is to be predicted, in the rows laid end to end."""
    targets: Any
    """What is to be predicted there."""
    checks: Any
    """Whether it is a verdict."""
    owners: list[int]
    """The number of its lesson."""


def pack(lessons: Sequence[Lesson], *, device: Any, dtype: Any) -> Batch:
    """The batch of `lessons`; the mask is of `dtype`."""
    import torch

    length = _padded(max(lesson.size for lesson in lessons))
    tokens = torch.zeros(len(lessons), length, dtype=torch.long)
    positions, part = torch.zeros_like(tokens), torch.full_like(tokens, -1)
    places, targets, checks, owners = list[int](), list[int](), list[bool](), list[int]()
    for row, lesson in enumerate(lessons):
        known = len(lesson.beginning)
        tokens[row, :known] = torch.tensor(lesson.beginning)
        positions[row, :known] = torch.arange(known)
        part[row, :known] = 0
        start = known
        for number, one in enumerate(lesson.continuations, 1):
            end = start + len(one.tokens) - 1
            tokens[row, start:end] = torch.tensor(one.tokens[:-1])
            positions[row, start:end] = torch.arange(known, known + end - start)
            part[row, start:end] = number
            places += range(row * length + end - one.learnt, row * length + end)
            targets += one.tokens[-one.learnt :]
            checks += [one.check] * one.learnt
            owners += [row] * one.learnt
            start = end
    part = part.to(device)
    seen = (part[:, :, None] == part[:, None, :]) | (part[:, None, :] == 0)
    seen &= torch.ones(length, length, dtype=torch.bool, device=device).tril()
    mask = torch.zeros(seen.shape, dtype=dtype, device=device).masked_fill_(~seen, torch.finfo(dtype).min)
    return Batch(
        tokens=tokens.to(device),
        positions=positions.to(device),
        mask=mask[:, None],
        places=torch.tensor(places, device=device),
        targets=torch.tensor(targets, device=device),
        checks=torch.tensor(checks, device=device),
        owners=owners,
    )


def _padded(size: int) -> int:
    return -(-size // STRIDE) * STRIDE
