"""The default engine: GGUF models in this process, through llama.cpp's server (`xllamacpp`).

Continuous batching over `EngineOptions.slots`, a prefix cache for each slot, constrained decoding by grammar or JSON
schema, greedy decoding by default, reasoning switched off or cut out, cancellation within about a second, nothing
printed.

The server also listens on a loopback port of the system's choice, protected by a random key: tokens are counted there.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from briefing.engines.base import WINDOW, Capabilities, Completion, EngineOptions, ModelSpec, Prompt, first_line
from briefing.engines.hardware import gpus, llama_slots, physical_cores
from briefing.engines.output import (
    NO_REASONING,
    TOP_LOGPROBS,
    choice_probabilities,
    cut_at_stop,
    has_reasoning,
    is_word,
    no_reasoning_settings,
    reasoning_budget,
    strip_reasoning,
)
from briefing.engines.pool import complete_concurrently
from briefing.errors import EngineError, ModelError
from briefing.nlp.text import fingerprint

_log = logging.getLogger(__name__)
_UNLIMITED = 1_000_000
"""Tokens of the window of a model that does not state one."""


class LlamaEngine:
    """A loaded GGUF model."""

    name = "llama"
    instructable = True
    verbatim = False
    capabilities = Capabilities(
        structured=("grammar", "schema"), odds="always", cancellation="chunk", thinking=("off", "cut", "room"),
        batch="continuous",
    )  # fmt: skip

    def __init__(self, model: ModelSpec | None, options: EngineOptions) -> None:
        """Loads nothing yet: the first prompt does (about two seconds for a gigabyte), and then raises `ModelError` for
        a file that llama.cpp cannot load. A run whose answers are all in the store never loads the model.
        """
        if model is None or model.path is None:
            raise ModelError("engine llama", "it needs a model file", "Name one with --model")
        self.model = model.name
        self.context = min(options.context or WINDOW, model.context or _UNLIMITED)
        self.tuned = model.adapter is not None
        sampling = (str(options.seed), str(options.temperature), str(reasoning_budget(options)))
        self.digest = fingerprint("llama", model.digest, str(self.tuned), str(self.context), *sampling)[:32]
        self._options = options
        self._slots = options.slots or llama_slots()
        self._key = secrets.token_hex(16)
        self._spec = model
        self._loaded: Any = None
        self._closed = False
        self._reasons = False
        self._template_settings: dict[str, object] = dict(NO_REASONING)
        self._count: Callable[[str], int] = lru_cache(maxsize=4096)(
            lambda text: len(tokenised(self._server(), self._key, self.model, text))
        )

    def count_tokens(self, text: str) -> int:
        """Tokens in `text`, without a chat template around it."""
        return self._count(text)

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        """Yield a completion for each prompt as it finishes; at most `EngineOptions.slots` are in flight."""
        server = self._server()
        yield from complete_concurrently(
            prompts, self._slots, lambda prompt, cancelled: self._answer(server, prompt, cancelled)
        )

    def close(self) -> None:
        """Free the model and its memory. Safe to call twice."""
        self._closed, self._loaded = True, None

    def _server(self) -> Any:
        if self._closed:
            raise EngineError(f"model {self.model}", "the engine was closed")
        if self._loaded is None:
            self._loaded = _load(self._spec, self.context, self._slots, self._options, self._key)
            self._template_settings |= no_reasoning_settings(_chat_template(self._loaded, self._key))
        return self._loaded

    def _answer(self, server: Any, prompt: Prompt, cancelled: threading.Event) -> Completion:
        """The completion of `prompt`; a model that reasons nevertheless is retried once with the tokens for it.

        llama.cpp also stops at stop sequences in reasoning blocks and before the answer's first word: an empty answer
        is retried once without them.
        """
        reasons = self._reasons  # read once: prompts in flight may set it meanwhile
        answer = self._request(server, prompt, cancelled, reasons=reasons)
        may_differ = answer.reasoned or bool(prompt.stops(constrained=prompt.grammar is not None))
        if not answer.complete and not cancelled.is_set() and not reasons and may_differ:
            _log.debug("Prompt %s: empty answer (reasoning: %s); retried", prompt.id, answer.reasoned)
            if answer.reasoned:
                self._reasons = True
            answer = self._request(server, prompt, cancelled, reasons=answer.reasoned, use_stops=False)
        return answer.completion(prompt)

    def _request(
        self, server: Any, prompt: Prompt, cancelled: threading.Event, *, reasons: bool, use_stops: bool = True
    ) -> _StreamedAnswer:
        """One answer. Reasoning is not constrained: a grammar or schema would leave no room for it."""
        constrained = prompt.grammar is not None and not reasons
        stops = prompt.stops(constrained=constrained)
        request: dict[str, Any] = {
            "messages": [{"role": m.role, "content": m.content} for m in prompt.messages],
            "max_tokens": prompt.max_tokens + (reasoning_budget(self._options) if reasons else 0),
            "temperature": self._options.temperature,
            "seed": self._options.seed,
            "cache_prompt": self._options.reuse_prefix,
            "stop": list(stops) if use_stops and not reasons else [],
            "stream": True,
            "stream_options": {"include_usage": True},
            # A chunk for each batch of the prompt, so that cancelling need not wait for a long prefill.
            "return_progress": True,
            # Reasoning would use up the answer's tokens. What comes nevertheless is cut out (``reasoning_content``,
            # `strip_reasoning`).
            "chat_template_kwargs": self._template_settings,
        }
        if self.tuned:  # base and adapter are both loaded; scale 0 is the bare base
            request["lora"] = [{"id": 0, "scale": float(prompt.tuned)}]
        if constrained:
            request["grammar"] = prompt.grammar
        elif prompt.schema is not None and not reasons:
            request["response_format"] = {"type": "json_schema", "json_schema": {"schema": prompt.schema}}
        if prompt.choices:
            request |= {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
            if not reasons:
                request["max_tokens"] = 1
        answer = _StreamedAnswer(cancelled, prompt.choices, stops)
        try:
            server.handle_chat_completions(request, answer)
        except Exception as error:  # the binding raises RuntimeError and others; one prompt never ends the batch
            answer.error = first_line(error)
        return answer


class _StreamedAnswer:
    """Collects the chunks of one streamed answer; ends the stream once `cancelled` is set."""

    def __init__(self, cancelled: threading.Event, choices: tuple[str, ...], stops: tuple[str, ...]) -> None:
        self._cancelled = cancelled
        self._choices = choices
        self._stops = stops
        self._odds: tuple[float, ...] = ()
        self._has_word = False
        self._text = ""
        self._reasoned = False
        self._finish = ""
        self._usage: dict[str, Any] = {}
        self._timings: dict[str, Any] = {}
        self.error = ""

    def __call__(self, chunk: Any) -> bool:
        """Add one chunk; True ends the stream."""
        for part in chunk if isinstance(chunk, list) else [chunk]:
            if "error" in part:
                self.error = str(part["error"].get("message", part["error"]))
            for choice in part.get("choices") or ():
                delta = choice.get("delta") or {}
                self._text += delta.get("content") or ""
                self._reasoned |= bool(delta.get("reasoning_content"))
                self._finish = choice.get("finish_reason") or self._finish
                for token in (choice.get("logprobs") or {}).get("content") or ():
                    self._add_logprobs(token)
            self._usage = part.get("usage") or self._usage
            self._timings = part.get("timings") or self._timings
        return self._cancelled.is_set()

    def _add_logprobs(self, token: dict[str, Any]) -> None:
        """Keep the probabilities at the answer's first word; those at a blank count where no word follows."""
        text = str(token.get("token", ""))
        if self._choices and not self._has_word and (is_word(text) or not text.strip()):
            self._odds, self._has_word = choice_probabilities(self._choices, token), is_word(text)

    @property
    def reasoned(self) -> bool:
        """Whether the model reasoned, in the answer or apart from it."""
        return self._reasoned or has_reasoning(self._text)

    @property
    def complete(self) -> bool:
        """Whether there is an answer beside the reasoning, or an error."""
        answer = strip_reasoning(self._text).strip()
        return bool(self.error or not self._finish or answer or (self._odds and not self.reasoned))

    def completion(self, prompt: Prompt) -> Completion:
        """The completion of `prompt`."""
        text, stopped = cut_at_stop(self._text, self._stops)
        error = self.error or ("" if self._finish else "the answer broke off")
        written = self._usage.get("completion_tokens", 0)
        if self.reasoned and not self.complete:
            error = f"the model came to no answer in {written:,} tokens of thoughts"
        return Completion(
            id=prompt.id,
            text=text,
            prompt_tokens=self._usage.get("prompt_tokens", 0),
            completion_tokens=written,
            finish="error" if error else "length" if self._finish == "length" and not stopped else "stop",
            odds=() if self.reasoned else self._odds,
            error=error,
            cached_tokens=self._timings.get("cache_n", 0),
            prefill_seconds=self._timings.get("prompt_ms", 0.0) / 1000,
            decode_seconds=self._timings.get("predicted_ms", 0.0) / 1000,
        )


