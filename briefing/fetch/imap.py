"""One mailbox on a mail server, read-only: IMAP4rev1 (RFC 3501) by the standard library's imaplib.

It is opened with EXAMINE and messages are fetched with BODY.PEEK, so that the server changes no flag. TLS is always
verified; without TLS nothing but this machine is spoken to. No error of ours repeats what the server says to a login.

A connection on which an answer broke off is closed: what is left of a message would be read as the next answers, and
whoever wrote the message would speak for the server. Another one is opened for the next message.
"""

from __future__ import annotations

import base64
import imaplib
import io
import math
import re
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from briefing.address import shown
from briefing.bounded_io import BoundedReader, TooSlowError
from briefing.dates import mail_date
from briefing.errors import FetchError, UnreachableError, UntrustedError

__all__ = ["ImapAddress", "ImapMailbox", "RemoteHead", "parse_address"]

MOST_BYTES = 10_000_000
"""Of one message, as of a page."""
_SECONDS = 30.0
"""Without a word from the server."""
_WHOLE = 120.0
"""Until an answer is complete, where the server never is silent for so long."""
_MOST_REOPENED = 5
"""Times that a mailbox is opened anew after its connection broke."""
_MOST_ANSWER = 40_000_000
"""Bytes."""
_LONGEST_LINE = 1_000_000
"""Bytes; as imaplib has it: a search may find hundreds of thousands of messages."""
_AT_ONCE = 100
"""Heads asked for in one command."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WANTED_HEADS = "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT)])"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapAddress:
    """Where a mailbox is."""

    host: str
    port: int
    user: str
    folder: str
    """Its name on the server, decoded; ``INBOX`` where the address gives none."""
    tls: bool

    @property
    def shown(self) -> str:
        """What a message to the reader calls it."""
        return f"{self.user}@{self.host}/{self.folder}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteHead:
    """What the server says of a message before it is fetched."""

    uid: int
    size: int
    """Bytes, head and body."""
    head: bytes
    """The headers Date, From and Subject."""
    delivered: datetime | None
    """UTC."""


def parse_address(location: str) -> ImapAddress:
    """``imaps://user@host[:port]/folder`` taken apart; ``%40`` and the like are decoded.

    Raises `FetchError` where it is no such address, holds a password, or would send one over a network without TLS.
    """
    shape = "Write imaps://user@mail.example/INBOX"
    try:
        parts = urlsplit(location)
        host, port = parts.hostname or "", parts.port
        user, folder = unquote(parts.username or "", errors="strict"), unquote(parts.path[1:], errors="strict")
    except ValueError as error:
        raise FetchError("IMAP", "the address of the mailbox cannot be read", shape) from error
    tls = parts.scheme == "imaps"
    if parts.password is not None or ":" in user:  # an encoded colon parts them all the same
        raise FetchError(f"imap mailbox at {host}", "a password does not belong into an address", shape)
    if parts.scheme not in {"imap", "imaps"} or not host or not user:
        raise FetchError(shown(location), "it is no address of a mailbox", shape)
    if re.search(r"[\x00-\x1f\x7f]", user + folder):
        raise FetchError(f"imap mailbox at {host}", "its address has control characters in it", shape)
    if not tls and host not in _LOOPBACK:
        raise FetchError(shown(location), "the password would cross the network unencrypted", "Use imaps://")
    return ImapAddress(host=host, port=port or (993 if tls else 143), user=user, folder=folder or "INBOX", tls=tls)


class ImapMailbox:
    """An open mailbox. Everything raises `FetchError` when the server cannot be used or breaks off."""

    def __init__(
        self, address: ImapAddress, password: str, *, context: ssl.SSLContext | None = None, within: float = math.inf
    ) -> None:
        """Connect, log in, open. `context` replaces the system's certificates, never the verification.

        `within`: seconds from now on in which all that is asked of the server has to be there.
        """
        self.address = address
        self._password, self._context = password, context
        self._until = time.monotonic() + within
        self._broken, self._reopened = True, 0
        self.identity = self._opened()
        """What a UID belongs to; another one where the server has numbered its messages anew (RFC 3501, 2.3.1.1).
        Empty where the server promises nothing of its numbers."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take leave. Nothing is expunged: the mailbox is read-only."""
        if self._broken:
            return
        try:
            self._server.logout()
        except (imaplib.IMAP4.error, OSError):
            self._break_off()
        self._broken = True

    def search(self, oldest: datetime | None) -> list[int]:
        """UIDs in ascending order of what was delivered since `oldest` (UTC), or of all; some may be older by days.

        The server compares days of its own zone, so a whole day more is asked for; the caller looks at the times.
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
        """What the server says of those messages that are still there."""
        for start in range(0, len(uids), _AT_ONCE):
            batch = uids[start : start + _AT_ONCE]
            for attributes, head in self._fetch(",".join(map(str, batch)), _WANTED_HEADS):
                uid, size = _number(rb"\bUID (\d+)", attributes), _number(rb"\bRFC822\.SIZE (\d+)", attributes)
                if uid in batch:
                    yield RemoteHead(uid=uid, size=size, head=head, delivered=_delivered(attributes))

    def message(self, uid: int, size: int = 0) -> bytes:
        """The whole message; `size` is what `heads` said.

        Raises `FetchError` also where it is gone or too large, or takes so long that it would another day (`lasting`).
        """
        # The server is asked for no more than that, whatever it said of the size.
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
        had_time = self._until - time.monotonic() >= _WHOLE
        try:
            return list(self._fetch(str(uid), f"(UID BODY.PEEK[]<0.{MOST_BYTES + 1}>)"))
        except FetchError as error:
            error.lasting = had_time and isinstance(error.__cause__, TooSlowError)
            raise

    def _fetch(self, uids: str, wanted: str) -> Iterator[tuple[bytes, bytes]]:
        """Attributes and literal of each answer. The attributes may stand before and behind the literal."""
        with self._explained("its mails cannot be fetched"):
            status, data = self._server.uid("FETCH", uids, wanted)
        self._check(status, data, "its mails cannot be fetched")
        for place, part in enumerate(data):
            if isinstance(part, tuple):
                behind = data[place + 1] if place + 1 < len(data) else b""
                yield part[0] + b" " + (behind if isinstance(behind, bytes) else b""), part[1]
            elif isinstance(part, bytes) and re.match(rb"\d+ \(", part):
                yield part, b""  # nothing in it: a server may say so without a literal

    def _opened(self) -> str:
        """Connect, log in, open; the mailbox's identity."""
        address = self.address
        with self._explained("it cannot be reached", UnreachableError):
            self._server = _connect(address, self._context, self._until - time.monotonic())
        self._broken = False
        try:
            self._log_in(self._password)
            validity = self._examine()
        except BaseException:
            self.close()
            raise
        place = f"{address.user}@{address.host}:{address.port}/{address.folder}"
        return f"{place};UIDVALIDITY={validity}" if validity else ""

    def _reopen(self) -> None:
        """Go on after the connection broke, where the numbers of the messages still are what they were."""
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
        """Close the connection without a word: what comes on it is no answer to what is asked."""
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
            else:  # LOGIN as imaplib sends it has room for neither
                words = f"\0{self.address.user}\0{password}".encode("utf-8", "surrogateescape")
                self._server.authenticate("PLAIN", lambda _: words)
        except imaplib.IMAP4.abort:
            self._break_off()
            raise FetchError(subject, "the server broke off the login", "Try again later") from None
        except imaplib.IMAP4.error:
            # Not chained: a server may repeat what was sent.
            raise FetchError(subject, "the server refuses the login", "Check user and password") from None
        except OSError as error:
            self._break_off()
            raise FetchError(subject, f"the connection broke ({error})", "Try again later") from error

    def _examine(self) -> int:
        """Open the folder without a right to change it; the number of its numbering, 0 where the server gives none."""
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
    """Each answer in time and in bounds, however the server doles it out."""

    def open(self, host: str = "", port: int | None = None, timeout: float | None = None) -> None:
        """Connect; `timeout`: seconds for all that is asked on this connection."""
        within = math.inf if timeout is None else max(0.1, timeout)
        self._until = time.monotonic() + within
        super().open(host, port or 143, min(within, _SECONDS))
        self._answers = BoundedReader(
            self.sock.makefile("rb", buffering=0), self.sock.settimeout,
            silence=_SECONDS, seconds=min(within, _WHOLE), most=_MOST_ANSWER, clock=time.monotonic,
        )  # fmt: skip
        self._buffered = io.BufferedReader(self._answers)

    def send(self, data: Any) -> None:
        """Send a command, to which the next answer belongs."""
        self._answers.begin(min(_WHOLE, self._until - time.monotonic()))
        super().send(data)

    def read(self, size: int) -> bytes:
        """The bytes of a literal; `size` is what the server says."""
        if size > _MOST_ANSWER:  # as much memory would be taken at once
            raise self.abort(f"its answer is longer than {_MOST_ANSWER / 1e6:g} MB")
        return self._buffered.read(size)

    def readline(self) -> bytes:
        """A line, ended or not."""
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


