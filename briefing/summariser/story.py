"""X"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from briefing.engines.base import Engine, Prompt
from briefing.ground import Evidence, check
from briefing.nlp.facts import stems
from briefing.nlp.salience import ranked
from briefing.nlp.text import sentences, word_count
from briefing.summariser import cite, instruct, seq2seq, translated
from briefing.summariser.draft import Draft, rejection_reason
from briefing.summariser.mmr import chosen
from briefing.summariser.options import SummaryOptions
from briefing.summariser.prompts import PromptBook
from briefing.summariser.scheduler import Conversation
from briefing.types import Article, Citation, KeyPoint, Summary, Verdict

__all__ = ["MAX_ARTICLES", "condense", "condense_story", "quoted_summary", "reads_all_articles"]


def condense(
    article: Article,
    engine: Engine,
    prompts: PromptBook,
    options: SummaryOptions,
    others: Sequence[Article] = (),
) -> Conversation[Summary]:
    """An article as short as a summary is shown as it is; any other is told by the strategy that suits the engine.

    `others`: the articles that tell the same story, for a strategy that reads them together (`reads_all_articles`).

    Where no point holds, the article's own most telling sentences stand in, labelled as quotations. Raises
    `EngineError` where the model does not answer.
    """
    draft = Draft.of(article, options)
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


def reads_all_articles(article: Article, engine: Engine, options: SummaryOptions) -> bool:
    """Whether the strategy for this story reads all its articles in one prompt; else it reads the first."""
    draft = Draft.of(article, options)
    return not draft.short and cite.suits(draft, engine)


def _extract(draft: Draft) -> Conversation[None]:
    """An engine that answers in the article's own sentences: every one of them is a quotation."""
    prompt = Prompt(id="", messages=(), document=draft.article.text, points=draft.options.points, max_tokens=0)
    (answer,) = draft.take((yield [prompt]))
    lines = {line.strip() for line in answer.text.splitlines() if line.strip()}
    whole_text = draft.evidence.sentences
    draft.quote(i for i, sentence in enumerate(whole_text) if " ".join(sentence.text.split()) in lines)


MAX_ARTICLES = 6
"""Articles of a story that are read; where there are more, the last ones say little that is new."""
MOST_ADDED = 2
"""Points from other articles than the first."""
_TRIED = 4
"""Sentences that may become one of these."""
_SHORTEST = 8
"""Words of a sentence that may."""
_KNOWN = 0.45
"""Share of an added point's content words that may have been told: of five that the default model added to real
stories, the two that said nothing new had 0.50 and 0.67, the others 0.14 at most."""
_BRIEFLY = 100
"""Sentences among which the one is looked for that tells a story for which there is no time."""
_WHOLE = 5
"""Words of a sentence that needs no full stop to be one."""
_IN_COMMON = 2
"""Content words that such a sentence shares with what is told already: it must be about the story."""


def condense_story(
    articles: Sequence[Article], engine: Engine, prompts: PromptBook, options: SummaryOptions
) -> Conversation[Summary]:
    """The summary of `articles`, at least one; its id, address and times are the first one's.

    Citations name their article where it is another than the first. Raises `EngineError` where the model does not
    answer.
    """
    first, *others = articles[:MAX_ARTICLES]
    together = bool(others) and reads_all_articles(first, engine, options)
    summary = yield from condense(first, engine, prompts, options, others if together else ())
    if not others:
        return summary
    wished = dataclasses.replace(options, language=options.language or summary.language)  # one story, one language
    drafts = [Draft.of(article, wished) for article in others]
    chosen = _news(first, summary, drafts) if not together and (engine.instructable or engine.verbatim) else []
    if engine.instructable:
        added = yield from _written(chosen, summary, engine, prompts)
    else:
        added = []
        for point in (_of(draft.article, _quoted(draft, index)) for draft, index in chosen):
            if len(added) < MOST_ADDED and _adds(point.text, [*summary.key_points, *added]):
                added.append(point)
    points = (*summary.key_points, *added)
    return dataclasses.replace(
        summary,
        key_points=tuple(_cited(point, [Draft.of(first, options), *drafts]) for point in points),
        cached=summary.cached and all(draft.cached == draft.asked for draft in drafts),
        seconds=round(summary.seconds + sum(draft.seconds for draft in drafts), 3),
        warnings=(*summary.warnings, *(warning for draft in drafts for warning in draft.warnings)),
    )


