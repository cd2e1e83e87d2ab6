"""Logging in to a mail server (RFC 4954) with whatever characters a password has.

`smtplib` writes user and password in ASCII only. They are UTF-8 (RFC 4616, 2); bytes of the environment that are not
even that go as they are.
"""

from __future__ import annotations

import base64
import hmac
import smtplib
from collections.abc import Callable

__all__ = ["Credentials", "log_in", "log_in_with_token"]

Credentials = tuple[bytes, bytes]
"""User and password."""
_WELCOME = 235
_ALREADY = 503
_GO_ON = 334
_PERMANENT = 500
_UNKNOWN_MECHANISM = 504


def log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    """Log in by the mechanisms that the server offers, one after the other until one is taken.

    Raises ValueError where no login can carry user or password, `smtplib.SMTPNotSupportedError` where the server offers
    no mechanism that is known here, and `smtplib.SMTPAuthenticationError` for the answer of a server that refuses.
    """
    pair = (_bytes(user), _bytes(password))
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    known = [mechanism for mechanism in _MECHANISMS if mechanism in offered]
    if not known:
        raise smtplib.SMTPNotSupportedError(f"AUTH with one of {', '.join(_MECHANISMS)}")
    code, said = 0, b""
    for mechanism in known:
        code, said = _MECHANISMS[mechanism](smtp, pair)
        if code in {_WELCOME, _ALREADY}:
            return
        if code < _PERMANENT:  # not now; by another way it would be the same
            break
    raise smtplib.SMTPAuthenticationError(code, said)


def log_in_with_token(smtp: smtplib.SMTP, user: str, token: str) -> None:
    """Log in by XOAUTH2. Raises like `log_in`."""
    words = b"user=%b\x01auth=Bearer %b\x01\x01" % (_bytes(user), _bytes(token))
    code, said = smtp.docmd("AUTH", f"XOAUTH2 {_encoded(words)}")
    if code == _GO_ON:  # it says why not, and waits for an empty line
        code, said = smtp.docmd("")
    if code not in {_WELCOME, _ALREADY}:
        raise smtplib.SMTPAuthenticationError(code, said)


def _plain(smtp: smtplib.SMTP, pair: Credentials) -> tuple[int, bytes]:
    return smtp.docmd("AUTH", f"PLAIN {_encoded(b'%b%b%b%b' % (bytes(1), pair[0], bytes(1), pair[1]))}")


def _login(smtp: smtplib.SMTP, pair: Credentials) -> tuple[int, bytes]:
    code, said = smtp.docmd("AUTH", "LOGIN")
    for word in pair:
        if code == _GO_ON:
            code, said = smtp.docmd(_encoded(word))
    return code, said


def _cram_md5(smtp: smtplib.SMTP, pair: Credentials) -> tuple[int, bytes]:
    code, said = smtp.docmd("AUTH", "CRAM-MD5")
    if code != _GO_ON:
        return code, said
    try:
        digest = hmac.new(pair[1], base64.b64decode(said), "md5").hexdigest()
    except ValueError:  # no base64, or a Python without MD5
        return _UNKNOWN_MECHANISM, b"its challenge cannot be answered"
    return smtp.docmd(_encoded(pair[0] + b" " + digest.encode("ascii")))


_MECHANISMS: dict[str, Callable[[smtplib.SMTP, Credentials], tuple[int, bytes]]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
}


def _bytes(text: str) -> bytes:
    if "\0" in text:
        raise ValueError("it holds a NUL character")
    return text.encode("utf-8", "surrogateescape")


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
