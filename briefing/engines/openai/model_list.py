"""A server's list of models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

_ABSURD = 10**12
"""Tokens: larger counts are nonsense."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A server's entry for a model."""

    context: int = 0
    """Tokens of its window; 0 where the server does not state it."""
    owner: str = ""
    """``owned_by``: ``llamacpp`` and ``vllm`` identify themselves."""


def card_of(model: str, listed: Sequence[dict[str, Any]]) -> ModelCard | None:
    """The card of `model` in a server's list; None where the list has others only.

    A llama.cpp server answers to any name. Ollama lists ``name:latest`` for ``name``, Google ``models/name``, LiteLLM
    patterns such as ``openai/*``; suffixes after ``@`` or ``:`` choose a variant that is not listed.
    """
    if not listed:
        return ModelCard()
    folded = model.casefold()
    bare = folded.split("@", 1)[0].rsplit(":", 1)[0]
    tests = (
        lambda name: name == model,
        lambda name: name.casefold() in {folded, f"{folded}:latest", f"models/{folded}"},
        lambda name: name.casefold() == bare,
        lambda name: "*" in name and fnmatchcase(model, name),
    )
    for matches in tests:
        if entry := next((entry for entry in listed if matches(str(entry.get("id")))), None):
            return ModelCard(window_of(entry), str(entry.get("owned_by") or ""))
    first = next((entry for entry in listed if entry.get("owned_by") == "llamacpp"), None)
    return ModelCard(window_of(first), "llamacpp") if first else None


def window_of(card: dict[str, Any]) -> int:
    """Tokens of a model's window, in the fields of vLLM, llama-server, LM Studio and hosted servers."""
    meta = card.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    return first_count(card.get("max_model_len"), meta.get("n_ctx"), card.get("loaded_context_length"),
                       card.get("max_context_length"), card.get("context_length"), card.get("context_window"),
                       meta.get("n_ctx_train"))  # fmt: skip


def props_window(props: Any) -> int:
    """Tokens of one slot's window in a llama.cpp server's ``/props``, which may be far less than the trained window in
    its list of models. 0 where it is not stated.
    """
    settings = props.get("default_generation_settings") if isinstance(props, dict) else None
    return first_count(settings.get("n_ctx")) if isinstance(settings, dict) else 0


def first_count(*values: Any) -> int:
    """The first of `values` that is a plausible number of tokens, else 0."""
    return next((int(value) for value in values if isinstance(value, int | float) and 1 <= value < _ABSURD), 0)
