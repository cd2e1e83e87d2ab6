"""The strategy for points in another language than the article's: a chat model reads its numbered sentences.

The model gives the numbers of the sentences behind each point (prompts/points_numbered.j2), since a German point does
not show which English sentence it was made of. With the numbers before the points, the default model had each of four
French ones one number short; after them, all were right. In at most four rounds:

1. the article's sentences, in parts where they are over the model's window, become a headline and points;
2. a point whose numbers, dates or acronyms the article lacks, that does not stand alone, or that is in the article's
   language (all of an answer's are, where they are when taken together) is rewritten once from its sentences, or
   dropped; without sentences it is dropped;
3. where none tells of the article's beginning, its first sentence becomes one;
4. where fewer than three are left, more are written from salient uncited sentences.

A point has no citation where neither the model, nor what both languages write alike, nor `SummaryOptions.embed` gives a
sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from briefing.engines.base import Engine, Prompt
from briefing.ground import Check
from briefing.nlp.chunk import chunks
from briefing.summariser.answer_length import text_budget
from briefing.summariser.chat_prompts import ChatPrompts, grouped
from briefing.summariser.draft import Draft, rejection_reason
from briefing.summariser.ladder import has_dangling_reference
from briefing.summariser.mmr import LEAD, covers_opening
from briefing.summariser.parsing import clean, form_problem, read_points, with_full_stop
from briefing.summariser.prompts import PromptBook
from briefing.summariser.scheduler import Conversation
from briefing.types import KeyPoint

PROMPTS = ("points_numbered", "rewrite")
"""Every prompt this strategy uses."""
_SHORTEST = 8
"""Words of a sentence that may become a point of its own."""
_MOST_CITED = 2
_NUMBERS = r"\[\s*(\d{1,4}(?:[^\d\[\]]{1,6}\d{1,4})*)\s*\]"
"""Numbers of sentences: "[3]", "[1, 4]", "[1-3]", "[1 und 2]". Round ones are the point's own: "stieg (12)"."""
_SPACE = r"(?<!\s)\s*"
"""A run of white space, tried from its first character alone: from each of them takes quadratic time."""
_BRACKETS = re.compile(rf"{_SPACE}{_NUMBERS}")
_BEFORE = re.compile(rf"{_SPACE}(?:{_NUMBERS}\s*(?:[:.]\s*)?)+")
_BEHIND = re.compile(rf"(?:{_SPACE}{_NUMBERS}[.,;]?)+\s*\Z")
_RANGE = re.compile(r"(\d+)(?:\s*[-‐-―]\s*(\d+))?")


