"""HTML tag stream in linear time. Pure."""

from __future__ import annotations

from html.parser import HTMLParser

_MOST_UNCLOSED = 20
"""Unclosed tags, comments and declarations that are skipped; pages by people have one or two."""


class TagParser(HTMLParser):
    """`HTMLParser` with a bound on unclosed constructs.

    The base class (Python 3.11) searches for the end of each unclosed tag, comment or declaration to the end of the
    page, so a page of nothing else took minutes. Here the rest of the page is dropped after `_MOST_UNCLOSED`.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._unclosed = 0

    def read(self, html: str) -> None:
        """Parse a page, as far as the parser can."""
        try:
            self.feed(html)
            self.close()
        except (AssertionError, ValueError, RecursionError):
            return

    def parse_starttag(self, i: int) -> int:
        """End of the tag at `i`."""
        return self._bounded(super().parse_starttag(i))

    def parse_endtag(self, i: int) -> int:
        """End of the closing tag at `i`."""
        return self._bounded(super().parse_endtag(i))

    def parse_comment(self, i: int, report: bool = True) -> int:
        """End of the comment at `i`."""
        return self._bounded(super().parse_comment(i, report))

    def parse_pi(self, i: int) -> int:
        """End of the processing instruction at `i`."""
        return self._bounded(super().parse_pi(i))

    def parse_html_declaration(self, i: int) -> int:
        """End of the declaration at `i`, also of conditional comments (``<![endif]>``)."""
        marked = self.rawdata.startswith("<![", i) and not self.rawdata.startswith("<![CDATA[", i)
        return self._bounded(self.parse_bogus_comment(i) if marked else super().parse_html_declaration(i))

    def _bounded(self, end: int) -> int:
        """`end`, or the end of the page after too many unclosed constructs."""
        if end >= 0:
            return end
        self._unclosed += 1
        return end if self._unclosed <= _MOST_UNCLOSED else len(self.rawdata)
