"""The rows of the matrix (docs/faults.md) about the server that takes letters that no other test shows."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import trustme

from briefing.deliver import Mailer, MailServer, SendOutcome
from briefing.deliver.smtp import REPLY_SECONDS
from briefing.errors import DeliveryError

from .smtp import Smtp

ANN, PASSWORD = "ann@example.org", "p-very-secret-4711"


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    with Smtp() as running:
        yield running


def letter(text: str = "The council voted for a tram.") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Morning", "desk@example.org", ANN
    message.set_content(text)
    return message


class Claims(list[str]):
    """How often the mailer said that it cannot take a letter back."""

    def __call__(self) -> bool:
        self.append("claimed")
        return True


def post(
    smtp: Smtp,
    *,
    claims: Claims | None = None,
    message: EmailMessage | None = None,
    within: float = REPLY_SECONDS,
    **server: Any,
) -> SendOutcome:
    """Send a letter; each reply has to be complete `within` so many seconds."""
    settings = {"host": "localhost", "port": smtp.port, "security": "none", **server}
    with Mailer(MailServer(**settings), reply_seconds=within) as mailer:
        return mailer.send(message or letter(), "desk@example.org", ANN, Claims() if claims is None else claims)


def refusal(smtp: Smtp, **server: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        post(smtp, **server)
    assert PASSWORD not in str(caught.value)
    return caught.value


def state(smtp: Smtp, **settings: Any) -> str:
    """Of the letter, or ``unusable`` where the server cannot be used as it is set up."""
    try:
        return post(smtp, **settings).state
    except DeliveryError:
        return "unusable"


# --- before there is a letter -----------------------------------------------------------------------------------


def test_a_working_server_accepts_the_message(smtp: Smtp) -> None:
    assert post(smtp, user="ann", password=PASSWORD).state == "sent"
    assert smtp.letters == {ANN: 1}


def test_421_at_connect(smtp: Smtp) -> None:
    smtp.is_busy(times=1)
    busy = post(smtp)
    assert (busy.state, "too busy" in busy.detail) == ("deferred", True)
    assert post(smtp).state == "sent"


@pytest.mark.parametrize("command", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_server_that_hangs_up(smtp: Smtp, command: str) -> None:
    smtp.drops_at(command, times=2)
    claims = Claims()
    assert post(smtp, claims=claims).state == "deferred"
    assert (claims, smtp.got) == ([], [])


@pytest.mark.parametrize("command", ["CONNECT", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("said", ["", "welcome to the jungle", "\x00\xff", "9999"])
def test_a_server_that_does_not_speak_smtp(smtp: Smtp, command: str, said: str) -> None:
    """No reader is refused for it; where it greets so, or means to say something of the sender, it cannot be used."""
    smtp.says(command, said)
    claims = Claims()
    unusable = command == "CONNECT" or (command, said) == ("MAIL", "9999")
    assert state(smtp, claims=claims) == ("unusable" if unusable else "deferred")
    assert (claims, smtp.got) == ([], [])


@pytest.mark.parametrize("command", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_drip_has_an_end(smtp: Smtp, command: str) -> None:
    smtp.drips_at(command)
    outcome = post(smtp, within=0.2)
    assert (outcome.state, "not complete after 0.2 seconds" in outcome.detail) == ("deferred", True)


def test_an_endless_reply_is_bounded_in_size(smtp: Smtp) -> None:
    smtp.talks_without_end_at("EHLO")
    assert "longer than 1 MB" in post(smtp).detail


# --- encryption and login ---------------------------------------------------------------------------------------


def context(authority: trustme.CA, fault: str = "") -> ssl.SSLContext:
    past = datetime.now(UTC) - timedelta(days=1)
    issuer = trustme.CA() if fault == "self-signed" else authority
    name = "mail.example" if fault == "another host" else "localhost"
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if fault == "expired":
        issuer.issue_cert(name, not_after=past, not_before=past - timedelta(days=9)).configure_cert(made)
    else:
        issuer.issue_cert(name).configure_cert(made)
    return made


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("fault", ["expired", "another host", "self-signed"])
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_is_tried_once(authority: trustme.CA, security: str, fault: str) -> None:
    with Smtp(context=context(authority, fault), tls=security == "tls") as smtp:
        error = refusal(smtp, security=security, user="ann", password=PASSWORD)
        assert "certificate is not to be trusted" in error.cause
        assert (smtp.connections, smtp.got, b"AUTH" in smtp.in_the_clear) == (1, [], False)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("offered", [False, True], ids=["not offered", "refused"])
def test_starttls_that_is_refused_sends_nothing_in_the_clear(authority: trustme.CA, offered: bool) -> None:
    with Smtp(context=context(authority) if offered else None) as smtp:
        smtp.says("STARTTLS", "454 4.7.0 not available")
        said = state(smtp, security="starttls", user="ann", password=PASSWORD)
        assert said == "deferred" if offered else "unusable"
        assert smtp.got == []
        assert b"AUTH" not in smtp.in_the_clear
        assert b"MAIL" not in smtp.in_the_clear


@pytest.mark.usefixtures("trusted")
def test_plaintext_injected_before_starttls_is_discarded(authority: trustme.CA) -> None:
    with Smtp(context=context(authority)) as smtp:
        smtp.slips_in_before_tls(b"250-mail.example\r\n250 AUTH XOAUTH2\r\n535 5.7.8 wrong\r\n")
        assert post(smtp, security="starttls", user="ann", password=PASSWORD).state == "sent"
        assert smtp.letters == {ANN: 1}


def test_a_login_that_is_refused(smtp: Smtp) -> None:
    smtp.says("AUTH", f"535 5.7.8 not with {PASSWORD}")
    assert "refuses the login" in refusal(smtp, user="ann", password=PASSWORD).cause


# --- the letter -------------------------------------------------------------------------------------------------


def test_a_refused_sender_is_a_session_error(smtp: Smtp) -> None:
    smtp.refuses_sender()
    assert "550" in refusal(smtp).cause


@pytest.mark.parametrize(("reply", "state"), [("550 5.1.1 nobody", "refused"), ("451 4.7.1 greylisted", "deferred")])
def test_a_refused_or_deferred_recipient(smtp: Smtp, reply: str, state: str) -> None:
    smtp.refuses(ANN, reply, times=1)
    assert post(smtp).state == state
    assert post(smtp).state == "sent"


@pytest.mark.slow
def test_a_drop_before_the_final_dot(smtp: Smtp) -> None:
    smtp.drops_within_data()
    claims = Claims()
    assert post(smtp, claims=claims, message=letter("more than any buffer holds\n" * 500_000)).state == "deferred"
    assert (claims, smtp.got) == ([], [])


@pytest.mark.parametrize("kept", [True, False])
def test_a_drop_after_the_dot_before_the_answer(smtp: Smtp, kept: bool) -> None:
    smtp.drops_after_data(kept=kept)
    claims = Claims()
    assert post(smtp, claims=claims).state == "unknown"
    assert (claims, len(smtp.got)) == (["claimed"], int(kept))


def test_a_dripped_reply_after_the_dot(smtp: Smtp) -> None:
    smtp.drips_at(".")
    assert post(smtp, within=0.2).state == "unknown"


@pytest.mark.parametrize("said", ["welcome to the jungle", "", "\x00\xff"])
def test_an_invalid_reply_after_the_dot(smtp: Smtp, said: str) -> None:
    smtp.says(".", said)
    assert post(smtp).state == "unknown"
