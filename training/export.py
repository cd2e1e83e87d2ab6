"""A checkpoint's weights as an adapter.

    python -m training.export CHECKPOINT OUT.gguf [--peft FOLDER]

CHECKPOINT is the file or the folder it lies in; OUT.gguf is for llama.cpp (16 bits a weight), FOLDER for PEFT
(bfloat16). Either can be gone on from (``training.train --from``). A run that goes on meanwhile is not disturbed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from briefing.errors import BriefingError
from training.adapter import Adapter
from training.train import CHECKPOINT, checkpoint

__all__ = ["kept"]


def kept(path: Path) -> tuple[Adapter, str]:
    """The adapter in a checkpoint, and how far it is. Raises `UsageError` where there is none."""
    state = checkpoint(path / CHECKPOINT if path.is_dir() else path)
    told = f"{state['steps']} steps ({state['skipped']} skipped), {state['articles']} articles"
    return Adapter(state["weights"], state["alpha"]), f"{told}, {state['spent'] / 3600:.2f} hours"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--peft", type=Path, metavar="FOLDER", help="write it for PEFT as well")
    wanted = parser.parse_args()
    try:
        adapter, far = kept(wanted.checkpoint)
    except BriefingError as error:
        raise SystemExit(str(error)) from error
    adapter.write_gguf(wanted.out)
    if wanted.peft:
        adapter.write_peft(wanted.peft)
    print(f"{wanted.out}: rank {adapter.rank}, {len(adapter.tensors)} matrices, {far}")


if __name__ == "__main__":
    main()
