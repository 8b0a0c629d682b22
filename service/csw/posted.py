"""Reads CSW requests written in XML.

References
----------
OGC 07-006r1, clause 10, schema CSW-discovery.xsd.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from lxml import etree

from metadata.xml import NAMESPACES, MalformedXml, parse
from service.csw.filter_cql import read_cql
from service.csw.filter_xml import read_filter
from service.csw.kvp import negotiated, sort_key, unsupported
from service.csw.limits import IDENTIFIERS, SORT_KEYS
from service.csw.operations import (
    TYPE_NAMES,
    CswRequest,
    DescribeRecord,
    GetCapabilities,
    GetDomain,
    GetRecordById,
    GetRecords,
    read_element_set,
    read_format,
    read_maximum,
    read_output_schema,
    read_result_type,
    read_schema_language,
    read_start,
    read_type_name,
    require_service,
    require_version,
)
from service.csw.problems import invalid, missing, not_xml
from service.csw.tree import Node, SortKey

Element = etree._Element
_CSW: Final = f"{{{NAMESPACES['csw']}}}"
_SPACES: Final = dict(NAMESPACES)


def read_posted(content: bytes) -> tuple[CswRequest, Element]:
    """Return the request that a document makes, and the document.

    Raises
    ------
    service.csw.problems.CswProblem
        It makes none.
    """
    try:
        root = parse(content)
    except MalformedXml as error:
        raise not_xml("request", error) from error
    name = etree.QName(root).localname
    readers: dict[str, Callable[[Element], CswRequest]] = {
        f"{_CSW}GetCapabilities": _get_capabilities,
        f"{_CSW}DescribeRecord": _describe_record,
        f"{_CSW}GetDomain": _get_domain,
        f"{_CSW}GetRecords": _get_records,
        f"{_CSW}GetRecordById": _get_record_by_id,
    }
    reader = readers.get(str(root.tag))
    if reader is None:
        raise unsupported(name)
    require_service(root.get("service"))
    if reader is not _get_capabilities:
        require_version(root.get("version"))
        read_format(root.get("outputFormat"))
    return reader(root), root


def _texts(parent: Element, path: str) -> list[str]:
    """Return the text of every element at a path, without empty ones."""
    found = ((child.text or "").strip() for child in parent.iterfind(path, _SPACES))
    return [text for text in found if text]


def _get_capabilities(root: Element) -> GetCapabilities:
    negotiated(_texts(root, "ows:AcceptVersions/ows:Version"))
    is_limited = root.find("ows:Sections", _SPACES) is not None
    sections = (name.lower() for name in _texts(root, "ows:Sections/ows:Section"))
    return GetCapabilities(
        sections=frozenset(sections) if is_limited else None,
        update_sequence=root.get("updateSequence", ""),
    )


def _describe_record(root: Element) -> DescribeRecord:
    read_schema_language(root.get("schemaLanguage"))
    names = tuple(map(read_type_name, _texts(root, "csw:TypeName")))
    return DescribeRecord(type_names=names or TYPE_NAMES)


def _get_domain(root: Element) -> GetDomain:
    properties = _texts(root, "csw:PropertyName")
    parameters = _texts(root, "csw:ParameterName")
    if not properties and not parameters:
        raise missing("PropertyName")
    return GetDomain(properties=tuple(properties), parameters=tuple(parameters))


def _get_record_by_id(root: Element) -> GetRecordById:
    identifiers = _texts(root, "csw:Id")
    if not identifiers:
        raise missing("Id")
    if len(identifiers) > IDENTIFIERS:
        raise invalid("Id", "csw.identifiers", limit=IDENTIFIERS)
    return GetRecordById(
        identifiers=tuple(identifiers),
        schema=read_output_schema(root.get("outputSchema")),
        element_set=read_element_set(_first(_texts(root, "csw:ElementSetName"))),
    )


def _get_records(root: Element) -> GetRecords:
    query = root.find("csw:Query", _SPACES)
    if query is None:
        raise missing("Query")
    if root.find("csw:ResponseHandler", _SPACES) is not None:
        raise invalid("ResponseHandler", "csw.asynchronous")
    names = query.get("typeNames", "").split()
    if not names:
        raise missing("typeNames")
    for name in names:
        read_type_name(name)
    elements = _texts(query, "csw:ElementName")
    return GetRecords(
        result_type=read_result_type(root.get("resultType")),
        schema=read_output_schema(root.get("outputSchema")),
        element_set=read_element_set(_first(_texts(query, "csw:ElementSetName"))),
        elements=frozenset(name.rpartition(":")[2].lower() for name in elements),
        start=read_start(root.get("startPosition")),
        maximum=read_maximum(root.get("maxRecords")),
        constraint=_constraint(query),
        sort=_sort(query),
        request_id=root.get("requestId", ""),
    )


def _first(texts: Iterable[str]) -> str | None:
    return next(iter(texts), None)


def _constraint(query: Element) -> Node | None:
    constraint = query.find("csw:Constraint", _SPACES)
    if constraint is None:
        return None
    (written,) = _one(constraint)
    if written.tag == f"{_CSW}CqlText":
        return read_cql((written.text or "").strip())
    return read_filter(written)


def _one(constraint: Element) -> list[Element]:
    children = list(constraint)
    if len(children) != 1:
        raise invalid("Constraint", "csw.operands", name="Constraint", count=1)
    return children


def _sort(query: Element) -> tuple[SortKey, ...]:
    keys = query.findall("ogc:SortBy/ogc:SortProperty", _SPACES)
    if len(keys) > SORT_KEYS:
        raise invalid("SortBy", "csw.sort-keys", limit=SORT_KEYS)
    return tuple(
        sort_key(
            _first(_texts(key, "ogc:PropertyName")) or "",
            _first(_texts(key, "ogc:SortOrder")) or "ASC",
        )
        for key in keys
    )
