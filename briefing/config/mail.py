"""The ``[mail]`` table: who sends, through which server, to whom."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import getaddresses
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from briefing.config.values import Flag, Reads, whole

__all__ = ["Mail", "Recipient", "is_loopback"]

_NOTHING_ELSE: Any = {"extra": "forbid"}


def _address(value: Any, folder: Path | None) -> Any:
    """``ann@example.org`` or ``Ann <ann@example.org>``."""
    if not isinstance(value, str):
        return value
    if not _is_address(value):
        raise ValueError("expected an address such as 'ann@example.org' or 'Ann <ann@example.org>'")
    return value.strip()


def _optional_address(value: Any, folder: Path | None) -> Any:
    return value if value == "" else _address(value, folder)


def _is_address(text: str) -> bool:
    ((_, found), *others) = getaddresses([text]) or [("", "")]
    if others or not found or re.search(r"[\x00-\x1f\x7f]", text) or found.count("@") != 1:
        return False
    user, _, domain = found.rpartition("@")
    return bool(user and domain) and not re.search(r"[\s<>,;:]", found)


def _unsubscribe(value: Any, folder: Path | None) -> Any:
    if isinstance(value, str) and value and not re.fullmatch(r"(?:https://|mailto:)[^\s<>,]+", value):
        raise ValueError("expected an address that starts with https:// or mailto:")
    return value


def _host(value: Any, folder: Path | None) -> Any:
    if isinstance(value, str) and value and not re.fullmatch(r"[A-Za-z0-9.:_-]+|\[[0-9A-Fa-f:.]+\]", value):
        raise ValueError("expected the name of a mail server such as 'smtp.example.org'")
    return value


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    return (urlsplit(f"//{host}").hostname or host) in {"localhost", "127.0.0.1", "::1"}


_Address = Annotated[str, Reads(_address)]
_OptionalAddress = Annotated[str, Reads(_optional_address)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One ``[[mail.recipients]]`` table."""

    __pydantic_config__: ClassVar[Any] = _NOTHING_ELSE

    address: _Address
    """``ann@example.org`` or ``Ann <ann@example.org>``."""
    sections: tuple[str, ...] = ()
    """Names of the sections they get; empty means all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """How an edition is sent. Without `host` nothing is."""

    __pydantic_config__: ClassVar[Any] = _NOTHING_ELSE

    host: Annotated[str, Reads(_host)] = ""
    port: Annotated[int, Reads(whole(0, 65535))] = 0
    """0 means: 465 for ``tls``, 587 for ``starttls``, 25 for ``none``."""
    security: Literal["tls", "starttls", "none"] = "tls"
    """``none`` is refused for any host but this machine."""
    user: str = ""
    """Empty means: the server wants no login."""
    password_command: str = ""
    """Prints the password, as ``pass show mail`` does."""
    token_command: str = ""
    """Prints an OAuth 2 access token; the login then is XOAUTH2."""
    sender: _OptionalAddress = ""
    reply_to: _OptionalAddress = ""
    list_id: Annotated[str, Reads(_host)] = ""
    """Such as ``briefing.example.org``; empty means: made of the sender's domain."""
    unsubscribe: Annotated[str, Reads(_unsubscribe)] = ""
    """Where a reader who wants no more turns to."""
    one_click: Flag = False
    """Whether `unsubscribe` takes a POST that unsubscribes at once (RFC 8058)."""
    evidence: Flag = True
    """Whether the sentences behind each point are shown below it."""
    send_empty: Flag = False
    """Whether an edition without a story is sent."""
    recipients: tuple[Recipient, ...] = ()
