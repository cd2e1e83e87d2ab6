"""Generation settings and window from a model's JSON files; needs neither torch nor transformers.

In order of precedence: ``task_specific_params`` for summaries in ``config.json``, ``generation_config.json``, and
``config.json`` itself (older models).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from briefing.engines.base import WINDOW
from briefing.errors import ModelError

_GENERATION = (
    "max_length", "max_new_tokens", "min_length", "num_beams", "length_penalty", "no_repeat_ngram_size",
    "encoder_no_repeat_ngram_size", "early_stopping", "repetition_penalty", "forced_bos_token_id",
    "forced_eos_token_id", "decoder_start_token_id", "bad_words_ids", "suppress_tokens",
)  # fmt: skip
"""Settings that are applied. Sampling is not: answers must be reproducible."""
_WINDOWS = ("max_encoder_position_embeddings", "max_position_embeddings", "n_positions", "seq_length")
_PARTS = ("text_config", "language_config", "llm_config", "text_model_config", "thinker_config", "decoder", "encoder")
"""Sections with the text part's configuration of multimodal models (Gemma 3, Mistral 3); the last found counts."""
_SUMMARIZE = {"t5", "longt5", "umt5"}
"""Kinds of models that were trained with the prefix ``summarize:`` (Raffel et al., JMLR 2020)."""
_DEFAULT_WINDOW = 512
"""Tokens: T5 and others with relative positions were trained with so many."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """A model's kind, window and generation settings."""

    kind: str
    """``model_type`` of its configuration, such as ``bart``."""
    sequence_to_sequence: bool
    window: int
    """Tokens of its input; 0 where its files do not state it (`with_window`)."""
    prefix: str = ""
    """Task prefix of its documents."""
    generation: Mapping[str, Any] = field(default_factory=dict)
    width: float = 4.0
    """Bytes of a weight in its files."""


def read_settings(folder: Path) -> ModelSettings:
    """The settings of the model in `folder`. Raises `ModelError` where they cannot be read."""
    config = _json(folder / "config.json", needed=True)
    tokenizer = _json(folder / "tokenizer_config.json")
    kind = str(config.get("model_type", ""))
    for_summaries = (config.get("task_specific_params") or {}).get("summarization") or {}
    files: Iterable[Mapping[str, Any]] = (config, _json(folder / "generation_config.json"), for_summaries)
    generation = {name: stated[name] for stated in files for name in _GENERATION if stated.get(name) is not None}
    prefix = for_summaries.get("prefix", config.get("prefix"))
    sequence_to_sequence = bool(config.get("is_encoder_decoder", False))
    text_config = _text_config(config)
    return ModelSettings(
        kind=kind,
        sequence_to_sequence=sequence_to_sequence,
        window=_window(text_config, tokenizer) or (_DEFAULT_WINDOW if sequence_to_sequence else 0),
        prefix=prefix if isinstance(prefix, str) else "summarize: " if kind in _SUMMARIZE else "",
        generation=_feasible(generation),
        width=2 if str(text_config.get("dtype", text_config.get("torch_dtype"))).endswith("float16") else 4,
    )


def with_window(settings: ModelSettings, config: Any) -> ModelSettings:
    """`settings` with the window of transformers' `config`, which has the default of each kind of model."""
    part = config.get_text_config() if hasattr(config, "get_text_config") else config
    stated = [getattr(part, name, None) for name in _WINDOWS]
    return replace(
        settings, window=next((n for n in stated if isinstance(n, int) and n > 0), settings.window or WINDOW)
    )


def language_token(tokens: Iterable[str], language: str) -> str:
    """The language token (``en_XX``, ``__en__``) of an ISO 639-1 code among `tokens`; empty without one."""
    pattern = re.compile(rf"{re.escape(language)}_[A-Z]{{2}}|__{re.escape(language)}__")
    return next((token for token in tokens if language and pattern.fullmatch(token)), "")


def _feasible(generation: Mapping[str, Any]) -> Mapping[str, Any]:
    """`generation` with the minimum length under the maximum."""
    least, most = generation.get("min_length"), generation.get("max_new_tokens") or generation.get("max_length")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        return {**generation, "min_length": most - 1}
    return generation


def _text_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """`config` overridden by its text part's section; sections nest (Qwen Omni)."""
    merged = dict(config)
    for name in _PARTS:
        if isinstance(part := config.get(name), Mapping):
            merged |= {key: value for key, value in _text_config(part).items() if value is not None}
    return merged


def _window(config: Mapping[str, Any], tokenizer: Mapping[str, Any]) -> int:
    stated = [config.get(name) for name in _WINDOWS]
    # A tokeniser without a limit states a number of thirty digits.
    stated.append(limit if isinstance(limit := tokenizer.get("model_max_length"), int) and limit < 1 << 24 else None)
    windows = [value for value in stated if isinstance(value, int) and value > 0]
    # LED states the decoder's positions as well; the encoder's come first.
    return windows[0] if config.get("max_encoder_position_embeddings") else min(windows, default=0)


def _json(path: Path, *, needed: bool = False) -> Mapping[str, Any]:
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if not needed:
            return {}
        remedy = "Name a folder as transformers saves models"
        raise ModelError(str(path.parent), f"there is no {path.name} in it", remedy) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(str(path), f"it cannot be read ({error})", "Get the model again") from error
    if not isinstance(data, dict):
        raise ModelError(str(path), "it holds no JSON object", "Get the model again")
    return data
