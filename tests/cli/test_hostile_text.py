"""What sources say steers neither a terminal nor a page, whichever way it comes in and goes out."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.header import Header
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from briefing.testing.server import Server

from ..conftest import Cli

# Spelled out here once more, so that a gap in the product's own list shows.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u206a-\u206f\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f\U0001fffe\U0001ffff\U0010fffe\U0010ffff]"
)
ISOLATES = "\u2066\u2067\u2068"
CONTROLS = "\x1b[31m\x07\x08\x00\x0c\r"
"""What no XML can hold."""
MARKS = (
    "\x7f\x85\x9b31m\u2028\u2029\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u206a\u206f\ufeff\ufff9x\ufffb\ufdd0"
    "\U000e0001\U000e0041\U0010fffe"
)
HEBREW = "\u2067שלום\u2069 עולם!\u200f"
"""A balanced isolate and a mark that right-to-left text needs."""
MARKUP = "[red]loud[/red] [link=https://evil.example]click[/link]"
STORY = (
    "The council voted 31 to 14 on Tuesday for a tram line to the hospital{}, ending a dispute of two years. "
    "Construction is due to start in March and to cost 212 million pounds, of which the government has promised 140 "
    "million. Shopkeepers on Bridge Street fear that the works will drive customers{} away for three years."
)
LETTER = (
    "The ferry to the islands will run{} every hour from June, the company said on Monday, after four years in which "
    "it ran twice a day. Two new boats cost 31 million pounds. Islanders had asked for them since 2019, and 4,000 of "
    "them signed a petition that was handed to the minister in autumn."
)


def said(marks: str) -> str:
    return STORY.format(marks, marks)


def rss(base: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>Harbour{MARKS} Post {HEBREW}</title><item><title>Tram{MARKS} line {HEBREW} {MARKUP}</title>"
        f"<link>{base}/tram{MARKS}.html</link><author>a@b.example (Ann{MARKS} Lee)</author>"
        f"<category>World{MARKS}</category><description>{escape(said(MARKS))}</description></item></channel></rss>"
    )


def json_feed(base: str) -> str:
    text = LETTER.replace("ferry", "library").format(CONTROLS + MARKS)
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": f"Quay{CONTROLS}{MARKS} News",
            "items": [
                {
                    "id": f"1{CONTROLS}",
                    "url": f"{base}/library\x1b[31m\u009b{MARKS}",
                    "title": f"Library{CONTROLS}{MARKS} opens",
                    "authors": [{"name": f"Bo{CONTROLS}{MARKS}"}],
                    "content_text": text,
                },
                {"id": "2", "url": f"{base}/gone\x1b]0;x\x07", "title": f"Gone{CONTROLS}", "content_text": "Gone."},
            ],
        }
    )


def page() -> str:
    marks = "".join(f"&#x{ord(c):x};" for c in "\x1b\x07\x9b" + MARKS if c != "\x85")
    return (
        f"<!doctype html><title>Museum{marks} It&#146;s open</title><meta name=author content='Cy{marks}'>"
        f"<article><h1>Museum{marks} It&#146;s open</h1><p>The museum&#146;s new wing{marks} opened on Sunday after "
        "six years of works that cost 90 million pounds, and 8,000 people came on its first day, the director said."
        "</p><p>Tickets cost 12 pounds from July, and nothing for those who are younger than 18. The old wing will be "
        "closed for repairs until 2026, and its paintings are shown in the town hall meanwhile.</p></article>"
    )


def mail() -> bytes:
    subject = Header(f"Ferry{CONTROLS.replace(chr(13), '')}{MARKS} {HEBREW}", "utf-8").encode()
    sender = Header(f"Di{MARKS}", "utf-8").encode()
    head = (
        f"From: {sender} <di@mail.example>\r\nSubject: {subject}\r\nDate: Fri, 17 May 2024 06:00:00 +0000\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return head.encode() + LETTER.format("\x1b[31m" + MARKS).encode() + b"\r\n"


@pytest.fixture
def sources(tmp_path: Path) -> Iterator[str]:
    """A configuration that reads every kind of source, with marks wherever a source can put them."""
    with Server() as server:
        base = server.url("/").rstrip("/")
        server.serves("/feed.xml", rss(base), type="application/rss+xml")
        server.serves("/feed.json", json_feed(base), type="application/feed+json")
        server.serves("/museum", page(), type="text/html")
        (tmp_path / "ferry.eml").write_bytes(mail())
        other = mail().replace(b"ferry", b"tunnel").replace(b"\r\n", b"\n")
        (tmp_path / "box.mbox").write_bytes(b"From di@mail.example Fri May 17 06:00:00 2024\n" + other)
        (tmp_path / "list.opml").write_text(
            f'<opml version="2.0"><body><outline text="Arts{MARKS}"><outline text="Museum{MARKS} list" type="link" '
            f'url="{base}/museum"/><outline type="rss" xmlUrl="{base}/none\u202e.xml"/></outline></body></opml>',
            "utf-8",
        )
        (tmp_path / "briefing.toml").write_text(
            "engine = 'extractive'\nsince = ''\nallow_local = true\nfull_text = true\n"
            "formats = ['md', 'html', 'text', 'json', 'atom', 'epub']\nwait = ''\n"
            f"[[sources]]\nurl = '{base}/feed.xml'\n[[sources]]\nurl = '{base}/feed.json'\nname = \"Q\\u001b\\u202e\"\n"
            "[[sources]]\npath = 'ferry.eml'\n[[sources]]\npath = 'box.mbox'\n[[sources]]\npath = 'list.opml'\n"
            "[mail]\nhost = 'smtp.example.org'\nsender = 'Ann <ann@example.org>'\n"
            "[[mail.recipients]]\naddress = 'bob@example.org'\n",
            "utf-8",
        )
        yield base


def strings(value: object) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in [*value, *value.values()]:
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


def contents(path: Path) -> Iterator[str]:
    """What a reader gets of a file: the members of a book, the values of JSON, the parts and headers of a letter."""
    if path.suffix == ".epub":
        with zipfile.ZipFile(path) as book:
            yield from (book.read(name).decode() for name in book.namelist())
    elif path.suffix == ".json":
        yield from strings(json.loads(path.read_text("utf-8")))
    elif path.suffix == ".eml":
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        yield from (str(value) for value in message.values())
        yield from (part.get_content() for part in message.walk() if part.get_content_maintype() == "text")
    else:
        # The archive's search knows such marks itself, to pass over them.
        yield path.read_bytes().decode().partition("const folding")[0]


def check(where: str, text: str) -> None:
    # Written as an escape or a reference, it comes back where the text is read.
    unwritten = re.sub(
        r"&#(?:x([0-9a-f]+)|(\d+));|\\u([0-9a-f]{4})",
        lambda m: chr(int(m[1] or m[3], 16) if m[1] or m[3] else int(m[2])),
        text.replace("\r\n", "\n"),
        flags=re.IGNORECASE,
    )
    found = FORBIDDEN.search(unwritten)
    assert not found, f"{where}: {found[0]!r} in {unwritten[max(0, found.start() - 60) : found.end() + 60]!r}"
    for line in unwritten.split("\n"):
        depth = 0
        for character in line:
            depth += (character in ISOLATES) - (character == "\u2069")
            assert depth >= 0, f"{where}: {line!r}"
        assert depth == 0, f"{where}: {line!r}"


@pytest.mark.slow
def test_control_characters_of_sources_reach_no_output(cli: Cli, sources: str, tmp_path: Path) -> None:
    assert sources
    before = set(tmp_path.rglob("*"))
    calls = [
        ("--verbose", "run", "--dry-run"),
        ("--verbose", "run", "--explain"),
        ("history",),
        ("search", "tram"),
        ("search", "library", "-f", "json"),
        ("archive", "--out", "archive"),
        ("send", "--dry-run"),
        ("--verbose", "summarise", "ferry.eml", "-f", "json", "--engine", "extractive"),
        ("sources", "check"),
        ("sources", "import", "list.opml"),
        ("sources", "list"),
        ("sources", "export"),
    ]
    for arguments in calls:
        done = cli(*arguments)
        assert done.returncode in {0, 1}, f"{arguments}: {done.stderr}"
        check(f"stdout of {' '.join(arguments)}", done.stdout)
        check(f"stderr of {' '.join(arguments)}", done.stderr)
    written = [path for path in set(tmp_path.rglob("*")) - before if path.is_file() and path.suffix != ".db"]
    assert {path.suffix for path in written} >= {".md", ".html", ".txt", ".json", ".atom", ".epub", ".eml", ".js"}
    for path in written:
        for text in contents(path):
            check(path.name, text)
    day = next(path for path in written if path.suffix == ".md")
    told = day.with_suffix(".json").read_text("utf-8")
    for one in ("Library[31m", "Ferry", "It’s open", "museum’s new wing"):
        assert one in told
    for text in (told, day.with_suffix(".html").read_text("utf-8"), day.with_suffix(".txt").read_text("utf-8")):
        assert HEBREW in text
    assert quote("\u009b") in told


MARKUP_IN_TITLES = {
    "tram line": "<script>alert(1)</script> tram line",
    "library": '<svg onload="alert(1)"> library',
    "museum": "<img src=x onerror=alert(1)> museum",
    "ferry": "</title></head><script>alert(1)</script> ferry",
    "tunnel": "<![CDATA[<iframe src=https://evil.example>]]> tunnel",
    "bridge": "<a href='javascript:alert(1)'>bridge</a>",
}
"""By a word of the title and of its article."""


def declared_text() -> str:
    def text(number: int, word: str) -> str:
        return (
            f"The {word} of Town{number} opened on Tuesday after works that took {number + 2} years, the mayor said. "
            f"About {number + 100} people came to see the {word}, and many of them stayed until the evening was over."
        )

    entries = "".join(
        f"<entry><id>tag:{number}</id><title type='text'>{escape(title)}</title><updated>2024-05-17T06:00:00Z</updated>"
        f"<content type='text'>{escape(title + ': ' + text(number, word))}</content></entry>"
        for number, (word, title) in enumerate(MARKUP_IN_TITLES.items())
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>&lt;script&gt;x()&lt;/script&gt;</title>{entries}</feed>'


class Tags(HTMLParser):
    """The tags of a page that a title could have smuggled in, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.smuggled: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        is_script = any(name.startswith("on") or "javascript:" in (value or "") for name, value in attrs)
        if tag == "iframe" or is_script or values.get("src") == "x":
            self.smuggled.append(self.get_starttag_text() or tag)

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.cdata_elem == "script" and "alert(1)" in data:
            self.smuggled.append(data)


