"""The rows of the matrix (docs/faults.md) about mailboxes on a mail server that no other test shows."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from briefing.config import Config
from briefing.errors import FetchError, UntrustedError
from briefing.fetch.imap import ImapMailbox, parse_address
from briefing.pipeline import Silent, Workshop, read
from briefing.types import Source

from .imap import Imap

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
MAIL = (
    b"From: Town Hall <hall@example.org>\r\nSubject: Trams\r\nDate: Fri, 17 May 2024 05:00:00 +0000\r\n"
    b"Content-Type: text/plain\r\n\r\n"
    b"The council voted 31 to 14 on Tuesday for a tram line to the hospital, ending a dispute of two years.\r\n\r\n"
    b"Construction is due to start in March and to cost 212 million pounds, of which 140 million are promised.\r\n"
)


@pytest.fixture
def imap() -> Iterator[Imap]:
    with Imap({9: (MAIL, NOW)}) as running:
        yield running


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer has to be complete after 0.2 seconds, and there in bytes by the thousand."""
    monkeypatch.setattr("briefing.fetch.imap._WHOLE", 0.2)
    monkeypatch.setattr("briefing.fetch.imap._MOST_ANSWER", 100_000)


def failure(imap: Imap, patience: float = 30.0) -> FetchError:
    address = parse_address(imap.location)
    with pytest.raises(FetchError) as caught, ImapMailbox(address, "secret", patience=patience) as box:
        list(box.heads(box.search(None)))
    return caught.value


def test_a_mailbox_that_works_is_read(imap: Imap) -> None:
    with ImapMailbox(parse_address(imap.location), "secret") as box:
        assert [(one.uid, one.size) for one in box.heads(box.search(None))] == [(9, len(MAIL))]
        assert box.message(9) == MAIL


@pytest.mark.parametrize("greeting", [b"", b"220 mail.example ESMTP", b"\xff\xfe\x00rubbish", b"* BYE not today"])
def test_a_greeting_that_is_none(imap: Imap, greeting: bytes) -> None:
    imap.greets_with(greeting)
    assert failure(imap).cause.startswith("it cannot be reached")


@pytest.mark.parametrize("command", ["EXAMINE", "UID SEARCH", "UID FETCH"])
@pytest.mark.parametrize("status", ["NO not today", "BAD what?"])
def test_a_command_that_is_refused(imap: Imap, command: str, status: str) -> None:
    imap.says(command, status)
    assert status.partition(" ")[2].rstrip("?") in failure(imap).cause


@pytest.mark.parametrize("announces", [5, 5_000, 10**12])
def test_a_literal_that_lies(imap: Imap, announces: int) -> None:
    imap.lies_about_literal(announces=announces)
    assert failure(imap).cause.startswith("its mails cannot be fetched")


@pytest.mark.usefixtures("_hurried")
@pytest.mark.parametrize("command", ["CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH"])
def test_a_drip_has_an_end(imap: Imap, command: str) -> None:
    imap.drips_at(command)
    assert "not complete after 0.2 seconds" in failure(imap).cause


@pytest.mark.usefixtures("_hurried")
@pytest.mark.parametrize("line", [b"* OK and another thing\r\n", b"* 1 FETCH (FLAGS ())\r\n", b"x"])
def test_an_answer_without_end(imap: Imap, line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("briefing.fetch.imap._WHOLE", 30.0)
    imap.talks_without_end_at("UID SEARCH", line)
    assert "longer than 0.1 MB" in failure(imap).cause


@pytest.mark.parametrize("command", ["LOGIN", "UID FETCH"])
def test_a_server_that_is_silent(imap: Imap, command: str) -> None:
    imap.hangs_at(command)
    assert "timed out" in failure(imap, patience=0.15).cause


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("fault", ["another host", "self-signed"])
def test_a_certificate_is_tried_once(authority: trustme.CA, tmp_path: Path, fault: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = authority.issue_cert("x.example") if fault == "another host" else trustme.CA().issue_cert("127.0.0.1")
    certificate.configure_cert(context)
    pauses: list[float] = []
    with Imap({9: (MAIL, NOW)}, context=context) as imap:
        with pytest.raises(UntrustedError, match="certificate cannot be verified"):
            ImapMailbox(parse_address(imap.location), "secret")
        config = Config(sources=(Source(location=imap.location),), state=tmp_path / "s.db", out=tmp_path / "o")
        with Workshop(config, clock=lambda: NOW, watcher=Silent(), sleep=pauses.append) as workshop:
            reading = read(workshop, wait=600.0)
        assert imap.commands == []
    assert (len(reading.failures), reading.offline, pauses) == (1, False, [])
