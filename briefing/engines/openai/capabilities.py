"""What was learnt of a server: what it refuses to understand, how long an answer may be, whether its model thinks.

`ServerCapabilities` is what is known at one moment, and how a prompt is put then; `LearntCapabilities` is what the
threads of an engine share.
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

__all__ = [
    "OPTIONAL",
    "Attempt",
    "Form",
    "LearntCapabilities",
    "ServerCapabilities",
    "has_whole_item",
    "is_json_object",
]

Form = Literal["schema", "grammar", ""]

OPTIONAL = ("stream_options", "grammar", "response_format", "chat_template_kwargs", "reasoning_effort", "seed", "stop",
            "temperature", "top_logprobs", "logprobs", "stream")  # fmt: skip
"""Fields that a server may refuse to understand, in the order in which a refusal that quotes none is searched."""
_WORDS = {
    "response_format": r"response_format|json_schema|guided|structured|failed to (?:generate|validate) json",
    "grammar": r"grammar",
    "reasoning_effort": r"reasoning|thinking|think value",
    "stream": r"\bstream(?:ing)?\b",
}
_BELONGS = {"stream": {"stream_options"}, "logprobs": {"top_logprobs"}}
"""Fields that make no sense without another."""
_FEW_ALTERNATIVES = 5
"""Tokens whose probability every server gives that gives any (OpenAI itself until 2024, Fireworks)."""
_EFFORTS = ("none", "low")
"""What a model that thinks is asked for: no thoughts, else short ones. Every server with the field takes ``low``."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request for one prompt: what holds for it alone."""

    room: int
    """Tokens for thoughts, where the model thinks."""
    plain: bool = False
    """Whether the answer is held to no form and ended by no stop string."""


