"""The conversation that condenses one article, or one story of several.

1. the first article is condensed by the strategy that suits engine and article (`_condense`), the same way with others
   or alone; the tuned model reads all articles in one prompt (`cite`), and there is no second step;
2. the most salient sentences of the other articles that the first does not support become points, two at most:
   rewritten by a chat model, else quoted;
3. every point is looked up in every article, and cites those that support it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from briefing.engines.base import Engine, Prompt
from briefing.ground import Evidence, check
from briefing.nlp.facts import stems
from briefing.nlp.salience import ranked
from briefing.nlp.sentences import sentences
from briefing.nlp.text import word_count
from briefing.summariser import cite, instruct, seq2seq, translated
from briefing.summariser.draft import Draft, quoted_point, rejection_reason
from briefing.summariser.mmr import choose_points
from briefing.summariser.options import SummaryOptions
from briefing.summariser.prompts import PromptBook
from briefing.summariser.scheduler import Conversation
from briefing.types import Article, Citation, KeyPoint, Summary, Verdict

MAX_ARTICLES = 6
"""Articles of a story that are read; further ones say little that is new."""
MAX_ADDED = 2
"""Points from other articles than the first."""
_TRIED = 4
"""Sentences that may become such a point."""
_SHORTEST = 8
"""Words of such a sentence."""
_IN_COMMON = 2
"""Stems that such a sentence shares with the summary: it must be about the story."""
_KNOWN = 0.45
"""Share of an added point's stems that the other points may have: of five that the default model added to real stories,
the two that said nothing new had 0.50 and 0.67, the others 0.14 at most."""
_BEGINNING = 100
"""Sentences that `quoted_summary` ranks."""
_WHOLE = 5
"""Words of a sentence that needs no full stop."""


def condense_story(
    articles: Sequence[Article], engine: Engine, prompts: PromptBook, options: SummaryOptions
) -> Conversation[Summary]:
    """The summary of `articles`, at least one; its id, address and times are the first one's.

    Citations of other articles than the first name them. Raises `EngineError` where the model does not answer.
    """
    first, *others = [Draft.of(article, options) for article in articles[:MAX_ARTICLES]]
    unread = Draft(first.article, options, first.evidence)
    together = bool(others) and not first.short and cite.suits(first.article, options, engine)
    summary = yield from _condense(first, engine, prompts, others if together else ())
    if not others:
        return summary
    options = dataclasses.replace(options, language=options.language or summary.language)  # one story, one language
    drafts = [Draft(draft.article, options, draft.evidence) for draft in others]
    chosen = [] if together or not (engine.instructable or engine.verbatim) else _news(unread, summary, drafts)
    added: list[KeyPoint] = []
    for draft, index in chosen:
        if len(added) == MAX_ADDED:
            break
        point: KeyPoint | None
        if engine.instructable:
            strategy = translated if draft.translated else instruct
            point = yield from strategy.point_from_sentence(draft, index, engine, prompts)
        else:
            point = quoted_point(draft.evidence, index)
        if point and _is_new(point.text, [*summary.key_points, *added]):
            added.append(_of(draft.article, point))
    return dataclasses.replace(
        summary,
        key_points=tuple(_cited(point, [unread, *drafts]) for point in (*summary.key_points, *added)),
        cached=summary.cached and all(draft.cached == draft.asked for draft in drafts),
        seconds=round(summary.seconds + sum(draft.seconds for draft in drafts), 3),
        warnings=(*summary.warnings, *(warning for draft in drafts for warning in draft.warnings)),
    )


def _condense(draft: Draft, engine: Engine, prompts: PromptBook, others: Sequence[Draft]) -> Conversation[Summary]:
    """The summary of one article; a strategy that reads a story in one prompt gets the `others` as well.

    An article as short as a summary is quoted whole. Where no point holds, the most salient sentences are quoted.
    Raises `EngineError` where the model does not answer.
    """
    options = draft.options
    if draft.short:
        draft.quote(range(len(draft.evidence.sentences)))
        draft.warnings.append("The article is as short as a summary; it is shown as it is.")
    elif engine.verbatim:
        yield from _extract(draft)
    elif cite.suits(draft.article, options, engine):
        yield from cite.write_points([draft, *others], prompts)
    elif engine.instructable and draft.translated:
        yield from translated.write_points(draft, engine, prompts)
    elif engine.instructable:
        yield from instruct.write_points(draft, engine, prompts)
    else:
        yield from seq2seq.write_points(draft, engine)
    if not draft.short and len(draft.points) > options.points:
        draft.points = choose_points(draft.points, options.points, ranked(draft.evidence.sentences))
    if not draft.points:
        draft.quote(sorted(ranked(draft.evidence.sentences)[: options.fewest]))
        draft.warnings.append("No key point held against the article; its own sentences are quoted instead.")
    draft.introduce_names()
    if options.paragraph and engine.instructable:
        yield from instruct.write_paragraph(draft, engine, prompts)
    elif options.paragraph:
        draft.paragraph = " ".join(point.text for point in draft.points)
    return draft.summary(engine.model, engine.name)


def _extract(draft: Draft) -> Conversation[None]:
    """The answer of a verbatim engine: sentences of the article, quoted."""
    article = draft.article
    language = "" if article.language == "und" else article.language
    prompt = Prompt(
        id="", messages=(), document=article.text, points=draft.options.points, max_tokens=0, language=language
    )
    (answer,) = draft.take((yield [prompt]))
    lines = {line.strip() for line in answer.text.splitlines() if line.strip()}
    whole = draft.evidence.sentences
    draft.quote(i for i, sentence in enumerate(whole) if " ".join(sentence.text.split()) in lines)


def quoted_summary(
    articles: Sequence[Article], options: SummaryOptions, wanted: Callable[[KeyPoint], bool] | None = None
) -> Summary:
    """The most salient sentence of the first of `articles` that has a `wanted` one, quoted: a summary without a model,
    for when time has run out. Without such a sentence it has no key point.
    """
    drafts = [Draft.of(_beginning(article), options) for article in articles[:MAX_ARTICLES]]
    for draft in drafts:
        whole = draft.evidence.sentences
        for index in ranked(whole):
            point = quoted_point(draft.evidence, index)
            if wanted is None or (_is_sentence(whole[index].text) and wanted(point)):
                drafts[0].points = [point if draft is drafts[0] else _of(draft.article, point)]
                return drafts[0].summary("", "extractive")
    return drafts[0].summary("", "extractive")


def _beginning(article: Article) -> Article:
    """The article with its first sentences only, to bound the time."""
    first = sentences(article.text, article.language, _BEGINNING + 1)
    if len(first) <= _BEGINNING:
        return article
    return dataclasses.replace(article, text=article.text[: first[_BEGINNING - 1].end])


def _is_sentence(text: str) -> bool:
    """Whether a line is a sentence, such as "The mayor has resigned.", unlike "3 hours ago"."""
    return word_count(text) >= _WHOLE or (word_count(text) >= 3 and text.rstrip("\"'”’)").endswith((".", "!", "?")))


def _news(first: Draft, summary: Summary, drafts: Sequence[Draft]) -> list[tuple[Draft, int]]:
    """Salient sentences that only other articles have, by turns: every article's first before any second one."""
    article, text = first.article, first.article.text
    topic = frozenset(stems(" ".join(_in_articles_words(summary))))
    turns: list[list[tuple[Draft, int]]] = [[], []]
    for draft in drafts:
        known = Evidence(text, f"{article.title} {summary.headline}", article.language)
        whole = draft.evidence.sentences
        fresh = [
            index
            for index in ranked(whole)[: 2 * _TRIED]
            if index not in draft.evidence.injections
            and word_count(whole[index].text) >= _SHORTEST
            and len(topic & set(stems(whole[index].text))) >= _IN_COMMON
            and rejection_reason(check(whole[index].text, known))
        ]
        for turn, index in zip(turns, fresh, strict=False):
            turn.append((draft, index))
        text = f"{text}\n\n{draft.article.text}"
    return [*turns[0], *turns[1]][:_TRIED]


