"""A real SMTP server on loopback with scripted replies (aiosmtpd)."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, strict
from typing import Any

import pytest
import trustme
from aiosmtpd import smtp
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

USER, PASSWORD = "ann", "p-very-secret-4711"


@dataclass
class PostOffice:
    """Messages and logins received, and scripted replies by recipient."""

    port: int = 0
    got: list[tuple[str, bytes]] = field(default_factory=list)
    refuse: dict[str, list[str]] = field(default_factory=dict)
    """Replies to RCPT for an address, in order; after the last it is accepted. ``drop`` closes the connection."""
    refuse_sender: list[str] = field(default_factory=list)
    """Replies to MAIL, in order; after the last the sender is accepted."""
    on_command: Callable[[str], object] = field(default=len)
    """Called with MAIL, RCPT and the ``.`` of a letter when they arrive, before they are answered."""
    asked: list[str] = field(default_factory=list)
    """Addresses in RCPT commands."""
    slow: float = 0.0
    """Seconds before each reply to RCPT and DATA."""
    after_data: dict[str, list[str]] = field(default_factory=dict)
    """Replies to the end of DATA; ``drop`` closes the connection with the message kept, ``lose`` with the message lost,
    ``bye`` after a reply."""
    logins: list[tuple[str, str]] = field(default_factory=list)
    login_says: list[str] = field(default_factory=list)
    """Refusals of logins, in order; after the last the right one is accepted."""

    @property
    def letters(self) -> Counter[str]:
        """Number of letters by address."""
        return Counter(address for address, _ in self.got)

    def letter(self, address: str) -> EmailMessage:
        """The one letter that `address` got, read by the strict parser."""
        (data,) = (data for to, data in self.got if to == address)
        message = message_from_bytes(data, policy=SMTP + strict)
        assert isinstance(message, EmailMessage)
        return message

    # Hooks of aiosmtpd

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        self.on_command("MAIL")
        if self.refuse_sender:
            return self.refuse_sender.pop(0)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        self.on_command("RCPT")
        await asyncio.sleep(self.slow)
        self.asked.append(address)
        if waiting := self.refuse.get(address):
            if waiting[0] == "drop":
                server.transport.abort()
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.on_command(".")
        await asyncio.sleep(self.slow)
        (address,) = envelope.rcpt_tos
        answer = waiting.pop(0) if (waiting := self.after_data.get(address)) else "250 taken"
        if answer in {"250 taken", "drop", "bye"}:
            self.got.append((address, envelope.original_content))
        if answer == "bye":
            asyncio.get_running_loop().call_soon(server.transport.close)
            return "250 taken, and good-bye"
        if answer in {"drop", "lose"}:
            server.transport.abort()
        return answer

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
        user, token, *_ = base64.b64decode(args[1]).decode().split("\x01")
        self.logins.append((user.removeprefix("user="), token.removeprefix("auth=Bearer ")))
        return AuthResult(success=self.logins[-1] == (USER, PASSWORD), handled=False)


Opener = Callable[..., PostOffice]


def mail_table(port: int, *readers: str) -> str:
    """The table ``[mail]`` of a configuration: a server on loopback, these readers, no second try within a run."""
    recipients = ", ".join(f'{{ address = "{reader}" }}' for reader in readers)
    return (
        f'[mail]\nhost = "localhost"\nport = {port}\nsecurity = "none"\nsender = "desk@example.org"\nretries = []\n'
        f"recipients = [{recipients}]\n"
    )


def told(edition: str | None) -> list[str]:
    """The titles of the articles of an edition in JSON, in order."""
    sections = json.loads(edition)["sections"] if edition else []
    return sorted(article["title"] for part in sections for story in part["stories"] for article in story["articles"])


@pytest.fixture
def post_office(authority: trustme.CA, trusted: None) -> Iterator[Opener]:
    """Opens a server: ``post_office(security="tls", login=True)``. Its certificate authority is trusted."""
    running: list[Controller] = []

    def call(
        *, security: str = "none", login: bool = False, certificate: Any = None, utf8: bool = True,
        password: bytes = PASSWORD.encode(), mechanism: str = "",
    ) -> PostOffice:  # fmt: skip
        office = PostOffice()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (certificate or authority.issue_cert("localhost")).configure_cert(context)

        def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            user, given = (part.decode("utf-8", "surrogateescape") for part in (data.login, data.password))
            office.logins.append((user, given))
            if office.login_says:
                return AuthResult(success=False, handled=False, message=office.login_says.pop(0))
            return AuthResult(success=(user, data.password) == (USER, password), handled=False)

        options: dict[str, Any] = {"enable_SMTPUTF8": utf8, "decode_data": False}
        if mechanism:
            options["auth_exclude_mechanism"] = {"PLAIN", "LOGIN", "XOAUTH2"} - {mechanism}
        if login:
            starttls = security == "starttls"  # it knows of no other TLS, and warns where there is none
            options |= {"authenticator": authenticate, "auth_required": starttls, "auth_require_tls": starttls}
        if security == "starttls":
            options |= {"tls_context": context, "require_starttls": True}

        class Quiet(Controller):
            def factory(self) -> smtp.SMTP:
                return smtp.SMTP(self.handler, hostname="localhost", **options)

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            office.port = free.getsockname()[1]
        tls = context if security == "tls" else None
        controller = Quiet(office, hostname="127.0.0.1", port=office.port, ssl_context=tls)
        controller.start()
        running.append(controller)
        return office

    yield call
    for controller in running:
        controller.stop()
