"""mbox files and Maildirs, read-only; boilerplate of newsletters."""

from __future__ import annotations

import mailbox
import os
import time
import tracemalloc
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from briefing.errors import ExtractError, SourceError
from briefing.extract import Extraction, extract_article
from briefing.extract.mail import without_mail_boilerplate
from briefing.pipeline.limits import Limits
from briefing.pipeline.newsletters import Newsletters
from briefing.pipeline.progress import NoProgress
from briefing.pipeline.read import read_sources
from briefing.pipeline.read_result import ReadResult
from briefing.pipeline.read_session import ReadSession
from briefing.pipeline.window import Window
from briefing.sources import classify_path, list_maildir, list_mbox, read_head
from briefing.types import Source, SourceKind

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
BODY = (
    "The council approved a new tram line on Tuesday. It will link the station with the hospital from 2027 and cost "
    "about 80 million pounds. The mayor said that work would begin in spring."
)


def letter(
    subject: str, body: str = BODY, *, hours: float = 1, sender: str = "Harbour Post <post@example.org>"
) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"] = subject, sender
    message["Date"] = format_datetime(NOW - timedelta(hours=hours))
    message.set_content(f"{body} Story {subject}.\n")
    return message.as_bytes()


def write_mbox(path: Path, *messages: bytes) -> Path:
    """As mboxrd: `>` before every line that begins with any number of `>` and From."""
    with path.open("wb") as file:
        for message in messages:
            lines = [b">" + x if x.lstrip(b">").startswith(b"From ") else x for x in message.split(b"\n")]
            file.write(b"From post@example.org Fri May 17 05:30:00 2024\n" + b"\n".join(lines) + b"\n\n")
    return path


def write_maildir(path: Path, *messages: bytes) -> Path:
    for name in ("cur", "new", "tmp"):
        (path / name).mkdir(parents=True)
    for number, message in enumerate(messages):
        folder, flags = ("new", "") if number % 2 else ("cur", ":2,S")
        (path / folder / f"{1715920000 + number}.M{number}P1.host{flags}").write_bytes(message)
    return path


def reading(path: Path, **limits: object) -> ReadResult:
    def no_fetcher() -> object:
        raise AssertionError("nothing is fetched")

    since = limits.pop("since", timedelta(hours=24))
    window = Window(now=NOW, reach=NOW - since if isinstance(since, timedelta) else None)
    wanted = Limits(**limits)  # type: ignore[arg-type]
    sources = [Source(location=str(path))]
    session = ReadSession(limits=wanted, window=window, open_fetcher=no_fetcher, progress=NoProgress())  # type: ignore[arg-type]
    return read_sources(sources, session)


def snapshot(folder: Path) -> dict[str, object]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_atime_ns, path.stat().st_mode,
                                        path.is_file() and path.read_bytes())
        for path in sorted(folder.rglob("*"))
    }  # fmt: skip


# --- what a place is ---


@pytest.mark.posix
def test_mailboxes_are_recognised(tmp_path: Path) -> None:
    write_mbox(tmp_path / "a.mbox", letter("a"))
    write_mbox(tmp_path / "INBOX", letter("a"))
    (tmp_path / "empty.mbox").touch()
    write_maildir(tmp_path / "Mail")
    (tmp_path / "apple.mbox").mkdir()
    write_mbox(tmp_path / "apple.mbox" / "mbox", letter("a"))
    (tmp_path / "notes").mkdir()
    expected = {"a.mbox": "mbox", "INBOX": "mbox", "empty.mbox": "mbox", "Mail": "maildir", "apple.mbox": "mbox"}
    assert {name: classify_path(tmp_path / name).value for name in expected} == expected
    assert classify_path(tmp_path / "notes") is SourceKind.FOLDER
    (tmp_path / "essay").write_text("From the desk of nobody\n\nhello")
    with pytest.raises(SourceError, match="not known"):
        classify_path(tmp_path / "essay")
    assert [a.title for a in reading(tmp_path / "apple.mbox").articles] == ["a"]


@pytest.mark.posix
@pytest.mark.parametrize("make", [write_mbox, write_maildir])
def test_each_message_is_an_article_newest_first_and_nothing_is_changed(make: object, tmp_path: Path) -> None:
    path = make(tmp_path / "box.mbox", letter("old", hours=30), letter("b", hours=3), letter("a", hours=2))  # type: ignore[operator]
    for file in tmp_path.rglob("*"):
        if file.is_file():
            os.utime(file, (1_700_000_000, 1_600_000_000))
    before = snapshot(tmp_path)
    for file in tmp_path.rglob("*"):
        if file.is_file():  # the snapshot itself has read them
            os.utime(file, (1_700_000_000, 1_600_000_000))
    found = reading(path)
    assert [article.title for article in found.articles] == ["a", "b"]
    assert {article.source for article in found.articles} == {"Harbour Post"}
    assert found.articles[0].published == NOW - timedelta(hours=2)
    assert [failure.cause for failure in found.failures] == ["1 articles are older than the time span asked for"]
    assert found.sources == 1
    after = snapshot(tmp_path)
    assert {k: v[1:] if Path(tmp_path, k).is_dir() else v for k, v in after.items()} == {  # type: ignore[index]
        k: v[1:] if Path(tmp_path, k).is_dir() else v for k, v in before.items()  # type: ignore[index]
    }  # fmt: skip


