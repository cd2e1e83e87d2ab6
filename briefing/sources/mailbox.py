"""mbox files and Maildirs, read-only: iterates over the headers of messages, and reads bodies on demand.

Nothing is changed, locked, moved or marked as read, which rules out the standard library's `mailbox`. Bodies are parsed
by `briefing.extract`. mbox: RFC 4155 and the variants of Dovecot, Thunderbird and Python. Maildir:
https://cr.yp.to/proto/maildir.html.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from briefing.dates import is_plausible
from briefing.encodings import charset_of
from briefing.errors import SourceError
from briefing.mail_headers import header_text, raw_header, sender_of
from briefing.sanitise import shown_name, shown_title
from briefing.sources.decoding import collapse_spaces
from briefing.written_dates import mail_date

MOST_BYTES = 10_000_000
"""Of one message, as of a file."""
_LONGEST_HEAD = 65_536
"""Bytes of the headers that are read."""
_LONGEST_VALUE = 2000
"""Bytes of one header."""
_LONGEST_LINE = 65_536

# The line that begins a message has a time and a year; Thunderbird also writes it bare. In a body it is escaped by `>`;
# where it is not, the header behind it tells it from a sentence that begins with "From".
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
    """The headers of a message, as far as they can be read."""

    title: str
    """The subject, decoded, `sanitise.shown_title`; may be empty."""
    sender: str
    """The name behind ``From``, else its address, `sanitise.shown_name`; may be empty."""
    raw: tuple[str, str]
    """Sender and subject before they were cleaned and truncated: identify the message."""
    sent: datetime | None
    """UTC: its ``Date``, else the time of delivery; None where neither is known or plausible."""
    deleted: bool = False
    """Marked as deleted by Mozilla, and not yet compacted away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a mailbox on disk; its body is read on demand."""

    head: MailHead
    path: Path
    """The mbox file, or the message's own file in a Maildir."""
    start: int = 0
    """Offset of its headers in the file, in bytes."""
    size: int
    """Bytes, headers and body."""
    escaped: bool = False
    """Whether lines of its body that begin with ``From`` are escaped by ``>`` (mboxrd)."""

    def read(self) -> bytes:
        """The whole message. Raises `SourceError` where it is too large or gone, OSError where it cannot be read."""
        if self.size > MOST_BYTES:
            cause = f"it is too large: {self.size / 1e6:.0f} MB, the limit is {MOST_BYTES / 1e6:.0f} MB"
            raise SourceError(str(self.path), cause, "Save its text as a file")
        with _open_quietly(self._current_path()) as file:
            file.seek(self.start)
            body = file.read(self.size)
        if len(body) < self.size or read_head(body).raw != self.head.raw:
            raise SourceError(str(self.path), "the mailbox was rewritten while it was read", "Run again")
        return _ESCAPED.sub(rb"\1", body) if self.escaped else body

    def _current_path(self) -> Path:
        """The file, also after a mail program moved it from ``new`` to ``cur`` or changed its flags."""
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
    """The messages of an mbox file in order, without those marked as deleted; bodies are skipped.

    A folder as Apple's Mail exports it (``x.mbox/mbox``) is read like its file. `now` is UTC (`dates.is_plausible`).
    Raises `SourceError` where it is no mbox file, OSError where it cannot be read.
    """
    file_path = path / "mbox" if path.is_dir() else path
    with _open_quietly(file_path) as file:
        first = file.read(_LONGEST_LINE)
        if not first.strip():
            return
        if not is_mbox(first):
            raise SourceError(str(path), "it is no mbox file: no message begins in its first line", "Check the path")
        file.seek(0)
        for separator, head, start, end in _split(file):
            timestamp = _DELIVERED.search(separator)
            delivered = mail_date(timestamp[0].decode("ascii", "replace")) if timestamp else None
            parsed = read_head(head, delivered=delivered, now=now)
            if not parsed.deleted:
                yield Message(head=parsed, path=file_path, start=start, size=end - start, escaped=True)


def list_maildir(path: Path, *, now: datetime | None = None) -> Iterator[Message]:
    """The messages in a Maildir's ``cur`` and ``new``, by file name, without trash, drafts and subfolders.

    `now` as in `list_mbox`. Raises OSError where the folder cannot be read; a message that vanishes is skipped.
    """
    names = [
        (entry.name, Path(entry.path))
        for folder in ("cur", "new")
        for entry in os.scandir(path / folder)
        # No links: one may lead out of the mailbox.
        if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False)
    ]
    for name, file_path in sorted(names):
        flags = _MAILDIR_FLAGS.search(name)
        if flags and set(flags[1]) & {"T", "D"}:
            continue
        with suppress(FileNotFoundError), _open_quietly(file_path) as file:
            size = os.fstat(file.fileno()).st_size
            seconds = re.match(r"\d{9,10}(?=\.)", name)
            delivered = datetime.fromtimestamp(int(seconds[0]), UTC) if seconds else None
            head = read_head(file.read(_LONGEST_HEAD), delivered=delivered, now=now)
            yield Message(head=head, path=file_path, size=size)


def read_head(raw: bytes, *, delivered: datetime | None = None, now: datetime | None = None) -> MailHead:
    """Parse the headers of a message, however broken; a body behind them is ignored.

    Args:
        raw: at most its first 64 KiB are read.
        delivered: UTC; replaces a ``Date`` that is absent or implausible.
        now: UTC, for `dates.is_plausible`.
    """
    head = re.split(rb"\r?\n\r?\n", raw[:_LONGEST_HEAD], maxsplit=1)[0]
    values: dict[bytes, bytes] = {}
    for line in _FOLD.sub(b" ", head).splitlines():
        key, colon, value = line.partition(b":")
        if colon and key.lower() in {b"subject", b"from", b"date", b"x-mozilla-status", b"content-type"}:
            values.setdefault(key.lower(), value.strip()[:_LONGEST_VALUE])
    label = charset_of(raw_header(values.get(b"content-type", b"")))
    name, address = sender_of(values.get(b"from", b""), label)
    status = values.get(b"x-mozilla-status", b"")
    sent = mail_date(raw_header(values.get(b"date", b"")))
    subject = collapse_spaces(header_text(values.get(b"subject", b""), label))
    sender = collapse_spaces(name) or collapse_spaces(address)
    return MailHead(
        title=shown_title(subject),
        sender=shown_name(sender),
        raw=(sender, subject),
        sent=next((moment for moment in (sent, delivered) if moment and is_plausible(moment, now)), None),
        deleted=bool(re.fullmatch(rb"[0-9A-Fa-f]{4}", status) and int(status, 16) & _MOZILLA_DELETED),
    )


def _split(file: BinaryIO) -> Iterator[tuple[bytes, bytes, int, int]]:
    """Each message: its separator line, its headers, their offset and the message's end."""
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


def _open_quietly(path: Path) -> BinaryIO:
    """Open read-only, with O_NOATIME where allowed: by access time, mail programs and shells tell new mail."""

    def quietly(name: str, flags: int) -> int:
        with suppress(PermissionError):  # not our own file
            return os.open(name, flags | getattr(os, "O_NOATIME", 0))
        return os.open(name, flags)

    return open(path, "rb", opener=quietly)