def _connect(address: ImapAddress, context: ssl.SSLContext | None, within: float) -> imaplib.IMAP4:
    if not address.tls:
        return _Bounded(address.host, address.port, timeout=within)
    verified = context or ssl.create_default_context()
    return _BoundedTls(address.host, address.port, ssl_context=verified, timeout=within)


def _words(said: Sequence[Any]) -> str:
    """What the server or the system says, as a short line."""
    texts = [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in said if one is not None]
    return re.sub(r"[^\w .,:;'()\[\]/-]+", " ", " ".join(texts))[:200].strip()


def _number(pattern: bytes, attributes: bytes) -> int:
    found = re.search(pattern, attributes)
    return int(found[1][:18]) if found else 0


def _delivered(attributes: bytes) -> datetime | None:
    found = re.search(rb'INTERNALDATE "([^"]{1,40})"', attributes)
    return mail_date(found[1].decode("ascii", "replace").strip().replace("-", " ", 2)) if found else None


def _modified_utf7(name: str) -> str:
    """A folder's name as RFC 3501, section 5.1.3, wants it."""

    def shifted(match: re.Match[str]) -> str:
        return "&" + base64.b64encode(match[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"

    return re.sub(r"[^\x20-\x7e]+", shifted, name.replace("&", "&-"))