def test_limits_and_names_hold_as_for_feeds(tmp_path: Path) -> None:
    path = write_mbox(tmp_path / "a.mbox", *(letter(f"s{n}", hours=n + 1) for n in range(5)))
    found = reading(path, max_per_source=2)
    assert [article.title for article in found.articles] == ["s0", "s1"]
    assert found.failures[0].cause == "3 articles are over the limit for one source"
    assert len(reading(path, since=None).articles) == 5
    wanted = Source(location=str(path), name="Mine", section="Post", kind=SourceKind.MBOX)
    mail = Newsletters(window=Window(now=NOW), store=None)
    assert {(one.name, one.section) for one in mail.local(path, wanted)} == {("Mine", "Post")}  # type: ignore[union-attr]


@pytest.mark.posix
def test_a_bad_message_is_one_failure_with_its_name(tmp_path: Path) -> None:
    broken = [
        letter("empty", "").replace(b" Story empty.", b""),
        b"Subject: picture\nDate: Fri, 17 May 2024 05:00:00 +0000\nContent-Type: image/png\n\n\x89PNG",
        b"Subject: torn\nDate: Fri, 17 May 2024 05:00:00 +0000\nContent-Type: multipart/mixed; boundary=x\n\n--x--",
        b"Subject: big\nDate: Fri, 17 May 2024 05:00:00 +0000\n\n" + b"word " * 2_100_000,
    ]
    for path in (write_mbox(tmp_path / "a.mbox", *broken, letter("good")), write_maildir(tmp_path / "d", *broken)):
        found = reading(path)
        assert [article.title for article in found.articles] == (["good"] if path.suffix else [])
        subjects = {failure.subject.split(": ")[1]: failure.cause for failure in found.failures}
        assert set(subjects) == {"empty", "picture", "torn", "big"}
        assert "too large: 1" in subjects["big"]


@pytest.mark.posix
def test_deleted_and_trashed_messages_and_drafts_are_left_out(tmp_path: Path) -> None:
    gone = b"X-Mozilla-Status: 0009\n" + letter("gone")
    path = write_mbox(tmp_path / "a.mbox", gone, b"X-Mozilla-Status: 0001\n" + letter("here"))
    assert [article.title for article in reading(path).articles] == ["here"]
    folder = write_maildir(tmp_path / "d", letter("kept"))
    (folder / "cur" / "1715920009.a:2,ST").write_bytes(letter("trashed"))
    (folder / "cur" / "1715920009.b:2,D").write_bytes(letter("draft"))
    (folder / "cur" / ".hidden").write_bytes(letter("hidden"))
    (folder / "cur" / "link").symlink_to(write_mbox(tmp_path / "x", letter("linked")))
    assert [article.title for article in reading(folder).articles] == ["kept"]


@pytest.mark.posix
def test_a_message_moved_from_new_to_cur_is_still_read(tmp_path: Path) -> None:
    folder = write_maildir(tmp_path / "d", letter("zero"), letter("one"))
    messages = list(list_maildir(folder))
    moved = next(message for message in messages if message.path.parent.name == "new")
    moved.path.rename(folder / "cur" / f"{moved.path.name}:2,S")
    assert moved.read() == letter("one")
    box = write_mbox(tmp_path / "a.mbox", letter("zero"), letter("one"))
    messages = list(list_mbox(box))
    write_mbox(box, letter("one"))
    with pytest.raises(SourceError, match="rewritten"):
        messages[0].read()


def test_an_empty_mailbox_is_no_error_and_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mbox").touch()
    assert reading(tmp_path / "a.mbox").failures[0].cause == "there is no article in the mailbox"
    (tmp_path / "b.mbox").write_text("hello")
    assert "no mbox file" in reading(tmp_path / "b.mbox").failures[0].cause


# --- mbox, whatever is in it ---

