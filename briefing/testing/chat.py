"""A real server on loopback that speaks the chat part of OpenAI's API, and says what it is told to.

::

    with ChatServer("m-1", context=8192) as server:
        server.fails(CHAT, 429, times=1, retry_after="1")
        server.says("# Headline\\n- A point.")
        ...
        assert server.asked[0]["max_tokens"] == 320

Everything `Server` can be told of a path holds for `CHAT` and `MODELS` as well.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from typing import Any

from briefing.testing.server import ReceivedRequest, Server

__all__ = ["CHAT", "MODELS", "ChatServer", "events"]

CHAT = "/v1/chat/completions"
MODELS = "/v1/models"

Request = dict[str, Any]


def events(
    text: str, *, finish: str = "stop", thought: str = "", hidden: int = 0, usage: bool = True, pieces: int = 3
) -> bytes:
    """`text` as a stream of server-sent events, with its usage (words for tokens) at the end.

    `thought` is what the model lets see of its thoughts, `hidden` how many tokens they took where it shows none.
    """
    size = max(1, -(-len(text) // pieces))
    deltas: list[dict[str, Any]] = [{"role": "assistant"}]
    deltas += [{"reasoning_content": thought}] if thought else []
    deltas += [{"content": text[start : start + size]} for start in range(0, len(text), size)]
    parts: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    parts.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    if usage:
        details = {"completion_tokens_details": {"reasoning_tokens": hidden}} if hidden else {}
        written = len(f"{thought} {text}".split()) + hidden
        parts.append({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": written, **details}})
    return b"".join(b"data: " + json.dumps(part).encode() + b"\n\n" for part in parts) + b"data: [DONE]\n\n"


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
        """What was asked, in order of arrival."""
        return [json.loads(seen.body) for seen in self.seen(CHAT)]

    def says(
        self,
        text: str | Callable[[Request], str],
        *,
        finish: str = "stop",
        thought: str = "",
        hidden: int = 0,
        usage: bool = True,
        times: int | None = None,
    ) -> None:
        """Answers with `text`, or with what it returns for the request, streamed where that was asked for; `events`
        tells of the rest.
        """

        def reply(seen: ReceivedRequest) -> tuple[int, str, bytes]:
            request = json.loads(seen.body)
            spoken = text(request) if callable(text) else text
            if request.get("stream"):
                streamed = events(spoken, finish=finish, thought=thought, hidden=hidden, usage=usage)
                return 200, "text/event-stream", streamed
            choice = {"message": {"role": "assistant", "content": spoken}, "finish_reason": finish}
            return 200, "application/json", json.dumps({"choices": [choice]}).encode()

        self.replies(CHAT, reply, times=times)

    def refuses(self, field: str, *, then: str, message: str = "", at_once: int = 1) -> None:
        """Answers 400 to every request that has this field, and `then` to any other.

        The refusals say `message`, and wait until `at_once` of these requests are there (for 5 seconds at most).
        """
        barrier = threading.Barrier(at_once)
        said = message or f"Unsupported parameter: '{field}'"

        def reply(seen: ReceivedRequest) -> tuple[int, str, bytes]:
            request = json.loads(seen.body)
            if field in request:
                with contextlib.suppress(threading.BrokenBarrierError):
                    barrier.wait(timeout=5)
                error = {"error": {"message": said, "type": "invalid_request_error"}}
                return 400, "application/json", json.dumps(error).encode()
            return 200, "text/event-stream", events(then)

        self.replies(CHAT, reply)
