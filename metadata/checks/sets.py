"""Judges the records of one run together: identifiers and couplings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, urlsplit

from lxml import etree

from metadata.checks.evidence import HREF, content, place, value
from metadata.checks.inspire.data import cited_identifiers
from metadata.checks.inspire.services import ADDRESS, OPERATES_ON
from metadata.checks.rules import HOUSE_RULES, Flaw, flaw, rule_set
from metadata.finding import Finding
from metadata.record import Record, RecordKind
from metadata.xml import MalformedXml, parse, qualified

_FILE_IDENTIFIER: Final = qualified("gmd:fileIdentifier")


@dataclass(frozen=True)
class Coupling:
    """One ``srv:operatesOn``."""

    address: str
    identifier: str
    """Its ``uuidref``; may be empty."""
    element: str


@dataclass(frozen=True)
class ReadRecord:
    """What of a record matters to the others."""

    record: Record
    file_identifier: str
    identifiers: tuple[str, ...]
    """Of the resource."""
    couplings: tuple[Coupling, ...]
    hosts: frozenset[str]
    """Where the service that it describes answers."""


Judge = Callable[[Sequence[ReadRecord]], Iterator[tuple[str, Flaw]]]
"""Yields each flaw with the dataset that it is about."""


def check_records(records: Iterable[Record]) -> Iterator[Finding]:
    """Yield what is wrong between records: shared identifiers, couplings to nowhere.

    Records that are not well-formed are passed over: `check_record` says so.

    References
    ----------
    INSPIRE Metadata TG 2.0.1, datasets-and-series 1.3 (the driver tests the whole
    set) and sds 3.6.
    """
    read = tuple(_read_all(records))
    rules = rule_set(HOUSE_RULES).rules
    for code, judge in REQUIREMENTS.items():
        for subject, found in judge(read):
            yield rules[code].finding(found, subject=subject)


def _read_all(records: Iterable[Record]) -> Iterator[ReadRecord]:
    for record in records:
        try:
            root = parse(record.content)
        except MalformedXml:
            continue
        yield _read(record, root)


def _read(record: Record, root: etree._Element) -> ReadRecord:
    stated = root.find(_FILE_IDENTIFIER)
    addresses = [content(url) for url in ADDRESS.all(root)]
    return ReadRecord(
        record=record,
        file_identifier="" if stated is None else content(stated),
        identifiers=tuple(dict.fromkeys(cited_identifiers(root))),
        couplings=tuple(_coupling(found) for found in OPERATES_ON.all(root)),
        hosts=frozenset(_host(address) for address in addresses) - {""},
    )


def _coupling(element: etree._Element) -> Coupling:
    return Coupling(value(element, HREF), value(element, "uuidref"), place(element))


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


def file_identifiers(records: Sequence[ReadRecord]) -> Iterator[tuple[str, Flaw]]:
    """Check that each record has a file identifier of its own."""
    seen: dict[str, str] = {}
    for read in records:
        element = "/gmd:MD_Metadata/gmd:fileIdentifier"
        said = read.file_identifier
        if not said:
            yield read.record.dataset_id, flaw("absent", element)
        elif said in seen:
            shared = flaw("shared", element, found=said, other=seen[said])
            yield read.record.dataset_id, shared
        else:
            seen[said] = read.record.name


def resource_identifiers(records: Sequence[ReadRecord]) -> Iterator[tuple[str, Flaw]]:
    """Check that no two datasets have an identifier in common."""
    element = "/gmd:MD_Metadata/gmd:identificationInfo/*/gmd:citation/*/gmd:identifier"
    seen: dict[str, str] = {}
    for read in _of_data(records):
        for said in read.identifiers:
            other = seen.setdefault(said, read.record.name)
            if other != read.record.name:
                shared = flaw("shared", element, found=said, other=other)
                yield read.record.dataset_id, shared


def couplings(records: Sequence[ReadRecord]) -> Iterator[tuple[str, Flaw]]:
    """Check that a service operates on data whose record is published with it.

    Only addresses of the service's own host are judged; others are not ours.
    """
    by_name = {read.record.name: read for read in _of_data(records)}
    for read in records:
        for coupling in read.couplings:
            if _host(coupling.address) not in read.hosts:
                continue
            found = _coupling_flaw(coupling, by_name)
            if found:
                yield read.record.dataset_id, found


def _coupling_flaw(
    coupling: Coupling, by_name: Mapping[str, ReadRecord]
) -> Flaw | None:
    path = unquote(urlsplit(coupling.address).path)
    target = by_name.get(path.rpartition("/")[2].removesuffix(".xml"))
    if target is None:
        return flaw("unknown", coupling.element, found=coupling.address)
    known = (target.file_identifier, *target.identifiers)
    if coupling.identifier and coupling.identifier not in known:
        return flaw("identifier", coupling.element, found=coupling.identifier)
    return None


def _of_data(records: Sequence[ReadRecord]) -> Iterator[ReadRecord]:
    return (r for r in records if r.record.kind is not RecordKind.SERVICE)


REQUIREMENTS: Final[Mapping[str, Judge]] = MappingProxyType(
    {
        "records.file-identifier": file_identifiers,
        "records.resource-identifier": resource_identifiers,
        "records.coupling": couplings,
    }
)
