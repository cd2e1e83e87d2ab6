"""A scripted engine, for tests of everything around a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, Self

from briefing.engines.base import Completion, Prompt
from briefing.nlp.text import word_count

Finish = Literal["stop", "length"]
Rule = tuple[Callable[[Prompt], bool], Callable[[Prompt], str | None], Finish]


class FakeEngine:
    """Answers prompts by rules, latest first; without a matching rule, with the beginning of the prompt's document.

    ::

        engine = FakeEngine().says("# Headline\\n- A point.", to="moon landing").fails("no memory", to="boom")
        engine.asked  # its prompts, in order

    `tokens` counts tokens, by default words. Without `instructable` it takes documents, not messages. It takes
    `at_once` prompts before its first answer, and answers the last one first. `cuts`: truncates answers to
    `Prompt.max_tokens` at a word. `tuned`: gives probabilities of `Prompt.choices`, 1 for its answer.
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
        tokens: Callable[[str], int] = word_count,
        cuts: bool = False,
    ) -> None:
        self.instructable = instructable
        self.tuned = tuned
        self.model = model
        self.digest = f"fake {model} {context}"
        self.context = context
        self.cuts = cuts
        self.count_tokens = tokens
        self.at_once = at_once
        self.asked: list[Prompt] = []
        self.closed = False
        self._rules: list[Rule] = []
        self._failures: dict[str, str] = {}

    def says(self, answer: str | Callable[[Prompt], str], *, to: str = "", finish: Finish = "stop") -> Self:
        """Answer prompts with `to` in the last message (else document) with `answer`, or what it returns."""
        speak = answer if callable(answer) else lambda prompt, text=answer: text
        self._rules.append((lambda prompt: to in _asked(prompt), speak, finish))
        return self

    def fails(self, reason: str, *, to: str = "") -> Self:
        """Fail prompts with `to` in the last message."""
        self._rules.append((lambda prompt: to in _asked(prompt), lambda prompt: None, "stop"))
        self._failures[to] = reason
        return self

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        """Answer `at_once` prompts at a time, the last taken first."""
        queue = iter(prompts)
        taken: list[Prompt] = []
        while True:
            while len(taken) < self.at_once and (prompt := next(queue, None)) is not None:
                self.asked.append(prompt)
                taken.append(prompt)
            if not taken:
                return
            yield self._answer(taken.pop())

    def close(self) -> None:
        """Set `closed`."""
        self.closed = True

    def _answer(self, prompt: Prompt) -> Completion:
        text: str | None = " ".join(prompt.document.split()[:20])
        finish: Finish = "stop"
        for matches, answer, reason in reversed(self._rules):
            if matches(prompt):
                text, finish = answer(prompt), reason
                break
        count = self.count_tokens
        asked = sum(count(message.content) for message in prompt.messages) or count(prompt.document)
        reserved = prompt.max_tokens if prompt.messages else 0
        if asked + reserved > self.context:
            return self._error(prompt, asked, "the prompt is over the context")
        if text is None:
            error = next(error for to, error in self._failures.items() if to in _asked(prompt))
            return self._error(prompt, asked, error)
        if self.cuts and count(text) > prompt.max_tokens:
            text, finish = _fitting(text, prompt.max_tokens, count), "length"
        odds = tuple(float(text.strip() == choice.strip()) for choice in prompt.choices) if self.tuned else ()
        return Completion(
            id=prompt.id,
            text=text,
            prompt_tokens=asked,
            completion_tokens=count(text),
            finish=finish,
            odds=odds if any(odds) else (),
        )

    @staticmethod
    def _error(prompt: Prompt, asked: int, reason: str) -> Completion:
        return Completion(id=prompt.id, text="", prompt_tokens=asked, completion_tokens=0, finish="error", error=reason)


def _fitting(text: str, most: int, count: Callable[[str], int]) -> str:
    """`text` up to the last word with which it has at most `most` tokens."""
    ends = [match.end() for match in re.finditer(r"\S+", text)]
    return text[: next((end for end in reversed(ends) if count(text[:end]) <= most), 0)]


def _asked(prompt: Prompt) -> str:
    return prompt.messages[-1].content if prompt.messages else prompt.document
