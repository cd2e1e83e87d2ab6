"""No test leaves this machine (tests/conftest.py)."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from ..conftest import guard


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "no-such-host-of-ours.net", b"192.0.2.1"])
def test_a_connection_that_leaves_the_machine_is_refused_and_remembered(host: Any) -> None:
    with pytest.raises(OSError, match="tests stay on this machine"):
        socket.create_connection((host, 9), timeout=0.1)
    name = host.decode() if isinstance(host, bytes) else host
    # Else this test would fail at its end, as any other.
    assert guard.refused.pop().endswith(f": {name}")
    assert guard.refused == []


def test_an_address_that_was_not_looked_up_is_refused() -> None:
    with socket.socket() as client, pytest.raises(OSError, match="tests stay on this machine"):
        client.connect(("192.0.2.1", 9))
    assert guard.refused.pop() == "socket.connect: 192.0.2.1"


def test_reserved_names_do_not_exist_and_are_no_mistake() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("nowhere.invalid", 80)
    assert guard.refused == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_open(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection((host, server.getsockname()[1]), timeout=5).close()
    assert guard.refused == []
