"""Network services: level, identification, type, coupling, address (sds, ns)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from lxml import etree

from metadata.checks.evidence import (
    HREF,
    Evidence,
    Path,
    Requirement,
    content,
    place,
    text,
    value,
)
from metadata.checks.rules import Flaw, flaw

_LEVEL: Final = Path("gmd:hierarchyLevel/gmd:MD_ScopeCode")
_LEVEL_NAME: Final = Path("gmd:hierarchyLevelName")
_ONE: Final = Path("gmd:identificationInfo[1]/srv:SV_ServiceIdentification")
_TYPE: Final = Path(
    "gmd:identificationInfo[1]/srv:SV_ServiceIdentification/srv:serviceType"
    "/gco:LocalName"
)
OPERATES_ON: Final = Path(
    "gmd:identificationInfo/srv:SV_ServiceIdentification/srv:operatesOn"
)
_DISTRIBUTION: Final = Path("gmd:distributionInfo/gmd:MD_Distribution")
_URL: Final = Path(
    "gmd:transferOptions/gmd:MD_DigitalTransferOptions/gmd:onLine"
    "/gmd:CI_OnlineResource/gmd:linkage/gmd:URL"
)
ADDRESS: Final = Path(f"{_DISTRIBUTION.path}/{_URL.path}")
"""Where the service answers."""
_IDS: Final = Path("//*/@*[local-name() = 'id' or local-name() = 'uuid']")


def service_level(record: Evidence) -> Iterator[Flaw]:
    """Check sds 3.1: the record is about a service, and says so in words."""
    levels, names = _LEVEL.all(record.root), _LEVEL_NAME.all(record.root)
    if not record.is_service:
        yield flaw("level", str(_LEVEL), found=", ".join(sorted(record.levels)))
    elif len(levels) != 1:
        yield flaw("not_one", place(levels[0]), count=str(len(levels)))
    elif not any(text(name) for name in names):
        yield flaw("name", str(_LEVEL_NAME))


def one_service_identification(record: Evidence) -> Iterator[Flaw]:
    """Check sds 3.2: the service is identified in exactly one place."""
    count = len(_ONE.all(record.root))
    if count != 1:
        yield flaw("not_one", str(_ONE), count=str(count))


def service_type(record: Evidence) -> Iterator[Flaw]:
    """Check sds 3.5: one type, of those that the regulation knows."""
    yield from _type_among(record, "service_types")


def network_service_type(record: Evidence) -> Iterator[Flaw]:
    """Check ns 4.1: one type, of a network service."""
    yield from _type_among(record, "network_service_types")


def _type_among(record: Evidence, name: str) -> Iterator[Flaw]:
    types = [kind for kind in _TYPE.all(record.root) if content(kind)]
    if len(types) != 1:
        yield flaw("not_one", str(_TYPE), count=str(len(types)))
    elif not record.accepts(name, content(types[0])):
        yield flaw("unknown", place(types[0]), found=content(types[0]))


def coupled_resource(record: Evidence) -> Iterator[Flaw]:
    """Check sds 3.6: each ``operatesOn`` points somewhere that can be fetched."""
    for coupling in OPERATES_ON.all(record.root):
        address = value(coupling, HREF)
        if not address:
            yield flaw("absent", place(coupling))
        elif address.startswith("#"):
            yield from _inner(record, coupling, address)
        elif not address.startswith(("http://", "https://")):
            yield flaw("address", place(coupling), found=address)


def _inner(record: Evidence, coupling: etree._Element, address: str) -> Iterator[Flaw]:
    if address[1:] not in _IDS.values(record.root):
        yield flaw("inner", place(coupling), found=address)


def service_locator(record: Evidence) -> Iterator[Flaw]:
    """Check sds 3.7: the distribution, if any, has an address."""
    for distribution in _DISTRIBUTION.all(record.root):
        if not any(content(url) for url in _URL.all(distribution)):
            yield flaw("absent", place(distribution))


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        "inspire.sds.3.1": service_level,
        "inspire.sds.3.2": one_service_identification,
        "inspire.sds.3.5": service_type,
        "inspire.sds.3.6": coupled_resource,
        "inspire.sds.3.7": service_locator,
        "inspire.ns.4.1": network_service_type,
    }
)
