"""Fetching over real sockets: limits, retries, redirects, errors, cache."""

from __future__ import annotations

import gzip
import re
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from briefing.errors import FetchError
from briefing.fetch import Fetched, Request
from briefing.fetch.response import stated_length
from briefing.testing.server import Server

from ..conftest import MakeFetcher, Waits


@pytest.fixture
def get(server: Server, make: MakeFetcher) -> Callable[..., Fetched]:
    """Fetches a path of the server, which the reader has allowed to be local."""

    def fetched(path: str, **options: object) -> Fetched:
        return make(**options).fetch(Request(server.url(path), allow_local=True))

    return fetched


def failure(get: Callable[..., Fetched], path: str, **options: object) -> FetchError:
    with pytest.raises(FetchError) as caught:
        get(path, **options)
    return caught.value


def test_a_page_comes_with_its_type_charset_and_final_address(server: Server, get: Callable[..., Fetched]) -> None:
    server.serves("/a", "käse".encode("latin-1"), type='Text/HTML; Charset="ISO-8859-1"')
    page = get("/a#part")
    assert page.body.decode(page.charset or "") == "käse"
    assert (page.url, page.status, page.content_type) == (server.url("/a"), 200, "text/html")
    assert not page.from_cache


def test_user_agent_and_accept_encoding_are_sent(server: Server, get: Callable[..., Fetched]) -> None:
    server.serves("/a", "x")
    get("/a")
    headers = server.requests[0].headers
    assert headers["user-agent"].startswith("briefing/")
    assert headers["accept-encoding"] == "gzip, deflate"


def test_http_404_is_reported_and_not_retried(server: Server, get: Callable[..., Fetched]) -> None:
    error = failure(get, "/gone")
    assert error.subject == server.url("/gone")
    assert error.cause == "the server answered HTTP 404 Not Found"
    assert "Check the address" in error.remedy
    assert len(server.requests) == 1


def test_retry_after_is_honoured(server: Server, get: Callable[..., Fetched], waits: Waits) -> None:
    server.fails("/a", 503, times=1, retry_after="7")
    server.serves("/a", "ready")
    assert get("/a").body == b"ready"
    assert [round(wait) for wait in waits] == [7]


def test_retry_after_may_be_a_date(server: Server, get: Callable[..., Fetched], waits: Waits) -> None:
    server.fails(
        "/a", 429, times=1, retry_after=format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    )
    server.serves("/a", "ready")
    assert get("/a").body == b"ready"
    assert 20 < waits[0] <= 30


def test_a_long_retry_after_suspends_the_server(server: Server, get: Callable[..., Fetched], waits: Waits) -> None:
    server.fails("/a", 503, retry_after="3600")
    error = failure(get, "/a")
    assert re.search(
        r"503 Service Unavailable and asks to be left alone and is not asked again before "
        r"\d{4}-\d\d-\d\d \d\d:\d\d UTC$",
        error.cause,
    )
    assert waits == []
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_that_fails_once_is_asked_again(
    server: Server, get: Callable[..., Fetched], waits: Waits, status: int
) -> None:
    server.fails("/a", status, times=1)
    server.serves("/a", "ready")
    assert get("/a").body == b"ready"
    assert len(waits) == 1


def test_backoff_grows_and_the_error_counts_the_attempts(
    server: Server, get: Callable[..., Fetched], waits: Waits
) -> None:
    server.fails("/a", 500)
    error = failure(get, "/a", retries=3, backoff=1.0)
    assert error.cause == "the server answered HTTP 500 Internal Server Error, 4 times in a row"
    assert [0.5 <= waits[0] <= 1.5, 1.0 <= waits[1] <= 3.0, 2.0 <= waits[2] <= 6.0] == [True] * 3


@pytest.mark.parametrize("header", [False, True], ids=["body", "header"])
def test_a_slow_drip_ends_at_the_total_time(server: Server, get: Callable[..., Fetched], header: bool) -> None:
    server.slow("/drip", every=0.02, header=header)
    error = failure(get, "/drip", total_timeout=0.5, read_timeout=5)
    assert error.cause == "it was not complete after 0.5 seconds"
    assert len(server.requests) == 1


