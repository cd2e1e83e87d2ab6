"""The engine: prompts out, answers in, each asked for as often as it may help."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property

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

__all__ = ["OpenAIEngine"]

_IN_FLIGHT = 8
_ATTEMPTS = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0
"""Seconds."""
_MOST_CONTEXT = 16_384
"""Tokens: for a server that says a lot: a model's attention does not reach as far."""
_LEAST_THOUGHTS = 256
"""Tokens for thoughts: as few as are worth asking with."""


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
        """Note whom to ask; the server is first spoken to when there is something to ask."""
        if model is None or not model.address:
            raise UsageError("engine openai", "it needs the address of a server", "Give one with --base-url")
        self.model = model.name
        inputs = (str(options.context), str(options.seed), str(options.temperature), str(reasoning_budget(options)))
        self.digest = fingerprint("openai", model.digest, *inputs)[:32]
        self._address = model.address
        self._options = options
        self._slots = options.slots or _IN_FLIGHT
        self._wire = Transport(model.address, model.name, options, self._slots)
        self._learnt = LearntCapabilities()
        self._used = 0
        self._gone = ""
        self._lock = threading.Lock()

    @cached_property
    def context(self) -> int:
        """Tokens that prompt and answer may have together, as the server says."""
        if self._options.context:
            return self._options.context
        return min(self._model_card.context or WINDOW, _MOST_CONTEXT)

    def count_tokens(self, text: str) -> int:
        """At most this many: servers have no common way to count."""
        return token_upper_bound(text)

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        """Yield a completion for each prompt as it finishes.

        Raises `EngineError` where the server refuses the key or does not know the model, before anything is asked.
        """
        self._learnt.notes(owner=self._model_card.owner)
        yield from complete_concurrently(prompts, self._slots, self._answer, patience=1.0)

    def close(self) -> None:
        """Close the connections. Safe to call twice."""
        self._wire.close()

    @property
    def _model_card(self) -> ModelCard:
        """What the server says of the model. Raises `EngineError` as `complete` does."""
        if isinstance(self._listed, EngineError):
            raise self._listed.with_traceback(None)
        return self._listed

    @cached_property
    def _listed(self) -> ModelCard | EngineError:
        """The same, or why there is no asking: noted, so that a server that is not there is sought once."""
        try:
            return self._ask_for_card()
        except EngineError as error:
            return error

    def _ask_for_card(self) -> ModelCard:
        attempt, began = 0, time.monotonic()
        while True:
            try:
                return self._wire.ask_for_card()
            except TransientError as error:
                attempt += not self._still_loads(error, began)
                if attempt == _ATTEMPTS or (error.wait or 0.0) > self._options.patience:
                    raise EngineError(
                        self._address, error.cause, "Is the server running, and the address right?"
                    ) from None
                time.sleep(_wait_for(error, max(0, attempt - 1)))

    # --- one prompt ------------------------------------------------------------------------------------------

    def _answer(self, prompt: Prompt, cancelled: threading.Event) -> Completion:
        """The completion of `prompt`, after every retry; never raises."""
        if self._gone:
            return _failed(prompt, self._gone)
        began = time.monotonic()
        attempt, cause = 0, ""
        while attempt < _ATTEMPTS:
            if cancelled.is_set():
                return _failed(prompt, "it was cancelled")
            try:
                return self._converse(prompt, cancelled).completion(prompt, time.monotonic() - began)
            except TransientError as error:
                cause = error.cause
                if (error.wait or 0.0) > self._options.patience:
                    self._gone = f"{cause}, and wants to be left alone for {error.wait:,.0f} seconds"
                    return _failed(prompt, self._gone)
                attempt += not self._still_loads(error, began)
                if attempt < _ATTEMPTS:
                    cancelled.wait(_wait_for(error, max(0, attempt - 1)))
                elif error.unreachable:
                    self._gone = cause
            except EngineError as error:
                self._gone = error.cause
                return _failed(prompt, error.cause)
            except RefusedError as error:
                return _failed(prompt, error.cause)
        return _failed(prompt, f"{cause}, {_ATTEMPTS} times")

    def _still_loads(self, error: TransientError, began: float) -> bool:
        """Whether the server reads its model yet and there is time to wait for it."""
        return error.loading and time.monotonic() - began < self._options.patience

    def _converse(self, prompt: Prompt, cancelled: threading.Event) -> PartialAnswer:
        """One answer, not empty; asked anew as long as that teaches us what the server or the model needs.

        Raises `RefusedError` where none comes.
        """
        turn = Attempt(self._room(prompt))
        while True:
            known = self._learnt.now
            form, body = known.form(prompt, turn), known.request(self.model, prompt, self._options, turn)
            room = int(body.get(known.limit, 0))
            try:
                heard = self._ask(prompt, body, room, cancelled)
            except RefusedError as error:
                turn = self._after_refusal(error, prompt, turn, known, body)
                continue
            spoken = heard.spoken
            thinks = heard.thinks or heard.aloud
            if thinks or (not spoken.strip() and heard.finish == "length"):
                aloud = not heard.thinks and bool(heard.text.strip())
                self._learnt.notes(thinks=True, **({"aloud": True} if aloud else {}))
                if not known.thinks and (heard.cut or not spoken.strip()):
                    continue
            if not spoken.strip():
                turn = self._after_nothing(heard, turn, thinks=thinks, room=room)
                continue
            if form == "schema" and not is_json_object(spoken, prompt.schema or {}):
                if not heard.cut:  # it takes the field and does not heed it
                    self._learnt.drops("response_format")
                    continue
                if not has_whole_item(spoken):  # nothing of it can be read
                    turn = replace(turn, plain=True)
                    continue
            if "stop" not in body:
                spoken = _ended(spoken, heard, prompt.stops(constrained=False))
            heard.answer = spoken
            return heard

    def _after_refusal(
        self, error: RefusedError, prompt: Prompt, turn: Attempt, known: ServerCapabilities, body: dict[str, object]
    ) -> Attempt:
        """How to ask again, by what is known now. Raises `error` where there is no other way."""
        if self._learnt.refused(error.refusal, body, lambda now: now.request(self.model, prompt, self._options, turn)):
            return turn
        room = self._less_room(prompt, turn, error.refusal, int(str(body[known.limit]))) if known.thinks else 0
        if not room:
            raise _explained(error) from None
        return replace(turn, room=room)

    def _after_nothing(self, heard: PartialAnswer, turn: Attempt, *, thinks: bool, room: int) -> Attempt:
        """How to ask again after an empty answer. Raises `RefusedError` where that does not help."""
        if heard.refusal or heard.finish == "content_filter":
            said = self._wire.hidden(heard.refusal[:200])
            raise RefusedError(f"the model declines to answer{f': {said}' if said else ' (a filter of the server)'}")
        if heard.finish == "length" or (thinks and turn.plain):
            raise RefusedError(
                f"the model used up its {room:,} tokens on thinking before it answered. Give it more with "
                "thinking_tokens, switch its thinking off on the server, or choose a model that does not think"
            )
        if turn.plain:
            raise RefusedError("the model's answer is empty")
        return replace(turn, plain=True)  # a stop string that came first, or a form that it could not begin

    def _room(self, prompt: Prompt) -> int:
        """Tokens for thoughts, where the model thinks: no more than the window leaves.

        The window is the server's and the one that was asked for, whichever is smaller. Thoughts that have tokens of
        their own (`EngineOptions.thinking_tokens`) come on top of the latter.
        """
        wished, asked = reasoning_budget(self._options), self._options.context
        windows = [self._model_card.context, 0 if self._options.thinking_tokens else asked]
        window = min((one for one in windows if one), default=0)
        if not window:
            return wished
        left = window - self._count_messages(prompt) - prompt.max_tokens
        return max(min(wished, left), _LEAST_THOUGHTS)

    def _less_room(self, prompt: Prompt, turn: Attempt, refusal: Refusal, asked: int) -> int:
        """Room for thoughts that is left after a refusal of `asked` tokens; 0 where too little is."""
        told = limits_in(refusal.message, asked)
        if told is None:
            return 0
        room = min(turn.room - 1, told.now - prompt.max_tokens) if told.window else turn.room // 2
        if told.window and not told.now:  # it does not say how long the prompt is
            room = turn.room // 2
        return room if room >= _LEAST_THOUGHTS // 2 else 0

    def _count_messages(self, prompt: Prompt) -> int:
        return message_tokens(prompt.messages, self.count_tokens)

    def _ask(self, prompt: Prompt, body: dict[str, object], room: int, cancelled: threading.Event) -> PartialAnswer:
        """One answer of at most `room` tokens, counted whatever becomes of it."""
        if self._options.token_budget and self._used >= self._options.token_budget:
            raise RefusedError(
                f"the budget of {self._options.token_budget:,} tokens is used up. Raise token_budget, or set it to 0"
            )
        heard = PartialAnswer()
        try:
            self._wire.ask(body, heard, cancelled)
        finally:
            if heard.taken:
                self._spend(prompt, heard, room)
        return heard

    def _spend(self, prompt: Prompt, heard: PartialAnswer, room: int) -> None:
        """Count what an answer cost, discarded and broken ones too; by our own estimate where the server is silent.

        One that ends where its `room` did has used all of it, and so may one of which nothing was heard: on thoughts.
        """
        said = heard.thought + heard.text
        full = heard.finish in {"length", "max_tokens"} or not said.strip()
        written = self.count_tokens(said)
        heard.prompt_tokens = heard.prompt_tokens or self._count_messages(prompt)
        heard.completion_tokens = heard.completion_tokens or (max(room, written) if full else written)
        with self._lock:
            self._used += heard.prompt_tokens + heard.completion_tokens


def _failed(prompt: Prompt, error: str) -> Completion:
    return Completion(id=prompt.id, text="", prompt_tokens=0, completion_tokens=0, finish="error", error=error)


def _ended(spoken: str, heard: PartialAnswer, stops: tuple[str, ...]) -> str:
    """`spoken` up to the first of `stops`, where the server was not asked to end there."""
    spoken = spoken.lstrip()
    places = [place for stop in stops if (place := spoken.find(stop)) > 0]
    if places:
        heard.finish = "stop"
    return spoken[: min(places)] if places else spoken


def _explained(error: RefusedError) -> RefusedError:
    """The same with what helps where the prompt is over the window."""
    told = limits_in(error.refusal.message, 0)
    if told and told.window:
        return RefusedError(f"{error.cause}. Set context = {told.window} or less, or give the model a larger window")
    return error


def _wait_for(error: TransientError, attempt: int) -> float:
    """Seconds: what the server wishes and a little more, else longer each time."""
    jitter = random.random()  # noqa: S311 - spreads load
    if error.wait is not None:
        return error.wait * (1 + jitter / 10)
    return min(_LONGEST_PAUSE, backoff_delay(attempt, _FIRST_PAUSE, jitter))