def quoted_summary(
    articles: Sequence[Article], options: SummaryOptions, wanted: Callable[[KeyPoint], bool] | None = None
) -> Summary:
    """The story's most telling sentence, quoted, of the first of `articles` that has one: for when there is no time for
    more. No model.

    `wanted` says whether a sentence will do; where none does, the summary has no key point.
    """
    begun = [_beginning(article) for article in articles[:MAX_ARTICLES]]
    first = Draft.of(begun[0], options)
    for place, article in enumerate(begun):
        draft = Draft.of(article, options) if place else first
        whole_text = draft.evidence.sentences
        for index in ranked(whole_text):
            if wanted is None or (_is_sentence(whole_text[index].text) and wanted(_quoted(draft, index))):
                point = _quoted(draft, index)
                first.points = [point if draft is first else _of(draft.article, point)]
                return first.summary("", "extractive")
    return first.summary("", "extractive")


def _beginning(article: Article) -> Article:
    """Its first sentences, in their places: what it tells before all stands there, and there may be little time."""
    first = sentences(article.text, _BRIEFLY + 1)
    return (
        article
        if len(first) <= _BRIEFLY
        else dataclasses.replace(article, text=article.text[: first[_BRIEFLY - 1].end])
    )


def _is_sentence(text: str) -> bool:
    """Whether it tells something by itself, as "The mayor has resigned." does and "3 hours ago" does not."""
    return word_count(text) >= _WHOLE or (word_count(text) >= 3 and text.rstrip("\"'”’)").endswith((".", "!", "?")))


def _news(first: Article, summary: Summary, drafts: Sequence[Draft]) -> list[tuple[Draft, int]]:
    """Sentences that only other articles say, most telling first, an article's second one behind all first ones."""
    told = first.text
    topic = frozenset(stems(" ".join(_in_articles_words(summary))))
    found: list[tuple[int, int, Draft, int]] = []
    for place, draft in enumerate(drafts):
        known = Evidence(told, f"{first.title} {summary.headline}", first.language)
        whole_text = draft.evidence.sentences
        fresh = [
            index
            for index in ranked(whole_text)[: 2 * _TRIED]
            if index not in draft.evidence.injections
            and word_count(whole_text[index].text) >= _SHORTEST
            and len(topic & set(stems(whole_text[index].text))) >= _IN_COMMON
            and rejection_reason(check(whole_text[index].text, known))
        ]
        found += [(turn, place, draft, index) for turn, index in enumerate(fresh[:2])]
        told = f"{told}\n\n{draft.article.text}"
    ordered = sorted(found, key=lambda one: one[:2])[:_TRIED]
    return [(draft, index) for _, _, draft, index in ordered]


def _in_articles_words(summary: Summary) -> list[str]:
    """What a summary tells, in the article's language: its points, or the sentences behind them."""
    if not summary.translated:
        return [summary.headline, *(point.text for point in summary.key_points)]
    return [summary.title, *(citation.text for point in summary.key_points for citation in point.citations)]


def _written(
    chosen: Sequence[tuple[Draft, int]], summary: Summary, engine: Engine, prompts: PromptBook
) -> Conversation[list[KeyPoint]]:
    added: list[KeyPoint] = []
    for draft, index in chosen:
        if len(added) == MOST_ADDED:
            break
        strategy = translated if draft.translated else instruct
        point = yield from strategy.tell_sentence(draft, index, engine, prompts)
        if point and _adds(point.text, [*summary.key_points, *added]):
            added.append(_of(draft.article, point))
    return added


def _adds(text: str, told: Sequence[KeyPoint]) -> bool:
    """Whether most of what a point says is in none of the others: outlets tell the same news in words of their own."""
    said = frozenset(stems(text))
    known = frozenset(stems(" ".join(point.text for point in told)))
    return bool(said) and len(said & known) < _KNOWN * len(said)


def _quoted(draft: Draft, index: int) -> KeyPoint:
    citation = draft.evidence.cite(index)
    text = " ".join(citation.text.split())
    return KeyPoint(text=text, citations=(citation,), verdict=Verdict.QUOTED, rung="quoted")


def _of(article: Article, point: KeyPoint) -> KeyPoint:
    return dataclasses.replace(point, citations=_named(article, point.citations))


def _named(article: Article, citations: Sequence[Citation]) -> tuple[Citation, ...]:
    return tuple(dataclasses.replace(citation, article=article.id) for citation in citations)


def _cited(point: KeyPoint, drafts: Sequence[Draft]) -> KeyPoint:
    """`point` with a citation into every other article that supports it; `drafts` begin with the first article's."""
    first = drafts[0].article.id
    have = {citation.article or first for citation in point.citations}
    more: list[Citation] = []
    for draft in drafts:
        if draft.article.id in have or (draft.translated and point.verdict is not Verdict.QUOTED):
            continue
        found = draft.check(point.text)
        if found.verdict is Verdict.SUPPORTED:
            more += found.citations if draft.article.id == first else _named(draft.article, found.citations)
    return dataclasses.replace(point, citations=(*point.citations, *more))