def write_points(draft: Draft, engine: Engine, book: PromptBook) -> Conversation[None]:
    """Fill the draft with points. Raises `EngineError` where the model does not answer."""
    prompts = ChatPrompts.of(draft, engine, book)
    parts = _parts(draft, prompts)
    if not parts:
        return  # there is nothing to number; the story quotes the article instead
    share = draft.options.candidates
    if len(parts) > 1:
        draft.warnings.append(f"The article is long; it was read in {len(parts)} parts.")
        share = max(2, -(-share // len(parts)) + 1)
    asked = [prompts.numbered_points(part, share) for part in parts]
    shown = -(-draft.options.points // len(parts))
    answers = yield from prompts.ask(asked, partial(prompts.enough_points, shown=shown))
    written: list[tuple[str, tuple[int, ...], bool]] = []
    for part, answer in zip(parts, answers, strict=True):
        headline, points = read_points(answer.text, cut=answer.cut)
        read = [read_numbers(point, [number for number, _ in part]) for point in points]
        astray = draft.all_astray([text for text, _ in read])
        if part is parts[0] and not astray:
            draft.headline = headline
        written += [(text, cited, astray) for text, cited in read]
    yield from _keep(draft, prompts, written)
    if not any(map(covers_opening, draft.points)):
        yield from _lead(draft, prompts)
    if len(draft.points) < draft.options.fewest:
        yield from _fill(draft, prompts)
    if draft.strayed and not draft.points:
        draft.warnings.append("The model writes in the article's language only.")


def point_from_sentence(draft: Draft, sentence: int, engine: Engine, book: PromptBook) -> Conversation[KeyPoint | None]:
    """One sentence of the article as a point; None where none held."""
    return (yield from _from_sentence(draft, sentence, ChatPrompts.of(draft, engine, book)))


def read_numbers(point: str, known: Sequence[int]) -> tuple[str, tuple[int, ...]]:
    """A point's text, and the sentences (from 0) of the first two `known` numbers in brackets around or in it."""
    text = _BRACKETS.sub("", _BEHIND.sub("", _BEFORE.sub("", point, count=1) if _BEFORE.match(point) else point))
    if not text.strip():
        return clean(point), ()
    numbers: dict[int, None] = {}
    for group in _BRACKETS.findall(point):
        for first, last in _RANGE.findall(group):
            numbers |= dict.fromkeys(range(int(first), int(last or first) + 1))
    cited = tuple(number - 1 for number in numbers if number in known)
    return clean(text), cited[:_MOST_CITED]


def _parts(draft: Draft, prompts: ChatPrompts) -> list[list[tuple[int, str]]]:
    """The article's sentences with their numbers (from 1), in as few parts as the window allows.

    Sentences that give orders to a model are left out; without others there is no part.
    """
    count = prompts.engine.count_tokens
    budget = text_budget(prompts.numbered_points((), draft.options.candidates), prompts.engine)
    items = [
        (index + 1, piece.text)
        for index, sentence in enumerate(draft.evidence.sentences)
        if index not in draft.evidence.injections
        for piece in chunks(" ".join(sentence.text.split()), budget, count, draft.article.language)
    ]
    costs = [count(f"[{number}] {text}\n") + 2 for number, text in items]
    target = sum(costs) / max(1, -(-sum(costs) // budget))
    return [part for part in grouped(items, costs, budget, target) if part]


# --- the rounds ----------------------------------------------------------------------------------------------


def _unfit(draft: Draft, point: str, check: Check, astray: bool = False) -> str:
    """Why a point may not be shown; empty when it may. `astray`: its answer is in the article's language."""
    if astray or draft.astray(point):
        return "not in the language asked for"
    dangling = draft.language != "en" and has_dangling_reference(point, (), draft.language)
    return (
        form_problem(point, draft.answer_language)
        or rejection_reason(check)
        or ("begins with a pronoun" if dangling else "")
    )


def _keep(
    draft: Draft, prompts: ChatPrompts, written: Sequence[tuple[str, tuple[int, ...], bool]]
) -> Conversation[None]:
    """Round 2: keep what holds, in order; rewrite every other point that has sentences once.

    `written`: each point's text, its sentences, and whether its answer is in the article's language.
    """
    slots: list[tuple[str, Check] | None] = []
    retried: list[tuple[int, tuple[int, ...], str, str]] = []
    asked: list[Prompt] = []
    for text, cited, astray in written:
        check = draft.check(text, cited)
        reason = _unfit(draft, text, check, astray)
        slots.append(None if reason else (text, check))
        if reason and cited:
            retried.append((len(slots) - 1, cited, text, reason))
            asked.append(prompts.rewrite(cited, [part.surface for part in check.missing if part.surface != text]))
        elif reason:
            draft.warnings.append(f"Left out ({reason}): {text}")
    if asked:
        answers = yield from prompts.ask(asked)
        astray = draft.all_astray([answer.prose for answer in answers])
        for (index, cited, text, reason), answer in zip(retried, answers, strict=True):
            rewritten = answer.prose
            check = draft.check(rewritten, cited)
            if rewritten and not _unfit(draft, rewritten, check, astray):
                slots[index] = (rewritten, check)
            else:
                draft.warnings.append(f"Left out ({reason}): {text}")
    draft.keep_new(slots)


def _from_sentence(draft: Draft, sentence: int, prompts: ChatPrompts) -> Conversation[KeyPoint | None]:
    (answer,) = yield from prompts.ask([prompts.rewrite([sentence])])
    point = answer.prose
    check = draft.check(point, (sentence,))
    if not point or _unfit(draft, point, check) or draft.told_already(point):
        return None
    return KeyPoint(text=with_full_stop(point), citations=check.citations, verdict=check.verdict)


def _lead(draft: Draft, prompts: ChatPrompts) -> Conversation[None]:
    """Round 3."""
    first = min((index for index in draft.uncited(_SHORTEST) if index < LEAD), default=None)
    if first is not None and (point := (yield from _from_sentence(draft, first, prompts))):
        draft.points.insert(0, point)


def _fill(draft: Draft, prompts: ChatPrompts) -> Conversation[None]:
    """Round 4."""
    needed = draft.options.fewest - len(draft.points)
    for index in draft.uncited(_SHORTEST)[: 2 * needed + 1]:
        if len(draft.points) >= draft.options.fewest:
            return
        if point := (yield from _from_sentence(draft, index, prompts)):
            draft.points.append(point)
