"""Articles in, summaries out, every key point checked against its article.

`summarise_stories` is the entry. `story` is the conversation about one story; `cite`, `instruct`, `translated` and
`seq2seq` are the strategies (prompts and their order), `draft` is what they fill; `scheduler` runs many conversations
on one engine, `prompts` renders messages, `parsing` reads answers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial

from briefing.engines.base import Engine
from briefing.errors import EngineError, ModelError, NoAnswerError
from briefing.nlp.text import fingerprint
from briefing.summariser import cite, instruct, translated
from briefing.summariser.draft import Draft
from briefing.summariser.options import Length, SummaryOptions
from briefing.summariser.parsing import title_without_site
from briefing.summariser.prompts import PromptBook
from briefing.summariser.scheduler import CompletionStore, Conversation, converse
from briefing.summariser.story import MAX_ARTICLES, condense_story, quoted_summary
from briefing.types import Article, Failure, KeyPoint, Story, Summary

__all__ = [
    "CompletionStore",
    "Length",
    "PromptBook",
    "SummaryOptions",
    "quoted_summary",
    "shorten_leads",
    "summarise_all",
    "summarise_stories",
    "summary_key",
]

_log = logging.getLogger(__name__)
_VERSION = "11"
"""Part of every summary's key; raised when the same answers make other summaries."""


def summarise_all(
    articles: Iterable[Article],
    engine: Engine,
    prompts: PromptBook,
    options: SummaryOptions | None = None,
    answers: CompletionStore | None = None,
) -> Iterator[tuple[Article, Summary | Failure]]:
    """`summarise_stories` with every article as a story of its own."""
    unfinished: dict[int, Article] = {}

    def stories() -> Iterator[tuple[Article]]:
        for index, article in enumerate(articles):
            unfinished[index] = article
            yield (article,)

    for index, result in summarise_stories(stories(), engine, prompts, options, answers):
        yield unfinished.pop(index), result


def summarise_stories(
    stories: Iterable[Sequence[Article]],
    engine: Engine,
    prompts: PromptBook,
    options: SummaryOptions | Callable[[Article], SummaryOptions] | None = None,
    answers: CompletionStore | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[int, Summary | Failure]]:
    """Yield every story's index with its summary or failure, in the order in which they finish.

    `options`: of all, or by the first article of a story.

    `stories` is pulled as the engine has free slots; once `enough` is true, unfinished stories are dropped. Raises
    `EngineError` or `ModelError` only where the engine itself has failed; a later run resumes from `answers`.
    """
    wanted = _by_article(options or SummaryOptions())
    conversations = (
        (index, partial(_guarded, articles, engine, prompts, wanted(articles[0])))
        for index, articles in enumerate(stories)
    )
    for index, result in converse(conversations, engine, answers, enough):
        if isinstance(result, Summary):
            cached = " (cached)" if result.cached else ""
            _log.info(
                "Story %s (%s): %d key points in %.1f s%s",
                result.id,
                result.title,
                len(result.key_points),
                result.seconds,
                cached,
            )
        yield index, result


def shorten_leads(
    stories: Sequence[Story],
    engine: Engine,
    prompts: PromptBook,
    options: SummaryOptions | Callable[[Article], SummaryOptions],
    answers: CompletionStore | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> dict[str, KeyPoint]:
    """A short form of the first point of each story, by its summary's id; without stories for which time ran out.

    Only the tuned model is asked. A short form is checked like any point; where none is needed or holds, the point
    stays as it is.
    """
    wanted = _by_article(options)
    suited = (s for s in stories if s.summary.key_points and cite.suits(s.articles[0], wanted(s.articles[0]), engine))
    conversations = ((story, partial(_shortened, story, prompts, wanted(story.articles[0]))) for story in suited)
    leads: dict[str, KeyPoint] = {}
    with suppress(EngineError, ModelError):  # short forms are optional
        for story, point in converse(conversations, engine, answers, enough):
            leads[story.summary.id] = point
    return leads


def _by_article(
    options: SummaryOptions | Callable[[Article], SummaryOptions],
) -> Callable[[Article], SummaryOptions]:
    if isinstance(options, SummaryOptions):
        same = options
        return lambda article: same
    return options


def _shortened(story: Story, prompts: PromptBook, options: SummaryOptions) -> Conversation[KeyPoint]:
    drafts = [Draft.of(article, options) for article in story.articles[:MAX_ARTICLES]]
    point = story.summary.key_points[0]
    try:
        return (yield from cite.shorten_point(drafts, point, prompts))
    except EngineError:
        return point


def _guarded(
    articles: Sequence[Article], engine: Engine, prompts: PromptBook, options: SummaryOptions
) -> Conversation[Summary | Failure]:
    """`condense_story`, with a story's failure as a value."""
    first = articles[0]
    if not first.text.strip():
        return EngineError(first.title or first.id, "the article has no text").as_failure("summarise")
    try:
        return (yield from condense_story(articles, engine, prompts, options))
    except NoAnswerError as error:  # any other is the engine's, and would hit every story
        return error.as_failure("summarise")


def summary_key(
    article: Article, engine: Engine, prompts: PromptBook, options: SummaryOptions, others: Sequence[Article] = ()
) -> str:
    """Key of an article's summary, or of its story's with `others`, in the store.

    It depends on texts, prompts, grammars, model, adapter, window, sampling and summary options; not on threads,
    slots, patience or the API key.

    No model is loaded for it and no server asked, so that a run whose summaries are all stored needs neither. So the
    window is that of `Engine.digest`: for a server the configured one (``context``), not what the server states; nor do
    the weights behind a server's model name count.
    """
    language = prompts.language(options.language or article.language)
    read = (article, *others[: MAX_ARTICLES - 1])
    embeds = any(options.translates(each.language) for each in read)  # else no embedding is made
    wishes = (
        str(options.points),
        options.length,
        options.language,
        language,
        str(options.paragraph),
        options.embedded_by if embeds else "",
    )
    # The source's name counts only by what it removes from the title: it may change, and is in no prompt.
    title = title_without_site(article.title, article.source, article.url)
    text = [article.title, title, str(article.published), article.text, article.language]
    for other in read[1:]:  # their ids are in citations
        text += [other.id, other.title, str(other.published), other.text, other.language]
    asked = prompts.fingerprint(*instruct.PROMPTS, *cite.PROMPTS, *translated.PROMPTS)
    return fingerprint(_VERSION, engine.digest, asked, *wishes, *text)
