"""Links as feeds, pages, lists and readers write them, to addresses that can be asked for."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from briefing.address import LONGEST_ADDRESS, cleaned_link, web_address, web_parts, without_feed_scheme
from briefing.canonical import canonical_url, same_site

BASE = "https://base.example/news/today"


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("https://a.example/board meeting.html", "https://a.example/board%20meeting.html"),
        ("  \n https://a.example/x y \r\n\t", "https://a.example/x%20y"),
        ("https://a.example/two\n  lines", "https://a.example/two%20%20lines"),
        ("https://a.example/a\tb\nc\rd", "https://a.example/abcd"),
        ("https://a.example/a%20b", "https://a.example/a%20b"),
        ("/a b?c d#e f", "https://base.example/a%20b?c%20d#e%20f"),
        ("x y", "https://base.example/news/x%20y"),
        ("?q=two words", "https://base.example/news/today?q=two%20words"),
        ("//other.example/a b", "https://other.example/a%20b"),
        ("https://a.example/budget|2026.html", "https://a.example/budget|2026.html"),
        ('https://a.example/"x"<y>?"<z>"', "https://a.example/%22x%22%3Cy%3E?%22%3Cz%3E%22"),
        ("https://a.example/{x}^`?{x}^`", "https://a.example/%7Bx%7D%5E%60?{x}^`"),
        ("https://a.example/it's?it's", "https://a.example/it's?it%27s"),
        ("https://a.example/100%?50%&%zz", "https://a.example/100%?50%&%zz"),
        ("https://a.example/[1]?a[]=2", "https://a.example/[1]?a[]=2"),
        ("https:\\\\a.example\\dir\\page?back\\slash", "https://a.example/dir/page?back\\slash"),
        ("\\\\b.example\\x", "https://b.example/x"),
        ("https://a.example/größe?stadt=Köln", "https://a.example/größe?stadt=Köln"),
        ("https://a.example/x\u00a0y\u3000z\u2009", "https://a.example/x%C2%A0y%E3%80%80z"),
        ("https://a.example/\u202egpj", "https://a.example/%E2%80%AEgpj"),
        ("https://me:pass word@a.example/x", "https://me:pass%20word@a.example/x"),
        ("HTTPS://a.example/x y", "https://a.example/x%20y"),
        ("feed:https://a.example/x y", "https://a.example/x%20y"),
        ("feed://a.example/rss", "http://a.example/rss"),
        (" feed:a.example/rss", "http://a.example/rss"),
        ("https://two words.example/", None),
        ("ftp://a.example/x", None),
        ("mailto:ann@a.example", None),
        ("javascript:alert(1)", None),
        ("C:\\notes\\today", None),
        ("https://a.example/" + "x y" * 1400, None),
    ],
)
def test_links_are_read_as_browsers_read_them(link: str, address: str | None) -> None:
    assert web_address(link, BASE) == address


links = st.one_of(
    st.text(max_size=40),
    st.text("ab /\\?#%|\"<>[]{}^`'@:.\t\n\u00a0\u3000é\u202e", max_size=30).map(
        lambda text: f"https://a.example/{text}"
    ),
    st.text("ab.:@[]%\\ -", max_size=15).map(lambda text: f"http:{text}/x y"),
)


@given(links)
@example("http://%A")
@example("https://a.example/\u3000")
@example("https://[::1]/ x")
def test_addresses_of_links_are_usable_and_stay_as_they_are(link: str) -> None:
    address = web_address(link, BASE)
    if address is not None:
        assert web_address(address) == address
        assert web_parts(address)
        assert len(address) <= LONGEST_ADDRESS
        assert not any(character.isspace() for character in address)
        assert canonical_url(canonical_url(address)) == canonical_url(address)


@given(links)
def test_cleaning_a_link_twice_changes_nothing(link: str) -> None:
    assert cleaned_link(cleaned_link(link)) == cleaned_link(link)


@given(st.text("ab /?|\"<>{}^`'éß日", max_size=20).map(lambda text: f"https://a.example/{text}"))
def test_an_address_is_requested_as_the_link_would_be(link: str) -> None:
    address = web_address(link)
    assert address is not None
    sent = httpx.URL(address)
    assert sent == httpx.URL(str(sent))
    assert sent.raw_path.isascii()


def test_feed_scheme_stands_for_the_web() -> None:
    assert without_feed_scheme("FEED:https://a.example/f") == "https://a.example/f"
    assert without_feed_scheme("feedback.txt") == "feedback.txt"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/x", "http://a.example:8080/y", True),
        ("https://www.a.example/", "https://a.example/feed", True),
        ("https://a.example/", "https://feeds.a.example/", True),
        ("https://blog.a.example/", "https://a.example/", True),
        ("https://a.example/", "https://b.example/", False),
        ("https://a.example/", "https://notra.example/", False),
        ("https://one.a.example/", "https://two.a.example/", False),
        ("notes.txt", "notes.txt", False),
    ],
)
def test_which_addresses_are_of_one_site(one: str, other: str, same: bool) -> None:
    assert same_site(one, other) is same


PARTS = (
    "http://", "www.", "m.", "a", "B", "%A", "%41", "%zz", ".", "/", "//", "/amp/", ".amp", "/index.html", "?", "&",
    "=", "utm_x=1", "a=b", "#", "x.org", "cdn.ampproject.org", "/c/s/", ":", ":8080", "@", "[", "::1", " ", "é", "+",
)  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=9).map("".join).map("https://{}".format))
@example("https://" + "www." * 7 + "a.example/")
@example("http://%A")
def test_the_canonical_form_of_a_canonical_address_is_itself(url: str) -> None:
    assert canonical_url(canonical_url(url)) == canonical_url(url)
