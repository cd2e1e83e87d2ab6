"""`briefing sources`: the configuration is edited with care, and `check` says what a run would do."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from briefing.address import shown, without_feed_scheme
from briefing.config import STARTERS, read_starter
from briefing.errors import ExitCode
from briefing.sources import read_opml
from briefing.testing.server import Server

from ..conftest import Cli

MINE = """\
# Mine.
title = "T"

[[sources]]
url = "https://example.org/a"
# models = "/big/disk"

# how it is sent
[mail]
host = "smtp.example.org"
sender = "a@example.org"
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_edit_changes_what_was_asked_and_nothing_else(cli: Cli, tmp_path: Path, newline: str) -> None:
    path = tmp_path / "briefing.toml"
    before = ("\ufeff" + MINE).replace("\n", newline).encode()
    path.write_bytes(before)
    path.chmod(0o640)
    assert cli("sources", "add", "feed://example.org/b", "--name", "Bee", "--no-check").returncode == 0
    added = '\n[[sources]]\nurl = "http://example.org/b"\nname = "Bee"\n'.replace("\n", newline).encode()
    assert path.read_bytes() == before + added
    assert cli("sources", "remove", "feed://example.org/b").returncode == 0
    assert path.read_bytes() == before
    assert cli("sources", "remove", "https://example.org/a").returncode == 0
    table = f'[[sources]]{newline}url = "https://example.org/a"{newline}'.encode()
    assert path.read_bytes() == before.replace(table, b"")
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("htps://example.org/f", "https://?"),
        ("https://", "no host"),
        ("http://host:80a/x", "not a usable address"),
        ("https://[bad/x", "not a usable address"),
        ("ftp://example.org", "imaps://"),
        ("no/file", "there is no such file or folder"),
    ],
)
def test_what_no_run_can_read_is_not_added(cli: Cli, tmp_path: Path, location: str, said: str) -> None:
    path = tmp_path / "briefing.toml"
    path.write_text(MINE)
    done = cli("sources", "add", location)
    assert (done.returncode, done.stdout) == (2, "")
    assert location in done.stderr
    assert said in done.stderr
    assert path.read_text() == MINE


def test_a_check_reads_the_sources_whatever_is_wrong_with_mail(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text(
        "Trams\n\nThe council voted 31 to 14 on Tuesday for a tram line to the hospital."
    )
    (tmp_path / "briefing.toml").write_text('[[sources]]\npath = "story.txt"\n[mail]\nhosts = "smtp.example.org"\n')
    done = cli("sources", "check")
    assert (done.returncode, done.stdout) == (0, f"ok\t{tmp_path / 'story.txt'}\t1 article\n")
    assert "hosts" in done.stderr


def test_a_check_and_a_run_name_a_feed_with_dates_that_cannot_be_read(cli: Cli, tmp_path: Path) -> None:
    text = "The council of Marlow voted 31 to 14 on Tuesday for a tram line to the hospital. " * 5
    item = f"<item><title>Trams</title><description>{text}</description><pubDate>31. Foo 2026</pubDate></item>"
    (tmp_path / "feed.xml").write_text(f"<rss version='2.0'><channel><title>Paper</title>{item}</channel></rss>")
    (tmp_path / "briefing.toml").write_text('[[sources]]\npath = "feed.xml"\n')
    said = "1 of its items has a date that cannot be read, such as \u201831. Foo 2026\u2019"
    done = cli("sources", "check")
    path = tmp_path / "feed.xml"
    assert (done.returncode, done.stdout) == (0, f"ok\t{path}\tPaper: 1 item\nwarning\t{path}: Paper\t{said}.\n")
    done = cli("run", "--engine", "extractive")
    assert done.returncode == 0
    assert f"Warning: Paper: {said}.\n" in done.stderr


def test_a_check_and_a_run_name_a_file_with_characters_that_cannot_be_read(cli: Cli, tmp_path: Path) -> None:
    text = "The council of Mörlow voted 31 to 14 on Tuesday for a tram line to the hospital. " * 5
    (tmp_path / "story.txt").write_bytes(f"Trams\n\n{text}".encode() + b"It ends \xff here.")
    (tmp_path / "briefing.toml").write_text('[[sources]]\npath = "story.txt"\n')
    said = "1 character of it could not be read (it was read as utf-8)"
    done = cli("sources", "check")
    path = tmp_path / "story.txt"
    assert (done.returncode, done.stdout) == (0, f"ok\t{path}\t1 article\nwarning\t{path}: Trams\t{said}.\n")
    done = cli("run", "--engine", "extractive")
    assert done.returncode == 0
    assert f"Trams: {said}.\n" in done.stderr


def test_a_check_in_which_every_source_fails_has_read_nothing(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "briefing.toml").write_text('[[sources]]\npath = "gone.txt"\n')
    done = cli("sources", "check")
    assert (done.returncode, done.stdout.partition("\t")[0]) == (ExitCode.NOTHING, "failed")


def test_a_feed_address_that_is_typed_is_one_of_the_web(cli: Cli) -> None:
    done = cli("run", "--offline", "--source", "feed://example.org/f", "--source", "feed:https://example.org/g")
    assert "http://example.org/f: the run is offline" in done.stderr
    assert "https://example.org/g: the run is offline" in done.stderr


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("https://me:hunter2@h.example/f", "https://h.example/f"),
        ("htps://me:hunter2@h.example/f", "htps://h.example/f"),
        ("feed:me:hunter2@h.example/f", "feed:h.example/f"),
        ("https:/me:hunter2@h.example/f", "https:/h.example/f"),
        ("https://me:hun/ter2@h.example/f", "https://h.example/f"),
        ("imaps://me:hunter2@h.example/INBOX", "imaps://me@h.example/INBOX"),
        ("imaps://me@h.example/INBOX", "imaps://me@h.example/INBOX"),
        ("https://h.example:80/a@b", "https://h.example:80/a@b"),
        ("/a/file@home", "/a/file@home"),
    ],
)
def test_a_source_is_shown_without_its_password(location: str, expected: str) -> None:
    assert shown(location) == expected


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("feed:a.example/f", "http://a.example/f"),
        ("feed://a.example/f", "http://a.example/f"),
        ("feed:https://a.example/f", "https://a.example/f"),
        ("https://a.example/f", "https://a.example/f"),
        ("feeds://a.example/f", "https://a.example/f"),
        ("itpc://a.example/f", "http://a.example/f"),
        ("PCAST:https://a.example/f", "https://a.example/f"),
        ("feedster:a", "feedster:a"),
    ],
)
def test_a_feed_address_stands_for_one_of_the_web(typed: str, meant: str) -> None:
    assert without_feed_scheme(typed) == meant


