"""Mailboxes on a disk: the messages of an mbox file and of a Maildir, their heads first, one at a time.

Nothing is ever changed, locked, moved or marked as read; that is why the standard library's `mailbox` is not used. What
a message says is `briefing.extract`'s business; here only as much of its head is read as decides whether to open it.

mbox: RFC 4155 and the variants that Dovecot, Thunderbird and Python write. Maildir: https://cr.yp.to/proto/maildir.html.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO

from briefing.dates import exact_time
from briefing.errors import SourceError
from briefing.sanitise import shown_name, shown_title
from briefing.sources.decoding import tidy

__all__ = ["MailHead", "Message", "is_maildir", "is_mbox", "list_maildir", "list_mbox", "read_head"]

MOST_BYTES = 10_000_000
"""Of one message, as of a file."""
_LONGEST_HEAD = 65_536
"""Bytes of a head that are looked at; what stands behind them does not decide whether a message is read."""
_LONGEST_VALUE = 2000
"""Bytes of one header."""
_LONGEST_LINE = 65_536
_FIRST_YEAR = 1990
"""No earlier date of a mail is anything but a clock that was never set; as in feeds."""
_SLACK = timedelta(days=1)
"""How far ahead of now a date may lie; as in feeds."""

# A line that begins a message: with a time and a year in it. Thunderbird also writes it bare. In a body, programs put
# `>` before it; where one did not, the header behind it has to tell it from a sentence that begins with "From".
_SEPARATOR = re.compile(rb"From .{0,400}?\d{1,2}:\d\d.{0,60}?\d{4}\b")
_BARE = re.compile(rb"From -?\s*$")
_HEADER = re.compile(rb"(?:>?From |[!-9;-~]{1,100}:)")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_DELIVERED = re.compile(rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z][a-z] .*")
_MAILDIR_FLAGS = re.compile(r"[:;!]2,([A-Za-z]*)$")
_MOZILLA_DELETED = 0x0008


@dataclass(frozen=True, slots=True, kw_only=True)
class MailHead:
    """What a message's head says of it, as far as that can be read."""

    title: str
    """The subject, decoded, `outside.shown_title`; may be empty."""
    sender: str
    """The name behind ``From``, else its address, `outside.shown_name`; may be empty."""
    raw: tuple[str, str]
    """Sender and subject before they were cleaned and cut: what tells one message from another."""
    sent: datetime | None
    """UTC: its ``Date``, else when it was delivered; None where neither is told or possible."""
    deleted: bool = False
    """Whether a mail program has marked it as deleted and has yet to remove it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a mailbox on a disk; its body has not been read."""

    head: MailHead
    path: Path
    """The mbox file, or the message's own in a Maildir."""
    start: int = 0
    """Offset in bytes of its head in the file."""
    size: int
    """Bytes, head and body."""
    escaped: bool = False
    """Whether lines of its body that begin with ``From`` have a ``>`` before them."""

    def read(self) -> bytes:
        """The whole message, as it was sent.

        Raises `SourceError` where it is too large or no longer there, OSError where it cannot be read.
        """
        if self.size > MOST_BYTES:
            cause = f"it is too large: {self.size / 1e6:.0f} MB, the limit is {MOST_BYTES / 1e6:.0f} MB"
            raise SourceError(str(self.path), cause, "Save its text as a file")
        with _opened(self._place()) as file:
            file.seek(self.start)
            body = file.read(self.size)
        if len(body) < self.size or read_head(body).raw != self.head.raw:
            raise SourceError(str(self.path), "the mailbox was rewritten while it was read", "Run again")
        return _ESCAPED.sub(rb"\1", body) if self.escaped else body

    def _place(self) -> Path:
        """The file, also where a mail program has since moved it from ``new`` to ``cur`` or changed its flags."""
        if self.escaped or self.path.exists():
            return self.path
        unique, folder = _MAILDIR_FLAGS.sub("", self.path.name), self.path.parent.parent / "cur"
        moved = [name for name in os.listdir(folder) if _MAILDIR_FLAGS.sub("", name) == unique]  # noqa: PTH208
        return folder / moved[0] if moved else self.path


def is_mbox(start: bytes) -> bool:
    """Whether a file that begins with these bytes is an mbox."""
    first, _, rest = start.lstrip(b"\r\n").partition(b"\n")
    return bool((_SEPARATOR.match(first) or _BARE.match(first)) and _HEADER.match(rest))


def is_maildir(path: Path) -> bool:
    """Whether a folder is a Maildir: it has the folders ``cur``, ``new`` and ``tmp``."""
    return all((path / name).is_dir() for name in ("cur", "new", "tmp"))


def list_mbox(path: Path, *, now: datetime | None = None) -> Iterator[Message]:
    """The messages of an mbox file in its own order; bodies are passed over, never held.

    A folder of the name that Apple's Mail exports (``x.mbox/mbox``) is read like its file. Messages marked as deleted
    are left out. `now` is UTC; a date more than a day later is none.

    Raises:
        SourceError: it is no mbox file.
        OSError: it cannot be read.
    """
    file_path = path / "mbox" if path.is_dir() else path
    with _opened(file_path) as file:
        first = file.read(_LONGEST_LINE)
        if not first.strip():
            return
        if not is_mbox(first):
            raise SourceError(str(path), "it is no mbox file: no message begins in its first line", "Check the path")
        file.seek(0)
        for separator, head, start, end in _split(file):
            found = read_head(head, delivered=_delivered(separator), now=now)
            if not found.deleted:
                yield Message(head=found, path=file_path, start=start, size=end - start, escaped=True)


