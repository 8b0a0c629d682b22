"""The answers to searches: GetRecords, GetRecordById, GetDomain, DescribeRecord.

The envelope is made by a builder; the records, rendered and valid by
themselves, are put into it as the bytes they are.

References
----------
OGC 07-006r1, clauses 10.5 to 10.8.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from lxml import etree

from metadata.xml import NAMESPACES
from service.csw import dublin_core
from service.csw.domains import PARAMETERS, SCHEMAS
from service.csw.entry import Entry
from service.csw.index import Index, Order
from service.csw.linked import FactsOf, dcat_record
from service.csw.matching import matched, ordered
from service.csw.names import (
    DISCOVERY_XSD,
    VERSION,
    XML_SCHEMA,
    ElementSet,
    OutputSchema,
    add,
    element,
    qualified,
    serialised,
)
from service.csw.operations import (
    DescribeRecord,
    GetDomain,
    GetRecordById,
    GetRecords,
    ResultType,
)
from service.csw.problems import invalid
from service.csw.queryables import Kind, find_queryable

_MARK: Final = b"<?records here?>"
"""Stands for the records while the envelope is built; no content can look so."""
_LOCATION: Final = f"{NAMESPACES['csw']} {DISCOVERY_XSD}"
_DOMAIN_VALUES: Final = 1000
"""Values of one property that GetDomain lists."""


@dataclass(frozen=True)
class Page:
    """The part of a result that is given, and where it stands in it."""

    matched: int
    places: Order
    """Of the records given."""
    following: int
    """Place of the next record in the result, from 1; 0 at the end."""


def search(order: Order, request: GetRecords) -> Page:
    """Cut the page wanted out of a result."""
    first = request.start - 1
    count = 0 if request.result_type is ResultType.HITS else request.maximum
    places = order[first : first + count]
    after = request.start + len(places)
    return Page(len(order), places, after if after <= len(order) else 0)


def found(index: Index, request: GetRecords) -> Order:
    """Return the places of all records that a search finds, in order."""
    return ordered(index, matched(index, request.constraint), request.sort)


def records_answer(
    index: Index, page: Page, request: GetRecords, *, facts: FactsOf, now: datetime
) -> bytes:
    """Return the document of a page, with every counter of the standard."""
    root = _root("csw:GetRecordsResponse")
    root.set("version", VERSION)
    if request.request_id:
        add(root, "csw:RequestId", request.request_id)
    add(root, "csw:SearchStatus", timestamp=_instant(now))
    results = add(
        root,
        "csw:SearchResults",
        elementSet=_element_set(request).value,
        recordSchema=request.schema.value,
        numberOfRecordsMatched=str(page.matched),
        numberOfRecordsReturned=str(len(page.places)),
        nextRecord=str(page.following),
    )
    entries = [index.entries[place] for place in page.places]
    return _filled(root, results, (_chosen(e, request, facts) for e in entries))


def _element_set(request: GetRecords) -> ElementSet:
    """Return the set that is given: the whole where there are no views."""
    is_whole = request.elements or request.schema.is_linked
    return ElementSet.FULL if is_whole else request.element_set


def _chosen(entry: Entry, request: GetRecords, facts: FactsOf) -> bytes:
    if request.elements and request.schema is OutputSchema.CSW:
        return dublin_core.chosen_elements(entry.record(), request.elements)
    return _rendered(entry, request.schema, _element_set(request), facts)


def _rendered(
    entry: Entry, schema: OutputSchema, element_set: ElementSet, facts: FactsOf
) -> bytes:
    if schema.is_linked:
        return dcat_record(entry, facts(entry.identifier))
    return entry.rendered(schema, element_set)


def record_answer(index: Index, request: GetRecordById, *, facts: FactsOf) -> bytes:
    """Return the document of records by identifier; empty where there is none."""
    root = _root("csw:GetRecordByIdResponse")
    entries = [index.find(name) for name in dict.fromkeys(request.identifiers)]
    rendered = (
        _rendered(entry, request.schema, request.element_set, facts)
        for entry in entries
        if entry is not None
    )
    return _filled(root, root, rendered)


def acknowledgement(echo: etree._Element | str, *, now: datetime) -> bytes:
    """Return the document that says that a request can be understood.

    Parameters
    ----------
    echo
        The request: as it was posted, or its query string.
    """
    root = _root("csw:Acknowledgement")
    root.set("timeStamp", _instant(now))
    echoed = add(root, "csw:EchoedRequest")
    if isinstance(echo, str):
        add(echoed, "ows:Get").set(qualified("xlink:href"), echo)
    else:
        echoed.append(echo)
    return serialised(root)


def domain_answer(index: Index, request: GetDomain) -> bytes:
    """Return the document of the values that properties and parameters have."""
    root = _root("csw:GetDomainResponse")
    for name in request.properties:
        _add_domain(root, "csw:PropertyName", name, _property_values(index, name))
    for name in request.parameters:
        _add_domain(root, "csw:ParameterName", name, _parameter_values(name))
    return serialised(root)


def _property_values(index: Index, name: str) -> list[str]:
    queryable = find_queryable(name)
    if queryable.kind in {Kind.BOX, Kind.ANY}:
        return []
    return index.column(queryable).values[:_DOMAIN_VALUES]


def _parameter_values(name: str) -> list[str]:
    values = PARAMETERS.get(name.lower())
    if values is None:
        raise invalid("ParameterName", "csw.parameter", name=name[:80])
    return list(values)


def _add_domain(
    root: etree._Element, kind: str, name: str, values: Iterable[str]
) -> None:
    domain = add(root, "csw:DomainValues", type="csw:Record")
    add(domain, kind, name)
    every = list(values)
    if every:
        listed = add(domain, "csw:ListOfValues")
        for value in every:
            add(listed, "csw:Value", value)


def schema_answer(request: DescribeRecord) -> bytes:
    """Return the document of the schemas of record types."""
    root = _root("csw:DescribeRecordResponse")
    for name in dict.fromkeys(request.type_names):
        space, location = SCHEMAS[name]
        component = add(
            root,
            "csw:SchemaComponent",
            schemaLanguage=XML_SCHEMA,
            targetNamespace=space,
        )
        component.append(_schema(space, location))
    return serialised(root)


def _schema(space: str, location: str) -> etree._Element:
    """Return a schema that consists of one at its official address."""
    xsd = "http://www.w3.org/2001/XMLSchema"
    schema = etree.Element(f"{{{xsd}}}schema", nsmap={"xsd": xsd})
    schema.set("targetNamespace", space)
    schema.set("elementFormDefault", "qualified")
    etree.SubElement(schema, f"{{{xsd}}}include", schemaLocation=location)
    return schema


def _root(name: str) -> etree._Element:
    root = element(name)
    root.set(qualified("xsi:schemaLocation"), _LOCATION)
    return root


def _instant(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _filled(
    root: etree._Element, parent: etree._Element, records: Iterable[bytes]
) -> bytes:
    """Return an envelope with records in it."""
    parent.append(etree.PI("records", "here"))
    head, _, tail = serialised(root).partition(_MARK)
    return b"".join((head, *records, tail))