@pytest.mark.slow
def test_a_password_in_an_address_is_shown_nowhere(cli: Cli, tmp_path: Path) -> None:
    opml = '<opml version="2.0"><body><outline text="A" xmlUrl="https://a.example/f"/></body></opml>'
    page = "<html><title>Log in</title><body><p>Nothing here.</p></body></html>"
    with Server() as server:
        server.serves("/list", opml, type="text/xml")
        server.serves("/page", page, type="text/html")
        server.serves("/empty", '<rss version="2.0"><channel></channel></rss>', type="text/xml")
        paths = ("/gone", "/list", "/page", "/empty")
        secret = [server.url(path).replace("://", "://me:hunter2@") for path in paths]
        with (tmp_path / "briefing.toml").open("w", encoding="utf-8") as file:
            file.writelines(f'[[sources]]\nurl = "{place}"\nallow_local = true\n' for place in secret)
            file.write('[[sources]]\npath = "story.txt"\n')
        (tmp_path / "story.txt").write_text(
            "Trams\n\nThe council voted 31 to 14 on Tuesday for a tram line to the hospital."
        )
        done = [
            cli("run", "--engine", "extractive", "--format", "json", "--format", "md", "--out", tmp_path / "out"),
            cli("sources", "check"),
            cli("sources", "list"),
            cli("sources", "export"),
            cli("sources", "add", secret[0]),
            cli("sources", "add", "htps://me:hunter2@h.example/x"),
            cli("sources", "add", "https://me:hunter2@h.example/none"),
            cli("sources", "add", "https://me:hunter2@h.example/added", "--no-check"),
            cli("sources", "remove", "https://me:hunter2@h.example/none"),
            cli("doctor"),
        ]
        assert cli("sources", "remove", "https://h.example/added").returncode == 0
    said = [one.stdout + one.stderr for one in done]
    assert all(server.url(path) in text for text in said[1:3] for path in paths)
    written = [path.read_text(encoding="utf-8") for path in (tmp_path / "out").rglob("*.*") if path.is_file()]
    assert any("/gone" in text for text in written)
    assert not [text for text in (*said, *written) if "hunter2" in text]
    (tmp_path / "briefing.toml").write_text('[[sources]]\nurl = "htps://me:hunter2@h.example/x"\n')
    assert "hunter2" not in cli("sources", "list").stderr


