"""Models beside this machine: which fit, how fast they would be, which one to take."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from briefing.config import Config
from briefing.engines.transformers.loading import weights_in_memory
from briefing.errors import BriefingError, ModelError
from briefing.models import Entry, Fit, Machine, ModelFile, ModelFolder, adapter_path, fit_of, read_gguf_header
from briefing.pipeline.machine import this_machine
from briefing.pipeline.model_resolution import file_chosen

__all__ = ["ModelOffer", "Recommendation", "as_set", "fit_in_words", "offers", "recommended"]

_FREE = {"Apache-2.0", "MIT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOffer:
    """A model that can be used, beside the machine."""

    name: str
    description: str
    engine: str
    licence: str
    """Empty where it is not known."""
    size: int
    """Bytes, about, where `exact` is false."""
    exact: bool
    here: bool
    default: bool
    measured: bool
    """Whether docs/trust.md says how well it does."""
    fit: Fit

    def data(self) -> dict[str, Any]:
        """The same for JSON."""
        fields = asdict(self)
        fit = fields.pop("fit")
        seconds = None if fit["seconds"] is None else round(fit["seconds"], 1)
        return fields | {"needs": fit["needed"], "fits": fit["place"], "seconds_a_story": seconds}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The model to take, and why."""

    offer: ModelOffer
    why: str
    """Sentences."""


def offers(models: ModelFolder, machine: Machine) -> list[ModelOffer]:
    """Every model that can be used: the catalogue's, those that were added, repositories that were pulled."""
    here = {entry.name for entry in models.installed()}
    found = [
        ModelOffer(
            name=entry.name,
            description=entry.description,
            engine=entry.engine,
            licence=entry.licence,
            size=entry.size,
            exact=bool(entry.sha256),
            here=entry.name in here,
            default=entry.name == models.catalogue.default,
            measured=entry.measured,
            fit=_fit(entry, models, machine),
        )
        for entry in models.entries()
    ]
    for model in models.repositories():
        found.append(
            ModelOffer(
                name=model.name, description="", engine=model.engine, licence="", size=model.size, exact=True,
                here=True, default=False, measured=False,
                fit=_fit_of_a_repository(model, machine),
            )
        )  # fmt: skip
    return found


def recommended(found: Sequence[ModelOffer], seconds: float) -> Recommendation:
    """The largest model of a free licence that fits and tells a story within `seconds`; the default where none does.

    Raises `ModelError` where not even a smaller one fits.
    """
    default = next(offer for offer in found if offer.default)
    fitting = [one for one in found if one.fit.place in {"gpu", "memory"} and one.licence in _FREE and not one.default]
    if default.fit.place == "nowhere":
        if not fitting:
            raise ModelError(
                "models recommend",
                f"none fits: the default needs {default.fit.needed / 1e9:.1f} GB of memory",
                "Close other programs, or let a server run a model (docs/servers.md)",
            )
        smaller = max(fitting, key=lambda one: one.size)
        return Recommendation(
            offer=smaller,
            why=f"The default does not fit (it needs {default.fit.needed / 1e9:.1f} GB). This is the largest that "
            "does; it was not measured here.",
        )
    larger = [one for one in fitting if one.size > default.size]
    quick = [one for one in larger if one.fit.seconds is not None and one.fit.seconds <= seconds]
    if quick:
        best = max(quick, key=lambda one: one.size)
        return Recommendation(
            offer=best,
            why=f"Of the larger ones that fit, it is the largest that tells a story within {seconds:g} seconds (about "
            f"{best.fit.seconds:.0f}). It was not measured here: how well it condenses news nobody has judged, while "
            f"docs/trust.md tells it of the default, {default.name}.",
        )
    if not larger:
        reason = "No larger one fits."
    elif all(one.fit.seconds is None for one in larger):
        reason = "How fast larger ones would be here is not known."
    else:
        known = [(one.fit.seconds, one) for one in larger if one.fit.seconds is not None]
        least, nearest = min(known, key=lambda pair: pair[0])
        reason = (
            f"Larger ones fit, but would take over {seconds:g} seconds a story ({nearest.name} about {least:.0f}; "
            "`--seconds` allows more)."
        )
    return Recommendation(
        offer=default, why=f"{reason} The default is the one that was measured: docs/trust.md tells how well it does."
    )


def as_set(machine: Machine, config: Config) -> Machine:
    """`machine` with the slots and the window that the settings give a model there."""
    return replace(machine, slots=config.parallel or machine.slots, window=config.context)


def fit_in_words(config: Config) -> str:
    """How the configured model goes with this machine, as a clause; empty where it is no model of a file.

    Nothing is measured: how fast it is stands there where it was measured before.
    """
    models = ModelFolder(config.models, offline=config.offline)
    name = file_chosen(config, models)
    if not name:
        return ""
    try:
        machine = as_set(this_machine(models, measures=False), config)
        known = {entry.name: entry for entry in models.entries()}
        fit = _fit(known[name], models, machine) if name in known else _fit_of_a_file(Path(name).expanduser(), machine)
    except (BriefingError, OSError):
        return ""
    needs = f"{fit.needed / 1e9:.1f} GB"
    speed = f", about {fit.seconds:.0f} s a story" if fit.seconds is not None else ""
    return {
        "gpu": f"fits into the memory of the GPU ({machine.gpu}; needs {needs}){speed}",
        "memory": f"fits into memory (needs {needs} of {machine.memory / 1e9:.1f} GB that are free){speed}",
        "nowhere": f"does not fit into memory: it needs {needs}, and {machine.memory / 1e9:.1f} GB are free",
        "unknown": f"needs {needs} of memory",
    }[fit.place]


def _fit(entry: Entry, models: ModelFolder, machine: Machine) -> Fit:
    cache, context = entry.cache, entry.context
    path = None if cache else models.path(entry.name)
    if path:
        header = read_gguf_header(path)
        cache, context = header.cache, context or header.context
    adapter = 0
    with contextlib.suppress(OSError):  # a run says that it is missing
        adapter = adapter_path(entry.adapter).stat().st_size if entry.adapter else 0
    return fit_of(machine, size=entry.size, cache=cache, context=context, adapter=adapter)


def _fit_of_a_repository(model: ModelFile, machine: Machine) -> Fit:
    """As the engine transformers judges it when it loads the model; unknown where a GPU may take it."""
    try:
        needed = weights_in_memory(model.path)
    except (ModelError, OSError):  # its files are broken, which a run says
        return Fit(needed=model.size, place="unknown", seconds=None)
    if machine.gpu or not machine.memory:
        return Fit(needed=needed, place="unknown", seconds=None)
    return Fit(needed=needed, place="memory" if needed <= machine.memory else "nowhere", seconds=None)


def _fit_of_a_file(path: Path, machine: Machine) -> Fit:
    header = read_gguf_header(path)
    return fit_of(machine, size=path.stat().st_size, cache=header.cache, context=header.context)
