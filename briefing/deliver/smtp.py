"""SMTP client: one recipient a message, so that each has an outcome of its own.

The full stop that ends DATA hands a message over (RFC 5321, 4.5.3.2.6: the server then owes a reply). A failure before
it leaves the message undelivered; a connection that breaks after it leaves the outcome unknown. `Mailer.send` calls
`claim` just before the full stop, so that the caller can record the attempt.

Only replies to RCPT and DATA concern the recipient. Replies to the connection, EHLO, STARTTLS, AUTH and MAIL, and 530,
534, 535, 538 (RFC 4954, 6; RFC 3207, 4) and 421 at any point, concern the session: they hold for every recipient.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import smtplib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Any, Literal, Self

from briefing.bounded_io import BoundedReader
from briefing.deliver.sasl import hidden, log_in, log_in_with_token
from briefing.errors import DeliveryError, reason_of
from briefing.sanitise import one_line

_log = logging.getLogger(__name__)
_SECONDS = 60.0
"""Socket timeout."""
REPLY_SECONDS = 120.0
"""Until a reply is complete, from a server that is never silent for as long as the socket timeout."""
_MAX_REPLY = 1_000_000
"""Bytes; RFC 5321 (4.5.3.1.5) has lines of 512, and a reply seldom has ten of them."""
_WRONG_LOGIN = 535
_LOGIN_FIRST = frozenset({530, 534, _WRONG_LOGIN, 538})
"""Authentication required, too weak, failed, or only after encryption."""
_CLOSING = 421
_START_DATA = 354


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Address, encryption and credentials of an SMTP server."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    user: str = ""
    """Empty means: no login."""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    """An OAuth 2 access token, used instead of the password."""
    context: ssl.SSLContext | None = field(default=None, repr=False)
    """For TLS; None means: the system's certificate authorities."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """What became of one message."""

    state: Literal["sent", "deferred", "refused", "unable", "unknown", "taken"]
    """``deferred``: a temporary failure; ``refused``: a permanent one for this recipient; ``unable``: the server's
    set-up does not allow it; ``unknown``: it may have arrived; ``taken``: another process has claimed it."""
    detail: str = ""
    """The server's reply, in one line."""
    server: Literal["up", "away", "broke"] = "up"
    """Where the state does not concern the recipient. ``away``: the server takes no message now; ``broke``: the
    connection ended before a reply about this one."""


