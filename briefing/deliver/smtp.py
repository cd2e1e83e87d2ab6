"""Messages to a mail server, one recipient at a time, so that it is always known what became of each.

A message is out of our hands with the full stop that ends its data (RFC 5321, 4.5.3.2.6: the server then owes an
answer). Until then any failure leaves it undelivered; after it a connection that breaks leaves us not knowing. `send`
tells the two apart, and calls back just before the full stop, so that a caller can write down that it was sent.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from types import TracebackType
from typing import Literal, Self

from briefing.deliver.connection import Connection, TlsConnection
from briefing.deliver.sasl import hidden, log_in, log_in_with_token
from briefing.errors import DeliveryError

__all__ = ["MailServer", "Mailer", "Outcome"]

_SECONDS = 60.0
"""For each answer of the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where letters are handed in."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    user: str = ""
    """Empty means: no login."""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    """An OAuth 2 access token, used instead of the password."""
    context: ssl.SSLContext | None = field(default=None, repr=False)
    """Whom to trust; None means: whom this system trusts."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message."""

    state: Literal["sent", "deferred", "refused", "unknown", "taken"]
    """``deferred``: it may go better later; ``refused``: never; ``unknown``: nobody can tell whether it arrived;
    ``taken``: another process has it in hand."""
    detail: str = ""
    """What the server said, in one line."""
    reached: bool = True
    """Whether there was a server at all: where not, there is none for the next message either."""


class Mailer:
    """A connection to a mail server, opened at the first message and again where it broke. A context manager."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Say good-bye. Safe to call twice."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                smtp.quit()

    def check(self) -> None:
        """Connect and log in, nothing else. Raises `DeliveryError`."""
        try:
            self._connected()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise self._explained(error) from None

    def send(self, message: EmailMessage, sender: str, recipient: str, claim: Callable[[], bool]) -> Outcome:
        """Hand in `message`. `claim` is called just before it cannot be taken back; where it says no, nothing is sent.

        Raises `DeliveryError` where the server itself cannot be used: its certificate, the login.
        """
        kept = self._smtp is not None
        try:
            smtp = self._connected()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            if _passes(error):
                return Outcome("deferred", self._explained(error).cause, reached=False)
            raise self._explained(error) from None
        try:
            refusal = self._announced(smtp, message, sender, recipient)
            if refusal is not None:
                return refusal
            smtp.send(_stuffed(message, utf8=_needs_utf8(message, sender, recipient)))
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            if kept:  # it was idle for too long, or had said good-bye after an earlier message
                return self.send(message, sender, recipient, claim)
            return Outcome("deferred", f"the connection broke off ({_line(error)})")
        except UnicodeError:
            self._drop()
            return Outcome("refused", "its address or headers cannot be written")
        if not claim():
            self._drop()  # data without its full stop is no message
            return Outcome("taken", "another run is sending it")
        try:
            smtp.send(b".\r\n")
            code, said = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Outcome("unknown", f"the connection broke off before the server answered ({_line(error)})")
        return _outcome(code, said) if code != 250 else Outcome("sent", _text(said))

    def _announced(self, smtp: smtplib.SMTP, message: EmailMessage, sender: str, recipient: str) -> Outcome | None:
        """MAIL, RCPT and DATA; None where the server now waits for the message."""
        options = []
        if _needs_utf8(message, sender, recipient):
            if not smtp.has_extn("smtputf8"):
                return Outcome("refused", "the server takes no addresses beyond ASCII (it has no SMTPUTF8)")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        steps: tuple[Callable[[], tuple[int, bytes]], ...] = (
            lambda: smtp.mail(sender, options),
            lambda: smtp.rcpt(recipient),
            lambda: smtp.docmd("DATA"),
        )
        for step in steps:
            code, said = step()
            if code not in {250, 251, 354}:
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    smtp.rset()
                return _outcome(code, said)
        return None

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is not None:
            return self._smtp
        server = self._server
        context = server.context or ssl.create_default_context()
        smtp: smtplib.SMTP
        if server.security == "tls":
            smtp = TlsConnection(server.host, server.port, timeout=_SECONDS, context=context)
        else:
            smtp = Connection(server.host, server.port, timeout=_SECONDS)
        try:
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                smtp.starttls(context=context)
                smtp.ehlo()
            self._log_in(smtp)
        except BaseException:
            smtp.close()
            raise
        self._smtp = smtp
        return smtp

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        server = self._server
        try:
            if server.token:
                log_in_with_token(smtp, server.user, server.token)
            elif server.user:
                log_in(smtp, server.user, server.password)
        except ValueError:
            cause = "no login can carry its user name or password: one of them holds a NUL or half a character"
            raise DeliveryError(f"mail server {server}", cause, "Check what gives the password") from None

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _explained(self, error: Exception) -> DeliveryError:
        """What went wrong with the server, without the password that it may have repeated."""
        subject = f"mail server {self._server}"
        if isinstance(error, smtplib.SMTPAuthenticationError):
            said = self._without_secrets(error.smtp_error)
            return DeliveryError(subject, f"it refuses the login ({error.smtp_code} {said})", "Check user and password")
        if isinstance(error, smtplib.SMTPNotSupportedError):
            remedy = f"Check `security` and `{'token_command' if self._server.token else 'user'}` in [mail]"
            return DeliveryError(subject, f"it does not offer what is needed ({_line(error)})", remedy)
        if isinstance(error, ssl.SSLCertVerificationError):
            return DeliveryError(
                subject, f"its certificate is not to be trusted ({error.verify_message})", "Check `host`"
            )
        if isinstance(error, ssl.SSLError):
            return DeliveryError(subject, f"it does not speak TLS here ({_line(error)})", "Check `port` and `security`")
        said = self._without_secrets(_plain(error))
        return DeliveryError(subject, f"it cannot be reached ({said})", "Check `host` and `port`")

    def _without_secrets(self, said: bytes | str) -> str:
        """What was said in one line; cut only after password and token were taken out, since a part tells, too."""
        text = said.decode("utf-8", "surrogateescape") if isinstance(said, bytes) else said
        return _text(hidden(text, (self._server.password, self._server.token)))


def _needs_utf8(message: EmailMessage, sender: str, recipient: str) -> bool:
    """Whether an address beyond ASCII stands on the envelope or in the headers (RFC 6531)."""
    return bool(getattr(message.policy, "utf8", False)) or not (sender + recipient).isascii()


def _passes(error: Exception) -> bool:
    """Whether a server that cannot be used now may be later: it is not there, breaks off, or says so (4xx)."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return 400 <= error.smtp_code < 500
    return not isinstance(error, smtplib.SMTPNotSupportedError | ssl.SSLError | ValueError)


def _stuffed(message: EmailMessage, *, utf8: bool) -> bytes:
    """The message's bytes with its lines' leading full stops doubled (RFC 5321, 4.5.2), ending a line."""
    data = message.as_bytes(policy=SMTPUTF8 if utf8 else SMTP)
    data = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    return re.sub(rb"(?m)^\.", b"..", data if data.endswith(b"\r\n") else data + b"\r\n")


def _outcome(code: int, said: bytes) -> Outcome:
    return Outcome("deferred" if 400 <= code < 500 or code < 0 else "refused", f"{code} {_text(said)}")


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def _line(error: BaseException) -> str:
    return _text(_plain(error))


def _plain(error: BaseException) -> str:
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__
