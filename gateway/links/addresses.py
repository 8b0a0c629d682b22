"""Which addresses may be connected to: those that are public, and no others.

A name is looked up once for each connection, and the connection is made to the very
addresses that were looked at: a name that answers otherwise the next moment (DNS
rebinding) gains nothing. A name with one address that is not public is not used at
all.

References
----------
RFC 6890 with the IANA special-purpose address registries; RFC 4291, clause 2.5.5;
RFC 6052 (NAT64); RFC 3056 (6to4); RFC 4380 (Teredo).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from typing import Final

from providers.aside import begun

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, float], tuple[str, ...]]
"""Takes a host and seconds, gives its addresses; `OSError` where it has none."""

_TRIED: Final = 2
"""Addresses of one name and one version of IP that are tried."""
_NEVER: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT, and some clouds' metadata
            "168.63.129.16/32",  # a cloud's own services, though it looks public
            "192.0.0.0/24",
            "192.88.99.0/24",
            "198.18.0.0/15",
            "240.0.0.0/4",
        ),
    )
)
_NEVER_6: Final = tuple(
    map(IPv6Network, ("::/96", "64:ff9b:1::/48", "2001::/23", "fec0::/10"))
)
_NAT64: Final = IPv6Network("64:ff9b::/96")
_TEREDO: Final = IPv6Network("2001::/32")


def is_public(text: str) -> bool:
    """Tell whether an address is one that everybody can reach.

    An IPv6 address with an IPv4 address in it is as public as that one.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(map(_is_public, (address, *_inside(address))))


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return True  # judged by what is inside
    if address in _NAT64:
        return True
    never = _NEVER if isinstance(address, IPv4Address) else _NEVER_6
    if any(address in network for network in never):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def _inside(address: Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses to which an IPv6 address would lead."""
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def some_of(addresses: Iterable[str]) -> tuple[str, ...]:
    """Return those that are tried, in their order, of each version of IP.

    Where IPv6 leads nowhere, there is still time for IPv4.
    """
    chosen: list[str] = []
    for address in addresses:
        alike = [each for each in chosen if (":" in each) == (":" in address)]
        if len(alike) < _TRIED:
            chosen.append(address)
    return tuple(chosen)


def resolve(host: str, seconds: float) -> tuple[str, ...]:
    """Return the addresses of a host, in the order of the system's resolver.

    The resolver knows no time-out, so it is asked aside, and left to itself when it
    takes too long.

    Raises
    ------
    OSError
        It has none; `TimeoutError`: nobody answered in time.
    """

    def ask() -> list[str]:
        try:
            rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except UnicodeError:
            raise _no_name() from None
        return [str(row[4][0]) for row in rows]

    found = begun(f"looking up {host}", ask).result(seconds)
    if not found:
        raise _no_name()
    return tuple(dict.fromkeys(found))


def _no_name() -> OSError:
    return socket.gaierror(socket.EAI_NONAME, "no such name")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What may be connected to. Tests give one that allows their own servers."""

    is_allowed: Callable[[str], bool] = field(default=is_public)
    resolve: Resolve = field(default=resolve)
