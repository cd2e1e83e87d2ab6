"""Whether a page is the front of a site or of a part of it: teasers of other pages and no text of its own. Pure.

A page is cut at its headlines, the lines that are links to other pages of its site. An article stands in one piece,
whatever teasers are around it; what is taken for the text of a front page comes from many short ones, or is less than
its headlines at the root of a site. Of 302 real articles none is cut so, but for one that says of itself that it is
an article: that counts before this.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import urljoin, urlsplit

from briefing.nlp.text import normalise, word_count

__all__ = ["holds_posts", "is_front", "is_root"]

_HEADLINE = range(3, 31)
"""Words of a line that leads to another page: menus have fewer, paragraphs more."""
_LINKED = 0.8
"""Share of a line's words that stand in links, for the line to be one."""
_TEASERS, _HEADLINES = 3, 5
"""How many teasers, or headlines without any, make a front page."""
_TEASER = 8
"""Words from which a piece is a teaser and not a mere label."""
_DOMINANT = 80
"""Words of one piece that is a text of the page's own."""
_MOST_OF_IT = 0.6
"""Share of a page's words that its posts have together, and that none of them has alone."""
_LOOKED_AT = 200
"""Lines of the text."""
_KEY = 50
"""Characters by which a line is found again where it is not there as a whole."""


def is_front(text: str, pieces: Sequence[str], links: Mapping[int, str], url: str) -> bool:
    """Whether a page is no article but leads to several.

    Args:
        text: what was taken for its article, normalised.
        pieces: all its visible text in order; a piece of two line ends parts blocks.
        links: the addresses, as they stand there, of the pieces that are in links.
        url: where it was found.
    """
    lines = [line for line in text.split("\n") if line.strip()][:_LOOKED_AT]
    page = _cut(pieces, links, url)
    headlines = [line for line in page if line.leads_on]
    if not lines or len(headlines) < _TEASERS:
        return False
    if len(headlines) >= _HEADLINES and is_root(url) and word_count(text) < sum(line.words for line in headlines):
        return True
    whole = "".join(line.text for line in page)
    starts = list(accumulate((len(line.text) for line in page), initial=0))
    below = list(accumulate(line.leads_on for line in page))
    words = [0.0] * (len(headlines) + 1)
    linked = many = elsewhere = 0.0
    for line in lines:
        count, key = word_count(line), _bare(line)
        if (at := whole.find(key)) < 0 and (at := whole.find(key[:_KEY])) < 0:
            elsewhere += count
            continue
        # An extractor may join what the page has in many lines.
        place = bisect_right(starts, at) - 1
        while place < len(page) and starts[place] < at + len(key):
            shared = count * (min(starts[place + 1], at + len(key)) - max(starts[place], at)) / len(key)
            words[below[place]] += shared
            linked += shared if page[place].leads_on else 0
            many += page[place].leads_on
            place += 1
    teasers = sum(count >= _TEASER for count in words[1:])
    listed = many >= _HEADLINES and 2 * linked >= sum(words) + elsewhere
    return listed or (teasers >= _TEASERS and max(*words, elsewhere) <= _DOMINANT)


def holds_posts(
    articles: Sequence[range], pieces: Sequence[str], links: Mapping[int, str], headings: Container[int], url: str
) -> bool:
    """Whether a page is made of several articles, each below a headline that leads to its own page, as a blog's is.

    Args:
        articles: the pieces that each ``<article>`` of the page holds.
        pieces, links, url: as for `is_front`.
        headings: the pieces that are in headings.
    """
    linked: list[int] = []
    others = [0]
    for one in articles:
        leads = any(place in headings and place in links and _leads_on(links[place], url) for place in one)
        (linked if leads else others).append(word_count("".join(pieces[one.start : one.stop])))
    if len(linked) < _TEASERS or max(others) > _DOMINANT or max(linked) > _MOST_OF_IT * sum(linked):
        return False
    return sum(linked) >= _MOST_OF_IT * word_count("".join(pieces))


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the page."""

    text: str
    """Without blanks: they are where extractors differ."""
    words: int
    leads_on: bool
    """Whether it is a link to another page of the site."""


def is_root(url: str) -> bool:
    """Whether an address is that of a whole site."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.path in {"", "/"} and not parts.query


def _cut(pieces: Sequence[str], links: Mapping[int, str], url: str) -> list[_Line]:
    """The page's lines in order."""
    found: list[_Line] = []
    line: list[str] = []
    words = linked = 0
    for place, piece in enumerate([*pieces, "\n\n"]):
        if piece != "\n\n":
            count = word_count(piece)
            words += count
            linked += count if (link := links.get(place)) and _leads_on(link, url) else 0
            line.append(piece)
            continue
        if bare := _bare(normalise("".join(line))):
            found.append(_Line(bare, words, words in _HEADLINE and linked >= _LINKED * words))
        line, words, linked = [], 0, 0
    return found


def _bare(text: str) -> str:
    return "".join(text.split())


def _leads_on(link: str, url: str) -> bool:
    """Whether a link leads to another page of the same site."""
    try:
        here, there = urlsplit(url), urlsplit(urljoin(url, link))
    except ValueError:
        return False
    mine, its = ((parts.hostname or "").removeprefix("www.") for parts in (here, there))
    same_site = mine == its or mine.endswith(f".{its}") or its.endswith(f".{mine}")
    return bool(its) and same_site and (there.path.rstrip("/"), there.query) != (here.path.rstrip("/"), here.query)
