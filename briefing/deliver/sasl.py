"""Logging in to a mail server (RFC 4954) with whatever characters a password has.

`smtplib` writes user and password in ASCII only. They are UTF-8 (RFC 4616, 2); bytes of the environment that are not
even that go as they are. A server may repeat in its answer what it was sent: no error that is raised here shows it.
"""

from __future__ import annotations

import base64
import hmac
import re
import smtplib
from collections.abc import Callable, Iterable

__all__ = ["Credentials", "hidden", "log_in", "log_in_with_token"]

Credentials = tuple[bytes, bytes]
"""User and password."""
_WELCOME = 235
_ALREADY = 503
_GO_ON = 334
_PERMANENT = 500
_WRONG = 535
_UNKNOWN_MECHANISM = 504
_TELLING = 8
"""Characters: whoever cuts what was sent to them shows some of it; as many as these are not shown."""


class _Talk:
    """What a login says to the server, remembered so that it can be taken out of the answers."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self._smtp = smtp
        self._sent: list[str] = []

    @property
    def offered(self) -> list[str]:
        """The mechanisms that the server knows, in capitals."""
        return self._smtp.esmtp_features.get("auth", "").upper().split()

    def begin(self, mechanism: str, first: bytes | None = None) -> tuple[int, bytes]:
        """Choose a mechanism, where it wants that with the first answer."""
        return self._smtp.docmd("AUTH", mechanism if first is None else f"{mechanism} {self._encoded(first)}")

    def answer(self, words: bytes) -> tuple[int, bytes]:
        """Answer what the server asks."""
        return self._smtp.docmd(self._encoded(words))

    def refused(self, code: int, said: bytes) -> smtplib.SMTPAuthenticationError:
        """The server's last word as an error, without what it repeats of ours."""
        text = hidden(said.decode("utf-8", "surrogateescape"), self._sent)
        return smtplib.SMTPAuthenticationError(code, text.encode("utf-8", "surrogateescape"))

    def _encoded(self, data: bytes) -> str:
        self._sent.append(base64.b64encode(data).decode("ascii"))
        return self._sent[-1]


def hidden(text: str, secrets: Iterable[str]) -> str:
    """The text with `…` for each of the secrets, whole or in pieces of eight characters and more."""
    known = [secret for secret in secrets if secret]
    for secret in known:
        text = text.replace(secret, "…")

    def piece(word: re.Match[str]) -> str:
        return "…" if any(word[0] in secret for secret in known) else word[0]

    return re.sub(rf"[\w+/=.~-]{{{_TELLING},}}", piece, text)


def log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    """Log in by the mechanisms that the server offers, one after the other until one is taken.

    A server that says that user and password are wrong is believed, since those who ask too often are locked out.
    Raises ValueError where no login can carry user or password, `smtplib.SMTPNotSupportedError` where the server offers
    no mechanism that is known here, and `smtplib.SMTPAuthenticationError` for the answer of a server that refuses.
    """
    pair = (_bytes(user), _bytes(password))
    talk = _Talk(smtp)
    known = [mechanism for mechanism in _MECHANISMS if mechanism in talk.offered]
    if not known:
        raise smtplib.SMTPNotSupportedError(f"AUTH with one of {', '.join(_MECHANISMS)}")
    code, said = 0, b""
    for mechanism in known:
        code, said = _MECHANISMS[mechanism](talk, pair)
        if code in {_WELCOME, _ALREADY}:
            return
        if code < _PERMANENT or (code == _WRONG and said.startswith(b"5.7.")):
            break  # not now, or not with this password; by another way it would be the same
    raise talk.refused(code, said)


def log_in_with_token(smtp: smtplib.SMTP, user: str, token: str) -> None:
    """Log in by XOAUTH2. Raises like `log_in`; a server that does not offer it is not sent the token."""
    words = b"user=%b\x01auth=Bearer %b\x01\x01" % (_bytes(user), _bytes(token))
    talk = _Talk(smtp)
    if "XOAUTH2" not in talk.offered:
        raise smtplib.SMTPNotSupportedError("AUTH with XOAUTH2")
    code, said = talk.begin("XOAUTH2", words)
    if code == _GO_ON:  # it says why not, and waits for an empty line
        code, said = talk.answer(b"")
    if code not in {_WELCOME, _ALREADY}:
        raise talk.refused(code, said)


def _plain(talk: _Talk, pair: Credentials) -> tuple[int, bytes]:
    return talk.begin("PLAIN", b"%b%b%b%b" % (bytes(1), pair[0], bytes(1), pair[1]))


def _login(talk: _Talk, pair: Credentials) -> tuple[int, bytes]:
    code, said = talk.begin("LOGIN")
    for word in pair:
        if code == _GO_ON:
            code, said = talk.answer(word)
    return code, said


def _cram_md5(talk: _Talk, pair: Credentials) -> tuple[int, bytes]:
    code, said = talk.begin("CRAM-MD5")
    if code != _GO_ON:
        return code, said
    try:
        digest = hmac.new(pair[1], base64.b64decode(said), "md5").hexdigest()
    except ValueError:  # no base64, or a Python without MD5
        return _UNKNOWN_MECHANISM, b"its challenge cannot be answered"
    return talk.answer(pair[0] + b" " + digest.encode("ascii"))


_MECHANISMS: dict[str, Callable[[_Talk, Credentials], tuple[int, bytes]]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
}


def _bytes(text: str) -> bytes:
    if "\0" in text:
        raise ValueError("it holds a NUL character")
    return text.encode("utf-8", "surrogateescape")
