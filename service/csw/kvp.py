"""Reads CSW requests written as keywords and values.

Names of parameters count without case. Those that nobody knows are passed over,
as OWS Common 1.0 demands (clause 11.5.2); `language` is read by the endpoint.

References
----------
OGC 07-006r1, clauses 10.2 to 10.8, tables of KVP encodings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from metadata.xml import MalformedXml, parse
from service.csw.filter_cql import read_cql
from service.csw.filter_xml import read_filter
from service.csw.limits import IDENTIFIERS, SORT_KEYS
from service.csw.names import VERSION
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
from service.csw.problems import (
    NEGOTIATION,
    UNSUPPORTED,
    CswProblem,
    invalid,
    missing,
    not_xml,
)
from service.csw.queryables import find_queryable
from service.csw.tree import Node, SortKey
from service.messages import text

Parameters = Mapping[str, str]
"""By name in lower case."""
_CONSTRAINT_VERSIONS: Final = {"1.1.0", "1.0.0", "2.0.2"}


def parameters(pairs: Iterable[tuple[str, str]]) -> Parameters:
    """Return parameters by name in lower case.

    Raises
    ------
    service.csw.problems.CswProblem
        One is given twice, with two values.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if found.setdefault(name.lower(), value) != value:
            raise invalid(name, "csw.twice", name=name)
    return found


def read_kvp(given: Parameters) -> CswRequest:
    """Return the request that parameters make.

    Raises
    ------
    service.csw.problems.CswProblem
        They make none.
    """
    readers: dict[str, Callable[[Parameters], CswRequest]] = {
        "getcapabilities": _get_capabilities,
        "describerecord": _describe_record,
        "getdomain": _get_domain,
        "getrecords": _get_records,
        "getrecordbyid": _get_record_by_id,
    }
    require_service(given.get("service"))
    name = given.get("request")
    if not name:
        raise missing("request")
    reader = readers.get(name.lower())
    if reader is None:
        raise unsupported(name)
    if reader is not _get_capabilities:
        require_version(given.get("version"))
        read_format(given.get("outputformat"))
    return reader(given)


def unsupported(name: str) -> CswProblem:
    """Return the problem of an operation that there is not."""
    message = text("csw.operation", name=name[:40])
    return CswProblem(UNSUPPORTED, message, locator="request")


def negotiated(versions: Iterable[str]) -> None:
    """Refuse a client that speaks none of our versions.

    Raises
    ------
    service.csw.problems.CswProblem
        It names versions, and ours is not among them.
    """
    named = [version.strip() for version in versions if version.strip()]
    if named and VERSION not in named:
        message = text("csw.versions", known=VERSION)
        raise CswProblem(NEGOTIATION, message, locator="AcceptVersions")


def _get_capabilities(given: Parameters) -> GetCapabilities:
    negotiated(given.get("acceptversions", "").split(","))
    sections = given.get("sections")
    return GetCapabilities(
        sections=None if sections is None else frozenset(_listed(sections.lower())),
        update_sequence=given.get("updatesequence", ""),
    )


def _describe_record(given: Parameters) -> DescribeRecord:
    read_schema_language(given.get("schemalanguage"))
    names = _listed(given.get("typename") or given.get("typenames", ""))
    return DescribeRecord(type_names=tuple(map(read_type_name, names)) or TYPE_NAMES)


def _get_domain(given: Parameters) -> GetDomain:
    properties = _listed(given.get("propertyname", ""))
    asked = _listed(given.get("parametername", ""))
    if not properties and not asked:
        raise missing("PropertyName")
    return GetDomain(properties=tuple(properties), parameters=tuple(asked))


def _get_record_by_id(given: Parameters) -> GetRecordById:
    identifiers = _listed(given.get("id", ""))
    if not identifiers:
        raise missing("id")
    if len(identifiers) > IDENTIFIERS:
        raise invalid("id", "csw.identifiers", limit=IDENTIFIERS)
    return GetRecordById(
        identifiers=tuple(identifiers),
        schema=read_output_schema(given.get("outputschema")),
        element_set=read_element_set(given.get("elementsetname")),
    )


def _get_records(given: Parameters) -> GetRecords:
    names = given.get("typenames") or given.get("typename", "")
    if not names:
        raise missing("typeNames")
    for name in names.replace(",", " ").split():
        read_type_name(name)
    elements = _listed(given.get("elementname", ""))
    return GetRecords(
        result_type=read_result_type(given.get("resulttype")),
        schema=read_output_schema(given.get("outputschema")),
        element_set=read_element_set(given.get("elementsetname")),
        elements=frozenset(name.rpartition(":")[2].lower() for name in elements),
        start=read_start(given.get("startposition")),
        maximum=read_maximum(given.get("maxrecords")),
        constraint=_constraint(given),
        sort=_sort(given.get("sortby", "")),
        request_id=given.get("requestid", ""),
    )


def _constraint(given: Parameters) -> Node | None:
    """Return the filter of a search, in either language."""
    written = given.get("constraint", "").strip()
    if not written:
        return None
    version = given.get("constraint_language_version") or "1.1.0"
    if version not in _CONSTRAINT_VERSIONS:
        name = "constraint_language_version"
        raise invalid(name, "csw.value", name=name, value=version[:40])
    language = given.get("constraintlanguage", "").upper()
    if language == "CQL_TEXT":
        return read_cql(written)
    if language == "FILTER":
        return _filter(written)
    if not language:
        raise missing("constraintLanguage")
    name = "constraintLanguage"
    raise invalid(name, "csw.value", name=name, value=language[:40])


def _filter(written: str) -> Node | None:
    try:
        return read_filter(parse(written.encode()))
    except MalformedXml as error:
        raise not_xml("constraint", error) from error


def _sort(written: str) -> tuple[SortKey, ...]:
    """Read ``Title:A,Modified:D``; a prefix of the name may stand before."""
    keys = _listed(written)
    if len(keys) > SORT_KEYS:
        raise invalid("sortBy", "csw.sort-keys", limit=SORT_KEYS)
    return tuple(map(_sort_key, keys))


def _sort_key(written: str) -> SortKey:
    name, _, order = written.rpartition(":")
    if not name or order.upper() not in {"A", "D", "ASC", "DESC"}:
        return sort_key(written, "ASC")
    return sort_key(name, order)


def sort_key(name: str, order: str) -> SortKey:
    """Return one property to sort by.

    Raises
    ------
    service.csw.problems.CswProblem
        There is no such property, or it has no order.
    """
    queryable = find_queryable(name)
    if not queryable.kind.has_order:
        raise invalid("SortBy", "csw.no-order", name=name[:80])
    return SortKey(queryable, order.strip().upper() in {"D", "DESC"})


def _listed(written: str) -> list[str]:
    """Return the parts of a list with commas, without empty ones."""
    return [part.strip() for part in written.split(",") if part.strip()]
