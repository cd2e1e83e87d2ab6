"""Long text cut into pieces that fit a model, without losing a character that matters.

Pure. The pieces follow one another, end at paragraph borders where the budget allows it, else at sentence borders, and
inside a sentence only where one sentence alone is over the budget. Everything but white space between pieces is kept:
``"".join(piece.text for piece in pieces)`` has the same non-blank characters as the text, in the same order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from briefing.nlp.text import Sentence, paragraphs, sentences

__all__ = ["chunks"]

# Where a sentence that is too long may be cut, best first.
_CUTS = (re.compile(r"[;:]\s+"), re.compile(r",\s+"), re.compile(r"\s+"))


def chunks(text: str, budget: int, count: Callable[[str], int]) -> tuple[Sentence, ...]:
    """Cut `text` into as few pieces of at most `budget` tokens as its borders allow, of about equal length.

    `count` gives the tokens of a string; it should be (nearly) additive over sentences, as subword tokenisers are.
    The pieces are returned with their character offsets. Equal lengths, because a last piece of three sentences would
    be given as many key points as one of three pages. Raises `ValueError` for a budget under 16 tokens.
    """
    if budget < 16:
        raise ValueError(f"a budget of {budget} tokens is too small to cut text by")
    if not text.strip():
        return ()
    found = list(_atoms(text, budget - 1, count))
    gaps = [0, *(max(1, count(text[one.end : other.start])) for one, other in pairwise(found))]
    atoms = [(atom, count(atom.text) + gap) for atom, gap in zip(found, gaps, strict=True)]
    total = sum(cost for _, cost in atoms)
    if total <= budget:
        return _piece(text, 0, len(text))
    starts_paragraph = {paragraph.start for paragraph in paragraphs(text)}
    wanted = -(-total // budget)
    target = min(budget, total / wanted * 1.02)
    pieces: list[Sentence] = []
    start, used = atoms[0][0].start, 0
    end = start
    for atom, cost in atoms:
        over = used + cost > budget
        # Past four fifths of the wanted length, a paragraph border is worth more than an equal share.
        early = used > 0.8 * target and atom.start in starts_paragraph
        if used and (over or used + cost > target or early):
            pieces += _piece(text, start, end)
            start, used = atom.start, 0
        used += cost if used else count(atom.text)
        end = atom.end
    pieces += _piece(text, start, end)
    return tuple(pieces)


def _atoms(text: str, budget: int, count: Callable[[str], int]) -> Iterator[Sentence]:
    for sentence in sentences(text):
        yield from _within(text, sentence.start, sentence.end, budget, count)


def _within(text: str, start: int, end: int, budget: int, count: Callable[[str], int]) -> Iterator[Sentence]:
    """Halve a stretch at the best cut near its middle until every part fits."""
    part = text[start:end]
    if count(part) <= budget or len(part) < 2:
        yield from _piece(text, start, end)
        return
    middle = _cut_near_middle(part)
    yield from _within(text, start, start + middle, budget, count)
    yield from _within(text, start + middle, end, budget, count)


def _cut_near_middle(part: str) -> int:
    third = len(part) // 3
    for pattern in _CUTS:
        cuts = [m.end() for m in pattern.finditer(part, third, len(part) - third)]
        if cuts:
            return min(cuts, key=lambda cut: abs(cut - len(part) // 2))
    return len(part) // 2


def _piece(text: str, start: int, end: int) -> tuple[Sentence, ...]:
    part = text[start:end]
    start += len(part) - len(part.lstrip())
    end -= len(part) - len(part.rstrip())
    return (Sentence(start, end, text[start:end]),) if start < end else ()