class Mailer:
    """A lazily opened connection to a mail server, reopened where it broke. A context manager.

    A reply has to be complete after `reply_seconds`.
    """

    def __init__(self, server: MailServer, *, reply_seconds: float = REPLY_SECONDS) -> None:
        self._server, self._reply_seconds = server, reply_seconds
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """QUIT. Safe to call twice."""
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
        """Send `message`, unless `claim`, called just before the point of no return, is false.

        Raises `DeliveryError` where the server cannot be used at all: its certificate, the login, the sender. Where
        that is after `claim`, the server did not take the message.
        """
        outcome = self._sent(message, sender, recipient, claim)
        _log.debug("%s: %s: %s", self._server, outcome.state, self._without_secrets(outcome.detail))
        return outcome

    def _sent(self, message: EmailMessage, sender: str, recipient: str, claim: Callable[[], bool]) -> SendOutcome:
        reused = self._smtp is not None
        try:
            smtp = self._connected()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            if _is_temporary(error):
                return SendOutcome("deferred", self._explained(error).cause, "away")
            raise self._explained(error) from None
        try:
            refusal = self._envelope_refused(smtp, message, sender, recipient)
            if refusal is not None:
                return refusal
            smtp.send(_dot_stuffed(message, utf8=_needs_utf8(message, sender, recipient)))
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            if reused:  # idle for too long, or closed by the server after an earlier message
                return self._sent(message, sender, recipient, claim)
            cause = self._without_secrets(_error_text(error))
            return SendOutcome("deferred", f"the connection broke off ({cause})", "broke")
        except UnicodeError:
            self._drop()
            return SendOutcome("unable", "its address or headers cannot be written")
        try:
            claimed = claim()
        except BaseException:
            self._drop()  # QUIT would be taken for more of the message
            raise
        if not claimed:
            self._drop()  # DATA without its full stop is no message
            return SendOutcome("taken", "another run is sending it")
        try:
            smtp.send(b".\r\n")
            code, reply = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return SendOutcome("unknown", f"the connection broke off before the server answered ({_error_line(error)})")
        if _is(2, code):
            return SendOutcome("sent", _text(reply))
        if code == _CLOSING:
            self._drop()
            return SendOutcome("deferred", f"{code} {self._without_secrets(reply)}", "broke")
        if _is(4, code) or _is(5, code):
            return self._recipient_outcome(code, reply)
        self._drop()
        return SendOutcome("unknown", f"the server's answer means nothing ({self._without_secrets(reply)})")

    def _envelope_refused(
        self, smtp: smtplib.SMTP, message: EmailMessage, sender: str, recipient: str
    ) -> SendOutcome | None:
        """Send MAIL, RCPT and DATA; None where the server now waits for the message."""
        options = []
        if _needs_utf8(message, sender, recipient):
            if not smtp.has_extn("smtputf8"):
                return SendOutcome("unable", "the server takes no addresses beyond ASCII (it has no SMTPUTF8)")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        code, reply = _checked(smtp.mail(sender, options))
        if not _is(2, code):
            _reset(smtp)
            detail = f"{code} {self._without_secrets(reply)}"
            if _is(4, code):
                return SendOutcome("deferred", detail, "away")
            if options and code not in _LOGIN_FIRST:  # options that other messages do not need
                return SendOutcome("unable", detail)
            raise self._refusal(code, reply, f"it takes no letters from {sender}", "Check `sender` in [mail]")
        code, reply = _checked(smtp.rcpt(recipient))
        if not _is(2, code):
            _reset(smtp)
            # "Relay access denied", "Client host rejected": RFC 3463, 3.8. Without a login the client is not
            # authorised, which Postfix says no earlier than here (`smtpd_delay_reject`).
            if _is(5, code) and code not in _LOGIN_FIRST and reply.startswith(b"5.7.") and not self._logs_in:
                hint = "perhaps it wants a login: see `user` in [mail]"
                return SendOutcome("unable", f"{code} {self._without_secrets(reply)} ({hint})")
            return self._recipient_outcome(code, reply)
        code, reply = _checked(smtp.docmd("DATA"))
        if code != _START_DATA:
            _reset(smtp)
            return self._recipient_outcome(code, reply)
        return None

    def _recipient_outcome(self, code: int, reply: bytes) -> SendOutcome:
        """Outcome of a reply to RCPT or DATA. Raises `DeliveryError` for one that concerns the session all the same."""
        if code in _LOGIN_FIRST:
            raise self._refusal(code, reply, "it takes no letters", "Check `security` and `user` in [mail]")
        if _is(4, code) or _is(5, code):
            return SendOutcome("deferred" if _is(4, code) else "refused", f"{code} {self._without_secrets(reply)}")
        raise smtplib.SMTPServerDisconnected(f"an answer that means nothing: {code} {_text(reply)}")

    @property
    def _logs_in(self) -> bool:
        return bool(self._server.user or self._server.token)

    def _refusal(self, code: int, reply: bytes, cause: str, remedy: str) -> DeliveryError:
        """The error for every recipient; `cause` and `remedy` where the code does not say what is missing."""
        if code in _LOGIN_FIRST:
            if self._server.security == "none" and code != _WRONG_LOGIN:
                cause = "it takes no letters without encryption or a login"
                remedy = f"Set `security`{'' if self._logs_in else ' or `user`'} in [mail]"
            elif self._logs_in:
                cause, remedy = "it refuses the login", "Check user and password"
            else:
                cause, remedy = "it wants a login", "Set `user` in [mail]"
        return DeliveryError(f"mail server {self._server}", f"{cause} ({code} {self._without_secrets(reply)})", remedy)

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is not None:
            return self._smtp
        server, reply = self._server, self._reply_seconds
        context = server.context or ssl.create_default_context()
        smtp: smtplib.SMTP
        if server.security == "tls":
            smtp = _TlsConnection(server.host, server.port, timeout=_SECONDS, context=context, reply_seconds=reply)
        else:
            smtp = _Connection(server.host, server.port, timeout=_SECONDS, reply_seconds=reply)
        try:
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                smtp.starttls(context=context)
                smtp.ehlo_or_helo_if_needed()
            self._log_in(smtp)
        except BaseException:
            smtp.close()
            raise
        _log.debug("Connected to %s (%s, %s)", server, server.security, "with a login" if self._logs_in else "no login")
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
        """`error` as a `DeliveryError`, without secrets that the server repeated."""
        subject = f"mail server {self._server}"
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return self._refusal(
                error.smtp_code, _bytes(error.smtp_error), "it refuses the login", "Check user and password"
            )
        if isinstance(error, smtplib.SMTPNotSupportedError):
            remedy = f"Check `security` and `{'token_command' if self._server.token else 'user'}` in [mail]"
            return DeliveryError(subject, f"it does not offer what is needed ({_error_line(error)})", remedy)
        if isinstance(error, ssl.SSLCertVerificationError):
            return DeliveryError(
                subject, f"its certificate is not to be trusted ({error.verify_message})", "Check `host`"
            )
        if isinstance(error, ssl.SSLError):
            return DeliveryError(
                subject, f"it does not speak TLS here ({_error_line(error)})", "Check `port` and `security`"
            )
        if isinstance(error, smtplib.SMTPResponseException):
            if error.smtp_code < 0:
                return DeliveryError(subject, "it does not speak SMTP here", "Check `host`, `port` and `security`")
            cause, remedy = "it does not talk to this machine", "Check `host` and `port`, or ask whoever runs it"
            return self._refusal(error.smtp_code, _bytes(error.smtp_error), cause, remedy)
        cause = f"it cannot be reached ({self._without_secrets(_error_text(error))})"
        return DeliveryError(subject, cause, "Check `host` and `port`")

    def _without_secrets(self, reply: bytes | str) -> str:
        """`reply` on one line without password and token; cut only afterwards, since a part of one tells, too."""
        text = reply.decode("utf-8", "surrogateescape") if isinstance(reply, bytes) else reply
        return _text(hidden(text, (self._server.password, self._server.token)))


