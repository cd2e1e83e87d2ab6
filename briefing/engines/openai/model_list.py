"""What a server says of the models it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

__all__ = ["ModelCard", "card_of", "first_count", "props_window", "window_of"]


_ABSURD = 10**12
"""Tokens that no server has read or written: a larger number is none that can be stored or reckoned with."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a server says of a model."""

    context: int = 0
    """Tokens of its window; 0 where the server does not say."""
    owner: str = ""
    """``owned_by``: ``llamacpp`` and ``vllm`` say of themselves what they are."""


def card_of(model: str, listed: Sequence[dict[str, Any]]) -> ModelCard | None:
    """The card of `model` in a server's list; None where it has none of that name.

    A llama.cpp server answers to any name. Ollama lists ``name:latest`` for ``name``, Google ``models/name``, LiteLLM
    patterns such as ``openai/*``, and names behind ``@`` or ``:`` choose a variant that lists leave out.
    """
    if not listed:
        return ModelCard()
    names = [str(one.get("id")) for one in listed]
    wished = model.casefold()
    bare = wished.split("@", 1)[0].rsplit(":", 1)[0]
    tests = (
        lambda name: name == model,
        lambda name: name.casefold() in {wished, f"{wished}:latest", f"models/{wished}"},
        lambda name: name.casefold() == bare,
        lambda name: "*" in name and fnmatchcase(model, name),
    )
    for fits in tests:
        if mine := next((one for one, name in zip(listed, names, strict=True) if fits(name)), None):
            return ModelCard(window_of(mine), str(mine.get("owned_by") or ""))
    first = next((one for one in listed if one.get("owned_by") == "llamacpp"), None)
    return ModelCard(window_of(first), "llamacpp") if first else None


def window_of(card: dict[str, Any]) -> int:
    """Tokens of a model's window, wherever a server says it: vLLM, llama-server, LM Studio, hosted ones."""
    meta = card.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    return first_count(card.get("max_model_len"), meta.get("n_ctx"), card.get("loaded_context_length"),
                       card.get("max_context_length"), card.get("context_length"), card.get("context_window"),
                       meta.get("n_ctx_train"))  # fmt: skip


def props_window(props: Any) -> int:
    """Tokens of one slot's window in a llama.cpp server's ``/props``: its list of models tells what the model was
    trained to take, which may be many times that. 0 where it does not say.
    """
    settings = props.get("default_generation_settings") if isinstance(props, dict) else None
    return first_count(settings.get("n_ctx")) if isinstance(settings, dict) else 0


def first_count(*values: Any) -> int:
    """The first of `values` that can be a number of tokens; 0 where none can."""
    for value in values:
        if isinstance(value, int | float) and 1 <= value < _ABSURD:
            return int(value)
    return 0
