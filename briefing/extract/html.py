"""The article in a page: by trafilatura, JSON-LD or visible text; then the checks for walls and home pages."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from html import unescape
from typing import Any

from briefing.canonical import host_of
from briefing.dates import is_unset
from briefing.errors import ExtractError, FrontPageError
from briefing.extract import Extraction, fallback
from briefing.extract.front_pages import holds_posts, is_front
from briefing.extract.json_ld import json_ld_objects, types_of
from briefing.extract.length import DOCUMENT_CUT
from briefing.extract.quality import FEWEST_WORDS, check_page
from briefing.extract.walls import Page, check_wall
from briefing.markup import TagParser
from briefing.nlp.text import normalise, word_count
from briefing.picture_links import best_first, picture_link
from briefing.sanitise import label
from briefing.types import PictureLink
from briefing.written_dates import DateReader

_ADVERTS = [
    f"//*[contains(concat(' ', translate(@class, '-_', '  '), ' '), ' {name} ')]"
    for name in ("advert", "adverts", "advertisement", "promo", "sponsored", "newsletter")
]
_DEEPEST = 200
"""Nested elements: lxml and trafilatura recurse."""
_MISSED = 2
"""Times the length from which another extraction is taken for the more complete one."""
_SPLIT = 300
"""Words from which a text may be the first part of an article that its page splits."""
_GAVE_UP = (ValueError, RecursionError, TypeError, AttributeError, AssertionError)
"""Of trafilatura and lxml over broken markup."""


def read_page(html: str, name: str, url: str | None) -> Extraction:
    """The page's article. Raises `ExtractError` for a wall, a home page, a page of links, a page without an article."""
    html = html.replace("\0", "")
    if fallback.is_bulky(html):
        html = fallback.slimmed(html)
    if fallback.is_bulky(html):
        found = _read_flat(html[: fallback.LONGEST], name)
        return replace(found, warnings=(DOCUMENT_CUT,)) if len(html) > fallback.LONGEST else found
    view = _View()
    view.read(html)
    stated = _stated(view)
    text = (
        _extracted(fallback.without_inline(html), url, view.text)
        if view.deepest <= _DEEPEST
        else fallback.running(view.text)
    )
    body = normalise(str(stated.get("articleBody") or ""))
    # JSON-LD may hold the whole article where the page hides half of it.
    if word_count(body) > 1.5 * word_count(text) and word_count(body) > 100 and "<" not in body[:500]:
        text = body
    page = Page(text=text, visible=view.text, html=html, title=view.title, heading=view.heading, data=view.data)
    check_wall(page, name)
    check_page(text, view.text, view.link_words, name)
    if url and not _is_stated(view, stated) and _is_front(view, text, url):
        raise FrontPageError(name, "it is a home page, not an article", "Name one of the articles, or the feed")
    if word_count(text) < FEWEST_WORDS:
        raise ExtractError(name, "there is no article in it", "Open it in a browser; its feed may hold the text")
    return Extraction(
        text=text,
        title=_title(view, stated),
        author=_author(stated) or view.meta.get("author", ""),
        published=_published(view, stated, url),
        language=view.language,
        canonical=view.canonical,
        pictures=_pictures(view, stated, url),
    )


def _is_front(view: _View, text: str, url: str) -> bool:
    if holds_posts(view.articles, view.pieces, view.links, view.headings, url):
        return True
    return is_front(text if word_count(text) >= FEWEST_WORDS else view.text, view.pieces, view.links, url)


def _read_flat(html: str, name: str) -> Extraction:
    everything = fallback.flat_text(html)
    text = fallback.running(everything)
    check_wall(Page(text=text, visible=everything, title=fallback.title_of(html)), name)
    check_page(text, everything, fallback.link_words(html), name)
    return Extraction(text=text, title=fallback.title_of(html))


def text_of(html: str) -> str:
    """All visible text of an untrusted HTML fragment, a paragraph for each block."""
    if fallback.is_bulky(html):
        return fallback.flat_text(fallback.slimmed(html)[: fallback.LONGEST])
    view = _View()
    view.read(html)
    return view.text