LINES = st.one_of(
    st.sampled_from(
        ["From the desk of the mayor", "From here on, 12:30 in 1999 was quoted.", ">From quoted", ">>From twice", "",
         "From ", "From: me", "--", "Subject: no head", "plain words"]
    ),
    st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), max_size=20),
)  # fmt: skip
BODIES = st.lists(st.lists(LINES, max_size=8).map("\n".join), max_size=5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BODIES)
def test_an_mbox_round_trip_gives_each_message_once(tmp_path: Path, bodies: list[str]) -> None:
    sent = [f"Subject: {n}\nFrom: a@b\n\n{body}\n".encode() for n, body in enumerate(bodies)]
    found = list(list_mbox(write_mbox(tmp_path / "a.mbox", *sent)))
    assert [message.head.title for message in found] == [str(n) for n in range(len(bodies))]
    assert [message.read().rstrip(b"\n") for message in found] == [message.rstrip(b"\n") for message in sent]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BODIES)
def test_an_mbox_written_by_python_gives_each_message_once(tmp_path: Path, bodies: list[str]) -> None:
    (tmp_path / "p.mbox").unlink(missing_ok=True)
    with closing(mailbox.mbox(tmp_path / "p.mbox")) as box:
        for n, body in enumerate(bodies):
            box.add(f"Subject: {n}\n\n{body}\n".encode())
    assert [message.head.title for message in list_mbox(tmp_path / "p.mbox")] == [str(n) for n in range(len(bodies))]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_bytes_after_a_first_message_do_not_raise(tmp_path: Path, tail: list[bytes]) -> None:
    path = write_mbox(tmp_path / "a.mbox", letter("first"))
    path.write_bytes(path.read_bytes() + b"\nFrom x Fri May 17 05:30:00 2024\n".join(tail))
    first, *others = list_mbox(path, now=NOW)
    assert first.head.title == "first"
    assert first.read().startswith(letter("first").rstrip(b"\n"))
    assert len(others) <= len(tail)
    for message in others:
        assert message.read() in path.read_bytes()


def test_sentences_that_begin_with_from_do_not_end_a_message(tmp_path: Path) -> None:
    body = "Hello.\n\nFrom 10:00 to 12:00 in 1999 it rained.\n\nFrom here on it did not.\n\nFrom \n\nEnd."
    head = b"From - Fri May 17 05:30:00 2024\r\n"
    message = b"Subject: rain\r\n\r\n" + body.replace("\n", "\r\n").encode()
    (tmp_path / "a.mbox").write_bytes((head + message + b"\r\n\r\n") * 2)
    assert [one.head.title for one in list_mbox(tmp_path / "a.mbox")] == ["rain", "rain"]
    assert b"End." in next(list_mbox(tmp_path / "a.mbox")).read()


@pytest.mark.slow
def test_only_young_messages_of_a_large_mailbox_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, filling = tmp_path / "a.mbox", "x" * 700 + "\n"
    young, old = letter("SUBJECT", hours=2).decode(), letter("SUBJECT", hours=48).decode()
    with path.open("w") as file:
        for n in range(50_000):
            text = (young if n in {20_000, 49_999} else old).replace("SUBJECT", f"s{n}")
            file.write(f"From a@b Fri May 17 05:30:00 2024\n{text}{filling}\n")
    import briefing.extract.mail as opened

    bodies: list[str] = []
    real = opened.read_mail

    def counted(body: bytes, name: str) -> Extraction:
        bodies.append(name)
        return real(body, name)

    monkeypatch.setattr(opened, "read_mail", counted)
    began = time.process_time()
    found = reading(path)
    assert time.process_time() - began < 30
    assert [article.title for article in found.articles] == ["s20000", "s49999"]
    assert len(bodies) == 2
    # What is held does not grow with the mailbox: a part of it shows as well, and tracing takes ten times as long.
    os.truncate(path, 8_000_000)
    tracemalloc.start()
    assert sum(message.head.sent is None for message in list_mbox(path)) <= 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


# --- heads ---


@pytest.mark.parametrize(
    ("head", "title"),
    [
        (b"Subject: =?utf-8?b?R3LDvMOfZQ==?= =?iso-8859-1?q?_M=F6wen?=", "Grüße Möwen"),
        (b"subject: one\n two\n\tthree", "one two three"),
        (b"Subject: =?utf-8?b?!!!?=", "=?utf-8?b?!!!?="),
        (b"Subject: =?no-such?q?x?=", "x"),
        (b"Subject: \xc3\xa9 \xff", "Ã© ÿ"),
        (b"Subject: caf\xc3\xa9", "café"),
        (b"Subject: a\x00\x1b[31mb", "a[31mb"),
        (b"", ""),
        (b"Subject: " + b"a" * 10_000_000, "a" * 299 + "…"),
    ],
)
def test_subjects_are_decoded_as_far_as_they_can_be(head: bytes, title: str) -> None:
    assert read_head(head).title == title


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (b"Fri, 17 May 2024 08:00:00 +0200", datetime(2024, 5, 17, 6, tzinfo=UTC)),
        (b"17 May 2024 06:00:00 -0000", datetime(2024, 5, 17, 6, tzinfo=UTC)),
        (b"Fri, 17 May 2034 06:00:00 +0000", None),
        (b"Thu, 1 Jan 1970 00:00:00 +0000", None),
        (b"Fri, 99 May 99999 06:00:00 +9999", None),
        (b"yesterday", None),
    ],
)
def test_an_implausible_date_is_replaced_by_the_time_of_delivery(date: bytes, expected: datetime | None) -> None:
    assert read_head(b"Date: " + date, now=NOW).sent == expected
    assert read_head(b"Date: " + date, delivered=NOW, now=NOW).sent == (expected or NOW)


