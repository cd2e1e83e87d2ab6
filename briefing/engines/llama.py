"""The embedded default: GGUF models in this process, through llama.cpp's own server (`xllamacpp`).

What a caller gets: N prompts decoded together in one batch (`EngineOptions.slots`), the shared beginning of prompts
computed once for each slot, grammars and JSON schemas enforced while decoding, the likeliest token by default, nothing
printed, thoughts switched off or cut out, and an end within about a second of closing the iterator.

The server inside also listens on a loopback port of the system's choice: used here for counting tokens, closed to
everybody else by a random key.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from briefing.engines.base import WINDOW, Capabilities, Completion, EngineOptions, ModelSpec, Prompt
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

__all__ = ["LlamaEngine", "first_line", "tokenised"]

_log = logging.getLogger("briefing")
_MOST = 1_000_000
"""Tokens: for a model that does not say what it can."""


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
        """Note what to load. It is loaded on the first question (about two seconds for a gigabyte), so that a run that
        finds every answer in the store never loads it; a file llama.cpp cannot load raises `ModelError` then.
        """
        if model is None or model.path is None:
            raise ModelError("engine llama", "it needs a model file", "Name one with --model")
        self.model = model.name
        self.context = min(options.context or WINDOW, model.context or _MOST)
        self.tuned = model.adapter is not None
        sampling = (str(options.seed), str(options.temperature), str(reasoning_budget(options)))
        self.digest = fingerprint("llama", model.digest, str(self.tuned), str(self.context), *sampling)[:32]
        self._options = options
        self._slots = options.slots or llama_slots()
        self._key = secrets.token_hex(16)
        self._spec = model
        self._loaded: Any = None
        self._closed = False
        self._thinks = False
        self._quiet: dict[str, object] = dict(NO_REASONING)
        self._count: Callable[[str], int] = lru_cache(maxsize=4096)(self._ask_for_tokens)

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
            self._quiet |= no_reasoning_settings(_template(self._loaded, self._key))
        return self._loaded

    def _answer(self, server: Any, prompt: Prompt, cancelled: threading.Event) -> Completion:
        """The completion of `prompt`. A model that cannot be kept from thinking is given room for it, once.

        llama.cpp counts a stop string in a thought and before the answer's first word, too: an answer that is nothing
        is asked for once more without them.
        """
        thinks = self._thinks  # as it was asked: others in flight may learn it meanwhile
        heard = self._heard(server, prompt, cancelled, thinks=thinks)
        ended = bool(prompt.stops(held=prompt.grammar is not None))  # else asking anew would be asking the same
        if not heard.answered and not cancelled.is_set() and not thinks and (heard.thought or ended):
            if heard.thought:
                self._thinks = True
            heard = self._heard(server, prompt, cancelled, thinks=heard.thought, free=True)
        return heard.completion(prompt)

    def _heard(
        self, server: Any, prompt: Prompt, cancelled: threading.Event, *, thinks: bool, free: bool = False
    ) -> _Heard:
        """One answer; `free`: ended by no stop string. One that thinks is held to no form, which leaves no room."""
        held = prompt.grammar is not None and not thinks
        stops = prompt.stops(held=held)
        request: dict[str, Any] = {
            "messages": [{"role": m.role, "content": m.content} for m in prompt.messages],
            "max_tokens": prompt.max_tokens + (reasoning_budget(self._options) if thinks else 0),
            "temperature": self._options.temperature,
            "seed": self._options.seed,
            "cache_prompt": self._options.reuse_prefix,
            "stop": [] if thinks or free else list(stops),
            "stream": True,
            "stream_options": {"include_usage": True},
            # A chunk for each batch of the prompt, so that cancelling need not wait for a long prefill.
            "return_progress": True,
            # A model that thinks first would spend the answer's tokens on it; templates that know no such switch
            # leave it alone, and what is thought all the same is no answer (``reasoning_content``, `strip_reasoning`).
            "chat_template_kwargs": self._quiet,
        }
        if self.tuned:  # the adapter is in memory with its base; what is not asked of it is asked of the bare base
            request["lora"] = [{"id": 0, "scale": float(prompt.tuned)}]
        if held:
            request["grammar"] = prompt.grammar
        elif prompt.schema is not None and not thinks:
            request["response_format"] = {"type": "json_schema", "json_schema": {"schema": prompt.schema}}
        if prompt.choices:
            request |= {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
            if not thinks:
                request["max_tokens"] = 1
        heard = _Heard(cancelled, prompt.choices, stops)
        try:
            server.handle_chat_completions(request, heard)
        except Exception as error:  # the binding raises RuntimeError and others; one prompt never ends the batch
            heard.error = first_line(error)
        return heard

    def _ask_for_tokens(self, text: str) -> int:
        return len(tokenised(self._server(), self._key, self.model, text))


class _Heard:
    """Collects the chunks of one streamed answer; told to stop, it says so to the server."""

    def __init__(self, cancelled: threading.Event, choices: tuple[str, ...], stops: tuple[str, ...]) -> None:
        self._cancelled = cancelled
        self._choices = choices
        self._stops = stops
        self._odds: tuple[float, ...] = ()
        self._worded = False
        self._pieces: list[str] = []
        self._thought = False
        self._finish = ""
        self._usage: dict[str, Any] = {}
        self._timings: dict[str, Any] = {}
        self.error = ""

    def __call__(self, chunk: Any) -> bool:
        """Take one chunk; True ends the stream."""
        for part in chunk if isinstance(chunk, list) else [chunk]:
            if "error" in part:
                self.error = str(part["error"].get("message", part["error"]))
            for choice in part.get("choices") or ():
                delta = choice.get("delta") or {}
                self._pieces.append(delta.get("content") or "")
                self._thought |= bool(delta.get("reasoning_content"))
                self._finish = choice.get("finish_reason") or self._finish
                for token in (choice.get("logprobs") or {}).get("content") or ():
                    self._weigh(token)
            self._usage = part.get("usage") or self._usage
            self._timings = part.get("timings") or self._timings
        return self._cancelled.is_set()

    def _weigh(self, token: dict[str, Any]) -> None:
        """Take the odds at an answer's first word; those at a blank stand where that is all there is."""
        text = str(token.get("token", ""))
        if self._choices and not self._worded and (is_word(text) or not text.strip()):
            self._odds, self._worded = choice_probabilities(self._choices, token), is_word(text)

    @property
    def thought(self) -> bool:
        """Whether it thought, apart from the answer or in it."""
        return self._thought or has_reasoning("".join(self._pieces))

    @property
    def answered(self) -> bool:
        """Whether there is an answer beside the thoughts, or a reason why there cannot be one."""
        said = strip_reasoning("".join(self._pieces)).strip()
        return bool(self.error or not self._finish or said or (self._odds and not self.thought))

    def completion(self, prompt: Prompt) -> Completion:
        """The same as the rest of the package knows it."""
        text, stopped = cut_at_stop("".join(self._pieces), self._stops)
        error = self.error or ("" if self._finish else "the answer broke off")
        written = self._usage.get("completion_tokens", 0)
        if self.thought and not self.answered:
            error = f"the model came to no answer in {written:,} tokens of thoughts"
        return Completion(
            id=prompt.id,
            text=text,
            prompt_tokens=self._usage.get("prompt_tokens", 0),
            completion_tokens=written,
            finish="error" if error else "length" if self._finish == "length" and not stopped else "stop",
            odds=() if self.thought else self._odds,
            error=error,
            cached_tokens=self._timings.get("cache_n", 0),
            prefill_seconds=self._timings.get("prompt_ms", 0.0) / 1000,
            decode_seconds=self._timings.get("predicted_ms", 0.0) / 1000,
        )