def _extracted(html: str, url: str | None, visible: str) -> str:
    """The article's text; `visible` is all text of the page."""
    import trafilatura

    def attempt(**options: Any) -> str:
        with suppress(*_GAVE_UP):
            return trafilatura.extract(html, url=url, include_comments=False, **options) or ""
        return ""

    with _quiet():
        text = attempt(prune_xpath=_ADVERTS)
        if re.search(r"^\|", text, re.MULTILINE):
            # Furniture is often laid out in tables, articles seldom.
            bare = attempt(prune_xpath=_ADVERTS, include_tables=False)
            text = bare if word_count(bare) > 0.6 * word_count(text) else text
        if word_count(fallback.running(visible)) > _MISSED * word_count(text):
            text = _longest_extraction(text, html, attempt())
        if word_count(text) < FEWEST_WORDS:
            text = attempt(favor_recall=True)
        if word_count(text) < FEWEST_WORDS:
            text = _baseline(html)
    # trafilatura ends each block with a line end.
    return normalise(re.sub(r"^- ", "", text.replace("\n", "\n\n"), flags=re.MULTILINE))


def _longest_extraction(text: str, html: str, unpruned: str) -> str:
    """`text`, or a much longer extraction: sites wrap articles in a "sponsored" box, or split them."""
    if word_count(unpruned) > _MISSED * word_count(text):
        return unpruned  # `text` may be a login box beside it
    if word_count(text) >= _SPLIT:
        whole = _baseline(html)
        if word_count(whole) > _MISSED * word_count(text) and _holds(whole, text):
            return whole
    return text


def _holds(candidate: str, text: str) -> bool:
    flat_candidate = " ".join(candidate.split())
    lines = [" ".join(line.split())[:60] for line in text.split("\n") if word_count(line) >= FEWEST_WORDS]
    return sum(line in flat_candidate for line in lines) >= 0.8 * len(lines)


def _baseline(html: str) -> str:
    import trafilatura

    with suppress(*_GAVE_UP):
        return str(trafilatura.baseline(html)[1])
    return ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Mute trafilatura's log and warnings: failures are `ExtractError`s."""
    import warnings

    logger = logging.getLogger("trafilatura")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _stated(view: _View) -> dict[str, Any]:
    """The first article object of the page's JSON-LD, or empty."""
    for thing in json_ld_objects(view.data, ("mainEntity",)):
        if any(kind.endswith(("Article", "BlogPosting", "Report")) for kind in types_of(thing)):
            return thing
    return {}


def _is_stated(view: _View, stated: dict[str, Any]) -> bool:
    """Whether the page declares itself an article; a home page may hold JSON-LD of the articles that it links."""
    if view.meta.get("og:type") == "article" or view.meta.get("article:published_time"):
        return True
    return bool(stated) and view.meta.get("og:type") != "website"


def _title(view: _View, stated: dict[str, Any]) -> str:
    headline = stated.get("headline")
    candidates = [
        view.meta.get("og:title", ""),
        headline if isinstance(headline, str) else "",
        view.heading,
        view.title,
    ]
    found = next((label(unescape(c)) for c in candidates if c and c.strip()), "")
    # "Headline | The Harbour Post": drop the site's name unless the heading has it too.
    heading = label(view.heading)
    head = re.split(r"(?<!\s)\s+[|–—·•»]\s+|(?<!\s)\s+-\s+", found)[0]
    return head if head != found and (not heading or heading.startswith(head)) and word_count(head) >= 3 else found


def _author(stated: dict[str, Any]) -> str:
    author = stated.get("author")
    author = author[0] if isinstance(author, list) and author else author
    name = author.get("name") if isinstance(author, dict) else author
    return name if isinstance(name, str) else ""


def _published(view: _View, stated: dict[str, Any], url: str | None) -> datetime | None:
    candidates = [
        stated.get("datePublished"),
        view.meta.get("article:published_time"),
        view.meta.get("datepublished"),
        view.meta.get("date"),
        view.meta.get("dc.date"),
        view.time,
    ]
    reader = DateReader(view.language, host_of(url or ""))
    read = (reader.read(candidate).written for candidate in candidates if isinstance(candidate, str))
    times = [time for time in read if time and not is_unset(time)]
    first = times[0] if times else None
    if first and first.tzinfo is None:  # a mere day: another may tell the time
        return next((time for time in times if time.tzinfo and time.date() == first.date()), first)
    return first


