"""Kinds of source locations: web address, mailbox, path. Pure: nothing is looked up."""

from __future__ import annotations

import difflib
import re
from typing import Literal
from urllib.parse import urlsplit

from briefing.address import shown, web_parts, without_feed_scheme
from briefing.errors import UsageError

_READ = ("https", "http", "feed", "feeds", "itpc", "itpcs", "pcast", "pcasts", "imaps", "imap")
_ADDRESS = re.compile(rf"(?:[a-z][a-z0-9+.-]*://|(?:{'|'.join(_READ)}):)", re.IGNORECASE)


def is_url(text: str) -> bool:
    """Whether it is an http(s) address with a host, and a port that there can be where it names one."""
    try:
        return (parts := web_parts(text)) is not None and parts.port != 0
    except ValueError:
        return False


def is_address(location: str) -> bool:
    """Whether it is meant as an address of any scheme, and not as a path."""
    return _ADDRESS.match(location) is not None


def source_key(location: str) -> Literal["url", "imap", "path"]:
    """The key of a ``[[sources]]`` table under which `location` belongs.

    Raises `UsageError` for an address that no run can read: of another kind, without a host, or a mailbox that a
    configuration refuses.
    """
    if not is_address(location := location.strip()):
        return "path"
    address = without_feed_scheme(location)
    if is_url(address):
        return "url"
    scheme = (address if is_address(address) else location).partition(":")[0].lower()
    if scheme in ("imap", "imaps"):
        if trouble := mailbox_error(address):
            raise UsageError("the mailbox", trouble)  # the address itself may hold a password
        return "imap"
    if scheme in _READ:
        if re.match(r"[a-z]+:/*[?#]?$|[a-z]+:///|[a-z]+:(?!//)", address, re.IGNORECASE):
            cause, remedy = "it names no host", "Write it in full, such as https://example.org/feed.xml"
        else:
            cause, remedy = "it is not a usable address", "Check its host and its port"
        raise UsageError(shown(location), cause, remedy)
    near = difflib.get_close_matches(scheme, _READ, n=1)
    hint = f"Did you mean {near[0]}://? " if near else ""
    known = "Addresses begin with https://, http://, feed: or imaps://; a file or folder is named by its path"
    raise UsageError(shown(location), f"addresses that begin with {scheme}:// are not read", hint + known)


def mailbox_error(mailbox: str) -> str:
    """The error of a mailbox address, without repeating it; empty where it is valid."""
    try:
        parts = urlsplit(mailbox)
        host, user, password, _ = parts.hostname, parts.username, parts.password, parts.port
    except ValueError:
        host = user = password = None
        parts = urlsplit("")
    if password is not None:
        return "expected 'imap' without a password; it belongs into password_command, the environment or the keyring"
    if parts.scheme not in {"imap", "imaps"} or not host or not user:
        return "expected 'imap' to be a mailbox such as 'imaps://user@mail.example/INBOX'"
    if parts.scheme == "imap" and host not in {"localhost", "127.0.0.1", "::1"}:
        return "expected 'imap' to begin with imaps://: without TLS the password could be read on its way"
    return ""
