"""What exceptions of the network say to a reader."""

from __future__ import annotations

import socket

import pytest

from briefing.errors import reason_of


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "no such host"),
        (OSError("[Errno -3] Temporary failure in name resolution"), "no such host"),
        (OSError("[Errno 8] nodename nor servname provided, or not known"), "no such host"),
        (OSError(101, "Network is unreachable"), "Network is unreachable"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_a_reason_has_no_jargon_of_the_resolver(error: Exception, words: str) -> None:
    assert reason_of(error) == words
