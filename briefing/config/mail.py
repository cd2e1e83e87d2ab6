"""The ``[mail]`` table: sender, server, recipients."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from email.utils import getaddresses
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from briefing.config.validators import FORBID_EXTRA, Command, EditionLink, Flag, LazyValidator, parse_duration, whole
from briefing.mail_headers import LONGEST_URI, ascii_domain, ascii_uri

_MOST_RETRIES = 10


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
    return bool(user and domain) and not re.search(r"[\s<>,;:]", found) and _is_domain(domain)


def _is_domain(domain: str) -> bool:
    try:
        return bool(ascii_domain(domain))
    except ValueError:
        return False


def _unsubscribe(value: Any, folder: Path | None) -> Any:
    if not isinstance(value, str) or not value:
        return value
    try:
        written = ascii_uri(value) if re.fullmatch(r"(?:https://|mailto:)[^\s<>,]+", value) else ""
    except ValueError:  # a host that is none
        written = ""
    if not written or len(written) > LONGEST_URI:
        expected = f"expected an address of at most {LONGEST_URI} characters that starts with https:// or mailto:"
        raise ValueError(expected)
    return value


def _host(value: Any, folder: Path | None) -> Any:
    """In ASCII, as the DNS knows it."""
    if not isinstance(value, str) or not value:
        return value
    written = ascii_domain(value) if _is_domain(value) else value
    if not re.fullmatch(r"[A-Za-z0-9.:_-]+|\[[0-9A-Fa-f:.]+\]", written):
        raise ValueError("expected the name of a mail server such as 'smtp.example.org'")
    return written


def _retries(value: Any, folder: Path | None) -> Any:
    if not isinstance(value, list | tuple):
        return value
    pauses = [parse_duration(pause) if isinstance(pause, str) else pause for pause in value]
    if len(pauses) > _MOST_RETRIES or not all(isinstance(pause, timedelta) for pause in pauses):
        raise ValueError(f"expected at most {_MOST_RETRIES} time spans such as '5m'")
    return pauses


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    return (urlsplit(f"//{host}").hostname or host) in {"localhost", "127.0.0.1", "::1"}


_Address = Annotated[str, LazyValidator(_address)]
_OptionalAddress = Annotated[str, LazyValidator(_optional_address)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One ``[[mail.recipients]]`` table."""

    __pydantic_config__: ClassVar[Any] = FORBID_EXTRA

    address: _Address
    """``ann@example.org`` or ``Ann <ann@example.org>``."""
    sections: tuple[str, ...] = ()
    """Names of the sections they get; empty means all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The table ``[mail]``: how editions are sent. Without `host` none is."""

    __pydantic_config__: ClassVar[Any] = FORBID_EXTRA

    host: Annotated[str, LazyValidator(_host)] = ""
    port: Annotated[int, LazyValidator(whole(0, 65535))] = 0
    """0 means: 465 for ``tls``, 587 for ``starttls``, 25 for ``none``."""
    security: Literal["tls", "starttls", "none"] = "tls"
    """``none`` is refused for any host but this machine."""
    user: str = ""
    """Empty means: the server wants no login."""
    password_command: Command = ""
    """Prints the password, as ``pass show mail`` does."""
    token_command: Command = ""
    """Prints an OAuth 2 access token; the login then is XOAUTH2."""
    sender: _OptionalAddress = ""
    reply_to: _OptionalAddress = ""
    list_id: Annotated[str, LazyValidator(_host)] = ""
    """Such as ``briefing.example.org``; empty means: made of the sender's domain."""
    unsubscribe: Annotated[str, LazyValidator(_unsubscribe)] = ""
    """Address of the List-Unsubscribe header."""
    one_click: Flag = False
    """Whether `unsubscribe` supports one-click POST (RFC 8058)."""
    pictures: Flag = False
    """Whether the pictures of the stories are in a letter, as far as there is room."""
    evidence: Flag = False
    """Whether the sentences behind each point are shown below it."""
    link: EditionLink = ""
    send_empty: Flag = False
    """Whether an edition without a story is sent."""
    retries: Annotated[tuple[timedelta, ...], LazyValidator(_retries)] = tuple(
        timedelta(minutes=minutes) for minutes in (1, 5, 15)
    )
    """Pauses before each retry of a deferred letter in the same run."""
    recipients: tuple[Recipient, ...] = ()
