"""Secrets planted in the addresses of sources are in no output of the program: looked for in all of them, byte by byte.

Left out are the configuration and the list of sources, which are the reader's own files, and `sources export
--secrets`, which is asked for them.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import zipfile
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from briefing import fetch
from briefing.cli import main
from briefing.testing.server import Server

from .conftest import Opener

PASSWORD, TOKEN, KEY, SIGNATURE, SESSION = "zebra-4711x", "Okapi31415Lm", "k9-Quagga.77", "Dugong/8+Zq55=", "Ibex60221S"
USER = "Tapir-as-user-5"
"""A key that stands where a user's name does, without a password."""
SECRETS = {PASSWORD, TOKEN, KEY, SIGNATURE, SESSION, USER}

Run = Callable[..., tuple[int, str]]


def story(number: int, more: str = "") -> str:
    word = ("harbour", "tram", "museum", "river", "school", "bridge", "forest", "castle")[number]
    return (
        f"The {word} of Town{number} opened on Tuesday after works that took {number + 2} years, the mayor said. "
        f"About {number + 100} people came to see the {word}, and many of them stayed until the evening. "
        f"The works on the {word} were paid for by a levy that the council of Town{number} had voted for in March. "
        f"Visitors can walk through the {word} every day but Monday, and children pay nothing until August.{more}"
    )


def page(number: int, more: str = "") -> str:
    said = f"<h1>Story {number} of the day</h1><p>{story(number)}</p>{more}"
    return f"<html><head><title>Story {number} of the day</title></head><body><article>{said}</article></body></html>"


