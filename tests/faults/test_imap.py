"""Rows of docs/faults.md about IMAP servers that no other test shows."""

from __future__ import annotations

import math
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from briefing.config import Config
from briefing.errors import FetchError, UntrustedError
from briefing.fetch.imap import ImapLimits, ImapMailbox, parse_address
from briefing.pipeline import NoProgress, RunContext, read
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


HURRIED = ImapLimits(seconds=0.2)


def failure(imap: Imap, within: float = math.inf, **limits: Any) -> FetchError:
    address, given = parse_address(imap.location), ImapLimits(**limits)
    with pytest.raises(FetchError) as caught, ImapMailbox(address, "secret", within=within, limits=given) as box:
        list(box.heads(box.search(None)))
    return caught.value


def test_a_mailbox_that_works_is_read(imap: Imap) -> None:
    with ImapMailbox(parse_address(imap.location), "secret") as box:
        assert [(one.uid, one.size) for one in box.heads(box.search(None))] == [(9, len(MAIL))]
        assert box.message(9) == MAIL


@pytest.mark.parametrize("greeting", [b"", b"220 mail.example ESMTP", b"\xff\xfe\x00rubbish", b"* BYE not today"])
def test_an_invalid_greeting(imap: Imap, greeting: bytes) -> None:
    imap.greets_with(greeting)
    assert failure(imap).cause.startswith("it cannot be reached")


@pytest.mark.parametrize("command", ["EXAMINE", "UID SEARCH", "UID FETCH"])
@pytest.mark.parametrize("status", ["NO not today", "BAD what?"])
def test_a_command_that_is_refused(imap: Imap, command: str, status: str) -> None:
    imap.says(command, status)
    assert status.partition(" ")[2].rstrip("?") in failure(imap).cause


@pytest.mark.parametrize("announces", [5, 5_000, 10**12])
def test_a_wrong_literal_size(imap: Imap, announces: int) -> None:
    imap.lies_about_literal(announces=announces)
    assert failure(imap).cause.startswith("its mails cannot be fetched")


@pytest.mark.parametrize("command", ["CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH"])
def test_a_slow_drip_ends_at_the_deadline(imap: Imap, command: str) -> None:
    imap.drips_at(command)
    assert "not complete after 0.2 seconds" in failure(imap, seconds=0.2).cause


@pytest.mark.parametrize("line", [b"* OK and another thing\r\n", b"* 1 FETCH (FLAGS ())\r\n", b"x"])
def test_an_endless_response(imap: Imap, line: bytes) -> None:
    imap.talks_without_end_at("UID SEARCH", line)
    assert "longer than 0.1 MB" in failure(imap, size=100_000).cause


@pytest.mark.parametrize("command", ["LOGIN", "UID FETCH"])
def test_a_silent_server(imap: Imap, command: str) -> None:
    imap.hangs_at(command)
    assert "timed out" in failure(imap, silence=0.15).cause


def test_responses_share_one_deadline(imap: Imap) -> None:
    imap.drips_at("UID SEARCH")
    assert "not complete after 0." in failure(imap, within=0.2).cause


FORGED = b"From: The Bank <bank@example.org>\r\nSubject: Forged\r\n\r\nPay at once.\r\n"
SLOW = b"Subject: Slow\r\n\r\n%b* 2 FETCH (UID 9 BODY[]<0> {%d}\r\n%b)\r\n" % (
    b"One line after the other.\r\n" * 8, len(FORGED), FORGED,
)  # fmt: skip
"""A message that is another one's for whoever reads on behind its first lines."""


def test_the_rest_of_a_slow_message_is_not_parsed_as_responses(imap: Imap) -> None:
    imap.messages[8] = (SLOW, NOW)
    imap.drips_message(8)
    with ImapMailbox(parse_address(imap.location), "secret", limits=HURRIED) as box:
        with pytest.raises(FetchError, match="not complete after") as caught:
            box.message(8, len(SLOW))
        assert caught.value.lasting
        assert [box.message(9), box.message(9)] == [MAIL, MAIL]
    assert imap.commands.count("LOGIN") == 2


def test_a_message_cut_by_the_deadline_is_retried_by_a_later_run(imap: Imap) -> None:
    imap.drips_message(9)
    with ImapMailbox(parse_address(imap.location), "secret", within=0.2) as box:
        with pytest.raises(FetchError, match="not complete after") as caught:
            box.message(9)
        assert not caught.value.lasting


def test_the_number_of_reconnects_is_limited(imap: Imap) -> None:
    with ImapMailbox(parse_address(imap.location), "secret") as box:
        imap.drops_at("UID FETCH")
        causes = []
        for _ in range(20):
            with pytest.raises(FetchError) as caught:
                box.message(9)
            causes.append(caught.value.cause)
            assert not caught.value.lasting
    assert "broke too often" in causes[-1]
    assert imap.commands.count("LOGIN") == 6


@pytest.mark.parametrize(("before", "after", "cause"), [(1, 2, "numbered anew"), (0, 0, "no lasting numbers")])
def test_reconnecting_requires_the_same_uidvalidity(imap: Imap, before: int, after: int, cause: str) -> None:
    imap.validity = before
    with ImapMailbox(parse_address(imap.location), "secret") as box:
        imap.drops_at("UID FETCH")
        with pytest.raises(FetchError):
            box.message(9)
        imap.drops_at("")
        imap.validity = after
        for _ in range(2):
            with pytest.raises(FetchError, match=cause):
                box.message(9)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("fault", ["another host", "self-signed"])
def test_certificate_errors_are_not_retried(authority: trustme.CA, tmp_path: Path, fault: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = authority.issue_cert("x.example") if fault == "another host" else trustme.CA().issue_cert("127.0.0.1")
    certificate.configure_cert(context)
    pauses: list[float] = []
    with Imap({9: (MAIL, NOW)}, context=context) as imap:
        with pytest.raises(UntrustedError, match="certificate cannot be verified"):
            ImapMailbox(parse_address(imap.location), "secret")
        config = Config(sources=(Source(location=imap.location),), state=tmp_path / "s.db", out=tmp_path / "o")
        with RunContext(config, clock=lambda: NOW, progress=NoProgress(), sleep=pauses.append) as run_context:
            reading = read(run_context, wait=600.0)
        assert imap.commands == []
    assert (len(reading.failures), reading.offline, pauses) == (1, False, [])