@pytest.mark.slow
def test_markup_in_titles_that_are_text_is_shown_as_text(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(declared_text(), "utf-8")
    (tmp_path / "briefing.toml").write_text(
        "engine = 'extractive'\nsince = ''\nwait = ''\ngroup = false\n"
        "formats = ['md', 'html', 'text', 'json', 'atom', 'epub']\n[[sources]]\npath = 'feed.xml'\n"
        "[mail]\nhost = 'smtp.example.org'\nsender = 'Ann <ann@example.org>'\n"
        "[[mail.recipients]]\naddress = 'bob@example.org'\n",
        "utf-8",
    )
    before = set(tmp_path.rglob("*"))
    for arguments in (("run",), ("archive", "--out", "archive"), ("send", "--dry-run")):
        done = cli(*arguments)
        assert done.returncode == 0, done.stderr
    written = [path for path in set(tmp_path.rglob("*")) - before if path.is_file()]
    by_kind = {path.suffix: path for path in written if path.parent.name == "briefings"}
    told = list(strings(json.loads(by_kind[".json"].read_text("utf-8"))))
    shown = set(MARKUP_IN_TITLES.values())
    assert shown <= set(told)
    pages = [text for path in written if path.suffix in {".html", ".epub", ".eml"} for text in contents(path)]
    pages = [page for page in pages if "<body" in page]
    assert len(pages) >= 4
    for page in pages:
        assert Tags(page).smuggled == []
    flat = " ".join(Tags(by_kind[".html"].read_text("utf-8")).text.split())
    assert [title for title in shown if title not in flat] == []
    markdown = by_kind[".md"].read_text("utf-8")
    assert re.findall(r"(?<!\\)<(?!https?:)\S*", markdown) == []
    unescaped = unescape(re.sub(r"\\([^\w\s])", r"\1", markdown)).replace("\u2060", "")
    assert [title for title in shown if title not in unescaped] == []
    root = ElementTree.fromstring(by_kind[".atom"].read_text("utf-8"))
    titles = {"".join(one.itertext()) for one in root.iter("{http://www.w3.org/2005/Atom}title")}
    assert titles >= shown
    for content in root.iter("{http://www.w3.org/2005/Atom}content"):
        assert Tags("".join(content.itertext())).smuggled == []


def test_rich_markup_in_a_title_is_plain_text(cli: Cli, sources: str) -> None:
    assert sources
    done = cli("run", "--dry-run")
    assert f"{HEBREW} {MARKUP}\t" in done.stdout


@pytest.mark.parametrize(
    "words",
    [("run", "--{}"), ("--{}",), ("{}",), ("history", "{}"), ("run", "{}", "{}"), ("run", "--date", "{}")],
)
def test_usage_errors_quote_without_control_characters(cli: Cli, words: tuple[str, ...]) -> None:
    done = cli(*(word.format("\x1b[31m\x9b1m\u202eabc\u2066\x7f") for word in words))
    assert done.returncode
    assert "abc" in re.sub(r"[\s│]", "", done.stderr)  # the box breaks lines
    assert FORBIDDEN.findall(done.stderr.replace("\n", "")) == []
    assert not set(ISOLATES) & set(done.stderr)
