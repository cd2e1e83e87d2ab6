"""A mail server that breaks off, refuses, dawdles or talks rubbish, for whatever sends letters.

::

    with Smtp() as smtp:
        smtp.drops_after_data()
        smtp.says("RCPT", "451 later", times=1)

Commands are EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA; ``CONNECT`` is the greeting and ``.`` the end of a letter.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

__all__ = ["Smtp"]

_Fault = Callable[["_Talk"], "str | None"]


class Smtp:
    """See the module. With `context` it offers STARTTLS, or with `tls` speaks TLS from the first byte."""

    def __init__(self, *, context: ssl.SSLContext | None = None, tls: bool = False) -> None:
        self.context, self.tls = context, tls
        self.got: list[tuple[str, bytes]] = []
        """Recipient and data of each letter that it kept."""
        self.in_the_clear = b""
        """What came over connections without TLS."""
        self.connections = 0
        self.faults: dict[str, list[tuple[int | None, _Fault]]] = {}
        self.closing = threading.Event()
        self.open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self.open:
            connection.close()

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return int(self._listener.getsockname()[1])

    @property
    def letters(self) -> Counter[str]:
        """How many letters each address has."""
        return Counter(address for address, _ in self.got)

    # What it can be told

    def says(self, command: str, reply: str, *, times: int | None = None) -> None:
        """Answers a command with that, `times` times or always."""
        self._add(command, lambda _: reply, times)

    def is_busy(self, *, times: int | None = None) -> None:
        """Says 421 to whoever calls, and hangs up."""

        def fault(talk: _Talk) -> None:
            talk.say("421 4.3.2 too busy, come back later")
            raise ConnectionError

        self._add("CONNECT", fault, times)

    def refuses_sender(self, reply: str = "550 5.7.1 not from you") -> None:
        """Takes nobody's letter."""
        self.says("MAIL", reply)

    def refuses(self, address: str, reply: str, *, times: int | None = None) -> None:
        """Answers RCPT for one address with that."""
        self._add(f"RCPT {address}", lambda _: reply, times)

    def drops_at(self, command: str, *, times: int | None = None) -> None:
        """Hangs up at a command without a word."""

        def fault(talk: _Talk) -> None:
            raise ConnectionError

        self._add(command, fault, times)

    def drops_within_data(self, *, times: int | None = None) -> None:
        """Hangs up after the first bytes of a letter."""

        def fault(talk: _Talk) -> None:
            talk.say("354 go on")
            talk.file.read(100)
            raise ConnectionError

        self._add("DATA", fault, times)

    def drops_after_data(self, *, kept: bool = True, times: int | None = None) -> None:
        """Hangs up after the full stop without a word, having kept the letter or not."""

        def fault(talk: _Talk) -> None:
            if kept:
                talk.keep()
            raise ConnectionError

        self._add(".", fault, times)

    def drips_at(self, command: str, *, every: float = 0.02) -> None:
        """Answers a command with one byte each `every` seconds, without end."""

        def bytes_() -> Iterator[bytes]:
            while not self.closing.wait(every):
                yield b"2"

        self._pours(command, bytes_)

    def talks_without_end_at(self, command: str) -> None:
        """Answers a command with one more line for ever, as fast as it is taken."""

        def lines() -> Iterator[bytes]:
            while not self.closing.is_set():
                yield b"250-and another thing\r\n" * 1000

        self._pours(command, lines)

    def slips_in_before_tls(self, said: bytes) -> None:
        """Says yes to STARTTLS, and more in the same breath, before anything is encrypted."""
        self._add("STARTTLS", lambda talk: talk.secure(said), None)

    # How it works

    def _pours(self, command: str, parts: Callable[[], Iterator[bytes]]) -> None:
        def fault(talk: _Talk) -> None:
            for part in parts():
                talk.socket.sendall(part)
            raise ConnectionError

        self._add(command, fault, None)

    def _add(self, command: str, fault: _Fault, times: int | None) -> None:
        self.faults.setdefault(command, []).append((times, fault))

    def fault(self, command: str) -> _Fault | None:
        """What was said of a command, for one answer."""
        with self._lock:
            if not (known := self.faults.get(command)):
                return None
            times, fault = known[0]
            if times is not None:
                known[:1] = [(times - 1, fault)] if times > 1 else []
            return fault

    def _serve(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(connection)
            threading.Thread(target=_Talk(self, connection).run, daemon=True).start()


class _Talk:
    """One connection."""

    def __init__(self, owner: Smtp, connection: socket.socket) -> None:
        self.owner, self.socket = owner, connection
        self.recipient, self.data = "", b""

    def run(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self.owner.tls and self.owner.context:
                self.socket = self.owner.context.wrap_socket(self.socket, server_side=True)
            self.file = self.socket.makefile("rb")
            self._answer("CONNECT", "220 mail.example ready")
            while line := self._line().decode("utf-8", "replace").strip():
                verb = line.split(" ")[0].upper()
                said = self._answer(*self._heard(verb, line))
                if verb == "DATA" and said.startswith("354"):
                    self._take()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def say(self, line: str) -> None:
        self.socket.sendall(line.encode() + b"\r\n")

    def keep(self) -> str:
        self.owner.got.append((self.recipient, self.data))
        return "250 2.0.0 taken"

    def secure(self, more: bytes = b"") -> None:
        self.socket.sendall(b"220 go ahead\r\n" + more)
        assert self.owner.context
        self.socket = self.owner.context.wrap_socket(self.socket, server_side=True)
        self.file = self.socket.makefile("rb")

    def _line(self) -> bytes:
        line = self.file.readline(10_000)
        if not isinstance(self.socket, ssl.SSLSocket):
            self.owner.in_the_clear += line
        return line

    def _heard(self, verb: str, line: str) -> tuple[str, str]:
        if verb == "RCPT":
            self.recipient = line.partition("<")[2].partition(">")[0]
            named = f"RCPT {self.recipient}"
            return (named if self.owner.faults.get(named) else verb), "250 2.1.5 well"
        offer = "STARTTLS" if self.owner.context and not isinstance(self.socket, ssl.SSLSocket) else "AUTH PLAIN"
        return verb, {
            "EHLO": f"250-mail.example\r\n250 {offer}",
            "AUTH": "235 2.7.0 welcome",
            "DATA": "354 go on",
            "QUIT": "221 bye",
        }.get(verb, "250 well")

    def _answer(self, command: str, usual: str) -> str:
        fault = self.owner.fault(command)
        if fault is None and command == "STARTTLS":
            self.secure()
            return ""
        reply = fault(self) if fault else usual
        if reply is not None:
            self.say(reply)
        return reply or ""

    def _take(self) -> None:
        lines = []
        while (line := self._line()) not in {b".\r\n", b""}:
            lines.append(line)
        if not line:
            raise ConnectionError
        self.data = b"".join(lines)
        fault = self.owner.fault(".")
        reply = fault(self) if fault else self.keep()
        if reply is not None:
            self.say(reply)