def test_sources_that_only_their_secrets_tell_apart_are_not_taken_for_each_other(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "briefing.toml"
    table = '[[sources]]\nurl = "https://h.example/f?token={}"\n'
    path.write_text(f"{table.format('one')}\n{table.format('two')}")
    done = cli("sources", "remove", "https://h.example/f?token=***")
    assert done.returncode == 2
    assert "2 sources shown as 'https://h.example/f?token=***', with different secrets" in done.stderr
    assert cli("sources", "remove", "https://h.example/f?token=one").returncode == 0
    assert path.read_text() == table.format("two")
    assert cli("sources", "remove", "https://h.example/f?token=***").returncode == 0
    assert path.read_text() == ""


def test_an_export_holds_secrets_only_where_they_are_asked_for(cli: Cli, tmp_path: Path) -> None:
    place = "https://me:hunter2@h.example/f?a=1&token=hunter3"
    (tmp_path / "briefing.toml").write_text(f'[[sources]]\nurl = "{place}"\n')
    done = cli("sources", "export")
    assert 'xmlUrl="https://h.example/f?a=1"' in done.stdout
    assert "1 addresses are without their password or key. --secrets leaves them in." in done.stderr
    whole = cli("sources", "export", "--secrets")
    assert f'xmlUrl="{place.replace("&", "&amp;")}"' in whole.stdout
    assert 'text="https://h.example/f?a=1&amp;token=***"' in whole.stdout
    assert whole.stderr == ""
    (tmp_path / "list.opml").write_text(whole.stdout)
    (tmp_path / "briefing.toml").write_text('title = "T"\n')
    assert cli("sources", "import", "list.opml").stdout == "https://h.example/f?a=1&token=***\n"
    assert (tmp_path / "briefing.toml").read_text().endswith(f'url = "{place}"\nkind = "feed"\n')


@pytest.mark.parametrize(
    ("arguments", "configuration", "said"),
    [
        (("sources", "remove", "https://example.org/aa"), MINE, "(did you mean 'https://example.org/a'?).\n"),
        (("sources", "remove", "zzz"), MINE, "has no source 'zzz'. `briefing sources list` shows all of them.\n"),
        (
            ("sources", "list"),
            'titel = "x"\nmax_stories = "a"\nwiat = 3\n',
            "3 things are wrong: (1) line 1, titel: there is no such key. Did you mean `title`? (2) line 2, max_",
        ),
        (("sources", "list"), "max_storis = 3", "Did you mean `max_stories`?\n"),
        (("sources", "list"), '[mail]\nrecipients = ["a@example.org"]', "expected a [[mail.recipients]] table"),
        (("sources", "list"), '[mail]\nrecipients = "a@example.org"', "expected [[mail.recipients]] tables"),
    ],
)
def test_an_error_says_what_is_meant(
    cli: Cli, tmp_path: Path, arguments: tuple[str, ...], configuration: str, said: str
) -> None:
    (tmp_path / "briefing.toml").write_text(configuration)
    done = cli(*arguments)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("typed", "added"),
    [
        ("news.example", "https://news.example"),
        ("news.example/feed.xml", "https://news.example/feed.xml"),
        ("news.example:8443/f?a=1", "https://news.example:8443/f?a=1"),
        ("pcast://news.example/f", "http://news.example/f"),
    ],
)
def test_a_host_without_a_scheme_is_one_of_the_web(cli: Cli, tmp_path: Path, typed: str, added: str) -> None:
    path = tmp_path / "briefing.toml"
    path.write_text("")
    assert cli("sources", "add", typed, "--no-check").stdout == f"{added}\n"
    assert path.read_text() == f'[[sources]]\nurl = "{added}"\n'
    assert cli("sources", "remove", typed).returncode == 0
    assert path.read_text() == ""


def test_a_file_with_the_name_of_a_host_is_the_file(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "briefing.toml").write_text("")
    (tmp_path / "news.example").mkdir()
    assert cli("sources", "add", "news.example").stdout == f"{tmp_path / 'news.example'}\n"
    assert "no such file" in cli("sources", "add", "notes.md").stderr


