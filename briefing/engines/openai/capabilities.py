"""What was learnt of a server: fields that it refuses, its limits, whether its model reasons.

`ServerCapabilities` is an immutable state that makes requests; `LearntCapabilities` shares it between threads.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from briefing.engines.base import EngineOptions, Prompt
from briefing.engines.openai.failures import Refusal, limits_in
from briefing.engines.output import NO_REASONING, TOP_LOGPROBS

Form = Literal["schema", "grammar", ""]

OPTIONAL = ("stream_options", "grammar", "response_format", "chat_template_kwargs", "reasoning_effort", "seed", "stop",
            "temperature", "top_logprobs", "logprobs", "stream")  # fmt: skip
"""Fields that a server may refuse, in the order in which a refusal that quotes none is searched."""
_WORDS = {
    "response_format": r"response_format|json_schema|guided|structured|failed to (?:generate|validate) json",
    "grammar": r"grammar",
    "reasoning_effort": r"reasoning|thinking|think value",
    "stream": r"\bstream(?:ing)?\b",
}
_DEPENDENT = {"stream": {"stream_options"}, "logprobs": {"top_logprobs"}}
"""Fields that are invalid without another."""
_FEW_LOGPROBS = 5
"""Limit of `top_logprobs` on some servers (OpenAI itself until 2024, Fireworks)."""
_EFFORTS = ("none", "low")
"""Reasoning effort: the first that the server takes. Every server with the field takes ``low``."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Settings of one request for one prompt."""

    reasoning_tokens: int
    """Extra tokens where the model reasons."""
    plain: bool = False
    """Whether to leave schema, grammar and stop sequences away."""


