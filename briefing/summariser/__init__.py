"""The one conversation with a model: articles in, summaries out, every key point checked.

`summarise_all` is the entry; `condense` is one article's conversation, `whole` and `document` are the strategies (what
is asked, in which order), `draft` is what they fill; `schedule` keeps the engine busy with many articles, `prompts`
makes messages, `answers` reads what comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from briefing.engines.base import Engine
from briefing.errors import EngineError
from briefing.summariser.condense import condense
from briefing.summariser.options import Length, SummaryOptions
from briefing.summariser.prompts import PromptBook
from briefing.summariser.schedule import Answers, Conversation, converse
from briefing.summariser.whole import PROMPTS
from briefing.text import fingerprint
from briefing.types import Article, Failure, Summary

__all__ = ["Answers", "Length", "PromptBook", "SummaryOptions", "summarise_all", "summary_key"]

_VERSION = "1"
"""Raised whenever the strategy makes other summaries of the same answers."""


def summarise_all(
    articles: Iterable[Article],
    engine: Engine,
    prompts: PromptBook,
    options: SummaryOptions | None = None,
    answers: Answers | None = None,
) -> Iterator[tuple[Article, Summary | Failure]]:
    """Yield every article with its summary, or with what went wrong, in the order in which they are finished.

    `articles` is pulled as the engine has room. Raises `EngineError` or `ModelError` only where the engine itself is
    gone; what then was answered is in `answers`, and a later run goes on from there.
    """
    wanted = options or SummaryOptions()

    def begun(article: Article) -> tuple[object, Callable[[], Conversation[Summary | Failure]]]:
        return article, lambda: _guarded(article, engine, prompts, wanted)

    for subject, result in converse(map(begun, articles), engine, answers):
        assert isinstance(subject, Article)
        yield subject, result


def _guarded(
    article: Article, engine: Engine, prompts: PromptBook, options: SummaryOptions
) -> Conversation[Summary | Failure]:
    """`condense`, with an article that could not be condensed as a value."""
    if not article.text.strip():
        return EngineError(article.title or article.id, "the article has no text").as_failure("summarise")
    try:
        return (yield from condense(article, engine, prompts, options))
    except EngineError as error:
        return error.as_failure("summarise")


def summary_key(article: Article, engine: Engine, prompts: PromptBook, options: SummaryOptions) -> str:
    """Names a summary in the store: another article text, prompt, model or option gives another key.

    The model need not be loaded for it.
    """
    wishes = (str(options.points), options.length, options.language, str(options.paragraph))
    text = (article.title, article.text, article.language)
    return fingerprint(_VERSION, engine.digest, prompts.fingerprint(*PROMPTS), *wishes, *text)
