"""The parts of engines that need no model: thoughts, batches, what a model's files say."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.engines import Prompt
from briefing.engines.output import (
    choice_probabilities,
    cut_at_stop,
    no_reasoning_settings,
    strip_reasoning,
    trailing_opening_mark,
    unclosed_mark,
)
from briefing.engines.transformers.inputs import batched, take_up_to
from briefing.engines.transformers.loading import native_bf16
from briefing.engines.transformers.settings import ModelSettings, language_token, read_settings
from briefing.errors import ModelError

# --- thoughts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("plain", "plain"),
        ("<think>hm</think>yes", "yes"),
        ("hm</think>yes", "yes"),
        ("a<think>hm</think>b<think>hm</think>c", "abc"),
        ("a<think>hm", "a"),
        ("<think>one<think>two</think>yes", "yes"),
        ("<THINKING>hm</Thinking>yes", "yes"),
        ("<reasoning>hm</reasoning> yes", " yes"),
        ("</think>", ""),
        ("2 < 3 and 3 > 2", "2 < 3 and 3 > 2"),
        ("[THINK]hm[/THINK]yes", "yes"),
        ("<seed:think>hm</seed:think>yes", "yes"),
        ("◁think▷hm◁/think▷yes", "yes"),
        ("<|channel>thought\nhm<channel|>yes", "yes"),
        ("<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>yes<|END_RESPONSE|>", "yes"),
        ("<|begin_of_thought|>hm<|end_of_thought|>\n\n<|begin_of_solution|>yes<|end_of_solution|>", "yes"),
        ("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>yes<|return|>", "yes"),
        ("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary<|message|>hm", ""),
        ("<|channel|>final <|constrain|>json<|message|>yes", "yes"),
        ("<|channel|>final", ""),
    ],
)
def test_reasoning_is_stripped_however_it_is_truncated(said: str, answer: str) -> None:
    assert strip_reasoning(said) == answer


@given(st.lists(st.sampled_from(["<think>", "</think>", "a", " "]), max_size=12).map("".join))
def test_strip_reasoning_is_idempotent(said: str) -> None:
    once = strip_reasoning(said)
    assert "think>" not in once
    assert strip_reasoning(once) == once


@pytest.mark.parametrize(
    ("prompt", "mark"),
    [
        ("Why?<|assistant|><think>\n", "<think>"),
        ("Why?<|assistant|><think>\n\n</think>\n\n", ""),
        ("What does <think> mean?<|assistant|>", ""),
        ("[SYSTEM][THINK]draft[/THINK][INST]Why?[/INST]", ""),
        ("", ""),
    ],
)
def test_opening_mark_at_the_end_of_a_prompt_is_found(prompt: str, mark: str) -> None:
    assert trailing_opening_mark(prompt) == mark


@pytest.mark.parametrize(
    ("said", "answer", "ended"),
    [
        ("One.\n\nTwo.", "One.", True),
        ("\n\nOne.", "\n\nOne.", False),
        ("<think>One.\n\nTwo.", "", False),
        ("<think>One.\n\nTwo.</think>\n\nThree.\n\nFour.", "\n\nThree.", True),
        ("One", "One", False),
        ("\n\n", "\n\n", False),
    ],
)
def test_stop_sequences_do_not_count_in_reasoning(said: str, answer: str, ended: bool) -> None:
    assert cut_at_stop(said, ("\n\n", "")) == (answer, ended)


@pytest.mark.parametrize(
    ("said", "mark"),
    [
        ("<think>hm", "<think>"),
        ("<think>hm</think>yes", ""),
        ("<think>hm</think>yes<reasoning>hm", "<reasoning>"),
        ("<|channel|>analysis<|message|>hm<|end|>", "<|channel|>analysis<|message|>"),  # it goes on, or there is more
        ("hm</think>", ""),
        ("", ""),
    ],
)
def test_unclosed_reasoning_mark_is_found(said: str, mark: str) -> None:
    assert unclosed_mark(said) == mark


def test_unconstrained_lists_have_no_stop_sequences() -> None:
    sentence = Prompt(id="1", messages=(), document="", max_tokens=9, stop=("\n\n",), grammar="root ::= .*")
    listed = Prompt(id="1", messages=(), document="", max_tokens=9, stop=("\n\n",), schema={"type": "object"})
    assert (
        sentence.stops(constrained=False)
        == sentence.stops(constrained=True)
        == listed.stops(constrained=True)
        == ("\n\n",)
    )
    assert listed.stops(constrained=False) == ()


@pytest.mark.parametrize(
    ("template", "settings"),
    [
        ("{{ messages }}", {}),
        ("{% if enable_thinking is defined and enable_thinking is false %}", {"enable_thinking": False}),
        ("{% if not thinking is defined %}{% set thinking = true %}{% endif %}", {"thinking": False}),
        ("{% if not reasoning_effort %}{% set reasoning_effort = 'medium' %}", {"reasoning_effort": "low"}),
        ("{% if reasoning_effort not in ['none', 'high'] %}", {"reasoning_effort": "none"}),
    ],
)
def test_no_reasoning_settings_follow_the_template(template: str, settings: dict[str, object]) -> None:
    assert no_reasoning_settings(template) == settings


@pytest.mark.parametrize(
    ("torch", "native"),
    [
        ({"get_capabilities": lambda: {"avx512_bf16": True}}, True),
        ({"get_capabilities": lambda: {"avx2": True}, "_is_avx512_bf16_supported": lambda: True}, False),
        ({"_is_avx512_bf16_supported": lambda: True}, True),
        ({"_is_avx512_bf16_supported": lambda: False, "_is_amx_tile_supported": lambda: True}, True),
        ({"_is_avx512_bf16_supported": lambda: False}, False),
        ({}, False),
    ],
)
def test_native_bf16_in_old_and_new_torch(torch: dict[str, Any], native: bool) -> None:
    assert native_bf16(SimpleNamespace(cpu=SimpleNamespace(**torch))) is native


# --- batches ----------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(1, 50), st.sampled_from("ab"))), st.integers(1, 6), st.integers(10, 120))
def test_batches_are_bounded_by_items_and_padded_tokens(items: list[tuple[int, str]], most: int, tokens: int) -> None:
    found = batched(items, lambda item: item[0], lambda item: item[1], most=most, tokens=tokens)
    assert sorted(item for batch in found for item in batch) == sorted(items)
    for batch in found:
        assert len({kind for _, kind in batch}) == 1
        assert len(batch) <= most
        assert len(batch) == 1 or len(batch) * max(length for length, _ in batch) <= tokens


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ({"yes": 0.6, "no": 0.2, "maybe": 0.2}, (0.75, 0.25)),
        ({"Yes": 0.25, " yes": 0.25, "YES": 0.25, "No": 0.25}, (0.75, 0.25)),
        ({"y": 0.5, "n": 0.5}, (0.5, 0.5)),
        ({"": 0.9, " ": 0.05, "yes": 0.05}, (1.0, 0.0)),
        ({"maybe": 1.0}, ()),
    ],
)
def test_choice_probabilities_from_top_logprobs(tokens: dict[str, float], expected: tuple[float, ...]) -> None:
    first = {"top_logprobs": [{"token": token, "logprob": math.log(share)} for token, share in tokens.items()]}
    assert choice_probabilities(("yes", "no"), first) == pytest.approx(expected)
    assert choice_probabilities((" yes", " no"), first) == pytest.approx(expected)


@pytest.mark.parametrize("first", [None, {}, {"top_logprobs": None}, {"top_logprobs": [{"token": "yes"}]}, "yes", []])
def test_missing_logprobs_give_no_probabilities(first: object) -> None:
    assert choice_probabilities(("yes", "no"), first) == ()


def test_take_up_to_bounds_the_items() -> None:
    coming = iter(range(10))
    assert take_up_to(coming, 3) == [0, 1, 2]
    assert next(coming) == 3
    assert take_up_to(coming, 100) == [4, 5, 6, 7, 8, 9]
    assert take_up_to(coming, 1) == []


# --- settings ---------------------------------------------------------------------------------------------------


def settings_of(folder: Path, **files: Any) -> ModelSettings:
    for name, data in files.items():
        (folder / f"{name}.json").write_text(data if isinstance(data, str) else json.dumps(data))
    return read_settings(folder)


def test_settings_for_summaries_win_over_newer_files_and_those_over_older(tmp_path: Path) -> None:
    found = settings_of(
        tmp_path,
        config={
            "model_type": "t5", "is_encoder_decoder": True, "num_beams": 1, "max_length": 20, "min_length": 3,
            "task_specific_params": {"summarization": {"max_length": 200, "prefix": "tldr: "}},
        },
        generation_config={"num_beams": 4, "max_length": 100, "do_sample": True, "temperature": 2.0},
    )  # fmt: skip
    assert found.generation == {"num_beams": 4, "max_length": 200, "min_length": 3}
    assert (found.prefix, found.sequence_to_sequence, found.kind) == ("tldr: ", True, "t5")


@pytest.mark.parametrize(
    ("config", "tokenizer", "window"),
    [
        ({"max_position_embeddings": 1024}, {"model_max_length": 1024}, 1024),
        ({"max_position_embeddings": 1024}, {"model_max_length": 512}, 512),
        ({"n_positions": 512}, {"model_max_length": 10**30}, 512),
        ({"max_encoder_position_embeddings": 16384, "max_position_embeddings": 1024}, {}, 16384),
        ({"is_encoder_decoder": True}, {}, 512),
        ({}, {}, 0),  # the library knows (`with_window`)
        ({"model_type": "mistral3", "text_config": {"max_position_embeddings": 131_072}}, {}, 131_072),
        ({"thinker_config": {"text_config": {"max_position_embeddings": 32_768}}}, {}, 32_768),
        ({"is_encoder_decoder": True, "encoder": {"max_position_embeddings": 512},
          "decoder": {"max_position_embeddings": 64}}, {}, 512),
        ({"text_config": {"max_position_embeddings": None}, "n_positions": 256}, {"model_max_length": 10**30}, 256),
    ],
)  # fmt: skip
def test_the_window_is_the_narrowest_that_is_stated(
    tmp_path: Path, config: dict[str, Any], tokenizer: dict[str, Any], window: int
) -> None:
    assert settings_of(tmp_path, config=config, tokenizer_config=tokenizer).window == window


@pytest.mark.parametrize(("kind", "prefix"), [("t5", "summarize: "), ("bart", ""), ("mbart", "")])
def test_task_prefix_of_t5_models(tmp_path: Path, kind: str, prefix: str) -> None:
    assert settings_of(tmp_path, config={"model_type": kind}).prefix == prefix


@pytest.mark.parametrize("config", ["{", "[]", "\udfff".encode("utf-8", "surrogatepass").decode("latin-1")])
def test_a_broken_configuration_is_named(tmp_path: Path, config: str) -> None:
    with pytest.raises(ModelError, match=r"config\.json"):
        settings_of(tmp_path, config=config)


@pytest.mark.parametrize(
    ("language", "token"), [("en", "en_XX"), ("de", "__de__"), ("fr", ""), ("", ""), ("e", ""), (".*", "")]
)
def test_a_languages_token_is_found_by_its_code(language: str, token: str) -> None:
    assert language_token(["x", "en_XX", "__de__", "</s>"], language) == token
