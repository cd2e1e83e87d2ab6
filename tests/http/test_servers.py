"""A summary, and a run with many in flight, through every dialect of OpenAI's API; and the page that tells of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from briefing.config import Config
from briefing.config.file import parse_config
from briefing.engines import Completion, Engine, EngineOptions, Message, ModelSpec, Prompt, open_engine
from briefing.engines.output import NO_REASONING
from briefing.errors import EngineError
from briefing.pipeline.model_resolution import chosen, engine_options
from briefing.pipeline.progress import NoProgress
from briefing.summariser import PromptBook, summarise_all
from briefing.types import Summary, Verdict

from ..factories import article
from .dialects import DIALECTS, HOSTED, LITELLM, LLAMA_SERVER, OLLAMA, VLLM, Dialect, DialectServer

TEXT = """The city council of Marlow voted {n} to 14 on Tuesday evening for a tram line to the hospital, which ends a
dispute of two years.

Construction is due to start in March and to cost 212 million pounds, of which the government has promised 140 million.

Shopkeepers on Bridge Street fear that the works, which are expected to last three years, will drive customers away.

Engineers will survey the river bridges in January, before the council decides where the line is to cross the water."""
POINTS = [
    "Marlow's council voted for a tram line to the hospital.",
    "Construction is to start in March and cost 212 million pounds.",
    "Shopkeepers on Bridge Street fear losing customers during the works.",
]

each = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("briefing.engines.openai.engine._FIRST_PAUSE", 0.01)


@contextmanager
def opened(server: DialectServer, model: str = "m-1", **options: Any) -> Iterator[Engine]:
    spec = ModelSpec(name=model, address=server.base_url, digest="d")
    engine = open_engine("openai", spec, EngineOptions(**options))
    try:
        yield engine
    finally:
        engine.close()


def asked(server: DialectServer, model: str = "m-1", *, count: int = 1, **options: Any) -> list[Completion]:
    """Answers to questions that name no article's text."""
    question = (Message("user", "<article>"),)
    with opened(server, model, **options) as engine:
        return list(
            engine.complete(Prompt(id=str(n), messages=question, document="", max_tokens=90) for n in range(count))
        )


def summaries(server: DialectServer, book: PromptBook, count: int = 1, **options: Any) -> list[Summary]:
    with opened(server, **options) as engine:
        results = [
            result
            for _, result in summarise_all(
                [article(TEXT.format(n=20 + n), title="") for n in range(count)], engine, book
            )
        ]
    assert all(isinstance(result, Summary) for result in results), results
    return [result for result in results if isinstance(result, Summary)]


@each
@pytest.mark.parametrize("thinking", [0, 700], ids=["plain", "thinking"])
def test_a_summary_comes_through_every_dialect(dialect: Dialect, thinking: int, book: PromptBook) -> None:
    with DialectServer(dialect, thinking=thinking) as server:
        server.answers(headline="Council votes for tram", points=POINTS)
        (summary,) = summaries(server, book)
        assert [point.text for point in summary.key_points[:3]] == POINTS
        assert Verdict.UNSUPPORTED not in {point.verdict for point in summary.key_points}
        assert not summary.warnings


@pytest.mark.slow
@each
def test_many_in_flight_learn_a_dialect_together(dialect: Dialect, book: PromptBook) -> None:
    with DialectServer(dialect, thinking=700, at_once=8) as server:
        server.answers(headline="Council votes for tram", points=POINTS)
        found = summaries(server, book, 12, slots=8)
        assert len(found) == 12
        assert all([point.text for point in summary.key_points[:3]] == POINTS for summary in found)
        assert server.most_at_once == 8


@each
def test_a_server_that_loads_its_model_or_breaks_off_is_asked_again(dialect: Dialect, book: PromptBook) -> None:
    with DialectServer(dialect) as server:
        server.answers(headline="Council votes for tram", points=POINTS)
        server.loads(times=6)
        assert summaries(server, book)
        server.breaks_off(times=2)
        assert summaries(server, book)


