"""The HTML tag stream in linear time."""

from __future__ import annotations

import pytest

from briefing.extract.html import text_of
from briefing.markup import TagParser
from briefing.sources.detection import find_feeds

UNCLOSED = ["<input ", '<a b=">"', "<!--x>", "<![CDATA[x>", "<?x", "</a ", "<!x", "<a b='>'/"]


class Counting(TagParser):
    """Counts the characters searched for a missing end."""

    in_vain = 0

    def _bounded(self, end: int) -> int:
        if end < 0:
            self.in_vain += len(self.rawdata)
        return super()._bounded(end)


def in_vain(html: str) -> int:
    tags = Counting()
    tags.read(html)
    return tags.in_vain


@pytest.mark.parametrize("tag", UNCLOSED)
def test_unclosed_tags_are_parsed_in_linear_time(tag: str) -> None:
    half, whole = (in_vain(tag * (size // len(tag))) for size in (100_000, 200_000))
    assert 0 < whole < 3 * half


@pytest.mark.parametrize("tag", UNCLOSED)
def test_text_before_unclosed_tags_is_read(tag: str) -> None:
    page = f'<link rel="alternate" type="application/rss+xml" href="/feed"><p>The bridge opened.</p>{tag * 20_000}'
    assert text_of(page).startswith("The bridge opened.")
    assert find_feeds(page.encode(), "https://a.example/") == ["https://a.example/feed"]


@pytest.mark.parametrize("tag", ["<input ", "<!-- x", '<a href="', "<b"])
def test_an_unclosed_tag_hides_nothing_before_it(tag: str) -> None:
    assert text_of(f"<p>Five is less than six.</p><p>{tag}").startswith("Five is less than six.")


def test_text_behind_a_few_unclosed_tags_is_read() -> None:
    assert "The mayor agreed." in text_of('<p>One <a href="x>link</a>.</p><p>The mayor agreed.</p>')
