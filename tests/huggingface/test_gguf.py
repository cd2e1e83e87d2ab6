"""One GGUF file through two engines."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from llama_server import LlamaServer

from briefing.engines import EngineOptions, Message, ModelSpec, Prompt
from briefing.engines.llama import LlamaEngine
from briefing.engines.transformers import TransformersEngine
from briefing.models import ModelFile

pytestmark = pytest.mark.slow  # importing PyTorch takes seconds

ARTICLE = (
    "The council voted 31 to 14 on Tuesday for a tram line to the hospital. Construction is due to start in March and "
    "to cost 212 million pounds. Shopkeepers fear that the works will drive customers away."
)


@pytest.mark.model
def test_a_gguf_file_answers_alike_through_llama_and_transformers(
    pulled: Callable[..., ModelFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first twenty tokens, greedily, of answers that the model is sure of.

    llama.cpp rounds what it multiplies 4-bit weights with to 8 bits, transformers does not: where two words are about
    as likely, which the smallest model often finds, the two part.
    """
    monkeypatch.setattr("briefing.engines.transformers.loading.native_bf16", lambda torch: False)
    file = pulled("smollm2-135m")
    spec = ModelSpec(name=file.name, path=file.path, digest=file.sha256, context=file.context)
    questions = (
        f"Repeat this text word for word:\n\n{ARTICLE}",
        f"{ARTICLE}\n\nWhen is construction due to start, and what will it cost?",
        "Count from one to ten in words.",
    )
    prompts = [
        Prompt(id=str(number), messages=(Message("user", text),), document="", max_tokens=20)
        for number, text in enumerate(questions)
    ]
    told = []
    for kind in (LlamaEngine, TransformersEngine):
        engine = kind(spec, EngineOptions(slots=1))
        assert engine.instructable
        told.append({completion.id: completion for completion in engine.complete(prompts)})
        engine.close()
    for number in map(str, range(len(questions))):
        one, other = (answers[number] for answers in told)
        assert one.error == other.error == ""
        assert one.prompt_tokens == other.prompt_tokens
        assert one.text == other.text
        assert one.completion_tokens == 20


def shape(value: Any) -> Any:
    """Names and types, of lists those of the first."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    return [shape(one) for one in value[:1]] if isinstance(value, list) else type(value).__name__


@pytest.mark.model
@pytest.mark.slow
def test_one_flag_switches_the_engine_and_the_shape_stays(
    cli: Callable[..., subprocess.CompletedProcess[str]], sample: Path, pulled: Callable[..., ModelFile]
) -> None:
    file = pulled("smollm2-135m").path
    story = sample / "text" / "crowdstrike-outage.txt"
    shapes = []
    with LlamaServer(file) as server:
        for flags in (("--engine", "llama"), ("--engine", "transformers"), ("--base-url", server.base_url)):
            name = "SmolLM2-135M-Instruct.Q4_1.gguf" if "--base-url" in flags else str(file)
            done = cli("summarise", story, "-f", "json", "--model", name, *flags)
            assert done.returncode == 0, done.stderr
            summary = json.loads(done.stdout)
            assert summary["engine"] == {"--base-url": "openai"}.get(flags[0], flags[1])
            shapes.append(shape(summary | {"warnings": []}))
    assert shapes[0] == shapes[1] == shapes[2]
