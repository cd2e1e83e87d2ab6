"""JSON-LD (schema.org) in a page: its objects and their types. Pure."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

_MOST_VALUES = 200
"""Of a block."""


def json_ld_objects(blocks: Sequence[str], within: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The objects of each block, breadth first through lists, ``@graph`` and the fields `within`."""
    for block in blocks:
        try:
            queue: deque[Any] = deque([json.loads(block, strict=False)])
        except (ValueError, RecursionError):
            continue
        for _ in range(_MOST_VALUES):
            if not queue:
                break
            value = queue.popleft()
            if isinstance(value, list):
                queue += value[:50]
            elif isinstance(value, dict):
                yield value
                queue += [child for key in ("@graph", *within) if (child := value.get(key)) is not None]


def types_of(thing: dict[str, Any]) -> list[str]:
    """The values of its ``@type``."""
    types = thing.get("@type")
    return [name for name in (types if isinstance(types, list) else [types]) if isinstance(name, str)]
