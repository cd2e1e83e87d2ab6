"""The strategy for sequence-to-sequence summarisers, which take text and give a shorter one.

1. the article, or each window of it where it is over the model's, becomes a few sentences; windows end at sentence
   borders and cover the article;
2. the windows' sentences are condensed again until they fit into one window;
3. each sentence that stands alone and that the article supports is a key point; the others are dropped;
4. while points are missing, the first sentences of the windows' summaries are added, and below three points, those of
   smaller windows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from briefing.engines.base import Engine, Prompt
from briefing.nlp.chunk import chunks
from briefing.nlp.sentences import sentences
from briefing.summariser.answer_length import POINT_TOKENS, point_tokens
from briefing.summariser.draft import Draft, rejection_reason
from briefing.summariser.parsing import Answer, clean, form_problem
from briefing.summariser.scheduler import Conversation

_ANSWER_TOKENS = 160
"""In English, for a model that does not state the length of its summaries."""
_SMALLEST = 64
"""Tokens of a window; of shorter texts models of this kind hallucinate."""


def write_points(draft: Draft, engine: Engine) -> Conversation[None]:
    """Fill the draft with points. Raises `EngineError` where the model does not answer."""
    text = draft.article.text
    windows = yield from _condensed(draft, engine, text, engine.context, draft.article.language)
    if len(windows) > 1:
        draft.warnings.append(f"The article is long; it was read in {len(windows)} parts.")
    condensed = windows
    while len(condensed) > 1:
        joined = "\n".join(line for part in condensed for line in part)
        shorter = yield from _condensed(draft, engine, joined, engine.context, draft.answer_language)
        if len(shorter) >= len(condensed):
            break  # this model does not condense any further
        condensed = shorter
    lines = [line for part in windows for line in part]
    if draft.translated and lines and sum(map(draft.in_articles_language, lines)) > len(lines) / 2:
        draft.untranslated = True
        draft.warnings.append("The model writes in the article's language only.")
    _keep(draft, (line for part in condensed for line in part), warn=True)
    if len(windows) > 1:
        _keep(draft, (line for part in windows for line in part[:1]))
    if len(draft.points) < draft.options.fewest:
        tokens = engine.count_tokens(text)
        smaller = max(_SMALLEST, tokens // (draft.options.fewest + 1) + 16)
        if smaller < min(tokens, engine.context):
            parts = yield from _condensed(draft, engine, text, smaller, draft.article.language)
            _keep(draft, (line for part in parts for line in part[:1]))


def _condensed(draft: Draft, engine: Engine, text: str, window: int, language: str) -> Conversation[list[list[str]]]:
    """The summary of each window of `text`, which is in `language`, of at most `window` tokens, in sentences."""
    pieces = chunks(text, window, engine.count_tokens, language)
    max_tokens = _ANSWER_TOKENS * point_tokens(draft.examples, engine.count_tokens) // POINT_TOKENS
    answers = draft.take((yield [_prompt(draft, piece.text, max_tokens) for piece in pieces]))
    return [_whole_sentences(draft, answer) for answer in answers]


def _whole_sentences(draft: Draft, answer: Answer) -> list[str]:
    """An answer's sentences, without a truncated last one. There is no retry: these models have a length of their own,
    whatever the limit.
    """
    lines = _sentences(answer.text, draft.answer_language)
    if answer.cut and lines:
        draft.warnings.append(f"Left out (broken off): {lines.pop()}")
    return lines


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


def _sentences(answer: str, language: str) -> list[str]:
    """An answer's sentences, which PEGASUS separates by ``<n>``."""
    lines = re.sub(r"\s*<n>\s*|\s*\n\s*", "\n", answer).splitlines()
    # Models trained on tokenised text write a blank before a full stop, which hides sentence ends.
    joined = (re.sub(r"(?<!\s)\s+([.,;:!?])(?=\s|$)", r"\1", line) for line in lines)
    return [text for line in joined for sentence in sentences(line, language) if (text := clean(sentence.text))]


def _keep(draft: Draft, lines: Iterable[str], *, warn: bool = False) -> None:
    """Keep what may be shown, up to the points asked for; with `warn`, the rest goes to the warnings."""
    for line in lines:
        check = draft.check(line)
        astray = "not in the language asked for" if draft.in_articles_language(line) else ""
        reason = form_problem(line, draft.answer_language) or rejection_reason(check) or astray
        if reason and warn:
            draft.warnings.append(f"Left out ({reason}): {line}")
        elif not reason and len(draft.points) < draft.options.points and not draft.told_already(line):
            draft.keep(line, check)
