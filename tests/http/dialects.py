"""Scripted servers with the quirks of six implementations of OpenAI's API, on loopback.

::

    with DialectServer(OLLAMA, "qwen3") as server:
        server.answers(headline="Tram approved", points=["The council voted for a tram."])
        ...
        assert server.asked[0]["max_tokens"] == 320

A dialect is the observed or documented behaviour of a server: the format of errors, model list and streams, refused and
ignored parameters, reasoning. Words count as tokens.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from briefing.testing.chat import CHAT, MODELS, ChatServer, Request
from briefing.testing.server import ReceivedRequest

_PATIENCE = 30.0
"""Seconds; more than a busy machine needs to send a few requests."""

Refusal = Callable[[Request], "tuple[str, str] | None"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dialect:
    """The behaviour of one server."""

    name: str
    listed: Callable[[str, int], dict[str, Any]]
    """The entry of a model, with its context in tokens, in the model list."""
    error: Callable[[str, int, str], Any]
    """The body of an error with this message, HTTP status and field."""
    refuses: Refusal = lambda request: None
    """Message and field of an unsupported parameter."""
    unknown: Callable[[str], tuple[int, str]] = lambda model: (404, f"The model `{model}` does not exist.")
    """Status and message for an unknown model."""
    thoughts: str = ""
    """The delta's field with reasoning; empty where it is hidden and only counted."""
    unthinking: Callable[[Request], bool] = lambda request: False
    """Whether a request disables reasoning."""
    schema: bool = True
    """Whether it supports JSON schemas."""
    odds: bool = True
    """Whether it gives logprobs."""
    usage: Literal["asked", "always", "never"] = "asked"
    first: tuple[dict[str, Any], ...] = ({"role": "assistant", "content": ""},)
    """The deltas before the first content."""
    comment: bytes = b""
    """Keep-alive comment before the first event."""
    newline: bytes = b"\n"
    last: bytes = b"data: [DONE]"
    usage_choices: Any = ()
    """``choices`` of the event with the usage."""
    kind: str = "text/event-stream"


def _openai_error(message: str, status: int, field: str) -> dict[str, Any]:
    error = {"message": message, "type": "invalid_request_error", "param": field or None, "code": None}
    return {"error": error}


def _vllm_refuses(request: Request) -> tuple[str, str] | None:
    if request.get("reasoning_effort") == "none":
        said = ("[{'type': 'literal_error', 'loc': ('body', 'reasoning_effort'), 'msg': \"Input should be 'low', "
                "'medium' or 'high'\", 'input': 'none'}]")  # fmt: skip
        return said, ""
    asked, read = int(request["max_tokens"]), _words(request)
    if asked > 4096 - read:
        return (f"'max_tokens' or 'max_completion_tokens' is too large: {asked}. This model's maximum context length "
                f"is 4096 tokens and your request has {read} input tokens ({asked} > 4096 - {read}).",
                "max_tokens")  # fmt: skip
    return None


def _llama_refuses(request: Request) -> tuple[str, str] | None:
    if "grammar" in request and "response_format" in request:
        return 'Either "json_schema" or "grammar" can be specified, but not both', ""
    read = _words(request)
    return (f"request ({read} tokens) exceeds the available context size (4096 tokens)", "") if read > 4096 else None


def _ollama_refuses(request: Request) -> tuple[str, str] | None:
    if request.get("reasoning_effort") == "low":  # it has "none" and passes it on as think = false
        return f'invalid reasoning value: "low" for {request["model"]}', ""
    return None


def _lm_studio_refuses(request: Request) -> tuple[str, str] | None:
    if request.get("response_format", {}).get("type", "json_schema") not in {"json_schema", "text"}:
        return "'response_format.type' must be 'json_schema' or 'text'", ""
    return None


def _litellm_refuses(request: Request) -> tuple[str, str] | None:
    wrong = sorted({"seed", "logprobs", "top_logprobs", "reasoning_effort"} & set(request))
    if wrong:
        return (f"litellm.UnsupportedParamsError: bedrock does not support parameters: {wrong}, for model="
                f"{request['model']}. To drop these, set `litellm.drop_params=True`.", "None")  # fmt: skip
    return None