class _Connection(smtplib.SMTP):
    """`smtplib.SMTP` whose replies are bounded in time and size; in plain text, or until STARTTLS."""

    def __init__(self, *given: Any, reply_seconds: float, **named: Any) -> None:
        self._reply_seconds = reply_seconds  # smtplib connects at once
        super().__init__(*given, **named)

    def getreply(self) -> tuple[int, bytes]:
        """Code (-1 where there is none) and text of the next reply."""
        if self.file is None and self.sock is not None:  # new, or just encrypted: earlier bytes do not count
            self._replies = BoundedReader(
                self.sock.makefile("rb", buffering=0), self.sock.settimeout,
                silence=self.timeout, seconds=self._reply_seconds, most=_MAX_REPLY, clock=time.monotonic,
            )  # fmt: skip
            self.file = io.BufferedReader(self._replies)
        self._replies.begin()
        try:
            return super().getreply()
        finally:
            if self.sock is not None:
                self.sock.settimeout(self.timeout)  # for what is sent


class _TlsConnection(_Connection, smtplib.SMTP_SSL):
    """Encrypted from the first byte."""


def _needs_utf8(message: EmailMessage, sender: str, recipient: str) -> bool:
    """Whether the envelope or the headers have a non-ASCII address (RFC 6531)."""
    return bool(getattr(message.policy, "utf8", False)) or not (sender + recipient).isascii()


def _is_temporary(error: Exception) -> bool:
    """Whether it may pass: a server that is not there, breaks off, or says so (4xx)."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _is(4, error.smtp_code)
    if isinstance(error, ssl.SSLEOFError):
        return True
    return not isinstance(error, smtplib.SMTPNotSupportedError | ssl.SSLError | ValueError)


def _is(kind: int, code: int) -> bool:
    """Whether a reply code begins with that digit: 2 success, 4 temporary, 5 permanent failure (RFC 5321, 4.2.1)."""
    return code // 100 == kind


def _checked(code_and_text: tuple[int, bytes]) -> tuple[int, bytes]:
    """The reply. Raises `smtplib.SMTPServerDisconnected` for 421 and for text that is no SMTP."""
    code, reply = code_and_text
    if code == _CLOSING or code < 0:
        raise smtplib.SMTPServerDisconnected(f"{code} {_text(reply)}" if code > 0 else f"no SMTP: {_text(reply)}")
    return code, reply


def _reset(smtp: smtplib.SMTP) -> None:
    with contextlib.suppress(smtplib.SMTPException, OSError):
        smtp.rset()


def _dot_stuffed(message: EmailMessage, *, utf8: bool) -> bytes:
    """The message with leading full stops doubled (RFC 5321, 4.5.2) and a line end at its end."""
    data = message.as_bytes(policy=SMTPUTF8 if utf8 else SMTP)
    data = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    return re.sub(rb"(?m)^\.", b"..", data if data.endswith(b"\r\n") else data + b"\r\n")


def _text(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return one_line(text)[:200]


def _error_line(error: BaseException) -> str:
    return _text(_error_text(error))


def _error_text(error: BaseException) -> str:
    return reason_of(error)


def _bytes(reply: bytes | str) -> bytes:
    return reply if isinstance(reply, bytes) else reply.encode("utf-8", "surrogateescape")
