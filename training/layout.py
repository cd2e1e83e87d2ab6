"""What the model reads and answers, byte for byte, from the prompts the product asks with (prompts/cite.j2, check.j2).

The product and the training share the templates, so that neither can change without the other; around them stands the
chat frame of the base (ChatML: https://github.com/openai/openai-python/blob/v0.28.1/chatml.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from briefing.assets import environment
from briefing.engines.base import Message
from briefing.summariser.prompts import PromptBook

__all__ = ["END", "Layout", "Question", "answer", "line"]

END = "<|im_end|>"
"""Closes a turn."""


@dataclass(frozen=True, slots=True)
class Question:
    """One article's prompts, cut where they part."""

    beginning: str
    """Up to and with the sentences: what both tasks share and an engine reads once."""
    write: str
    """What asks for key points, behind the beginning."""
    check: str
    """What asks for verdicts, behind the beginning; the statement follows."""


class Layout:
    """The prompts of an article's sentences."""

    def __init__(self, book: PromptBook | None = None) -> None:
        self._book = book or PromptBook(environment("prompts"))

    def question(
        self, sentences: Sequence[str], *, points: int = 1, length: str = "medium", headline: bool = False
    ) -> Question:
        """What is asked over these sentences; `length` is ``short``, ``medium`` or ``long``."""
        given: dict[str, Any] = {"sentences": list(sentences)}
        write = _framed(self._book.messages("cite", **given, points=points, length=length, headline=headline))
        check = self.check(sentences, [1], "X")
        alike = next(place for place, (a, b) in enumerate(zip(write, check, strict=False)) if a != b)
        beginning = check[:alike]
        order = check.removeprefix(beginning).removesuffix(line([1], "X") + " |")
        return Question(beginning, write.removeprefix(beginning), order)

    def check(self, sentences: Sequence[str], cites: Sequence[int], statement: str) -> str:
        """The whole prompt behind which ``yes`` or ``no`` follows."""
        return _framed(self._book.messages("check", sentences=list(sentences), cites=list(cites), statement=statement))


def line(cites: Sequence[int], text: str) -> str:
    """A key point or statement behind the numbers of its sentences."""
    return f"[{','.join(map(str, cites))}] {text}"


def answer(points: Sequence[tuple[Sequence[int], str]], headline: str | None) -> str:
    """What the model should write: the headline where one is asked for, a line a point, and the end of the turn."""
    lines = ([f"# {headline}"] if headline else []) + [line(cites, text) for cites, text in points]
    return "\n".join(lines) + END


def _framed(messages: Sequence[Message]) -> str:
    """The turns in the base's chat frame; where the last is the model's own, it stays open."""
    text = "".join(f"<|im_start|>{one.role}\n{one.content}{END}\n" for one in messages)
    return text.removesuffix(f"{END}\n") if messages[-1].role == "assistant" else f"{text}<|im_start|>assistant\n"
