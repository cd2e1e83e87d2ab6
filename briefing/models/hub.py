"""Downloads from the Hugging Face Hub: plain HTTP with ranges.

``huggingface_hub``'s own download retries at length without a route, and has its own progress bars and cache. Its
environment variables hold here too: ``HF_ENDPOINT``, ``HF_TOKEN`` (and the token its login stored), ``HF_HUB_OFFLINE``;
proxies and certificates are httpx's.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin

from briefing.errors import reason_of
from briefing.models.catalogue import HubLocation
from briefing.models.partial import LocationError, Partial

if TYPE_CHECKING:
    import httpx

ANSWER_SECONDS = 10.0
"""Connect timeout: one deadline for name lookup, every address and the handshake."""
READ_SECONDS = 30.0
MAX_CONNECTIONS = 5
"""Connections for one download; each must make progress."""


def download_from_hub(location: HubLocation, partial: Partial, advance: Callable[[int], None]) -> None:
    """Complete `partial`; `advance` gets its bytes so far. Raises `LocationError`."""
    import httpx

    with _client() as client:
        for _ in range(MAX_CONNECTIONS):
            before = partial.length
            try:
                _stream(client, _url(location), partial, advance)
            except httpx.TransportError as error:
                if partial.length <= before:
                    raise LocationError(_reason(error)) from None
            if partial.complete:
                return
            if partial.length <= before:
                raise LocationError(f"it ended after {partial.length:,} of {partial.size:,} bytes")
        raise LocationError(f"the connection broke off {MAX_CONNECTIONS} times")


def describe_on_hub(location: HubLocation) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a file, as the Hub states them. Raises `LocationError`."""
    import httpx

    url = _url(location)
    with _client() as client:
        for _ in range(MAX_CONNECTIONS):
            try:
                response = _answer(client, client.build_request("HEAD", url))
            except httpx.TransportError as error:
                raise LocationError(_reason(error)) from None
            digest = response.headers.get("x-linked-etag", "").removeprefix("W/").strip('"').lower()
            size = response.headers.get("x-linked-size", "")
            if re.fullmatch(r"[0-9a-f]{64}", digest) and size.isdecimal():
                return int(size), digest
            if not response.has_redirect_location:
                _refuse(response)
                break
            # A renamed repository is on the same host; the storage host must not get the token.
            url = urljoin(url, response.headers["location"])
            if not url.startswith(f"{endpoint()}/"):
                break
    raise LocationError("it states no SHA-256 for that file")


def endpoint() -> str:
    """Address of the Hub, without a slash at its end. Raises `LocationError`.

    To be asked before ``huggingface_hub`` is imported, which takes the address apart then and raises `ValueError`.
    """
    import httpx

    address = os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"
    try:
        usable = httpx.URL(address).scheme in {"http", "https"}
    except httpx.InvalidURL:
        usable = False
    if not usable:
        raise LocationError(f"HF_ENDPOINT is not an address ({address})")
    return address


def _url(location: HubLocation) -> str:
    return f"{endpoint()}/{location.repo}/resolve/main/{quote(location.file)}"


def _client() -> httpx.Client:
    import httpx

    endpoint()
    from huggingface_hub import get_token

    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        raise LocationError("HF_HUB_OFFLINE is set")
    headers = {"User-Agent": "briefing", "Accept-Encoding": "identity"}
    if token := get_token():
        headers["Authorization"] = f"Bearer {token}"
    try:
        return httpx.Client(headers=headers, timeout=httpx.Timeout(ANSWER_SECONDS, read=READ_SECONDS))
    except (ValueError, ImportError, OSError) as error:
        raise LocationError(f"the proxy or certificate settings cannot be used ({error})") from None


def _stream(client: httpx.Client, url: str, partial: Partial, advance: Callable[[int], None]) -> None:
    """Append the bytes of one connection to `partial`."""
    start = partial.length
    headers = {"Range": f"bytes={start}-"} if start else {}
    request = client.build_request("GET", url, headers=headers)
    response = _answer(client, request, follow=True)
    try:
        _refuse(response)
        if response.status_code == 206:
            match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("content-range", ""))
            if not match or int(match[1]) != start or match[2] not in {"*", str(partial.size)}:
                raise LocationError(f"it offers other bytes than asked for ({response.headers.get('content-range')})")
        else:
            start = 0
            offered = response.headers.get("content-length", str(partial.size))
            if offered != str(partial.size):
                raise LocationError(f"it offers {offered} bytes instead of {partial.size}")
        with partial.writing(start) as write:
            # Unbuffered: a larger block would be lost when the connection breaks.
            for block in response.iter_raw():
                write(block)
                advance(partial.length)
    finally:
        response.close()


def _answer(client: httpx.Client, request: httpx.Request, *, follow: bool = False) -> httpx.Response:
    """The head of the response, within `ANSWER_SECONDS`.

    In a thread, because name lookup and connecting to many addresses have no common timeout.
    """
    import httpx

    outcome: list[httpx.Response | Exception] = []

    def ask() -> None:
        try:
            outcome.append(client.send(request, stream=True, follow_redirects=follow))
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(ANSWER_SECONDS)
    if not outcome:
        raise httpx.ConnectTimeout(f"no answer within {ANSWER_SECONDS:.0f} seconds", request=request)
    answer = outcome[0]
    if isinstance(answer, httpx.Response):
        return answer
    if isinstance(answer, httpx.TooManyRedirects):
        raise LocationError("its redirects never end")
    raise answer


def _refuse(response: httpx.Response) -> None:
    """Raise `LocationError` for an error response."""
    if response.status_code in {200, 206}:
        return
    meaning = {
        401: "it has no such repository, or one that asks for a token, or it refuses the one in HF_TOKEN",
        403: "it does not allow that",
        404: "it has no such file",
        429: "it has had too many requests from here",
    }
    raise LocationError(
        f"{meaning.get(response.status_code, 'it answered with an error')} (HTTP {response.status_code})"
    )


def _reason(error: httpx.TransportError) -> str:
    import httpx

    host = error.request.url.host
    if isinstance(error, httpx.TimeoutException):
        return f"{host} does not answer"
    detail = reason_of(error)
    if isinstance(error, httpx.ConnectError):
        return f"no connection to {host} ({detail})"
    return f"the connection to {host} broke off ({detail})"
