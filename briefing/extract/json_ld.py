"""What a page says of itself in its blocks of JSON-LD. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["things", "types_of"]

_MOST = 200
"""Values of a block that are looked at."""


def things(blocks: Sequence[str], within: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Each thing of the blocks, those of a block breadth first, out of its lists, its graph and the fields `within`."""
    for block in blocks:
        try:
            waiting: list[Any] = [json.loads(block, strict=False)]
        except (ValueError, RecursionError):
            continue
        for _ in range(_MOST):
            if not waiting:
                break
            one = waiting.pop(0)
            if isinstance(one, list):
                waiting += one[:50]
            elif isinstance(one, dict):
                yield one
                waiting += [value for key in ("@graph", *within) if (value := one.get(key)) is not None]


def types_of(thing: dict[str, Any]) -> list[str]:
    """What kinds of thing it is."""
    kind = thing.get("@type")
    return [each for each in (kind if isinstance(kind, list) else [kind]) if isinstance(each, str)]
