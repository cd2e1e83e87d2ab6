"""Limits on the tokens of answers, by language. Pure.

An average point has 29 tokens in English, 41 in German, 47 in Russian and over 120 in Greek, Hindi or Tamil, so that a
limit for English would truncate the others. Limits are measured on sentences in the answer's language, and are never
lower than for English.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from briefing.engines.base import Engine, Prompt, message_tokens, token_upper_bound
from briefing.nlp.text import word_count
from briefing.summariser.parsing import LONGEST_POINT

POINT_TOKENS = 64
"""Of a point in English: the longest allowed has about 45."""
LINE_TOKENS = 72
"""Of a point in English with the numbers of its sentences: the longest allowed has about 60."""
_LONGEST = 231
"""Characters of a point: what the grammars of the prompts allow (prompts/points.gbnf.j2,
points_numbered.gbnf.j2, cite.gbnf.j2)."""
NUMBER_TOKENS = 12
"""Tokens of "[12,3,4] " and a line's end."""
_LEAST_TEXT, _MARGIN = 64, 16
"""Tokens: minimum of a text in a prompt, and margin."""
_MEASURED = 24
"""Sentences that are counted, from the beginning."""
_SHORTEST = 5
"""Words of a sentence that is counted, unlike a heading or a byline."""
_LONG = 40
"""Characters of one that is counted anyway: Khmer and Burmese have few blanks."""
_QUANTILE = 0.75
"""Of the sentences' tokens a word or a character."""


def point_tokens(examples: Sequence[str], count: Callable[[str], int]) -> int:
    """Tokens of the longest point allowed, in the language of the sentences `examples`; at least `POINT_TOKENS`.

    `count` gives the tokens of a string. The smaller of the limits in words and in characters holds.
    """
    usable = [text for text in examples[: 4 * _MEASURED] if len(text) >= _LONG or word_count(text) >= _SHORTEST]
    counted = [text for text in usable if word_count(text)][:_MEASURED]
    costs = [(count(text), text) for text in counted]
    by_words = _upper([cost / word_count(text) for cost, text in costs]) * LONGEST_POINT
    by_characters = _upper([cost / len(text) for cost, text in costs]) * _LONGEST
    return max(POINT_TOKENS, round(min(by_words, by_characters)))


def answer_tokens(sentences: int, point: int, window: int) -> int:
    """Tokens of an answer of so many sentences of `point` tokens; beyond the limit for English at most a third of the
    `window`.
    """
    return max(POINT_TOKENS * sentences, min(point * sentences, window // 3))


def line_tokens(examples: Sequence[str], language: str) -> int:
    """Tokens of a line of `cite` with its numbers; at least `LINE_TOKENS`, the limit for English.

    Estimated without a model (`token_upper_bound`), which need not be loaded where every answer is stored.
    """
    text = "".join(examples)
    if language == "en" or not text:
        return LINE_TOKENS
    return max(LINE_TOKENS, NUMBER_TOKENS + _LONGEST * token_upper_bound(text) // len(text))


def text_budget(empty: Prompt, engine: Engine) -> int:
    """Tokens of text that fit into a prompt which is still `empty` of it, beside its frame and its answer."""
    frame = message_tokens(empty.messages, engine.count_tokens)
    return max(_LEAST_TEXT, engine.context - frame - empty.max_tokens - _MARGIN)


def _upper(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[int(_QUANTILE * (len(ordered) - 1))] if ordered else 0.0
