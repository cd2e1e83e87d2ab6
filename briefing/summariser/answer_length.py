"""How many tokens an answer may have, in the language that it is in. Pure.

An ordinary point is 29 tokens in English, 41 in German, 47 in Russian and over 120 in Greek, Hindi or Tamil: a limit
that does for English cuts the others off. So limits come from what the article's own sentences cost, and never fall
below what English needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from briefing.engines.base import Engine, Prompt, message_tokens, token_upper_bound
from briefing.nlp.text import word_count
from briefing.summariser.parsing import LONGEST_POINT

__all__ = [
    "LINE_TOKENS",
    "NUMBER_TOKENS",
    "POINT_TOKENS",
    "answer_tokens",
    "line_tokens",
    "point_tokens",
    "text_budget",
]

POINT_TOKENS = 64
"""For a point in English: the longest allowed has about 45."""
LINE_TOKENS = 72
"""For a point in English behind the numbers of its sentences: the longest allowed has about 60."""
_LONGEST = 231
"""Characters of a point: what the grammars of the prompts allow (prompts/points.gbnf.j2,
points_numbered.gbnf.j2, cite.gbnf.j2)."""
NUMBER_TOKENS = 12
"""Tokens of "[12,3,4] " and a line's end, before a point or behind it."""
_LEAST_TEXT, _MARGIN = 64, 16
"""Tokens of a text in a prompt: what it has at least, and what is left free beside it."""
_MEASURED = 24
"""Sentences that are counted; the first of an article are like the others."""
_SHORTEST = 5
"""Words of a sentence that is counted: a heading or a byline is no example."""
_LONG = 40
"""Characters of one that is counted whatever its words: Khmer and Burmese put few blanks between theirs."""
_GENEROUS = 0.75
"""Share of the sentences that cost no more a word, or a character, than is reckoned with."""


def point_tokens(examples: Sequence[str], count: Callable[[str], int]) -> int:
    """Tokens that the longest point allowed may have in the language of `examples`, sentences; `POINT_TOKENS` at least.

    `count` gives the tokens of a string. A point is bounded by its words as well as by its characters; the smaller
    bound holds.
    """
    usable = [text for text in examples[: 4 * _MEASURED] if len(text) >= _LONG or word_count(text) >= _SHORTEST]
    counted = [text for text in usable if word_count(text)][:_MEASURED]
    costs = [(count(text), text) for text in counted]
    by_words = _upper([cost / word_count(text) for cost, text in costs]) * LONGEST_POINT
    by_characters = _upper([cost / len(text) for cost, text in costs]) * _LONGEST
    return max(POINT_TOKENS, round(min(by_words, by_characters)))


def answer_tokens(sentences: int, point: int, window: int) -> int:
    """Tokens of an answer of so many sentences of `point` tokens; over what English needs only up to a third of the
    `window`, so that an article has room beside it.
    """
    return max(POINT_TOKENS * sentences, min(point * sentences, window // 3))


def line_tokens(examples: Sequence[str], language: str) -> int:
    """Tokens that a line of `cite` may have, behind its numbers; `LINE_TOKENS` in English, and at least.

    Counted by no model, so that none is loaded where every answer is in the store (`token_upper_bound`).
    """
    text = "".join(examples)
    if language == "en" or not text:
        return LINE_TOKENS
    return max(LINE_TOKENS, NUMBER_TOKENS + _LONGEST * token_upper_bound(text) // len(text))


def text_budget(empty: Prompt, engine: Engine) -> int:
    """Tokens that a text may have in a prompt that is `empty` of it: the window less all else in it and its answer."""
    frame = message_tokens(empty.messages, engine.count_tokens)
    return max(_LEAST_TEXT, engine.context - frame - empty.max_tokens - _MARGIN)


def _upper(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[int(_GENEROUS * (len(ordered) - 1))] if ordered else 0.0
