"""Which web addresses the platform takes: one that it does not costs the whole dataset.

References
----------
udata 17.18.0, ``uris.py`` and ``ssrf.py``; measured on it. Limitations: the platform
also looks names up, and refuses those that lead to an address that is not public.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from metadata.checks.hosts import in_root_zone, ip_inside

_SCHEMES: Final = frozenset({"", "http", "https", "ftp", "ftps"})
_ADDRESS: Final = re.compile(
    r"(?:([a-z0-9.\-]*):)?//(?:\S+@)?(\[[0-9a-f:]+\]|[^\s/?#@:\[\]]+)"
    r"(?::\d{2,5})?(?:/\S*)?(?:\?\S*)?",
    re.IGNORECASE,
)
_LETTER: Final = "a-z0-9\u00a1-\uffff"
_LABEL: Final = re.compile(
    rf"(?:[_{_LETTER}]+-)*[_{_LETTER}]*[{_LETTER}]", re.IGNORECASE
)
_TOP_LEVEL: Final = re.compile(f"[{_LETTER}]{{2,}}", re.IGNORECASE)
_IPV4: Final = re.compile(r"(?:\d{0,3}\.){3}\d{0,3}")


def refusal(address: str) -> str:
    """Return why the platform refuses a web address.

    Returns
    -------
    str
        ``form``, ``scheme``, ``local``, ``address`` (an IP address that is not
        public) or ``domain`` (one that there is not). Empty: it takes it.
    """
    found = _ADDRESS.fullmatch(address.strip())
    if found is None:
        return "form"
    if (found[1] or "").lower() not in _SCHEMES:
        return "scheme"
    return _of_host(found[2])


def _of_host(host: str) -> str:
    if host.lower() in {"localhost", "localhost.localdomain"}:
        return "local"
    if host.startswith("[") or _IPV4.fullmatch(host):
        return _of_ip(host.strip("[]"))
    *labels, last = host.split(".")
    if not labels or not _TOP_LEVEL.fullmatch(last):
        return "form"
    if not all(_LABEL.fullmatch(label) for label in labels):
        return "form"
    return "" if in_root_zone(last) and last == last.lower() else "domain"


def _of_ip(text: str) -> str:
    try:
        found = ip_address(text)
    except ValueError:
        return "form"
    return "address" if _is_mask(found) else ip_inside(found)


def _is_mask(found: IPv4Address | IPv6Address) -> bool:
    """Tell whether all bits that are set stand at one end, as in 255.255.0.0."""
    bits, most = int(found), (1 << found.max_prefixlen) - 1
    inverted = bits ^ most
    return not (bits & (bits + 1)) or not (inverted & (inverted + 1))