def test_a_first_configuration_may_begin_with_public_feeds(cli: Cli, tmp_path: Path) -> None:
    done = cli("init", "--starter", "science", "--starter", "world", "--starter", "science")
    assert (done.returncode, done.stdout) == (0, "briefing.toml\n")
    assert "18 sources (Science, World). Now read them: briefing run" in done.stderr
    listed = [line.split("\t") for line in cli("sources", "list").stdout.splitlines()]
    assert [section for _, section, _ in listed] == ["Science"] * 9 + ["World"] * 9
    assert ["BBC News", "World", "https://feeds.bbci.co.uk/news/world/rss.xml"] in listed
    refused = cli("init", "mine.toml", "--starter", "wrld")
    assert (refused.returncode, (tmp_path / "mine.toml").exists()) == (2, False)
    assert "did you mean 'world'?" in refused.stderr


@pytest.mark.parametrize("topic", STARTERS)
def test_a_list_to_begin_with_names_feeds_of_many_outlets(topic: str) -> None:
    sources = read_opml(read_starter(topic))
    assert 6 <= len(sources) <= 10
    assert len({source.name for source in sources}) == len({source.location for source in sources}) == len(sources)
    assert all(source.location.startswith("https://") and not source.address.secrets for source in sources)
    assert len({source.section for source in sources}) == 1
    documented = (Path(__file__).resolve().parents[2] / "docs" / "sources.md").read_text("utf-8")
    assert f"| `{topic}` | {', '.join(source.name for source in sources)} |" in documented


@pytest.fixture
def feeds(server: Server) -> Server:
    published = format_datetime(datetime.now(UTC) - timedelta(minutes=20, seconds=30), usegmt=True)
    item = "<item><title>Trams {0}</title><link>https://news.example/{0}</link><pubDate>{1}</pubDate></item>"
    items = "".join(item.format(number, published) for number in range(3))
    rss = f"<rss version='2.0'><channel><title>The Paper</title>{items}</channel></rss>"
    server.serves("/feed", rss, type="application/rss+xml")
    head = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    server.serves("/", f"<html><head>{head}</head><body><p>Home.</p></body></html>", type="text/html")
    return server


def test_adding_a_source_says_what_it_gives(cli: Cli, tmp_path: Path, feeds: Server) -> None:
    path = tmp_path / "briefing.toml"
    path.write_text("")
    done = cli("sources", "add", feeds.url("/feed"), "--section", "World", "--allow-local")
    assert (done.returncode, done.stdout) == (0, f"{feeds.url('/feed')}\n")
    assert done.stderr == "The Paper: 3 items, newest 20 minutes ago.\n"
    assert path.read_text() == (f'[[sources]]\nurl = "{feeds.url("/feed")}"\nsection = "World"\nallow_local = true\n')
    assert [seen.path for seen in feeds.requests] == ["/feed"]
    checked = cli("sources", "check")
    assert checked.stdout == f"ok\t{feeds.url('/feed')}\tThe Paper: 3 items, newest 20 minutes ago\n"


def test_adding_a_page_adds_the_feed_that_it_names(cli: Cli, tmp_path: Path, feeds: Server) -> None:
    path = tmp_path / "briefing.toml"
    path.write_text("")
    done = cli("sources", "add", feeds.url("/"), "--allow-local")
    assert (done.returncode, done.stdout) == (0, f"{feeds.url('/feed')}\n")
    assert "It is a web page; the feed that it names is added.\nThe Paper: 3 items" in done.stderr
    assert feeds.url("/feed") in path.read_text()
    assert "it is a source already" in cli("sources", "add", feeds.url("/"), "--allow-local").stderr


def test_adding_a_page_without_a_feed_says_so(cli: Cli, tmp_path: Path, feeds: Server) -> None:
    (tmp_path / "briefing.toml").write_text("")
    text = "The council of Marlow voted 31 to 14 on Tuesday for a tram line to the hospital. " * 5
    feeds.serves("/trams", f"<html><body><article><h1>Trams</h1><p>{text}</p></article></body></html>")
    done = cli("sources", "add", feeds.url("/trams"), "--allow-local")
    assert done.stderr == (
        f"It is a web page without a feed: the article on it is the source.\n{feeds.url('/trams')}: 1 article.\n"
    )


