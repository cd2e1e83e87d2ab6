"""From what the settings say of engine and model to what an engine is opened with.

``--model`` alone is enough: ``openai:NAME``, or any name where ``base_url`` is set, is a model on a server; a folder of
Hugging Face files, or OWNER/NAME of the Hub, is for `transformers`; a name of the catalogue or a GGUF file is for the
engine that the catalogue names. ``--engine`` overrides that.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from briefing.config import Config, is_loopback
from briefing.engines import EngineOptions, ModelSpec
from briefing.errors import UsageError
from briefing.models import ModelFile, ModelFolder, is_hub_name
from briefing.pipeline.pulling import pull_if_missing, pull_repository
from briefing.pipeline.secrets import from_environment, from_keyring
from briefing.pipeline.watch import Watcher
from briefing.text import fingerprint

__all__ = ["chosen", "embedding_model", "engine_options", "key_for", "missing_model"]

_SERVER = "openai"
_HUGGING_FACE = "transformers"
_NO_MODEL = {"extractive"}
_OURS = {_SERVER, _HUGGING_FACE, "llama"}
_PREFIX = f"{_SERVER}:"


def chosen(config: Config, watcher: Watcher) -> tuple[str, ModelSpec | None]:
    """The engine's name and its model, which is pulled first where it is not here.

    Raises `ModelError` where the model cannot be had, `UsageError` where the settings contradict one another.
    """
    engine, name = config.engine, config.model
    if engine in _NO_MODEL:
        return engine, None
    if _is_on_a_server(config):
        return _SERVER, _on_a_server(config)
    if engine and engine not in _OURS:
        # An engine of a third party knows its own models.
        path = Path(name).expanduser()
        return engine, ModelSpec(name=name, path=path if name and path.exists() else None, digest=name)
    models = ModelFolder(config.models, offline=config.offline)
    if models.is_folder(name) or (is_hub_name(name) and not Path(name).exists()):
        pull_repository(models, name, watcher)
        folder = models.resolve_folder(name)
        spec = ModelSpec(name=folder.name, path=folder.path, digest=folder.sha256, context=folder.context)
        return engine or _HUGGING_FACE, spec
    file, spec = _file(models, name or models.catalogue.default, watcher)
    return engine or file.engine, spec


def missing_model(config: Config) -> str:
    """A sentence that says what the next run has to pull; nothing where the model is here or none is needed.

    Raises `ModelError` where it cannot be pulled, `UsageError` where the settings contradict one another.
    """
    engine, name = config.engine, config.model
    if _is_on_a_server(config):
        _on_a_server(config)
        return ""
    if engine in _NO_MODEL or (engine and engine not in _OURS):
        return ""
    models = ModelFolder(config.models, offline=config.offline)
    if models.is_folder(name):
        return ""
    if is_hub_name(name) and not Path(name).exists():
        here, size = models.repository(name).here, ""
    else:
        name = name or models.catalogue.default
        here = name not in {entry.name for entry in models.entries()} or models.path(name) is not None
        size = "" if here else f" ({models.entry(name).size / 1e6:,.0f} MB)"
        if here or config.offline:
            models.resolve(name)  # raises where it is nowhere
    pulls = f"the next run pulls it{size}, as `briefing models pull {name}` does now"
    return "" if here else f"The model {name} is not in {models.folder}: {pulls}."


def embedding_model(config: Config, watcher: Watcher) -> ModelSpec:
    """The model of the setting `embeddings`, pulled first where it is known and not here. Raises `ModelError`."""
    return _file(ModelFolder(config.models, offline=config.offline), config.embeddings, watcher)[1]


def _file(models: ModelFolder, name: str, watcher: Watcher) -> tuple[ModelFile, ModelSpec]:
    pull_if_missing(models, name, watcher)
    file = models.resolve(name)
    return file, ModelSpec(
        name=file.name, path=file.path, adapter=file.adapter, digest=file.digest, context=file.context
    )


def _is_on_a_server(config: Config) -> bool:
    named = config.base_url or config.model.startswith(_PREFIX)
    return config.engine == _SERVER or bool(not config.engine and named)


def _on_a_server(config: Config) -> ModelSpec:
    name = config.model.removeprefix(_PREFIX)
    if not config.base_url:
        raise UsageError("engine openai", "it needs the address of a server", "Give one with --base-url")
    if not name:
        raise UsageError("engine openai", "it needs the name of a model on that server", "Give one with --model")
    if config.offline and not is_loopback(urlsplit(config.base_url).netloc):
        raise UsageError("engine openai", f"the run is offline, {config.base_url} is not", "Leave --offline away")
    return ModelSpec(name=name, address=config.base_url, digest=fingerprint(config.base_url, name))


def engine_options(config: Config) -> EngineOptions:
    """What the settings say of how an engine runs."""
    return EngineOptions(
        slots=config.parallel,
        context=config.context,
        threads=config.threads,
        trust_pickles=config.trust_pickles,
        key=key_for(config.base_url) if config.base_url else "",
        patience=float(config.patience),
        token_budget=config.token_budget,
    )


def key_for(address: str) -> str:
    """The key for the server at `address`: BRIEFING_API_KEY, for OpenAI's own OPENAI_API_KEY, else the keyring's.

    In the keyring (where the package is installed) it is the password of the user named like the host, service
    ``briefing``. Empty where there is none.
    """
    host = urlsplit(address).hostname or ""
    own = ("OPENAI_API_KEY",) if host == "api.openai.com" else ()
    return from_environment("BRIEFING_API_KEY", *own) or from_keyring(host)
