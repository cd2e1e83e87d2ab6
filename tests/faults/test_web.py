"""Rows of docs/faults.md about the web that no other test shows."""

from __future__ import annotations

import json
import re
import sqlite3
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpcore
import pytest
import trustme

from briefing.config import Config
from briefing.engines import EngineOptions, Message, ModelSpec, Prompt
from briefing.engines.openai import OpenAIEngine
from briefing.errors import BlockedAddressError, EngineError, FetchError, UntrustedError
from briefing.fetch import Fetched, Fetcher, Request
from briefing.pipeline import NoProgress, RunContext, make_edition
from briefing.sources import read_feed
from briefing.testing.engine import FakeEngine
from briefing.types import Source

from ..conftest import MakeFetcher
from .servers import Web, rss

Get = Callable[..., Fetched]
Failure = Callable[..., FetchError]


# --- what is no HTTP --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [b"<p>an answer as in 1991</p>\r\n\r\n", bytes(range(256)) * 20, b"220 ready\r\n\r\n"])
def test_an_answer_without_a_status_line(web: Web, failure: Failure, said: bytes) -> None:
    web.talks_rubbish("/", said)
    assert failure("/").cause == "what it answers is not HTTP as it should be, 3 times in a row"


def test_headers_without_end(web: Web, failure: Failure) -> None:
    web.sends_headers_without_end("/many")
    web.sends_a_header_without_end("/long")
    assert "not HTTP as it should be" in failure("/many").cause
    assert "not HTTP as it should be" in failure("/long").cause


@pytest.mark.slow
def test_informational_responses_without_end(web: Web, failure: Failure) -> None:
    web.promises_without_end("/")
    assert failure("/", total_timeout=0.3).cause == "it was not complete after 0.3 seconds"


def test_a_chunk_with_an_invalid_length(web: Web, failure: Failure) -> None:
    web.breaks_a_chunk("/")
    assert "not HTTP as it should be" in failure("/", retries=0).cause


# --- lengths that lie -------------------------------------------------------------------------------------------


def test_content_length_shorter_than_the_body(web: Web, make: MakeFetcher) -> None:
    slipped_in = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nslipped in"
    web.lies_about_length("/page", "<p>all</p>", says=10, more=slipped_in)
    web.serves("/next", "its own text")
    fetcher = make()
    bodies = [fetcher.fetch(Request(web.url(path), allow_local=True)).body for path in ("/page", "/next", "/next")]
    assert bodies == [b"<p>all</p>", b"its own text", b"its own text"]
    assert web.connections == 2  # and the second one is kept


def test_content_length_longer_than_the_body(web: Web, failure: Failure) -> None:
    web.lies_about_length("/page", "<p>all of it</p>", says=4000)
    assert failure("/page", read_timeout=0.1, retries=0).cause == "the server fell silent"


# --- answers that make no sense ---------------------------------------------------------------------------------


def test_unsolicited_304(web: Web, make: MakeFetcher, tmp_path: Path) -> None:
    web.sends("/never", b"HTTP/1.1 304 Not Modified\r\n\r\n")
    web.serves("/lost", "the text", etag='"1"', times=1)
    web.sends("/lost", b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')
    make(tmp_path / "old.sqlite").fetch(Request(web.url("/lost"), allow_local=True))
    emptied = make(tmp_path / "new.sqlite")
    for path in ("/never", "/lost", "/lost"):
        with pytest.raises(FetchError, match="HTTP 304 Not Modified"):
            emptied.fetch(Request(web.url(path), allow_local=True))
    assert "if-none-match" not in web.requests[-1].headers


@pytest.mark.parametrize("wish", ["-5", "-99999999999999999999", "1e9", "soon", "Wed, 31 Feb 1999 25:61:61 GMT"])
def test_an_invalid_retry_after(web: Web, get: Get, wish: str) -> None:
    web.fails("/", 429, times=1, retry_after=wish)
    web.serves("/", "ready")
    assert get("/").body == b"ready"


# --- certificates -----------------------------------------------------------------------------------------------


def context(fault: str, authority: trustme.CA) -> ssl.SSLContext:
    past = datetime.now(UTC) - timedelta(days=1)
    certificate = {
        "expired": lambda: authority.issue_cert("127.0.0.1", not_after=past, not_before=past - timedelta(days=9)),
        "another host": lambda: authority.issue_cert("news.example"),
        "self-signed": lambda: trustme.CA().issue_cert("127.0.0.1"),
    }[fault]()
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(made)
    return made


CERTIFICATES = pytest.mark.parametrize("fault", ["expired", "another host", "self-signed"])


@pytest.mark.usefixtures("trusted")
def test_a_valid_certificate(authority: trustme.CA, make: MakeFetcher) -> None:
    good = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(good)
    with Web(context=good) as web:
        web.serves("/", "the text")
        assert make().fetch(Request(web.url("/"), allow_local=True)).body == b"the text"


@CERTIFICATES
@pytest.mark.usefixtures("trusted")
def test_certificate_errors_are_not_retried(authority: trustme.CA, make: MakeFetcher, fault: str) -> None:
    with Web(context=context(fault, authority)) as web:
        fetcher = make()
        for path in ("/feed", "/page"):
            with pytest.raises(UntrustedError, match="its certificate is not valid") as caught:
                fetcher.fetch(Request(web.url(path), allow_local=True))
        assert "was given up in this run" in caught.value.cause
        assert (web.connections, web.requests) == (1, [])


@pytest.mark.usefixtures("trusted")
def test_network_wait_ignores_certificate_errors(authority: trustme.CA, tmp_path: Path) -> None:
    pauses: list[float] = []
    with Web(context=context("expired", authority)) as web:
        config = Config(
            sources=(Source(location=web.url("/feed"), allow_local=True),), state=tmp_path / "s.db", out=tmp_path / "o"
        )
        with RunContext(
            config, clock=lambda: datetime(2024, 5, 17, tzinfo=UTC), progress=NoProgress(), engine=FakeEngine(),
            fetcher=partial(Fetcher, gap=0.0, proxies={}), sleep=pauses.append,
        ) as run_context:  # fmt: skip
            _, report = make_edition(run_context)
    assert (pauses, report.offline, web.connections) == ([], False, 1)
    assert "certificate is not valid" in report.failures[0].cause


@pytest.mark.usefixtures("trusted")
def test_a_model_server_whose_certificate_is_bad_is_tried_once(authority: trustme.CA) -> None:
    asked = Prompt(id="1", messages=(Message("user", "Hello"),), max_tokens=9, document="")
    with Web(context=context("another host", authority)) as web:
        engine = OpenAIEngine(ModelSpec(name="m", address=f"{web.origin}/v1", digest="d"), EngineOptions())
        try:
            for _ in range(2):
                with pytest.raises(EngineError, match="its certificate is not valid"):
                    list(engine.complete([asked]))
        finally:
            engine.close()
        assert web.connections == 1


# --- addresses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::ffff:7f00:1]", "localhost.", "0.0.0.0", "[fe80::1]",
     "news.example@127.0.0.1", "news.example%23@127.0.0.1", "127.0.0.1.", "LOCALHOST", "169.254.169.254"],
)  # fmt: skip
def test_a_redirect_to_a_disguised_loopback_address(web: Web, host: str) -> None:
    with Web() as inside:
        inside.serves("/", "secret")
        web.redirects("/out", f"http://{host}:{inside.port}/")
        with Fetcher(gap=0, retries=0, proxies={}) as fetcher, pytest.raises(FetchError) as caught:
            fetcher.fetch(Request(web.url("/out"), allow_local=True))
        known = isinstance(caught.value, BlockedAddressError)
        assert known or re.search("no server is known|is not usable", caught.value.cause)
        assert inside.connections == 0