@each
def test_a_model_that_a_server_does_not_have_ends_the_run(dialect: Dialect) -> None:
    with DialectServer(dialect) as server:
        if dialect is not LLAMA_SERVER:  # it answers to any name
            with pytest.raises(EngineError, match="has no such model"):
                asked(server, "m-2")
        server.serves("/v1/models", b"", status=404)  # it does not say what it has
        assert all("does not find it" in answer.error for answer in asked(server, "m-2", count=3, slots=1))
        assert len(server.asked) == 1


def test_thinking_is_switched_off_where_a_server_can(book: PromptBook) -> None:
    for dialect in (VLLM, OLLAMA):
        with DialectServer(dialect, thinking=700) as server:
            server.answers(headline="Council votes for tram", points=POINTS)
            summaries(server, book)
            switched = [dialect.unthinking(request) for request in server.asked]
            assert switched == sorted(switched)  # never on again
            assert switched[-1]
            kept = server.asked[-1].get("chat_template_kwargs", NO_REASONING)  # Ollama has no such field
            assert kept == NO_REASONING  # whatever name the model's template has for it


@each
def test_a_window_is_what_a_server_says(dialect: Dialect) -> None:
    with DialectServer(dialect, context=2048) as server, opened(server) as engine:
        assert engine.context == (2048 if dialect in {VLLM, LLAMA_SERVER} else 4096)


def test_a_pattern_in_the_list_of_models_is_one() -> None:
    with DialectServer(LITELLM, "bedrock/some-model") as server:
        server.answers(headline="Council votes for tram", points=POINTS)
        assert POINTS[0] in asked(server, "bedrock/some-model")[0].text


def test_hidden_thoughts_are_in_the_count() -> None:
    with DialectServer(HOSTED, thinking=700) as server:
        server.answers(headline="Council votes for tram", points=POINTS)
        assert asked(server)[0].completion_tokens > 700


# --- the page ---------------------------------------------------------------------------------------------------

SERVERS = ("vLLM", "llama-server", "Ollama", "LM Studio", "LiteLLM", "A hosted API")


def sections(repository: Path) -> dict[str, str]:
    """The sections of docs/servers.md by their headings."""
    text = (repository / "docs" / "servers.md").read_text("utf-8")
    return {part.split("\n", 1)[0].strip(): part for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]}


@pytest.mark.parametrize("name", SERVERS)
def test_the_page_on_servers_has_a_configuration_that_works(name: str, repository: Path) -> None:
    section = sections(repository)[name]
    blocks = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    assert len(blocks) == 1
    config = parse_config(f'{blocks[0]}\n[[sources]]\npath = "story.txt"\n', Path("briefing.toml"))
    engine, spec = chosen(config, NoProgress())
    assert (engine, spec is not None and spec.name) == ("openai", config.model)
    assert engine_options(config).slots == config.parallel > 0
    assert "```sh\n" in section


def test_every_setting_of_a_server_is_on_the_page(repository: Path) -> None:
    page = (repository / "docs" / "servers.md").read_text("utf-8")
    settings = ("base_url", "model", "parallel", "patience", "context", "token_budget", "thinking_tokens", "prices")
    assert {name for name in settings if f"{name} = " not in page} == set()
    assert all(hasattr(Config(), name) for name in settings)


def test_settings_of_the_engine_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIEFING_API_KEY", "k")
    config = Config(
        base_url="http://127.0.0.1:9/v1", parallel=3, context=2048, threads=5, gpu_layers=7, trust_pickles=True,
        patience=11, token_budget=13, thinking_tokens=17,
    )  # fmt: skip
    assert engine_options(config) == EngineOptions(
        key="k", slots=3, context=2048, threads=5, gpu_layers=7, trust_pickles=True,
        patience=11.0, token_budget=13, thinking_tokens=17,
    )  # fmt: skip
