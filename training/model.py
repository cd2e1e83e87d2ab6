"""The base as torch has it, with the adapter on, and what lessons cost and teach.

The weights are those of the catalogue's GGUF file made dense again, so that the adapter learns to work with what
quantising left. They are kept in bfloat16 (on a core with AVX512_BF16 three times as fast as 32 bits), the adapter in
32 bits and rounded for the products only: steps are too small for bfloat16's 8 bits to add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.adapter import LAYERS
from training.batches import pack
from training.lessons import Lesson

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


def learn(
    model: Any, lessons: Sequence[Lesson], *, scales: tuple[float, float], verdicts: tuple[int, int]
) -> list[Outcome]:
    """Add to the gradients what `lessons` teach, in one pass: the summed losses of writing and of checking times
    `scales`. What is not finite in them is for the caller to see.

    The gradient goes through the sentences too. Logits are computed where something is to be predicted only: of 150,000
    tokens each.
    """
    import torch
    from peft.helpers import disable_input_dtype_casting

    inner = model.base_model.model
    device, dtype = inner.model.embed_tokens.weight.device, inner.model.embed_tokens.weight.dtype
    batch = pack(lessons, device=device, dtype=dtype)
    rounded = dtype == torch.bfloat16
    # Else PEFT takes the layers' inputs to 32 bits and autocast takes them back: copies, all kept for the gradient.
    with disable_input_dtype_casting(model, rounded), torch.autocast(device.type, torch.bfloat16, enabled=rounded):
        hidden = inner.model(
            input_ids=batch.tokens, attention_mask=batch.mask, position_ids=batch.positions, use_cache=False
        ).last_hidden_state
        logits = inner.lm_head(hidden.flatten(0, 1)[batch.places]).float()
    losses = torch.nn.functional.cross_entropy(logits, batch.targets, reduction="none")
    write, check = scales
    loss: Any = (losses * torch.where(batch.checks, check, write)).sum()
    loss.backward()
    yes, no = verdicts
    right = (logits[:, yes] > logits[:, no]) == (batch.targets == yes)
    sums = [Outcome(0.0, 0.0, 0) for _ in lessons]
    told = zip(batch.owners, batch.checks.tolist(), losses.tolist(), right.tolist(), strict=True)
    for owner, checked, cost, rightly in told:
        one = sums[owner]
        if checked:
            sums[owner] = replace(one, check=one.check + cost, right=one.right + rightly)
        else:
            sums[owner] = replace(one, write=one.write + cost)
    return sums