def test_a_server_that_falls_silent_is_tried_again(server: Server, get: Callable[..., Fetched]) -> None:
    server.hangs("/a", times=1)
    server.serves("/a", "awake")
    assert get("/a", read_timeout=0.2).body == b"awake"


def test_a_server_that_stays_silent_is_reported(server: Server, get: Callable[..., Fetched]) -> None:
    server.hangs("/a")
    assert failure(get, "/a", read_timeout=0.1, retries=1).cause == "the server fell silent, 2 times in a row"


def test_a_gzip_bomb_is_refused(server: Server, get: Callable[..., Fetched]) -> None:
    server.bombs("/bomb")
    assert "gzip bomb" in failure(get, "/bomb", max_bytes=1_000_000).cause
    assert len(server.requests) == 1


def test_a_page_larger_than_allowed_is_refused_before_it_is_read(server: Server, get: Callable[..., Fetched]) -> None:
    server.serves("/large", b"x" * 2_000_001)
    assert failure(get, "/large", max_bytes=2_000_000).cause == "it is too large: more than 2 MB"


def test_a_page_without_a_length_is_cut_off_at_the_limit(server: Server, get: Callable[..., Fetched]) -> None:
    server.endless("/endless")
    assert "too large" in failure(get, "/endless", max_bytes=200_000).cause


def test_a_page_of_exactly_the_limit_is_read(server: Server, get: Callable[..., Fetched]) -> None:
    server.serves("/a", b"x" * 1000, compressed=True)
    assert len(get("/a", max_bytes=1000).body) == 1000


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (gzip.compress(b"news"), "gzip"),
        (gzip.compress(b"ne") + gzip.compress(b"ws"), "x-gzip"),
        (gzip.compress(b"news") + b"\0\0", "gzip"),
        (zlib.compress(b"news"), "deflate"),
        (zlib.compress(b"news")[2:-4], "deflate"),
        (b"news", "identity"),
    ],
    ids=["gzip", "two members", "padded", "deflate", "bare deflate", "identity"],
)
def test_compressed_pages_are_decompressed(
    server: Server, get: Callable[..., Fetched], packed: bytes, encoding: str
) -> None:
    server.serves("/a", packed, headers={"Content-Encoding": encoding})
    assert get("/a").body == b"news"


def test_an_unknown_content_encoding_is_named(server: Server, get: Callable[..., Fetched]) -> None:
    server.serves("/a", b"?", headers={"Content-Encoding": "br"})
    assert "br" in failure(get, "/a").cause


def test_a_truncated_gzip_body_is_fetched_again(server: Server, get: Callable[..., Fetched]) -> None:
    server.serves("/a", gzip.compress(b"the whole story")[:-9], headers={"Content-Encoding": "gzip"}, times=1)
    server.serves("/a", "the whole story", compressed=True)
    assert get("/a").body == b"the whole story"


def test_a_connection_cut_in_the_middle_is_tried_again(server: Server, get: Callable[..., Fetched]) -> None:
    server.cuts("/a", b"the whole story", after=5, times=1)
    server.serves("/a", "the whole story")
    assert get("/a").body == b"the whole story"


def test_a_connection_that_is_always_cut_is_reported(server: Server, get: Callable[..., Fetched]) -> None:
    server.cuts("/a", b"the whole story", after=5)
    assert "broke before" in failure(get, "/a").cause


@pytest.mark.parametrize(("header", "length"), [("12", 12), (" 7 ", 7), ("", 0), ("-1", 0), ("\xb2", 0), ("x", 0)])
def test_an_invalid_content_length_is_ignored(header: str, length: int) -> None:
    assert stated_length(header) == length


def test_a_redirect_is_followed_to_its_end(server: Server, get: Callable[..., Fetched]) -> None:
    server.redirects("/old", "new?x=1", status=301)
    server.serves("/new?x=1", "here")
    page = get("/old")
    assert (page.body, page.url) == (b"here", server.url("/new?x=1"))


def test_redirect_loops_are_an_error(server: Server, get: Callable[..., Fetched]) -> None:
    server.loops("/round")
    assert "in a circle" in failure(get, "/round").cause
    assert len(server.requests) == 2


