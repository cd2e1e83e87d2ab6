"""smtplib's connections, each reply of the server in time and in bounds, however it doles it out."""

from __future__ import annotations

import io
import smtplib
import time

from briefing.bounded_io import BoundedReader

__all__ = ["Connection", "TlsConnection"]

_WHOLE = 120.0
"""Seconds until a reply is complete, where the server never is silent for as long as the connection's time limit."""
_MOST_REPLY = 1_000_000
"""Bytes; RFC 5321 (4.5.3.1.5) has lines of 512, and a reply seldom has ten of them."""


class Connection(smtplib.SMTP):
    """In plain text, or until STARTTLS."""

    def getreply(self) -> tuple[int, bytes]:
        """The code, -1 where there is none, and the text of the next reply."""
        if self.file is None and self.sock is not None:  # new, or just encrypted: what came before is not its word
            self._replies = BoundedReader(
                self.sock.makefile("rb", buffering=0), self.sock.settimeout,
                silence=self.timeout, seconds=_WHOLE * self.timeout / 60, most=_MOST_REPLY, clock=time.monotonic,
            )  # fmt: skip
            self.file = io.BufferedReader(self._replies)
        self._replies.begin()
        try:
            return super().getreply()
        finally:
            if self.sock is not None:
                self.sock.settimeout(self.timeout)  # for what is sent


class TlsConnection(Connection, smtplib.SMTP_SSL):
    """Encrypted from the first byte."""
