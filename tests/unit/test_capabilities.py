"""What engines say that they can do: docs/models.md shows it, and they do it."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from briefing.engines import (
    Capabilities,
    Completion,
    Engine,
    EngineOptions,
    Message,
    ModelSpec,
    Prompt,
    capabilities_of,
    load_engine,
)
from briefing.engines import llama as llama_module
from briefing.engines.extractive import ExtractiveEngine
from briefing.engines.llama import LlamaEngine
from briefing.engines.openai import OpenAIEngine
from briefing.engines.output import NO_REASONING
from briefing.engines.transformers import TransformersEngine
from briefing.testing.chat import ChatServer
from briefing.testing.engine import FakeEngine

NAMES = ("llama", "transformers", "openai", "extractive")
PART = re.compile(r"(<!-- capabilities: [^>]*-->\n)(.*?)(<!-- end of capabilities -->)", re.DOTALL)
SCHEMA = {"type": "object", "properties": {"points": {"type": "array"}}, "required": ["points"]}
GRAMMAR = 'root ::= "yes" | "no"'
ARTICLE = "Der Rat stimmte am Dienstag für eine Straßenbahn. Sie kostet 31 Millionen Euro. Der Bau beginnt im März."

_FORMS = {"grammar": "GBNF grammar", "schema": "JSON schema"}
_ODDS = {"always": "yes", "some models": "where the model or its server gives them", "never": "no"}
_CANCELLATION = {
    "chunk": "after the token at hand, or the batch of the prompt's tokens",
    "batch": "after the prompts that are being answered together",
    "prompt": "after the prompt at hand",
}
_THINKING = {
    "off": "switched off where the model's chat template can",
    "cut": "thoughts are cut out of the answer",
    "room": "room is given once",
}
_BATCH = {
    "continuous": "decoded together, each leaves when it ends",
    "requests": "requests in flight together",
    "padded": "batches of like length",
    "single": "one after another",
}
_LANGUAGES = {
    "instructed": "the prompt asks for one",
    "told": "the prompt asks for one; mBART and its kind are told by its token",
    "quoted": "the article's own",
}


def capability_table(engines: Mapping[str, Capabilities]) -> str:
    """The Markdown table of docs/models.md: a column for each engine, a row for each capability."""
    rows = {
        "structured output": [
            ", else ".join(_FORMS[form] for form in engine.structured) or "by the prompt alone"
            for engine in engines.values()
        ],
        "odds of offered answers": [_ODDS[engine.odds] for engine in engines.values()],
        "cancelled": [_CANCELLATION[engine.cancellation] for engine in engines.values()],
        "models that think first": [
            "; ".join(_THINKING[act] for act in engine.thinking) or "nothing is done" for engine in engines.values()
        ],
        "prompts side by side": [_BATCH[engine.batch] for engine in engines.values()],
        "language of the answer": [_LANGUAGES[engine.languages] for engine in engines.values()],
    }
    lines = [["what", *(f"`{name}`" for name in engines)], ["---"] * (len(engines) + 1)]
    lines += [[title, *cells] for title, cells in rows.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ours() -> dict[str, Capabilities]:
    return {name: capabilities_of(load_engine(name)) for name in NAMES}


def ask(name: str = "a", **options: Any) -> Prompt:
    fields: dict[str, Any] = {"messages": (Message("user", "What is new?"),), "document": ARTICLE, "max_tokens": 40}
    return Prompt(id=name, **(fields | options))


def test_the_documentation_shows_what_the_engines_say(repository: Path) -> None:
    page = repository / "docs" / "models.md"
    table = "\n" + capability_table(ours()) + "\n\n"
    if os.environ.get("UPDATE_GOLDEN"):
        page.write_text(PART.sub(lambda found: found[1] + table + found[3], page.read_text("utf-8")), "utf-8")
    (shown,) = PART.findall(page.read_text("utf-8"))
    assert shown[1] == table


def test_every_value_has_words_and_changes_the_table() -> None:
    hints = get_type_hints(Capabilities)
    for field, hint in hints.items():
        many = not all(isinstance(one, str) for one in get_args(hint))
        values = get_args(get_args(hint)[0]) if many else get_args(hint)
        said: list[dict[str, Any]] = [{field: (one,) if many else one} for one in values]
        tables = {capability_table({"x": Capabilities(**one)}) for one in said}
        assert len(tables) == len(values), field


def test_an_engine_that_says_nothing_promises_nothing() -> None:
    assert capabilities_of(FakeEngine()) == Capabilities()
    assert capabilities_of(FakeEngine).structured == ()


# --- llama: the requests that reach llama.cpp -------------------------------------------------------------------


class Llama:
    """Stands for llama.cpp's server inside the process: streams words until it is told to stop."""

    listening_address = ""

    def __init__(self, words: int = 3) -> None:
        self.words = words
        self.requests: list[dict[str, Any]] = []
        self.sent = 0
        self.together = threading.Barrier(2)

    def handle_chat_completions(self, request: dict[str, Any], hear: Callable[[Any], bool]) -> None:
        self.requests.append(request)
        if request.get("stop") == ["wait"]:
            self.together.wait(5)
        if request.get("logprobs"):
            likely = [{"token": "yes", "logprob": -0.1}, {"token": "no", "logprob": -2.4}]
            hear({"choices": [{"delta": {"content": "yes"}, "logprobs": {"content": [{"top_logprobs": likely}]}}]})
            hear({"choices": [{"delta": {}, "finish_reason": "stop"}]})
            return
        hear({"choices": [{"delta": {"reasoning_content": "Hm, let me think."}}]})
        hear({"choices": [{"delta": {"content": "<think>Hm, and again.</think>"}}]})
        for _ in range(self.words):
            self.sent += 1
            if hear({"choices": [{"delta": {"content": "word "}}]}):
                return
        hear({"choices": [{"delta": {}, "finish_reason": "stop"}]})