def list_maildir(path: Path, *, now: datetime | None = None) -> Iterator[Message]:
    """The messages in a Maildir's ``cur`` and ``new``, by file name; trashed ones and drafts are left out.

    Folders inside it (``.Archive``) are mailboxes of their own. `now` as in `list_mbox`. Raises OSError where the
    folder cannot be read; a message that vanishes meanwhile is none.
    """
    names = [
        (entry.name, Path(entry.path))
        for folder in ("cur", "new")
        for entry in os.scandir(path / folder)
        # A link is no message: it may lead out of the mailbox.
        if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False)
    ]
    for name, file_path in sorted(names):
        flags = _MAILDIR_FLAGS.search(name)
        if flags and set(flags[1]) & {"T", "D"}:
            continue
        with suppress(FileNotFoundError), _opened(file_path) as file:
            size = os.fstat(file.fileno()).st_size
            seconds = re.match(r"\d{9,10}(?=\.)", name)
            delivered = datetime.fromtimestamp(int(seconds[0]), UTC) if seconds else None
            head = read_head(file.read(_LONGEST_HEAD), delivered=delivered, now=now)
            yield Message(head=head, path=file_path, size=size)


def read_head(raw: bytes, *, delivered: datetime | None = None, now: datetime | None = None) -> MailHead:
    """What the bytes of a head say, those of a body behind them left alone. Raises nothing, however broken they are.

    Args:
        raw: the head; at most its first 64 KiB are looked at.
        delivered: UTC; stands in for a ``Date`` that is absent or impossible.
        now: UTC; dates more than a day later are impossible, as are those before 1990.
    """
    head = re.split(rb"\r?\n\r?\n", raw[:_LONGEST_HEAD], maxsplit=1)[0]
    values: dict[bytes, bytes] = {}
    for line in _FOLD.sub(b" ", head).splitlines():
        key, colon, value = line.partition(b":")
        if colon and key.lower() in {b"subject", b"from", b"date", b"x-mozilla-status"}:
            values.setdefault(key.lower(), value.strip()[:_LONGEST_VALUE])
    name = address = ""
    with suppress(RecursionError):  # the standard library's, over brackets in brackets
        name, address = parseaddr(_text(values.get(b"from", b"")))
    status = values.get(b"x-mozilla-status", b"")
    possible = (moment for moment in (_moment(_text(values.get(b"date", b""))), delivered) if _is_possible(moment, now))
    subject, sender = _words(_text(values.get(b"subject", b""))), _words(name) or tidy(address)
    return MailHead(
        title=shown_title(subject),
        sender=shown_name(sender),
        raw=(sender, subject),
        sent=next(possible, None),
        deleted=bool(re.fullmatch(rb"[0-9A-Fa-f]{4}", status) and int(status, 16) & _MOZILLA_DELETED),
    )


def _split(file: BinaryIO) -> Iterator[tuple[bytes, bytes, int, int]]:
    """Each message: the line before it, its head, where the head starts and where the message ends."""
    pending: tuple[int, bytes] | None = None
    separator, head, start = b"", bytearray(), -1
    offset = 0
    in_head, whole, blank = False, True, True
    while line := file.readline(_LONGEST_LINE):
        if pending is not None and _HEADER.match(line):
            if start >= 0:
                yield separator, bytes(head), start, pending[0]
            separator, head, start, in_head = pending[1], bytearray(), offset, True
        pending = None
        if whole and line.startswith(b"From ") and (_SEPARATOR.match(line) or (blank and _BARE.match(line))):
            pending = (offset, line)
        blank = whole and line in {b"\n", b"\r\n"}
        in_head = in_head and not blank
        if in_head and len(head) < _LONGEST_HEAD:
            head += line
        whole = line.endswith(b"\n")
        offset += len(line)
    if start >= 0:
        yield separator, bytes(head), start, offset


def _opened(path: Path) -> BinaryIO:
    """The file, read-only. Where the system allows it even the time of the last access stays: by it and the time of
    the last change, mail programs and shells tell whether there is new mail."""

    def quietly(name: str, flags: int) -> int:
        with suppress(PermissionError):  # not our own file
            return os.open(name, flags | getattr(os, "O_NOATIME", 0))
        return os.open(name, flags)

    return open(path, "rb", opener=quietly)


def _delivered(separator: bytes) -> datetime | None:
    found = _DELIVERED.search(separator)
    return _moment(found[0].decode("ascii", "replace")) if found else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text[:200])
        return exact_time(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _is_possible(moment: datetime | None, now: datetime | None) -> bool:
    return moment is not None and moment.year >= _FIRST_YEAR and (now is None or moment <= now + _SLACK)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def _words(text: str) -> str:
    """A header's text with its encoded words (RFC 2047) decoded; as it stands where they cannot be."""
    with suppress(HeaderParseError, LookupError, ValueError, AssertionError, RecursionError):
        text = str(make_header(decode_header(text))) or text
    return tidy(text)
