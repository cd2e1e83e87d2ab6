"""An IMAP server on loopback with one mailbox in memory, for tests of mail readers.

::

    with ImapServer({7: (message, delivered)}, user="alice", password="secret") as server:
        ...
        assert server.commands == ["LOGIN", "EXAMINE", "UID SEARCH", ...]
        assert server.seen == set()

Supports what a read-only client needs: LOGIN, AUTHENTICATE PLAIN, EXAMINE, UID SEARCH (ALL, SINCE), UID FETCH of sizes,
headers and bodies, LOGOUT. Other commands are answered BAD and recorded in `commands`; SELECT and STORE are among them.

A fetch of ``BODY[...]`` sets \\Seen where one of ``BODY.PEEK[...]`` does not (RFC 3501, 6.4.5). After EXAMINE a server
must not keep that flag; this one does, because a client that counts on it marks mails as read wherever it selects.
"""

from __future__ import annotations

import base64
import re
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Self

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass
class ImapServer:
    """The server; its fields may change while it runs."""

    messages: dict[int, tuple[bytes, datetime]]
    """By UID: the message with CRLF line ends, and when it was delivered (UTC)."""
    user: str = "alice"
    password: str = "secret"  # noqa: S105 - of nobody
    folder: str = "INBOX"
    """Modified UTF-7 (RFC 3501, 5.1.3)."""
    validity: int = 1
    """UIDVALIDITY; 0: none."""
    context: ssl.SSLContext | None = None
    """For TLS from the first byte."""
    breaks_at: str = ""
    """A command, such as ``UID FETCH``, at which it hangs up."""
    commands: list[str] = field(default_factory=list)
    """The names of the commands that arrived."""
    fetched: list[int] = field(default_factory=list)
    """UIDs whose bodies were asked for."""
    seen: set[int] = field(default_factory=set)
    r"""UIDs that a fetch without PEEK flagged \Seen."""
    seen_password: str = ""

    def __enter__(self) -> Self:
        self._server = _Listener(("127.0.0.1", 0), self._handler())
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[_Handler]:
        return _Handler

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return int(self._server.server_address[1])

    @property
    def location(self) -> str:
        """Its address as a source names it."""
        return f"{'imaps' if self.context else 'imap'}://{self.user}@127.0.0.1:{self.port}/{self.folder}"


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    owner: ImapServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is none of the test's business."""


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True  # an answer of several writes would wait 40 ms for the client's acknowledgement
    server: _Listener

    def setup(self) -> None:
        if self.server.owner.context:
            self.request = self.server.owner.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()  # under TLS another socket than the listener closes

    def handle(self) -> None:
        owner = self.server.owner
        self._say("* OK ready")
        while line := self.rfile.readline(100_000).decode().rstrip("\r\n"):
            tag, _, rest = line.partition(" ")
            words = rest.split(" ")
            name = " ".join(words[:2] if words[0].upper() == "UID" else words[:1]).upper()
            owner.commands.append(name)
            if name == owner.breaks_at:
                return
            status = self._answer(name, rest)
            self._say(f"{tag} {status}")
            if name == "LOGOUT":
                return

    def _answer(self, name: str, rest: str) -> str:
        owner = self.server.owner
        if name == "CAPABILITY":
            self._say("* CAPABILITY IMAP4rev1 AUTH=PLAIN")
            return "OK done"
        if name == "LOGIN":
            user, _, password = rest[6:].partition(" ")
            return self._log_in(user.strip('"'), re.sub(r"\\(.)", r"\1", password[1:-1]))
        if name == "AUTHENTICATE":
            self._say("+ ")
            _, user, password = base64.b64decode(self.rfile.readline()).decode("utf-8", "surrogateescape").split("\0")
            return self._log_in(user, password)
        if name == "EXAMINE":
            if rest[8:].strip('"') != owner.folder:
                return "NO no such folder"
            self._say(f"* {len(owner.messages)} EXISTS")
            if owner.validity:
                self._say(f"* OK [UIDVALIDITY {owner.validity}] numbered")
            return "OK [READ-ONLY] opened"
        if name == "UID SEARCH":
            found = re.search(r"SINCE (\d+)-(\w+)-(\d+)", rest)
            first = date(int(found[3]), _MONTHS.index(found[2]) + 1, int(found[1])) if found else date.min
            uids = [str(uid) for uid, (_, delivered) in owner.messages.items() if delivered.date() >= first]
            self._say("* SEARCH " + " ".join(uids))
            return "OK searched"
        if name == "UID FETCH":
            for uid in map(int, rest.split(" ")[2].split(",")):
                if uid in owner.messages:
                    self._fetch(uid, rest)
            return "OK fetched"
        if name == "LOGOUT":
            self._say("* BYE")
            return "OK bye"
        return "BAD unknown"

    def _log_in(self, user: str, password: str) -> str:
        owner = self.server.owner
        owner.seen_password = password
        return "OK welcome" if (user, password) == (owner.user, owner.password) else f"NO not with {password}"

    def _fetch(self, uid: int, rest: str) -> None:
        owner = self.server.owner
        message, delivered = owner.messages[uid]
        if "BODY[" in rest.upper():
            owner.seen.add(uid)
        attributes = f"UID {uid} RFC822.SIZE {len(message)} "
        attributes += f'INTERNALDATE "{delivered.astimezone(UTC):%d-%b-%Y %H:%M:%S} +0000" '
        if "HEADER.FIELDS" in rest:
            head = message.partition(b"\r\n\r\n")[0]
            lines = re.findall(rb"^(?:Date|From|Subject):.*(?:\r\n[ \t].*)*\r?\n?", head, re.MULTILINE | re.IGNORECASE)
            content, item = b"".join(lines) + b"\r\n", "BODY[HEADER.FIELDS (DATE FROM SUBJECT)]"
        else:
            owner.fetched.append(uid)
            most = re.search(r"<0\.(\d+)>", rest)
            content, item = message[: int(most[1])] if most else message, "BODY[]<0>"
        self._say(f"* {uid} FETCH ({attributes}{item} {{{len(content)}}}")
        self.wfile.write(content + b")\r\n")

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")
