"""Texts as vectors, by a GGUF embedding model in this process (llama.cpp through `xllamacpp`).

Texts of like meaning have vectors of like direction. Any model that llama.cpp can embed with will do; one made for it
(MiniLM, BGE, E5, Nomic, ...) does it far better than one made for writing.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from typing import Any

from briefing.engines.base import ModelSpec
from briefing.engines.hardware import physical_cores
from briefing.engines.llama import first_line, tokenised
from briefing.errors import EngineError, ModelError

__all__ = ["Embedder"]

_CONTEXT = 512
"""Tokens of a text at most: of news, the beginning says what it is about, and longer texts cost time."""
_BATCH = 32
"""Texts that the server is given at once."""
_SLOTS = 4
_OF_THE_FILE, _MEAN = -1, 1
"""llama.cpp's numbers for how the vectors of a text's tokens become one."""
_NOTHING = "."
"""What stands for a text without words, which llama.cpp refuses."""


class _RefusedError(Exception):
    """Why the server embedded nothing."""


class Embedder:
    """A loaded embedding model. Not thread-safe."""

    def __init__(self, model: ModelSpec, *, threads: int = 0) -> None:
        """Note what to load; it is loaded with the first text. `threads`: 0 means one for each physical core.

        Raises `ModelError` where `model` has no file.
        """
        if model.path is None:
            raise ModelError(f"model {model.name}", "embeddings need a model file", "Name a GGUF file")
        self.model = model.name
        self.digest = model.digest
        self.context = min(model.context or _CONTEXT, _CONTEXT)
        """Tokens of a text that are read; the rest is cut off."""
        self._spec = model
        self._threads = threads or physical_cores()
        self._key = secrets.token_hex(16)
        self._known: dict[str, list[float]] = {}
        self._loaded: Any = None
        self._closed = False

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector of length 1 for each text, in their order; a text that was embedded before costs nothing.

        Raises `ModelError` where llama.cpp cannot load the file, `EngineError` where it cannot embed with it.
        """
        missing = list(dict.fromkeys(text for text in texts if text not in self._known))
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            self._known.update(zip(batch, self._vectors(batch), strict=True))
        return [self._known[text] for text in texts]

    def close(self) -> None:
        """Free the model and its memory. Safe to call twice."""
        self._closed, self._loaded = True, None
        self._known.clear()

    def _vectors(self, texts: Sequence[str]) -> list[list[float]]:
        server = self._server()
        try:
            return _asked(server, [self._cut(server, text) for text in texts])
        except _RefusedError as refused:
            remedy = "Set `embeddings` to a GGUF file of an embedding model, or leave it empty"
            raise EngineError(f"model {self.model}", f"it gave no embeddings ({refused})", remedy) from refused

    def _cut(self, server: Any, text: str) -> list[int]:
        """The tokens of as much of `text` as the model takes, closed like every text."""
        # Tokens have fewer than 20 characters on average, so this is enough, and counting takes time as well.
        beginning = text[: self.context * 20].strip() or _NOTHING
        tokens = tokenised(server, self._key, self.model, beginning, special=True)
        return tokens if len(tokens) <= self.context else [*tokens[: self.context - 1], tokens[-1]]

    def _server(self) -> Any:
        if self._closed:
            raise EngineError(f"model {self.model}", "the embedder was closed")
        if self._loaded is None:
            self._loaded = self._load(_OF_THE_FILE)
            try:
                _asked(self._loaded, [_NOTHING])
            except _RefusedError:  # a model made for writing does not say how its tokens' vectors become one
                self._loaded = None
                self._loaded = self._load(_MEAN)
        return self._loaded

    def _load(self, pooling: int) -> Any:
        import xllamacpp  # 0.1 s, and it maps llama.cpp

        params = xllamacpp.CommonParams()
        params.model.path = str(self._spec.path)
        params.embedding = True
        params.pooling_type = pooling
        params.n_ctx = self.context * _SLOTS
        params.n_parallel = _SLOTS
        # A text is read whole, at once: attention goes both ways.
        params.n_batch = params.n_ubatch = self.context * _SLOTS
        params.verbosity = -1
        params.warmup = False
        params.ui = False
        params.endpoint_slots = False
        params.api_keys = [self._key]
        for threads in (params.cpuparams, params.cpuparams_batch):
            threads.n_threads = self._threads
        try:
            return xllamacpp.Server(params)
        except Exception as error:  # the binding raises RuntimeError, ValueError and others: it cannot load
            raise ModelError(
                f"model {self.model}",
                f"llama.cpp cannot load {self._spec.path} ({first_line(error)})",
                "Set `embeddings` to a GGUF file of an embedding model, or leave it empty",
            ) from error


def _asked(server: Any, texts: Sequence[str | list[int]]) -> list[list[float]]:
    """The vectors of texts or of their tokens. Raises `_RefusedError`."""
    try:
        answer = server.handle_embeddings({"input": texts, "encoding_format": "float"})
    except Exception as error:  # the binding raises RuntimeError and others
        raise _RefusedError(first_line(error)) from error
    if not isinstance(answer, dict) or "data" not in answer:
        raise _RefusedError(str(answer)[:300])
    found = sorted(answer["data"], key=lambda one: one["index"])
    vectors = [_of_length_one(one["embedding"]) for one in found]
    if not all(math.isfinite(value) for vector in vectors for value in vector):
        raise _RefusedError("they are not numbers")
    return vectors


def _of_length_one(vector: Sequence[float]) -> list[float]:
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]
