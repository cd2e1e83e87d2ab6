"""Logging in: any password, any mechanism, a server that is busy."""

from __future__ import annotations

import base64
import hmac
import smtplib
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
def test_a_password_that_no_login_can_carry_is_said_and_not_shown(post_office: Opener, password: str) -> None:
    office = post_office(security="tls", login=True)
    with Mailer(server(office.port, password)) as mailer, pytest.raises(DeliveryError, match="NUL") as caught:
        mailer.check()
    assert "half a pair" not in str(caught.value)
    assert office.logins == []


def test_a_mechanism_that_is_refused_is_not_the_last_one(post_office: Opener) -> None:
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


def test_an_old_server_gets_a_digest() -> None:
    old = OldServer(ODD)
    log_in(cast(smtplib.SMTP, old), USER, ODD)
    with pytest.raises(smtplib.SMTPAuthenticationError):
        log_in(cast(smtplib.SMTP, old), USER, "another")
    assert len(old.answers) == 2