@dataclass(frozen=True, slots=True)
class ServerCapabilities:
    """What is known of a server."""

    owner: str = ""
    """What it says it is (`Card.owner`)."""
    limit: str = "max_tokens"
    """The field for the length of an answer."""
    most: int = 0
    """Tokens that an answer may have at most, thoughts included; 0 where nothing is known."""
    least: int = 0
    """Tokens that must be asked for at least."""
    dropped: frozenset[str] = frozenset()
    """Fields that it does not understand."""
    thinks: bool = False
    aloud: bool = False
    """Whether thoughts stand in the answer itself, between marks, not apart from it."""
    effort: str = _EFFORTS[0]
    alternatives: int = TOP_LOGPROBS
    folded: bool = False
    """Whether the system's words go before the user's, for models whose template knows no system."""

    def form(self, prompt: Prompt, turn: Attempt) -> Form:
        """How the answer is held to its form: by a JSON schema, else a grammar, else by the prompt alone."""
        if turn.plain or (self.thinks and self.aloud):
            return ""  # a form would leave no room for thoughts
        if prompt.schema and "response_format" not in self.dropped:
            return "schema"
        # From the first token, which is a thought's where the model has any.
        takes_grammar = self.owner == "llamacpp" and "grammar" not in self.dropped and not self.thinks
        return "grammar" if prompt.grammar and takes_grammar else ""

    def request(self, model: str, prompt: Prompt, options: EngineOptions, turn: Attempt) -> dict[str, Any]:
        """What is sent, without what the server has refused before."""
        form = self.form(prompt, turn)
        length = max(self.least, prompt.max_tokens + (turn.room if self.thinks else 0))
        body: dict[str, Any] = {
            "model": model,
            "messages": self._messages(prompt),
            "stream": True,
            "stream_options": {"include_usage": True},
            self.limit: min(length, self.most or length),
            "temperature": options.temperature,
            "seed": options.seed,
        }
        # Thoughts have blank lines of their own.
        if (stops := prompt.stops(constrained=form == "grammar")) and not turn.plain and not self.thinks:
            body["stop"] = list(stops)
        if prompt.choices:
            body |= {"logprobs": True, "top_logprobs": self.alternatives}
        if self.thinks:
            body["reasoning_effort"] = self.effort
            if self.owner in {"llamacpp", "vllm"}:  # others give such a field to nobody
                body["chat_template_kwargs"] = dict(NO_REASONING)
        if form == "grammar":
            body["grammar"] = prompt.grammar
        elif form == "schema":
            schema = {"name": "answer", "strict": True, "schema": prompt.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return {name: value for name, value in body.items() if name not in self.dropped}

    def after(self, refusal: Refusal, sent: dict[str, Any]) -> ServerCapabilities | None:
        """What is known after the refusal of `sent`; None where it teaches nothing."""
        said = refusal.message
        if re.search(r"could not finish the message because max_tokens", said, re.IGNORECASE):
            return None if self.thinks else replace(self, thinks=True)  # OpenAI, of thoughts that took all the room
        if self.limit == "max_tokens" and "max_completion_tokens" in said and _WRONG_NAME.search(said):
            return replace(self, limit="max_completion_tokens")
        room = limits_in(said, int(sent.get(self.limit, 0)))
        if room and (room.most or room.least):
            return replace(self, most=room.most or self.most, least=room.least or self.least)
        if room:
            return None  # it is about this prompt alone
        if not self.folded and _NO_SYSTEM.search(said) and sent["messages"][0]["role"] == "system":
            return replace(self, folded=True)
        names = self._named(refusal, sent)
        if names == {"reasoning_effort"} and self.effort == _EFFORTS[0]:
            return replace(self, effort=_EFFORTS[1])
        if names == {"top_logprobs"} and self.alternatives > _FEW_ALTERNATIVES:
            return replace(self, alternatives=_FEW_ALTERNATIVES)
        return replace(self, dropped=self.dropped | names) if names else None

    def _named(self, refusal: Refusal, sent: dict[str, Any]) -> frozenset[str]:
        """The fields that a refusal is about: the one it names as such, all that it quotes, else one it speaks of."""
        fields = [name for name in OPTIONAL if name in sent]
        quoted = {name for name in fields if re.search(rf"['\"`]{name}\b", refusal.message)}
        found = {refusal.field} & set(fields) or quoted
        if not found:
            spoken = (n for n in fields if re.search(_WORDS.get(n, rf"\b{n}\b"), refusal.message, re.IGNORECASE))
            found = {name for name in (next(spoken, ""),) if name}
        return frozenset(found.union(*(_BELONGS.get(name, set()) for name in found)))

    def _messages(self, prompt: Prompt) -> list[dict[str, str]]:
        turns = [{"role": message.role, "content": message.content} for message in prompt.messages]
        if self.folded and len(turns) > 1 and turns[0]["role"] == "system" and turns[1]["role"] == "user":
            turns[:2] = [{"role": "user", "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}]
        return turns


_WRONG_NAME = re.compile(r"unsupported|not supported|unrecogni[sz]ed|unknown|deprecated|instead", re.IGNORECASE)
_NO_SYSTEM = re.compile(
    r"system role|role\W{1,3}system|['\"]system['\"] (?:with|role|is not)|roles must alternate"
    r"|system (?:message|prompt)s?[^.]{0,30}not (?:supported|allowed)|does not support ['\"]system",
    re.IGNORECASE,
)


class LearntCapabilities:
    """The manners that all threads go by. What one thread learns is known to the others at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = ServerCapabilities()

    @property
    def now(self) -> ServerCapabilities:
        """What is known."""
        return self._now

    def notes(self, **known: Any) -> None:
        """Set what is known of these fields of `ServerCapabilities`."""
        with self._lock:
            self._now = replace(self._now, **known)

    def drops(self, field: str) -> None:
        """Never send this field again."""
        with self._lock:
            self._now = replace(self._now, dropped=self._now.dropped | {field})

    def refused(
        self, refusal: Refusal, sent: dict[str, Any], put: Callable[[ServerCapabilities], dict[str, Any]]
    ) -> bool:
        """Whether there is another way to ask what was refused as `sent`; `put` makes the request.

        What another thread has learnt meanwhile may be reason enough to ask again; else the refusal is learnt from.
        """
        with self._lock:
            if put(self._now) != sent:
                return True
            after = self._now.after(refusal, sent)
            if after is None or put(after) == sent:
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