def rss(number: int, link: str, own: str, title: str = "Private wire", text: str = "A teaser.") -> str:
    moment = format_datetime(datetime.now(UTC) - timedelta(hours=1))
    return (
        f'<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f'<title>{title}</title><link>{own}</link><atom:link rel="self" href="{own}"/><item>'
        f"<title>Story {number} of the day</title><link>{link}</link><description>{text}</description>"
        f"<pubDate>{moment}</pubDate></item></channel></rss>"
    )


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line, in this process: its exit code, and all that it printed."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    (tmp_path / "TMPDIR").mkdir()
    monkeypatch.setenv("BRIEFING_STATE", str(tmp_path / "state" / "state.db"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "TMPDIR"))
    monkeypatch.chdir(tmp_path)
    for name, seconds in (("gap", 0.0), ("backoff", 0.01)):
        monkeypatch.setitem(fetch.Fetcher.__init__.__kwdefaults__, name, seconds)  # type: ignore[arg-type]

    def call(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["briefing", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        said = capfd.readouterr()
        return code, said.out + said.err

    return call


def forms(secret: str) -> set[bytes]:
    """The ways in which a secret may stand in a file."""
    texts = {secret, quote(secret, safe=""), quote(secret), secret.replace("&", "&amp;"), json.dumps(secret)[1:-1]}
    pairs = {f"me:{secret}", f"{secret}:"}
    return {text.encode() for text in texts} | {b64encode(text.encode()) for text in {secret, *pairs}}


def found_in(data: bytes) -> set[str]:
    """The planted secrets that `data` holds, also within what is packed in it."""
    found = {secret for secret in SECRETS if any(form in data for form in forms(secret))}
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            found |= {secret for name in packed.namelist() for secret in found_in(packed.read(name))}
    if data.startswith(b"\x1f\x8b"):
        found |= found_in(gzip.decompress(data))
    return found


def found_in_letter(data: bytes) -> set[str]:
    message = message_from_bytes(data)
    found = found_in(data)
    for part in message.walk():
        for value in part.values():
            found |= found_in(str(make_header(decode_header(value))).encode())
        content = part.get_payload(decode=True)
        found |= found_in(content) if isinstance(content, bytes) else set()
    return found


def configured(server: Server, folder: Path, port: int) -> Path:
    """A configuration whose sources do all that sources do, and tells each what it is."""
    me, key = (server.origin.replace("://", f"://{who}@") for who in (f"me:{PASSWORD}", USER))
    encoded = quote(SIGNATURE, safe="")
    locations = {
        "password": f"{me}/feed",
        "token": f"{server.origin}/token?lang=en&token={TOKEN}",
        "page": f"{server.origin}/page?api_key={KEY}",
        "user": f"{key}/user",
        "nameless": f"{me}/nameless",
        "gone": f"{me}/gone?token={TOKEN}",
        "forbidden": f"{key}/forbidden?access_token={TOKEN}",
        "broken": f"{me}/broken?sig={encoded}",
        "list": f"{server.origin}/list?key={KEY}",
        "empty": f"{server.origin}/empty?key={KEY}",
        "moved": f"{me}/moved?sid={SESSION}",
        "ftp": f"{me}/to-ftp?token={TOKEN}",
        "circle": f"{server.origin}/circle?token={TOKEN}",
        "down": f"http://me:{PASSWORD}@127.0.0.1:1/feed?token={TOKEN}",
        "site": f"{server.origin}/?token={TOKEN}",
    }
    own = {name: location.replace("&", "&amp;") for name, location in locations.items()}
    feed = "application/rss+xml"
    server.serves("/feed", rss(0, f"{me}/0", own["password"]), type=feed)
    leaves = f"Listen: {server.url('/1')}?token={TOKEN} and use {TOKEN}. {story(1)}"
    server.serves(
        f"/token?lang=en&token={TOKEN}",
        rss(1, f"{server.url('/1')}?token={TOKEN}", own["token"], text=leaves),
        type=feed,
        etag='"1"',
    )
    server.serves(f"/1?token={TOKEN}", page(1, f"<p>Your own link is {server.url('/1')}?token={TOKEN} today.</p>"))
    server.serves(f"/page?api_key={KEY}", page(2, f'<a href="/page?api_key={KEY}">Here</a>'))
    server.serves("/user", rss(3, server.url("/3"), own["user"]), type=feed)
    server.serves("/nameless", rss(4, server.url("/4"), own["nameless"], title=""), type=feed)
    server.fails(f"/forbidden?access_token={TOKEN}", 401)
    server.serves(f"/broken?sig={encoded}", "<rss><channel><title>", type=feed)
    server.serves(f"/list?key={KEY}", f'<opml><body><outline xmlUrl="{own["list"]}"/></body></opml>', type="text/xml")
    server.serves(f"/empty?key={KEY}", '<rss version="2.0"><channel></channel></rss>', type=feed)
    server.redirects(f"/moved?sid={SESSION}", f"/moved-on?X-Amz-Signature={encoded}")
    moved = f"{server.url('/moved-on')}?X-Amz-Signature={encoded}"
    server.serves(f"/moved-on?X-Amz-Signature={encoded}", rss(5, f"{server.url('/5')}?s={encoded}", moved), type=feed)
    server.serves(f"/5?s={encoded}", page(5))
    server.redirects(f"/to-ftp?token={TOKEN}", f"ftp://me:{PASSWORD}@files.example/feed?token={TOKEN}")
    server.redirects(f"/circle?token={TOKEN}", f"/circle?token={TOKEN}&again")
    server.redirects(f"/circle?token={TOKEN}&again", f"/circle?token={TOKEN}")
    server.serves(
        f"/?token={TOKEN}",
        f'<html><head><link rel="alternate" type="{feed}" href="/site?token={TOKEN}"></head><body></body></html>',
    )
    site, end, rest = rss(7, server.url("/7"), own["site"], f"Feed of {TOKEN}").rpartition("</channel>")
    older = "<pubDate>Fri, 17 May 2024 06:30:00 GMT</pubDate>"
    more = f"<item><title>One more</title><link>{server.url('/8')}</link>{older}</item>{end}{rest}"
    server.serves(f"/site?token={TOKEN}", f"{site}{more}", type=feed)
    for number in (0, 3, 4, 7):  # pages of a private site name its feed
        server.serves(f"/{number}", page(number, f'<a href="{own["token"]}">Feed</a>'))
    (folder / "mine.opml").write_text(
        f'<opml><body><outline xmlUrl="{server.url("/listed")}?apikey={KEY}" text=""/></body></opml>'
    )
    server.serves(f"/listed?apikey={KEY}", rss(6, server.url("/6"), server.url(f"/listed?apikey={KEY}")), type=feed)
    server.serves("/6", page(6))
    lines = [
        'engine = "extractive"', 'formats = ["md", "html", "text", "json", "atom", "epub"]', 'out = "out"',
        'allow_local = true', 'since = ""', 'max_per_source = 1', 'wait = ""',
        "[mail]", 'host = "127.0.0.1"', f"port = {port}",
        'security = "none"', 'sender = "Briefing <b@example.org>"', 'list_id = "briefing.example.org"',
        "[[mail.recipients]]", 'address = "a@example.org"',
    ]  # fmt: skip
    lines += [f'[[sources]]\nurl = "{location}"' for location in locations.values()] + [
        '[[sources]]\npath = "mine.opml"'
    ]
    config = folder / "briefing.toml"
    config.write_text("\n".join(lines) + "\n")
    return config


@pytest.mark.slow
def test_no_output_of_the_program_holds_a_planted_secret(
    run: Run, server: Server, tmp_path: Path, post_office: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = post_office()
    config = configured(server, tmp_path, office.port)
    token = f"{server.origin}/token?lang=en&token={TOKEN}"
    said: dict[str, str] = {}

    def tries(*arguments: str, code: int) -> str:
        ended, said[" ".join(arguments)] = run(*arguments)
        assert ended == code, said
        return said[" ".join(arguments)]

    first = tries("--verbose", "run", "--explain", "--send", code=1)
    assert [to for to, _ in office.got] == ["a@example.org"]
    assert "8 found" in first, first
    assert "Feed of ***: 1 articles are over the limit for one source" in first
    for arguments in (["--dry-run"], ["--offline"], [], ["--max-articles", "1"]):
        tries("run", *arguments, code=1)
    tries("run", "--check", code=0)
    tries("sources", "check", code=1)
    assert "token=***" in tries("sources", "list", code=0)
    tries("sources", "export", code=0)
    tries("sources", "add", token, code=2)
    ftp = f"ftp://me:{PASSWORD}@files.example/f?token={TOKEN}"
    tries("sources", "add", ftp, code=2)
    tries("sources", "add", f"me:{PASSWORD}@files.example/f?token={TOKEN}", code=2)
    tries("sources", "remove", f"https://me:{PASSWORD}@h.example/none?token={TOKEN}", code=2)
    tries("sources", "import", "mine.opml", code=0)
    tries("doctor", code=0)
    for command in ("history", "search harbour", "show -f html", "archive -o shelf"):
        tries(*command.split(), code=0)
    tries("summarise", token, "--allow-local", "--engine", "extractive", "-f", "json", code=0)
    tries("summarise", f"{server.origin}/page?api_key={KEY}", "--allow-local", "--engine", "extractive", code=0)
    tries("run", "-s", ftp, "--engine", "extractive", "--out", "other", code=3)
    text = config.read_text()
    for wrong in (
        f'url = "{ftp}"',
        f'url = ["{ftp}"]',
        f'path = "x"\nkind = "{ftp}"',
        f'imap = "imaps://me:{PASSWORD}@files.example/f?token={TOKEN}"',
    ):
        config.write_text(f"{text}[[sources]]\n{wrong}\n")
        said[wrong] = tries("sources", "list", code=2)
    config.write_text(text)

    def breaks(path: Path) -> None:
        raise ValueError(f"of {path} there is {ftp!r}")

    monkeypatch.setattr("briefing.config.load_config", breaks)
    assert "A mistake in briefing itself" in tries("sources", "list", code=3)
    assert list((tmp_path / "TMPDIR").iterdir())

    leaks = {f"said by {call}": found for call, output in said.items() if (found := found_in(output.encode()))}
    for path in tmp_path.rglob("*"):
        mine = path.is_dir() or path.name in {"briefing.toml", "mine.opml"}
        if not mine and (found := found_in(path.read_bytes())):
            leaks[str(path.relative_to(tmp_path))] = found
    for _, letter in office.got:
        if found := found_in_letter(letter):
            leaks["the letter"] = found
    assert not leaks, "\n".join(f"{where}: {sorted(found)}" for where, found in leaks.items())
