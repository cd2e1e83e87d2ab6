"""The strategy for points in another language than the article's: a model reads its numbered sentences.

Nothing in a German point shows by itself which English sentence it was made of, so the model says so: behind each point
come the numbers of its sentences (prompts/points_numbered.j2). Before the points, the default model had each of four
French ones one number short; behind them, all were right. In at most four rounds:

1. the article's sentences, in parts where they are over the model's window, become a headline and points;
2. a point whose numbers, dates or acronyms the article lacks, that cannot stand as it is, or that is in the article's
   language (all of an answer's are, where they are when taken together) is written anew from the sentences that the
   model gave for it, once, or dropped; where it gave none, it is dropped;
3. where none tells of the article's beginning, its first sentence becomes one;
4. where fewer than three are left, more are written from telling sentences that nothing cites yet.

A point for which neither the model nor what both languages write alike nor a model of meanings (`SummaryOptions.embed`)
gives a sentence has no citation, and is shown as one without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from briefing.engines.base import Engine, Prompt
from briefing.ground import Check
from briefing.nlp.chunk import chunks
from briefing.nlp.salience import ranked
from briefing.nlp.text import word_count
from briefing.summariser.answer_length import NUMBER_TOKENS, answer_tokens, point_tokens, text_budget
from briefing.summariser.draft import Draft, rejection_reason
from briefing.summariser.ladder import has_dangling_reference
from briefing.summariser.mmr import LEAD, leads
from briefing.summariser.parsing import clean, form_problem, points_schema, read_points, with_full_stop
from briefing.summariser.prompts import PromptBook
from briefing.summariser.scheduler import Conversation
from briefing.types import KeyPoint

__all__ = ["PROMPTS", "read_numbers", "tell", "tell_sentence"]

PROMPTS = ("points_numbered", "rewrite")
"""Every prompt this strategy uses."""
_SHORTEST = 8
"""Words of a sentence that may become a point of its own."""
_MOST_CITED = 2
_BRACKETS = re.compile(r"\s*\[\s*(\d{1,4}(?:[^\d\[\]]{1,6}\d{1,4})*)\s*\]")
"""Numbers of sentences: "[3]", "[1, 4]", "[1-3]", "[1 und 2]". Round ones are the point's own: "stieg (12)"."""
_BEFORE = re.compile(rf"(?:{_BRACKETS.pattern}\s*[:.]?)+\s*")
_BEHIND = re.compile(rf"(?:{_BRACKETS.pattern}[.,;]?)+\s*\Z")
_RANGE = re.compile(r"(\d+)(?:\s*[-‐-―]\s*(\d+))?")


@dataclass(frozen=True, slots=True)
class _Part:
    """Sentences of the article that one prompt shows."""

    numbers: tuple[int, ...]
    """As the article counts them, from 1."""
    texts: tuple[str, ...]