def _in_articles_words(summary: Summary) -> list[str]:
    """The summary in the article's language: its points, or their cited sentences where they are translated."""
    if not summary.translated:
        return [summary.headline, *(point.text for point in summary.key_points)]
    return [summary.title, *(citation.text for point in summary.key_points for citation in point.citations)]


def _is_new(text: str, others: Sequence[KeyPoint]) -> bool:
    """Whether enough of a point's stems are in no other point: outlets paraphrase the same news."""
    roots = frozenset(stems(text))
    known = frozenset(stems(" ".join(point.text for point in others)))
    return bool(roots) and len(roots & known) < _KNOWN * len(roots)


def _of(article: Article, point: KeyPoint) -> KeyPoint:
    return dataclasses.replace(point, citations=_named(article, point.citations))


def _named(article: Article, citations: Sequence[Citation]) -> tuple[Citation, ...]:
    return tuple(dataclasses.replace(citation, article=article.id) for citation in citations)


def _cited(point: KeyPoint, drafts: Sequence[Draft]) -> KeyPoint:
    """`point` with citations into every other article that supports it; `drafts` begin with the first article's."""
    first = drafts[0].article.id
    cited = {citation.article or first for citation in point.citations}
    more: list[Citation] = []
    for draft in drafts:
        if draft.article.id in cited or (draft.translated and point.verdict is not Verdict.QUOTED):
            continue
        checked = draft.check(point.text)
        if checked.verdict is Verdict.SUPPORTED:
            more += checked.citations if draft.article.id == first else _named(draft.article, checked.citations)
    return dataclasses.replace(point, citations=(*point.citations, *more))
