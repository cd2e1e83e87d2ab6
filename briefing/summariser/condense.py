"""The conversation that condenses one article, whatever kind of model it is held with."""

from __future__ import annotations

from collections.abc import Sequence

from briefing.engines.base import Engine, Prompt
from briefing.nlp.salience import ranked
from briefing.summariser import cite, instruct, seq2seq, translated
from briefing.summariser.draft import Draft
from briefing.summariser.mmr import chosen
from briefing.summariser.prompts import PromptBook
from briefing.summariser.scheduler import Conversation
from briefing.types import Article, Summary

__all__ = ["condense", "reads_together"]


def condense(
    draft: Draft, engine: Engine, prompts: PromptBook, others: Sequence[Article] = ()
) -> Conversation[Summary]:
    """An article as short as a summary is shown as it is; any other is told by the strategy that suits the engine.

    `others`: the articles that tell the same story, for a strategy that reads them together (`reads_together`).

    Where no point holds, the article's own most telling sentences stand in, labelled as quotations. Raises
    `EngineError` where the model does not answer.
    """
    options = draft.options
    if draft.short:
        draft.quote(range(len(draft.evidence.sentences)))
        draft.warnings.append("The article is as short as a summary; it is shown as it is.")
    elif engine.verbatim:
        yield from _extract(draft)
    elif cite.suits(draft, engine):
        yield from cite.tell([draft, *(Draft.of(other, options) for other in others)], prompts)
    elif engine.instructable and draft.translated:
        yield from translated.tell(draft, engine, prompts)
    elif engine.instructable:
        yield from instruct.tell(draft, engine, prompts)
    else:
        yield from seq2seq.tell(draft, engine)
    if not draft.short and len(draft.points) > options.points:
        draft.points = chosen(draft.points, options.points, ranked(draft.evidence.sentences))
    if not draft.points:
        draft.quote(sorted(ranked(draft.evidence.sentences)[: options.fewest]))
        draft.warnings.append("No key point held against the article; its own sentences are quoted instead.")
    if options.paragraph and engine.instructable:
        yield from instruct.tell_as_prose(draft, engine, prompts)
    elif options.paragraph:
        draft.paragraph = " ".join(point.text for point in draft.points)
    return draft.summary(engine.model, engine.name)


def reads_together(draft: Draft, engine: Engine) -> bool:
    """Whether the strategy for this story reads all its articles in one prompt; else it reads the first (`draft`)."""
    return not draft.short and cite.suits(draft, engine)


def _extract(draft: Draft) -> Conversation[None]:
    """An engine that answers in the article's own sentences: every one of them is a quotation."""
    prompt = Prompt(id="", messages=(), document=draft.article.text, points=draft.options.points, max_tokens=0)
    (answer,) = draft.take((yield [prompt]))
    lines = {line.strip() for line in answer.text.splitlines() if line.strip()}
    whole_text = draft.evidence.sentences
    draft.quote(i for i, sentence in enumerate(whole_text) if " ".join(sentence.text.split()) in lines)