def test_too_many_redirects_are_an_error(server: Server, get: Callable[..., Fetched]) -> None:
    for step in range(20):
        server.redirects(f"/{step}", f"/{step + 1}")
    assert "more than 5 times" in failure(get, "/0").cause
    assert len(server.requests) == 6


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://example.org/x", "javascript:alert(1)", "gopher://a/"])
def test_a_redirect_may_only_lead_to_the_web(server: Server, get: Callable[..., Fetched], to: str) -> None:
    server.redirects("/a", to)
    assert "only http and https" in failure(get, "/a").cause


@pytest.mark.parametrize("to", ["http://[::1", "http://a:port/", "//"])
def test_a_redirect_to_nonsense_is_a_readable_error(server: Server, get: Callable[..., Fetched], to: str) -> None:
    server.redirects("/a", to)
    assert failure(get, "/a").subject == server.url("/a")


@pytest.mark.parametrize(
    "url", ["", "briefing.toml", "file:///etc/passwd", "http://", "https:///path", "http://[", "ftp://a.org/"]
)
def test_what_is_not_a_web_address_is_a_readable_error(make: MakeFetcher, url: str) -> None:
    with pytest.raises(FetchError, match=r"only http|no address|not a usable address"):
        make().fetch(Request(url, allow_local=True))


def test_a_server_that_is_not_there_is_reported(make: MakeFetcher) -> None:
    with Server() as gone:
        url = gone.url("/")
    with pytest.raises(FetchError, match="refused the connection, 3 times in a row"):
        make().fetch(Request(url, allow_local=True))


def test_a_name_that_does_not_exist_is_reported(make: MakeFetcher) -> None:
    with pytest.raises(FetchError, match=r"no server is known by the name nowhere\.invalid"):
        make(retries=0).fetch(Request("https://nowhere.invalid/feed"))


def test_a_server_without_tls_behind_https_is_reported(server: Server, make: MakeFetcher) -> None:
    with pytest.raises(FetchError, match="no secure connection"):
        make(retries=0).fetch(Request(server.url("/").replace("http:", "https:"), allow_local=True))


def test_credentials_reach_their_own_server_and_nothing_else(server: Server, make: MakeFetcher, tmp_path: Path) -> None:
    with Server() as other:
        server.serves("/feed", "private", headers={"Cache-Control": "max-age=60"})
        server.redirects("/away", other.url("/"))
        fetcher = make(tmp_path / "http.sqlite", resolver=lambda host, port: ["127.0.0.1"])
        page = fetcher.fetch(Request(server.url("/feed").replace("//", "//anna:s3cret%21@"), allow_local=True))
        with pytest.raises(FetchError) as caught:
            fetcher.fetch(Request(server.url("/away").replace("//", "//anna:s3cret%21@"), allow_local=True))
    assert server.requests[0].headers["authorization"] == "Basic YW5uYTpzM2NyZXQh"
    assert page.url == server.url("/feed")
    assert other.requests == []
    assert "s3cret" not in str(caught.value)
    fetcher.close()
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"private" in stored
    assert b"s3cret" not in stored
    assert b"YW5uYTpzM2NyZXQh" not in stored


# The cache


@pytest.mark.parametrize(
    "validator", [{"etag": '"1"'}, {"etag": 'W/"1"'}, {"last_modified": "Mon, 06 Sep 2021 12:00:00 GMT"}]
)
def test_an_unchanged_page_is_not_sent_twice(
    server: Server, make: MakeFetcher, tmp_path: Path, validator: dict[str, str]
) -> None:
    server.serves("/a", "<p>same</p>", compressed=True, **validator)  # type: ignore[arg-type]
    request = Request(server.url("/a"), allow_local=True)
    first = make(tmp_path / "http.sqlite")
    assert not first.fetch(request).from_cache
    first.close()
    again = make(tmp_path / "http.sqlite").fetch(request)
    assert (again.body, again.from_cache, again.charset) == (b"<p>same</p>", True, "utf-8")
    conditions = {"if-none-match", "if-modified-since"}
    assert [bool(conditions & seen.headers.keys()) for seen in server.requests] == [False, True]


