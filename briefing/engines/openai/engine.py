"""The engine: requests with retries, adapted to what the server and its model turn out to need."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property

from briefing.address import shown_in
from briefing.engines.base import (
    WINDOW,
    Capabilities,
    Completion,
    EngineOptions,
    ModelSpec,
    Prompt,
    message_tokens,
    token_upper_bound,
)
from briefing.engines.openai.capabilities import (
    Attempt,
    LearntCapabilities,
    ServerCapabilities,
    has_whole_item,
    is_json_object,
)
from briefing.engines.openai.failures import Refusal, RefusedError, TransientError, limits_in
from briefing.engines.openai.model_list import ModelCard
from briefing.engines.openai.response import PartialAnswer
from briefing.engines.openai.transport import Transport
from briefing.engines.output import reasoning_budget
from briefing.engines.pool import complete_concurrently
from briefing.errors import EngineError, UsageError
from briefing.nlp.text import fingerprint
from briefing.retry import backoff_delay

_log = logging.getLogger(__name__)
_IN_FLIGHT = 8
_ATTEMPTS = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0
"""Seconds."""
_MAX_CONTEXT = 16_384
"""Tokens: models attend poorly to the larger windows that servers state."""
_MIN_REASONING = 256
"""Tokens: fewer for reasoning are not worth a request."""


class OpenAIEngine:
    """A model behind an OpenAI-compatible base URL. Thread-safe."""

    name = "openai"
    instructable = True
    verbatim = False
    capabilities = Capabilities(
        structured=("schema", "grammar"), odds="some models", cancellation="chunk", thinking=("off", "cut", "room"),
        batch="requests",
    )  # fmt: skip

    def __init__(self, model: ModelSpec | None, options: EngineOptions) -> None:
        """Connects to nothing yet; the first prompt does."""
        if model is None or not model.address:
            raise UsageError("engine openai", "it needs the address of a server", "Give one with --base-url")
        self.model = model.name
        inputs = (str(options.context), str(options.seed), str(options.temperature), str(reasoning_budget(options)))
        self.digest = fingerprint("openai", model.digest, *inputs)[:32]
        self._address = model.address
        self._options = options
        self._slots = options.slots or _IN_FLIGHT
        self._transport = Transport(model.address, model.name, options, self._slots)
        self._learnt = LearntCapabilities()
        self._tokens_used = 0
        self._fatal = ""
        """Why every further prompt fails; empty while the server answers."""
        self._lock = threading.Lock()

    @cached_property
    def context(self) -> int:
        """Tokens of prompt and answer together, as configured or as the server states."""
        if self._options.context:
            return self._options.context
        return min(self._model_card.context or WINDOW, _MAX_CONTEXT)

    def count_tokens(self, text: str) -> int:
        """Upper bound: servers have no common tokeniser API."""
        return token_upper_bound(text)

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        """Yield a completion for each prompt as it finishes.

        Raises `EngineError` where the server refuses the key or does not know the model, before anything is asked.
        """
        self._learnt.update(owner=self._model_card.owner)
        yield from complete_concurrently(prompts, self._slots, self._answer, patience=1.0)

    def close(self) -> None:
        """Close the connections. Safe to call twice."""
        self._transport.close()

    @property
    def _model_card(self) -> ModelCard:
        """The server's entry for the model. Raises `EngineError` as `complete` does."""
        if isinstance(self._card_or_error, EngineError):
            raise self._card_or_error.with_traceback(None)
        return self._card_or_error

    @cached_property
    def _card_or_error(self) -> ModelCard | EngineError:
        """The entry, or why there is none: cached, so that an unreachable server is tried once."""
        attempt, began = 0, time.monotonic()
        while True:
            try:
                return self._transport.model_card()
            except EngineError as error:
                return error
            except TransientError as error:
                attempt += not self._still_loads(error, began)
                if attempt == _ATTEMPTS or (error.wait or 0.0) > self._options.patience:
                    return EngineError(self._address, error.cause, "Is the server running, and the address right?")
                time.sleep(_backoff(error, max(0, attempt - 1)))

    # --- one prompt ------------------------------------------------------------------------------------------

    def _answer(self, prompt: Prompt, cancelled: threading.Event) -> Completion:
        """The completion of `prompt`, after every retry; never raises."""
        if self._fatal:
            return Completion.failed(prompt, self._fatal)
        began = time.monotonic()
        attempt, cause = 0, ""
        while attempt < _ATTEMPTS:
            if cancelled.is_set():
                return Completion.failed(prompt, "it was cancelled")
            try:
                return self._adapted_answer(prompt, cancelled).completion(prompt, time.monotonic() - began)
            except TransientError as error:
                cause = error.cause
                if (error.wait or 0.0) > self._options.patience:
                    self._fatal = f"{cause}, and wants to be left alone for {error.wait:,.0f} seconds"
                    return Completion.failed(prompt, self._fatal)
                attempt += not self._still_loads(error, began)
                if attempt < _ATTEMPTS:
                    seconds = _backoff(error, max(0, attempt - 1))
                    # Only the beginning: the server's own words may repeat the prompt.
                    _log.debug("Prompt %s: %s; retry in %.1f s", prompt.id, shown_in(cause.partition(":")[0]), seconds)
                    cancelled.wait(seconds)
                elif error.unreachable:
                    self._fatal = cause
            except EngineError as error:
                self._fatal = error.cause
                return Completion.failed(prompt, error.cause)
            except RefusedError as error:
                return Completion.failed(prompt, error.cause)
        return Completion.failed(prompt, f"{cause}, {_ATTEMPTS} times")

    def _still_loads(self, error: TransientError, began: float) -> bool:
        """Whether the server is loading its model and there is time to wait for it."""
        return error.loading and time.monotonic() - began < self._options.patience

    def _adapted_answer(self, prompt: Prompt, cancelled: threading.Event) -> PartialAnswer:
        """An answer that is not empty; the request is adapted as long as refusals and answers teach something new.

        Raises `RefusedError` where none comes.
        """
        attempt = Attempt(self._reasoning_tokens(prompt))
        while True:
            known = self._learnt.now
            form, body = known.form(prompt, attempt), known.request(self.model, prompt, self._options, attempt)
            limit = int(body.get(known.limit, 0))
            try:
                partial = self._send(prompt, body, limit, cancelled)
            except RefusedError as error:
                _log.debug("Prompt %s refused: %s", prompt.id, error.refusal.field or "no field named")
                attempt = self._after_refusal(error, prompt, attempt, known, body)
                continue
            text = partial.without_reasoning
            reasons = partial.reasons or partial.reasons_inline
            if reasons or (not text.strip() and partial.finish == "length"):
                inline = not partial.reasons and bool(partial.text.strip())
                self._learnt.update(reasons=True, **({"inline": True} if inline else {}))
                if not known.reasons and (partial.truncated or not text.strip()):
                    continue
            if not text.strip():
                attempt = self._after_empty_answer(partial, attempt, reasons=reasons, limit=limit)
                continue
            if form == "schema" and not is_json_object(text, prompt.schema or {}):
                if not partial.truncated:  # the server accepts the field and ignores it
                    self._learnt.drop("response_format")
                    continue
                if not has_whole_item(text):
                    attempt = replace(attempt, plain=True)
                    continue
            if "stop" not in body:
                text = _cut_at_stop(text, partial, prompt.stops(constrained=False))
            partial.answer = text
            return partial

    def _after_refusal(
        self, error: RefusedError, prompt: Prompt, attempt: Attempt, known: ServerCapabilities, body: dict[str, object]
    ) -> Attempt:
        """The next attempt after a refusal. Raises `error` where no other request is possible."""

        def request(capabilities: ServerCapabilities) -> dict[str, object]:
            return capabilities.request(self.model, prompt, self._options, attempt)

        if self._learnt.learn(error.refusal, body, request):
            return attempt
        tokens = 0
        if known.reasons:
            tokens = self._fewer_reasoning_tokens(prompt, attempt, error.refusal, int(str(body[known.limit])))
        if not tokens:
            raise _explained(error) from None
        return replace(attempt, reasoning_tokens=tokens)

    def _after_empty_answer(self, partial: PartialAnswer, attempt: Attempt, *, reasons: bool, limit: int) -> Attempt:
        """The next attempt after an empty answer. Raises `RefusedError` where none would help."""
        if partial.refusal or partial.finish == "content_filter":
            refusal = self._transport.without_key(partial.refusal[:200])
            shown = f": {refusal}" if refusal else " (a filter of the server)"
            raise RefusedError(f"the model declines to answer{shown}")
        if partial.finish == "length" or (reasons and attempt.plain):
            raise RefusedError(
                f"the model used up its {limit:,} tokens on thinking before it answered. Give it more with "
                "thinking_tokens, switch its thinking off on the server, or choose a model that does not think"
            )
        if attempt.plain:
            raise RefusedError("the model's answer is empty")
        return replace(attempt, plain=True)  # a stop sequence came first, or the constraint could not be met

    def _reasoning_tokens(self, prompt: Prompt) -> int:
        """Reasoning budget of a prompt, within the window.

        The window is the smaller of the server's and the configured one; an explicit `EngineOptions.thinking_tokens`
        comes on top of the latter.
        """
        budget = reasoning_budget(self._options)
        windows = [self._model_card.context, 0 if self._options.thinking_tokens else self._options.context]
        window = min(filter(None, windows), default=0)
        if not window:
            return budget
        left = window - message_tokens(prompt.messages, self.count_tokens) - prompt.max_tokens
        return max(min(budget, left), _MIN_REASONING)

    def _fewer_reasoning_tokens(self, prompt: Prompt, attempt: Attempt, refusal: Refusal, requested: int) -> int:
        """A smaller reasoning budget after a refusal of `requested` tokens; 0 where too few are left."""
        limits = limits_in(refusal.message, requested)
        if limits is None:
            return 0
        tokens = attempt.reasoning_tokens // 2
        if limits.window and limits.now:  # else the prompt's length is not stated
            tokens = min(attempt.reasoning_tokens - 1, limits.now - prompt.max_tokens)
        return tokens if tokens >= _MIN_REASONING // 2 else 0

    def _send(self, prompt: Prompt, body: dict[str, object], limit: int, cancelled: threading.Event) -> PartialAnswer:
        """One answer of at most `limit` tokens; counts towards the token budget whatever comes of it."""
        if self._options.token_budget and self._tokens_used >= self._options.token_budget:
            raise RefusedError(
                f"the budget of {self._options.token_budget:,} tokens is used up. Raise token_budget, or set it to 0"
            )
        partial = PartialAnswer()
        began = time.monotonic()
        try:
            self._transport.send(body, partial, cancelled)
        finally:
            if partial.accepted:
                self._count_cost(prompt, partial, limit)
        _log.debug("Prompt %s: %d tokens read, %d written in %.1f s", prompt.id, partial.prompt_tokens,
                   partial.completion_tokens, time.monotonic() - began)  # fmt: skip
        return partial

    def _count_cost(self, prompt: Prompt, partial: PartialAnswer, limit: int) -> None:
        """Add an answer's tokens to those used, estimated where the server does not state them.

        An answer that ended at its `limit` used all of it, and so may an empty one: on hidden reasoning.
        """
        text = partial.reasoning + partial.text
        full = partial.finish in {"length", "max_tokens"} or not text.strip()
        written = self.count_tokens(text)
        partial.prompt_tokens = partial.prompt_tokens or message_tokens(prompt.messages, self.count_tokens)
        partial.completion_tokens = partial.completion_tokens or (max(limit, written) if full else written)
        with self._lock:
            self._tokens_used += partial.prompt_tokens + partial.completion_tokens


def _cut_at_stop(text: str, partial: PartialAnswer, stops: tuple[str, ...]) -> str:
    """`text` up to the first of `stops`, where the request had no ``stop``."""
    text = text.lstrip()
    ends = [index for stop in stops if (index := text.find(stop)) > 0]
    if ends:
        partial.finish = "stop"
    return text[: min(ends)] if ends else text


def _explained(error: RefusedError) -> RefusedError:
    """`error`, with a remedy where the prompt is over the window."""
    limits = limits_in(error.refusal.message, 0)
    if limits and limits.window:
        return RefusedError(f"{error.cause}. Set context = {limits.window} or less, or give the model a larger window")
    return error


def _backoff(error: TransientError, attempt: int) -> float:
    """Seconds before the next attempt: ``Retry-After`` plus up to a tenth, else exponential with jitter."""
    jitter = random.random()  # noqa: S311 - spreads load
    if error.wait is not None:
        return error.wait * (1 + jitter / 10)
    return min(_LONGEST_PAUSE, backoff_delay(attempt, _FIRST_PAUSE, jitter))