def _template(server: Any, key: str) -> str:
    """The chat template of the model that a server has loaded; empty where it does not say."""
    try:
        with _asked(f"{server.listening_address}/props", key) as response:
            return str(json.load(response).get("chat_template") or "")
    except (OSError, ValueError):
        return ""


def _asked(url: str, key: str, data: bytes | None = None) -> Any:
    """The response of our own server on loopback, past any proxy. Raises `OSError` or `ValueError`."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 - our own server on loopback
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60)


def tokenised(server: Any, key: str, model: str, text: str, *, special: bool = False) -> list[int]:
    """The tokens of `text`, with those the model puts around every text where `special`. Raises `EngineError`."""
    data = json.dumps({"content": text, "add_special": special, "parse_special": False}).encode()
    try:
        with _asked(f"{server.listening_address}/tokenize", key, data) as response:
            return list(json.load(response)["tokens"])
    except (OSError, ValueError, KeyError) as error:
        raise EngineError(f"model {model}", f"its tokens could not be counted ({error})") from error


def first_line(error: Exception) -> str:
    """What the binding's error says, fit for a sentence."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def _load(model: ModelSpec, context: int, slots: int, options: EngineOptions, key: str) -> Any:
    import xllamacpp  # 0.1 s, and it maps llama.cpp

    # Without a GPU the setting says nothing, and llama.cpp is left as it was measured.
    layers = options.gpu_layers if gpus() else None
    try:
        try:
            return xllamacpp.Server(_params(model, context, slots, options, key, layers))
        except Exception as error:
            if not layers:
                raise
            server = xllamacpp.Server(_params(model, context, slots, options, key, 0))
            _log.warning("The GPU could not take the model %s (%s); the processor runs it.", model.name,
                         first_line(error))  # fmt: skip
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

    params = xllamacpp.CommonParams()
    params.model.path = str(model.path)
    if model.adapter:
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(model.adapter), 1.0)]
    params.n_ctx = context * slots
    params.n_parallel = slots
    params.verbosity = -1
    params.warmup = False
    params.ui = False
    params.endpoint_slots = False
    params.api_keys = [key]
    params.sampling.seed = options.seed
    for threads in (params.cpuparams, params.cpuparams_batch):
        threads.n_threads = options.threads or physical_cores()
    if layers is not None:
        params.n_gpu_layers = -1 if layers == "auto" else layers  # -1: as many as llama.cpp finds room for
        # Else a GPU that holds no layer is still given the cache and long prompts.
        params.no_kv_offload = params.no_op_offload = layers == 0
    return params
