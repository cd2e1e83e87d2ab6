"""Tiny chat models of the families people bring: the real architecture, configuration files and chat templates of
their shape, a tokeniser trained here, weights of chance or of a few lessons.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .conftest import PAIRS, saved

# ChatML; `enable_thinking` as in Qwen 3.
CHATML = (
    "{%- for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{%- if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SWITCH = CHATML + "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}"
OPENED = CHATML + "<think>\n"
"""As DeepSeek R1 and Qwen's Thinking models: the thought is opened in the prompt."""

_SMALL: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 16,
}  # fmt: skip
_SIGHT: dict[str, Any] = {
    "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 28,
    "patch_size": 14,
}  # fmt: skip


def tokeniser(folder: Path, template: str = CHATML, *, special: Sequence[str] = (), marks: Sequence[str] = ()) -> Any:
    """A byte-level tokeniser, saved into `folder`; `marks` are tokens that are text all the same."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
        special_tokens=["<pad>", "<|im_start|>", "<|im_end|>", *special],
    )  # fmt: skip
    bpe.train_from_iterator([text for pair in PAIRS for text in (pair.article, pair.summary)], trainer)
    kind: Any = PreTrainedTokenizerFast
    wrapped = kind(tokenizer_object=bpe, pad_token="<pad>", eos_token="<|im_end|>")
    wrapped.add_tokens(list(marks))
    wrapped.chat_template = template
    wrapped.save_pretrained(str(folder))
    return wrapped


def built(family: str, folder: Path, window: int = 2048) -> Path:
    """A model of `family` with random weights in `folder`."""
    import torch

    tokenizer = tokeniser(folder)
    common = {"vocab_size": len(tokenizer), "pad_token_id": 0, "eos_token_id": 2, "bos_token_id": None}
    torch.manual_seed(3)
    model = _model(family, common, window)
    saved(model, folder)
    path = folder / "config.json"
    config = json.loads(path.read_text("utf-8"))
    if family == "gemma3":  # as Google publishes it: the window is the library's to know
        config["text_config"].pop("max_position_embeddings")
        path.write_text(json.dumps(config))
    assert family in {"qwen3", "llama", "gemma3_text"} or "max_position_embeddings" not in config
    return folder


def _model(family: str, common: dict[str, Any], window: int) -> Any:
    import transformers as library

    text = {**_SMALL, **common, "max_position_embeddings": window}
    if family == "qwen3":
        return library.Qwen3ForCausalLM(library.Qwen3Config(**text))
    if family == "llama":
        return library.LlamaForCausalLM(library.LlamaConfig(**text))
    if family == "gemma3_text":
        return library.Gemma3ForCausalLM(library.Gemma3TextConfig(**text, sliding_window=64))
    if family == "gemma3":
        seen = library.Gemma3Config(
            text_config={**text, "sliding_window": 64}, vision_config=_SIGHT, mm_tokens_per_image=4
        )
        return library.Gemma3ForConditionalGeneration(seen)
    sees = library.Mistral3Config(
        text_config={**text, "model_type": "mistral"},
        vision_config={**_SIGHT, "model_type": "pixtral", "head_dim": 8, "num_channels": 3},
    )
    return library.Mistral3ForConditionalGeneration(sees)


def taught(folder: Path, lessons: Sequence[tuple[str, str]], template: str, window: int = 2048) -> Path:
    """A Llama in `folder` that answers the prompt of each lesson, as it stands, with the lesson's text."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = tokeniser(folder, template, marks=("<think>", "</think>"))
    torch.manual_seed(3)
    torch.set_num_threads(1)
    config = LlamaConfig(
        **_SMALL, vocab_size=len(tokenizer), max_position_embeddings=window, pad_token_id=0, eos_token_id=2,
        bos_token_id=None,
    )  # fmt: skip
    model: Any = LlamaForCausalLM(config)
    rows = []
    for prompt, answer in lessons:
        asked, said = (tokenizer(text)["input_ids"] for text in (prompt, f"{answer}<|im_end|>"))
        rows.append((torch.tensor([asked + said]), torch.tensor([[-100] * len(asked) + said])))
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
    loss = 99.0
    for _ in range(400):
        losses = [model(input_ids=row, labels=labels).loss for row, labels in rows]
        total: Any = torch.stack(losses).mean()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        loss = float(total.detach())
        if loss < 0.02:
            break
    assert loss < 0.1
    saved(model.eval(), folder)
    return folder