@dataclass(frozen=True, slots=True)
class ServerCapabilities:
    """What is known of a server."""

    owner: str = ""
    """As it states (`ModelCard.owner`)."""
    limit: str = "max_tokens"
    """The field for the length of an answer."""
    most: int = 0
    """Maximum of that field, in tokens, reasoning included; 0 where it is not known."""
    least: int = 0
    """Minimum of that field, in tokens."""
    dropped: frozenset[str] = frozenset()
    """Fields that it refuses."""
    reasons: bool = False
    inline: bool = False
    """Whether reasoning stands in the answer itself, between marks."""
    effort: str = _EFFORTS[0]
    top_logprobs: int = TOP_LOGPROBS
    no_system: bool = False
    """Whether the system turn is joined to the user's, for templates without a system role."""

    def form(self, prompt: Prompt, attempt: Attempt) -> Form:
        """How the answer is constrained: by a JSON schema, by a grammar, or by the prompt alone."""
        if attempt.plain or (self.reasons and self.inline):
            return ""  # reasoning would not match
        if prompt.schema and "response_format" not in self.dropped:
            return "schema"
        # A grammar holds from the first token on, which is a reasoning token.
        takes_grammar = self.owner == "llamacpp" and "grammar" not in self.dropped and not self.reasons
        return "grammar" if prompt.grammar and takes_grammar else ""

    def request(self, model: str, prompt: Prompt, options: EngineOptions, attempt: Attempt) -> dict[str, Any]:
        """The body of a request, without refused fields."""
        form = self.form(prompt, attempt)
        length = max(self.least, prompt.max_tokens + (attempt.reasoning_tokens if self.reasons else 0))
        body: dict[str, Any] = {
            "model": model,
            "messages": self._messages(prompt),
            "stream": True,
            "stream_options": {"include_usage": True},
            self.limit: min(length, self.most or length),
            "temperature": options.temperature,
            "seed": options.seed,
        }
        # Reasoning may contain stop sequences.
        if (stops := prompt.stops(constrained=form == "grammar")) and not attempt.plain and not self.reasons:
            body["stop"] = list(stops)
        if prompt.choices:
            body |= {"logprobs": True, "top_logprobs": self.top_logprobs}
        if self.reasons:
            body["reasoning_effort"] = self.effort
            if self.owner in {"llamacpp", "vllm"}:  # others have no such field
                body["chat_template_kwargs"] = dict(NO_REASONING)
        if form == "grammar":
            body["grammar"] = prompt.grammar
        elif form == "schema":
            schema = {"name": "answer", "strict": True, "schema": prompt.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return {name: value for name, value in body.items() if name not in self.dropped}

    def after(self, refusal: Refusal, sent: dict[str, Any]) -> ServerCapabilities | None:
        """The state after the refusal of `sent`; None where it teaches nothing."""
        message = refusal.message
        if re.search(r"could not finish the message because max_tokens", message, re.IGNORECASE):
            return None if self.reasons else replace(self, reasons=True)  # OpenAI, where reasoning took all tokens
        if self.limit == "max_tokens" and "max_completion_tokens" in message and _WRONG_NAME.search(message):
            return replace(self, limit="max_completion_tokens")
        limits = limits_in(message, int(sent.get(self.limit, 0)))
        if limits and (limits.most or limits.least):
            return replace(self, most=limits.most or self.most, least=limits.least or self.least)
        if limits:
            return None  # it concerns this prompt alone
        if not self.no_system and _NO_SYSTEM.search(message) and sent["messages"][0]["role"] == "system":
            return replace(self, no_system=True)
        names = self._refused_fields(refusal, sent)
        if names == {"reasoning_effort"} and self.effort == _EFFORTS[0]:
            return replace(self, effort=_EFFORTS[1])
        if names == {"top_logprobs"} and self.top_logprobs > _FEW_LOGPROBS:
            return replace(self, top_logprobs=_FEW_LOGPROBS)
        return replace(self, dropped=self.dropped | names) if names else None

    def _refused_fields(self, refusal: Refusal, sent: dict[str, Any]) -> frozenset[str]:
        """The fields that a refusal is about: its ``param``, else all that it quotes, else the first it mentions."""
        fields = [name for name in OPTIONAL if name in sent]
        quoted = {name for name in fields if re.search(rf"['\"`]{name}\b", refusal.message)}
        names = {refusal.field} & set(fields) or quoted
        if not names:
            mentioned = (n for n in fields if re.search(_WORDS.get(n, rf"\b{n}\b"), refusal.message, re.IGNORECASE))
            names = {name for name in (next(mentioned, ""),) if name}
        return frozenset(names.union(*(_DEPENDENT.get(name, set()) for name in names)))

    def _messages(self, prompt: Prompt) -> list[dict[str, str]]:
        turns = [{"role": message.role, "content": message.content} for message in prompt.messages]
        if self.no_system and len(turns) > 1 and turns[0]["role"] == "system" and turns[1]["role"] == "user":
            turns[:2] = [{"role": "user", "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}]
        return turns


_WRONG_NAME = re.compile(r"unsupported|not supported|unrecogni[sz]ed|unknown|deprecated|instead", re.IGNORECASE)
_NO_SYSTEM = re.compile(
    r"system role|role\W{1,3}system|['\"]system['\"] (?:with|role|is not)|roles must alternate"
    r"|system (?:message|prompt)s?[^.]{0,30}not (?:supported|allowed)|does not support ['\"]system",
    re.IGNORECASE,
)


class LearntCapabilities:
    """The current `ServerCapabilities` of a server, shared by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = ServerCapabilities()

    @property
    def now(self) -> ServerCapabilities:
        """The current state."""
        return self._now

    def update(self, **known: Any) -> None:
        """Set these fields of `ServerCapabilities`."""
        with self._lock:
            self._now = replace(self._now, **known)

    def drop(self, field: str) -> None:
        """Never send this field again."""
        with self._lock:
            self._now = replace(self._now, dropped=self._now.dropped | {field})

    def learn(
        self, refusal: Refusal, sent: dict[str, Any], make: Callable[[ServerCapabilities], dict[str, Any]]
    ) -> bool:
        """Whether a retry of the refused request `sent` would differ; `make` builds a request.

        The refusal is learnt from unless another thread has changed the state meanwhile.
        """
        with self._lock:
            if make(self._now) != sent:
                return True
            after = self._now.after(refusal, sent)
            if after is None or make(after) == sent:
                return False
            self._now = after
            return True


def is_json_object(text: str, schema: Any) -> bool:
    """Whether `text` is a JSON object with the fields that `schema` requires, perhaps in a Markdown fence."""
    try:
        value = json.loads(re.sub(r"\A\s*```\w*\s*|\s*```\s*\Z", "", text))
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and set(schema.get("required", ())) <= set(value)


def has_whole_item(text: str) -> bool:
    """Whether `text`, the beginning of an answer, has something whole: a string in a list of JSON, or any prose."""
    return not re.match(r"\s*(?:```\w*\s*)?\{", text) or bool(re.search(r'\[\s*"(?:[^"\\]|\\.)*+"', text))
