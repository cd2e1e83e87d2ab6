"""Resolves the settings ``engine`` and ``model`` to an engine and a `ModelSpec`.

``--model`` alone suffices: ``openai:NAME``, or any name with ``base_url``, is a model on a server; a folder of Hugging
Face files, or OWNER/NAME of the Hub, is for `transformers`; a catalogue name or a GGUF file is for the engine that the
catalogue names. ``--engine`` overrides that.
"""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from briefing.address import shown
from briefing.config import Config
from briefing.engines import EngineOptions, ModelSpec, check_engine, load_engine
from briefing.errors import EngineError, UsageError
from briefing.extras import install_hint, is_usable
from briefing.models import ModelFile, ModelFolder, is_hub_name
from briefing.nlp.text import fingerprint
from briefing.pipeline.download import pull_if_missing, pull_repository
from briefing.pipeline.progress import ProgressListener
from briefing.pipeline.secrets import from_environment, from_keyring

_log = logging.getLogger(__name__)
_SERVER = "openai"
_HUGGING_FACE = "transformers"
_NO_MODEL = {"extractive"}
_OF_A_FILE = "llama"
_OURS = {_SERVER, _HUGGING_FACE, _OF_A_FILE}
_PREFIX = f"{_SERVER}:"


@dataclass(frozen=True, slots=True)
class _Choice:
    """The interpretation of the settings that a run, its check and the doctor share."""

    kind: Literal["none", "server", "own", "folder", "repository", "file"]
    """``own``: a third-party engine resolves its own models."""
    engine: str
    """Empty where the catalogue decides."""
    name: str


def _choice(config: Config, models: ModelFolder) -> _Choice:
    engine, name = config.engine, config.model
    if engine in _NO_MODEL:
        return _Choice("none", engine, "")
    if engine == _SERVER or (not engine and (config.base_url or name.startswith(_PREFIX))):
        return _Choice("server", _SERVER, name.removeprefix(_PREFIX))
    if engine and engine not in _OURS:
        return _Choice("own", engine, name)
    if models.is_folder(name):
        return _Choice("folder", engine or _HUGGING_FACE, name)
    if is_hub_name(name) and not Path(name).exists():
        return _Choice("repository", engine or _HUGGING_FACE, name)
    return _Choice("file", engine, name or models.catalogue.default)


def chosen(config: Config, progress: ProgressListener) -> tuple[str, ModelSpec | None]:
    """The engine's name and its model, pulled first where it is missing.

    Raises `ModelError` where the pull fails, `UsageError` where the settings contradict one another.
    """
    models = ModelFolder(config.models, offline=config.offline)
    choice = _choice(config, models)
    engine, name = choice.engine, choice.name
    if choice.kind == "none":
        return engine, None
    if choice.kind == "server":
        return engine, _on_a_server(config, name)
    if choice.kind == "own":
        path = Path(name).expanduser()
        return engine, ModelSpec(name=name, path=path if name and path.exists() else None, digest=name)
    if choice.kind == "file":
        file, spec = _file(models, name, progress)
        return engine or file.engine, spec
    pull_repository(models, name, progress)
    return engine, _spec(models.resolve_folder(name))


def engine_for(config: Config) -> str:
    """Name of the engine that a run opens.

    Raises `UsageError` where it is not installed, `EngineError` where a package is missing.
    """
    models = ModelFolder(config.models, offline=config.offline)
    choice = _choice(config, models)
    named = {entry.name: entry.engine for entry in models.entries()}
    engine = choice.engine or named.get(choice.name, _OF_A_FILE)
    load_engine(engine)
    if engine == _HUGGING_FACE and not is_usable("torch"):
        raise EngineError("engine transformers", "PyTorch is not installed", install_hint("torch"))
    return engine


def model_location(config: Config) -> tuple[str, bool]:
    """The model's location, in words, and whether the next run has to pull it. Never uses the network.

    Raises `ModelError` where it cannot be pulled, `UsageError` where the settings contradict one another or name an
    engine that is not installed.
    """
    models = ModelFolder(config.models, offline=config.offline)
    choice = _choice(config, models)
    name = choice.name
    if choice.kind == "none":
        return f"none; {choice.engine} needs none", False
    if choice.kind == "server":
        return f"{_on_a_server(config, name).name} on the server {shown(config.base_url)} (which was not asked)", False
    if choice.kind == "own":
        check_engine(choice.engine)
        return f"{name or 'the one it takes'}, as the engine {choice.engine} knows it", False
    if choice.kind == "file":
        return _file_location(models, name)
    if choice.kind == "folder" or models.repository(name).here or models.offline:
        return f"{name} is at {models.resolve_folder(name).path}", False
    return _missing(models, name, 0), True


