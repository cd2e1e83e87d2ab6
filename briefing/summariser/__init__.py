"""The one conversation with a model: articles in, summaries out, every key point checked.

`summarise_stories` and `summarise_all` are the entries; `condense` is one article's conversation, `story` that of
several, `cite`, `instruct` and `seq2seq` are the strategies (what is asked, in which order), `draft` is what they fill;
`scheduler` keeps the engine busy with many articles, `prompts` makes messages, `parsing` reads what comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

from briefing.engines.base import Engine
from briefing.errors import EngineError, ModelError, NoAnswerError
from briefing.nlp.text import fingerprint
from briefing.summariser import cite, instruct, translated
from briefing.summariser.draft import Draft
from briefing.summariser.options import Length, SummaryOptions
from briefing.summariser.parsing import own_title
from briefing.summariser.prompts import PromptBook
from briefing.summariser.scheduler import CompletionStore, Conversation, converse
from briefing.summariser.story import MOST_READ, condense_story, in_brief
from briefing.types import Article, Failure, KeyPoint, Story, Summary

__all__ = [
    "CompletionStore",
    "Length",
    "PromptBook",
    "SummaryOptions",
    "in_brief",
    "leads_in_short",
    "summarise_all",
    "summarise_stories",
    "summary_key",
]

_VERSION = "8"
"""Raised whenever the strategy makes other summaries of the same answers."""


def summarise_all(
    articles: Iterable[Article],
    engine: Engine,
    prompts: PromptBook,
    options: SummaryOptions | None = None,
    answers: CompletionStore | None = None,
) -> Iterator[tuple[Article, Summary | Failure]]:
    """`summarise_stories` where every article is a story of its own."""
    wanted = list(articles)
    for index, result in summarise_stories([(article,) for article in wanted], engine, prompts, options, answers):
        yield wanted[index], result


def summarise_stories(
    stories: Iterable[Sequence[Article]],
    engine: Engine,
    prompts: PromptBook,
    options: SummaryOptions | None = None,
    answers: CompletionStore | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[int, Summary | Failure]]:
    """Yield every story's index with its summary or failure, in the order in which they are finished.

    `stories` is pulled as the engine has room; once `enough` says so, what was not finished does not come. Raises
    `EngineError` or `ModelError` only where the engine itself is gone; what then was answered is in `answers`, and a
    later run goes on from there.
    """
    wanted = options or SummaryOptions()

    def begun(story: tuple[int, Sequence[Article]]) -> tuple[object, Callable[[], Conversation[Summary | Failure]]]:
        index, articles = story
        return index, lambda: _guarded(articles, engine, prompts, wanted)

    for index, result in converse(map(begun, enumerate(stories)), engine, answers, enough):
        assert isinstance(index, int)
        yield index, result


def leads_in_short(
    stories: Sequence[Story],
    engine: Engine,
    prompts: PromptBook,
    options: SummaryOptions,
    answers: CompletionStore | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> dict[str, KeyPoint]:
    """The first point of each story in few words, by its summary's id; without those for which there was no time.

    Only the tuned model is asked, and only what holds against the story's sentences is told; a point that is short
    enough, or of which no shorter form held, stays as it is.
    """

    def begun(suited: tuple[Story, Draft]) -> tuple[object, Callable[[], Conversation[KeyPoint]]]:
        story, first = suited
        drafts = [first, *(Draft.of(article, options) for article in story.articles[1:MOST_READ])]
        return story, lambda: _in_short(drafts, story.summary.key_points[0], prompts)

    firsts = [(story, Draft.of(story.articles[0], options)) for story in stories if story.summary.key_points]
    suited = [(story, first) for story, first in firsts if cite.suits(first, engine)]
    leads: dict[str, KeyPoint] = {}
    with suppress(EngineError, ModelError):  # the points as they are do as well
        for story, point in converse(map(begun, suited), engine, answers, enough):
            if isinstance(story, Story):
                leads[story.summary.id] = point
    return leads


def _in_short(drafts: Sequence[Draft], point: KeyPoint, prompts: PromptBook) -> Conversation[KeyPoint]:
    try:
        return (yield from cite.tell_in_short(drafts, point, prompts))
    except EngineError:
        return point


def _guarded(
    articles: Sequence[Article], engine: Engine, prompts: PromptBook, options: SummaryOptions
) -> Conversation[Summary | Failure]:
    """`condense_story`, with a story that could not be condensed as a value."""
    first = articles[0]
    if not first.text.strip():
        return EngineError(first.title or first.id, "the article has no text").as_failure("summarise")
    try:
        return (yield from condense_story(articles, engine, prompts, options))
    except NoAnswerError as error:  # any other is the engine's own, and would be every story's
        return error.as_failure("summarise")


def summary_key(
    article: Article, engine: Engine, prompts: PromptBook, options: SummaryOptions, others: Sequence[Article] = ()
) -> str:
    """Names the summary of an article, or of the story that it tells with `others`, in the store.

    Another text, article, prompt, grammar, model, adapter, window, sampling option or wish gives another key; whatever
    else a run is told (threads, prompts in flight, patience, a key) does not.

    No model is loaded for it and no server asked: a run in which everything is in the store goes well without either.
    So the window counts as `Engine.digest` knows it. Of a server that is the window asked for (``context``); what the
    server says where nothing was asked is no part of the key, and neither are the weights behind the model's name.
    """
    told_in = prompts.language(options.language or article.language)
    read = (article, *others[: MOST_READ - 1])
    embeds = any(options.translates(one.language) for one in read)  # else no vector is made of anything
    wishes = (
        str(options.points),
        options.length,
        options.language,
        told_in,
        str(options.paragraph),
        options.embedded_by if embeds else "",
    )
    # Of the source's name only what it takes off the title: no prompt has it, and another may be shown tomorrow.
    title = own_title(article.title, article.source, article.url)
    text = [article.title, title, str(article.published), article.text, article.language]
    for other in read[1:]:  # citations name these by their ids
        text += [other.id, other.title, str(other.published), other.text, other.language]
    asked = prompts.fingerprint(*instruct.PROMPTS, *cite.PROMPTS, *translated.PROMPTS)
    return fingerprint(_VERSION, engine.digest, asked, *wishes, *text)