def _pictures(view: _View, stated: dict[str, Any], url: str | None) -> tuple[PictureLink, ...]:
    meta, base = view.meta, url or ""
    links = [
        picture_link(
            meta.get("og:image:secure_url") or meta.get("og:image:url") or meta.get("og:image"),
            base,
            meta.get("og:image:alt"),
            meta.get("og:image:width"),
        )
    ]
    named = stated.get("image")
    for each in (named if isinstance(named, list) else [named])[:_MOST_PICTURES]:
        if isinstance(each, dict):
            links.append(picture_link(each.get("url") or each.get("contentUrl"), base, width=each.get("width")))
        else:
            links.append(picture_link(each, base))
    links.append(
        picture_link(meta.get("twitter:image") or meta.get("twitter:image:src"), base, meta.get("twitter:image:alt"))
    )
    return best_first(links)


_MOST_PICTURES = 10
"""That the page's JSON-LD lists."""
_BLOCKS = frozenset(
    """
    address article aside blockquote body br caption dd div dl dt fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table td th tr ul
    """.split()  # noqa: SIM905
)
_HEADINGS = ("h1", "h2", "h3", "h4")
_CLOSED_BY_THE_NEXT = frozenset({"p", "li", "td", "th", "tr", "dt", "dd", "option"})
"""Optional end tags: these do not nest."""
# Not the head: text in it opens the body (HTML), and its other elements are named here.
_HIDDEN = frozenset({"script", "style", "noscript", "template", "svg", "iframe", "object", "select", "title"})


class _View(TagParser):
    """One pass over a page without a tree: visible text, links, metadata, JSON-LD, title, depth."""

    def __init__(self) -> None:
        super().__init__()
        self.meta: dict[str, str] = {}
        self.data: list[str] = []
        self.title = ""
        self.heading = ""
        self.time = ""
        self.language = ""
        self.canonical = ""
        self.link_words = 0
        self.deepest = 0
        self._depth = 0
        self.pieces: list[str] = []
        """All visible text; two line ends separate blocks."""
        self.links: dict[int, str] = {}
        """Index of a piece to the address of its link."""
        self.articles: list[range] = []
        """Indices of the pieces of each outermost ``<article>``."""
        self.headings: set[int] = set()
        """Indices of pieces in headings."""
        self._open: dict[str, int] = {}
        self._article_start = 0
        self._json = False
        self._link = ""

    @property
    def text(self) -> str:
        return normalise("".join(self.pieces))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        if tag == "meta":
            name = (values.get("property") or values.get("name") or values.get("itemprop") or "").lower()
            if name and name not in self.meta:
                self.meta[name] = values.get("content", "")[:1000]
            return
        if tag == "body":
            self._open["title"] = 0  # an unclosed title hides no more than the head
        if tag == "html":
            self.language = values.get("lang", "")
        if tag == "time" and not self.time:
            self.time = values.get("datetime", "")
        if tag in _BLOCKS:
            self.pieces.append("\n\n")
        if tag == "link" and not self.canonical and "canonical" in values.get("rel", "").lower().split():
            self.canonical = values.get("href", "")[:2000].strip()
        if tag in {"br", "hr", "img", "input", "link", "source", "wbr"}:
            return
        if tag == "a":
            self.handle_endtag("a")  # links do not nest: old pages leave `<a name="top">` open
            self._link = values.get("href", "")
        self._json = tag == "script" and "ld+json" in values.get("type", "")
        if self._json:
            self.data.append("")
        self._open[tag] = self._open.get(tag, 0) + 1
        if tag == "article" and self._open[tag] == 1:
            self._article_start = len(self.pieces)
        if tag not in _CLOSED_BY_THE_NEXT:
            self._depth += 1
        self.deepest = max(self.deepest, self._depth)

    def handle_endtag(self, tag: str) -> None:
        if self._open.get(tag):
            self._open[tag] -= 1
            if tag == "article" and not self._open[tag]:
                self.articles.append(range(self._article_start, len(self.pieces)))
            if tag not in _CLOSED_BY_THE_NEXT:
                self._depth = max(0, self._depth - 1)
        if tag in _BLOCKS:
            self.pieces.append("\n\n")

    def handle_data(self, data: str) -> None:
        if self._open.get("script") and self._json:
            self.data[-1] += data
            return
        if self._open.get("title") and not self._open.get("svg") and len(self.title) < 1000:
            self.title += data
        if any(self._open.get(tag) for tag in _HIDDEN):
            return
        if self._open.get("h1") and len(self.heading) < 1000:
            self.heading += data
        if link := self._open.get("a") and self._link:
            self.link_words += word_count(data)
            self.links[len(self.pieces)] = link
        if any(self._open.get(tag) for tag in _HEADINGS):
            self.headings.add(len(self.pieces))
        self.pieces.append(re.sub(r"\s+", " ", data))
