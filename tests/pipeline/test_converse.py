"""Many conversations with one engine: no slot idles while a prompt is waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from briefing.engines.base import Completion, Prompt
from briefing.engines.pool import complete_concurrently
from briefing.summariser.scheduler import Conversation, converse
from briefing.testing.engine import FakeEngine

SLOW = "slow 0"
SLOTS = 8


class Kept(dict[str, Completion]):
    """An in-memory completion store."""

    def put(self, key: str, completion: Completion) -> None:
        self[key] = completion


class Slots(FakeEngine):
    """Answers concurrently and at once, except `SLOW`, which waits until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self.waited = False

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        return complete_concurrently(prompts, SLOTS, self._slowly)

    def _slowly(self, prompt: Prompt, cancelled: threading.Event) -> Completion:
        if prompt.document == SLOW:
            self.waited = self.let_go.wait(timeout=5.0)
        return Completion(id=prompt.id, text="yes", prompt_tokens=1, completion_tokens=1, finish="stop")


def begins(name: str, questions: int) -> Callable[[], Conversation[str]]:
    def conversation() -> Conversation[str]:
        for number in range(questions):
            yield [Prompt(id="", messages=(), document=f"{name} {number}", max_tokens=1)]
        return name

    return conversation


def names(*, of: int, questions: int = 3) -> list[tuple[object, Callable[[], Conversation[str]]]]:
    return [("slow", begins("slow", questions)), *((f"{n}", begins(f"{n}", questions)) for n in range(1, of))]


def test_conversations_continue_while_one_answer_is_slow() -> None:
    engine, finished = Slots(), []
    for name, _ in converse(names(of=7), engine):
        finished.append(name)
        if len(finished) == 6:
            engine.let_go.set()
    assert engine.waited  # all the others were there before its first answer was
    assert finished[-1] == "slow"


def test_finished_stories_are_yielded_when_time_is_up() -> None:
    engine = Slots()
    finished: list[object] = []

    def enough() -> bool:
        return len(finished) == 6

    for name, _ in converse(names(of=7), engine, enough=enough):
        finished.append(name)
        if enough():
            engine.let_go.set()
    assert engine.waited
    assert sorted(map(str, finished)) == [f"{n}" for n in range(1, 7)]


def test_conversation_without_prompts_finishes_at_once() -> None:
    engine = FakeEngine()
    seen = [
        (name, len(engine.asked))
        for name, _ in converse([("a", begins("a", 1)), ("b", begins("b", 0)), ("c", begins("c", 1))], engine)
    ]
    assert seen == [("a", 1), ("b", 1), ("c", 2)]


def test_engine_that_stops_at_the_end_of_its_prompts_is_called_again() -> None:
    class Once(FakeEngine):
        def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
            return super().complete([*prompts])

    finished = [result for _, result in converse(names(of=5), Once(at_once=3))]
    assert sorted(finished) == ["1", "2", "3", "4", "slow"]


def asks(told: list[Completion], *choices: str) -> Callable[[], Conversation[None]]:
    def conversation() -> Conversation[None]:
        asked = Prompt(id="", messages=(), document="a", max_tokens=1, choices=choices)
        told.extend(one.completion for one in (yield [asked]))

    return conversation


def test_empty_answer_is_not_cached() -> None:
    kept, told = Kept(), list[Completion]()
    for answer in (" \n", "A bridge."):
        list(converse([("a", asks(told))], FakeEngine().says(answer), kept))
    assert [one.text for one in told] == [" \n", "A bridge."]
    assert [one.text for one in kept.values()] == ["A bridge."]


def test_empty_verdict_rejects_nothing_and_is_asked_again() -> None:
    kept, told = Kept(), list[Completion]()
    list(converse([("a", asks(told, "yes", "no"))], FakeEngine().says(""), kept))
    assert (told[0].finish, len(kept)) == ("stop", 0)


def test_cached_empty_answer_is_asked_again() -> None:
    kept, told = Kept(), list[Completion]()
    list(converse([("a", asks(told))], FakeEngine().says("A bridge."), kept))
    (key,) = kept
    kept[key] = replace(kept[key], text="")
    list(converse([("a", asks(told))], FakeEngine().says("A tram."), kept))
    assert told[-1].text == kept[key].text == "A tram."


def test_logprobs_without_text_are_an_answer() -> None:
    class Weighs(FakeEngine):
        def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
            for one in super().complete(prompts):
                yield replace(one, text="", odds=(0.9, 0.1))

    kept, told = Kept(), list[Completion]()
    list(converse([("a", asks(told))], Weighs(), kept))
    assert (told[0].finish, len(kept)) == ("stop", 1)


def test_closing_waits_for_the_answers_in_flight() -> None:
    closed = threading.Event()
    after: list[bool] = []

    def answer(prompt: Prompt, cancelled: threading.Event) -> Completion:
        if prompt.id == "slow":
            cancelled.wait()
            after.append(closed.wait(timeout=0.2))  # what is closed too early comes first
        return Completion(id=prompt.id, text="yes", prompt_tokens=1, completion_tokens=1, finish="stop")

    prompts = [Prompt(id=name, messages=(), document=name, max_tokens=1) for name in ("quick", "slow")]
    answers = complete_concurrently(prompts, 2, answer)
    assert next(answers).id == "quick"
    answers.close()  # type: ignore[attr-defined]
    closed.set()
    assert after == [False]
