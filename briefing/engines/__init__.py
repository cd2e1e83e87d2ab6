"""Engines: what turns prompts into text.

`base` holds the protocol and its types; every other module is one engine. Engines are found by name through the entry
points ``briefing.engines`` (`open_engine`), so that a package of a third party can add one.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points

from briefing.engines.base import (
    Capabilities,
    Completion,
    Engine,
    EngineOptions,
    Message,
    ModelSpec,
    Prompt,
    capabilities_of,
    is_tuned,
)
from briefing.errors import EngineError, UsageError

__all__ = [
    "Capabilities",
    "Completion",
    "Engine",
    "EngineOptions",
    "Message",
    "ModelSpec",
    "Prompt",
    "capabilities_of",
    "check_engine",
    "engine_names",
    "is_tuned",
    "load_engine",
    "open_engine",
]

_GROUP = "briefing.engines"


def engine_names() -> tuple[str, ...]:
    """Names of every installed engine, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=_GROUP)}))


def check_engine(name: str) -> None:
    """Raise `UsageError` unless an engine of this name is installed."""
    if name not in engine_names():
        raise UsageError(f"engine {name!r}", "no such engine is installed", f"Installed: {', '.join(engine_names())}")


def load_engine(name: str) -> Callable[[ModelSpec | None, EngineOptions], Engine]:
    """What makes the engine called `name`: its entry point, imported.

    Raises `UsageError` for a name nobody has installed, `EngineError` where a package that it needs is missing.
    """
    check_engine(name)
    (point, *_) = entry_points(group=_GROUP, name=name)
    try:
        factory: Callable[[ModelSpec | None, EngineOptions], Engine] = point.load()
    except ImportError as error:
        raise EngineError(f"engine {name!r}", f"a package it needs is missing ({error})", "Install it") from error
    return factory


def open_engine(name: str, model: ModelSpec | None, options: EngineOptions | None = None) -> Engine:
    """Load the engine called `name` with `model` (None for one that needs none).

    The entry point is called as ``entry(model, options)``. Raises as `load_engine` does, and `EngineError` or
    `ModelError` where loading fails.
    """
    return load_engine(name)(model, options or EngineOptions())
