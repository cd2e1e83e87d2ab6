"""Fallback for pages too large or too deep for a tree: their running text in linear time, without a parser. Pure.

The largest of 308 real pages has 10,305 brackets and, without scripts, 430,000 characters. A tree of a million
characters costs seconds; hostile pages cost parsers minutes, but not regular expressions that stop at a bracket.
"""

from __future__ import annotations

import re
from html import unescape

from briefing.nlp.text import normalise, word_count
from briefing.sanitise import label

MOST_CHARACTERS = 1_000_000
MOST_BRACKETS = 20_000
"""Opening angle brackets: about two for each element."""
LONGEST = 2_000_000
"""Characters of a page, without its scripts, that are read."""
_MANY_BRACKETS = 8_000
"""From which inline markup is dropped: trafilatura is quadratic in the elements of a paragraph."""
_INLINE = re.compile(
    r"</?(?:span|b|i|u|s|em|strong|font|small|big|sup|sub|mark|abbr|cite|code|q)\b[^<>]*>", re.IGNORECASE
)
_FEWEST = 12
"""Words of a block that counts as running text although it does not end like a sentence."""

_BULK = re.compile(r"<!--|<(script|style|svg|noscript|template)\b", re.IGNORECASE)
_BLOCK = re.compile(
    r"<\s*/?\s*(?:p|div|br|hr|li|ul|ol|tr|td|th|table|h[1-6]|section|article|header|footer|nav|aside|main|figure|"
    r"figcaption|blockquote|pre|form|dd|dt|body|title)\b[^<>]*>",
    re.IGNORECASE,
)


def is_bulky(html: str) -> bool:
    """Whether it is too large for a tree."""
    return len(html) > MOST_CHARACTERS or html.count("<") > MOST_BRACKETS


def without_inline(html: str) -> str:
    """`html` without inline markup (bold, italics, spans), where it has very many tags."""
    return _INLINE.sub("", html) if html.count("<") > _MANY_BRACKETS else html


def slimmed(html: str) -> str:
    """`html` without comments, styles, SVG and scripts but JSON-LD. Linear."""
    kept: list[str] = []
    at = 0
    unclosed: set[str] = set()
    for opening in _BULK.finditer(html):
        if opening.start() < at:
            continue
        tag = (opening[1] or "").lower()
        if tag in unclosed or (tag == "script" and "ld+json" in html[opening.end() : opening.end() + 100]):
            continue
        closing = re.compile(rf"</{tag}\s*>" if tag else "-->", re.IGNORECASE).search(html, opening.end())
        if closing is None:
            unclosed.add(tag)
            continue
        kept.append(html[at : opening.start()])
        at = closing.end()
    return "".join([*kept, html[at:]])


def flat_text(html: str) -> str:
    """All text of `html`, a paragraph for each block element."""
    text = re.sub(r"<[a-zA-Z/!?][^<>]*>", "", _BLOCK.sub("\n\n", html.replace("\n", " ")))
    return normalise(unescape(text))


def running(text: str) -> str:
    """The running text of `text`: long blocks, and sentences."""
    return "\n\n".join(
        block
        for block in text.split("\n\n")
        if (count := word_count(block)) >= _FEWEST or (count >= 5 and re.search(r"[.!?。！？][”\"’')\]]*$", block))
    )


def link_words(html: str) -> int:
    """Number of words in links."""
    return sum(word_count(text) for text in re.findall(r"<a\b[^<>]*>([^<]*)", html, re.IGNORECASE))


def title_of(html: str) -> str:
    """The page's title element, or empty."""
    found = re.search(r"<title\b[^<>]*>([^<]{0,1000})", html, re.IGNORECASE)
    return label(unescape(found[1])) if found else ""
