"""What a model's own files say of how it wants to be run. Reads JSON; needs neither torch nor transformers.

Three files and one history: ``generation_config.json`` is where settings belong; older models have them in
``config.json``; and some keep those for summaries under ``task_specific_params`` there, which count most.
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

__all__ = ["ModelSettings", "language_token", "read_settings", "with_window"]

_GENERATION = (
    "max_length", "max_new_tokens", "min_length", "num_beams", "length_penalty", "no_repeat_ngram_size",
    "encoder_no_repeat_ngram_size", "early_stopping", "repetition_penalty", "forced_bos_token_id",
    "forced_eos_token_id", "decoder_start_token_id", "bad_words_ids", "suppress_tokens",
)  # fmt: skip
"""Settings that are taken over. Sampling is not among them: only the likeliest answer can be repeated."""
_WINDOWS = ("max_encoder_position_embeddings", "max_position_embeddings", "n_positions", "seq_length")
_PARTS = ("text_config", "language_config", "llm_config", "text_model_config", "thinker_config", "decoder", "encoder")
"""Where models of several parts state those of the part that reads (Gemma 3, Mistral 3); the last found counts."""
_SUMMARIZE = {"t5", "longt5", "umt5"}
"""Kinds of models that were taught ``summarize:`` (Raffel et al., JMLR 2020)."""
_UNSTATED = 512
"""Tokens: what T5 and others with relative positions were trained with."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """One model's wishes."""

    kind: str
    """``model_type`` of its configuration, such as ``bart``."""
    sequence_to_sequence: bool
    window: int
    """Tokens of its input; 0 where its files leave it to the library (`with_window`)."""
    prefix: str = ""
    """What its documents must begin with."""
    generation: Mapping[str, Any] = field(default_factory=dict)
    width: float = 4.0
    """Bytes of a weight in its files."""


def read_settings(folder: Path) -> ModelSettings:
    """The settings of the model in `folder`. Raises `ModelError` where they cannot be read."""
    config = _json(folder / "config.json", needed=True)
    tokenizer = _json(folder / "tokenizer_config.json")
    kind = str(config.get("model_type", ""))
    for_summaries = (config.get("task_specific_params") or {}).get("summarization") or {}
    places: Iterable[Mapping[str, Any]] = (config, _json(folder / "generation_config.json"), for_summaries)
    generation = {name: place[name] for place in places for name in _GENERATION if place.get(name) is not None}
    stated = for_summaries.get("prefix", config.get("prefix"))
    translates = bool(config.get("is_encoder_decoder", False))
    reading = _reading_part(config)
    return ModelSettings(
        kind=kind,
        sequence_to_sequence=translates,
        window=_window(reading, tokenizer) or (_UNSTATED if translates else 0),
        prefix=stated if isinstance(stated, str) else "summarize: " if kind in _SUMMARIZE else "",
        generation=_feasible(generation),
        width=2 if str(reading.get("dtype", reading.get("torch_dtype"))).endswith("float16") else 4,
    )


def with_window(settings: ModelSettings, config: Any) -> ModelSettings:
    """`settings` with the window of transformers' own `config`, which knows what each kind of model takes unstated."""
    part = config.get_text_config() if hasattr(config, "get_text_config") else config
    stated = [getattr(part, name, None) for name in _WINDOWS]
    return replace(
        settings, window=next((n for n in stated if isinstance(n, int) and n > 0), settings.window or WINDOW)
    )


def language_token(tokens: Iterable[str], language: str) -> str:
    """The token among `tokens` that stands for an ISO 639-1 language (``en_XX``, ``__en__``); empty without one."""
    pattern = re.compile(rf"{re.escape(language)}_[A-Z]{{2}}|__{re.escape(language)}__")
    return next((token for token in tokens if language and pattern.fullmatch(token)), "")


def _feasible(wishes: Mapping[str, Any]) -> Mapping[str, Any]:
    """`wishes` with an answer's least length under its most."""
    least, most = wishes.get("min_length"), wishes.get("max_new_tokens") or wishes.get("max_length")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        return {**wishes, "min_length": most - 1}
    return wishes


def _reading_part(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """`config` with what the part that reads states in a section of its own; sections nest (Qwen Omni)."""
    found = dict(config)
    for name in _PARTS:
        if isinstance(part := config.get(name), Mapping):
            found |= {key: value for key, value in _reading_part(part).items() if value is not None}
    return found


def _window(config: Mapping[str, Any], tokenizer: Mapping[str, Any]) -> int:
    stated = [config.get(name) for name in _WINDOWS]
    # A tokeniser without a limit states one of thirty digits.
    stated.append(limit if isinstance(limit := tokenizer.get("model_max_length"), int) and limit < 1 << 24 else None)
    found = [value for value in stated if isinstance(value, int) and value > 0]
    # LED states the decoder's positions as well; the encoder's come first.
    return found[0] if config.get("max_encoder_position_embeddings") else min(found, default=0)


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
