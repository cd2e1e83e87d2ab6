"""Detection of home and section pages: teasers of other pages and no text of their own. Pure.

A page is segmented at its headlines, the lines that are links to other pages of its site. An article lies in one
segment; the text extracted from a front page comes from many short ones, or, at the root of a site, is shorter than
its headlines. False positives: 1 of 302 real articles, which declares itself one, and that is checked first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import urljoin, urlsplit

from briefing.nlp.text import normalise, word_count

_HEADLINE = range(3, 31)
"""Words of a headline: menus have fewer, paragraphs more."""
_LINKED = 0.8
"""Share of a line's words in links from which it is a link."""
_TEASERS, _HEADLINES = 3, 5
"""Teasers, or headlines without teasers, of a front page."""
_TEASER = 8
"""Words from which a segment is a teaser and not a label."""
_DOMINANT = 80
"""Words of a segment that is the page's own text."""
_MAJORITY = 0.6
"""Share of a page's words that its posts have together, and no post alone."""
_LOOKED_AT = 200
"""Lines of the text."""
_KEY = 50
"""Characters of a line that are searched for where the whole line is not found."""


def is_front(text: str, pieces: Sequence[str], links: Mapping[int, str], url: str) -> bool:
    """Whether a page is no article but links to several.

    Args:
        text: the extracted text, normalised.
        pieces: all visible text in order; a piece of two line ends separates blocks.
        links: index of a piece to the address of its link.
        url: of the page.
    """
    lines = [line for line in text.split("\n") if line.strip()][:_LOOKED_AT]
    page = _lines(pieces, links, url)
    headlines = [line for line in page if line.is_headline]
    if not lines or len(headlines) < _TEASERS:
        return False
    if len(headlines) >= _HEADLINES and is_root(url) and word_count(text) < sum(line.words for line in headlines):
        return True
    whole = "".join(line.text for line in page)
    starts = list(accumulate((len(line.text) for line in page), initial=0))
    below = list(accumulate(line.is_headline for line in page))
    words = [0.0] * (len(headlines) + 1)
    linked = many = elsewhere = 0.0
    for line in lines:
        count, key = word_count(line), _bare(line)
        if (at := whole.find(key)) < 0 and (at := whole.find(key[:_KEY])) < 0:
            elsewhere += count
            continue
        # An extractor may join several lines of the page.
        index = bisect_right(starts, at) - 1
        while index < len(page) and starts[index] < at + len(key):
            shared = count * (min(starts[index + 1], at + len(key)) - max(starts[index], at)) / len(key)
            words[below[index]] += shared
            linked += shared if page[index].is_headline else 0
            many += page[index].is_headline
            index += 1
    teasers = sum(count >= _TEASER for count in words[1:])
    listed = many >= _HEADLINES and 2 * linked >= sum(words) + elsewhere
    return listed or (teasers >= _TEASERS and max(*words, elsewhere) <= _DOMINANT)


def holds_posts(
    articles: Sequence[range], pieces: Sequence[str], links: Mapping[int, str], headings: Container[int], url: str
) -> bool:
    """Whether a page consists of posts, each with a heading that links to its own page, as a blog's does.

    Args:
        articles: indices of the pieces of each ``<article>``.
        pieces, links, url: as for `is_front`.
        headings: indices of the pieces in headings.
    """
    linked: list[int] = []
    others = [0]
    for article in articles:
        leads = any(index in headings and index in links and _leads_on(links[index], url) for index in article)
        (linked if leads else others).append(word_count("".join(pieces[article.start : article.stop])))
    if len(linked) < _TEASERS or max(others) > _DOMINANT or max(linked) > _MAJORITY * sum(linked):
        return False
    return sum(linked) >= _MAJORITY * word_count("".join(pieces))


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the page."""

    text: str
    """Without blanks, in which extractors differ."""
    words: int
    is_headline: bool
    """Whether it is a link to another page of the site."""


def is_root(url: str) -> bool:
    """Whether an address is the root of a site."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.path in {"", "/"} and not parts.query


def _lines(pieces: Sequence[str], links: Mapping[int, str], url: str) -> list[_Line]:
    """The page's lines in order."""
    found: list[_Line] = []
    line: list[str] = []
    words = linked = 0
    for index, piece in enumerate([*pieces, "\n\n"]):
        if piece != "\n\n":
            count = word_count(piece)
            words += count
            linked += count if (link := links.get(index)) and _leads_on(link, url) else 0
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
        page, target = urlsplit(url), urlsplit(urljoin(url, link))
    except ValueError:
        return False
    own, host = ((parts.hostname or "").removeprefix("www.") for parts in (page, target))
    same_site = own == host or own.endswith(f".{host}") or host.endswith(f".{own}")
    return bool(host) and same_site and (target.path.rstrip("/"), target.query) != (page.path.rstrip("/"), page.query)
