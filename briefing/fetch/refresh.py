"""Pages that only lead on to another address by ``<meta http-equiv=refresh>`` (HTML Standard, 4.2.5.3). Pure.

Without scripts, as here, ``<noscript>`` in a head counts; but pages that show an article and have one beside it for
browsers without scripts are pages, and so are those that show an article for some seconds.
"""

from __future__ import annotations

import re

from briefing.address import web_address
from briefing.encodings import page_text
from briefing.markup import TagParser

LONGEST_DELAY = 10
"""Seconds; pages that reload themselves, or go home after a while, take minutes."""
_AT_ONCE = 1
_MOST_TEXT = 500
"""Characters of a page that only leads on: "This feed has moved", in two languages."""
_MOST_TEXT_BESIDE_SCRIPTS = 100
"""The same of one that leads browsers without scripts on: where it has text, that is the article, for all browsers."""
_HEAD = 16_384
"""Characters in which the head is looked for."""
_TEXT_BYTES = 200_000
"""In which the text of a page is counted."""
_QUICK = re.compile(rb"refresh|r\0e\0f\0r\0e\0s\0h", re.IGNORECASE)
_CONTENT = re.compile(
    r"[ \t\n\f\r]*(?P<delay>\d{1,9}|(?=\.))[\d.]*(?:[ \t\n\f\r]*[;,]|[ \t\n\f\r])[ \t\n\f\r]*(?P<rest>.*)", re.DOTALL
)
_URL = re.compile(r"url[ \t\n\f\r]*=[ \t\n\f\r]*(?P<url>.*)", re.IGNORECASE | re.DOTALL)
_IN_HEAD = frozenset({"html", "head", "meta", "link", "base", "title", "script", "style", "noscript", "template"})
_UNSEEN = frozenset({"title", "script", "style", "noscript", "template"})
"""Elements whose text no reader of the page sees."""


def refresh_target(body: bytes, url: str, charset: str | None = None) -> str | None:
    """The address that the HTML page `body` at `url` leads on to; None where it is to be read itself.

    A refresh without an address reloads the page; one to another place than the web (``javascript:``) is none.
    """
    if not _QUICK.search(body, 0, 2 * _HEAD):
        return None
    text = page_text(body[:_TEXT_BYTES], charset).text
    head = _Head(url)
    head.read(text[:_HEAD])
    if head.delay is None:
        return None
    if head.in_noscript or head.delay > _AT_ONCE:
        most = _MOST_TEXT_BESIDE_SCRIPTS if head.in_noscript else _MOST_TEXT
        if _text_length(text) > most:
            return None
    return head.target


def header_target(refresh: str, url: str) -> str | None:
    """The same for the value of a ``Refresh`` header."""
    delay, target = parse_refresh(refresh, url)
    return target if delay is not None and delay <= _AT_ONCE else None


def parse_refresh(content: str, base: str) -> tuple[int | None, str | None]:
    """The delay in whole seconds and the address of a refresh; without one, None for what it lacks.

    The address is None too where it is not one of the web (``javascript:``).
    """
    match = _CONTENT.fullmatch(content)
    if match is None or not match["rest"]:
        return None, None
    rest = match["rest"]
    if named := _URL.fullmatch(rest):
        rest = named["url"]
    if rest[:1] in {"'", '"'}:
        rest = rest[1:].partition(rest[0])[0]
    return int(match["delay"] or 0), web_address(rest, base) if rest.strip() else None


class _Head(TagParser):
    """Finds the first refresh of at most `LONGEST_DELAY` seconds in the head, which ends before its first other tag."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.base = url
        self.delay: int | None = None
        self.target: str | None = None
        self.in_noscript = False
        self._noscript = False
        self._unseen = ""
        self._ended = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._ended or self._unseen:
            return
        if tag not in _IN_HEAD:
            self._ended = True
            return
        values = {name: value or "" for name, value in reversed(attrs)}
        if tag == "noscript":
            self._noscript = True
        elif tag in _UNSEEN:
            self._unseen = tag
        elif tag == "base" and (base := web_address(values.get("href", ""), self.base)):
            self.base = base
        elif tag == "meta" and values.get("http-equiv", "").strip().lower() == "refresh" and self.delay is None:
            delay, target = parse_refresh(values.get("content", ""), self.base)
            if delay is not None and target is not None and delay <= LONGEST_DELAY:
                self.delay, self.target, self.in_noscript = delay, target, self._noscript

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._unseen = ""
        elif tag == "noscript":
            self._noscript = False
        elif tag == "head":
            self._ended = True

    def handle_data(self, data: str) -> None:
        if not (self._unseen or self._noscript) and data.strip():
            self._ended = True  # text begins the body


class _Visible(TagParser):
    """Counts the characters of a page that a reader sees."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self._unseen = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._unseen and tag in _UNSEEN:
            self._unseen = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._unseen = ""

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.count += len(" ".join(data.split()))


def _text_length(html: str) -> int:
    page = _Visible()
    page.read(html)
    return page.count
