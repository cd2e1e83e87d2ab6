"""A mail server that breaks off, lies, dawdles or says no, for whatever reads mailboxes.

::

    with Imap({7: (message, delivered)}) as imap:
        imap.says("EXAMINE", "NO it is closed today")
        imap.lies_about_literal(announces=10**12)
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Self

from briefing.testing.imap_server import ImapServer, _Handler

__all__ = ["Imap"]

_Fault = Callable[["_Faulty"], str]


class Imap(ImapServer):
    """See the module; a command is named as in `ImapServer.commands`."""

    def __enter__(self) -> Self:
        self.faults: dict[str, _Fault] = {}
        self.closing = threading.Event()
        self.greeting = b"* OK ready"
        self.slow: dict[int, float] = {}
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        self.closing.set()
        super().__exit__(*error)

    def _handler(self) -> type[_Handler]:
        return _Faulty

    def greets_with(self, said: bytes) -> None:
        """Says that instead of its greeting."""
        self.greeting = said

    def drops_at(self, command: str) -> None:
        """Hangs up at a command without a word."""
        self.breaks_at = command

    def says(self, command: str, status: str) -> None:
        """Ends a command with a status of its own, such as ``NO not now`` or ``BAD what?``."""
        self.faults[command] = lambda _: status

    def hangs_at(self, command: str) -> None:
        """Takes a command and is silent."""
        self._pours(command, lambda: iter(()))

    def drips_at(self, command: str, *, every: float = 0.02) -> None:
        """Answers a command with one byte each `every` seconds, without end."""

        def bytes_() -> Iterator[bytes]:
            while not self.closing.wait(every):
                yield b"x"

        self._pours(command, bytes_)

    def drips_message(self, uid: int, *, every: float = 0.05) -> None:
        """Sends that message, whenever it is asked for it, with so many seconds between two lines of it."""
        self.slow[uid] = every

    def talks_without_end_at(self, command: str, line: bytes = b"* OK and another thing\r\n") -> None:
        """Answers a command with the same line for ever, as fast as it is taken."""

        def lines() -> Iterator[bytes]:
            while not self.closing.is_set():
                yield line * 10_000

        self._pours(command, lines)

    def lies_about_literal(self, *, announces: int, sends: bytes = b"Subject: x\r\n\r\n") -> None:
        """Answers a fetch with a literal that is longer or shorter than it says."""
        head = b"* 1 FETCH (UID 9 BODY[HEADER.FIELDS (DATE FROM SUBJECT)] {%d}\r\n" % announces
        self._pours("UID FETCH", lambda: iter([head + sends + b")\r\n"]), hangs_up=True)

    def _pours(self, command: str, parts: Callable[[], Iterator[bytes]], *, hangs_up: bool = False) -> None:
        def fault(handler: _Faulty) -> str:
            with contextlib.suppress(OSError):
                for part in parts():
                    handler.wfile.write(part)
                if not hangs_up:
                    self.closing.wait()
            raise ConnectionError("enough")

        self.faults[command] = fault


class _Faulty(_Handler):
    def _say(self, line: str) -> None:
        owner = self.server.owner
        assert isinstance(owner, Imap)
        self.wfile.write(owner.greeting + b"\r\n" if line == "* OK ready" else line.encode() + b"\r\n")

    def _answer(self, name: str, rest: str) -> str:
        owner = self.server.owner
        assert isinstance(owner, Imap)
        return owner.faults[name](self) if name in owner.faults else super()._answer(name, rest)

    def _fetch(self, uid: int, rest: str) -> None:
        owner = self.server.owner
        assert isinstance(owner, Imap)
        if uid not in owner.slow or "HEADER.FIELDS" in rest:
            super()._fetch(uid, rest)
            return
        owner.fetched.append(uid)
        message, _ = owner.messages[uid]
        self._say(f"* {uid} FETCH (UID {uid} BODY[]<0> {{{len(message)}}}")
        for line in [*message.splitlines(keepends=True), b")\r\n"]:
            owner.closing.wait(owner.slow[uid])
            self.wfile.write(line)
