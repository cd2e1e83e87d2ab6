"""Models that are folders in Hugging Face's layout: on this disk, or a pulled repository of the Hub.

The Hub states no digest for small files, so ``huggingface_hub`` downloads and verifies them. Only a model's files at
the top of a repository are taken, weights as safetensors where there are any.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from briefing.errors import BriefingError, ModelError
from briefing.models.digest_cache import DigestCache
from briefing.models.hub import endpoint
from briefing.models.partial import LocationError
from briefing.nlp.text import fingerprint

_PARTS = re.compile(r"[^/]+\.(?:json|txt|model|jinja|spm|tiktoken|safetensors|bin)")
_WEIGHTS = (".safetensors", ".bin")
_DONE = ".briefing-complete"


def is_hub_name(name: str) -> bool:
    """Whether `name` has the form OWNER/NAME of a repository on the Hugging Face Hub."""
    return re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", name, re.ASCII) is not None and ".gguf" not in name


def model_files(folder: Path) -> list[Path]:
    """The model's files in `folder`, sorted."""
    return sorted(path for path in folder.iterdir() if path.is_file() and _PARTS.fullmatch(path.name))


def digest_of(folder: Path, digests: DigestCache) -> str:
    """SHA-256 over names and digests of a model's files. Raises `ModelError` where there is no model."""
    files = model_files(folder)
    if "config.json" not in {path.name for path in files}:
        raise ModelError(str(folder), "there is no config.json in it", "Name a folder as transformers saves models")
    if not any(path.suffix in _WEIGHTS for path in files):
        raise ModelError(str(folder), "there are no weights in it", "It needs model.safetensors or its parts")
    return fingerprint(*(part for path in files for part in (path.name, digests.digest(path))))


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of the Hub and its local folder."""

    name: str
    """OWNER/NAME."""
    folder: Path

    @property
    def here(self) -> bool:
        """Whether it was pulled completely."""
        return (self.folder / _DONE).is_file()

    def pull(self, announce: Callable[[int], None]) -> None:
        """Download the model; `announce` gets its bytes before. Raises `ModelError`."""
        try:
            endpoint()
        except LocationError as error:
            raise self._refusal(str(error), "Correct it") from None
        from huggingface_hub import HfApi, snapshot_download
        from huggingface_hub.errors import (
            GatedRepoError,
            OfflineModeIsEnabled,
            RepositoryNotFoundError,
        )

        try:
            siblings = HfApi().model_info(self.name, files_metadata=True, timeout=10).siblings or []
            sizes = _chosen({file.rfilename: file.size or 0 for file in siblings})
            if not sizes:
                raise self._refusal("there are no weights of a transformers model in it", "Choose another model")
            announce(sum(sizes.values()))
            snapshot_download(self.name, local_dir=self.folder, allow_patterns=list(sizes), max_workers=2)
            (self.folder / _DONE).touch()
        except BriefingError:
            raise
        except GatedRepoError as error:
            raise self._refusal(
                "its owner gives it only to those who ask", "Ask on its page, then set HF_TOKEN"
            ) from error
        except RepositoryNotFoundError as error:
            raise self._refusal("the Hugging Face Hub has no such model", "Check the name, or set HF_TOKEN") from error
        except OfflineModeIsEnabled as error:
            raise self._refusal("HF_HUB_OFFLINE is set", "Unset it, or name a folder on this machine") from error
        except Exception as error:  # of requests, httpx or httpx2, whichever the library's version uses
            cause = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise self._refusal(
                f"it could not be had from the Hugging Face Hub ({cause})", "Check the network"
            ) from error

    def _refusal(self, cause: str, remedy: str) -> ModelError:
        return ModelError(f"model {self.name}", cause, remedy)


def _chosen(sizes: dict[str, int]) -> dict[str, int]:
    """Of a repository's files those of the model, pickles only where there are no safetensors."""
    parts = {name: size for name, size in sizes.items() if _PARTS.fullmatch(name)}
    for ending in _WEIGHTS:
        if any(name.endswith(ending) for name in parts):
            return {n: s for n, s in parts.items() if not n.endswith(_WEIGHTS) or n.endswith(ending)}
    return {}
