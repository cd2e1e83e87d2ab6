"""Models whose files do not belong together, or which do not write: refused in one line that names what is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from briefing.engines import Message, Prompt
from briefing.errors import ModelError

from .chats import built, tokeniser
from .conftest import Opener, saved

pytestmark = pytest.mark.slow  # importing PyTorch takes seconds


@pytest.fixture(scope="session")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("qwen3", tmp_path_factory.mktemp("qwen3"))


def changed(model: Path, tmp_path: Path, file: str = "config.json", **settings: Any) -> Path:
    """A copy of `model` of which one file says something else."""
    copy = Path(shutil.copytree(model, tmp_path / "changed"))
    known = json.loads((copy / file).read_text("utf-8"))
    (copy / file).write_text(json.dumps(known | settings))
    return copy


def refusal(folder: Path, opened: Opener) -> ModelError:
    prompt = Prompt(id="1", messages=(Message("user", "Hello"),), document="Hello", max_tokens=5)
    with pytest.raises(ModelError) as caught:
        list(opened(folder).complete([prompt]))
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    return caught.value


def test_weights_of_another_size_are_named(qwen: Path, tmp_path: Path, opened: Opener) -> None:
    said = refusal(changed(qwen, tmp_path, hidden_size=48), opened).cause
    assert "weight" in said
    assert "more)" in said


def test_weights_of_another_architecture_are_missing(qwen: Path, tmp_path: Path, opened: Opener) -> None:
    other = changed(qwen, tmp_path, model_type="gpt2", architectures=["GPT2LMHeadModel"])
    assert "weights are not in its files" in refusal(other, opened).cause


@pytest.mark.parametrize("window", [None, "4k"])
def test_a_setting_of_the_wrong_kind_is_named(qwen: Path, tmp_path: Path, opened: Opener, window: Any) -> None:
    said = refusal(changed(qwen, tmp_path, max_position_embeddings=window, num_hidden_layers="2"), opened).cause
    assert "cannot load it (" in said
    assert not said.endswith(":)")


def test_a_tokeniser_that_cannot_be_read_is_called_one(qwen: Path, tmp_path: Path, opened: Opener) -> None:
    copy = changed(qwen, tmp_path)
    (copy / "tokenizer.json").write_text("{}")
    assert "cannot load its tokeniser" in refusal(copy, opened).cause


def bert(folder: Path, kind: str) -> Path:
    import transformers

    tokenizer = tokeniser(folder)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2
    )
    saved(getattr(transformers, kind)(config), folder)
    return folder


@pytest.mark.parametrize("kind", ["BertForMaskedLM", "BertForSequenceClassification", "BertModel"])
def test_encoder_models_are_refused(tmp_path: Path, opened: Opener, kind: str) -> None:
    assert f"it is no model that writes text ({kind})" in refusal(bert(tmp_path / "bert", kind), opened).cause


def test_classifiers_are_refused(qwen: Path, tmp_path: Path, opened: Opener) -> None:
    judge = changed(qwen, tmp_path, architectures=["Qwen3ForSequenceClassification"])
    assert "no model that writes text" in refusal(judge, opened).cause


@pytest.fixture(scope="session")
def bart_of_chance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    import transformers

    folder = tmp_path_factory.mktemp("bart")
    tokenizer = tokeniser(folder)
    torch.manual_seed(3)
    config = transformers.BartConfig(
        vocab_size=len(tokenizer), d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=256, pad_token_id=0,
        bos_token_id=1, eos_token_id=2, decoder_start_token_id=2,
    )  # fmt: skip
    saved(transformers.BartForConditionalGeneration(config), folder)
    return folder


@pytest.mark.parametrize(
    ("wish", "said"),
    [({"forced_bos_token_id": 99_999}, "in its settings is 99999, and it has"), ({"num_beams": "four"}, "no number")],
)
def test_invalid_generation_setting_is_named(
    bart_of_chance: Path, tmp_path: Path, opened: Opener, wish: dict[str, Any], said: str
) -> None:
    found = refusal(changed(bart_of_chance, tmp_path, "generation_config.json", **wish), opened)
    assert said in found.cause
    assert "generation_config.json" in found.remedy


def test_an_answer_longer_than_the_longest_is_not_asked_for(
    bart_of_chance: Path, tmp_path: Path, opened: Opener
) -> None:
    """The library would warn on a user's screen; warnings are errors here."""
    odd = changed(bart_of_chance, tmp_path, "generation_config.json", max_length=20, min_length=500)
    (answer,) = opened(odd).complete([Prompt(id="1", messages=(), document="Hello " * 50, max_tokens=20)])
    assert answer.error == ""


def test_a_prompt_over_the_window_says_what_helps(tmp_path: Path, opened: Opener) -> None:
    engine = opened(built("qwen3", tmp_path / "small", 64))
    prompt = Prompt(id="1", messages=(Message("user", "Hello " * 100),), document="", max_tokens=5)
    (answer,) = engine.complete([prompt])
    assert "over the 64 that the model takes. Take one with a larger window" in answer.error
