"""The base as torch has it, with the adapter on, and what one lesson costs and teaches.

The weights are those of the catalogue's GGUF file made dense again, so that the adapter learns to work with what
quantising left. They are kept in bfloat16 (on a core with AVX512_BF16 2.5 times as fast as 32 bits; README has the
figures), the adapter in 32 bits.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.adapter import LAYERS
from training.lessons import IGNORED, Lesson

__all__ = ["Outcome", "adapt", "learn", "load", "put", "weights_of"]


def load(file: Path, *, bits: int = 16) -> tuple[Any, Any]:
    """Model and tokenizer of a GGUF file; `bits` is 16 (bfloat16) or 32 for the frozen weights."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    where = {"pretrained_model_name_or_path": str(file.parent), "gguf_file": file.name}
    model = AutoModelForCausalLM.from_pretrained(
        **where,
        dtype=torch.bfloat16 if bits == 16 else torch.float32,
        quantization_config=GgufConfig(dequantize=True),
    )
    return model, AutoTokenizer.from_pretrained(**where)


def adapt(base: Any, *, rank: int, alpha: float) -> Any:
    """The base with a new adapter on every linear layer, which changes nothing yet."""
    from peft import LoraConfig, get_peft_model

    layers = [name.rpartition(".")[2] for name in LAYERS]
    settings: dict[str, Any] = {"r": rank, "lora_alpha": alpha, "lora_dropout": 0.0, "target_modules": layers}
    model = get_peft_model(base, LoraConfig(**settings))
    return model.train()


def weights_of(model: Any) -> dict[str, Any]:
    """The adapter's weights by PEFT's names: the parameters themselves."""
    return {name.replace(".default.", "."): weight for name, weight in model.named_parameters() if weight.requires_grad}


def put(model: Any, tensors: dict[str, Any]) -> None:
    """Other weights for the adapter. Raises `ValueError` where they are another model's."""
    import torch

    weights = weights_of(model)
    if set(weights) != set(tensors):
        odd = sorted(set(weights) ^ set(tensors))[0]
        raise ValueError(f"not this model's adapter: {odd}")
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(tensors[name])


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a lesson went before it was learnt from."""

    write: float
    """Summed cross entropy of the answer's tokens, nats."""
    check: float
    """The same of the verdicts."""
    right: int
    """Verdicts for which the likelier of yes and no was the label."""


def learn(model: Any, lesson: Lesson, *, scales: tuple[float, float], verdicts: tuple[int, int]) -> Outcome:
    """Add to the gradients what `lesson` teaches: the summed losses of its two continuations times `scales`.

    The beginning goes through without a gradient, into the cache: what the adapter does to it is not learnt, which
    halves the cost (the pilot's scheme). Both continuations follow in one pass, at the same positions; a mask hides the
    first from the second. Logits are computed where something is to be predicted only: of 150,000 tokens each.
    """
    import torch
    from transformers import DynamicCache

    inner = model.base_model.model
    device = next(inner.parameters()).device
    known, written, count = len(lesson.beginning), lesson.written, len(lesson.tokens)
    cache = DynamicCache(config=inner.config)
    # transformers 5.2x calls the argument "cache", earlier ones "past_key_values"; either warns of the other.
    takes = inspect.signature(inner.model.forward).parameters
    known_as = {"cache" if "cache" in takes else "past_key_values": cache, "use_cache": True}
    with torch.no_grad():
        inner.model(input_ids=torch.tensor([lesson.beginning], device=device), **known_as)
    blocked = torch.ones(count, count, dtype=torch.bool, device=device).triu(1)
    blocked[written:, :written] = True
    dtype = inner.model.embed_tokens.weight.dtype
    mask = torch.zeros(1, 1, count, known + count, dtype=dtype, device=device)
    mask[0, 0, :, known:].masked_fill_(blocked, torch.finfo(dtype).min)
    positions = torch.cat([torch.arange(written), torch.arange(count - written)]).to(device) + known
    hidden = inner.model(
        input_ids=torch.tensor([lesson.tokens], device=device),
        attention_mask=mask,
        position_ids=positions[None],
        **known_as,
    ).last_hidden_state[0]
    targets = torch.tensor(lesson.targets, device=device)
    places = (targets != IGNORED).nonzero()[:, 0]
    logits, wanted = inner.lm_head(hidden[places]).float(), targets[places]
    losses = torch.nn.functional.cross_entropy(logits, wanted, reduction="none")
    checks = places >= written
    loss: Any = losses[~checks].sum() * scales[0] + losses[checks].sum() * scales[1]
    loss.backward()
    yes, no = verdicts
    said = logits[checks][:, yes] > logits[checks][:, no]
    right = int((said == (wanted[checks] == yes)).sum())
    return Outcome(float(losses[~checks].sum().detach()), float(losses[checks].sum().detach()), right)
