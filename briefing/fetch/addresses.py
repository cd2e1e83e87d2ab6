"""Which addresses are on the public internet, and what a name resolves to. No connection is made here."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

__all__ = ["Resolver", "is_public", "resolve"]

Resolver = Callable[[str, int], list[str]]
"""Host and port to IP addresses, in the order in which to try them. Raises `OSError` where the name is unknown."""

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""The only part of IPv6 that is handed out for the public internet (RFC 4291, IANA)."""
_NAT64 = IPv6Network("64:ff9b::/96")
"""How a network without IPv4 reaches an IPv4 address, which stands in the last 32 bits (RFC 6052)."""


def resolve(host: str, port: int) -> list[str]:
    """What the system's resolver says, each once. Numeric spellings such as ``0x7f.1`` come out as addresses."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that no name can have: empty, or longer than 63 characters
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether the address belongs to the public internet, seen through every way of writing IPv4 inside IPv6."""
    ip = ip_address(address)
    if isinstance(ip, IPv4Address):
        return _is_public_v4(ip)
    if ip.ipv4_mapped is not None:
        return _is_public_v4(ip.ipv4_mapped)
    if ip in _NAT64:
        return _is_public_v4(_last_32_bits(ip))
    if ip.sixtofour is not None:
        return _is_public_v4(ip.sixtofour)
    return ip in _GLOBAL_UNICAST and ip.is_global and ip.teredo is None


def _is_public_v4(ip: IPv4Address) -> bool:
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _last_32_bits(ip: IPv6Address) -> IPv4Address:
    return IPv4Address(int(ip) & 0xFFFFFFFF)
