"""Headers and cookies of a source go to its own origin, and nowhere else; their values are shown nowhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from briefing.config import add_sources, load_config, remove_source
from briefing.errors import ConfigError
from briefing.fetch import Fetcher
from briefing.pipeline import NoProgress, RunContext, read
from briefing.pipeline.read_result import ReadResult
from briefing.testing.engine import FakeEngine
from briefing.testing.server import ReceivedRequest, Server

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
TOKEN, SESSION = "Okapi31415Lm", "Ibex60221S"
TEXT = (
    "The harbour of the town opened on Tuesday after works that took three years, the mayor said. About 100 people "
    "came to see it, and many of them stayed until the evening. The works were paid for by a levy that the council had "
    "voted for in March. Visitors can walk along the quay every day but Monday, and children pay nothing until May."
)
SENT = f"""headers = {{ Authorization = "Bearer $NEWS_TOKEN", User-Agent = "me/1.0" }}
cookies = {{ session = {{ command = {json.dumps([sys.executable, "-c", f"print('{SESSION}')"])} }} }}
"""
Run = Callable[[str], ReadResult]


def page(title: str, reader: str = "somebody") -> str:
    said = f"<h1>{title}</h1><p>{TEXT}</p><p>Whoever reads {title} is {reader}.</p>"
    return f"<html><head><title>{title}</title></head><body><article>{said}</article></body></html>"


OURS, THEIRS = "http://paper.example", "http://other.example"


@pytest.fixture
def server(server: Server) -> Server:
    """A proxy for two sites: one lists a story of its own, one of the other, and one that it redirects there."""
    links = {"Ours": f"{OURS}/a", "Theirs": f"{THEIRS}/b", "Moved": f"{OURS}/moved"}
    items = "".join(f"<item><title>{title}</title><link>{link}</link></item>" for title, link in links.items())
    feed = f"<rss version='2.0'><channel><title>Paper</title>{items}</channel></rss>"
    fresh = {"Cache-Control": "max-age=3600"}
    server.serves(f"{OURS}/feed", feed, type="application/rss+xml", headers=fresh, etag='"1"')
    server.serves(f"{OURS}/a", page("Ours", f"{TOKEN} or {SESSION}"), headers=fresh)
    server.redirects(f"{OURS}/moved", f"{THEIRS}/c")
    server.serves(f"{THEIRS}/b", page("Theirs"))
    server.serves(f"{THEIRS}/c", page("Moved"))
    return server


def unknown(host: str, port: int) -> list[str]:
    """Looks nothing up: only the proxy knows names."""
    if host == "127.0.0.1":
        return [host]
    raise OSError("no such name")


@pytest.fixture
def run(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("NEWS_TOKEN", TOKEN)
    proxies = {"http": server.origin}
    quick = partial(Fetcher, read_timeout=2, retries=0, gap=0.0, per_host=16, proxies=proxies, resolver=unknown)

    def call(table: str) -> ReadResult:
        path = tmp_path / "briefing.toml"
        path.write_text(f"[[sources]]\nallow_local = true\n{table}")
        config = replace(load_config(path), state=tmp_path / "state.db", since=None, timezone="UTC")
        with RunContext(
            config, clock=lambda: NOW, progress=NoProgress(), engine=FakeEngine(), fetcher=quick
        ) as context:
            return read(context)

    return call


def sent(request: ReceivedRequest) -> tuple[str | None, str | None]:
    return request.headers.get("authorization"), request.headers.get("cookie")


def test_headers_and_cookies_go_to_the_sources_own_origin_alone(run: Run, server: Server) -> None:
    result = run(f'url = "{OURS}/feed"\n{SENT}')
    with_them = {"/feed", "/a", "/moved"}
    own = [request for request in server.requests if request.path in {f"{OURS}{path}" for path in with_them}]
    others = [request for request in server.requests if request not in own]
    assert {request.path for request in others} == {f"{THEIRS}/b", f"{THEIRS}/c"}
    assert len(own) == 3
    assert {sent(request) for request in own} == {(f"Bearer {TOKEN}", f"session={SESSION}")}
    assert {request.headers["user-agent"] for request in own} == {"me/1.0"}
    assert {sent(request) for request in others} == {(None, None)}
    assert "me/1.0" not in {request.headers["user-agent"] for request in others}
    assert len(result.articles) + len(result.failures) == 3


def test_what_was_sent_is_neither_stored_nor_shown(run: Run, server: Server, tmp_path: Path) -> None:
    table = f'url = "{OURS}/feed"\n{SENT}'
    result = run(table)
    assert TOKEN not in repr(result)
    assert SESSION not in repr(result)
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        if path.name != "briefing.toml":
            assert TOKEN.encode() not in data
            assert SESSION.encode() not in data
    # Nothing of it is in the cache: a source without these headers is served anew.
    before = len(server.seen(f"{OURS}/feed"))
    run(f'url = "{OURS}/feed"\n')
    assert [sent(request) for request in server.seen(f"{OURS}/feed")[before:]] == [(None, None)]
    assert "if-none-match" not in server.seen(f"{OURS}/feed")[-1].headers


def test_a_feed_on_another_origin_that_a_page_names_gets_nothing(run: Run, server: Server) -> None:
    head = f'<link rel="alternate" type="application/rss+xml" href="{THEIRS}/feed">'
    server.serves(f"{OURS}/", f"<html><head>{head}</head><body><p>Home.</p></body></html>")
    feed = "<rss version='2.0'><channel><title>T</title></channel></rss>"
    server.serves(f"{THEIRS}/feed", feed, type="application/rss+xml")
    run(f'url = "{OURS}/"\n{SENT}')
    assert sent(server.seen(f"{OURS}/")[0]) == (f"Bearer {TOKEN}", f"session={SESSION}")
    assert {sent(request) for request in server.seen(f"{THEIRS}/feed")} == {(None, None)}


def test_a_value_that_cannot_be_had_costs_only_its_source(
    run: Run, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "story.txt").write_text(f"Harbour\n\n{TEXT}")
    monkeypatch.delenv("NEWS_TOKEN")
    result = run(f'url = "{OURS}/feed"\n{SENT}[[sources]]\npath = "story.txt"\n')
    (failure,) = result.failures
    assert failure.cause.endswith("the variable NEWS_TOKEN of the environment is not set")
    assert (len(result.articles), server.seen(f"{OURS}/feed")) == (1, [])


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('headers = { Authorization = "Bearer s3cr3t" }', "secrets do not belong into the configuration"),
        ('cookies = { session = "s3cr3t" }', "secrets do not belong into the configuration"),
        ('headers = { Host = "$S3CR3T" }', "the header Host is not yours to set"),
        ('headers = { Cookie = "$S3CR3T" }', "under 'cookies'"),
        ('headers = { "a b" = "$S3CR3T" }', "expected the name of a header"),
        ('headers = "s3cr3t"', "expected a table of headers"),
        ("headers = { A = { env = 3 } }", "expected for A a variable"),
    ],
)
def test_a_wrong_header_is_named_and_its_value_is_not(tmp_path: Path, table: str, said: str) -> None:
    path = tmp_path / "briefing.toml"
    path.write_text(f'[[sources]]\nurl = "https://news.example/f"\n{table}\n')
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert said in str(error.value)
    assert "s3cr3t" not in str(error.value)


@pytest.mark.parametrize(
    ("place", "said"),
    [('url = "http://news.example/f"', "https://"), ('path = "a.xml"', "only beside 'url'")],
)
def test_headers_are_for_addresses_that_nobody_can_listen_to(tmp_path: Path, place: str, said: str) -> None:
    path = tmp_path / "briefing.toml"
    path.write_text(f'[[sources]]\n{place}\nheaders = {{ X-Key = "$KEY" }}\n')
    with pytest.raises(ConfigError, match=said):
        load_config(path)


def test_a_source_is_removed_with_the_table_of_its_headers(tmp_path: Path) -> None:
    path = tmp_path / "briefing.toml"
    first = '[[sources]]\nurl = "https://a.example/f"\n\n[sources.headers]\nX-Key = "$KEY"\n\n'
    second = '[[sources]]\nurl = "https://b.example/f"\n'
    assert remove_source(first + second, "https://a.example/f", path) == second
    assert remove_source(first + second, "https://b.example/f", path).rstrip() == first.rstrip()
    path.write_text(add_sources(first, (), path))
    assert dict(load_config(path).sources[0].headers)["X-Key"].text == "$KEY"