def test_a_redirect_to_a_name_with_a_private_address(web: Web) -> None:
    web.redirects("/out", f"http://news.example:{web.port}/secret")
    web.serves("/secret", "secret")
    with (
        Fetcher(gap=0, retries=0, proxies={}, resolver=lambda host, port: ["127.0.0.1"]) as fetcher,
        pytest.raises(BlockedAddressError, match=r"news\.example leads to 127\.0\.0\.1"),
    ):
        fetcher.fetch(Request(web.url("/out"), allow_local=True))
    assert web.seen("/secret") == []


def test_dns_rebinding(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def connect(self: object, host: str, port: int, *rest: object) -> Any:
        called.append(host)
        raise httpcore.ConnectError("not from a test")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    answers = [["93.184.215.14"], ["127.0.0.1"], ["10.0.0.1"]]
    with (
        Fetcher(gap=0, retries=2, proxies={}, resolver=lambda *_: answers.pop(0), sleep=lambda _: None) as fetcher,
        pytest.raises(BlockedAddressError),
    ):
        fetcher.fetch(Request("http://rebinding.example/"))
    assert called == ["93.184.215.14"]  # what was looked at is what is called, by number
    assert answers == [["10.0.0.1"]]


# --- feeds without end ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["rss", "atom", "json"])
def test_a_feed_of_a_hundred_thousand_items(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of as many items as that, shrunk to a hundredth for a test's time; the last ones are the newest."""
    monkeypatch.setattr("briefing.sources.feeds.title_text", seen := Counting())
    links = [f"https://news.example/{number}" for number in range(1000)]
    body = {
        "rss": rss(links),
        "atom": '<feed xmlns="http://www.w3.org/2005/Atom"><title>F</title>'
        + "".join(f'<entry><title>t</title><id>{link}</id><link href="{link}"/></entry>' for link in links)
        + "</feed>",
        "json": json.dumps({"version": "1.1", "title": "F", "items": [{"id": link, "url": link} for link in links]}),
    }[kind]
    feed = read_feed(body.encode(), limit=50, most_items=100)
    assert len(feed.items) == 50
    assert "the feed has 1000 items; of the first and the last 50, the newest 50 were taken" in feed.warnings
    assert not [warning for warning in feed.warnings if "well-formed" in warning]
    assert 100 <= seen.calls <= 100 + 1


class Counting:
    """`sources.text_constructs.title_text`, which is called for every title."""

    calls = 0

    def __call__(self, text: str, media_type: str = "") -> str:
        self.calls += 1
        return text


# --- a cache that fails -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["full", "locked"])
def test_a_failing_cache_does_not_fail_the_request(
    web: Web, make: MakeFetcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    real = sqlite3.connect
    opened: list[sqlite3.Connection] = []

    def connect(path: Any, **options: Any) -> sqlite3.Connection:
        opened.append(real(path, **options))
        return opened[-1]

    monkeypatch.setattr("briefing.fetch.cache.sqlite3.connect", connect)
    web.serves("/a", "x" * 200_000, etag='"1"')
    web.serves("/b", "y" * 200_000, etag='"1"')
    fetcher = make(tmp_path / "http.sqlite")
    other = real(tmp_path / "http.sqlite", isolation_level=None)
    if fault == "full":
        opened[0].execute("PRAGMA max_page_count = 1")
    else:
        opened[0].execute("PRAGMA busy_timeout = 0")  # the cache's own is of seconds
        other.execute("BEGIN EXCLUSIVE")
    bodies = [fetcher.fetch(Request(web.url(path), allow_local=True)).body[:1] for path in ("/a", "/b", "/a")]
    other.close()
    assert bodies == [b"x", b"y", b"x"]
