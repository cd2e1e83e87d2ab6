"""Messages to a mail server, one recipient at a time, so that it is always known what became of each.

A message is out of our hands with the full stop that ends its data (RFC 5321, 4.5.3.2.6: the server then owes an
answer). Until then any failure leaves it undelivered; after it a connection that breaks leaves us not knowing. `send`
tells the two apart, and calls back just before the full stop, so that a caller can write down that it was sent.

Only an answer to RCPT or to a message's DATA speaks of its reader. What a server says to the connection, to EHLO,
STARTTLS, AUTH or MAIL, and 530, 534, 535, 538 (RFC 4954, 6; RFC 3207, 4) and 421 wherever they come, is about the
session, and the same for every reader.
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

from briefing.deliver.sasl import hidden, log_in, log_in_with_token
from briefing.deliver.smtp_connection import Connection, TlsConnection
from briefing.errors import DeliveryError
from briefing.sanitise import one_line

__all__ = ["MailServer", "Mailer", "SendOutcome"]

_SECONDS = 60.0
"""For each answer of the server."""
_WRONG_LOGIN = 535
_LOGIN_FIRST = frozenset({530, 534, _WRONG_LOGIN, 538})
"""It wants a login, another one, or encryption before it."""
_CLOSING = 421
_GO_ON = 354


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
class SendOutcome:
    """What became of one message."""

    state: Literal["sent", "deferred", "refused", "unable", "unknown", "taken"]
    """``deferred``: it may go better later; ``refused``: never, for this reader; ``unable``: not with this server as it
    is set up; ``unknown``: nobody can tell whether it arrived; ``taken``: another process has it in hand."""
    detail: str = ""
    """What the server said, in one line."""
    server: Literal["up", "away", "broke"] = "up"
    """Where the state says nothing of the reader. ``away``: the server takes no letter now, nor the next one;
    ``broke``: the connection ended before there was an answer about this one."""


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

    def send(self, message: EmailMessage, sender: str, recipient: str, claim: Callable[[], bool]) -> SendOutcome:
        """Hand in `message`. `claim` is called just before it cannot be taken back; where it says no, nothing is sent.

        Raises `DeliveryError` where the server itself cannot be used: its certificate, the login, the sender. It may do
        so after `claim`; the message was then not taken.
        """
        kept = self._smtp is not None
        try:
            smtp = self._connected()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            if _passes(error):
                return SendOutcome("deferred", self._explained(error).cause, "away")
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
            return SendOutcome(
                "deferred", f"the connection broke off ({self._without_secrets(_plain(error))})", "broke"
            )
        except UnicodeError:
            self._drop()
            return SendOutcome("unable", "its address or headers cannot be written")
        try:
            mine = claim()
        except BaseException:
            self._drop()  # a good-bye would be taken for more of the message
            raise
        if not mine:
            self._drop()  # data without its full stop is no message
            return SendOutcome("taken", "another run is sending it")
        try:
            smtp.send(b".\r\n")
            code, said = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return SendOutcome("unknown", f"the connection broke off before the server answered ({_line(error)})")
        if _is(2, code):
            return SendOutcome("sent", _text(said))
        if code == _CLOSING:
            self._drop()
            return SendOutcome("deferred", f"{code} {self._without_secrets(said)}", "broke")
        if _is(4, code) or _is(5, code):
            return self._about_the_reader(code, said)
        self._drop()
        return SendOutcome("unknown", f"the server's answer means nothing ({self._without_secrets(said)})")

    def _announced(self, smtp: smtplib.SMTP, message: EmailMessage, sender: str, recipient: str) -> SendOutcome | None:
        """MAIL, RCPT and DATA; None where the server now waits for the message."""
        options = []
        if _needs_utf8(message, sender, recipient):
            if not smtp.has_extn("smtputf8"):
                return SendOutcome("unable", "the server takes no addresses beyond ASCII (it has no SMTPUTF8)")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        code, said = _answer(smtp.mail(sender, options))
        if not _is(2, code):
            _reset(smtp)
            words = f"{code} {self._without_secrets(said)}"
            if _is(4, code):
                return SendOutcome("deferred", words, "away")
            if options and code not in _LOGIN_FIRST:  # what other letters do not ask for
                return SendOutcome("unable", words)
            raise self._refusal(code, said, f"it takes no letters from {sender}", "Check `sender` in [mail]")
        code, said = _answer(smtp.rcpt(recipient))
        if not _is(2, code):
            _reset(smtp)
            # "Relay access denied", "Client host rejected": RFC 3463, 3.8. Without a login it is whoever asks that is
            # not authorised; Postfix says so no earlier than here (`smtpd_delay_reject`).
            if _is(5, code) and code not in _LOGIN_FIRST and said.startswith(b"5.7.") and not self._logs_in:
                hint = "perhaps it wants a login: see `user` in [mail]"
                return SendOutcome("unable", f"{code} {self._without_secrets(said)} ({hint})")
            return self._about_the_reader(code, said)
        code, said = _answer(smtp.docmd("DATA"))
        if code != _GO_ON:
            _reset(smtp)
            return self._about_the_reader(code, said)
        return None

    def _about_the_reader(self, code: int, said: bytes) -> SendOutcome:
        """What an answer to RCPT or DATA means. Raises `DeliveryError` where it is about the session all the same."""
        if code in _LOGIN_FIRST:
            raise self._refusal(code, said, "it takes no letters", "Check `security` and `user` in [mail]")
        if _is(4, code) or _is(5, code):
            return SendOutcome("deferred" if _is(4, code) else "refused", f"{code} {self._without_secrets(said)}")
        raise smtplib.SMTPServerDisconnected(f"an answer that means nothing: {code} {_text(said)}")

    @property
    def _logs_in(self) -> bool:
        return bool(self._server.user or self._server.token)

    def _refusal(self, code: int, said: bytes, cause: str, remedy: str) -> DeliveryError:
        """The server takes nobody's letter; `cause` and `remedy` where its code does not say what is missing."""
        if code in _LOGIN_FIRST:
            if self._server.security == "none" and code != _WRONG_LOGIN:
                cause = "it takes no letters without encryption or a login"
                remedy = f"Set `security`{'' if self._logs_in else ' or `user`'} in [mail]"
            elif self._logs_in:
                cause, remedy = "it refuses the login", "Check user and password"
            else:
                cause, remedy = "it wants a login", "Set `user` in [mail]"
        return DeliveryError(f"mail server {self._server}", f"{cause} ({code} {self._without_secrets(said)})", remedy)

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
                smtp.ehlo_or_helo_if_needed()
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
            return self._refusal(
                error.smtp_code, _bytes(error.smtp_error), "it refuses the login", "Check user and password"
            )
        if isinstance(error, smtplib.SMTPNotSupportedError):
            remedy = f"Check `security` and `{'token_command' if self._server.token else 'user'}` in [mail]"
            return DeliveryError(subject, f"it does not offer what is needed ({_line(error)})", remedy)
        if isinstance(error, ssl.SSLCertVerificationError):
            return DeliveryError(
                subject, f"its certificate is not to be trusted ({error.verify_message})", "Check `host`"
            )
        if isinstance(error, ssl.SSLError):
            return DeliveryError(subject, f"it does not speak TLS here ({_line(error)})", "Check `port` and `security`")
        if isinstance(error, smtplib.SMTPResponseException):
            if error.smtp_code < 0:
                return DeliveryError(subject, "it does not speak SMTP here", "Check `host`, `port` and `security`")
            cause, remedy = "it does not talk to this machine", "Check `host` and `port`, or ask whoever runs it"
            return self._refusal(error.smtp_code, _bytes(error.smtp_error), cause, remedy)
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
    if isinstance(error, smtplib.SMTPResponseException):
        return _is(4, error.smtp_code)
    if isinstance(error, ssl.SSLEOFError):
        return True
    return not isinstance(error, smtplib.SMTPNotSupportedError | ssl.SSLError | ValueError)