def test_a_changed_page_is_seen_changed(server: Server, make: MakeFetcher, tmp_path: Path) -> None:
    server.serves("/a", "old", etag='"1"', times=1)
    server.serves("/a", "new", etag='"2"')
    fetcher = make(tmp_path / "http.sqlite")
    request = Request(server.url("/a"), allow_local=True)
    assert [fetcher.fetch(request).body for _ in range(3)] == [b"old", b"new", b"new"]


def test_a_page_without_freshness_is_revalidated_every_time(server: Server, make: MakeFetcher, tmp_path: Path) -> None:
    server.serves("/a", "old", last_modified="Mon, 06 Sep 1999 12:00:00 GMT", times=1)
    server.serves("/a", "new", last_modified="Tue, 07 Sep 1999 12:00:00 GMT")
    fetcher = make(tmp_path / "http.sqlite")
    request = Request(server.url("/a"), allow_local=True)
    assert [fetcher.fetch(request).body for _ in range(2)] == [b"old", b"new"]


def test_a_fresh_page_is_not_revalidated(server: Server, make: MakeFetcher, tmp_path: Path) -> None:
    server.serves("/a", "fresh", headers={"Cache-Control": "public, max-age=600"})
    fetcher = make(tmp_path / "http.sqlite")
    request = Request(server.url("/a"), allow_local=True)
    assert [fetcher.fetch(request).from_cache for _ in range(2)] == [False, True]
    assert len(server.requests) == 1


def test_errors_are_not_cached(server: Server, make: MakeFetcher, tmp_path: Path) -> None:
    server.fails("/a", 404, times=1)
    server.serves("/a", "back")
    fetcher = make(tmp_path / "http.sqlite")
    request = Request(server.url("/a"), allow_local=True)
    with pytest.raises(FetchError):
        fetcher.fetch(request)
    assert fetcher.fetch(request).body == b"back"


def test_what_an_allowed_source_stored_is_not_served_to_a_link(
    server: Server, make: MakeFetcher, tmp_path: Path
) -> None:
    server.serves("/a", "inside", headers={"Cache-Control": "max-age=600"})
    fetcher = make(tmp_path / "http.sqlite")
    fetcher.fetch(Request(server.url("/a"), allow_local=True))
    with pytest.raises(FetchError, match="not an address on the public internet"):
        fetcher.fetch(Request(server.url("/a")))


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"", b"SQLite format 3\0" + bytes(200)])
def test_a_damaged_cache_does_not_fail_the_run(
    server: Server, make: MakeFetcher, tmp_path: Path, content: bytes
) -> None:
    cache = tmp_path / "http.sqlite"
    cache.write_bytes(content)
    server.serves("/a", "news", etag='"1"')
    fetcher = make(cache)
    request = Request(server.url("/a"), allow_local=True)
    assert [fetcher.fetch(request).from_cache for _ in range(2)] == [False, True]


def test_pages_damaged_inside_the_cache_are_fetched_again(server: Server, make: MakeFetcher, tmp_path: Path) -> None:
    cache = tmp_path / "http.sqlite"
    request = Request(server.url("/a"), allow_local=True)
    sent = gzip.compress(b"news")
    server.serves("/a", sent, etag='"1"', headers={"Content-Encoding": "gzip"}, times=2)
    server.serves("/a", sent, headers={"Content-Encoding": "gzip"})
    first = make(cache)
    first.fetch(request)
    first.close()
    kept = cache.read_bytes()
    assert kept.count(sent) == 1
    cache.write_bytes(kept.replace(sent, sent[:4] + bytes(len(sent) - 4)))
    again = make(cache, retries=0).fetch(request)
    assert (again.body, again.from_cache) == (b"news", False)


def test_another_programs_database_is_left_alone(server: Server, make: MakeFetcher, tmp_path: Path) -> None:
    cache = tmp_path / "photos.sqlite"
    with sqlite3.connect(cache) as connection:
        connection.execute("CREATE TABLE photos (name TEXT)")
    connection.close()
    before = cache.read_bytes()
    server.serves("/a", "news")
    assert make(cache).fetch(Request(server.url("/a"), allow_local=True)).body == b"news"
    assert cache.read_bytes() == before


