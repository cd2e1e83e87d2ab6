"""One GGUF file through two engines."""

from __future__ import annotations

import pytest

from briefing.engines import EngineOptions, Message, ModelSpec, Prompt
from briefing.engines.llama import LlamaEngine
from briefing.engines.transformers import TransformersEngine
from briefing.models import ModelFolder

# Asked before a test's own home takes over: the cache of the person or machine that runs the tests.
FOLDER = ModelFolder().folder

ARTICLE = (
    "The council voted 31 to 14 on Tuesday for a tram line to the hospital. Construction is due to start in March and "
    "to cost 212 million pounds. Shopkeepers fear that the works will drive customers away."
)


@pytest.mark.model
def test_a_gguf_file_answers_alike_through_llama_and_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first twenty tokens, greedily, of answers that the model is sure of.

    llama.cpp rounds what it multiplies 4-bit weights with to 8 bits, transformers does not: where two words are about
    as likely, which the smallest model often finds, the two part.
    """
    import torch

    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)  # 32 bits
    models = ModelFolder(FOLDER)
    models.pull("smollm2-135m")
    file = models.resolve("smollm2-135m")
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
