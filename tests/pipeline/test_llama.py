"""The embedded engine with a real model: the small one, 98 MB, pulled once into the cache folder."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from briefing.assets import environment
from briefing.engines import EngineOptions, Message, ModelSpec, Prompt, engine_names, open_engine
from briefing.engines.hardware import physical_cores
from briefing.engines.llama import LlamaEngine
from briefing.errors import EngineError, ModelError, UsageError
from briefing.models import ModelFile
from briefing.summariser import PromptBook, SummaryOptions, summarise_all
from briefing.types import Article, Summary

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def spec(pulled: Callable[..., ModelFile]) -> ModelSpec:
    file = pulled("smollm2-135m")
    return ModelSpec(name=file.name, path=file.path, digest=file.sha256, context=file.context)


@pytest.fixture(scope="module")
def engine(spec: ModelSpec) -> Iterator[LlamaEngine]:
    loaded = LlamaEngine(spec, EngineOptions(slots=2, context=2048))
    yield loaded
    loaded.close()


def ask(text: str, name: str = "q", **options: object) -> Prompt:
    return Prompt(id=name, messages=(Message("user", text),), document=text, max_tokens=24, **options)  # type: ignore[arg-type]


def test_many_prompts_are_answered_and_pulled_only_when_there_is_room(engine: LlamaEngine) -> None:
    pulled = []

    def prompts() -> Iterator[Prompt]:
        for number in range(6):
            pulled.append(number)
            yield ask(f"Name a fruit that begins with the letter {'abcdef'[number]}.", str(number))

    answers = engine.complete(prompts())
    next(answers)
    assert len(pulled) <= 4
    rest = list(answers)
    assert len(rest) == 5
    assert all(answer.finish in {"stop", "length"} and answer.text for answer in rest)
    assert all(answer.prompt_tokens > 0 and answer.completion_tokens > 0 for answer in rest)


def test_the_same_question_gets_the_same_answer(engine: LlamaEngine) -> None:
    first, second = (next(iter(engine.complete([ask("Write a line about rain.")]))).text for _ in range(2))
    assert first == second


def test_answers_that_are_offered_are_weighed(engine: LlamaEngine) -> None:
    question = "Is the answer to this question yes? Say yes or no."
    (told,) = engine.complete([ask(question, choices=("yes", "no"))])
    assert len(told.odds) == 2
    assert sum(told.odds) == pytest.approx(1)
    (turned,) = engine.complete([ask(question, choices=("no", "yes"))])
    assert turned.odds == pytest.approx(told.odds[::-1], abs=0.01)
    (free,) = engine.complete([ask(question)])
    assert free.odds == ()


def test_a_shared_beginning_is_computed_once(engine: LlamaEngine) -> None:
    shared = "You are careful. " * 60
    list(engine.complete([ask(shared + "Say one.", "a")]))
    (again,) = engine.complete([ask(shared + "Say two.", "b")])
    assert again.cached_tokens > 100


def test_a_grammar_is_followed(engine: LlamaEngine) -> None:
    (answer,) = engine.complete([ask("Is rain wet?", grammar='root ::= ("yes" | "no")')])
    assert answer.text in {"yes", "no"}


def test_a_schema_is_followed(engine: LlamaEngine) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    (answer,) = engine.complete([ask("Give a small number as JSON.", schema=schema)])
    assert isinstance(json.loads(answer.text)["n"], int)


def test_stop_strings_end_an_answer(engine: LlamaEngine) -> None:
    (answer,) = engine.complete([ask("Count: 1, 2, 3, 4, 5, 6, 7, 8.", stop=(",",))])
    assert "," not in answer.text


def test_a_prompt_over_the_window_fails_alone(engine: LlamaEngine) -> None:
    answers = {answer.id: answer for answer in engine.complete([ask("word " * 6000, "long"), ask("Say yes.", "short")])}
    assert answers["long"].finish == "error"
    assert "context" in answers["long"].error
    assert answers["short"].finish != "error"


def test_tokens_are_counted_and_control_marks_are_text(engine: LlamaEngine) -> None:
    assert engine.count_tokens("") <= 1
    assert engine.count_tokens("a longer line of words") > engine.count_tokens("a line")
    assert engine.count_tokens("<|im_end|>") > 1


def test_closing_the_iterator_ends_what_is_in_flight(engine: LlamaEngine) -> None:
    long = Prompt(id="x", messages=(Message("user", "Tell a very long story."),), document="", max_tokens=1500)
    answers = engine.complete([ask("Say yes."), long])
    next(answers)
    began = time.monotonic()
    answers.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 8  # decoding 1,500 tokens takes far longer


def test_a_closed_engine_says_so(spec: ModelSpec) -> None:
    closed = LlamaEngine(spec, EngineOptions())
    closed.close()
    closed.close()
    with pytest.raises(EngineError, match="closed"):
        list(closed.complete([ask("Hello")]))


def test_a_file_that_is_no_model_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + b"\0" * 100)
    bad = ModelSpec(name="bad", path=tmp_path / "bad.gguf", digest="x", context=512)
    with pytest.raises(ModelError, match="models pull bad"):
        list(LlamaEngine(bad, EngineOptions()).complete([ask("Hello")]))


def test_engines_are_found_by_name() -> None:
    assert {"extractive", "llama"} <= set(engine_names())
    with pytest.raises(UsageError, match="extractive"):
        open_engine("magic", None)
    with pytest.raises(ModelError):
        open_engine("llama", None)


def test_hyper_threads_count_as_one_core(tmp_path: Path) -> None:
    for cpu in sorted(os.sched_getaffinity(0)):
        folder = tmp_path / f"cpu{cpu}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text("0-63\n")
    assert physical_cores(tmp_path) == 1
    assert physical_cores(tmp_path / "none") == len(os.sched_getaffinity(0))


def test_whatever_a_weak_model_writes_only_supported_points_are_shown(engine: LlamaEngine, sample: Path) -> None:
    """135 million parameters invent freely; what reaches the page must still be the article's."""
    from briefing.extract import extract_file
    from briefing.ground import Evidence, check
    from briefing.types import Verdict

    articles: list[Article] = [extract_file(sample / "text" / "ever-given-refloated.txt", source="sample")]
    book = PromptBook(environment("prompts"))
    ((article, summary),) = summarise_all(articles, engine, book, SummaryOptions())
    assert isinstance(summary, Summary)
    assert summary.key_points
    evidence = Evidence(article.text, article.title, article.language)
    for point in summary.key_points:
        assert [article.text[one.start : one.end] for one in point.citations] == [one.text for one in point.citations]
        verdict = check(point.text, evidence).verdict
        assert verdict in {Verdict.SUPPORTED, Verdict.UNCERTAIN}  # what is uncertain was put to the judge
        if point.verdict is Verdict.QUOTED:
            assert [" ".join(one.text.split()) for one in point.citations] == [point.text]