def check_names(config: Config) -> None:
    """Raise `ModelError` where a model is named that is neither known nor a file; it may be yet to be pulled."""
    models = ModelFolder(config.models, offline=config.offline)
    choice = _choice(config, models)
    known = {entry.name for entry in models.entries()}
    for name in (choice.name if choice.kind == "file" else "", config.embeddings):
        if name and name not in known:
            models.resolve(name)


def file_chosen(config: Config, models: ModelFolder) -> str:
    """Name or path of the GGUF model for llama.cpp; empty where the settings choose something else."""
    choice = _choice(config, models)
    return choice.name if choice.kind == "file" and choice.engine in {"", _OF_A_FILE} else ""


def embedding_location(config: Config) -> tuple[str, bool]:
    """`model_location` for the setting `embeddings`, which is not empty."""
    return _file_location(ModelFolder(config.models, offline=config.offline), config.embeddings)


def _file_location(models: ModelFolder, name: str) -> tuple[str, bool]:
    here = name not in {entry.name for entry in models.entries()} or models.path(name) is not None
    if here or models.offline:
        return f"{name} is at {models.resolve(name).path}", False  # raises where it is nowhere
    return _missing(models, name, models.entry(name).size), True


def _missing(models: ModelFolder, name: str, size: int) -> str:
    existing = next(folder for folder in (models.folder, *models.folder.parents) if folder.exists())
    free = f"{shutil.disk_usage(existing).free / 1e6:,.0f} MB are free"
    sizes = f"{size / 1e6:,.0f} MB; {free}" if size else free
    pulls = f"the next run pulls it ({sizes}), as `briefing models pull {name}` does now"
    return f"The model {name} is not in {models.folder}: {pulls}."


def embedding_model(config: Config, progress: ProgressListener) -> ModelSpec:
    """The model of the setting `embeddings`, pulled first where it is missing. Raises `ModelError`."""
    return _file(ModelFolder(config.models, offline=config.offline), config.embeddings, progress)[1]


def _file(models: ModelFolder, name: str, progress: ProgressListener) -> tuple[ModelFile, ModelSpec]:
    pull_if_missing(models, name, progress)
    file = models.resolve(name)
    _log.debug("Model %s: %d bytes, engine %s", file.name, file.size, file.engine)
    return file, _spec(file)


def _spec(file: ModelFile) -> ModelSpec:
    return ModelSpec(name=file.name, path=file.path, adapter=file.adapter, digest=file.digest, context=file.context)


def _on_a_server(config: Config, name: str) -> ModelSpec:
    if not config.base_url:
        raise UsageError("engine openai", "it needs the address of a server", "Give one with --base-url")
    if not name:
        raise UsageError("engine openai", "it needs the name of a model on that server", "Give one with --model")
    if not config.may_reach(urlsplit(config.base_url).netloc):
        raise UsageError("engine openai", f"the run is offline, {config.base_url} is not", "Leave --offline away")
    return ModelSpec(name=name, address=config.base_url, digest=fingerprint(config.base_url, name))


def engine_options(config: Config) -> EngineOptions:
    """The engine's options in the settings."""
    return EngineOptions(
        slots=config.parallel,
        context=config.context,
        threads=config.threads,
        gpu_layers=config.gpu_layers,
        trust_pickles=config.trust_pickles,
        key=key_for(config.base_url) if config.base_url else "",
        patience=float(config.patience),
        token_budget=config.token_budget,
        thinking_tokens=config.thinking_tokens,
    )


def key_for(address: str) -> str:
    """The API key for the server at `address`: BRIEFING_API_KEY, for OpenAI's own OPENAI_API_KEY, else the keyring's
    password of service ``briefing`` and the host as user. Empty where there is none.
    """
    host = urlsplit(address).hostname or ""
    own = ("OPENAI_API_KEY",) if host == "api.openai.com" else ()
    return from_environment("BRIEFING_API_KEY", *own) or from_keyring(host)
