"""A scripted server of OpenAI's chat completions API on loopback.

::

    with ChatServer("m-1", context=8192) as server:
        server.fails(CHAT, 429, times=1, retry_after="1")
        server.says("# Headline\\n- A point.")
        ...
        assert server.asked[0]["max_tokens"] == 320

The answers of `Server` can be used for `CHAT` and `MODELS` as well.
"""

from __future__ import annotations

import contextlib
import json
import math
import threading
from collections.abc import Callable, Mapping
from typing import Any

from briefing.testing.server import ReceivedRequest, Server

CHAT = "/v1/chat/completions"
MODELS = "/v1/models"

Request = dict[str, Any]


def events(
    text: str,
    *,
    finish: str = "stop",
    thought: str = "",
    hidden: int = 0,
    usage: bool = True,
    pieces: int = 3,
    odds: Mapping[str, float] | None = None,
) -> bytes:
    """`text` as server-sent events, with its usage (words for tokens) at the end.

    `thought`: visible reasoning; `hidden`: reasoning tokens that are only counted; `odds`: probabilities of tokens in
    the place of `text`, which then is one token.
    """
    pieces = 1 if odds else pieces
    size = max(1, -(-len(text) // pieces))
    deltas: list[dict[str, Any]] = [{"role": "assistant"}]
    deltas += [{"reasoning_content": thought}] if thought else []
    deltas += [{"content": text[start : start + size]} for start in range(0, len(text), size)]
    parts: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    if odds:
        parts[-1]["choices"][0]["logprobs"] = logprobs(text, odds)
    parts.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    if usage:
        details = {"completion_tokens_details": {"reasoning_tokens": hidden}} if hidden else {}
        written = len(f"{thought} {text}".split()) + hidden
        parts.append({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": written, **details}})
    return b"".join(b"data: " + json.dumps(part).encode() + b"\n\n" for part in parts) + b"data: [DONE]\n\n"


def logprobs(text: str, odds: Mapping[str, float]) -> dict[str, Any]:
    """The ``logprobs`` of a choice whose one token is `text`, with these probabilities of tokens in its place."""
    top = [{"token": token, "logprob": math.log(share)} for token, share in odds.items()]
    return {"content": [{"token": text, "logprob": 0.0, "top_logprobs": top}]}


class ChatServer(Server):
    """See the module."""

    def __init__(self, *models: str, context: int = 0, llama_cpp: bool = False, port: int = 0) -> None:
        super().__init__(port)
        owner = "llamacpp" if llama_cpp else "somebody"
        cards = [{"id": model, "owned_by": owner, "max_model_len": context or None} for model in models]
        self.serves(MODELS, json.dumps({"data": cards}), type="application/json")

    @property
    def base_url(self) -> str:
        """What ``--base-url`` takes."""
        return self.url("/v1")

    @property
    def asked(self) -> list[Request]:
        """The chat requests, in order of arrival."""
        return [json.loads(seen.body) for seen in self.seen(CHAT)]

    def says(
        self,
        text: str | Callable[[Request], str],
        *,
        finish: str = "stop",
        thought: str = "",
        hidden: int = 0,
        usage: bool = True,
        odds: Mapping[str, float] | None = None,
        times: int | None = None,
    ) -> None:
        """Answers with `text`, or what it returns for a request; streamed on request. For the rest see `events`.

        `odds` are given where a request asks for ``logprobs``.
        """

        def reply(received: ReceivedRequest) -> tuple[int, str, bytes]:
            request = json.loads(received.body)
            content = text(request) if callable(text) else text
            if request.get("stream"):
                likely = odds if request.get("logprobs") else None
                streamed = events(content, finish=finish, thought=thought, hidden=hidden, usage=usage, odds=likely)
                return 200, "text/event-stream", streamed
            choice = {"message": {"role": "assistant", "content": content}, "finish_reason": finish}
            return 200, "application/json", json.dumps({"choices": [choice]}).encode()

        self.replies(CHAT, reply, times=times)

    def refuses(self, field: str, *, then: str, message: str = "", at_once: int = 1) -> None:
        """Answers 400 with `message` to requests with this field, and `then` to others.

        A refusal waits until `at_once` of these requests are there (for 5 seconds at most).
        """
        barrier = threading.Barrier(at_once)
        refusal = message or f"Unsupported parameter: '{field}'"

        def reply(received: ReceivedRequest) -> tuple[int, str, bytes]:
            request = json.loads(received.body)
            if field in request:
                with contextlib.suppress(threading.BrokenBarrierError):
                    barrier.wait(timeout=5)
                error = {"error": {"message": refusal, "type": "invalid_request_error"}}
                return 400, "application/json", json.dumps(error).encode()
            return 200, "text/event-stream", events(then)

        self.replies(CHAT, reply)
