"""SSRF guard: public IP addresses and name resolution. No connection is made here."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Network, ip_address

import httpcore

Resolver = Callable[[str, int], list[str]]
"""Host and port to IP addresses, in the order in which to try them. Raises `OSError` where the name is unknown."""

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""The only part of IPv6 that is handed out for the public internet (RFC 4291, IANA)."""
_NAT64 = IPv6Network("64:ff9b::/96")
"""How a network without IPv4 reaches an IPv4 address, which stands in the last 32 bits (RFC 6052)."""


class UnknownHostError(httpcore.ConnectError):
    """The name has no address."""


class PrivateAddressError(httpcore.ConnectError):
    """The name leads to an address that is not on the public internet."""

    def __init__(self, host: str, address: str) -> None:
        self.host, self.address = host, address
        super().__init__(f"{host} is {address}")


def resolve(host: str, port: int) -> list[str]:
    """The system resolver's addresses, each once. Numeric spellings such as ``0x7f.1`` come out as addresses."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that no name can have: empty, or longer than 63 characters
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def lookup(resolver: Resolver, host: str, port: int) -> list[str]:
    """The host's addresses. Raises `UnknownHostError`."""
    try:
        return resolver(host, port)
    except OSError as error:
        raise UnknownHostError(host) from error


def refuse_private(host: str, addresses: list[str]) -> None:
    """Raises `PrivateAddressError` where any of them is not public: one bad address spoils the name."""
    for address in addresses:
        if not is_public(address):
            raise PrivateAddressError(host, address)


def is_public(address: str) -> bool:
    """Whether the address is on the public internet, also where IPv6 embeds IPv4 (mapped, NAT64, 6to4, Teredo)."""
    ip = ip_address(address)
    if isinstance(ip, IPv4Address):
        return _is_public_v4(ip)
    if ip.ipv4_mapped is not None:
        return _is_public_v4(ip.ipv4_mapped)
    if ip in _NAT64:
        return _is_public_v4(IPv4Address(int(ip) & 0xFFFFFFFF))
    if ip.sixtofour is not None:
        return _is_public_v4(ip.sixtofour)
    return ip in _GLOBAL_UNICAST and ip.is_global and ip.teredo is None


def _is_public_v4(ip: IPv4Address) -> bool:
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