@pytest.fixture
def llama(monkeypatch: pytest.MonkeyPatch) -> Llama:
    server = Llama()
    monkeypatch.setattr(llama_module, "_load", lambda *_: server)
    return server


def llama_engine(slots: int = 2) -> LlamaEngine:
    return LlamaEngine(ModelSpec(name="m", path=Path("m.gguf"), digest="d"), EngineOptions(slots=slots))


def test_llama_does_as_it_says(llama: Llama) -> None:
    engine = llama_engine(slots=1)
    said = capabilities_of(engine)
    (free, held, formed, weighed) = engine.complete(
        [ask("1"), ask("2", schema=SCHEMA, grammar=GRAMMAR), ask("3", schema=SCHEMA), ask("4", choices=("yes", "no"))]
    )
    assert said.structured == ("grammar", "schema")
    assert not {"grammar", "response_format"} & set(llama.requests[0])
    assert llama.requests[1]["grammar"] == GRAMMAR
    assert "response_format" not in llama.requests[1]
    assert llama.requests[2]["response_format"]["json_schema"]["schema"] == SCHEMA
    assert said.odds == "always"
    assert (free.odds, held.odds, formed.odds, len(weighed.odds)) == ((), (), (), 2)
    assert said.thinking == ("off", "cut", "room")
    assert all(request["chat_template_kwargs"] == NO_REASONING for request in llama.requests)
    assert free.text.split() == ["word"] * 3


def test_llama_stops_after_the_chunk_at_hand(llama: Llama) -> None:
    llama.words = 10_000_000
    assert capabilities_of(LlamaEngine).cancellation == "chunk"
    cancelled = threading.Event()
    cancelled.set()
    llama_engine()._answer(llama, ask(), cancelled)
    assert llama.sent == 1


def test_llama_answers_prompts_together(llama: Llama) -> None:
    assert capabilities_of(llama_engine()).batch == "continuous"
    answers = list(llama_engine(slots=2).complete([ask("1", stop=("wait",)), ask("2", stop=("wait",))]))
    assert {answer.finish for answer in answers} == {"stop"}  # each waited for the other to be asked


# --- openai: what a server is asked --------------------------------------------------------------------------------


def answered(server: ChatServer, *prompts: Prompt) -> list[Completion]:
    model = ModelSpec(name="m-1", address=server.base_url, digest="d")
    engine = OpenAIEngine(model, EngineOptions())
    try:
        return list(engine.complete(prompts))
    finally:
        engine.close()


def test_openai_does_as_it_says() -> None:
    said = capabilities_of(OpenAIEngine)
    assert (said.structured, said.odds, said.batch) == (("schema", "grammar"), "some models", "requests")
    with ChatServer("m-1") as server:
        server.says("<think>Hm.</think>" + '{"points": []}', thought="Let me see.")
        (held,) = answered(server, ask(schema=SCHEMA))
        assert server.asked[0]["response_format"]["json_schema"]["schema"] == SCHEMA
        (silent,) = answered(server, ask(choices=("yes", "no")))
    assert held.text.strip() == '{"points": []}'
    assert silent.odds == ()


def test_openai_gives_room_to_thoughts_once() -> None:
    assert capabilities_of(OpenAIEngine).thinking == ("off", "cut", "room")
    with ChatServer("m-1") as server:
        server.says("", thought="Let me see.", finish="length", times=1)
        server.says("An answer.")
        (given,) = answered(server, ask())
        first, second = (max(one.get("max_tokens", 0), one.get("max_completion_tokens", 0)) for one in server.asked)
    assert given.text == "An answer."
    assert second > first


# --- the others ----------------------------------------------------------------------------------------------------


def test_extractive_quotes_one_prompt_after_another_in_the_articles_language() -> None:
    engine: Engine = ExtractiveEngine()
    assert capabilities_of(engine) == Capabilities(languages="quoted")
    pulled: list[str] = []

    def prompts() -> Iterator[Prompt]:
        for name in "ab":
            pulled.append(name)
            yield ask(name, answer_language="en", choices=("yes", "no"), schema=SCHEMA)

    answers = engine.complete(prompts())
    first = next(answers)
    assert pulled == ["a"]
    assert first.odds == ()
    assert all(line in ARTICLE for line in first.text.splitlines())


def test_transformers_promises_odds_of_chat_models_and_no_forms() -> None:
    said = capabilities_of(TransformersEngine)
    assert (said.structured, said.odds) == ((), "some models")
    assert (said.batch, said.cancellation, said.languages) == ("padded", "batch", "told")