def _hosted_refuses(request: Request) -> tuple[str, str] | None:
    if "max_tokens" in request:
        said = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        return said, "max_tokens"
    if "temperature" in request:
        said = "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) is supported."
        return said, "temperature"
    for field in ("logprobs", "top_logprobs", "stop"):
        if field in request:
            return f"Unsupported parameter: '{field}' is not supported with this model.", field
    if request.get("reasoning_effort") == "none":
        said = (
            "Unsupported value: 'reasoning_effort' does not support 'none' with this model. Supported: 'low', 'high'."
        )
        return said, "reasoning_effort"
    return None


def _switched_off(request: Request) -> bool:
    return request.get("chat_template_kwargs", {}).get("enable_thinking") is False


VLLM = Dialect(
    name="vLLM",
    listed=lambda model, context: {"id": model, "object": "model", "owned_by": "vllm", "root": model,
                                   "max_model_len": context},
    error=lambda message, status, field: {"error": {"message": message, "type": "BadRequestError",
                                                    "param": field or None, "code": status}},
    refuses=_vllm_refuses,
    thoughts="reasoning",
    unthinking=_switched_off,
)  # fmt: skip
LLAMA_SERVER = Dialect(
    name="llama-server",
    listed=lambda model, context: {"id": model, "object": "model", "owned_by": "llamacpp",
                                   "meta": {"n_vocab": 151_936, "n_ctx_train": 32_768}},
    error=lambda message, status, field: {"error": {"code": status, "message": message,
                                                    "type": "invalid_request_error"}},
    refuses=_llama_refuses,
    thoughts="reasoning_content",
    unthinking=_switched_off,
    first=({"role": "assistant", "content": None},),
)  # fmt: skip
OLLAMA = Dialect(
    name="Ollama",
    listed=lambda model, context: {"id": f"{model}:latest", "object": "model", "owned_by": "library"},
    error=lambda message, status, field: {"error": {"message": message, "type": "api_error", "param": None,
                                                    "code": None}},
    refuses=_ollama_refuses,
    unknown=lambda model: (404, f'model "{model}" not found, try pulling it first'),
    thoughts="reasoning",
    unthinking=lambda request: request.get("reasoning_effort") == "none",
    odds=False,
    usage="never",
)  # fmt: skip
LM_STUDIO = Dialect(
    name="LM Studio",
    listed=lambda model, context: {"id": model, "object": "model", "owned_by": "organization_owner"},
    error=lambda message, status, field: {"error": message},
    refuses=_lm_studio_refuses,
    unknown=lambda model: (404, f'Model "{model}" not found. Load it first'),
    thoughts="reasoning_content",
    odds=False,
    last=b"data:[DONE]",
)
LITELLM = Dialect(
    name="LiteLLM",
    listed=lambda model, context: {"id": f"{model.split('/')[0]}/*" if "/" in model else model, "object": "model",
                                   "owned_by": "openai"},
    error=lambda message, status, field: {"error": {"message": message, "type": "None", "param": field or "None",
                                                    "code": str(status)}},
    refuses=_litellm_refuses,
    unknown=lambda model: (400, f"/chat/completions: Invalid model name passed in model={model}"),
    thoughts="reasoning_content",
    schema=False,
    odds=False,
    newline=b"\r\n",
    comment=b": keep-alive",
    usage_choices=[{"index": 0, "delta": {}}],
)  # fmt: skip
HOSTED = Dialect(
    name="a hosted API",
    listed=lambda model, context: {"id": model, "object": "model", "owned_by": "system"},
    error=_openai_error,
    refuses=_hosted_refuses,
    first=({"role": "assistant", "content": "", "refusal": None}, {}),
    comment=b": PROCESSING",
    usage_choices=None,
)
DIALECTS = (VLLM, LLAMA_SERVER, OLLAMA, LM_STUDIO, LITELLM, HOSTED)