def tell(draft: Draft, engine: Engine, prompts: PromptBook) -> Conversation[None]:
    """Fill the draft with points. Raises `EngineError` where the model does not answer."""
    asker = _Asker.of(draft, engine, prompts)
    parts = asker.parts()
    if not parts:
        return  # there is nothing to number; the article's own sentences are quoted instead (`condense`)
    share = draft.options.candidates
    if len(parts) > 1:
        draft.warnings.append(f"The article is long; it was read in {len(parts)} parts.")
        share = max(2, -(-share // len(parts)) + 1)
    asked = [asker.points(part, share) for part in parts]
    shown = -(-draft.options.points // len(parts))
    answers = yield from draft.ask(asked, engine.context, partial(_tells_enough, shown))
    written: list[tuple[str, tuple[int, ...], bool]] = []
    for part, answer in zip(parts, answers, strict=True):
        headline, points = read_points(answer.text, cut=answer.cut)
        read = [read_numbers(point, part.numbers) for point in points]
        astray = draft.all_astray([text for text, _ in read])
        if part is parts[0] and not astray:
            draft.headline = headline
        written += [(text, cited, astray) for text, cited in read]
    yield from _keep(draft, asker, written)
    if not any(map(leads, draft.points)):
        yield from _lead(draft, asker)
    if len(draft.points) < draft.options.fewest:
        yield from _fill(draft, asker)
    if draft.strayed and not draft.points:
        draft.warnings.append("The model writes in the article's language only.")


def tell_sentence(draft: Draft, sentence: int, engine: Engine, prompts: PromptBook) -> Conversation[KeyPoint | None]:
    """One sentence of the article as a point; None where none held."""
    return (yield from _from_sentence(draft, sentence, _Asker.of(draft, engine, prompts)))


def read_numbers(point: str, known: Sequence[int]) -> tuple[str, tuple[int, ...]]:
    """A point's text, and the sentences (from 0) whose numbers stand in brackets around or in it: two at most, of the
    `known`.
    """
    text = _BRACKETS.sub("", _BEHIND.sub("", _BEFORE.sub("", point, count=1) if _BEFORE.match(point) else point))
    if not text.strip():
        return clean(point), ()
    numbers: dict[int, None] = {}
    for group in _BRACKETS.findall(point):
        for first, last in _RANGE.findall(group):
            numbers |= dict.fromkeys(range(int(first), int(last or first) + 1))
    cited = tuple(number - 1 for number in numbers if number in known)
    return clean(text), cited[:_MOST_CITED]


def _tells_enough(shown: int, answer: str) -> bool:
    """Whether an answer that was cut has as many whole points as are `shown` of its part."""
    return len(read_points(answer, cut=True)[1]) >= shown


# --- asking --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asker:
    """Makes prompts for one article."""

    draft: Draft
    engine: Engine
    prompts: PromptBook
    point_tokens: int
    """Tokens that a point may have, in the language of the summary."""

    @classmethod
    def of(cls, draft: Draft, engine: Engine, prompts: PromptBook) -> _Asker:
        return cls(draft, engine, prompts, point_tokens(draft.examples, engine.count_tokens))

    def parts(self) -> list[_Part]:
        """The article's sentences, but those that give orders, in as few parts as the window allows; none where all
        give orders.
        """
        room = text_budget(self.points(_Part((), ()), self.draft.options.candidates), self.engine)
        items = [
            (index + 1, piece.text)
            for index, sentence in enumerate(self.draft.evidence.sentences)
            if index not in self.draft.evidence.injections
            for piece in chunks(" ".join(sentence.text.split()), room, self.engine.count_tokens)
        ]
        costs = [self.engine.count_tokens(f"[{number}] {text}\n") + 2 for number, text in items]
        target = sum(costs) / max(1, -(-sum(costs) // room))
        found: list[list[tuple[int, str]]] = [[]]
        used = 0
        for item, cost in zip(items, costs, strict=True):
            if found[-1] and (used + cost > room or used >= target):
                found.append([])
                used = 0
            found[-1].append(item)
            used += cost
        return [_Part(tuple(number for number, _ in part), tuple(text for _, text in part)) for part in found if part]

    def points(self, part: _Part, most: int) -> Prompt:
        fewest = min(self.draft.options.fewest, most)
        variables = {
            "sentences": list(part.texts), "numbers": list(part.numbers), "points": most, "fewest": fewest,
        }  # fmt: skip
        asked = self._prompt("points_numbered", " ".join(part.texts), variables, most + 1)
        room = asked.max_tokens + most * NUMBER_TOKENS
        return replace(asked, points=most, schema=points_schema(fewest, most), max_tokens=room)

    def rewrite(self, behind: Sequence[int], failed: Sequence[str] = ()) -> Prompt:
        texts = [self.draft.evidence.sentences[index].text for index in behind]
        return self._prompt("rewrite", " ".join(texts), {"sentences": texts, "failed": list(failed)}, 1)

    def _prompt(self, name: str, document: str, variables: dict[str, object], sentences: int) -> Prompt:
        low, high = self.draft.options.point_words
        language = self.prompts.language(self.draft.language)
        title = self.draft.article.title
        variables = {**variables, "words_low": low, "words_high": high, "title": title, "language": language}
        return Prompt(
            id="",
            messages=self.prompts.messages(name, **variables),
            document=document,
            points=sentences,
            max_tokens=answer_tokens(sentences, self.point_tokens, self.engine.context),
            stop=("\n\n",),
            grammar=self.prompts.grammar(name, **variables),
        )


# --- the rounds ----------------------------------------------------------------------------------------------


def _unfit(draft: Draft, point: str, found: Check, astray: bool = False) -> str:
    """Why a point may not be shown; empty when it may. `astray`: its answer is in the article's language."""
    if astray or draft.astray(point):
        return "not in the language asked for"
    foreign = draft.language != "en" and has_dangling_reference(point, (), draft.language)
    return form_problem(point) or rejection_reason(found) or ("begins with a pronoun" if foreign else "")


def _keep(draft: Draft, asker: _Asker, written: Sequence[tuple[str, tuple[int, ...], bool]]) -> Conversation[None]:
    """Round 2: keep what holds, in order; give every other point that has sentences one chance.

    `written`: each point's text, its sentences, and whether its answer is in the article's language.
    """
    slots: list[tuple[str, Check] | None] = []
    again: list[tuple[int, tuple[int, ...], str, str]] = []
    asked: list[Prompt] = []
    for text, cited, astray in written:
        found = draft.check(text, cited)
        reason = _unfit(draft, text, found, astray)
        slots.append(None if reason else (text, found))
        if reason and cited:
            again.append((len(slots) - 1, cited, text, reason))
            asked.append(asker.rewrite(cited, [part.surface for part in found.missing if part.surface != text]))
        elif reason:
            draft.warnings.append(f"Left out ({reason}): {text}")
    if asked:
        answers = yield from draft.ask(asked, asker.engine.context)
        astray = draft.all_astray([answer.prose for answer in answers])
        for (place, cited, text, reason), answer in zip(again, answers, strict=True):
            rewritten = answer.prose
            found = draft.check(rewritten, cited)
            if rewritten and not _unfit(draft, rewritten, found, astray):
                slots[place] = (rewritten, found)
            else:
                draft.warnings.append(f"Left out ({reason}): {text}")
    for slot in slots:
        if slot and not draft.told_already(slot[0]):
            draft.keep(*slot)


def _from_sentence(draft: Draft, sentence: int, asker: _Asker) -> Conversation[KeyPoint | None]:
    (answer,) = yield from draft.ask([asker.rewrite([sentence])], asker.engine.context)
    point = answer.prose
    found = draft.check(point, (sentence,))
    if not point or _unfit(draft, point, found) or draft.told_already(point):
        return None
    return KeyPoint(text=with_full_stop(point), citations=found.citations, verdict=found.verdict)


def _telling(draft: Draft) -> Iterator[int]:
    """Sentences that could be points of their own, most telling first, but those that are cited."""
    cited = {citation.sentence for point in draft.points for citation in point.citations}
    whole = draft.evidence.sentences
    for index in ranked(whole):
        if index not in cited | draft.evidence.injections and word_count(whole[index].text) >= _SHORTEST:
            yield index


def _lead(draft: Draft, asker: _Asker) -> Conversation[None]:
    """Round 3."""
    first = min((index for index in _telling(draft) if index < LEAD), default=None)
    if first is not None and (point := (yield from _from_sentence(draft, first, asker))):
        draft.points.insert(0, point)


def _fill(draft: Draft, asker: _Asker) -> Conversation[None]:
    """Round 4."""
    needed = draft.options.fewest - len(draft.points)
    for index in list(_telling(draft))[: 2 * needed + 1]:
        if len(draft.points) >= draft.options.fewest:
            return
        if point := (yield from _from_sentence(draft, index, asker)):
            draft.points.append(point)
