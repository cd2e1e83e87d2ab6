"""Prompts about one article for chat models, within the model's window; the strategies decide what is asked when."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from briefing.engines.base import Engine, Prompt
from briefing.ground import Check
from briefing.nlp.text import characters_a_word
from briefing.summariser.answer_length import NUMBER_TOKENS, answer_tokens, point_tokens
from briefing.summariser.draft import Draft
from briefing.summariser.language_samples import sample_sentences
from briefing.summariser.parsing import Answer, points_schema, read_points
from briefing.summariser.prompts import PromptBook
from briefing.summariser.scheduler import Conversation

T = TypeVar("T")

_CHOICES = ("yes", "no")
_CHOICE_TOKENS = 8
"""Of such an answer, for engines that write it out: "**Answer:** yes"."""


@dataclass(frozen=True, slots=True)
class ChatPrompts:
    """Makes and asks prompts about one article."""

    draft: Draft
    engine: Engine
    book: PromptBook
    point_tokens: int
    """Limit of a point's tokens, in the language of the summary."""

    @classmethod
    def of(cls, draft: Draft, engine: Engine, book: PromptBook) -> ChatPrompts:
        """With the limit of tokens measured on the draft's examples."""
        return cls(draft, engine, book, point_tokens(draft.examples, engine.count_tokens))

    def ask(
        self, prompts: Sequence[Prompt], enough: Callable[[str], bool] = lambda text: False
    ) -> Conversation[list[Answer]]:
        """`Draft.ask` within the engine's window."""
        return (yield from self.draft.ask(prompts, self.engine.context, enough))

    def points(self, text: str) -> Prompt:
        """Headline and points of (a part of) the article."""
        return self._points("points", "points", text, self.draft.options.candidates, article=text)

    def merge(self, notes: Sequence[str]) -> Prompt:
        """Headline and points of notes about parts of the article."""
        return self._points("merge", "points", "\n".join(notes), self.draft.options.candidates, notes=list(notes))

    def numbered_points(self, part: Sequence[tuple[int, str]], most: int) -> Prompt:
        """Headline and at most `most` points of numbered sentences, each with the numbers of its sentences."""
        numbers, texts = [number for number, _ in part], [text for _, text in part]
        asked = self._points(
            "points_numbered", "points_numbered", " ".join(texts), most, sentences=texts, numbers=numbers
        )
        return replace(asked, max_tokens=asked.max_tokens + most * NUMBER_TOKENS)

    def rewrite(self, sentences: Sequence[int], failed: Sequence[str] = ()) -> Prompt:
        """A point from these sentences of the article, without what `failed`."""
        texts = [self.draft.evidence.sentences[index].text for index in sentences]
        return self._prompt("rewrite", "rewrite", " ".join(texts), 1, sentences=texts, failed=list(failed))

    def judge(self, check: Check, point: str) -> Prompt:
        """Whether the cited sentences say the point: yes or no."""
        cited = [citation.text for citation in check.citations]
        asked = self._prompt("judge", "", " ".join([*cited, point]), 1, sentences=cited, point=point)
        return replace(asked, choices=_CHOICES, max_tokens=_CHOICE_TOKENS)

    def paragraph(self, notes: Sequence[str]) -> Prompt:
        """Prose from the points."""
        low, high = self.draft.options.paragraph_words
        return self._prompt(
            "paragraph", "", " ".join(notes), -(-high // 20), notes=list(notes), words_low=low, words_high=high
        )

    def enough_points(self, answer: str, shown: int = 0) -> bool:
        """Whether a truncated answer has `shown` whole points; by default as many as the summary."""
        return len(read_points(answer, cut=True)[1]) >= (shown or self.draft.options.points)

    def _points(self, name: str, grammar: str, document: str, most: int, /, **variables: object) -> Prompt:
        fewest = min(self.draft.options.fewest, most)
        asked = self._prompt(name, grammar, document, most + 1, points=most, fewest=fewest, **variables)
        return replace(asked, points=most, schema=points_schema(fewest, most))

    def _prompt(self, name: str, grammar: str, document: str, count: int, /, **variables: object) -> Prompt:
        """A prompt for an answer of `count` sentences, constrained by `grammar` (none where empty)."""
        low, high = self.draft.options.point_words
        language = self.book.language(self.draft.language)
        title = self.draft.article.title
        characters = characters_a_word(" ".join(sample_sentences(self.draft.language)))
        variables = {"words_low": low, "words_high": high, "characters": characters, **variables, "title": title,
                     "language": language}  # fmt: skip
        return Prompt(
            id="",
            messages=self.book.messages(name, **variables),
            document=document,
            points=count,
            max_tokens=answer_tokens(count, self.point_tokens, self.engine.context),
            stop=("\n\n",),
            grammar=self.book.grammar(grammar, **variables) if grammar else None,
        )


def grouped(items: Sequence[T], costs: Sequence[int], limit: int, target: float = math.inf) -> list[list[T]]:
    """Consecutive `items` in groups of at most `limit` tokens, each closed once it has `target`."""
    groups: list[list[T]] = [[]]
    used = 0
    for item, cost in zip(items, costs, strict=True):
        if groups[-1] and (used + cost > limit or used >= target):
            groups.append([])
            used = 0
        groups[-1].append(item)
        used += cost
    return groups
