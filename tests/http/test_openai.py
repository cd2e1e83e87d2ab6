"""The engine `openai` against a real server on loopback, kind or broken."""

from __future__ import annotations

import contextlib
import json
import re
import select
import socketserver
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from briefing.engines import Completion, EngineOptions, Message, ModelSpec, Prompt
from briefing.engines.openai import OpenAIEngine
from briefing.errors import EngineError, UsageError
from briefing.testing.chat import CHAT, MODELS, ChatServer, events

ANSWER = "# Tram approved\n- The council voted for a tram."
STREAM = "text/event-stream"
SCHEMA = {"type": "object", "properties": {"headline": {}, "points": {}}, "required": ["headline", "points"]}
KEY = "sk-very-secret-4711"
WAIT = 20.0
"""Seconds after which a test fails instead of waiting on."""


OPENED: list[OpenAIEngine] = []


@pytest.fixture
def server(chat_server: ChatServer) -> Iterator[ChatServer]:
    yield chat_server
    while OPENED:
        OPENED.pop().close()


def engine(server: ChatServer, model: str = "m-1", **options: Any) -> OpenAIEngine:
    """Closed with the server."""
    spec = ModelSpec(name=model, address=server.base_url, digest="d")
    OPENED.append(OpenAIEngine(spec, EngineOptions(**options)))
    return OPENED[-1]


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without long pauses."""
    monkeypatch.setattr("briefing.engines.openai.engine._FIRST_PAUSE", 0.01)


def prompt(text: str = "Hello", **fields: Any) -> Prompt:
    given: dict[str, Any] = {"id": text, "max_tokens": 50, "document": text} | fields
    return Prompt(messages=(Message("system", "Be brief."), Message("user", text)), **given)


def ask(server: ChatServer, *prompts: Prompt, model: str = "m-1", **options: Any) -> list[Completion]:
    return list(engine(server, model, **options).complete(prompts or (prompt(),)))


def one(server: ChatServer, *prompts: Prompt, **options: Any) -> Completion:
    (completion,) = ask(server, *prompts, **options)
    return completion


# --- what goes well ---------------------------------------------------------------------------------------------


def test_a_streamed_answer_comes_whole_with_its_tokens(server: ChatServer) -> None:
    server.says(ANSWER)
    answer = one(server, prompt(stop=("\n\n",)))
    assert (answer.text, answer.finish, answer.error) == (ANSWER, "stop", "")
    assert (answer.prompt_tokens, answer.completion_tokens) == (100, len(ANSWER.split()))
    (asked,) = server.asked
    assert asked["model"] == "m-1"
    assert asked["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    assert (asked["temperature"], asked["max_tokens"], asked["stop"], asked["stream"]) == (0.0, 50, ["\n\n"], True)


def test_a_server_that_does_not_stream_is_understood(server: ChatServer) -> None:
    body = {"choices": [{"message": {"content": ANSWER}, "finish_reason": "length"}], "usage": {"prompt_tokens": 7}}
    server.serves(CHAT, json.dumps(body), type="application/json")
    answer = one(server)
    assert (answer.text, answer.finish, answer.prompt_tokens) == (ANSWER, "length", 7)


@pytest.mark.parametrize("slots", [1, 4])
def test_as_many_are_in_flight_as_were_asked_for(server: ChatServer, slots: int) -> None:
    server.serves(CHAT, events(ANSWER), type=STREAM, delay=0.1)
    answers = ask(server, *(prompt(f"p{number}") for number in range(8)), slots=slots)
    assert sorted(answer.id for answer in answers) == [f"p{number}" for number in range(8)]
    assert server.most_at_once == slots


@pytest.mark.parametrize(
    ("card", "context"),
    [
        ({"max_model_len": 2048}, 2048),
        ({"meta": {"n_ctx_train": 1024}}, 1024),
        ({"max_model_len": 10**6}, 16_384),
        ({}, 4096),
    ],
)
def test_the_window_is_what_the_server_says(server: ChatServer, card: dict[str, object], context: int) -> None:
    server.serves(MODELS, json.dumps({"data": [{"id": "m-1", **card}]}))
    assert engine(server).context == context
    assert engine(server, context=999).context == 999


def test_a_server_without_a_list_of_models_is_asked_all_the_same(server: ChatServer) -> None:
    server.fails(MODELS, 404)
    server.says(ANSWER)
    assert one(server).text == ANSWER


@pytest.mark.parametrize("schema", [None, SCHEMA])
def test_a_server_of_llama_cpp_gets_the_grammar_where_there_is_no_schema(schema: dict[str, Any] | None) -> None:
    spoken = json.dumps({"headline": "Tram", "points": ["One."]}) if schema else ANSWER
    with ChatServer("file.gguf", llama_cpp=True) as server:
        server.says(spoken)
        assert one(server, prompt(grammar='root ::= "x"', schema=schema)).text == spoken
        (asked,) = server.asked
        assert asked.get("grammar") == (None if schema else 'root ::= "x"')
        assert ("response_format" in asked) is bool(schema)


def test_a_server_of_llama_cpp_without_schemas_gets_the_grammar_else_nothing() -> None:
    with ChatServer("file.gguf", llama_cpp=True) as server:
        server.refuses("response_format", then=ANSWER)
        assert one(server, prompt(grammar='root ::= "x"', schema=SCHEMA)).text == ANSWER
        assert [sorted({"response_format", "grammar"} & set(asked)) for asked in server.asked] == [
            ["response_format"],
            ["grammar"],
        ]
        server.refuses("grammar", then="plain")
        assert one(server, prompt(grammar='root ::= "x"')).text == "plain"


def test_the_window_of_a_server_of_llama_cpp_is_one_slots() -> None:
    with ChatServer("file.gguf", llama_cpp=True, context=32_768) as server:
        server.serves("/props", json.dumps({"default_generation_settings": {"n_ctx": 2048}}))
        assert engine(server).context == 2048


@pytest.mark.parametrize(
    ("listed", "wished"),
    [("qwen3:latest", "qwen3"), ("models/gemini-2.5-flash", "gemini-2.5-flash"), ("openai/*", "openai/gpt-5-mini"),
     ("qwen/qwen3-8b", "qwen/qwen3-8b:free"), ("qwen3-8b", "Qwen3-8B@q4_k_m")],
)  # fmt: skip
def test_a_model_is_found_under_the_name_that_a_server_gives_it(listed: str, wished: str) -> None:
    with ChatServer("another", listed) as server:
        server.says(ANSWER)
        assert one(server, model=wished).text == ANSWER
        assert server.asked[0]["model"] == wished


def test_any_other_server_gets_the_schema(server: ChatServer) -> None:
    spoken = json.dumps({"headline": "Tram", "points": ["One."]})
    server.says(spoken)
    answer = one(server, prompt(grammar='root ::= "x"', schema=SCHEMA, stop=("\n\n",)))
    assert answer.text == spoken
    (asked,) = server.asked
    assert asked["response_format"]["json_schema"]["schema"] == SCHEMA
    assert "grammar" not in asked
    assert "stop" not in asked


@pytest.mark.parametrize("field", ["response_format", "stream_options", "seed", "stop", "temperature"])
def test_refused_fields_are_dropped_for_good(server: ChatServer, field: str) -> None:
    server.refuses(field, then=ANSWER)
    wished = {"schema": SCHEMA} if field == "response_format" else {"stop": ("\n\n",)}
    answers = ask(server, prompt("a", **wished), prompt("b", **wished), slots=1)
    assert [answer.text for answer in answers] == [ANSWER, ANSWER]
    assert [field in asked for asked in server.asked] == [True, False, False]


@pytest.mark.parametrize("wrong", ["no JSON at all", '{"points": ["no headline"]}', "[1, 2]"])
def test_ignored_schema_is_dropped(server: ChatServer, wrong: str) -> None:
    server.says(wrong, times=1)
    server.says(ANSWER)
    assert one(server, prompt(schema=SCHEMA)).text == ANSWER
    assert "response_format" not in server.asked[1]


# --- what goes wrong --------------------------------------------------------------------------------------------


def test_retry_after_is_honoured(server: ChatServer) -> None:
    server.fails(CHAT, 429, times=2, retry_after="1")
    server.says(ANSWER)
    began = time.monotonic()
    assert one(server).text == ANSWER
    assert time.monotonic() - began >= 2
    assert len(server.asked) == 3


def test_long_retry_after_fails_all_prompts(server: ChatServer) -> None:
    server.fails(CHAT, 429, retry_after="3600")
    answers = ask(server, *(prompt(f"p{number}") for number in range(5)), slots=1)
    assert all("3,600 seconds" in answer.error for answer in answers)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_server_errors_are_retried(server: ChatServer, status: int) -> None:
    server.fails(CHAT, status, times=1)
    server.says(ANSWER)
    assert one(server).text == ANSWER


def test_exhausted_retries_fail_only_the_prompt(server: ChatServer) -> None:
    server.fails(CHAT, 503, times=5, retry_after="0")
    server.says(ANSWER)
    first, second = ask(server, prompt("a"), prompt("b"), slots=1)
    assert (first.finish, second.text) == ("error", ANSWER)
    assert "HTTP 503" in first.error
    assert "5 times" in first.error


def test_a_stream_that_is_cut_is_asked_for_again(server: ChatServer) -> None:
    server.cuts(CHAT, events(ANSWER), after=150, type=STREAM, times=1)
    server.says(ANSWER)
    assert one(server).text == ANSWER


def test_a_stream_that_just_stops_is_no_answer(server: ChatServer) -> None:
    server.serves(CHAT, events(ANSWER).split(b"finish_reason")[0].rsplit(b"data:", 1)[0], type=STREAM, times=1)
    server.says("whole")
    assert one(server).text == "whole"


@pytest.mark.parametrize(
    "body", ["<html>oops</html>", '{"choices": 5}', "[]", '{"choices": []}', '"text"', '{"choices": [{"message": 7}]}'],
    ids=["html", "number", "list", "no choices", "string", "odd message"],
)  # fmt: skip
@pytest.mark.usefixtures("_hurried")
def test_an_answer_that_is_none_fails_after_retries(server: ChatServer, body: str) -> None:
    server.serves(CHAT, body, type="application/json")
    answer = one(server)
    assert answer.finish == "error"
    assert len(server.asked) == 5


@pytest.mark.usefixtures("_hurried")
def test_an_error_inside_the_stream_is_one(server: ChatServer) -> None:
    server.serves(CHAT, b'data: {"error": {"message": "out of memory"}}\n\n', type=STREAM)
    assert "out of memory" in one(server).error


@pytest.mark.parametrize("whole_lines", [True, False])
def test_slow_stream_ends_at_its_deadline(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch, whole_lines: bool
) -> None:
    monkeypatch.setattr("briefing.engines.openai.engine._ATTEMPTS", 1)
    event = b"data: " + json.dumps({"choices": [{"delta": {"content": "x"}}]}).encode() + b"\n\n"
    if whole_lines:
        server.drips(CHAT, event * 50, every=0.1, type=STREAM)
    else:
        server.slow(CHAT, every=0.1)  # a byte at a time, never a line
    began = time.monotonic()
    answer = one(server, patience=0.5)
    assert "0.5 seconds" in answer.error
    assert time.monotonic() - began < 4


def test_an_answer_without_end_is_cut_off(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("briefing.engines.openai.engine._ATTEMPTS", 1)
    server.endless(CHAT)
    assert "bytes" in one(server).error


def test_a_refused_key_ends_the_run_at_once_and_is_never_printed(server: ChatServer) -> None:
    refusal = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}})
    server.serves(MODELS, refusal, status=401)
    with pytest.raises(EngineError) as caught:
        ask(server, key=KEY)
    assert "401" in caught.value.cause
    assert KEY not in str(caught.value)
    assert len(server.requests) == 1
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_key_refused_for_completions_fails_all_prompts(server: ChatServer) -> None:
    server.serves(CHAT, json.dumps({"error": {"message": f"bad key {KEY}"}}), status=401)
    answers = ask(server, *(prompt(f"p{number}") for number in range(20)), key=KEY, slots=2)
    assert {answer.finish for answer in answers} == {"error"}
    assert not any(KEY in answer.error for answer in answers)
    assert len(server.asked) <= 2


def test_a_server_that_repeats_the_key_does_not_make_us_print_it(server: ChatServer) -> None:
    server.serves(CHAT, json.dumps({"error": {"message": f"no quota for {KEY}"}}), status=400)
    answer = one(server, key=KEY)
    assert "no quota" in answer.error
    assert KEY not in answer.error
    assert KEY not in repr(EngineOptions(key=KEY))


def test_an_unknown_model_is_named_with_those_there_are(server: ChatServer) -> None:
    used = engine(server, "m-2")
    with pytest.raises(EngineError, match=r"model m-2: .* has no such model. It has: m-1"):
        list(used.complete([prompt()]))
    assert server.asked == []


def test_a_refused_prompt_fails_alone_and_says_why(server: ChatServer) -> None:
    server.serves(CHAT, json.dumps({"error": {"message": "too many tokens"}}), status=400, times=1)
    server.says(ANSWER)
    first, second = ask(server, prompt("a"), prompt("b"), slots=1)
    assert "too many tokens" in first.error
    assert second.text == ANSWER
    assert len(server.asked) == 2


@pytest.mark.usefixtures("_hurried")
def test_unreachable_server_is_named(server: ChatServer) -> None:
    used = engine(server)
    server.close()
    with pytest.raises(EngineError, match="no connection to the server"):
        list(used.complete([prompt()]))


@pytest.mark.parametrize(("status", "times"), [(503, 5), (401, 1)])
@pytest.mark.usefixtures("_hurried")
def test_a_server_that_cannot_be_asked_is_tried_once_for_all(server: ChatServer, status: int, times: int) -> None:
    server.fails(MODELS, status)
    used = engine(server)
    for _ in range(3):
        with pytest.raises(EngineError, match=f"HTTP {status}"):
            _ = used.context
        with pytest.raises(EngineError, match=f"HTTP {status}"):
            list(used.complete([prompt()]))
    assert len(server.seen(MODELS)) == times


@pytest.mark.usefixtures("_hurried")
def test_a_server_that_dies_fails_the_rest_quickly(server: ChatServer) -> None:
    server.says(ANSWER)
    used = engine(server, slots=1)
    answers = used.complete(prompt(f"p{number}") for number in range(200))
    assert next(answers).text == ANSWER
    server.close()
    rest = list(answers)
    assert len(rest) == 199
    assert {answer.finish for answer in rest} == {"error"}
    assert "no connection" in rest[-1].error


class Stalling(socketserver.ThreadingTCPServer):
    """Streams nothing but comments to all but the first prompt, until the client hangs up."""

    daemon_threads = True

    def __init__(self, waiting: int) -> None:
        super().__init__(("127.0.0.1", 0), _StallingHandler)
        self.asked, self.left = threading.Barrier(waiting + 1), threading.Barrier(waiting + 1)
        """Passed by all once `waiting` clients wait for an answer, and once they have hung up."""
        self.serving: set[threading.Thread] = set()


class _StallingHandler(socketserver.StreamRequestHandler):
    server: Stalling

    def handle(self) -> None:
        self.server.serving.add(threading.current_thread())
        head = b"".join(iter(self.rfile.readline, b"\r\n")).lower()
        length = re.search(rb"content-length: (\d+)", head)
        body = self.rfile.read(int(length[1])) if length else b""
        kind = STREAM if length else "application/json"
        self.wfile.write(f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: {kind}\r\n\r\n".encode())
        if b"Wait" not in body:
            self.wfile.write(events(ANSWER) if length else b'{"data": [{"id": "m-1"}]}')
            return
        self.server.asked.wait(timeout=WAIT)
        with contextlib.suppress(ConnectionError):
            while not select.select([self.connection], [], [], 0.01)[0]:
                self.wfile.write(b": not yet\n\n")
        self.server.left.wait(timeout=WAIT)


def test_closing_the_iterator_closes_connections_and_ends_its_threads() -> None:
    with Stalling(2) as stalling:
        listener = threading.Thread(target=stalling.serve_forever, args=(0.02,))
        listener.start()
        before = set(threading.enumerate())
        spec = ModelSpec(name="m-1", address=f"http://127.0.0.1:{stalling.server_address[1]}/v1", digest="d")
        used = OpenAIEngine(spec, EngineOptions(slots=3))
        try:
            answers = used.complete(iter([prompt("Hello"), prompt("Wait"), prompt("Wait, too")]))
            assert next(answers).text == ANSWER
            stalling.asked.wait(timeout=WAIT)
            workers = set(threading.enumerate()) - before - stalling.serving
            assert len(workers) >= 2
            answers.close()  # type: ignore[attr-defined]
            stalling.left.wait(timeout=WAIT)
            for worker in workers:
                worker.join(timeout=WAIT)
            assert not any(worker.is_alive() for worker in workers)
        finally:
            stalling.shutdown()
            listener.join()
            used.close()


def test_an_address_is_needed() -> None:
    with pytest.raises(UsageError, match="--base-url"):
        OpenAIEngine(ModelSpec(name="m", digest="d"), EngineOptions())
