"""Where a site leads: redirects that set cookies, refreshes, odd `Location` headers, and what `Accept` asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from briefing.errors import BlockedAddressError, FetchError
from briefing.fetch import Fetched, Request, Wanted
from briefing.fetch.cookies import MOST_BYTES, MOST_COOKIES, ChainCookies
from briefing.testing.server import ReceivedRequest, Server

from ..conftest import MakeFetcher


@pytest.fixture
def get(server: Server, make: MakeFetcher) -> Callable[..., Fetched]:
    """Fetches a path of the server, which the reader has allowed to be local."""

    def fetched(path: str, wanted: Wanted = Wanted.PAGE, **options: object) -> Fetched:
        return make(**options).fetch(Request(server.url(path), allow_local=True, wanted=wanted))

    return fetched


def cause(get: Callable[..., Fetched], path: str, **options: object) -> str:
    with pytest.raises(FetchError) as caught:
        get(path, **options)
    return caught.value.cause


# Cookies


def test_a_redirect_back_to_itself_gets_its_cookie(server: Server, get: Callable[..., Fetched]) -> None:
    server.wants_cookie("/story", "the story")
    assert get("/story").body == b"the story"
    assert [seen.headers.get("cookie") for seen in server.requests] == [None, "seen=1"]


def test_a_cookie_is_brought_back_from_a_gate(server: Server, get: Callable[..., Fetched]) -> None:
    server.wants_cookie("/story", "the story", via="/gate", attributes="Path=/; HttpOnly; SameSite=Lax")
    assert get("/story").body == b"the story"
    assert [seen.path for seen in server.requests] == ["/story", "/gate", "/story"]


def test_cookies_end_with_their_chain(server: Server, make: MakeFetcher, tmp_path: Path) -> None:
    server.wants_cookie("/story", "the story", cookie="session=4711-hunter2")
    server.serves("/other", "another page", etag='"1"', headers={"Set-Cookie": "session=4712-hunter2"})
    fetcher = make(tmp_path / "http.sqlite")
    for path in ("/story", "/other", "/story"):
        fetcher.fetch(Request(server.url(path), allow_local=True))
    sent = [bool(seen.headers.get("cookie")) for seen in server.requests]
    assert sent == [False, True, False, False, True]
    fetcher.close()
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"another page" in stored
    assert b"hunter2" not in stored


def test_a_redirect_that_sets_a_cookie_is_never_taken_from_the_cache(
    server: Server, make: MakeFetcher, tmp_path: Path
) -> None:
    server.wants_cookie("/story", "the story", via="/gate")
    fresh = {"Cache-Control": "max-age=600", "Set-Cookie": "seen=1; Path=/"}
    server.redirects("/gate", "/story", status=301, headers=fresh)
    for _ in range(2):
        fetcher = make(tmp_path / "http.sqlite")
        assert fetcher.fetch(Request(server.url("/story"), allow_local=True)).body == b"the story"
        fetcher.close()
    assert len(server.seen("/gate")) == 2


def test_what_was_served_without_a_cookie_is_not_served_for_one(
    server: Server, make: MakeFetcher, tmp_path: Path
) -> None:
    server.serves("/story", "the beginning", headers={"Cache-Control": "max-age=600"}, times=1)
    server.serves("/story", "the whole story")
    server.redirects("/gate", "/story", headers={"Set-Cookie": "seen=1; Path=/"})
    fetcher = make(tmp_path / "http.sqlite")
    bodies = [fetcher.fetch(Request(server.url(path), allow_local=True)).body for path in ("/story", "/gate", "/story")]
    assert bodies == [b"the beginning", b"the whole story", b"the beginning"]


def test_a_page_behind_a_cookie_is_revalidated(server: Server, make: MakeFetcher, tmp_path: Path) -> None:
    server.redirects("/feed", "/feed.xml", headers={"Set-Cookie": "id=7; Path=/"})
    server.serves("/feed.xml", "<rss/>", etag='"1"', headers={"Cache-Control": "max-age=600"})
    fetcher = make(tmp_path / "http.sqlite")
    answers = [fetcher.fetch(Request(server.url("/feed"), allow_local=True)) for _ in range(2)]
    assert [(answer.body, answer.from_cache) for answer in answers] == [(b"<rss/>", False), (b"<rss/>", True)]
    assert server.seen("/feed.xml")[1].headers["if-none-match"] == '"1"'
    assert {seen.headers.get("cookie") for seen in server.seen("/feed.xml")} == {"id=7"}


def test_a_cookie_that_is_never_accepted_is_an_error(server: Server, get: Callable[..., Fetched]) -> None:
    server.redirects("/story", "/story", headers={"Set-Cookie": "seen=1; Path=/"})
    assert "in a circle" in cause(get, "/story")
    assert len(server.requests) == 2


def test_a_cookie_that_changes_each_time_ends_at_the_limit(server: Server, get: Callable[..., Fetched]) -> None:
    for number in range(20):
        server.redirects("/story", "/story", times=1, headers={"Set-Cookie": f"n={number}"})
    assert "more than 5 times" in cause(get, "/story")


def test_an_attempt_begins_without_the_cookies_of_the_last(server: Server, get: Callable[..., Fetched]) -> None:
    server.redirects("/a", "/b", headers={"Set-Cookie": "seen=1; Path=/"})
    server.fails("/b", 500, times=1)
    server.serves("/b", "ready")
    assert get("/a").body == b"ready"
    assert [seen.headers.get("cookie") for seen in server.requests] == [None, "seen=1", None, "seen=1"]


SITE = "https://www.a.example/one"


@pytest.mark.parametrize(
    ("set_cookie", "url", "sent"),
    [
        ("seen=1", "https://www.a.example/", "seen=1"),
        ("seen=1", "https://other.example/", ""),
        ("seen=1", "https://a.example/", ""),
        ("seen=1; Domain=a.example", "https://news.a.example/", "seen=1"),
        ("seen=1; Domain=.a.example", "https://a.example.evil.example/", ""),
        ("seen=1; Domain=evil.example", "https://evil.example/", ""),
        ("seen=1; Domain=example", "https://evil.example/", ""),
        ("seen=1; Path=/news", "https://www.a.example/news/two", "seen=1"),
        ("seen=1; Path=/news", "https://www.a.example/sport", ""),
        ("seen=1; Secure", "http://www.a.example/news/", ""),
        ("seen=1; Max-Age=0", SITE, ""),
        ("seen=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", SITE, ""),
        ("seen=ä", SITE, "seen=ä"),
        ("", SITE, ""),
        ("=;;=", SITE, ""),
    ],
)
def test_cookies_go_where_they_belong(set_cookie: str, url: str, sent: str) -> None:
    cookies = ChainCookies()
    cookies.keep(SITE, [set_cookie])
    assert cookies.header(url) == sent


def test_a_cookie_of_a_countrys_second_level_is_refused() -> None:
    cookies = ChainCookies()
    cookies.keep("https://a.co.uk/", ["seen=1; Domain=co.uk"])
    assert cookies.header("https://b.co.uk/") == ""


def test_cookies_are_bounded_in_number_and_size() -> None:
    many, large = ChainCookies(), ChainCookies()
    many.keep(SITE, [f"c{number}=1" for number in range(500)])
    large.keep(SITE, [f"c{number}={'x' * 3000}" for number in range(500)])
    assert many.header(SITE).count("=") == MOST_COOKIES
    assert 0 < len(large.header(SITE)) <= MOST_BYTES


# Refreshes


def leads_to(url: str, delay: int = 0) -> str:
    return f'<html><head><meta http-equiv="refresh" content="{delay}; url={url}"></head><body>Moved</body></html>'


def test_a_refresh_is_followed(server: Server, get: Callable[..., Fetched]) -> None:
    server.serves("/go?id=7", leads_to("/story"))
    server.serves("/story", "the story")
    page = get("/go?id=7")
    assert (page.body, page.url) == (b"the story", server.url("/story"))


def test_a_refresh_header_is_followed(server: Server, get: Callable[..., Fetched]) -> None:
    server.serves("/go", "moved", headers={"Refresh": "0; url=/story"})
    server.serves("/story", "the story")
    assert get("/go").body == b"the story"


@pytest.mark.parametrize("to", ["/live", "", "#now", "/live?é#now"])
def test_a_page_that_reloads_itself_is_read(server: Server, get: Callable[..., Fetched], to: str) -> None:
    path = "/live?%C3%A9" if "é" in to else "/live"
    server.serves(path, leads_to(to))
    assert b"Moved" in get(path).body
    assert len(server.requests) == 1


def test_refreshes_in_a_circle_are_an_error(server: Server, get: Callable[..., Fetched]) -> None:
    server.serves("/a", leads_to("/b"))
    server.redirects("/b", "/a")
    assert "in a circle" in cause(get, "/a")


def test_refreshes_count_as_redirects(server: Server, get: Callable[..., Fetched]) -> None:
    for step in range(20):
        server.serves(f"/{step}", leads_to(f"/{step + 1}"))
    assert "more than 5 times" in cause(get, "/0")
    assert len(server.requests) == 6


def test_a_refresh_to_a_private_address_is_refused(server: Server, get: Callable[..., Fetched]) -> None:
    with Server() as secret:
        server.serves("/a", leads_to(secret.url("/admin")))
        assert "it redirects: 127.0.0.1 is not an address on the public internet" in cause(get, "/a")
        assert secret.requests == []


@pytest.mark.parametrize("allowed", [True, False])
def test_what_allows_a_private_address_is_advised_only_where_it_helps(
    server: Server, make: MakeFetcher, allowed: bool
) -> None:
    fetcher = make()
    with Server() as other:
        server.redirects("/a", other.url("/a"))
        with pytest.raises(BlockedAddressError) as caught:
            fetcher.fetch(Request(server.url("/a"), allow_local=allowed))
    assert ("--allow-local" in caught.value.remedy) == (not allowed)
    assert ("name its address as the source" in caught.value.remedy) == allowed


def test_only_html_leads_on(server: Server, get: Callable[..., Fetched]) -> None:
    server.serves("/a", leads_to("/story"), type="text/plain")
    assert b"Moved" in get("/a").body


def test_a_script_is_not_followed(server: Server, get: Callable[..., Fetched]) -> None:
    server.serves("/a", "<head><script>location = '/story' // refresh</script></head>")
    assert b"location" in get("/a").body


# Locations


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/board meeting 24 Nov.html", "/board%20meeting%2024%20Nov.html"),
        ("/größe", "/gr%C3%B6%C3%9Fe"),
        ("/a|b", "/a|b"),
        ("/a\\b", "/a/b"),
        ('/"q"<x>', "/%22q%22%3Cx%3E"),
        ("/100%", "/100%"),
        ("?page=two words", "/old?page=two%20words"),
        ("/x#a b", "/x"),
        ("/a\tb", "/ab"),
    ],
)
def test_locations_are_read_as_browsers_read_them(
    server: Server, get: Callable[..., Fetched], location: str, path: str
) -> None:
    server.redirects("/old", location)
    server.serves(path, "here")
    assert get("/old").body == b"here"


def test_a_location_in_latin_1_is_read(server: Server, get: Callable[..., Fetched]) -> None:
    server.serves("/old", "", status=302, headers={"Location": "/caf\xe9", "X-Name": "\xe9"})
    server.serves("/caf%C3%A9", "here")
    assert get("/old").body == b"here"


def test_a_location_in_utf_8_is_read_whatever_other_headers_are_in(server: Server, get: Callable[..., Fetched]) -> None:
    server.redirects("/old", "/café", headers={"X-Name": "\xe9"})
    server.serves("/caf%C3%A9", "here")
    assert get("/old").body == b"here"


# Accept


def negotiated(request: ReceivedRequest) -> tuple[int, str, bytes]:
    first = request.headers["accept"].partition(",")[0]
    if first in {"application/atom+xml", "application/rss+xml"}:
        return 200, "application/atom+xml", b"<feed/>"
    return 200, "text/html", b"<p>page</p>"


@pytest.mark.parametrize(
    ("wanted", "body"),
    [(Wanted.PAGE, b"<p>page</p>"), (Wanted.FEED_OR_PAGE, b"<feed/>"), (Wanted.FEED, b"<feed/>")],
)
def test_what_is_wanted_is_what_accept_asks_for_first(
    server: Server, get: Callable[..., Fetched], wanted: Wanted, body: bytes
) -> None:
    server.replies("/news", negotiated)
    assert get("/news", wanted).body == body


@pytest.mark.parametrize("wanted", list(Wanted))
def test_accept_is_a_valid_list_that_refuses_nothing(wanted: Wanted) -> None:
    ranges = [part.strip().partition(";q=") for part in wanted.value.split(",")]
    weights = [float(weight or 1) for _, _, weight in ranges]
    assert ranges[-1][0] == ("image/*" if wanted is Wanted.PICTURE else "*/*")
    assert weights == sorted(weights, reverse=True)
    assert ("text/html" in [name for name, _, _ in ranges]) is (wanted not in {Wanted.FEED, Wanted.PICTURE})


def test_of_a_page_no_data_are_asked_for() -> None:
    """Sites that have an article as JSON too send the page where an address may be one."""
    ranges = dict(part.strip().partition(";q=")[::2] for part in Wanted.FEED_OR_PAGE.value.split(","))
    weight = {name: float(value or 1) for name, value in ranges.items()}
    assert weight["text/html"] > weight.get("application/json", weight["*/*"])
    assert weight["text/html"] > weight["application/xml"]
    assert weight["text/html"] < weight["application/rss+xml"]


@pytest.mark.parametrize("fresh", [{}, {"Cache-Control": "max-age=600"}, {"Vary": "Accept"}])
def test_the_cache_keeps_feed_and_page_of_an_address_apart(
    server: Server, make: MakeFetcher, tmp_path: Path, fresh: dict[str, str]
) -> None:
    server.serves("/news", "<p>page</p>", etag='"1"', headers=fresh, times=1)
    server.serves("/news", "<feed/>", etag='"2"', headers=fresh)
    fetcher = make(tmp_path / "http.sqlite")
    page = fetcher.fetch(Request(server.url("/news"), allow_local=True))
    feed = fetcher.fetch(Request(server.url("/news"), allow_local=True, wanted=Wanted.FEED_OR_PAGE))
    assert (page.body, feed.body) == (b"<p>page</p>", b"<feed/>")
    assert "if-none-match" not in server.requests[1].headers


def test_accept_is_kept_over_redirects(server: Server, get: Callable[..., Fetched]) -> None:
    server.redirects("/old", "/news")
    server.replies("/news", negotiated)
    assert get("/old", Wanted.FEED_OR_PAGE).body == b"<feed/>"
