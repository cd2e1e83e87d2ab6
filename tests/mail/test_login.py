"""SMTP AUTH: any password, every mechanism, OAuth tokens, no leak of credentials."""

from __future__ import annotations

import base64
import hmac
import smtplib
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from briefing.deliver import Mailer, MailServer
from briefing.deliver.sasl import log_in
from briefing.errors import DeliveryError

from .conftest import USER, Opener

ODD = "pässwörd ☂ \N{GRINNING FACE}"


def server(port: int, password: str) -> MailServer:
    return MailServer(host="localhost", port=port, security="tls", user=USER, password=password)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("password", [ODD.encode(), "Straße".encode("latin-1")])
def test_a_password_may_hold_any_character(post_office: Opener, mechanism: str, password: bytes) -> None:
    office = post_office(security="tls", login=True, password=password, mechanism=mechanism)
    text = password.decode("utf-8", "surrogateescape")  # as the environment and a command's output are read
    with Mailer(server(office.port, text)) as mailer:
        mailer.check()
    assert office.logins == [(USER, text)]


@pytest.mark.parametrize("password", ["a\0b", "half a pair \ud83d"])
def test_a_password_that_no_mechanism_can_carry_is_reported_and_not_shown(post_office: Opener, password: str) -> None:
    office = post_office(security="tls", login=True)
    with Mailer(server(office.port, password)) as mailer, pytest.raises(DeliveryError, match="NUL") as caught:
        mailer.check()
    assert "half a pair" not in str(caught.value)
    assert office.logins == []


def test_the_next_mechanism_is_tried_after_a_refused_one(post_office: Opener) -> None:
    office = post_office(security="tls", login=True)
    office.login_says = ["535 not this way"]
    with Mailer(server(office.port, "p-very-secret-4711")) as mailer:
        mailer.check()
    assert len(office.logins) == 2


class OldServer:
    """Speaks CRAM-MD5 only (RFC 2195)."""

    esmtp_features = {"auth": " cram-md5"}  # noqa: RUF012 - as smtplib has it
    challenge = b"<1896.697170952@postoffice.example>"

    def __init__(self, password: str) -> None:
        self.wanted = hmac.new(password.encode(), self.challenge, "md5").hexdigest()
        self.answers: list[str] = []

    def docmd(self, command: str, words: str = "") -> tuple[int, bytes]:
        if command == "AUTH":
            return 334, base64.b64encode(self.challenge)
        self.answers.append(base64.b64decode(command).decode())
        return (235, b"ok") if self.answers[-1] == f"{USER} {self.wanted}" else (535, b"no")


def test_cram_md5_login() -> None:
    old = OldServer(ODD)
    log_in(cast(smtplib.SMTP, old), USER, ODD)
    with pytest.raises(smtplib.SMTPAuthenticationError):
        log_in(cast(smtplib.SMTP, old), USER, "another")
    assert len(old.answers) == 2


SECRET = "ya29.a-token-that-nobody-else-may-read-" + 200 * "x"


@contextmanager
def parrot(offers: str, answer: str) -> Iterator[tuple[int, list[str]]]:
    """A server that refuses and echoes every login: its port, and the lines it received."""
    got: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            self.wfile.write(b"220 ready\r\n")
            for raw in self.rfile:
                got.append(raw.decode().strip())
                said = f"250-parrot\r\n250 {offers}" if got[-1].startswith("ehlo") else answer.format(got[-1])
                if got[-1] == "AUTH LOGIN" or (got[-2:-1] == ["AUTH LOGIN"] and len(got[-1]) < 20):
                    said = "334 go on"
                self.wfile.write(f"{said}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        listener.daemon_threads = True
        thread.start()
        try:
            yield int(listener.server_address[1]), got
        finally:
            listener.shutdown()
            thread.join()


@pytest.mark.parametrize("offers", ["AUTH PLAIN LOGIN", "8BITMIME"])
def test_a_token_is_not_sent_without_xoauth2(offers: str) -> None:
    with parrot(offers, "500 unknown command {}") as (port, got):
        wanted = MailServer(host="127.0.0.1", port=port, security="none", user=USER, token=SECRET)
        with Mailer(wanted) as mailer, pytest.raises(DeliveryError, match="XOAUTH2") as caught:
            mailer.check()
        assert not [line for line in got if line.startswith("AUTH")]
    assert "token_command" in caught.value.remedy


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "PLAIN", "LOGIN"])
@pytest.mark.parametrize(
    "answer", ["535 not with {}", "454 not now: {:.60}", "535 {0} and once more, in part: {0:.40}"]
)
def test_a_server_that_echoes_credentials_does_not_leak_them(mechanism: str, answer: str) -> None:
    with parrot(f"AUTH {mechanism}", answer) as (port, got):
        word = {"token": SECRET} if mechanism == "XOAUTH2" else {"password": SECRET}
        wanted = MailServer(host="127.0.0.1", port=port, security="none", user=USER, **word)  # type: ignore[arg-type]
        with Mailer(wanted) as mailer, pytest.raises(DeliveryError, match="refuses the login") as caught:
            mailer.check()
    sent = [line.split(" ")[-1] for line in got if len(line) > 100]
    assert sent
    said = str(caught.value)
    assert "…" in said
    assert not [
        secret for secret in (*sent, SECRET) if any(secret[at : at + 8] in said for at in range(len(secret) - 7))
    ]
