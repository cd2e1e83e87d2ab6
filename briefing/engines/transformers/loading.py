"""Opening a model's files: tokeniser and weights, on the best device there is, or one line that says why not.

No code from a model's folder is ever run: ``trust_remote_code`` stays off, weights are safetensors, pickles only where
the user trusts them.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from briefing.engines.base import EngineOptions, ModelSpec
from briefing.engines.hardware import free_memory, physical_cores
from briefing.engines.transformers.settings import ModelSettings, read_settings, with_window
from briefing.errors import EngineError, ModelError

__all__ = ["LoadedModel", "load", "load_tokenizer", "native_bf16", "settings_of", "weights_in_memory"]

_VOCABULARY = re.compile(
    r"tokenizer\.(?:json|model)|\S*(?:spiece|sentencepiece)\S*\.model|vocab\S*|\S*\.(?:spm|tiktoken)"
)
_JUDGES = re.compile(r"For(?:MaskedLM|MultipleChoice|QuestionAnswering|(?:Sequence|Token)Classification)$")
"""Architectures that read and do not write; with their weights, one that writes would write nonsense."""
_TOKENS = ("forced_bos_token_id", "forced_eos_token_id", "decoder_start_token_id")
_CPU_BF16 = ("avx512_bf16", "amx_bf16", "bf16")
_CPU_BF16_ONCE = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
"""The same where torch has no list of what the processor can; every processor with tiles has them for bf16."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that is ready to answer."""

    model: Any
    device: Any


def settings_of(spec: ModelSpec) -> ModelSettings:
    """What the files of `spec` say. Raises `ModelError`; `EngineError` where torch or transformers is missing."""
    path = _path(spec)
    settings = read_settings(path) if path.is_dir() else None
    if settings and settings.window:
        return settings
    # Gemma 3 states no window in its files; and a GGUF file's header is turned into a configuration.
    config = _explained(spec, lambda library: library.AutoConfig.from_pretrained(**_where(path)))
    if settings:
        return with_window(settings, config)
    # The weights of most have 4 to 5 bits, so that they grow to four times their size even in bf16. GGUF files are all
    # chat models.
    return with_window(
        ModelSettings(kind=config.model_type, sequence_to_sequence=False, window=spec.context, width=0.5), config
    )


def load_tokenizer(spec: ModelSpec, settings: ModelSettings) -> Any:
    """The tokeniser, padding where the model's kind wants it. Raises as `settings_of`."""
    path = _path(spec)
    if path.is_dir() and not any(_VOCABULARY.fullmatch(file.name) for file in path.iterdir()):
        # transformers makes an empty one, which turns every text into nothing.
        remedy = "Get tokenizer.json, spiece.model or the like from where it came"
        raise ModelError(f"model {spec.name}", "its tokeniser's files are missing", remedy)
    reading = "its tokeniser"
    tokenizer = _explained(spec, lambda library: library.AutoTokenizer.from_pretrained(**_where(path)), reading)
    if not settings.sequence_to_sequence:
        tokenizer.padding_side = "left"  # what is decoded next follows the prompt, not its padding
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if not getattr(tokenizer, "chat_template", None) and path.is_dir():
        tokenizer.chat_template = _processors_template(path)
    return tokenizer


def load(spec: ModelSpec, settings: ModelSettings, options: EngineOptions) -> LoadedModel:
    """The weights, in bf16 where that is native. Raises as `settings_of`."""
    path = _path(spec)
    pickled = path.is_dir() and not any(path.glob("*.safetensors"))
    if pickled and not any(path.glob("*.bin")):
        raise ModelError(f"model {spec.name}", "there are no weights in its folder", "It needs model.safetensors")
    if pickled and not options.trust_pickles:
        raise ModelError(
            f"model {spec.name}",
            "its weights are a pickle, which can run whatever code is in it",
            "Take one with safetensors, or set trust_pickles = true if you trust whoever made it",
        )

    def open_weights(library: Any) -> LoadedModel:
        import torch

        device, dtype = _device(torch)
        if device.type == "cpu":
            torch.set_num_threads(options.threads or physical_cores())
            _check_memory(spec, weights_in_memory(path, settings))
        if settings.sequence_to_sequence:
            kinds = [library.AutoModelForSeq2SeqLM]
        else:  # models that also see (Mistral 3) are listed apart
            kinds = [library.AutoModelForCausalLM, library.AutoModelForImageTextToText]
        if path.is_file():
            model = _first_that_knows(kinds, **_where(path), dtype=dtype)
        else:
            known = {"use_safetensors": not pickled, "output_loading_info": True, "ignore_mismatched_sizes": True}
            model, told = _first_that_knows(kinds, **_where(path), **known, dtype=dtype)
            _check_writes(spec, library, model.config)
            _check_weights(spec, model, told)
        _check_wishes(spec, settings, model.config)
        return LoadedModel(model.to(device).eval(), device)

    loaded: LoadedModel = _explained(spec, open_weights)
    return loaded


