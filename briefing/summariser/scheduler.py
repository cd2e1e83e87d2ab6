"""Many conversations with one engine at once.

A *conversation* is a generator that yields the prompts it wants answered and is sent their completions; it returns its
result. `converse` runs many of them so that the engine always has prompts to choose from: while one article's answers
are checked, others' are decoded. Answers that the store holds never reach the engine.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from briefing.engines.base import Completion, Engine, Prompt
from briefing.nlp.text import fingerprint

__all__ = ["CompletionStore", "Conversation", "KeyedCompletion", "completion_key", "converse"]

T = TypeVar("T")
Conversation = Generator[list[Prompt], "list[KeyedCompletion]", T]


@dataclass(frozen=True, slots=True)
class KeyedCompletion:
    """A completion, and whether it came from the store."""

    completion: Completion
    cached: bool


class CompletionStore(Protocol):
    """Where completions are kept between runs."""

    def get(self, key: str) -> Completion | None:
        """The completion kept under `key`."""
        ...

    def put(self, key: str, completion: Completion) -> None:
        """Keep `completion`; it must be safe on disk when this returns."""
        ...


def completion_key(engine: Engine, prompt: Prompt) -> str:
    """Names the answer of `engine` to `prompt`: equal for equal questions, whatever their ids.

    What an engine does not read is no part of the question: the document where it follows messages, these where not.
    """
    turns = [part for message in prompt.messages for part in (message.role, message.content)]
    bare = [prompt.language, prompt.answer_language, str(prompt.points), prompt.document]
    form = (str(prompt.max_tokens), str(prompt.grammar), repr(prompt.schema), str(prompt.tuned))
    lists = (fingerprint(*prompt.stop), fingerprint(*prompt.choices))
    return fingerprint(engine.digest, *form, *lists, *(turns if engine.instructable else bare))


def _is_empty(completion: Completion) -> bool:
    """Whether it has neither a word nor odds: that is never stored, whichever engine gave it. An engine that knows that
    it should not be so says it is an error; else the model simply had nothing to say.
    """
    return not completion.text.strip() and not completion.odds


@dataclass(slots=True)
class _Open(Generic[T]):
    """A conversation that waits for answers."""

    subject: object
    conversation: Conversation[T]
    waiting: dict[str, int] = field(default_factory=dict)
    told: list[KeyedCompletion | None] = field(default_factory=list)


def converse(
    conversations: Iterable[tuple[object, Callable[[], Conversation[T]]]],
    engine: Engine,
    answers: CompletionStore | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[object, T]]:
    """Run `conversations`, pairs of a subject and a function that begins one; yield (subject, result) as each ends.

    A conversation is begun only when the engine has room, so that any number of articles takes little memory. What a
    conversation raises comes out here. Closing the iterator cancels what is in flight. Once `enough` says so, the
    engine is given no more prompts: what it has is answered, and conversations that need more end without a result.

    An engine that asks for prompts again after each answer (`Engine.complete`) is given what follows from the answer
    while others are still decoded; to one that does not, it is given once all of these are answered.
    """
    return _Hall(iter(conversations), engine, answers, enough).run()


class _Hall(Generic[T]):
    """The conversations and, as an iterator, the prompts that the engine may have now: it ends where there is none and
    goes on once an answer has brought one.
    """

    def __init__(
        self,
        conversations: Iterator[tuple[object, Callable[[], Conversation[T]]]],
        engine: Engine,
        answers: CompletionStore | None,
        enough: Callable[[], bool],
    ) -> None:
        self._coming = conversations
        self._engine = engine
        self._answers = answers
        self._enough = enough
        self._queue: deque[Prompt] = deque()
        self._owners: dict[str, tuple[_Open[T], str]] = {}
        self._finished: deque[tuple[object, T]] = deque()
        self._numbered = 0
        self._more = True
        self._stopped = False

    def run(self) -> Iterator[tuple[object, T]]:
        yield from self._ready()
        while self._queue:
            if self._is_over():
                self._queue.clear()
            else:
                for completion in self._engine.complete(self):
                    open_, key = self._owners.pop(completion.id)
                    if self._answers is not None and completion.finish != "error" and not _is_empty(completion):
                        self._answers.put(key, completion)
                    self._hear(open_, completion.id, KeyedCompletion(completion, cached=False))
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

    def _ready(self) -> Iterator[tuple[object, T]]:
        """What is finished, until there is a prompt for the engine: a conversation that needs none does not wait for
        the answers of others.
        """
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
        self._advance(_Open(subject, begin()), None)
        return True

    def _advance(self, open_: _Open[T], told: list[KeyedCompletion] | None) -> None:
        """Send `told`; file the prompts that come back until one of them needs the engine, or the end is reached."""
        while True:
            try:
                wanted = next(open_.conversation) if told is None else open_.conversation.send(told)
            except StopIteration as end:
                self._finished.append((open_.subject, end.value))
                return
            open_.told, open_.waiting = [None] * len(wanted), {}
            asked: list[Prompt] = []
            for place, prompt in enumerate(wanted):
                key = completion_key(self._engine, prompt)
                known = self._answers.get(key) if self._answers is not None else None
                if known is not None and not _is_empty(known):
                    open_.told[place] = KeyedCompletion(dataclasses.replace(known, id=prompt.id), cached=True)
                    continue
                self._numbered += 1
                numbered = dataclasses.replace(prompt, id=f"{self._numbered}")
                open_.waiting[numbered.id] = place
                self._owners[numbered.id] = (open_, key)
                asked.append(numbered)
            if asked:
                # To the front: finishing an article that was begun comes before beginning another.
                self._queue.extendleft(reversed(asked))
                return
            told = [one for one in open_.told if one is not None]

    def _hear(self, open_: _Open[T], prompt_id: str, told: KeyedCompletion) -> None:
        open_.told[open_.waiting.pop(prompt_id)] = told
        if not open_.waiting:
            self._advance(open_, [one for one in open_.told if one is not None])
