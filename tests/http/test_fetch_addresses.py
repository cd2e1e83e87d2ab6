"""The SSRF guard: nothing from a feed or page reaches a private address."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.errors import BlockedAddressError, FetchError
from briefing.fetch import Fetcher, Request, shown
from briefing.fetch.addresses import Resolver, is_public
from briefing.fetch.cache import Suspensions
from briefing.testing.server import Server


@pytest.fixture
def server(server: Server) -> Server:
    server.serves("/", "secret")
    return server


def fetch(url: str, *, allow_local: bool = False, resolver: Resolver | None = None) -> bytes:
    with Fetcher(gap=0, retries=0, proxies={}, resolver=resolver, sleep=lambda seconds: None) as fetcher:
        return fetcher.fetch(Request(url, allow_local=allow_local)).body


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::]"],
)
def test_every_spelling_of_loopback_is_refused(server: Server, host: str) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(f"http://{host}:{server.port}/")
    assert isinstance(caught.value, BlockedAddressError) or "no server is known" in caught.value.cause
    assert server.requests == []


def test_a_refused_address_is_named_with_a_remedy(server: Server) -> None:
    with pytest.raises(BlockedAddressError) as caught:
        fetch(server.url("/"))
    assert "127.0.0.1" in caught.value.cause
    assert "--allow-local" in caught.value.remedy


@pytest.mark.parametrize(
    "to",
    ["http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://[fe80::1]/", "http://192.168.1.1/"],
)
def test_a_redirect_to_a_private_address_is_refused(server: Server, to: str) -> None:
    server.redirects("/out", to)
    with pytest.raises(BlockedAddressError):
        fetch(server.url("/out"), allow_local=True)


def test_an_allowed_source_may_redirect_within_its_origin(server: Server) -> None:
    server.redirects("/old", "/")
    assert fetch(server.url("/old"), allow_local=True) == b"secret"


def test_an_allowed_source_may_not_lead_to_another_local_port(server: Server) -> None:
    with Server() as other:
        other.serves("/", "another secret")
        server.redirects("/out", other.url("/"))
        with pytest.raises(BlockedAddressError):
            fetch(server.url("/out"), allow_local=True)
        assert other.requests == []


def test_a_public_looking_name_with_a_private_address_is_refused(server: Server) -> None:
    with pytest.raises(BlockedAddressError):
        fetch(f"http://news.example:{server.port}/", resolver=lambda host, port: ["127.0.0.1"])
    assert server.requests == []


def test_one_private_address_among_public_ones_is_refused(server: Server) -> None:
    with pytest.raises(BlockedAddressError):
        fetch(f"http://news.example:{server.port}/", resolver=lambda host, port: ["93.184.215.14", "127.0.0.1"])


def test_dns_rebinding_is_prevented_by_a_single_lookup(server: Server) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    assert fetch(f"http://intranet.example:{server.port}/", allow_local=True, resolver=rebinding) == b"secret"
    assert asked == ["intranet.example"]
    assert server.requests[0].headers["host"] == f"intranet.example:{server.port}"


def test_a_connection_opened_for_an_allowed_source_does_not_carry_a_link(server: Server) -> None:
    with Fetcher(gap=0, retries=0, proxies={}) as fetcher:
        assert fetcher.fetch(Request(server.url("/"), allow_local=True)).body == b"secret"
        with pytest.raises(BlockedAddressError):
            fetcher.fetch(Request(server.url("/")))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.0.1",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"],
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_ipv4_embedded_in_ipv6_is_judged_as_ipv4(ip: object) -> None:
    verdict = is_public(str(ip))
    assert is_public(f"::ffff:{ip}") == verdict
    assert is_public(f"64:ff9b::{ip}") == verdict


# Proxies: a real one, in so far as a plain-HTTP proxy is a server that is asked for whole addresses.


def unknown(host: str, port: int) -> list[str]:
    if host == "127.0.0.1":
        return [host]
    raise OSError("no such name")


def test_a_proxy_of_the_environment_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.serves("http://news.example/", "through the proxy")
    monkeypatch.setenv("http_proxy", server.origin)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with Fetcher(gap=0, resolver=unknown) as fetcher:
        assert fetcher.fetch(Request("http://news.example/")).body == b"through the proxy"


def test_only_the_proxy_needs_to_know_a_name(server: Server) -> None:
    server.serves("http://news.example/", "through the proxy")
    with Fetcher(gap=0, proxies={"http": server.origin}, resolver=unknown) as fetcher:
        assert fetcher.fetch(Request("http://news.example/")).body == b"through the proxy"


def test_credentials_do_not_follow_a_redirect_to_another_site(server: Server) -> None:
    server.redirects("http://news.example/", "http://other.example/")
    server.serves("http://other.example/", "moved")
    with Fetcher(gap=0, proxies={"http": server.origin}, resolver=unknown) as fetcher:
        assert fetcher.fetch(Request("http://anna:pw@news.example/")).body == b"moved"
    assert ["authorization" in seen.headers for seen in server.requests] == [True, False]


def test_a_proxy_is_not_asked_for_a_private_address(server: Server) -> None:
    with Fetcher(gap=0, retries=0, proxies={"http": server.origin}) as fetcher, pytest.raises(BlockedAddressError):
        fetcher.fetch(Request("http://169.254.169.254/latest/"))
    assert server.requests == []


def test_an_allowed_local_source_is_reached_past_the_proxy(server: Server) -> None:
    with Server() as proxy, Fetcher(gap=0, proxies={"http": proxy.origin}) as fetcher:
        assert fetcher.fetch(Request(server.url("/"), allow_local=True)).body == b"secret"
        assert proxy.requests == []


def test_a_proxy_of_an_unknown_kind_is_a_readable_error() -> None:
    with (
        Fetcher(gap=0, proxies={"http": "socks5://127.0.0.1:1"}, resolver=unknown) as fetcher,
        pytest.raises(FetchError, match="socks5 proxy at"),
    ):
        fetcher.fetch(Request("http://news.example/"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://anna:pw@news.example/a@b", "https://news.example/a@b"),
        ("https://news.example/a@b", "https://news.example/a@b"),
        ("https://a:b@c@news.example", "https://news.example"),
        ("not a url", "not a url"),
    ],
)
def test_addresses_are_shown_without_credentials(url: str, expected: str) -> None:
    assert shown(url) == expected


def test_the_cache_keeps_nothing_of_an_address_with_a_secret(tmp_path: Path) -> None:
    with Server() as server, Fetcher(tmp_path / "cache.db", gap=0) as fetcher:
        keeps = {"Cache-Control": "max-age=600"}
        server.serves("/feed?token=hunter2", f"<a href='{server.url('/feed?token=hunter2')}'>me</a>", headers=keeps)
        server.serves("/page", "<a href='/feed?token=hunter2'>feed</a>", headers=keeps)
        server.serves("/open", "<p>open</p>", headers=keeps)
        server.redirects("/moved", "/feed?token=hunter2", status=301)
        for _ in range(2):
            for request in (
                Request(server.url("/feed?token=hunter2"), allow_local=True),
                Request(server.url("/page"), allow_local=True, private=True),
                Request(server.url("/moved"), allow_local=True),
                Request(server.url("/open"), allow_local=True),
            ):
                fetcher.fetch(request)
        assert [len(server.seen(path)) for path in ("/feed?token=hunter2", "/page", "/open")] == [4, 2, 1]
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"hunter2" not in kept
    assert b"/open" in kept


def test_cached_secrets_of_older_versions_are_deleted(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    with Server() as server:
        # Of a name that says nothing, so that it is kept by this version, too.
        server.serves("/page?who=hunter2", "<p>one</p>", headers={"Cache-Control": "max-age=600"})
        request = Request(server.url("/page?who=hunter2"), allow_local=True)
        with Fetcher(path, gap=0) as fetcher:
            fetcher.fetch(request)
        Suspensions(path).keep("a.example", 9e9)
        with closing(sqlite3.connect(path)) as file:
            file.execute("PRAGMA user_version = 1")
        with Fetcher(path, gap=0):
            pass
        assert b"hunter2" not in path.read_bytes()
        assert Suspensions(path).known(0) == {"a.example": 9e9}
        with Fetcher(path, gap=0) as fetcher:
            assert [fetcher.fetch(request).from_cache for _ in range(2)] == [False, True]
