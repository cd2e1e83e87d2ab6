"""The strategy for models that take no instructions: they are given text and give back a shorter one.

1. the article, or each of its windows where it is over the model's, becomes a few sentences; windows end at sentence
   borders, and none is left out;
2. the windows' sentences are condensed again until one window holds them all;
3. each sentence that stands alone and that the article supports is a key point; nobody can be asked to mend the others;
4. what room is left is for the windows' own beginnings, and where there are fewer than three points, for those of
   smaller windows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from briefing.engines.base import Engine, Prompt
from briefing.nlp.chunk import chunks
from briefing.nlp.text import sentences
from briefing.summariser.answer_length import POINT_TOKENS, point_tokens
from briefing.summariser.draft import Draft, rejection_reason
from briefing.summariser.parsing import Answer, clean, form_problem
from briefing.summariser.scheduler import Conversation

__all__ = ["tell"]

_ANSWER_TOKENS = 160
"""In English, for a model that does not say how long its summaries are."""
_SMALLEST = 64
"""Tokens of a window under which a model of this kind tells of something else."""


def tell(draft: Draft, engine: Engine) -> Conversation[None]:
    """Fill the draft with points. Raises `EngineError` where the model does not answer."""
    text = draft.article.text
    windows = yield from _condensed(draft, engine, text, engine.context)
    if len(windows) > 1:
        draft.warnings.append(f"The article is long; it was read in {len(windows)} parts.")
    told = windows
    while len(told) > 1:
        shorter = yield from _condensed(
            draft, engine, "\n".join(line for part in told for line in part), engine.context
        )
        if len(shorter) >= len(told):
            break  # this model does not condense; its windows' sentences are what there is
        told = shorter
    lines = [line for part in windows for line in part]
    if draft.translated and lines and sum(map(draft.in_articles_language, lines)) > len(lines) / 2:
        draft.untranslated = True
        draft.warnings.append("The model writes in the article's language only.")
    _keep(draft, (line for part in told for line in part), blamed=True)
    if len(windows) > 1:
        _keep(draft, (line for part in windows for line in part[:1]))
    if len(draft.points) < draft.options.fewest:
        tokens = engine.count_tokens(text)
        smaller = max(_SMALLEST, tokens // (draft.options.fewest + 1) + 16)
        if smaller < min(tokens, engine.context):
            parts = yield from _condensed(draft, engine, text, smaller)
            _keep(draft, (line for part in parts for line in part[:1]))


def _condensed(draft: Draft, engine: Engine, text: str, room: int) -> Conversation[list[list[str]]]:
    """The sentences that each window of at most `room` tokens became."""
    pieces = chunks(text, room, engine.count_tokens)
    room_to_answer = _ANSWER_TOKENS * point_tokens(draft.examples, engine.count_tokens) // POINT_TOKENS
    answers = draft.take((yield [_prompt(draft, piece.text, room_to_answer) for piece in pieces]))
    return [_whole_sentences(draft, answer) for answer in answers]


def _whole_sentences(draft: Draft, answer: Answer) -> list[str]:
    """An answer's sentences, without the last one of an answer that was cut: most models of this kind write as much as
    they have been set to, whatever room they are given, so that asking again would bring the same.
    """
    found = _sentences(answer.text)
    if answer.cut and found:
        draft.warnings.append(f"Left out (broken off): {found.pop()}")
    return found


def _prompt(draft: Draft, text: str, max_tokens: int) -> Prompt:
    return Prompt(
        id="",
        messages=(),
        document=text,
        points=draft.options.points,
        max_tokens=max_tokens,
        language="" if draft.article.language == "und" else draft.article.language,
        answer_language=draft.options.language,
    )


def _sentences(answer: str) -> list[str]:
    """An answer's sentences: PEGASUS parts them by ``<n>``, others by nothing but their full stops."""
    lines = re.sub(r"\s*<n>\s*|\s*\n\s*", "\n", answer).splitlines()
    return [text for line in lines for one in sentences(_spaced(line)) if (text := clean(one.text))]


def _spaced(line: str) -> str:
    """Models that learnt from split text write a blank before a full stop, which hides where sentences end."""
    return re.sub(r"(?<!\s)\s+([.,;:!?])(?=\s|$)", r"\1", line)


def _keep(draft: Draft, lines: Iterable[str], *, blamed: bool = False) -> None:
    """Keep what may be shown, up to the points wished for; where `blamed`, say what was left out."""
    for line in lines:
        found = draft.check(line)
        elsewhere = "not in the language asked for" if draft.in_articles_language(line) else ""
        reason = form_problem(line) or rejection_reason(found) or elsewhere
        if reason and blamed:
            draft.warnings.append(f"Left out ({reason}): {line}")
        elif not reason and len(draft.points) < draft.options.points and not draft.told_already(line):
            draft.keep(line, found)
