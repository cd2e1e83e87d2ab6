"""Loads tokeniser and weights on the best device available; failures become a one-line `ModelError`.

No code from a model's folder is run: ``trust_remote_code`` is off, and pickled weights need the user's consent.
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
from briefing.extras import install_hint

_VOCABULARY = re.compile(
    r"tokenizer\.(?:json|model)|\S*(?:spiece|sentencepiece)\S*\.model|vocab\S*|\S*\.(?:spm|tiktoken)"
)
_CLASSIFIERS = re.compile(r"For(?:MaskedLM|MultipleChoice|QuestionAnswering|(?:Sequence|Token)Classification)$")
"""Architectures that do not generate text."""
_TOKENS = ("forced_bos_token_id", "forced_eos_token_id", "decoder_start_token_id")
_CPU_BF16 = ("avx512_bf16", "amx_bf16", "bf16")
_CPU_BF16_ONCE = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
"""The same in torch 2.10 and before; every processor with AMX tiles has them for bf16."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """Weights on their device."""

    model: Any
    device: Any


def settings_of(spec: ModelSpec) -> ModelSettings:
    """Settings in the files of `spec`. Raises `ModelError`; `EngineError` where torch or transformers is missing."""
    path = _path(spec)
    settings = read_settings(path) if path.is_dir() else None
    if settings and settings.window:
        return settings
    # Gemma 3 states no window in its files; a GGUF file's configuration is made from its header.
    config = _explained(spec, lambda library: library.AutoConfig.from_pretrained(**_where(path)))
    if settings:
        return with_window(settings, config)
    # GGUF files are chat models, most of 4 to 5 bits a weight: dequantised to bf16 they grow fourfold.
    return with_window(
        ModelSettings(kind=config.model_type, sequence_to_sequence=False, window=spec.context, width=0.5), config
    )


def load_tokenizer(spec: ModelSpec, settings: ModelSettings) -> Any:
    """The tokeniser, with its padding side set. Raises as `settings_of`."""
    path = _path(spec)
    if path.is_dir() and not any(_VOCABULARY.fullmatch(file.name) for file in path.iterdir()):
        # transformers would make an empty one, which gives no tokens for any text.
        remedy = "Get tokenizer.json, spiece.model or the like from where it came"
        raise ModelError(f"model {spec.name}", "its tokeniser's files are missing", remedy)
    part = "its tokeniser"
    tokenizer = _explained(spec, lambda library: library.AutoTokenizer.from_pretrained(**_where(path)), part)
    if not settings.sequence_to_sequence:
        tokenizer.padding_side = "left"  # generation continues after the prompt, not after padding
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if not getattr(tokenizer, "chat_template", None) and path.is_dir():
        tokenizer.chat_template = _processor_template(path)
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
        else:  # multimodal models (Mistral 3) are listed apart
            kinds = [library.AutoModelForCausalLM, library.AutoModelForImageTextToText]
        if path.is_file():
            model = _from_pretrained(kinds, **_where(path), dtype=dtype)
        else:
            strict = {"use_safetensors": not pickled, "output_loading_info": True, "ignore_mismatched_sizes": True}
            model, info = _from_pretrained(kinds, **_where(path), **strict, dtype=dtype)
            _check_generates(spec, library, model.config)
            _check_weights(spec, model, info)
        _check_settings(spec, settings, model.config)
        return LoadedModel(model.to(device).eval(), device)

    loaded: LoadedModel = _explained(spec, open_weights)
    return loaded


def _processor_template(folder: Path) -> str | None:
    """The chat template of a multimodal model's processor, apart from the tokeniser; None without one."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        data = json.loads((folder / "chat_template.json").read_text("utf-8"))
        template = data.get("chat_template") if isinstance(data, dict) else None
        return template if isinstance(template, str) else None
    return None


def _path(spec: ModelSpec) -> Path:
    if spec.path is None:
        remedy = "Name a folder or a Hugging Face model with --model"
        raise ModelError("engine transformers", "it needs a model", remedy)
    return spec.path


def _where(path: Path) -> dict[str, Any]:
    location = {"pretrained_model_name_or_path": str(path)}
    if path.is_file():
        location = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    return {**location, "local_files_only": True, "trust_remote_code": False}


def _from_pretrained(kinds: list[Any], **arguments: Any) -> Any:
    """The model, loaded by the first of `kinds` that knows its configuration."""
    *first, last = kinds
    for kind in first:
        try:
            return kind.from_pretrained(**arguments)
        except ValueError as error:
            if "Unrecognized configuration class" not in str(error):
                raise
    return last.from_pretrained(**arguments)


def _device(torch: Any) -> tuple[Any, Any]:
    """Device and dtype."""
    if torch.cuda.is_available():
        return torch.device("cuda"), torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if torch.backends.mps.is_available():
        return torch.device("mps"), torch.float16
    return torch.device("cpu"), torch.bfloat16 if native_bf16(torch) else torch.float32


def native_bf16(torch: Any) -> bool:
    """Whether the processor has bf16 instructions, as far as this version of torch reports them."""
    if get_capabilities := getattr(torch.cpu, "get_capabilities", None):
        flags = get_capabilities()
        return any(flags.get(name) for name in _CPU_BF16)
    # Without these functions float32 is used: slower, never wrong.
    probes = (getattr(torch.cpu, name, None) for name in _CPU_BF16_ONCE)
    return any(probe() for probe in probes if probe)


