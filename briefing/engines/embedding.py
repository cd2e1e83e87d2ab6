"""Text embeddings by a GGUF model in this process (llama.cpp through `xllamacpp`).

Works with any model that llama.cpp can embed with; embedding models (MiniLM, BGE, E5, Nomic, ...) do far better than
generative ones.
"""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import Sequence
from typing import Any

from briefing.engines.base import ModelSpec, first_line
from briefing.engines.llama import server_params, tokenised
from briefing.errors import EngineError, ModelError

_log = logging.getLogger(__name__)
_CONTEXT = 512
"""Tokens of a text that are read: a news item's topic is in its beginning, and longer texts cost time."""
_BATCH = 32
"""Texts of one request."""
_SLOTS = 4
_POOLING_OF_FILE, _MEAN_POOLING = -1, 1
"""llama.cpp's pooling types."""
_PLACEHOLDER = "."
"""Stands for an empty text, which llama.cpp refuses."""


class _RefusedError(Exception):
    """The server's reason for embedding nothing."""


class Embedder:
    """A loaded embedding model. Not thread-safe."""

    def __init__(self, model: ModelSpec, *, threads: int = 0) -> None:
        """Loads nothing yet: the first text does. `threads`: 0 means one for each physical core.

        Raises `ModelError` where `model` has no file.
        """
        if model.path is None:
            raise ModelError(f"model {model.name}", "embeddings need a model file", "Name a GGUF file")
        self.model = model.name
        self.digest = model.digest
        self.context = min(model.context or _CONTEXT, _CONTEXT)
        """Tokens of a text that are read; the rest is truncated."""
        self._spec = model
        self._threads = threads
        self._key = secrets.token_hex(16)
        self._cache: dict[str, list[float]] = {}
        self._loaded: Any = None
        self._closed = False

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A normalised vector for each text, in their order; vectors are cached.

        Raises `ModelError` where llama.cpp cannot load the file, `EngineError` where it cannot embed with it.
        """
        missing = list(dict.fromkeys(text for text in texts if text not in self._cache))
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            self._cache.update(zip(batch, self._vectors(batch), strict=True))
        _log.debug("%d texts embedded, %d from the cache", len(missing), len(texts) - len(missing))
        return [self._cache[text] for text in texts]

    def close(self) -> None:
        """Free the model and its memory. Safe to call twice."""
        self._closed, self._loaded = True, None
        self._cache.clear()

    def _vectors(self, texts: Sequence[str]) -> list[list[float]]:
        server = self._server()
        try:
            return _embeddings(server, [self._truncated(server, text) for text in texts])
        except _RefusedError as refused:
            remedy = "Set `embeddings` to a GGUF file of an embedding model, or leave it empty"
            raise EngineError(f"model {self.model}", f"it gave no embeddings ({refused})", remedy) from refused

    def _truncated(self, server: Any, text: str) -> list[int]:
        """The first `context` tokens of `text`, the model's last special one included."""
        # Tokens have fewer than 20 characters on average; counting more would cost time.
        beginning = text[: self.context * 20].strip() or _PLACEHOLDER
        tokens = tokenised(server, self._key, self.model, beginning, special=True)
        return tokens if len(tokens) <= self.context else [*tokens[: self.context - 1], tokens[-1]]

    def _server(self) -> Any:
        if self._closed:
            raise EngineError(f"model {self.model}", "the embedder was closed")
        if self._loaded is None:
            self._loaded = self._load(_POOLING_OF_FILE)
            try:
                _embeddings(self._loaded, [_PLACEHOLDER])
            except _RefusedError:  # a generative model states no pooling
                self._loaded = None
                self._loaded = self._load(_MEAN_POOLING)
        return self._loaded

    def _load(self, pooling: int) -> Any:
        import xllamacpp  # 0.1 s, and it maps llama.cpp

        params = server_params(self._spec, self.context, _SLOTS, self._key, self._threads)
        params.embedding = True
        params.pooling_type = pooling
        # Attention is bidirectional, so a text must fit into one batch.
        params.n_batch = params.n_ubatch = self.context * _SLOTS
        try:
            return xllamacpp.Server(params)
        except Exception as error:  # the binding raises RuntimeError, ValueError and others: it cannot load
            raise ModelError(
                f"model {self.model}",
                f"llama.cpp cannot load {self._spec.path} ({first_line(error)})",
                "Set `embeddings` to a GGUF file of an embedding model, or leave it empty",
            ) from error


def _embeddings(server: Any, texts: Sequence[str | list[int]]) -> list[list[float]]:
    """The normalised vectors of texts or of their token ids. Raises `_RefusedError`."""
    try:
        answer = server.handle_embeddings({"input": texts, "encoding_format": "float"})
    except Exception as error:  # the binding raises RuntimeError and others
        raise _RefusedError(first_line(error)) from error
    if not isinstance(answer, dict) or "data" not in answer:
        raise _RefusedError(str(answer)[:300])
    entries = sorted(answer["data"], key=lambda entry: entry["index"])
    vectors = [_normalised(entry["embedding"]) for entry in entries]
    if not all(math.isfinite(value) for vector in vectors for value in vector):
        raise _RefusedError("they are not numbers")
    return vectors


def _normalised(vector: Sequence[float]) -> list[float]:
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]