def _processors_template(folder: Path) -> str | None:
    """The chat template of a model that also sees, which some keep apart from the tokeniser; None without one."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        data = json.loads((folder / "chat_template.json").read_text("utf-8"))
        found = data.get("chat_template") if isinstance(data, dict) else None
        return found if isinstance(found, str) else None
    return None


def _path(spec: ModelSpec) -> Path:
    if spec.path is None:
        remedy = "Name a folder or a Hugging Face model with --model"
        raise ModelError("engine transformers", "it needs a model", remedy)
    return spec.path


def _where(path: Path) -> dict[str, Any]:
    place = {"pretrained_model_name_or_path": str(path)}
    if path.is_file():
        place = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    return {**place, "local_files_only": True, "trust_remote_code": False}


def _first_that_knows(kinds: list[Any], **given: Any) -> Any:
    """The model, opened as the first of `kinds` that knows its configuration."""
    *others, last = kinds
    for kind in others:
        try:
            return kind.from_pretrained(**given)
        except ValueError as error:
            if "Unrecognized configuration class" not in str(error):
                raise
    return last.from_pretrained(**given)


def _device(torch: Any) -> tuple[Any, Any]:
    """Where to run, and in which numbers."""
    if torch.cuda.is_available():
        return torch.device("cuda"), torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if torch.backends.mps.is_available():
        return torch.device("mps"), torch.float16
    return torch.device("cpu"), torch.bfloat16 if native_bf16(torch) else torch.float32


def native_bf16(torch: Any) -> bool:
    """Whether the processor computes in bf16 by itself, as far as this version of torch can tell."""
    if known := getattr(torch.cpu, "get_capabilities", None):
        can = known()
        return any(can.get(name) for name in _CPU_BF16)
    # torch 2.10 and before: in two names of its own. Without them 32 bits are slower and never wrong.
    asked = (getattr(torch.cpu, name, None) for name in _CPU_BF16_ONCE)
    return any(ask() for ask in asked if ask)


def weights_in_memory(path: Path, settings: ModelSettings | None = None) -> int:
    """Bytes that the weights at `path` take in memory, in the numbers that this machine computes in.

    `settings` are those of the model's files. Loads PyTorch where it is installed, and counts 32 bits a weight where it
    is not. Raises `ModelError` where there are no settings and they cannot be read.
    """
    settings = settings or read_settings(path)
    wide = 4
    with contextlib.suppress(ImportError):
        import torch

        wide = _device(torch)[1].itemsize
    files = [path] if path.is_file() else list(path.glob("*.safetensors")) or list(path.glob("*.bin"))
    return int(sum(file.stat().st_size for file in files) * wide / settings.width)


def _check_memory(spec: ModelSpec, needed: int) -> None:
    """Refuse what cannot fit before the machine starts to swap. `needed`: bytes."""
    free = free_memory()
    if free and needed > free:
        cause = f"it needs about {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free"
        raise ModelError(f"model {spec.name}", cause, "Close other programs, or take a smaller model")


def _check_weights(spec: ModelSpec, model: Any, told: dict[str, Any]) -> None:
    """Refuse a model whose files hold other weights than its configuration wants: it would be filled up with noise.

    `told` is what transformers says of the loading; the names of what does not fit it only logs, from version 5 on.
    """
    remedy = "Get it again, or take another model"
    if wrong := sorted(told.get("mismatched_keys") or ()):
        name = wrong[0]
        if not isinstance(name, str):  # version 5: with both sizes
            found, wanted = (" x ".join(map(str, size)) for size in name[1:3])
            name = f"{name[0]}: {found}, not {wanted}"
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        cause = f"its weights are not of the size that its config.json wants ({name}{more})"
        raise ModelError(f"model {spec.name}", cause, remedy)
    all_ = {name for name, _ in model.named_parameters()}
    missing = sorted(all_ & set(told.get("missing_keys") or ()))
    if 2 * len(missing) > len(all_):  # a few are new in the library, and begin as it wants them
        cause = f"{len(missing)} of its {len(all_)} weights are not in its files ({missing[0]}, ...)"
        raise ModelError(f"model {spec.name}", cause, remedy)


def _check_writes(spec: ModelSpec, library: Any, config: Any) -> None:
    """Refuse models that only read: transformers opens BERT and its kin as if they wrote."""
    built = [str(name) for name in getattr(config, "architectures", None) or ()]
    readers = library.models.auto.modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    encoder = config.model_type in readers and not (config.is_encoder_decoder or getattr(config, "is_decoder", True))
    if encoder or (built and all(map(_JUDGES.search, built))):
        what = f" ({built[0]})" if built else ""
        cause = f"it is no model that writes text{what}"
        raise ModelError(f"model {spec.name}", cause, "Take one for summaries, or a chat model")


def _check_wishes(spec: ModelSpec, settings: ModelSettings, config: Any) -> None:
    """Refuse wishes that cannot be met: the model would fail at the first article, and not say why."""
    if not settings.sequence_to_sequence:
        return  # of a chat model's own wishes none is used
    size = getattr(config, "vocab_size", None)
    for name, wish in settings.generation.items():
        if isinstance(wish, str) and name != "early_stopping":
            cause = f"{name} in its settings is no number but {wish!r}"
        elif name in _TOKENS and isinstance(wish, int) and isinstance(size, int) and not 0 <= wish < size:
            cause = f"{name} in its settings is {wish}, and it has {size} tokens"
        else:
            continue
        raise ModelError(f"model {spec.name}", cause, "Correct its generation_config.json, or take another model")


def _explained(spec: ModelSpec, do: Any, part: str = "it") -> Any:
    """``do(transformers)``, with whatever goes wrong with `part` of the model in one clear line."""
    try:
        import torch
        import transformers
    except ImportError as error:
        cause, remedy = f"a package it needs is missing ({error})", "Install it: pip install 'briefing[torch]'"
        raise EngineError("engine transformers", cause, remedy) from error
    logging: Any = transformers.logging
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # progress bars that nothing else switches off
            return do(transformers)
    except ModelError:
        raise
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise ModelError(f"model {spec.name}", "there is too little memory for it", "Take a smaller model") from error
    except Exception as error:  # the library raises a dozen kinds for files that are not what they should be
        said = f"there is no {error} in it" if isinstance(error, KeyError) else str(error)
        cause, remedy = _diagnosis(said or type(error).__name__, part)
        raise ModelError(f"model {spec.name}", cause, remedy) from error


def _diagnosis(said: str, part: str) -> tuple[str, str]:
    """Cause and remedy of what transformers said of `part` of a model, which may run over pages."""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or [""]
    line = " ".join(lines[: 2 if lines[0].endswith(":") else 1])[:300]
    if "trust_remote_code" in said or "custom code" in said:
        return "it brings code of its own, which is not run", "Take a model that transformers knows"
    if "tiktoken" in said and importlib.util.find_spec("google.protobuf") is None:
        # Without protobuf a SentencePiece file is taken for one of tiktoken's.
        return "reading its tokeniser needs the package protobuf", "Install it: pip install protobuf"
    package = r"(sentencepiece|protobuf|tiktoken|gguf|accelerate)\b.*(?:install|not found|requires)"
    if missing := re.search(package, said, re.IGNORECASE | re.DOTALL):
        return f"reading it needs the package {missing[1].lower()}", f"Install it: pip install {missing[1].lower()}"
    if "does not recognize this architecture" in said or "Unrecognized model" in said or "model type" in said:
        return f"transformers does not know its architecture ({line})", "Upgrade transformers, or take another model"
    if "Unrecognized configuration class" in said:
        return "it is no model that writes text", "Take one for summaries, or a chat model"
    if "DefaultCPUAllocator" in said or "out of memory" in said:
        return "there is too little memory for it", "Take a smaller model"
    return f"transformers cannot load {part} ({line})", "Get it again, or take another model"
