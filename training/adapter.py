"""The adapter's weights in its two forms: a PEFT folder and llama.cpp's GGUF file.

Both hold a pair of matrices for every linear layer (Hu et al., "LoRA", 2021). Names follow llama.cpp's
convert_lora_to_gguf.py; Qwen2 keeps the rows of Q and K as they are (only Llama's are permuted).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["LAYERS", "Adapter"]

LAYERS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""Linear layers of a block: PEFT's name, GGUF's."""
_PEFT = re.compile(r"base_model\.model\.model\.layers\.(\d+)\.(self_attn\.\w+|mlp\.\w+)\.lora_([AB])\.weight")
_GGUF = re.compile(r"blk\.(\d+)\.(\w+)\.weight\.lora_([ab])")
ARCHITECTURE = "qwen2"


@dataclass(frozen=True, slots=True)
class Adapter:
    """Weights by PEFT's names, as torch tensors of 32 bits."""

    tensors: dict[str, Any]
    alpha: float
    """The product of B and A is scaled by alpha / rank."""

    @property
    def rank(self) -> int:
        """Rows of every A."""
        return next(int(weight.shape[0]) for name, weight in self.tensors.items() if ".lora_A." in name)

    @classmethod
    def read(cls, path: Path) -> Adapter:
        """From a PEFT folder or a GGUF file. Raises `ValueError` where it is something else."""
        return cls._of_peft(path) if path.is_dir() else cls._of_gguf(path)

    @classmethod
    def _of_peft(cls, folder: Path) -> Adapter:
        from safetensors.torch import load_file

        settings = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        tensors = {name: weight.float() for name, weight in load_file(folder / "adapter_model.safetensors").items()}
        if unknown := [name for name in tensors if not _PEFT.fullmatch(name)]:
            raise ValueError(f"{folder}: not a layer of this model: {unknown[0]}")
        return cls(tensors, float(settings["lora_alpha"]))

    @classmethod
    def _of_gguf(cls, file: Path) -> Adapter:
        import gguf
        import numpy as np
        import torch

        reader = gguf.GGUFReader(file)
        alpha = reader.get_field("adapter.lora.alpha")
        if alpha is None:
            raise ValueError(f"{file}: not an adapter")
        names = {theirs: ours for ours, theirs in LAYERS.items()}
        tensors = {}
        for tensor in reader.tensors:
            found = _GGUF.fullmatch(tensor.name)
            if not found:
                raise ValueError(f"{file}: not a layer of this model: {tensor.name}")
            block, layer, side = found.groups()
            name = f"base_model.model.model.layers.{block}.{names[layer]}.lora_{side.upper()}.weight"
            tensors[name] = torch.from_numpy(np.array(tensor.data, dtype=np.float32))
        return cls(tensors, float(alpha.contents()))

    def write_gguf(self, file: Path) -> None:
        """For llama.cpp, 16 bits a weight."""
        import gguf
        import numpy as np

        writer = gguf.GGUFWriter(file, ARCHITECTURE)
        writer.add_type("adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", self.alpha)
        for name, weight in sorted(self.tensors.items()):
            found = _PEFT.fullmatch(name)
            if not found:
                raise ValueError(f"not a layer of this model: {name}")
            block, layer, side = found.groups()
            values = weight.detach().cpu().float().numpy().astype(np.float16)
            writer.add_tensor(f"blk.{block}.{LAYERS[layer]}.weight.lora_{side.lower()}", values)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    def write_peft(self, folder: Path) -> None:
        """For PEFT, bfloat16."""
        import torch
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "peft_type": "LORA",
            "r": self.rank,
            "lora_alpha": self.alpha,
            "lora_dropout": 0.0,
            "bias": "none",
            "target_modules": sorted(name.rpartition(".")[2] for name in LAYERS),
            "inference_mode": True,
            "base_model_name_or_path": None,
        }
        (folder / "adapter_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
        kept = {name: weight.detach().cpu().to(torch.bfloat16).contiguous() for name, weight in self.tensors.items()}
        save_file(kept, folder / "adapter_model.safetensors")