@given(st.binary(max_size=300))
def test_any_headers_parse_without_an_exception(raw: bytes) -> None:
    head = read_head(b"Subject: " + raw + b"\nFrom: " + raw + b"\nDate: " + raw, now=NOW)
    assert not set(head.title + head.sender) & set(map(chr, [*range(32), *range(127, 160)]))


@pytest.mark.parametrize("mark", [b"(", b"<", b'"', b"[,", b"=?utf-8?q?a?= ", b"=?utf-8?b?", b"1 ", b"\\", b",", b"\r"])
def test_headers_of_one_repeated_character_parse_in_linear_time(mark: bytes) -> None:
    began = time.process_time()
    test_any_headers_parse_without_an_exception.hypothesis.inner_test(mark * 100_000)  # type: ignore[attr-defined]
    assert time.process_time() - began < 5


# --- hostile mail ---


def extracted(body: bytes) -> str:
    return extract_article(body, content_type="message/rfc822", name="mail", url=None, source="Post").text


@pytest.mark.slow
def test_a_mail_of_100000_parts_is_refused_quickly() -> None:
    began = time.process_time()
    flat = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: text/plain\n\nx\n" * 100_000
    with pytest.raises(ExtractError, match="over 500 parts"):
        extracted(flat)
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(100_000))
    with pytest.raises(ExtractError, match="over 500 parts"):
        extracted(deep)
    assert time.process_time() - began < 60


# --- a newsletter's text ---

NEWSLETTER = f"""\
<html><head><title>x</title><style>.a {{ color: red }}</style></head><body>
<div style="display:none;max-height:0">Trams and more you will not want to miss &zwnj;&nbsp;&zwnj;&nbsp;&zwnj;</div>
<table width="100%"><tr><td><a href="https://example.org/v">View this email in your browser</a></td></tr>
<tr><td><h1>Tram line approved</h1><p>{BODY}</p><p>{BODY.replace("Tuesday", "Wednesday")}</p></td></tr>
<tr><td><p>You are receiving this email because you signed up at example.org.</p>
<p>Harbour Post Ltd, 12 Quay Street, Bristol BS1 4XE</p>
<p><a href="https://example.org/u">Unsubscribe</a> | <a href="https://example.org/p">Manage preferences</a></p>
<img src="https://example.org/pixel.gif?u=4711" width="1" height="1"></td></tr></table></body></html>"""


@pytest.mark.parametrize("plain", ["", "View this email in your browser: https://example.org/v"])
def test_newsletter_boilerplate_is_removed(plain: str) -> None:
    message = EmailMessage()
    message["Subject"] = "Trams"
    if plain:
        message.set_content(plain)
        message.add_alternative(NEWSLETTER, subtype="html")
    else:
        message.set_content(NEWSLETTER, subtype="html")
    text = extracted(message.as_bytes())
    assert BODY in text
    for clutter in ("browser", "not want to miss", "receiving", "Quay Street", "nsubscribe", "preferences", "pixel"):
        assert clutter not in text, clutter


@pytest.mark.parametrize(
    "foot",
    [
        "You're receiving this newsletter because you subscribed.\nUnsubscribe",
        "Harbour Post Inc., 400 Main Street, Springfield, IL 62701\nNo longer want these emails? Unsubscribe.",
        "This email was sent to reader@example.org.\nOur mailing address is:\nHarbour Post\nPO Box 7\nBristol",
        "Privacy Policy\nTerms & Conditions\n© 2024 Harbour Post. All rights reserved.\nUpdate your email preferences",
    ],
)
def test_footers_are_removed_with_the_postal_address_before_them(foot: str) -> None:
    assert without_mail_boilerplate(f"{BODY}\n\n{foot}") == BODY


@pytest.mark.parametrize(
    "line",
    [
        "Trouble viewing the eclipse led thousands of people to the hills above the town on Monday evening.",
        "Read online reviews before you buy a kettle.",
        "The firm said customers could unsubscribe from the service within two weeks and get their money back in full.",
        "Add salt to your taste, then wait for an hour.",
        "Unsubscribed listeners pay nothing.",
    ],
)
def test_sentences_that_look_like_newsletter_boilerplate_stay(line: str) -> None:
    text = f"{BODY}\n\n{line}\n\n{BODY}"
    assert without_mail_boilerplate(text) == text
