"""Runs many conversations on one engine concurrently.

A conversation is a generator that yields prompts, is sent their completions, and returns its result. While the answers
of one are checked, those of others are decoded. Prompts that the store can answer never reach the engine.
"""

from __future__ import annotations

import dataclasses
import logging
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from briefing.engines.base import Completion, Engine, Prompt
from briefing.nlp.text import fingerprint

S = TypeVar("S")
T = TypeVar("T")
Conversation = Generator[list[Prompt], "list[ServedCompletion]", T]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServedCompletion:
    """A completion, and whether it came from the store."""

    completion: Completion
    cached: bool


class CompletionStore(Protocol):
    """Completions kept between runs."""

    def get(self, key: str) -> Completion | None:
        """The completion kept under `key`."""
        ...

    def put(self, key: str, completion: Completion) -> None:
        """Keep `completion`; it is safe on disk when this returns."""
        ...


def completion_key(engine: Engine, prompt: Prompt) -> str:
    """Cache key of the answer of `engine` to `prompt`, whose id does not count.

    Nor does what the engine does not read: the document where it follows messages, else the messages.
    """
    turns = [part for message in prompt.messages for part in (message.role, message.content)]
    bare = [prompt.language, prompt.answer_language, str(prompt.points), prompt.document]
    form = (str(prompt.max_tokens), str(prompt.grammar), repr(prompt.schema), str(prompt.tuned))
    lists = (fingerprint(*prompt.stop), fingerprint(*prompt.choices))
    return fingerprint(engine.digest, *form, *lists, *(turns if engine.instructable else bare))


def _is_empty(completion: Completion) -> bool:
    """Whether it has neither text nor odds; such a completion is not stored.

    An engine that knows that there should be some reports an error; else the model had nothing to say.
    """
    return not completion.text.strip() and not completion.odds


@dataclass(slots=True)
class _OpenConversation(Generic[S, T]):
    """A conversation that waits for completions."""

    subject: S
    conversation: Conversation[T]
    waiting: dict[str, int] = field(default_factory=dict)
    """Index among the prompts of this round, by the prompt's id."""
    completions: list[ServedCompletion | None] = field(default_factory=list)


def converse(
    conversations: Iterable[tuple[S, Callable[[], Conversation[T]]]],
    engine: Engine,
    answers: CompletionStore | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[S, T]]:
    """Run `conversations`, pairs of a subject and a function that begins one; yield (subject, result) as each ends.

    A conversation begins only when the engine has a free slot, which bounds memory. Its exceptions are raised here.
    Closing the iterator cancels what is in flight. Once `enough` is true, the engine gets no more prompts: those in
    flight are answered, and conversations that need more end without a result.

    Follow-up prompts are offered to the engine after each answer (`Engine.complete`); one that does not ask for them
    then gets them with its next call.
    """
    return _ConversationRunner(iter(conversations), engine, answers, enough).run()


class _ConversationRunner(Generic[S, T]):
    """Runs conversations; as an iterator, the prompts for the engine: exhausted when none is ready, resumed after an
    answer has brought new ones.
    """

    def __init__(
        self,
        conversations: Iterator[tuple[S, Callable[[], Conversation[T]]]],
        engine: Engine,
        answers: CompletionStore | None,
        enough: Callable[[], bool],
    ) -> None:
        self._coming = conversations
        self._engine = engine
        self._answers = answers
        self._enough = enough
        self._queue: deque[Prompt] = deque()
        self._owners: dict[str, tuple[_OpenConversation[S, T], str]] = {}
        """Conversation and cache key of each prompt in flight."""
        self._finished: deque[tuple[S, T]] = deque()
        self._prompts = 0
        self._more = True
        self._stopped = False

    def run(self) -> Iterator[tuple[S, T]]:
        yield from self._ready()
        while self._queue:
            if self._is_over():
                self._queue.clear()
            else:
                for completion in self._engine.complete(self):
                    _log.debug("Prompt %s: %d tokens read, %d of them cached, in %.1f s; %d written in %.1f s (%s)",
                               completion.id, completion.prompt_tokens, completion.cached_tokens,
                               completion.prefill_seconds, completion.completion_tokens, completion.decode_seconds,
                               completion.finish)  # fmt: skip
                    open_, key = self._owners.pop(completion.id)
                    if self._answers is not None and completion.finish != "error" and not _is_empty(completion):
                        self._answers.put(key, completion)
                    open_.completions[open_.waiting.pop(completion.id)] = ServedCompletion(completion, cached=False)
                    if not open_.waiting:
                        self._advance(open_)
                    yield from self._ready()
            yield from self._ready()

    def __iter__(self) -> Iterator[Prompt]:
        return self

    def __next__(self) -> Prompt:
        while not self._queue and self._begin_next():
            pass
        if not self._queue or self._is_over():
            raise StopIteration
        return self._queue.popleft()

    def _is_over(self) -> bool:
        self._stopped = self._stopped or self._enough()
        return self._stopped

    def _ready(self) -> Iterator[tuple[S, T]]:
        """Finished conversations; begins further ones until there is a prompt for the engine."""
        while self._finished or (not self._queue and self._begin_next()):
            while self._finished:
                yield self._finished.popleft()

    def _begin_next(self) -> bool:
        if not self._more:
            return False
        coming = next(self._coming, None)
        if coming is None:
            self._more = False
            return False
        subject, begin = coming
        open_: _OpenConversation[S, T] = _OpenConversation(subject, begin())
        self._advance(open_, begun=False)
        return True

    def _advance(self, open_: _OpenConversation[S, T], *, begun: bool = True) -> None:
        """Resume the conversation until one of its prompts needs the engine, or it ends."""
        while True:
            completions = [served for served in open_.completions if served is not None]
            try:
                prompts = open_.conversation.send(completions) if begun else next(open_.conversation)
            except StopIteration as end:
                self._finished.append((open_.subject, end.value))
                return
            begun = True
            open_.completions, open_.waiting = [None] * len(prompts), {}
            queued: list[Prompt] = []
            for index, prompt in enumerate(prompts):
                key = completion_key(self._engine, prompt)
                stored = self._answers.get(key) if self._answers is not None else None
                if stored is not None and not _is_empty(stored):
                    open_.completions[index] = ServedCompletion(dataclasses.replace(stored, id=prompt.id), cached=True)
                    continue
                self._prompts += 1
                numbered = dataclasses.replace(prompt, id=f"{self._prompts}")
                open_.waiting[numbered.id] = index
                self._owners[numbered.id] = (open_, key)
                queued.append(numbered)
            _log.debug("%d prompts: %d from the store", len(prompts), len(prompts) - len(queued))
            if queued:
                # To the front: open conversations are finished before others begin.
                self._queue.extendleft(reversed(queued))
                return
