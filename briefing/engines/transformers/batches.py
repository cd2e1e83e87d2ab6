"""Which prompts go through a model together. Pure.

Padding is wasted work, so prompts of about one length go together; memory is bounded, so long ones go in smaller
company.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

__all__ = ["batched", "taken"]

T = TypeVar("T")


def taken(items: Iterator[T], most: int) -> list[T]:
    """The next `most` of `items`, or what is left."""
    found: list[T] = []
    while len(found) < most and (item := next(items, None)) is not None:
        found.append(item)
    return found


def batched(
    items: Iterable[T], length: Callable[[T], int], kind: Callable[[T], Hashable], *, most: int, tokens: int
) -> list[Sequence[T]]:
    """Cut `items` into batches of one `kind`, longest first.

    A batch has at most `most` items, and at most `tokens` tokens once all are padded to its longest `length`; an item
    that is longer than that alone is a batch of its own.
    """
    groups: dict[Hashable, list[T]] = {}
    for item in items:
        groups.setdefault(kind(item), []).append(item)
    found: list[Sequence[T]] = []
    for group in groups.values():
        batch: list[T] = []
        for item in sorted(group, key=length, reverse=True):  # the first of a batch is its longest
            if batch and (len(batch) == most or (len(batch) + 1) * length(batch[0]) > tokens):
                found.append(batch)
                batch = []
            batch.append(item)
        found.append(batch)
    return found
