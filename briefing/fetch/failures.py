"""Exceptions and status codes to `FetchError` with subject, cause and remedy; which of them are transient."""

from __future__ import annotations

import re
import ssl
from http import HTTPStatus

import httpcore

from briefing.bounded_io import BombError, CutOffError, TooLargeError
from briefing.errors import BlockedAddressError, FetchError, UnreachableError, UntrustedError, reason_of
from briefing.fetch.addresses import PrivateAddressError, UnknownHostError
from briefing.fetch.network import UnusableProxyError
from briefing.fetch.response import UnknownEncodingError

_RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
_PASSING_STATUSES = frozenset({408, 421, 425, 429})
"""Of the 4xx ones; the others say that the same request will fail again."""
_LATER = "Try again later"
_CUT_OFF = re.compile(r"^(?:peer closed|Server disconnected|peer unexpectedly closed)|ConnectionClosed")
"""What httpcore and h11 say of an answer that just ends; they quote the server in the others."""
_LOCAL = "If it is a source of your own, allow it: --allow-local, or allow_local = true with the source"
_LED_TO = "What a source links or redirects to may never be local; if it is your own, name its address as the source"


class RetryableError(Exception):
    """A transient failure."""

    def __init__(
        self, error: FetchError, *, pause: bool = False, wait: float | None = None, broken: bool = False
    ) -> None:
        self.error = error
        self.pause = pause
        """Whether the server asks for a pause."""
        self.wait = wait
        """Its length in seconds where the server names one (``Retry-After``)."""
        self.broken = broken
        """Whether it is an error of the server's own (HTTP 500, 503) without a pause asked for."""
        self.final = False
        """Whether there is no retry: the server is suspended, or about to be."""
        super().__init__(error, wait)

    def after(self, attempts: int) -> FetchError:
        """The error after `attempts` failed."""
        if attempts == 1:
            return self.error
        return self.because(f"{self.error.cause}, {attempts} times in a row")

    def because(self, cause: str) -> FetchError:
        """The error with another cause."""
        error = type(self.error)(self.error.subject, cause, self.error.remedy)
        error.status = self.error.status
        return error


def status_error(subject: str, status: int, wait: float | None) -> FetchError | RetryableError:
    """The error for a status that is no success; `wait`: seconds of its ``Retry-After``."""
    try:
        words = f" {HTTPStatus(status).phrase}"
    except ValueError:
        words = ""
    remedy = _LATER
    if status in (401, 403, 407, 451):
        remedy = "The site wants a login or turns programs away; open the address in a browser to see"
    elif status in (404, 410):
        remedy = "Check the address; the page may have moved or gone"
    elif status == 429:
        remedy = "The site asks for fewer requests; try again later"
    elif 400 <= status < 500:
        remedy = "Check the address"
    error = FetchError(subject, f"the server answered HTTP {status}{words}", remedy)
    error.lasting = 400 <= status < 500 and status not in _PASSING_STATUSES
    error.status = status
    if status not in _RETRIED_STATUSES:
        return error
    pause = status == HTTPStatus.TOO_MANY_REQUESTS or wait is not None
    return RetryableError(error, pause=pause, wait=wait, broken=not pause)


def network_error(subject: str, error: Exception, *, total: float | None) -> FetchError | RetryableError:
    """The error for an exception of httpcore; `total` in seconds where the deadline has passed."""
    if isinstance(error, PrivateAddressError):
        name = error.address if error.host == error.address else f"{error.host} leads to {error.address}, which"
        cause = f"{name} is not an address on the public internet"
        return BlockedAddressError(subject, cause, _LOCAL)
    if isinstance(error, UnusableProxyError):
        return FetchError(subject, str(error), "Name an http or https proxy in the environment, or none")
    if isinstance(error, httpcore.UnsupportedProtocol):
        return FetchError(subject, "only http and https addresses can be fetched", "Check the address")
    if total is not None:
        cause = f"it was not complete after {total:g} seconds"
        return FetchError(subject, cause, "The server is very slow; try again later")
    if isinstance(root := _root(error), ssl.SSLCertVerificationError):  # no second look changes it
        cause = f"its certificate is not valid ({root.verify_message})"
        return UntrustedError(subject, cause, "Check the address and this machine's clock")
    return RetryableError(_passing(subject, error))


def led_to(error: BlockedAddressError, cause: str = "") -> BlockedAddressError:
    """The error where a source links or, as `cause` may say, redirects to that address: no setting allows it."""
    return BlockedAddressError(error.subject, cause or error.cause, _LED_TO)


def _passing(subject: str, error: Exception) -> FetchError:
    reached = "Check the address and your connection"
    if isinstance(error, UnknownHostError):
        return UnreachableError(subject, f"no server is known by the name {error}", reached)
    if isinstance(error, httpcore.ConnectTimeout):
        return UnreachableError(subject, "the server did not accept a connection in time", _LATER)
    if isinstance(error, httpcore.TimeoutException):
        return FetchError(subject, "the server fell silent", _LATER)
    if isinstance(error, httpcore.ProxyError):
        cause = f"the proxy refused ({reason_of(error)})"
        return FetchError(subject, cause, "Check the proxy settings in the environment")
    root = _root(error)
    if isinstance(root, ssl.SSLError):
        cause = f"no secure connection could be made ({root.reason or 'TLS error'})"
        return UnreachableError(subject, cause, "Check whether the address should begin with http://")
    if isinstance(root, ConnectionRefusedError):
        return UnreachableError(subject, "the server refused the connection", reached)
    if isinstance(error, httpcore.ConnectError):
        return UnreachableError(subject, f"no connection could be made ({reason_of(root)})", reached)
    if isinstance(error, httpcore.LocalProtocolError):
        return FetchError(subject, f"the request could not be sent ({error})", "Check the address")
    if isinstance(error, httpcore.RemoteProtocolError) and not _CUT_OFF.search(str(error)):
        return FetchError(subject, "what it answers is not HTTP as it should be", "Check the address in a browser")
    return FetchError(subject, "the connection broke before the answer was complete", _LATER)


def _root(error: BaseException) -> BaseException:
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return error


def body_error(subject: str, error: Exception, limit: int) -> FetchError | RetryableError:
    """The error for a body that cannot be used; `limit` in bytes."""
    allowed = f"{limit / 1_000_000:g} MB"
    if isinstance(error, BombError):
        return FetchError(subject, f"a small compressed answer unfolds into more than {allowed} (a gzip bomb)", "")
    if isinstance(error, TooLargeError):
        return FetchError(
            subject, f"it is too large: more than {allowed}", "Only pages and feeds up to that size are read"
        )
    if isinstance(error, UnknownEncodingError):
        return FetchError(subject, f"its content encoding, {error}, was not asked for and is not understood", "")
    if isinstance(error, CutOffError):
        return RetryableError(FetchError(subject, f"the answer is damaged ({error})", _LATER))
    raise TypeError(error)
