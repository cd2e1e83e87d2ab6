"""The Hugging Face Hub as a place: plain HTTP with ranges.

Not through ``huggingface_hub``'s own download, because that retries at length where there is no route, reports progress
in a way of its own and keeps the bytes in a cache of its own. Its environment variables hold here too: ``HF_ENDPOINT``,
``HF_TOKEN`` (and the token its login stored), ``HF_HUB_OFFLINE``; proxies and certificates are httpx's.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin

from briefing.models.catalogue import HubLocation
from briefing.models.partial import LocationError, Partial

if TYPE_CHECKING:
    import httpx

__all__ = ["describe_on_hub", "download_from_hub"]

ANSWER_SECONDS = 10.0
"""A place that does not answer by then is given up. One deadline for name lookup, every address and the handshake."""
READ_SECONDS = 30.0
BREAKS = 5
"""How often a broken connection is taken up again, as long as each brought something."""


def download_from_hub(place: HubLocation, partial: Partial, advance: Callable[[int], None]) -> None:
    """Fill `partial` up from where it stands; `advance` is told its bytes. Raises `LocationError`."""
    import httpx

    with _client() as client:
        for _ in range(BREAKS):
            before = partial.length
            try:
                _stream(client, _url(place), partial, advance)
            except httpx.TransportError as error:
                if partial.length <= before:
                    raise LocationError(_reason(error)) from None
            if partial.complete:
                return
            if partial.length <= before:
                raise LocationError(f"it ended after {partial.length:,} of {partial.size:,} bytes")
        raise LocationError(f"the connection broke off {BREAKS} times")


def describe_on_hub(place: HubLocation) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a file, as the Hub states them. Raises `LocationError`."""
    import httpx

    url = _url(place)
    with _client() as client:
        for _ in range(BREAKS):
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
            # A renamed repository is on the same host; another host, which has the bytes, must not see the token.
            url = urljoin(url, response.headers["location"])
            if not url.startswith(f"{_endpoint()}/"):
                break
    raise LocationError("it states no SHA-256 for that file")


def _endpoint() -> str:
    import httpx

    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"
    try:
        usable = httpx.URL(endpoint).scheme in {"http", "https"}
    except httpx.InvalidURL:
        usable = False
    if not usable:
        raise LocationError(f"HF_ENDPOINT is not an address ({endpoint})")
    return endpoint


def _url(place: HubLocation) -> str:
    return f"{_endpoint()}/{place.repo}/resolve/main/{quote(place.file)}"


def _client() -> httpx.Client:
    import httpx
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
    """One connection's worth of bytes into `partial`."""
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
            # As they come: what is gathered into larger blocks is lost when the connection breaks.
            for block in response.iter_raw():
                write(block)
                advance(partial.length)
    finally:
        response.close()


def _answer(client: httpx.Client, request: httpx.Request, *, follow: bool = False) -> httpx.Response:
    """The head of the response, within `ANSWER_SECONDS` whatever the resolver and the addresses do.

    In a thread, because neither a name lookup nor a walk over many dead addresses can be given one deadline.
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
    """Raise `LocationError` unless the response holds what was asked for."""
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
    detail = re.sub(r"^\[Errno -?\d+\] ", "", str(error)).rstrip(".")
    if isinstance(error, httpx.ConnectError):
        return f"no connection to {host} ({detail})"
    return f"the connection to {host} broke off ({detail})"
