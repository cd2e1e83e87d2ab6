"""The conversation that condenses one story: the article that stands for it first, then what only the others say.

1. the first article is condensed like any other (`condense`), so that it is told the same way with others or alone;
   the tuned model reads all of them in one prompt (`cite`), and there is no second step;
2. the most telling sentences of the other articles that the first does not support become points, two at most: written
   anew by a model that takes instructions, quoted where there is none;
3. every point is looked up in every article, and cites those that say it, so that a reader sees who reported it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from briefing.engines.base import Engine
from briefing.ground import Evidence, check, quote
from briefing.nlp.facts import stems
from briefing.nlp.salience import ranked
from briefing.nlp.text import sentences, word_count
from briefing.summariser import instruct, translated
from briefing.summariser.condense import condense, reads_together
from briefing.summariser.draft import Draft, why_not
from briefing.summariser.options import SummaryOptions
from briefing.summariser.prompts import PromptBook
from briefing.summariser.scheduler import Conversation
from briefing.types import Article, Citation, KeyPoint, Summary, Verdict

__all__ = ["MOST_READ", "condense_story", "in_brief"]

MOST_READ = 6
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
    first, *others = articles[:MOST_READ]
    draft = Draft.of(first, options)
    together = bool(others) and reads_together(draft, engine)
    summary = yield from condense(draft, engine, prompts, others if together else ())
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
    all_read = [Draft.of(first, options), *drafts]  # the first one's own draft may be marked as untranslated
    return dataclasses.replace(
        summary,
        key_points=tuple(_cited(point, all_read) for point in points),
        cached=summary.cached and all(draft.cached == draft.asked for draft in drafts),
        seconds=round(summary.seconds + sum(draft.seconds for draft in drafts), 3),
        warnings=(*summary.warnings, *(warning for draft in drafts for warning in draft.warnings)),
    )


def in_brief(
    articles: Sequence[Article], options: SummaryOptions, wanted: Callable[[KeyPoint], bool] | None = None
) -> Summary:
    """The story's most telling sentence, quoted, of the first of `articles` that has one: for when there is no time for
    more. No model.

    `wanted` says whether a sentence will do; where none does, the summary has no key point.
    """
    begun = [_beginning(article) for article in articles[:MOST_READ]]
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
            if index not in draft.evidence.orders
            and word_count(whole_text[index].text) >= _SHORTEST
            and len(topic & set(stems(whole_text[index].text))) >= _IN_COMMON
            and why_not(check(whole_text[index].text, known))
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
    citation = quote(draft.evidence, index)
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
