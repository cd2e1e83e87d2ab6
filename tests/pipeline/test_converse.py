"""Many conversations with one engine: no slot stands idle while there is something to ask."""

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
    """Answers that are kept in memory."""

    def put(self, key: str, completion: Completion) -> None:
        self[key] = completion


class Slots(FakeEngine):
    """Answers side by side and at once, but for `SLOW`, which waits until it is let go."""

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


def test_fewer_stories_than_slots_go_on_while_one_answer_is_slow() -> None:
    engine, finished = Slots(), []
    for name, _ in converse(names(of=7), engine):
        finished.append(name)
        if len(finished) == 6:
            engine.let_go.set()
    assert engine.waited  # all the others were there before its first answer was
    assert finished[-1] == "slow"


def test_stories_that_were_finished_before_the_time_was_up_are_there() -> None:
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


def test_what_needs_no_engine_does_not_wait_for_the_next_answer() -> None:
    engine = FakeEngine()
    seen = [
        (name, len(engine.asked))
        for name, _ in converse([("a", begins("a", 1)), ("b", begins("b", 0)), ("c", begins("c", 1))], engine)
    ]
    assert seen == [("a", 1), ("b", 1), ("c", 2)]


def test_an_engine_that_takes_the_end_of_its_prompts_for_the_end_is_asked_again() -> None:
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


def test_an_empty_answer_is_not_kept_whichever_engine_gave_it() -> None:
    kept, told = Kept(), list[Completion]()
    for answer in (" \n", "A bridge."):
        list(converse([("a", asks(told))], FakeEngine().says(answer), kept))
    assert [one.text for one in told] == [" \n", "A bridge."]
    assert [one.text for one in kept.values()] == ["A bridge."]


def test_empty_judge_answers_are_not_stored() -> None:
    kept, told = Kept(), list[Completion]()
    list(converse([("a", asks(told, "yes", "no"))], FakeEngine().says(""), kept))
    assert (told[0].finish, len(kept)) == ("stop", 0)


def test_an_empty_answer_that_was_kept_once_is_asked_for_again() -> None:
    kept, told = Kept(), list[Completion]()
    list(converse([("a", asks(told))], FakeEngine().says("A bridge."), kept))
    (key,) = kept
    kept[key] = replace(kept[key], text="")
    list(converse([("a", asks(told))], FakeEngine().says("A tram."), kept))
    assert told[-1].text == kept[key].text == "A tram."


def test_odds_without_a_word_are_an_answer() -> None:
    class Weighs(FakeEngine):
        def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
            for one in super().complete(prompts):
                yield replace(one, text="", odds=(0.9, 0.1))

    kept, told = Kept(), list[Completion]()
    list(converse([("a", asks(told))], Weighs(), kept))
    assert (told[0].finish, len(kept)) == ("stop", 1)
