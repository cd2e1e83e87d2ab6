"""URLs: parsing with credentials, joining, origin, server. No connection is made here."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from briefing.address import cleaned_link, shown, web_address
from briefing.errors import FetchError

if TYPE_CHECKING:
    import httpx


def server_of(url: str) -> str:
    """The host of an address, with a port that is not 80 or 443; empty where it has none."""
    try:
        parts = urlsplit(url.strip())
        default = parts.port in {None, 80, 443}
        return (parts.hostname or "") if default else f"{parts.hostname}:{parts.port}"
    except ValueError:
        return ""


def parsed(subject: str, address: str) -> tuple[httpx.URL, bytes | None]:
    """The address without credentials and fragment, and the credentials as an ``Authorization`` header."""
    import httpx

    try:
        url = httpx.URL(web_address(address) or cleaned_link(address))
        host = url.host
        if (url.port is not None and not 0 < url.port < 65536) or re.search(r"%5[BDbd]", host):
            raise ValueError("no such port, or half an IPv6 address")
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(subject, "this is not a usable address", "Check the address") from error
    if url.scheme not in ("http", "https") or not host:
        where = "" if shown(address) == subject else f", and it redirects to {shown(address)}"
        raise FetchError(subject, f"only http and https addresses can be fetched{where}", "Check the address")
    authorization = None
    if url.userinfo:
        pair = f"{unquote(url.username)}:{unquote(url.password)}".encode()
        authorization = b"Basic " + b64encode(pair)
    return url.copy_with(userinfo=b"", fragment=None), authorization


def joined(subject: str, url: httpx.URL, location: str) -> str:
    """The target of a redirect, read as a browser does (`address.cleaned_link`)."""
    import httpx

    try:
        return str(url.join(cleaned_link(location)))
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(subject, "it redirects to an address that is not usable", "Check the address") from error


def origin(url: httpx.URL) -> tuple[str, str, int]:
    """Scheme, host and port."""
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)
