"""What an engine was given to read of an article."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from briefing.assets import environment
from briefing.engines import Completion, Prompt
from briefing.nlp.text import article_id
from briefing.summariser import PromptBook, SummaryOptions, summarise_all
from briefing.types import Article


class Overheard:
    """An engine as it is, whose prompts and answers are kept."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.prompts: list[Prompt] = []
        self.answers: list[Completion] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        for completion in self._engine.complete(self._noted(prompts)):
            self.answers.append(completion)
            yield completion

    def _noted(self, prompts: Iterable[Prompt]) -> Iterator[Prompt]:
        for prompt in prompts:
            self.prompts.append(prompt)
            yield prompt


def overheard(engine: Any, text: str) -> Overheard:
    """`engine`, once it has been asked for a summary of `text`."""
    heard = Overheard(engine)
    article = Article(id=article_id(None, text), title="Towns", text=text, source="Post", language="en")
    options = SummaryOptions(points=2)
    list(summarise_all([article], heard, PromptBook(environment("prompts")), options))
    return heard


def all_read(heard: Overheard, text: str) -> bool:
    """Whether each sentence of `text` was in a prompt, and more than one was needed, and none was over the window."""
    read = " ".join(" ".join([prompt.document, *(m.content for m in prompt.messages)]) for prompt in heard.prompts)
    assert [answer.error for answer in heard.answers if answer.error] == []
    assert heard.answers
    first = [prompt for prompt in heard.prompts if text not in prompt.document]
    assert len(first) > 1
    said = " ".join(read.split())
    return all(sentence in said for sentence in text.replace("\n", " ").split(". ") if sentence.strip())
