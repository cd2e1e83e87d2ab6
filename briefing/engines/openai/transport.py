"""HTTP to a server, one attempt at a time."""

from __future__ import annotations

import contextlib
import re
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from briefing._version import __version__
from briefing.engines.base import EngineOptions
from briefing.engines.openai.failures import RefusedError, TransientError, read_refusal
from briefing.engines.openai.model_list import ModelCard, card_of, props_window
from briefing.engines.openai.response import PartialAnswer, events, limited
from briefing.errors import EngineError, reason_of
from briefing.retry import retry_after

if TYPE_CHECKING:
    import httpx

_LARGEST_ANSWER = 4 << 20
"""Bytes of one streamed answer."""
_NO_MODEL = re.compile(
    r"model_not_found|invalid model name|model\b.{0,80}(?:does not exist|not found|not exist)", re.IGNORECASE
)
_KNOWN_QUOTA = {"insufficient_quota", "insufficient_balance", "billing_hard_limit_reached"}


class Transport:
    """Requests to one model on one server, at most `slots` at once. Thread-safe."""

    def __init__(self, address: str, model: str, options: EngineOptions, slots: int) -> None:
        self._address, self._model, self._options, self._slots = address.rstrip("/"), model, options, slots

    def close(self) -> None:
        """Close the connections. Safe to call twice."""
        if "_client" in self.__dict__:
            self._client.close()

    def without_key(self, text: str) -> str:
        """`text` without the key, which a server may repeat."""
        return text.replace(self._options.key, "…") if self._options.key else text

    def _refuse_untrusted(self, error: httpx.HTTPError) -> None:
        """Raise `EngineError` for an invalid certificate, which is not worth a retry."""
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                reason = f"its certificate is not valid ({cause.verify_message})"
                raise EngineError(self._address, reason, "Check the address and this machine's clock") from None
            cause = cause.__cause__ or cause.__context__

    def model_card(self) -> ModelCard:
        """The server's entry for the model; an empty one where it lists no models.

        Raises `EngineError` where it refuses the key or lists only others, else `TransientError`.
        """
        import httpx

        try:
            response = self._client.get(f"{self._address}/models", timeout=30.0)
        except httpx.HTTPError as error:
            self._refuse_untrusted(error)
            raise TransientError(_reason(error)) from None
        self._refuse(response.status_code, response.headers, response.text[:10_000], listing=True)
        if response.status_code != 200:
            return ModelCard()  # the list is optional
        try:
            listed = [entry for entry in response.json()["data"] if isinstance(entry, dict)]
        except (ValueError, KeyError, TypeError, RecursionError):
            return ModelCard()
        if not (card := card_of(self._model, listed)):
            known = [str(entry.get("id")) for entry in listed]
            shown = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
            raise EngineError(f"model {self._model}", f"{self._address} has no such model", f"It has: {shown}")
        if card.owner == "llamacpp":
            with contextlib.suppress(httpx.HTTPError, ValueError, RecursionError):
                props = self._client.get(f"{self._address.removesuffix('/v1')}/props", timeout=30.0)
                if props.status_code == 200:
                    return replace(card, context=props_window(props.json()) or card.context)
        return card

    def send(self, body: dict[str, Any], partial: PartialAnswer, cancelled: threading.Event) -> None:
        """Send a request and read its answer into `partial`, which keeps what came before an error.

        Raises `TransientError`, `RefusedError`, or `EngineError` where no request will be answered.
        """
        import httpx

        deadline = time.monotonic() + self._options.patience
        try:
            with self._client.stream("POST", f"{self._address}/chat/completions", json=body) as response:
                if response.status_code != 200:
                    raw = b"".join(limited(response.iter_bytes(), 100_000))
                    self._refuse(response.status_code, response.headers, raw.decode("utf-8", "replace"))
                    raise TransientError(f"the server answered strangely (HTTP {response.status_code})")
                partial.accepted = True
                chunks = limited(self._timely(response.iter_bytes(), deadline, cancelled), _LARGEST_ANSWER)
                if "event-stream" in response.headers.get("content-type", ""):
                    for event in events(chunks):
                        partial.add(event)
                else:
                    _add_whole(partial, b"".join(chunks))
        except httpx.HTTPError as error:
            self._refuse_untrusted(error)
            partial.accepted |= isinstance(error, httpx.ReadTimeout)  # it may have computed meanwhile
            raise TransientError(_reason(error), unreachable=isinstance(error, httpx.ConnectError)) from None
        if partial.error:
            raise TransientError(f"the server broke off: {self.without_key(partial.error)[:300]}")
        if not partial.finish:
            raise TransientError("the answer broke off")

    @cached_property
    def _client(self) -> httpx.Client:
        import httpx

        headers = {"User-Agent": f"briefing/{__version__}"}
        if self._options.key:
            headers["Authorization"] = f"Bearer {self._options.key}"
        try:
            return httpx.Client(
                headers=headers,
                timeout=httpx.Timeout(self._options.patience, connect=10.0, pool=None),
                limits=httpx.Limits(max_connections=self._slots + 1, max_keepalive_connections=self._slots + 1),
            )
        except (ValueError, ImportError, OSError) as error:
            raise EngineError(
                self._address, f"the key, proxy or certificate settings cannot be used ({_brief(error)})"
            ) from None

    def _refuse(self, status: int, headers: Any, body: str, *, listing: bool = False) -> None:
        """Raise for an error response: `EngineError`, `TransientError` or `RefusedError`."""
        if status in {401, 403}:
            remedy = "Set BRIEFING_API_KEY, or put it into the keyring" if not self._options.key else "Check the key"
            raise EngineError(self._address, f"the server refuses the key (HTTP {status})", remedy)
        refusal = read_refusal(self.without_key(body))
        message = refusal.brief
        if status == 402 or (status == 429 and refusal.code in _KNOWN_QUOTA):
            raise EngineError(
                self._address, f"the account has no credit left ({message or f'HTTP {status}'})", "Top it up"
            )
        if status in {408, 429} or status >= 500:
            cause = f"the server is {'busy' if status in {408, 429} else 'in trouble'} (HTTP {status})"
            loading = status == 503 and "loading" in message.casefold()
            raise TransientError(cause, retry_after(headers.get("retry-after"), time.time()), loading=loading)
        if listing or status < 400:
            return
        if status == 404 or _NO_MODEL.search(refusal.code) or _NO_MODEL.search(message):
            remedy = "Check --model, and that --base-url ends as the server wants it (often in /v1)"
            raise EngineError(
                f"model {self._model}", f"the server does not find it ({message or f'HTTP {status}'})", remedy
            )
        raise RefusedError(f"the server refuses the prompt (HTTP {status}{': ' if message else ''}{message})", refusal)

    def _timely(self, chunks: Iterator[bytes], deadline: float, cancelled: threading.Event) -> Iterator[bytes]:
        """`chunks`, until the deadline or cancellation."""
        for chunk in chunks:
            if cancelled.is_set():
                raise TransientError("it was cancelled")
            if time.monotonic() > deadline:
                raise TransientError(f"the answer took over {self._options.patience:g} seconds")
            yield chunk


def _add_whole(partial: PartialAnswer, body: bytes) -> None:
    """Add an answer without the content type of a stream, which some proxies drop."""
    if body.lstrip()[:1] in {b"d", b":", b"e"}:
        for event in events(iter([body])):
            partial.add(event)
    else:
        partial.add(body, whole=True)


def _reason(error: httpx.HTTPError) -> str:
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return "the server does not answer"
    if isinstance(error, httpx.ConnectError):
        return f"no connection to the server ({_brief(error)})"
    return f"the connection broke off ({_brief(error)})"


def _brief(error: Exception) -> str:
    return reason_of(error)[:200]
