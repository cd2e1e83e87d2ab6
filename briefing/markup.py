"""HTML as a stream of tags, in time that grows with the page and not with its square. Pure."""

from __future__ import annotations

from html.parser import HTMLParser

__all__ = ["TagParser"]

_MOST_UNCLOSED = 20
"""Tags, comments and declarations without an end that are passed over; pages by people have one or two."""


class TagParser(HTMLParser):
    """The base class's parser, made safe for pages of any make.

    For a tag, comment or declaration without an end the base class (Python 3.11) looks to the end of the page, and does
    so again for the next one: a page of nothing else took minutes. Here what follows the last of a few of them is not
    read, as no browser reads on behind the first.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._unclosed = 0

    def read(self, html: str) -> None:
        """All of a page; what the parser cannot take is left at that."""
        try:
            self.feed(html)
            self.close()
        except (AssertionError, ValueError, RecursionError):
            return

    def parse_starttag(self, i: int) -> int:
        """Where the tag at `i` ends."""
        return self._bounded(super().parse_starttag(i))

    def parse_endtag(self, i: int) -> int:
        """Where the closing tag at `i` ends."""
        return self._bounded(super().parse_endtag(i))

    def parse_comment(self, i: int, report: bool = True) -> int:
        """Where the comment at `i` ends."""
        return self._bounded(super().parse_comment(i, report))

    def parse_pi(self, i: int) -> int:
        """Where the instruction at `i` ends."""
        return self._bounded(super().parse_pi(i))

    def parse_html_declaration(self, i: int) -> int:
        """Where the declaration at `i` ends; also past what old pages told Internet Explorer (``<![endif]>``)."""
        marked = self.rawdata.startswith("<![", i) and not self.rawdata.startswith("<![CDATA[", i)
        return self._bounded(self.parse_bogus_comment(i) if marked else super().parse_html_declaration(i))

    def _bounded(self, end: int) -> int:
        """Where to go on: `end`, or behind everything after too many without one."""
        if end >= 0:
            return end
        self._unclosed += 1
        return end if self._unclosed <= _MOST_UNCLOSED else len(self.rawdata)
