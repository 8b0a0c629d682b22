"""Whether an address leads anywhere for those outside: no name is looked up."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

_NAT64: Final = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that stand for an IPv4 address (RFC 6052, 2.1)."""
_LOCAL_NAMES: Final = frozenset({"localhost", "localhost.localdomain"})


@lru_cache(maxsize=1)
def top_level_domains() -> frozenset[str]:
    """Return the domains of the root zone, small letters, as ASCII (RFC 5890)."""
    path = files("metadata").joinpath("rules", "top-level-domains.txt")
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(w for x in lines if not x.startswith("#") for w in x.split())


def leads_inside(address: str) -> str:
    """Return how the host of a web address shows that only insiders reach it.

    Returns
    -------
    str
        ``local``: the machine itself; ``address``: an IP address that is not
        public; ``single``: a name without a dot; ``domain``: a name under a domain
        that there is not, or that is reserved (RFC 2606, RFC 6761, RFC 6762).
        Empty: the host may be public, or there is none.
    """
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return host_inside(host.rstrip("."))


def host_inside(host: str) -> str:
    """Return the same of a host: a name, or an IP address without brackets."""
    name = host.lower()
    if not name:
        return ""
    if name in _LOCAL_NAMES or name.endswith(".localhost"):
        return "local"
    try:
        found = ip_address(name)
    except ValueError:
        return _name_inside(name)
    return ip_inside(found)


def ip_inside(found: IPv4Address | IPv6Address) -> str:
    """Return ``local`` or ``address`` unless an IP address is a public one."""
    meant = _meant(found)
    if meant.is_loopback or meant.is_unspecified:
        return "local"
    inner = meant.is_multicast or meant.is_reserved or not meant.is_global
    site = isinstance(meant, IPv6Address) and meant.is_site_local
    return "address" if inner or site else ""


def _meant(found: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(found, IPv4Address):
        return found
    if found in _NAT64:
        return IPv4Address(int(found) & 0xFFFFFFFF)
    return found.ipv4_mapped or found.sixtofour or found


def _name_inside(name: str) -> str:
    if "." not in name:
        return "single"
    return "" if in_root_zone(name.rpartition(".")[2]) else "domain"


def in_root_zone(label: str) -> bool:
    """Tell whether there is a top-level domain of that name, in any script."""
    try:
        return label.encode("idna").decode("ascii") in top_level_domains()
    except UnicodeError:
        return False
