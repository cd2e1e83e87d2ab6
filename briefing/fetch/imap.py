"""One mailbox on a mail server, read-only: IMAP4rev1 (RFC 3501) by the standard library's imaplib.

EXAMINE and BODY.PEEK change no flag. TLS is always verified, and required but for loopback. Errors never repeat the
server's response to a login. After a truncated response the connection is closed and reopened, because the rest of the
message would be parsed as server responses (injection by the sender).
"""

from __future__ import annotations

import base64
import imaplib
import io
import logging
import math
import re
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from briefing.address import shown
from briefing.bounded_io import BoundedReader, TooSlowError
from briefing.errors import FetchError, UnreachableError, UntrustedError
from briefing.written_dates import mail_date

_log = logging.getLogger(__name__)

MOST_BYTES = 10_000_000
"""Of one message."""
_MOST_REOPENED = 5
"""Reconnects."""
_LONGEST_LINE = 1_000_000
"""Bytes, as in imaplib: a search may find hundreds of thousands of messages."""
_BATCH = 100
"""Messages whose headers are fetched in one command."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HEADER_ITEMS = "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT)])"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapLimits:
    """What one response of a server is given."""

    silence: float = 30.0
    """Seconds without data."""
    seconds: float = 120.0
    """Until it is complete."""
    size: int = 40_000_000
    """Bytes."""


_LIMITS = ImapLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapAddress:
    """A parsed imap(s) address."""

    host: str
    port: int
    user: str
    folder: str
    """Decoded; ``INBOX`` where the address has none."""
    tls: bool

    @property
    def shown(self) -> str:
        """Its name in messages."""
        return f"{self.user}@{self.host}/{self.folder}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteHead:
    """Attributes and headers of a message that is not fetched yet."""

    uid: int
    size: int
    """Bytes, headers and body."""
    head: bytes
    """Date, From and Subject."""
    delivered: datetime | None
    """INTERNALDATE, UTC."""


def parse_address(location: str) -> ImapAddress:
    """Parse ``imaps://user@host[:port]/folder``, percent-decoded.

    Raises `FetchError` for another address, one with a password, or one without TLS to another machine.
    """
    shape = "Write imaps://user@mail.example/INBOX"
    try:
        parts = urlsplit(location)
        host, port = parts.hostname or "", parts.port
        user, folder = unquote(parts.username or "", errors="strict"), unquote(parts.path[1:], errors="strict")
    except ValueError as error:
        raise FetchError("IMAP", "the address of the mailbox cannot be read", shape) from error
    tls = parts.scheme == "imaps"
    if parts.password is not None or ":" in user:  # also an encoded colon
        raise FetchError(f"imap mailbox at {host}", "a password does not belong into an address", shape)
    if parts.scheme not in {"imap", "imaps"} or not host or not user:
        raise FetchError(shown(location), "it is no address of a mailbox", shape)
    if re.search(r"[\x00-\x1f\x7f]", user + folder):
        raise FetchError(f"imap mailbox at {host}", "its address has control characters in it", shape)
    if not tls and host not in _LOOPBACK:
        raise FetchError(shown(location), "the password would cross the network unencrypted", "Use imaps://")
    return ImapAddress(host=host, port=port or (993 if tls else 143), user=user, folder=folder or "INBOX", tls=tls)


class ImapMailbox:
    """An open mailbox. All methods raise `FetchError` when the server cannot be used or disconnects."""

    def __init__(
        self,
        address: ImapAddress,
        password: str,
        *,
        context: ssl.SSLContext | None = None,
        within: float = math.inf,
        limits: ImapLimits = _LIMITS,
    ) -> None:
        """Connect, log in, EXAMINE. `context`: for certificates other than the system's; `within`: seconds in total."""
        self.address = address
        self._password, self._context, self._limits = password, context, limits
        self._server: imaplib.IMAP4
        self._until = time.monotonic() + within
        self._broken, self._reopened = True, 0
        self.identity = self._opened()
        """Mailbox and UIDVALIDITY (RFC 3501, 2.3.1.1), the scope of UIDs; empty without UIDVALIDITY."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """LOGOUT; nothing is expunged."""
        if self._broken:
            return
        try:
            self._server.logout()
        except (imaplib.IMAP4.error, OSError):
            self._break_off()
        self._broken = True

    def search(self, oldest: datetime | None) -> list[int]:
        """UIDs, ascending, of messages delivered since `oldest` (UTC), or of all; some may be older by days.

        The server compares days in its own zone, so the search begins a day earlier; the caller filters by time.
        """
        wanted = ["ALL"]
        if oldest is not None:
            day = (oldest - timedelta(days=1)).date()
            wanted = ["SINCE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year:04}"]
        with self._explained("it cannot be searched"):
            status, data = self._server.uid("SEARCH", *wanted)
        self._check(status, data, "it cannot be searched")
        numbers = b" ".join(part for part in data if isinstance(part, bytes)).split()
        return sorted({int(number) for number in numbers if re.fullmatch(rb"\d{1,10}", number)})

    def heads(self, uids: Sequence[int]) -> Iterator[RemoteHead]:
        """The headers of those messages that still exist."""
        for start in range(0, len(uids), _BATCH):
            batch = uids[start : start + _BATCH]
            for attributes, head in self._fetch(",".join(map(str, batch)), _HEADER_ITEMS):
                uid, size = _number(rb"\bUID (\d+)", attributes), _number(rb"\bRFC822\.SIZE (\d+)", attributes)
                if uid in batch:
                    yield RemoteHead(uid=uid, size=size, head=head, delivered=_delivered(attributes))

    def message(self, uid: int, size: int = 0) -> bytes:
        """The whole message; `size` is from `heads`.

        Raises `FetchError` also where it is gone, too large, or so slow that a retry is pointless (`lasting`).
        """
        if size <= MOST_BYTES:
            for attributes, body in self._body(uid):
                if _number(rb"\bUID (\d+)", attributes) == uid and len(body) <= MOST_BYTES:
                    return body
                size = max(size, len(body))
        if size > MOST_BYTES:
            cause = f"the mail is too large: {size / 1e6:.0f} MB, the limit is {MOST_BYTES / 1e6:.0f} MB"
            error = FetchError(self.address.shown, cause, "Save its text as a file")
            error.lasting = True
            raise error
        raise FetchError(self.address.shown, "the mail is no longer there", "Run again")

    def _body(self, uid: int) -> list[tuple[bytes, bytes]]:
        if self._broken:
            self._reopen()
        had_time = self._until - time.monotonic() >= self._limits.seconds
        try:
            return list(self._fetch(str(uid), f"(UID BODY.PEEK[]<0.{MOST_BYTES + 1}>)"))
        except FetchError as error:
            error.lasting = had_time and isinstance(error.__cause__, TooSlowError)
            raise

    def _fetch(self, uids: str, wanted: str) -> Iterator[tuple[bytes, bytes]]:
        """Attributes and literal of each response; attributes may stand before and behind the literal."""
        with self._explained("its mails cannot be fetched"):
            status, data = self._server.uid("FETCH", uids, wanted)
        self._check(status, data, "its mails cannot be fetched")
        for index, part in enumerate(data):
            if isinstance(part, tuple):
                behind = data[index + 1] if index + 1 < len(data) else b""
                yield part[0] + b" " + (behind if isinstance(behind, bytes) else b""), part[1]
            elif isinstance(part, bytes) and re.match(rb"\d+ \(", part):
                yield part, b""  # empty: some servers send no literal

    def _opened(self) -> str:
        """Connect, log in, EXAMINE. Returns the identity."""
        address = self.address
        with self._explained("it cannot be reached", UnreachableError):
            left = self._until - time.monotonic()
            if address.tls:
                context = self._context or ssl.create_default_context()
                self._server = _BoundedTls(
                    address.host, address.port, ssl_context=context, timeout=left, limits=self._limits
                )
            else:
                self._server = _Bounded(address.host, address.port, timeout=left, limits=self._limits)
        self._broken = False
        try:
            self._log_in(self._password)
            validity = self._examine()
        except BaseException:
            self.close()
            raise
        mailbox = f"{address.user}@{address.host}:{address.port}/{address.folder}"
        _log.debug("%s: opened", address.shown)
        return f"{mailbox};UIDVALIDITY={validity}" if validity else ""

    def _reopen(self) -> None:
        """Reconnect, where the UIDs are still valid."""
        subject = self.address.shown
        if not self.identity:
            raise FetchError(subject, "the connection broke, and its mails have no lasting numbers", "Run again")
        if self._reopened >= _MOST_REOPENED:
            raise FetchError(subject, "the connection broke too often", "Try again later")
        self._reopened += 1
        if self._opened() != self.identity:
            self._break_off()
            raise FetchError(subject, "its mails were numbered anew meanwhile", "Run again")

    def _break_off(self) -> None:
        """Close the connection without LOGOUT: it is out of step."""
        if not self._broken:
            self._broken = True
            with suppress(OSError):
                self._server.shutdown()

    def _log_in(self, password: str) -> None:
        subject = self.address.shown
        if re.search(r"[\r\n\0\ud800-\udc7f\udd00-\udfff]", password):
            raise FetchError(subject, "the password holds a line end or half a character", "Check what gives it")
        try:
            if (self.address.user + password).isascii() and re.fullmatch(r"[^\s\"\\(){%*\]]+", self.address.user):
                self._server.login(self.address.user, password)
            else:  # imaplib does not quote these in LOGIN
                words = f"\0{self.address.user}\0{password}".encode("utf-8", "surrogateescape")
                self._server.authenticate("PLAIN", lambda _: words)
        except imaplib.IMAP4.abort:
            self._break_off()
            raise FetchError(subject, "the server broke off the login", "Try again later") from None
        except imaplib.IMAP4.error:
            # Not chained: a server may repeat the password.
            raise FetchError(subject, "the server refuses the login", "Check user and password") from None
        except OSError as error:
            self._break_off()
            raise FetchError(subject, f"the connection broke ({error})", "Try again later") from error

    def _examine(self) -> int:
        """Open the folder read-only. Returns its UIDVALIDITY, or 0."""
        quoted = '"' + _modified_utf7(self.address.folder).replace("\\", "\\\\").replace('"', '\\"') + '"'
        trouble = "the folder cannot be opened"
        with self._explained(trouble):
            status, data = self._server.select(quoted, readonly=True)
            validity = self._server.response("UIDVALIDITY")[1]
        self._check(status, data, trouble)
        number = validity[-1] if validity else None
        return int(number) if isinstance(number, bytes) and re.fullmatch(rb"\d{1,10}", number) else 0

    def _check(self, status: str, data: Sequence[Any], trouble: str) -> None:
        if status != "OK":
            raise FetchError(self.address.shown, f"{trouble}: {_words(data)}", "Check the address")

    @contextmanager
    def _explained(self, trouble: str, kind: type[FetchError] = FetchError) -> Iterator[None]:
        subject = self.address.shown
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            cause = f"its certificate cannot be verified ({error.verify_message})"
            raise UntrustedError(subject, cause, "Nothing was sent to it; ask whoever runs the server") from error
        except (imaplib.IMAP4.error, OSError, UnicodeError) as error:
            if isinstance(error, imaplib.IMAP4.abort) or not isinstance(error, imaplib.IMAP4.error):
                self._break_off()
            raise kind(subject, f"{trouble} ({_words(error.args)})", "Try again later") from error


class _Bounded(imaplib.IMAP4):
    """`imaplib.IMAP4` with limits of time and size on each response."""

    def __init__(self, *given: Any, limits: ImapLimits, **named: Any) -> None:
        self._limits = limits  # imaplib opens the connection at once
        super().__init__(*given, **named)

    def open(self, host: str = "", port: int | None = None, timeout: float | None = None) -> None:
        """Connect; `timeout`: seconds for the whole connection."""
        within = math.inf if timeout is None else max(0.1, timeout)
        self._until = time.monotonic() + within
        limits = self._limits
        super().open(host, port or 143, min(within, limits.silence))
        self._answers = BoundedReader(
            self.sock.makefile("rb", buffering=0), self.sock.settimeout,
            silence=limits.silence, seconds=min(within, limits.seconds), most=limits.size, clock=time.monotonic,
        )  # fmt: skip
        self._buffered = io.BufferedReader(self._answers)

    def send(self, data: Any) -> None:
        """Send a command and reset the limits for its response."""
        self._answers.begin(min(self._limits.seconds, self._until - time.monotonic()))
        super().send(data)

    def read(self, size: int) -> bytes:
        """The bytes of a literal, of the announced `size`."""
        if size > self._limits.size:  # it would be allocated at once
            raise self.abort(f"its answer is longer than {self._limits.size / 1e6:g} MB")
        return self._buffered.read(size)

    def readline(self) -> bytes:
        """A line, of at most `_LONGEST_LINE`."""
        line = self._buffered.readline(_LONGEST_LINE + 1)
        if len(line) > _LONGEST_LINE:
            raise self.abort("a line of its answer has no end")
        return line

    def shutdown(self) -> None:
        """Close the connection."""
        self._buffered.close()
        super().shutdown()


class _BoundedTls(_Bounded, imaplib.IMAP4_SSL):
    """The same over TLS."""


def _words(parts: Sequence[Any]) -> str:
    """A message of the server or the system as a short line."""
    texts = [
        part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part) for part in parts if part is not None
    ]
    return re.sub(r"[^\w .,:;'()\[\]/-]+", " ", " ".join(texts))[:200].strip()


def _number(pattern: bytes, attributes: bytes) -> int:
    found = re.search(pattern, attributes)
    return int(found[1][:18]) if found else 0


def _delivered(attributes: bytes) -> datetime | None:
    found = re.search(rb'INTERNALDATE "([^"]{1,40})"', attributes)
    return mail_date(found[1].decode("ascii", "replace").strip().replace("-", " ", 2)) if found else None


def _modified_utf7(name: str) -> str:
    """A folder's name in modified UTF-7 (RFC 3501, 5.1.3)."""

    def shifted(match: re.Match[str]) -> str:
        return "&" + base64.b64encode(match[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"

    return re.sub(r"[^\x20-\x7e]+", shifted, name.replace("&", "&-"))
