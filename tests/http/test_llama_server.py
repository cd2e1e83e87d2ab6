"""The engine `openai` and llama.cpp's own server with a small model: what it says of itself, takes and refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from llama_server import LlamaServer

from briefing.engines import Completion, Engine, EngineOptions, Message, ModelSpec, Prompt, open_engine
from briefing.models import ModelFile

pytestmark = pytest.mark.model

TOWN = {"enum": ["Paris", "Rome"]}
SCHEMA = {"type": "object", "properties": {"headline": TOWN, "points": TOWN}, "required": ["headline", "points"]}


@pytest.fixture(scope="module")
def engine(pulled: Callable[..., ModelFile]) -> Iterator[Engine]:
    with LlamaServer(pulled("smollm2-135m").path, slots=2, context=1024) as server:
        opened = open_engine(
            "openai", ModelSpec(name="any", address=server.base_url, digest="d"), EngineOptions(slots=2)
        )
        yield opened
        opened.close()


def ask(engine: Engine, text: str, **fields: Any) -> Completion:
    given: dict[str, Any] = {"id": "q", "document": "", "max_tokens": 60} | fields
    (answer,) = engine.complete([Prompt(messages=(Message("user", text),), **given)])
    return answer


def test_its_window_is_that_of_one_slot(engine: Engine) -> None:
    assert engine.context == 1024


def test_it_holds_an_answer_to_a_schema_and_without_one_to_a_grammar(engine: Engine) -> None:
    answer = ask(engine, "Name two towns.", schema=SCHEMA, grammar='root ::= "a" | "b"')
    assert set(json.loads(answer.text).values()) <= {"Paris", "Rome"}
    assert ask(engine, "Name a town.", grammar='root ::= "a" | "b"').text in {"a", "b"}


def test_it_says_how_likely_a_choice_was(engine: Engine) -> None:
    answer = ask(
        engine, "Is Paris in France? Answer yes or no.", choices=("yes", "no"), grammar='root ::= "yes" | "no"'
    )
    assert sum(answer.odds) == pytest.approx(1)
    assert answer.prompt_tokens > 10


def test_a_prompt_over_its_window_is_an_error_with_a_remedy(engine: Engine) -> None:
    assert "Set context = 1024 or less" in ask(engine, "word " * 2000).error