class DialectServer(ChatServer):
    """A server of one dialect with one model, which reasons for `thinking` words before each answer.

    The first `at_once` requests wait for one another; where they do not all come, none is answered.
    """

    def __init__(
        self, dialect: Dialect, model: str = "m-1", *, context: int = 4096, thinking: int = 0, at_once: int = 1
    ) -> None:
        super().__init__()
        self._dialect, self._model, self._thinking = dialect, model, thinking
        self._article: tuple[str, Sequence[str]] = ("", ())
        self._barrier = threading.Barrier(at_once)
        self._opened = threading.Event()
        self.serves(MODELS, json.dumps({"object": "list", "data": [dialect.listed(model, context)]}))
        if dialect is LLAMA_SERVER:
            self.serves("/props", json.dumps({"default_generation_settings": {"n_ctx": context}}))
        self.replies(CHAT, self._reply)

    def answers(self, *, headline: str, points: Sequence[str]) -> None:
        """The summary of any article; a request for one sentence gets the first point, one for a verdict "yes"."""
        self._article = (headline, points)

    def loads(self, times: int) -> None:
        """Answers 503 to the next `times` requests, as while the model is loading."""
        body = json.dumps(self._dialect.error("Loading model", 503, ""))
        self.serves(CHAT, body, status=503, type="application/json", times=times)
        self.replies(CHAT, self._reply)

    def breaks_off(self, times: int) -> None:
        """Breaks the next `times` streams with an error in the middle, under status 200."""
        error = json.dumps(self._dialect.error("out of memory", 500, "")).encode()
        body = self._event({"choices": [{"delta": {"content": "# Half"}}]}) + b"event: error\n"
        self.serves(CHAT, body + b"data: " + error + b"\n\n", type=self._dialect.kind, times=times)
        self.replies(CHAT, self._reply)

    def _reply(self, received: ReceivedRequest) -> tuple[int, str, bytes]:
        request, dialect = json.loads(received.body), self._dialect
        if not self._opened.is_set():
            self._wait()
        if request["model"] != self._model:
            status, said = dialect.unknown(request["model"])
            return status, "application/json", json.dumps(dialect.error(said, status, "model")).encode()
        if wrong := dialect.refuses(request):
            return 400, "application/json", json.dumps(dialect.error(wrong[0], 400, wrong[1])).encode()
        return 200, dialect.kind, self._stream(request)

    def _wait(self) -> None:
        self._barrier.wait(timeout=_PATIENCE)
        self._opened.set()

    def _stream(self, request: Request) -> bytes:
        dialect = self._dialect
        room = int(request.get("max_completion_tokens") or request["max_tokens"])
        thought = 0 if dialect.unthinking(request) else min(self._thinking, room)
        words = self._text(request).split(" ")
        said = " ".join(words[: max(0, room - thought)])
        cut = len(words) > room - thought
        deltas: list[dict[str, Any]] = list(dialect.first)
        deltas += [{dialect.thoughts: "hm "}] * thought if dialect.thoughts else []
        deltas += [{"content": said[: len(said) // 2]}, {"content": said[len(said) // 2 :]}] if said else []
        parts: list[dict[str, Any]]
        parts = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}], "usage": None} for delta in deltas]
        if dialect.odds and "logprobs" in request and said:
            top = [{"token": "yes", "logprob": math.log(0.9)}, {"token": "no", "logprob": math.log(0.1)}]
            parts[-1]["choices"][0]["logprobs"] = {"content": [{"token": said, "logprob": -0.1, "top_logprobs": top}]}
        finish = "length" if cut else "stop"
        parts.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}], "usage": None})
        if dialect.usage == "always" or (dialect.usage == "asked" and "stream_options" in request):
            hidden = {} if dialect.thoughts else {"completion_tokens_details": {"reasoning_tokens": thought}}
            usage = {"prompt_tokens": _words(request), "completion_tokens": thought + len(said.split()), **hidden}
            parts.append({"choices": dialect.usage_choices, "usage": usage})
        opening = dialect.comment + 2 * dialect.newline if dialect.comment else b""
        return opening + b"".join(map(self._event, parts)) + dialect.last + 2 * dialect.newline

    def _text(self, request: Request) -> str:
        headline, points = self._article
        if "logprobs" in request or "Statement:" in request["messages"][-1]["content"]:
            return "yes"
        if "response_format" in request and self._dialect.schema:
            return json.dumps({"headline": headline, "points": list(points)})
        if "<article>" in request["messages"][-1]["content"]:
            return f"# {headline}\n\n" + "\n".join(f"- {point}" for point in points)  # as chat models write lists
        return points[0]

    def _event(self, part: dict[str, Any]) -> bytes:
        return b"data: " + json.dumps(part).encode() + 2 * self._dialect.newline


def _words(request: Request) -> int:
    return sum(len(message["content"].split()) for message in request["messages"])