def weights_in_memory(path: Path, settings: ModelSettings | None = None) -> int:
    """Bytes of the weights at `path` in memory, in the dtype of this machine's device.

    `settings`: read from `path` by default. Imports PyTorch; without it, counts 32 bits a weight. Raises `ModelError`
    where the settings cannot be read.
    """
    settings = settings or read_settings(path)
    width = 4
    with contextlib.suppress(ImportError):
        import torch

        width = _device(torch)[1].itemsize
    files = [path] if path.is_file() else list(path.glob("*.safetensors")) or list(path.glob("*.bin"))
    return int(sum(file.stat().st_size for file in files) * width / settings.width)


def _check_memory(spec: ModelSpec, needed: int) -> None:
    """Raise `ModelError` where `needed` bytes are not free, before the machine starts to swap."""
    free = free_memory()
    if free and needed > free:
        cause = f"it needs about {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free"
        raise ModelError(f"model {spec.name}", cause, "Close other programs, or take a smaller model")


def _check_weights(spec: ModelSpec, model: Any, info: dict[str, Any]) -> None:
    """Refuse a model whose files do not match its configuration: missing weights would be random.

    `info` is transformers' loading info; from version 5 on the names of mismatched weights are only logged.
    """
    remedy = "Get it again, or take another model"
    if wrong := sorted(info.get("mismatched_keys") or ()):
        name = wrong[0]
        if not isinstance(name, str):  # version 5: with both sizes
            found, wanted = (" x ".join(map(str, size)) for size in name[1:3])
            name = f"{name[0]}: {found}, not {wanted}"
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        cause = f"its weights are not of the size that its config.json wants ({name}{more})"
        raise ModelError(f"model {spec.name}", cause, remedy)
    all_ = {name for name, _ in model.named_parameters()}
    missing = sorted(all_ & set(info.get("missing_keys") or ()))
    if 2 * len(missing) > len(all_):  # a few may be new in the library, which initialises them
        cause = f"{len(missing)} of its {len(all_)} weights are not in its files ({missing[0]}, ...)"
        raise ModelError(f"model {spec.name}", cause, remedy)


def _check_generates(spec: ModelSpec, library: Any, config: Any) -> None:
    """Refuse encoders and classifiers: transformers opens BERT and its kin as causal models."""
    built = [str(name) for name in getattr(config, "architectures", None) or ()]
    readers = library.models.auto.modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    encoder = config.model_type in readers and not (config.is_encoder_decoder or getattr(config, "is_decoder", True))
    if encoder or (built and all(map(_CLASSIFIERS.search, built))):
        what = f" ({built[0]})" if built else ""
        cause = f"it is no model that writes text{what}"
        raise ModelError(f"model {spec.name}", cause, "Take one for summaries, or a chat model")


def _check_settings(spec: ModelSpec, settings: ModelSettings, config: Any) -> None:
    """Refuse generation settings with which the first article would fail without a clear error."""
    if not settings.sequence_to_sequence:
        return  # those of chat models are not used
    size = getattr(config, "vocab_size", None)
    for name, value in settings.generation.items():
        if isinstance(value, str) and name != "early_stopping":
            cause = f"{name} in its settings is no number but {value!r}"
        elif name in _TOKENS and isinstance(value, int) and isinstance(size, int) and not 0 <= value < size:
            cause = f"{name} in its settings is {value}, and it has {size} tokens"
        else:
            continue
        raise ModelError(f"model {spec.name}", cause, "Correct its generation_config.json, or take another model")


def _explained(spec: ModelSpec, do: Any, part: str = "it") -> Any:
    """``do(transformers)``; errors become a one-line `ModelError` about `part` of the model."""
    try:
        import torch
        import transformers
    except ImportError as error:
        cause, remedy = f"a package it needs is missing ({error})", install_hint("torch")
        raise EngineError("engine transformers", cause, remedy) from error
    except Exception as error:  # what it reads from environment variables fails in many ways
        cause = f"transformers cannot be imported ({error})"
        raise EngineError("engine transformers", cause, "Check the variables that begin with HF_") from error
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
        message = f"there is no {error} in it" if isinstance(error, KeyError) else str(error)
        cause, remedy = _diagnosis(message or type(error).__name__, part)
        raise ModelError(f"model {spec.name}", cause, remedy) from error


def _diagnosis(message: str, part: str) -> tuple[str, str]:
    """Cause and remedy from transformers' error message about `part` of a model, which may run over pages."""
    lines = [line.strip() for line in message.splitlines() if line.strip()] or [""]
    line = " ".join(lines[: 2 if lines[0].endswith(":") else 1])[:300]
    if "trust_remote_code" in message or "custom code" in message:
        return "it brings code of its own, which is not run", "Take a model that transformers knows"
    if "tiktoken" in message and importlib.util.find_spec("google.protobuf") is None:
        # Without protobuf a SentencePiece file is taken for one of tiktoken's.
        return "reading its tokeniser needs the package protobuf", install_hint("protobuf")
    package = r"(sentencepiece|protobuf|tiktoken|gguf|accelerate)\b.*(?:install|not found|requires)"
    if missing := re.search(package, message, re.IGNORECASE | re.DOTALL):
        return f"reading it needs the package {missing[1].lower()}", install_hint(missing[1].lower())
    if "does not recognize this architecture" in message or "Unrecognized model" in message or "model type" in message:
        return f"transformers does not know its architecture ({line})", "Upgrade transformers, or take another model"
    if "Unrecognized configuration class" in message:
        return "it is no model that writes text", "Take one for summaries, or a chat model"
    if "DefaultCPUAllocator" in message or "out of memory" in message:
        return "there is too little memory for it", "Take a smaller model"
    return f"transformers cannot load {part} ({line})", "Get it again, or take another model"