def test_an_unwritable_cache_does_not_fail_the_run(server: Server, make: MakeFetcher, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    server.serves("/a", "news")
    for cache in (tmp_path / "file" / "http.sqlite", tmp_path):
        assert make(cache).fetch(Request(server.url("/a"), allow_local=True)).body == b"news"


# Many at once


def test_many_requests_give_each_its_answer_or_its_error(server: Server, make: MakeFetcher, tmp_path: Path) -> None:
    server.serves("/good", "good", etag='"1"')
    requests = [Request(server.url(f"/{name}"), allow_local=True) for name in ("good", "bad", "good", "worse")] * 10
    fetcher = make(tmp_path / "http.sqlite", per_host=8)
    outcomes = list(fetcher.fetch_many(requests))
    assert sorted(request.url for request, _ in outcomes) == sorted(request.url for request in requests)
    good = [answer for request, answer in outcomes if request.url.endswith("good")]
    bad = [answer for request, answer in outcomes if not request.url.endswith("good")]
    assert {answer.body for answer in good if isinstance(answer, Fetched)} == {b"good"}
    assert all(isinstance(answer, FetchError) for answer in bad)


def test_requests_to_a_host_share_connections(server: Server, make: MakeFetcher) -> None:
    for number in range(12):
        server.serves(f"/{number}", "x")
    fetcher = make()
    list(fetcher.fetch_many([Request(server.url(f"/{number}"), allow_local=True) for number in range(12)]))
    assert len(server.requests) == 12
    assert len({seen.connection for seen in server.requests}) <= 2


def test_a_host_gets_two_requests_at_once(server: Server, make: MakeFetcher) -> None:
    server.meets("/two", 2, "met")
    pair = [Request(server.url("/two"), allow_local=True)] * 2
    assert [answer.body for _, answer in make().fetch_many(pair) if isinstance(answer, Fetched)] == [b"met", b"met"]


def test_a_host_gets_no_third_request_before_one_is_answered(server: Server, make: MakeFetcher) -> None:
    server.serves("/a", "x", delay=0.05)
    list(make().fetch_many([Request(server.url("/a"), allow_local=True)] * 8))
    assert server.most_at_once <= 2


def test_requests_to_a_host_start_apart(server: Server, make: MakeFetcher, waits: Waits) -> None:
    server.serves("/a", "x")
    fetcher = make(gap=100.0)
    for _ in range(3):
        fetcher.fetch(Request(server.url("/a"), allow_local=True))
    assert [round(wait, -2) for wait in waits] == [100, 100]


def test_hosts_are_scheduled_round_robin(make: MakeFetcher, server: Server) -> None:
    with Server() as other:
        for number in range(6):
            server.serves(f"/{number}", "x")
        other.serves("/only", "y")
        requests = [Request(server.url(f"/{number}"), allow_local=True) for number in range(6)]
        requests.append(Request(other.url("/only"), allow_local=True))
        order = [request.url for request, _ in make().fetch_many(requests, workers=1)]
    assert order.index(other.url("/only")) <= 2


def test_leaving_early_ends_requests_in_flight(server: Server, make: MakeFetcher, waits: Waits) -> None:
    asked_from: set[threading.Thread] = set()

    def clock() -> float:
        asked_from.add(threading.current_thread())
        return waits.clock()

    server.serves("/quick", "x")
    server.hangs("/hangs")
    fetcher = make(read_timeout=600, total_timeout=600, clock=clock)
    requests = [Request(server.url(path), allow_local=True) for path in ("/quick", "/hangs")]
    answers = fetcher.fetch_many(requests)
    assert next(answers)[0].url == server.url("/quick")
    while not server.seen("/hangs"):
        time.sleep(0.01)
    workers = asked_from - {threading.current_thread()}
    assert any(worker.is_alive() for worker in workers)
    answers.close()  # type: ignore[attr-defined]
    fetcher.close()
    for worker in workers:
        worker.join(timeout=30)
    assert not any(worker.is_alive() for worker in workers)
