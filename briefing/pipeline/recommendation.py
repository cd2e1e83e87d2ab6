"""Recommends a model for this machine: which fit, how fast they would be, which one to take."""

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

_FREE = {"Apache-2.0", "MIT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOffer:
    """An available model and its fit on the machine."""

    name: str
    description: str
    engine: str
    licence: str
    """Empty where it is not known."""
    size: int
    """Bytes; approximate unless `exact`."""
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
    """The model to take, and why, in sentences."""

    offer: ModelOffer
    why: str


def offers(models: ModelFolder, machine: Machine) -> list[ModelOffer]:
    """Every available model: of the catalogue, added ones, pulled repositories."""
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
    """The largest model of a free licence that fits and takes at most `seconds` a story, else the default.

    Raises `ModelError` where no model fits.
    """
    default = next(offer for offer in found if offer.default)
    others = [offer for offer in found if offer.licence in _FREE and not offer.default]
    fitting = [offer for offer in others if offer.fit.place in {"gpu", "memory"}]
    if default.fit.place == "nowhere":
        if not fitting:
            raise ModelError(
                "models recommend",
                f"none fits: the default needs {default.fit.needed / 1e9:.1f} GB of memory",
                "Close other programs, or let a server run a model (docs/servers.md)",
            )
        smaller = max(fitting, key=lambda offer: offer.size)
        return Recommendation(
            offer=smaller,
            why=f"The default does not fit (it needs {default.fit.needed / 1e9:.1f} GB). This is the largest that "
            "does; it was not measured here.",
        )
    larger = [offer for offer in fitting if offer.size > default.size]
    known = [(offer.fit.seconds, offer) for offer in larger if offer.fit.seconds is not None]
    quick = [offer for needed, offer in known if needed <= seconds]
    if quick:
        best = max(quick, key=lambda offer: offer.size)
        return Recommendation(
            offer=best,
            why=f"Of the larger ones that fit, it is the largest that tells a story within {seconds:g} seconds (about "
            f"{best.fit.seconds:.0f}). It was not measured here: how well it condenses news nobody has judged, while "
            f"docs/trust.md tells it of the default, {default.name}.",
        )
    if not larger:
        reason = "No larger one fits."
    elif not known:
        reason = "How fast larger ones would be here is not known."
    else:
        least, nearest = min(known, key=lambda pair: pair[0])
        reason = (
            f"Larger ones fit, but would take over {seconds:g} seconds a story ({nearest.name} about {least:.0f}; "
            "`--seconds` allows more)."
        )
    return Recommendation(
        offer=default, why=f"{reason} The default is the one that was measured: docs/trust.md tells how well it does."
    )


def as_set(machine: Machine, config: Config) -> Machine:
    """`machine` with the configured slots and window."""
    return replace(machine, slots=config.parallel or machine.slots, window=config.context)


def seconds_a_story(config: Config) -> float | None:
    """How long the configured model takes for a story by this machine's recorded speed; None where that is unknown."""
    if not ModelFolder(config.models).speed_record.exists():  # without it the machine need not be looked at
        return None
    found = _configured(config)
    return found[0].seconds if found else None


def _configured(config: Config) -> tuple[Fit, Machine] | None:
    """The fit of the configured model on this machine, as it was measured; None where it is no GGUF model."""
    models = ModelFolder(config.models, offline=config.offline)
    name = file_chosen(config, models)
    if not name:
        return None
    try:
        machine = as_set(this_machine(models, measures=False), config)
        known = {entry.name: entry for entry in models.entries()}
        fit = _fit(known[name], models, machine) if name in known else _fit_of_a_file(Path(name).expanduser(), machine)
    except (BriefingError, OSError):
        return None
    return fit, machine


def fit_in_words(config: Config) -> str:
    """The fit of the configured model on this machine, as a clause; empty where it is no GGUF model.

    Nothing is measured; the speed is the recorded one.
    """
    found = _configured(config)
    if found is None:
        return ""
    fit, machine = found
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
    with contextlib.suppress(OSError):  # a run reports that it is missing
        adapter = adapter_path(entry.adapter).stat().st_size if entry.adapter else 0
    return fit_of(machine, size=entry.size, cache=cache, context=context, adapter=adapter)


def _fit_of_a_repository(model: ModelFile, machine: Machine) -> Fit:
    """By the memory check of the engine transformers; unknown where there is a GPU."""
    try:
        needed = weights_in_memory(model.path)
    except (ModelError, OSError):  # a run reports that its files are broken
        return Fit(needed=model.size, place="unknown", seconds=None)
    if machine.gpu or not machine.memory:
        return Fit(needed=needed, place="unknown", seconds=None)
    return Fit(needed=needed, place="memory" if needed <= machine.memory else "nowhere", seconds=None)


def _fit_of_a_file(path: Path, machine: Machine) -> Fit:
    header = read_gguf_header(path)
    return fit_of(machine, size=path.stat().st_size, cache=header.cache, context=header.context)