def _chat_template(server: Any, key: str) -> str:
    """The chat template of the server's model; empty where it states none."""
    try:
        with _open(f"{server.listening_address}/props", key) as response:
            return str(json.load(response).get("chat_template") or "")
    except (OSError, ValueError):
        return ""


def _open(url: str, key: str, data: bytes | None = None) -> Any:
    """The response of our own server on loopback, without a proxy. Raises `OSError` or `ValueError`."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 - our own server on loopback
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60)


def tokenised(server: Any, key: str, model: str, text: str, *, special: bool = False) -> list[int]:
    """The token ids of `text`, with the model's BOS and EOS where `special`. Raises `EngineError`."""
    data = json.dumps({"content": text, "add_special": special, "parse_special": False}).encode()
    try:
        with _open(f"{server.listening_address}/tokenize", key, data) as response:
            return list(json.load(response)["tokens"])
    except (OSError, ValueError, KeyError) as error:
        raise EngineError(f"model {model}", f"its tokens could not be counted ({error})") from error


def _load(model: ModelSpec, context: int, slots: int, options: EngineOptions, key: str) -> Any:
    import xllamacpp  # 0.1 s, and it maps llama.cpp

    # Without a GPU, llama.cpp keeps the default that was measured.
    layers = options.gpu_layers if gpus() else None
    began = time.perf_counter()
    try:
        try:
            server = xllamacpp.Server(_params(model, context, slots, options, key, layers))
        except Exception as error:
            if not layers:
                raise
            server = xllamacpp.Server(_params(model, context, slots, options, key, 0))
            _log.warning("The GPU could not take the model %s (%s); the processor runs it.", model.name,
                         first_line(error))  # fmt: skip
        seconds = time.perf_counter() - began
        _log.debug("Model %s loaded in %.1f s: %d slots of %d tokens", model.name, seconds, slots, context)
        return server
    except Exception as error:  # the binding raises RuntimeError, ValueError and others for one cause: it cannot load
        raise ModelError(
            f"model {model.name}",
            f"llama.cpp cannot load {model.path} ({first_line(error)})",
            f"Pull it again with: briefing models pull {model.name}",
        ) from error


def _params(
    model: ModelSpec, context: int, slots: int, options: EngineOptions, key: str, layers: int | str | None
) -> Any:
    import xllamacpp

    params = server_params(model, context, slots, key, options.threads)
    if model.adapter:
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(model.adapter), 1.0)]
    params.sampling.seed = options.seed
    if layers is not None:
        params.n_gpu_layers = -1 if layers == "auto" else layers  # -1: as many as fit
        # Else a GPU without layers still gets the KV cache and long prompts.
        params.no_kv_offload = params.no_op_offload = layers == 0
    return params


def server_params(model: ModelSpec, context: int, slots: int, key: str, threads: int) -> Any:
    """Parameters of a quiet server, protected by `key`, with `slots` windows of `context` tokens.

    `threads`: 0 means one for each physical core.
    """
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model.path)
    params.n_ctx = context * slots
    params.n_parallel = slots
    params.verbosity = -1
    params.warmup = False
    params.ui = False
    params.endpoint_slots = False
    params.api_keys = [key]
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = threads or physical_cores()
    return params
