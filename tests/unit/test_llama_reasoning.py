"""The built-in engine with models that think: what it asks llama.cpp for, and what it makes of the chunks (of the shape
that llama.cpp streams, the words are ours).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from briefing.engines import Completion, EngineOptions, Message, ModelSpec, Prompt
from briefing.engines.llama import LlamaEngine
from briefing.engines.output import NO_REASONING, reasoning_budget
from briefing.testing.server import Server as HttpServer

Chunk = dict[str, Any]


class Server:
    """Streams one list of chunks for each request, and remembers the requests."""

    listening_address = ""

    def __init__(self, *streams: Sequence[Chunk]) -> None:
        self.requests: list[dict[str, Any]] = []
        self._streams = list(streams)

    def handle_chat_completions(self, request: dict[str, Any], heard: Callable[[Any], bool]) -> None:
        self.requests.append(request)
        for chunk in self._streams.pop(0):
            if heard(chunk):
                return


def stream(*said: str, thought: Sequence[str] = (), finish: str = "stop", odds: float = 0.0) -> list[Chunk]:
    """What llama.cpp sends: a role first, thoughts apart, the end last."""
    logprobs: Chunk = {
        "content": [{"token": "yes", "logprob": odds, "top_logprobs": [{"token": "yes", "logprob": odds}]}]
    }
    chunks: list[Chunk] = [{"delta": {"role": "assistant", "content": None}}]
    chunks += [{"delta": {"reasoning_content": piece}} for piece in thought]
    chunks += [{"delta": {"content": piece}} | ({"logprobs": logprobs} if odds else {}) for piece in said]
    chunks += [{"delta": {}, "finish_reason": finish}]
    written = len(said) + len(thought)
    ending: Chunk = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": written}}
    return [{"choices": [chunk]} for chunk in chunks] + [ending]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[Completion], Server]]:
    """Asks one question after another of an engine whose llama.cpp streams what it is told to."""

    def call(*streams: Sequence[Chunk], prompts: int = 1, **fields: Any) -> tuple[list[Completion], Server]:
        server = Server(*streams)
        monkeypatch.setattr("briefing.engines.llama._load", lambda *_: server)
        spec = ModelSpec(name="thinker", path=Path("thinker.gguf"), digest="d")
        engine = LlamaEngine(spec, EngineOptions(slots=1))
        message = Message("user", "What is new?")
        given: dict[str, Any] = {"max_tokens": 20, "stop": ("\n\n",)} | fields
        asked = [Prompt(id=str(n), messages=(message,), document="", **given) for n in range(prompts)]
        return list(engine.complete(asked)), server

    return call


@pytest.mark.parametrize(
    "first",
    [
        stream(thought=["Hm,", " hm."]),  # its stop string came in the thought
        stream(thought=["Hm,", " hm."], finish="length"),
        stream("<think>", "Hm."),
        stream("<think>", "Hm.", finish="length"),
    ],
)
def test_a_model_that_only_thought_is_given_room_once_and_no_stop_strings(
    first: list[Chunk], ask: Callable[..., tuple[list[Completion], Server]]
) -> None:
    second = stream("\n\n", "A bridge.", "\n\n", "More.", thought=["Hm.\n\n", "So it is."])
    (completion, another), server = ask(first, second, second, prompts=2, grammar="root ::= .*")
    assert (completion.text.strip(), completion.finish) == ("A bridge.", "stop")
    assert another.text == completion.text
    room = reasoning_budget(EngineOptions())
    assert [request["max_tokens"] for request in server.requests] == [20, 20 + room, 20 + room]
    assert [request["stop"] for request in server.requests] == [["\n\n"], [], []]
    assert ["grammar" in request for request in server.requests] == [True, False, False]


def test_thoughts_without_an_answer_are_an_error(ask: Callable[..., tuple[list[Completion], Server]]) -> None:
    thinks = stream(thought=["Hm."] * 5, finish="length")
    (completion,), _ = ask(thinks, thinks)
    assert (completion.text, completion.finish) == ("", "error")
    assert completion.error == "the model came to no answer in 5 tokens of thoughts"


def test_an_answer_that_begins_with_a_blank_line_is_not_lost(
    ask: Callable[..., tuple[list[Completion], Server]],
) -> None:
    (completion,), server = ask(stream(), stream("\n\n", "A bridge.", "\n\n", "More."), grammar="root ::= .*")
    assert (completion.text, completion.finish) == ("\n\nA bridge.", "stop")
    assert [request["max_tokens"] for request in server.requests] == [20, 20]
    assert server.requests[1]["grammar"]


LIST = "# A bridge\n\n- The town gets one.\n\n- It costs £3m."


@pytest.mark.parametrize(
    ("grammar", "streams"),
    [
        ("root ::= .*", [stream(thought=["Hm."]), stream(LIST, thought=["Hm."])]),  # held at first, freely then
        (None, [stream(LIST)]),
    ],
)
def test_a_blank_line_ends_no_list_that_no_grammar_holds(
    grammar: str | None, streams: list[list[Chunk]], ask: Callable[..., tuple[list[Completion], Server]]
) -> None:
    (completion,), server = ask(*streams, grammar=grammar, schema={"type": "object"})
    assert (completion.text, completion.finish) == (LIST, "stop")
    assert server.requests[-1]["stop"] == []


def test_complete_answers_are_not_retried(ask: Callable[..., tuple[list[Completion], Server]]) -> None:
    (completion,), server = ask(stream("A bridge.", thought=["Hm."], finish="length"))
    assert (completion.text, completion.finish) == ("A bridge.", "length")
    assert len(server.requests) == 1


def test_reasoning_gives_no_odds(
    ask: Callable[..., tuple[list[Completion], Server]],
) -> None:
    choices = {"choices": ("yes", "no"), "max_tokens": 4}
    (plain,), server = ask(stream("yes", odds=-0.1, finish="length"), **choices)
    assert (plain.odds, server.requests[0]["max_tokens"]) == ((1.0, 0.0), 1)
    second = stream("**", "yes", odds=-0.1)
    second[1]["choices"][0]["logprobs"] = {
        "content": [{"token": "**", "logprob": 0.0, "top_logprobs": [{"token": "no", "logprob": -0.1}]}]
    }
    (bold,), _ = ask(stream(thought=["Yes"]), second, **choices)
    assert (bold.text, bold.odds) == ("**yes", (1.0, 0.0))
    (thought,), _ = ask(stream(thought=["Yes"]), stream("yes", thought=["Yes,", " hm."], odds=-0.1), **choices)
    assert (thought.text, thought.odds) == ("yes", ())
    (wrapped,), _ = ask(stream("yes", "<|end|>", odds=-0.1), **choices)
    assert wrapped.odds == (1.0, 0.0)


class Thinker(Server):
    """Needs room; three prompts are first asked together without any."""

    def __init__(self) -> None:
        super().__init__()
        self.together = threading.Barrier(3)
        self.learnt = threading.Event()

    def handle_chat_completions(self, request: dict[str, Any], heard: Callable[[Any], bool]) -> None:
        self.requests.append(request)
        if request["max_tokens"] > 100:
            self.learnt.set()
            said = stream("A bridge.", thought=["Hm."])
        else:
            if self.together.wait(5):  # all but one are heard out once that one is asked again
                self.learnt.wait(5)
            said = stream("<think>", "Hm.", finish="length")
        for chunk in said:
            heard(chunk)


def test_prompts_in_flight_survive_learning_that_the_model_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Thinker()
    monkeypatch.setattr("briefing.engines.llama._load", lambda *_: server)
    engine = LlamaEngine(ModelSpec(name="thinker", path=Path("thinker.gguf"), digest="d"), EngineOptions(slots=3))
    asked = [Prompt(id=f"{n}", messages=(Message("user", "?"),), document="", max_tokens=20) for n in range(3)]
    assert [(one.text, one.finish) for one in engine.complete(asked)] == [("A bridge.", "stop")] * 3
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    ("template", "effort"),
    [("{{ thinking }}", {}), ("{{ reasoning_effort }}", {"reasoning_effort": "low"}), (None, {})],
    ids=["named", "effort", "unknown"],
)
def test_all_no_reasoning_settings_are_sent(
    template: str | None,
    effort: dict[str, str],
    ask: Callable[..., tuple[list[Completion], Server]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with HttpServer() as http:
        if template is not None:
            http.serves("/props", json.dumps({"chat_template": template}), type="application/json")
        monkeypatch.setattr(Server, "listening_address", http.url("").rstrip("/"))
        _, server = ask(stream("A bridge."))
    assert server.requests[0]["chat_template_kwargs"] == {**NO_REASONING, **effort}
