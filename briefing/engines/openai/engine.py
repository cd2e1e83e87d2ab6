"""The engine: prompts out, answers in, each asked for as often as it may help."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from briefing._version import __version__
from briefing.engines.base import Capabilities, Completion, EngineOptions, ModelSpec, Prompt
from briefing.engines.openai.answer import Heard, events, limited
from briefing.engines.openai.failures import PassingError, RefusedError, message_of
from briefing.engines.openai.manners import Card, Manners, is_object, window_of
from briefing.engines.pool import side_by_side
from briefing.engines.thoughts import without_thoughts
from briefing.errors import EngineError, UsageError
from briefing.patience import pause, retry_after
from briefing.text import fingerprint

if TYPE_CHECKING:
    import httpx

__all__ = ["OpenAIEngine"]

_IN_FLIGHT = 8
_ATTEMPTS = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0
"""Seconds."""
_CONTEXT, _MOST_CONTEXT = 4096, 16_384
"""Tokens: for a server that does not say, and for one that says a lot: a model's attention does not reach as far."""
_LARGEST_ANSWER = 4 << 20
"""Bytes of one streamed answer."""


class OpenAIEngine:
    """A model behind an OpenAI-compatible base URL. Thread-safe."""

    name = "openai"
    instructable = True
    verbatim = False
    capabilities = Capabilities(
        structured=("schema", "grammar"), odds="some models", cancellation="chunk", thinking=("cut", "room"),
        batch="requests",
    )  # fmt: skip

    def __init__(self, model: ModelSpec | None, options: EngineOptions) -> None:
        """Note whom to ask; the server is first spoken to when there is something to ask."""
        if model is None or not model.address:
            raise UsageError("engine openai", "it needs the address of a server", "Give one with --base-url")
        self.model = model.name
        self.digest = fingerprint("openai", model.digest, str(options.seed), str(options.temperature))[:32]
        self._address = model.address.rstrip("/")
        self._options = options
        self._manners = Manners()
        self._used = 0
        self._gone = ""
        self._lock = threading.Lock()

    @cached_property
    def context(self) -> int:
        """Tokens that prompt and answer may have together, as the server says."""
        if self._options.context:
            return self._options.context
        return min(self._model_card.context or _CONTEXT, _MOST_CONTEXT)

    def count_tokens(self, text: str) -> int:
        """At most this many: servers have no common way to count, and no tokeniser needs more than one for three bytes
        of prose in the languages that models are made for.
        """
        return -(-len(text.encode("utf-8", "replace")) // 3)

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        """Yield a completion for each prompt as it finishes.

        Raises `EngineError` where the server refuses the key or does not know the model, before anything is asked.
        """
        card = self._model_card
        self._manners.grammar = card.llama_cpp
        yield from side_by_side(prompts, self._options.slots or _IN_FLIGHT, self._answer, patience=1.0)

    def close(self) -> None:
        """Close the connections. Safe to call twice."""
        if "_client" in self.__dict__:
            self._client.close()

    # --- the server ------------------------------------------------------------------------------------------

    @cached_property
    def _client(self) -> httpx.Client:
        import httpx

        slots = self._options.slots or _IN_FLIGHT
        headers = {"User-Agent": f"briefing/{__version__}"}
        if self._options.key:
            headers["Authorization"] = f"Bearer {self._options.key}"
        try:
            return httpx.Client(
                headers=headers,
                timeout=httpx.Timeout(self._options.patience, connect=10.0, pool=None),
                limits=httpx.Limits(max_connections=slots + 1, max_keepalive_connections=slots + 1),
            )
        except (ValueError, ImportError, OSError) as error:
            raise EngineError(
                self._address, f"the key, proxy or certificate settings cannot be used ({_brief(error)})"
            ) from None

    @cached_property
    def _model_card(self) -> Card:
        """What the server says of the model; nothing where it lists no models. Raises `EngineError` as `complete`."""
        for attempt in range(_ATTEMPTS):
            try:
                return self._ask_for_card()
            except PassingError as error:
                if attempt + 1 == _ATTEMPTS or (error.wait or 0.0) > self._options.patience:
                    raise EngineError(
                        self._address, error.cause, "Is the server running, and the address right?"
                    ) from None
                time.sleep(_wait_for(error, attempt))
        raise AssertionError

    def _ask_for_card(self) -> Card:
        import httpx

        try:
            response = self._client.get(f"{self._address}/models", timeout=30.0)
        except httpx.HTTPError as error:
            raise PassingError(_reason(error)) from None
        self._refuse(response.status_code, response.headers, response.text[:10_000], listing=True)
        if response.status_code != 200:
            return Card()  # it need not have a list
        try:
            listed = [one for one in response.json()["data"] if isinstance(one, dict)]
        except (ValueError, KeyError, TypeError):
            return Card()
        known = [str(one.get("id")) for one in listed]
        if listed and self.model not in known and "llamacpp" not in {one.get("owned_by") for one in listed}:
            shown = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
            raise EngineError(f"model {self.model}", f"{self._address} has no such model", f"It has: {shown}")
        mine = next((one for one in listed if one.get("id") == self.model), listed[0] if listed else {})
        return Card(context=window_of(mine), llama_cpp=mine.get("owned_by") == "llamacpp")

    def _refuse(self, status: int, headers: Any, body: str, *, listing: bool = False) -> None:
        """Raise for what is no answer: `EngineError` where nothing will help, `PassingError` where waiting may."""
        if status in {401, 403}:
            remedy = "Set BRIEFING_API_KEY, or put it into the keyring" if not self._options.key else "Check the key"
            raise EngineError(self._address, f"the server refuses the key (HTTP {status})", remedy)
        if status == 429 or status >= 500:
            cause = f"the server is {'busy' if status == 429 else 'in trouble'} (HTTP {status})"
            raise PassingError(cause, retry_after(headers.get("retry-after"), time.time()))
        if listing or status < 400:
            return
        said = self._hidden(message_of(body))
        if status == 404:
            remedy = "Check --model, and that --base-url ends as the server wants it (often in /v1)"
            raise EngineError(f"model {self.model}", f"the server does not find it ({said or 'HTTP 404'})", remedy)
        raise RefusedError(f"the server refuses the prompt (HTTP {status}{': ' if said else ''}{said})", body)

    # --- one prompt ------------------------------------------------------------------------------------------

    def _answer(self, prompt: Prompt, cancelled: threading.Event) -> Completion:
        """The completion of `prompt`, after every retry; never raises."""
        if self._gone:
            return _failed(prompt, self._gone)
        if self._options.token_budget and self._used >= self._options.token_budget:
            return _failed(prompt, f"the budget of {self._options.token_budget:,} tokens is used up")
        began = time.monotonic()
        cause = ""
        for attempt in range(_ATTEMPTS):
            if cancelled.is_set():
                return _failed(prompt, "it was cancelled")
            try:
                heard = self._converse(prompt, cancelled)
            except PassingError as error:
                cause = error.cause
                if (error.wait or 0.0) > self._options.patience:
                    self._gone = f"{cause}, and wants to be left alone for {error.wait:,.0f} seconds"
                    return _failed(prompt, self._gone)
                if attempt + 1 < _ATTEMPTS:
                    cancelled.wait(_wait_for(error, attempt))
                elif error.unreachable:
                    self._gone = cause
            except EngineError as error:
                self._gone = error.cause
                return _failed(prompt, error.cause)
            except RefusedError as error:
                return _failed(prompt, error.cause)
            else:
                with self._lock:
                    self._used += heard.prompt_tokens + heard.completion_tokens
                return heard.completion(prompt, time.monotonic() - began)
        return _failed(prompt, f"{cause}, {_ATTEMPTS} times" if cause else "no answer came")

    def _converse(self, prompt: Prompt, cancelled: threading.Event) -> Heard:
        """One answer; asked anew as long as that teaches us what the server or the model needs."""
        while True:
            given_room, form = self._manners.thinks, self._manners.form(prompt)
            body = self._manners.request(self.model, prompt, self._options, form)
            try:
                heard = self._stream(body, cancelled)
            except RefusedError as error:
                if not self._manners.learn(error.body, body):
                    raise
                continue
            spoken = without_thoughts(heard.text)
            if not spoken.strip() and (heard.thought or heard.text.strip()) and not given_room:
                self._manners.thinks = True
                continue
            if form == "schema" and not is_object(spoken, prompt.schema or {}):
                # It takes the field and does not heed it.
                self._manners.dropped.add("response_format")
                continue
            heard.text = spoken
            return heard

    def _stream(self, body: dict[str, Any], cancelled: threading.Event) -> Heard:
        import httpx

        heard = Heard()
        deadline = time.monotonic() + self._options.patience
        try:
            with self._client.stream("POST", f"{self._address}/chat/completions", json=body) as response:
                if response.status_code != 200:
                    raw = b"".join(limited(response.iter_bytes(), 100_000))
                    self._refuse(response.status_code, response.headers, raw.decode("utf-8", "replace"))
                    raise PassingError(f"the server answered strangely (HTTP {response.status_code})")
                chunks = limited(self._timely(response.iter_bytes(), deadline, cancelled), _LARGEST_ANSWER)
                plain = "event-stream" not in response.headers.get("content-type", "")
                for line in [b"".join(chunks)] if plain else events(chunks):
                    heard.take(line)
        except httpx.HTTPError as error:
            raise PassingError(_reason(error), unreachable=isinstance(error, httpx.ConnectError)) from None
        if heard.error:
            raise PassingError(f"the server broke off: {self._hidden(heard.error)}")
        if not heard.finish:
            raise PassingError("the answer broke off")
        return heard

    def _timely(self, chunks: Iterator[bytes], deadline: float, cancelled: threading.Event) -> Iterator[bytes]:
        """`chunks`, however small, until the time is up or nobody wants them any more."""
        for chunk in chunks:
            if cancelled.is_set():
                raise PassingError("it was cancelled")
            if time.monotonic() > deadline:
                raise PassingError(f"the answer took over {self._options.patience:g} seconds")
            yield chunk

    def _hidden(self, text: str) -> str:
        """`text` without the key, which a server may repeat."""
        return text.replace(self._options.key, "…") if self._options.key else text


def _failed(prompt: Prompt, error: str) -> Completion:
    return Completion(id=prompt.id, text="", prompt_tokens=0, completion_tokens=0, finish="error", error=error)


def _wait_for(error: PassingError, attempt: int) -> float:
    """Seconds: what the server wishes and a little more, else longer each time."""
    dice = random.random()  # noqa: S311 - spreads load
    if error.wait is not None:
        return error.wait * (1 + dice / 10)
    return min(_LONGEST_PAUSE, pause(attempt, _FIRST_PAUSE, dice))


def _reason(error: httpx.HTTPError) -> str:
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return "the server does not answer"
    if isinstance(error, httpx.ConnectError):
        return f"no connection to the server ({_brief(error)})"
    return f"the connection broke off ({_brief(error)})"


def _brief(error: Exception) -> str:
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error)).rstrip(".")[:200] or type(error).__name__
