"""Cookies of one chain of redirects, and of nothing else (RFC 6265): some sites serve a page only to a client that
brings back the cookie of their redirect. They are never stored, and end with the chain.
"""

from __future__ import annotations

from collections.abc import Iterable
from email.message import Message
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.request import Request

MOST_COOKIES = 20
MOST_BYTES = 8_000
"""Of all ``Set-Cookie`` headers of a chain that count; servers refuse longer ``Cookie`` headers."""


class ChainCookies:
    """Holds and returns cookies by host, domain, path, lifetime and ``Secure``. For one thread at a time.

    A cookie for the whole domain is taken, as sites have their gate on a host of its own, but not for ``co.uk``.
    """

    def __init__(self) -> None:
        self._jar = CookieJar(DefaultCookiePolicy(strict_domain=True))
        self._bytes = 0

    def header(self, url: str) -> str:
        """The value of the ``Cookie`` header for `url`; empty where there is none."""
        if not self._bytes:
            return ""
        request = Request(url)  # noqa: S310 - it carries an address and headers to the jar; nothing is opened
        self._jar.add_cookie_header(request)
        value = request.get_header("Cookie") or ""
        return value if value.isprintable() else ""

    def keep(self, url: str, set_cookies: Iterable[str]) -> None:
        """Keep what a response from `url` sets in its ``Set-Cookie`` headers."""
        for value in set_cookies:
            if self._bytes + len(value) > MOST_BYTES or len(self._jar) >= MOST_COOKIES:
                return
            self._bytes += len(value)
            self._jar.extract_cookies(_Response(value), Request(url))  # type: ignore[arg-type]  # noqa: S310


class _Response:
    """What a jar asks of a response."""

    def __init__(self, set_cookie: str) -> None:
        self._headers = Message()
        self._headers["Set-Cookie"] = set_cookie

    def info(self) -> Any:
        return self._headers