def test_adding_a_source_shows_no_secret_of_its_address(cli: Cli, tmp_path: Path, feeds: Server) -> None:
    path = tmp_path / "briefing.toml"
    path.write_text("")
    feeds.serves("/f?token=Okapi31415Lm", "<rss><channel><title>Okapi31415Lm wire</title></channel></rss>")
    feeds.serves(
        "/p", '<html><head><link rel="alternate" type="application/rss+xml" href="/f?token=Okapi31415Lm"></head>'
    )
    said = [
        cli("sources", "add", feeds.url("/f?token=Okapi31415Lm"), "--allow-local"),
        cli("sources", "remove", feeds.url("/f?token=***")),
        cli("sources", "add", feeds.url("/").replace("//", "//me:Okapi31415Lm@"), "--allow-local"),
        cli("sources", "add", feeds.url("/p"), "--allow-local"),
        cli("sources", "add", feeds.url("/gone?token=Okapi31415Lm"), "--allow-local"),
        cli("sources", "add", "me:Okapi31415Lm@h.example/f"),
        cli("sources", "check"),
        cli("sources", "list"),
    ]
    assert [done.returncode for done in said] == [0, 0, 0, 0, 3, 2, 0, 0]
    assert "Okapi31415Lm" in path.read_text()
    assert not [done for done in said if "Okapi31415Lm" in done.stdout + done.stderr]


def test_a_source_that_gives_nothing_is_not_added(cli: Cli, tmp_path: Path, feeds: Server) -> None:
    path = tmp_path / "briefing.toml"
    path.write_text("")
    done = cli("sources", "add", feeds.url("/gone"), "--allow-local")
    assert (done.returncode, done.stdout, path.read_text()) == (ExitCode.NOTHING, "", "")
    assert "404" in done.stderr
    assert "--no-check" in done.stderr
    for option in ("--no-check", "--offline"):
        assert cli("sources", "add", feeds.url("/gone"), option).returncode == 0
        assert cli("sources", "remove", feeds.url("/gone")).returncode == 0


def test_a_source_without_a_name_is_listed_and_removed_by_its_feeds_title(cli: Cli, tmp_path: Path) -> None:
    text = "The council of Marlow voted 31 to 14 on Tuesday for a tram line to the hospital. " * 5
    for name in ("one", "two"):
        item = f"<item><title>Trams {name}</title><description>{text}</description></item>"
        (tmp_path / f"{name}.xml").write_text(
            f"<rss version='2.0'><channel><title>Post {name}</title>{item}</channel></rss>"
        )
    sources = '[[sources]]\npath = "one.xml"\n\n[[sources]]\npath = "two.xml"\nname = "Mine"\n'
    (tmp_path / "briefing.toml").write_text(f'state = "state.db"\n{sources}')
    one, two = f"{tmp_path / 'one.xml'}", f"{tmp_path / 'two.xml'}"
    assert cli("sources", "list").stdout == f"-\t-\t{one}\nMine\t-\t{two}\n"
    assert not (tmp_path / "state.db").exists()
    assert cli("run", "--engine", "extractive", "--state", "state.db").returncode == 0
    assert cli("sources", "list").stdout == f"Post one\t-\t{one}\nMine\t-\t{two}\n"
    assert cli("sources", "remove", "Post two").returncode == 2
    assert cli("sources", "remove", "Post one").returncode == 0
    assert cli("sources", "list").stdout == f"Mine\t-\t{two}\n"


def test_an_import_of_a_text_names_its_bad_lines_and_takes_the_rest(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "briefing.toml").write_text(MINE)
    (tmp_path / "feeds.txt").write_text("bbc.co.uk\nno address\nhttps://example.org/a\n")
    done = cli("sources", "import", "feeds.txt")
    assert (done.returncode, done.stdout) == (0, "https://bbc.co.uk\n")
    assert done.stderr.splitlines() == [
        "Left out: line 2 (no address): it does not begin with an address of the web.",
        "1 is a source already.",
    ]
    (tmp_path / "feeds.txt").write_text("example.net\n" + "no address\n" * 70)
    done = cli("sources", "import", "feeds.txt")
    assert (done.returncode, len(done.stderr.splitlines())) == (0, 51)
    assert done.stderr.endswith("Left out: 20 more.\n")


def test_an_import_says_what_it_left_out_and_why(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "briefing.toml").write_text(MINE)
    entries = (
        '<outline type="rss" text="A" xmlUrl="https://example.org/a"/>'
        '<outline type="rss" text="B" xmlUrl="https://example.org/b"/>'
        '<outline type="rss" text="C" xmlUrl="ftp://example.org/c"/>'
        '<outline type="rss" text="D"/>'
    )
    (tmp_path / "list.opml").write_text(f'<opml version="2.0"><body>{entries}</body></opml>')
    done = cli("sources", "import", "list.opml")
    assert (done.returncode, done.stdout) == (0, "https://example.org/b\n")
    assert done.stderr.splitlines() == [
        "Left out: C: its address is not one of the web that can be read.",
        "Left out: D: it has no address.",
        "1 is a source already.",
    ]
