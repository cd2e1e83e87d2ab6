"""An engine that says what it is told to: for tests of everything around a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Self

from briefing.engines.base import Completion, Prompt
from briefing.text import word_count

__all__ = ["FakeEngine"]

Rule = tuple[Callable[[Prompt], bool], Callable[[Prompt], str | None]]


class FakeEngine:
    """Answers prompts by rules, latest first; a prompt that no rule knows is answered with its document's beginning.

    ::

        engine = FakeEngine().says("# Headline\\n- A point.", to="moon landing").fails("no memory", to="boom")
        engine.asked  # every prompt it was given, in order

    Tokens are words. One that is not `instructable` is given documents, not messages. `at_once` prompts are taken
    before the first answer is given, the last taken answered first.
    """

    name = "fake"
    verbatim = False

    def __init__(
        self,
        *,
        model: str = "fake-1",
        context: int = 4096,
        at_once: int = 1,
        instructable: bool = True,
        tuned: bool = False,
    ) -> None:
        self.instructable = instructable
        self.tuned = tuned
        self.model = model
        self.digest = f"fake {model}"
        self.context = context
        self.at_once = at_once
        self.asked: list[Prompt] = []
        self.closed = False
        self._rules: list[Rule] = []
        self._failures: dict[str, str] = {}

    def says(self, answer: str | Callable[[Prompt], str], *, to: str = "") -> Self:
        """Answer prompts whose last message (else document) contains `to` with `answer`, or what it returns."""
        speak = answer if callable(answer) else lambda prompt, text=answer: text
        self._rules.append((lambda prompt: to in _asked(prompt), speak))
        return self

    def fails(self, reason: str, *, to: str = "") -> Self:
        """Let prompts whose last message contains `to` end in an error."""
        self._rules.append((lambda prompt: to in _asked(prompt), lambda prompt: None))
        self._failures[to] = reason
        return self

    def count_tokens(self, text: str) -> int:
        """Words."""
        return word_count(text)

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        """Answer `at_once` prompts at a time, the last taken first."""
        coming = iter(prompts)
        taken: list[Prompt] = []
        while True:
            while len(taken) < self.at_once and (prompt := next(coming, None)) is not None:
                self.asked.append(prompt)
                taken.append(prompt)
            if not taken:
                return
            yield self._answer(taken.pop())

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def _answer(self, prompt: Prompt) -> Completion:
        text: str | None = " ".join(prompt.document.split()[:20])
        for knows, speak in reversed(self._rules):
            if knows(prompt):
                text = speak(prompt)
                break
        asked = sum(word_count(message.content) for message in prompt.messages) or word_count(prompt.document)
        room = prompt.max_tokens if prompt.messages else 0
        if asked + room > self.context:
            return self._error(prompt, asked, "the prompt is over the context")
        if text is None:
            reason = next(why for to, why in self._failures.items() if to in _asked(prompt))
            return self._error(prompt, asked, reason)
        return Completion(
            id=prompt.id, text=text, prompt_tokens=asked, completion_tokens=word_count(text), finish="stop"
        )

    @staticmethod
    def _error(prompt: Prompt, asked: int, reason: str) -> Completion:
        return Completion(id=prompt.id, text="", prompt_tokens=asked, completion_tokens=0, finish="error", error=reason)


def _asked(prompt: Prompt) -> str:
    return prompt.messages[-1].content if prompt.messages else prompt.document
