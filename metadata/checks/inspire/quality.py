"""Quality, conformity, lineage (C.20 to 22, ds 1.9 to 11, isdss 2.7, 2.8, sds 3.8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from lxml import etree

from metadata.checks.evidence import (
    Evidence,
    Path,
    Requirement,
    content,
    place,
    text,
    value,
)
from metadata.checks.rules import Flaw, flaw
from metadata.xml import qualified

_QUALITY: Final = Path("gmd:dataQualityInfo/gmd:DQ_DataQuality")
_RESULT: Final = Path(
    "gmd:dataQualityInfo/gmd:DQ_DataQuality/gmd:report/gmd:DQ_DomainConsistency"
    "/gmd:result/gmd:DQ_ConformanceResult"
)
_LEVEL: Final = Path("gmd:scope/gmd:DQ_Scope/gmd:level/gmd:MD_ScopeCode")
_LEVEL_WORDS: Final = Path(
    "gmd:scope/gmd:DQ_Scope/gmd:levelDescription/gmd:MD_ScopeDescription/gmd:other"
)
_STATEMENT: Final = Path(
    "gmd:dataQualityInfo/gmd:DQ_DataQuality/gmd:lineage/gmd:LI_Lineage/gmd:statement"
)
_CITATION: Final = Path("gmd:specification/gmd:CI_Citation")
_TITLE: Final = Path("gmd:specification/gmd:CI_Citation/gmd:title")
_DATE: Final = Path("gmd:date/gmd:CI_Date/gmd:date/*")
_DATE_TYPE: Final = Path("gmd:date/gmd:CI_Date/gmd:dateType/gmd:CI_DateTypeCode")
_SERVICE_TYPE: Final = Path(
    "gmd:identificationInfo[1]/srv:SV_ServiceIdentification/srv:serviceType"
)
_TOPOLOGY: Final = (
    "gmd:dataQualityInfo/gmd:DQ_DataQuality/gmd:report/gmd:DQ_TopologicalConsistency"
    "/gmd:result/"
)
_MEASURED: Final = Path(_TOPOLOGY + "gmd:DQ_QuantitativeResult")
_DESCRIBED: Final = Path(_TOPOLOGY + "gmd:DQ_ConformanceResult")
_VALUE: Final = Path("gmd:value/gco:Record")
_EXPLANATION: Final = Path("gmd:explanation")
_PASS: Final = Path("gmd:pass")
_DATA_REGULATION: Final = "1089/2010"
_SERVICE_REGULATION: Final = "976/2009"


def conformity_stated(record: Evidence) -> Iterator[Flaw]:
    """Check C.20: at least one result says whether the resource conforms."""
    if record.is_inspected and not _RESULT.all(record.root):
        yield flaw("absent", str(_RESULT))


def conformity_specification(record: Evidence) -> Iterator[Flaw]:
    """Check C.21: the result cites the regulation with title, date and type of date."""
    if not record.is_inspected:
        return
    regulation = _regulation(record)
    results = list(_counting(record, regulation))
    if not results:
        yield flaw("absent", str(_RESULT), regulation=regulation)
    for result in results:
        for citation in _CITATION.all(result):
            types = [value(kind) for kind in _DATE_TYPE.all(citation)]
            if not any(content(day) for day in _DATE.all(citation)):
                yield flaw("date", place(citation))
            elif not any(record.accepts("date_types", kind) for kind in types):
                yield flaw("date_type", place(citation), found=", ".join(types))


def conformity_degree(record: Evidence) -> Iterator[Flaw]:
    """Check C.22: the result says true, false, or that it is unknown."""
    if not _RESULT.all(record.root):
        yield flaw("absent", str(_RESULT))
    for result in _counting(record, _regulation(record)):
        degrees = _PASS.all(result)
        if not degrees:
            yield flaw("absent", place(result))
        for degree in degrees:
            said = (degree.findtext(qualified("gco:Boolean")) or "").strip()
            reason = value(degree, qualified("gco:nilReason"))
            if said not in {"true", "false"} and (said or reason != "unknown"):
                yield flaw("degree", place(degree), found=said or reason)


def _regulation(record: Evidence) -> str:
    """Return the number of the regulation that a record of its kind must cite."""
    types = [content(kind) for kind in _SERVICE_TYPE.all(record.root)]
    if record.is_service and types != ["other"]:
        return _SERVICE_REGULATION
    return _DATA_REGULATION


def _counting(record: Evidence, regulation: str) -> Iterator[etree._Element]:
    """Yield the results whose specification is that regulation."""
    for result in _RESULT.all(record.root):
        if any(regulation in text(title) for title in _TITLE.all(result)):
            yield result


def one_quality_section(record: Evidence) -> Iterator[Flaw]:
    """Check ds 1.9: one section on quality, about the data set or series."""
    sections = _QUALITY.all(record.root)
    if len(sections) != 1:
        yield flaw("not_one", str(_QUALITY), count=str(len(sections)))
        return
    levels = [value(level) for level in _LEVEL.all(sections[0])]
    if not {"dataset", "series"}.intersection(levels):
        yield flaw("level", place(sections[0]), found=", ".join(levels))


def data_regulation(record: Evidence) -> Iterator[Flaw]:
    """Check ds 1.10: Regulation 1089/2010 is cited by one of its official titles."""
    titles = [
        " ".join(text(title).split())
        for result in _RESULT.all(record.root)
        for title in _TITLE.all(result)
    ]
    citing = [title for title in titles if _DATA_REGULATION in title]
    if not any(record.accepts("data_regulation", t.lower()) for t in citing):
        yield flaw(
            "title" if citing else "absent", str(_RESULT), found="; ".join(citing)
        )


def lineage(record: Evidence) -> Iterator[Flaw]:
    """Check ds 1.11: one statement of how the data came to be, not empty."""
    statements = _STATEMENT.all(record.root)
    if len(statements) != 1:
        yield flaw("not_one", str(_STATEMENT), count=str(len(statements)))
    elif not text(statements[0]):
        yield flaw("empty", place(statements[0]))


def measured_topology(record: Evidence) -> Iterator[Flaw]:
    """Check isdss 2.7: a measured topological result has a unit and a typed value."""
    for result in _MEASURED.all(record.root):
        values = _VALUE.all(result)
        if result.find(qualified("gmd:valueUnit")) is None:
            yield flaw("unit", place(result))
        elif not values:
            yield flaw("value", place(result))
        elif not any(value(v, qualified("xsi:type")) for v in values):
            yield flaw("type", place(result))


def described_topology(record: Evidence) -> Iterator[Flaw]:
    """Check isdss 2.8: a topological result in words cites the network model."""
    for result in _DESCRIBED.all(record.root):
        case = _topology_fault(record, result)
        if case:
            yield flaw(case, place(result))


def _topology_fault(record: Evidence, result: etree._Element) -> str:
    """Return what is wrong first with a described result; empty when nothing is."""
    titles = [text(title) for title in _TITLE.all(result)]
    citations = _CITATION.all(result)
    dates = [content(d) for c in citations for d in _DATE.all(c)]
    types = [value(kind) for c in citations for kind in _DATE_TYPE.all(c)]
    judged = (
        ("title", any(record.accepts("network_model", title) for title in titles)),
        ("date", any(dates)),
        ("date_type", "publication" in types),
        ("degree", any(content(degree) == "false" for degree in _PASS.all(result))),
        ("explanation", any(text(words) for words in _EXPLANATION.all(result))),
    )
    return next((case for case, holds in judged if not holds), "")


def one_service_quality_section(record: Evidence) -> Iterator[Flaw]:
    """Check sds 3.8: one section on quality, about the service, its scope in words."""
    sections = _QUALITY.all(record.root)
    if len(sections) != 1:
        yield flaw("not_one", str(_QUALITY), count=str(len(sections)))
        return
    levels = [value(level) for level in _LEVEL.all(sections[0])]
    if "service" not in levels:
        yield flaw("level", place(sections[0]), found=", ".join(levels))
    elif not any(text(words) for words in _LEVEL_WORDS.all(sections[0])):
        yield flaw("words", place(sections[0]))


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        "inspire.common.C.20": conformity_stated,
        "inspire.common.C.21": conformity_specification,
        "inspire.common.C.22": conformity_degree,
        "inspire.ds.1.9": one_quality_section,
        "inspire.ds.1.10": data_regulation,
        "inspire.ds.1.11": lineage,
        "inspire.isdss.2.7": measured_topology,
        "inspire.isdss.2.8": described_topology,
        "inspire.sds.3.8": one_service_quality_section,
    }
)
