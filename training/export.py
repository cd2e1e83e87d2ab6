"""A checkpoint's averaged weights as an adapter.

    python -m training.export CHECKPOINT OUT.gguf [--peft FOLDER] [--last]

CHECKPOINT is the file or the folder it lies in; OUT.gguf is for llama.cpp (16 bits a weight), FOLDER for PEFT
(bfloat16). Either can be gone on from (``training.train --from``). A run that goes on meanwhile is not disturbed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.adapter import Adapter
from training.train import CHECKPOINT

__all__ = ["averaged"]


def averaged(checkpoint: Path, *, last: bool = False) -> tuple[Adapter, str]:
    """The adapter in a checkpoint, the moving average or with `last` the weights as they are, and how far it is."""
    import torch

    file = checkpoint / CHECKPOINT if checkpoint.is_dir() else checkpoint
    state = torch.load(file, weights_only=True)
    far = f"{state['steps']} steps, {state['articles']} articles, {state['spent'] / 3600:.1f} hours"
    return Adapter(state["weights" if last else "averaged"], state["alpha"]), far


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--peft", type=Path, metavar="FOLDER", help="write it for PEFT as well")
    parser.add_argument("--last", action="store_true", help="the weights as they are instead of their average")
    wanted = parser.parse_args()
    adapter, far = averaged(wanted.checkpoint, last=wanted.last)
    adapter.write_gguf(wanted.out)
    if wanted.peft:
        adapter.write_peft(wanted.peft)
    print(f"{wanted.out}: rank {adapter.rank}, {len(adapter.tensors)} matrices, {far}")


if __name__ == "__main__":
    main()