def _is(kind: int, code: int) -> bool:
    """Whether an answer is of a kind: 2 well, 4 not now, 5 no (RFC 5321, 4.2.1)."""
    return code // 100 == kind


def _answer(answer: tuple[int, bytes]) -> tuple[int, bytes]:
    """The answer, where it is one. Raises `smtplib.SMTPServerDisconnected` for good-bye and for what is no SMTP."""
    code, said = answer
    if code == _CLOSING or code < 0:
        raise smtplib.SMTPServerDisconnected(f"{code} {_text(said)}" if code > 0 else f"no SMTP: {_text(said)}")
    return code, said


def _reset(smtp: smtplib.SMTP) -> None:
    with contextlib.suppress(smtplib.SMTPException, OSError):
        smtp.rset()


def _stuffed(message: EmailMessage, *, utf8: bool) -> bytes:
    """The message's bytes with its lines' leading full stops doubled (RFC 5321, 4.5.2), ending a line."""
    data = message.as_bytes(policy=SMTPUTF8 if utf8 else SMTP)
    data = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    return re.sub(rb"(?m)^\.", b"..", data if data.endswith(b"\r\n") else data + b"\r\n")


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return one_line(text)[:200]


def _line(error: BaseException) -> str:
    return _text(_plain(error))


def _plain(error: BaseException) -> str:
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__


def _bytes(said: bytes | str) -> bytes:
    return said if isinstance(said, bytes) else said.encode("utf-8", "surrogateescape")
