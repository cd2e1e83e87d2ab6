"""Splits a text into sentences with their offsets. Pure.

A citation is an index into `sentences(article.text, article.language)`: whoever reads or shows one splits the text in
the same language. Where a sentence of a paragraph ends is told by `sentence_ends`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from itertools import islice

from briefing.nlp.sentence_ends import is_abbreviated, sentence_ends
from briefing.nlp.text import Sentence, paragraphs, trimmed

LONGEST_SENTENCE = 2_000
"""Characters; longer runs are tables, lists or text that lost its full stops. What reads one sentence may take time
quadratic in its length."""
_LONGEST_PARAGRAPH = 20_000
"""Characters per call of `sentence_ends`, whose libraries take time quadratic in quotation marks that do not close."""


def sentences(text: str, language: str, most: int | None = None) -> tuple[Sentence, ...]:
    """Split `text` into sentences of at most `LONGEST_SENTENCE` characters; paragraph borders always end one.

    `language`: ISO 639-1 code, as `Article.language` has it; empty or ``und`` where it is unknown. `most`: only the
    first so many, at no more than their cost; None: all.

    Paragraph by paragraph; split as well where scraped text lost the space after a full stop.
    """
    found = (
        part
        for paragraph in paragraphs(text)
        for stretch in _split_long(text, paragraph, _LONGEST_PARAGRAPH, _STOP)
        for sentence in _of_stretch(text, stretch, language)
        for part in _split_long(text, sentence, LONGEST_SENTENCE, _PAUSE)
    )
    return tuple(islice(found, most))


def _split_long(text: str, whole: Sentence, longest: int, border: re.Pattern[str]) -> Iterator[Sentence]:
    """`whole` in parts of at most `longest` characters, cut after the last `border` of each, else the last blank."""
    start = whole.start
    while whole.end - start > longest:
        middle, end = start + longest // 2, start + longest
        for pattern in (border, _BLANK):
            if found := deque(pattern.finditer(text, middle, end), 1):
                end = found[0].end()
                break
        yield from trimmed(text, start, end)
        start = end
    yield from trimmed(text, start, whole.end)


def _of_stretch(text: str, stretch: Sentence, language: str) -> Iterator[Sentence]:
    if dateline := _DATELINE.match(stretch.text):
        # "GENEVA, 2 October 2023 —" is a sentence of its own: its date is not what the news is about.
        start = stretch.start + dateline.end()
        yield from trimmed(text, stretch.start, start)
        stretch = Sentence(start, stretch.end, text[start : stretch.end])
    last = stretch.start
    for end in (*(stretch.start + end for end in sentence_ends(stretch.text, language)), stretch.end):
        for glued in _GLUED.finditer(text, last, end):
            if not is_abbreviated(text, glued.end(), language):
                yield from trimmed(text, last, glued.end())
                last = glued.end()
        yield from trimmed(text, last, end)
        last = end


_STOP = re.compile(r"[.!?…][”\"’')\]]?\s|[。！？।۔]")
_PAUSE = re.compile(r"[;:,]\s|[；：，、]")
_BLANK = re.compile(r"\s")

_DATELINE = re.compile(r"[A-Z]{2}[^\n.!?—–]{2,60}\d{4}\s?[—–]\s(?=\S)")

# "…the talks ended.Related" or "…it said.”The": scraped text loses the space between sentences. Lower case before and
# a capital with a lower-case letter after it, so that "U.S.A", "example.Com" and "3.5" are not split; in Latin, Greek
# and Cyrillic, whose lower-case letters these are.
_LOWER = "a-zß-öø-ÿάέήία-ώа-яёіїєґčďěňřšťůžąćęłńśźżğış"
_CAPITAL = "A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁІЇЄҐČĎĚŇŘŠŤŮŽĄĆĘŁŃŚŹŻĞİŞ"
_GLUED = re.compile(rf"[{_LOWER}]{{2}}[.!?][”\"’')\]»]?(?=[“\"‘'(«„]?[{_CAPITAL}][{_LOWER} ])(?<!www\.)")
