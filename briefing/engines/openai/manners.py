"""What is known of a server: the model it says it has, and what it has refused to understand."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, Literal

from briefing.engines.base import EngineOptions, Prompt
from briefing.engines.odds import ALTERNATIVES

__all__ = ["Card", "Manners", "is_object", "window_of"]

_ROOM_TO_THINK = 4096
"""Tokens that a model gets on top once it has been seen to think."""
OPTIONAL = ("stream_options", "grammar", "response_format", "seed", "stop", "temperature", "cache_prompt",
            "top_logprobs", "logprobs")  # fmt: skip
"""Fields that a server may refuse to understand."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a server says of a model."""

    context: int = 0
    llama_cpp: bool = False


_Form = Literal["grammar", "schema", ""]


@dataclass
class Manners:
    """What was learnt of the server. Shared by threads: what two learn at once is learnt once."""

    grammar: bool = False
    """Whether it takes GBNF grammars."""
    thinks: bool = False
    limit: str = "max_tokens"
    dropped: set[str] = field(default_factory=set)

    def form(self, prompt: Prompt) -> _Form:
        """How the answer is held to its form."""
        if self.thinks:
            return ""  # a form would leave no room for thoughts
        if prompt.grammar and self.grammar and "grammar" not in self.dropped:
            return "grammar"
        return "schema" if prompt.schema and "response_format" not in self.dropped else ""

    def request(self, model: str, prompt: Prompt, options: EngineOptions, form: _Form) -> dict[str, Any]:
        """What is sent, without what the server has refused before."""
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": message.role, "content": message.content} for message in prompt.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            self.limit: prompt.max_tokens + (_ROOM_TO_THINK if self.thinks else 0),
            "temperature": options.temperature,
            "seed": options.seed,
        }
        if prompt.stop and not self.thinks and form != "schema":  # JSON and thoughts have blank lines of their own
            body["stop"] = list(prompt.stop)
        if prompt.choices:
            body |= {"logprobs": True, "top_logprobs": ALTERNATIVES}
        if form == "grammar":
            body["grammar"] = prompt.grammar
        elif form == "schema":
            schema = {"name": "answer", "strict": True, "schema": prompt.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return {name: value for name, value in body.items() if name not in self.dropped}

    def learn(self, refusal: str, sent: dict[str, Any]) -> bool:
        """Find in a refusal the field that was not understood; whether there was one."""
        if self.limit in sent and "max_completion_tokens" in refusal and self.limit == "max_tokens":
            self.limit = "max_completion_tokens"
            return True
        names = {"response_format": r"response_format|json_schema|guided|structured", "grammar": r"grammar"}
        for name in OPTIONAL:
            if name in sent and re.search(names.get(name, rf"\b{name}\b"), refusal, re.IGNORECASE):
                self.dropped.add(name)
                return True
        return False


def is_object(text: str, schema: Any) -> bool:
    """Whether `text` is a JSON object with the fields that `schema` requires."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and set(schema.get("required", ())) <= set(value)


def window_of(card: dict[str, Any]) -> int:
    """Tokens of a model's window, wherever a server says it: vLLM, llama-server, LM Studio and others."""
    meta = card.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    for value in (card.get("max_model_len"), meta.get("n_ctx"), card.get("max_context_length"),
                  card.get("context_length"), meta.get("n_ctx_train")):  # fmt: skip
        if isinstance(value, int | float) and math.isfinite(value) and value > 0:
            return int(value)
    return 0
