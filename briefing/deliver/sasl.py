"""SMTP AUTH (RFC 4954): PLAIN, LOGIN, CRAM-MD5 and XOAUTH2, for credentials beyond ASCII.

`smtplib` encodes user and password in ASCII. Here they are UTF-8 (RFC 4616, 2); bytes of the environment that are no
UTF-8 are sent unchanged. Errors hide credentials that a server repeats in its reply.
"""

from __future__ import annotations

import base64
import hmac
import re
import smtplib
from collections.abc import Callable, Iterable

Credentials = tuple[bytes, bytes]
"""User and password."""
_SUCCEEDED = 235
_BAD_SEQUENCE = 503
"""Logged in already."""
_CHALLENGE = 334
_PERMANENT = 500
_INVALID = 535
_UNKNOWN_MECHANISM = 504
_SHORTEST_PIECE = 8
"""Characters from which a part of a secret, as of a reply that was cut, is hidden."""


class _Exchange:
    """An AUTH exchange that remembers what it sent, to hide it in replies."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self._smtp = smtp
        self._sent: list[str] = []

    @property
    def offered(self) -> list[str]:
        """The server's mechanisms, in capitals."""
        return self._smtp.esmtp_features.get("auth", "").upper().split()

    def begin(self, mechanism: str, first: bytes | None = None) -> tuple[int, bytes]:
        """Send AUTH, with the initial response where the mechanism has one."""
        return self._smtp.docmd("AUTH", mechanism if first is None else f"{mechanism} {self._encoded(first)}")

    def respond(self, data: bytes) -> tuple[int, bytes]:
        """Respond to a challenge."""
        return self._smtp.docmd(self._encoded(data))

    def refused(self, code: int, reply: bytes) -> smtplib.SMTPAuthenticationError:
        """The server's refusal as an error, without credentials that it repeats."""
        text = hidden(reply.decode("utf-8", "surrogateescape"), self._sent)
        return smtplib.SMTPAuthenticationError(code, text.encode("utf-8", "surrogateescape"))

    def _encoded(self, data: bytes) -> str:
        self._sent.append(base64.b64encode(data).decode("ascii"))
        return self._sent[-1]


def hidden(text: str, secrets: Iterable[str]) -> str:
    """`text` with ``…`` for each of `secrets`, whole or in pieces of `_SHORTEST_PIECE` characters or more."""
    known = [secret for secret in secrets if secret]
    for secret in known:
        text = text.replace(secret, "…")

    def piece(word: re.Match[str]) -> str:
        return "…" if any(word[0] in secret for secret in known) else word[0]

    return re.sub(rf"[\w+/=.~-]{{{_SHORTEST_PIECE},}}", piece, text)


def log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    """Try the mechanisms that the server offers, until one succeeds or the credentials are refused.

    After a refusal of the credentials no other mechanism is tried: too many attempts lock the account. Raises
    ValueError where user or password hold a NUL, `smtplib.SMTPNotSupportedError` where no offered mechanism is known
    here, and `smtplib.SMTPAuthenticationError` with the reply of a server that refuses.
    """
    credentials = (_bytes(user), _bytes(password))
    exchange = _Exchange(smtp)
    known = [mechanism for mechanism in _MECHANISMS if mechanism in exchange.offered]
    if not known:
        raise smtplib.SMTPNotSupportedError(f"AUTH with one of {', '.join(_MECHANISMS)}")
    code, reply = 0, b""
    for mechanism in known:
        code, reply = _MECHANISMS[mechanism](exchange, credentials)
        if code in {_SUCCEEDED, _BAD_SEQUENCE}:
            return
        if code < _PERMANENT or (code == _INVALID and reply.startswith(b"5.7.")):
            break  # a temporary failure, or the wrong password
    raise exchange.refused(code, reply)


def log_in_with_token(smtp: smtplib.SMTP, user: str, token: str) -> None:
    """Log in by XOAUTH2. Raises like `log_in`; a server that does not offer it is not sent the token."""
    initial = b"user=%b\x01auth=Bearer %b\x01\x01" % (_bytes(user), _bytes(token))
    exchange = _Exchange(smtp)
    if "XOAUTH2" not in exchange.offered:
        raise smtplib.SMTPNotSupportedError("AUTH with XOAUTH2")
    code, reply = exchange.begin("XOAUTH2", initial)
    if code == _CHALLENGE:  # the reason for a refusal, to be answered by an empty line
        code, reply = exchange.respond(b"")
    if code not in {_SUCCEEDED, _BAD_SEQUENCE}:
        raise exchange.refused(code, reply)


def _plain(exchange: _Exchange, credentials: Credentials) -> tuple[int, bytes]:
    return exchange.begin("PLAIN", b"\0%b\0%b" % credentials)


def _login(exchange: _Exchange, credentials: Credentials) -> tuple[int, bytes]:
    code, reply = exchange.begin("LOGIN")
    for secret in credentials:
        if code == _CHALLENGE:
            code, reply = exchange.respond(secret)
    return code, reply


def _cram_md5(exchange: _Exchange, credentials: Credentials) -> tuple[int, bytes]:
    code, reply = exchange.begin("CRAM-MD5")
    if code != _CHALLENGE:
        return code, reply
    try:
        digest = hmac.new(credentials[1], base64.b64decode(reply), "md5").hexdigest()
    except ValueError:  # no base64, or a Python without MD5
        return _UNKNOWN_MECHANISM, b"its challenge cannot be answered"
    return exchange.respond(credentials[0] + b" " + digest.encode("ascii"))


_MECHANISMS: dict[str, Callable[[_Exchange, Credentials], tuple[int, bytes]]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
}


def _bytes(text: str) -> bytes:
    if "\0" in text:
        raise ValueError("it holds a NUL character")
    return text.encode("utf-8", "surrogateescape")
