"""CSW requests, understood: what both their encodings are read into."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.csw.limits import DEFAULT_RECORDS, RECORDS
from service.csw.names import FORMATS, VERSION, XML_SCHEMA, ElementSet, OutputSchema
from service.csw.problems import invalid, missing
from service.csw.tree import Node, SortKey

TYPE_NAMES = ("csw:Record", "gmd:MD_Metadata")
"""What can be asked for; prefixes are the client's own."""
_LOCAL_NAMES = frozenset(name.partition(":")[2].lower() for name in TYPE_NAMES)
_DIGITS = 9
"""A whole number has no more of them."""


class ResultType(StrEnum):
    """What a search gives."""

    HITS = "hits"
    """Only how many records there are."""
    RESULTS = "results"
    VALIDATE = "validate"
    """Only whether the request can be understood."""


@dataclass(frozen=True, kw_only=True)
class GetCapabilities:
    """Asks what the service can do."""

    sections: frozenset[str] | None = None
    """Names in lower case; `None`: all, empty: only what must be there."""
    update_sequence: str = ""


@dataclass(frozen=True, kw_only=True)
class DescribeRecord:
    """Asks for the schemas of record types."""

    type_names: tuple[str, ...] = TYPE_NAMES


@dataclass(frozen=True, kw_only=True)
class GetDomain:
    """Asks which values a property or a parameter has."""

    properties: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GetRecordById:
    """Asks for records by their identifiers."""

    identifiers: tuple[str, ...]
    schema: OutputSchema = OutputSchema.CSW
    element_set: ElementSet = ElementSet.SUMMARY


@dataclass(frozen=True, kw_only=True)
class GetRecords:
    """Searches the catalogue."""

    result_type: ResultType = ResultType.HITS
    schema: OutputSchema = OutputSchema.CSW
    element_set: ElementSet = ElementSet.SUMMARY
    elements: frozenset[str] = frozenset()
    """Local names in lower case of the only elements wanted; empty: all of a set."""
    start: int = 1
    """Place of the first record wanted, from 1."""
    maximum: int = DEFAULT_RECORDS
    constraint: Node | None = None
    sort: tuple[SortKey, ...] = ()
    request_id: str = ""


CswRequest = GetCapabilities | DescribeRecord | GetDomain | GetRecordById | GetRecords


def require_service(name: str | None) -> None:
    """Refuse a request to another service.

    Raises
    ------
    service.csw.problems.CswProblem
        The service is not named, or another one is.
    """
    if not name:
        raise missing("service")
    if name not in {"CSW", "http://www.opengis.net/cat/csw"}:
        raise invalid("service", "csw.value", name="service", value=name[:40])


def require_version(version: str | None) -> None:
    """Refuse a request in another version.

    Raises
    ------
    service.csw.problems.CswProblem
        The version is not named, or another one is.
    """
    if not version:
        raise missing("version")
    if version != VERSION:
        raise invalid("version", "csw.value", name="version", value=version[:40])


def read_type_name(name: str) -> str:
    """Return the type of record of a name, whatever its prefix.

    Raises
    ------
    service.csw.problems.CswProblem
        There are no such records; the brief and summary views cannot be asked
        for by name (CSW 2.0.2, clauses 10.2.5.3.3 and 10.2.5.3.4).
    """
    local = name.rpartition(":")[2].lower()
    found = next((n for n in TYPE_NAMES if n.lower().endswith(f":{local}")), None)
    if found is None or local not in _LOCAL_NAMES:
        raise invalid("typeNames", "csw.value", name="typeNames", value=name[:80])
    return found


def read_format(value: str | None) -> None:
    """Refuse an output format that there is not."""
    if value and value.partition(";")[0].strip().lower() not in FORMATS:
        raise invalid(
            "outputFormat", "csw.value", name="outputFormat", value=value[:80]
        )


def read_schema_language(value: str | None) -> None:
    """Refuse a schema language other than W3C XML Schema."""
    known = {XML_SCHEMA, "http://www.w3.org/2001/XMLSchema", "XMLSCHEMA"}
    if value and value not in known:
        name = "schemaLanguage"
        raise invalid(name, "csw.value", name=name, value=value[:80])


def read_output_schema(value: str | None) -> OutputSchema:
    """Return the schema of an address."""
    try:
        return OutputSchema(value.strip()) if value else OutputSchema.CSW
    except ValueError as error:
        name = "outputSchema"
        raise invalid(name, "csw.value", name=name, value=str(value)[:80]) from error


def read_element_set(value: str | None) -> ElementSet:
    """Return an element set by its name."""
    try:
        return ElementSet(value.strip()) if value else ElementSet.SUMMARY
    except ValueError as error:
        name = "ElementSetName"
        raise invalid(name, "csw.value", name=name, value=str(value)[:80]) from error


def read_result_type(value: str | None) -> ResultType:
    """Return a type of result by its name."""
    try:
        return ResultType(value.strip()) if value else ResultType.HITS
    except ValueError as error:
        name = "resultType"
        raise invalid(name, "csw.value", name=name, value=str(value)[:80]) from error


def read_start(value: str | None) -> int:
    """Return the place of the first record wanted.

    0 counts as 1: OWSLib and others begin with it.
    """
    return max(_whole(value, "startPosition", 1), 1)


def read_maximum(value: str | None) -> int:
    """Return how many records are wanted at most."""
    return min(_whole(value, "maxRecords", DEFAULT_RECORDS), RECORDS)


def _whole(value: str | None, name: str, default: int) -> int:
    """Return a whole number from 0."""
    if value is None or not value.strip():
        return default
    digits = value.strip()
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _DIGITS:
        raise invalid(name, "csw.value", name=name, value=value[:40])
    return int(digits)
