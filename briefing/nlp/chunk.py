"""Splits long text into chunks that fit a model's budget of tokens. Pure.

Chunks end at paragraph borders where the budget allows it, else at sentence borders, and inside a sentence only if that
sentence alone exceeds the budget. Only white space between chunks is dropped: their texts joined have the non-blank
characters of the text in their order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from briefing.nlp.sentences import sentences
from briefing.nlp.text import Sentence, paragraphs, trimmed

# Borders at which an over-long sentence may be split, best first.
_BORDERS = (re.compile(r"[;:]\s+|[；：]"), re.compile(r",\s+|[，、]"), re.compile(r"\s+"))


def chunks(text: str, budget: int, count: Callable[[str], int], language: str) -> tuple[Sentence, ...]:
    """Split `text` into as few chunks of at most `budget` tokens as its borders allow, of about equal length.

    `language` is the text's, by which its sentences end. `count` gives the tokens of a string and should be (nearly)
    additive over sentences, as subword tokenisers are.
    Chunks carry their character offsets. Equal lengths, because each chunk is given as many key points: a last one of
    three sentences would get those of three pages. Raises `ValueError` for a budget under 16 tokens.
    """
    if budget < 16:
        raise ValueError(f"a budget of {budget} tokens is too small to cut text by")
    atoms = [
        atom
        for sentence in sentences(text, language)
        for atom in _halved(text, sentence.start, sentence.end, budget - 1, count)
    ]
    if not atoms:
        return ()
    gaps = [0, *(max(1, count(text[atom.end : following.start])) for atom, following in pairwise(atoms))]
    costs = [count(atom.text) + gap for atom, gap in zip(atoms, gaps, strict=True)]
    total = sum(costs)
    if total <= budget:
        return trimmed(text, 0, len(text))
    paragraph_starts = {paragraph.start for paragraph in paragraphs(text)}
    target = min(budget, total / -(-total // budget) * 1.02)
    found: list[Sentence] = []
    start, end, used = atoms[0].start, atoms[0].start, 0
    for atom, cost in zip(atoms, costs, strict=True):
        # Past four fifths of the target, a paragraph border is worth more than an equal share.
        early = used > 0.8 * target and atom.start in paragraph_starts
        if used and (used + cost > target or early):
            found += trimmed(text, start, end)
            start, used = atom.start, 0
        used += cost if used else count(atom.text)
        end = atom.end
    found += trimmed(text, start, end)
    return tuple(found)


def _halved(text: str, start: int, end: int, budget: int, count: Callable[[str], int]) -> Iterator[Sentence]:
    """Split a span at the best border near its middle, recursively, until every part fits the budget."""
    part = text[start:end]
    if count(part) <= budget or len(part) < 2:
        yield from trimmed(text, start, end)
        return
    middle = start + _border_near_middle(part)
    yield from _halved(text, start, middle, budget, count)
    yield from _halved(text, middle, end, budget, count)


def _border_near_middle(part: str) -> int:
    third = len(part) // 3
    for pattern in _BORDERS:
        if borders := [found.end() for found in pattern.finditer(part, third, len(part) - third)]:
            return min(borders, key=lambda border: abs(border - len(part) // 2))
    return len(part) // 2
