"""Writes MD_Metadata, one small function per ISO class.

References
----------
ISO/TS 19139:2007 with the schemas of 2007-04-17; INSPIRE Metadata TG 2.0.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from lxml import etree

from metadata.content import (
    Conformance,
    DataIdentification,
    Format,
    Label,
    RecordContent,
)
from metadata.iso19139_citation import add_citation, add_online, add_party
from metadata.iso19139_elements import (
    NAME,
    NIL_REASON,
    Element,
    add,
    add_code,
    add_label,
    add_language,
    add_required_text,
    add_text,
    add_value,
)
from metadata.iso19139_identification import (
    add_data_identification,
    add_service_identification,
)
from metadata.iso19139_terms import STANDARD_NAME, STANDARD_VERSION
from metadata.record import RecordKind
from metadata.xml import NAMESPACES

_SCHEMAS: Final = "http://schemas.opengis.net/iso/19139"
_DATA_SCHEMAS: Final = (("gmd", "20070417"), ("gmx", "20070417"))
_SERVICE_SCHEMAS: Final = (("gmd", "20060504"), ("srv", "20060504"))
"""``srv`` was published with the schemas of 2006 only. A record of a service
uses nothing in which the two sets differ, and no GML."""


def encode(content: RecordContent, date_stamp: date) -> bytes:
    """Write a record as UTF-8 XML with declaration, indented.

    Pure: the same content and day give the same bytes.

    Parameters
    ----------
    content
        As `metadata.content.tidy` leaves it.
    date_stamp
        The day on which the record was made or last changed.
    """
    root = _root(content)
    add_text(root, "gmd:fileIdentifier", content.identifier)
    add_language(root, "gmd:language", content.language)
    add_code(root, "gmd:characterSet", "gmd:MD_CharacterSetCode", "utf8")
    add_code(root, "gmd:hierarchyLevel", "gmd:MD_ScopeCode", content.kind)
    add_text(root, "gmd:hierarchyLevelName", content.level_name)
    for party in content.contacts:
        add_party(root, "gmd:contact", party)
    add_value(root, "gmd:dateStamp", "gco:Date", date_stamp.isoformat())
    add_text(root, "gmd:metadataStandardName", STANDARD_NAME)
    add_text(root, "gmd:metadataStandardVersion", STANDARD_VERSION)
    for label in content.reference_systems:
        _add_reference_system(root, label)
    _add_identification(root, content)
    _add_distribution(root, content)
    _add_quality(root, content)
    return bytes(
        etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    )


def schema_location(kind: RecordKind) -> str:
    """Return where the schemas of a record of that kind lie (xsi:schemaLocation)."""
    schemas = _SERVICE_SCHEMAS if kind is RecordKind.SERVICE else _DATA_SCHEMAS
    return " ".join(
        f"{NAMESPACES[name]} {_SCHEMAS}/{version}/{name}/{name}.xsd"
        for name, version in schemas
    )


def _root(content: RecordContent) -> Element:
    own = "srv" if content.kind is RecordKind.SERVICE else "gml"
    prefixes = ("gmd", "gco", "gmx", own, "xlink", "xsi")
    nsmap = {prefix: NAMESPACES[prefix] for prefix in prefixes}
    root = etree.Element(NAME("gmd:MD_Metadata"), nsmap=nsmap)
    root.set(NAME("xsi:schemaLocation"), schema_location(content.kind))
    return root


def _add_reference_system(root: Element, label: Label) -> None:
    """Add MD_ReferenceSystem: an Anchor, no codeSpace (tests isdss 2.1 to 2.3)."""
    system = add(root, "gmd:referenceSystemInfo", "gmd:MD_ReferenceSystem")
    identifier = add(system, "gmd:referenceSystemIdentifier", "gmd:RS_Identifier")
    add_label(identifier, "gmd:code", label)


def _add_identification(root: Element, content: RecordContent) -> None:
    parent = add(root, "gmd:identificationInfo")
    resource, identifier = content.identification, content.identifier
    if isinstance(resource, DataIdentification):
        add_data_identification(parent, resource, record_identifier=identifier)
    else:
        add_service_identification(parent, resource, record_identifier=identifier)


def _add_distribution(root: Element, content: RecordContent) -> None:
    distribution = add(root, "gmd:distributionInfo", "gmd:MD_Distribution")
    for found in content.formats:
        _add_format(distribution, found)
    if content.online:
        names = ("gmd:transferOptions", "gmd:MD_DigitalTransferOptions")
        transfer = add(distribution, *names)
        for online in content.online:
            add_online(transfer, "gmd:onLine", online)


def _add_format(distribution: Element, found: Format) -> None:
    """Add MD_Format (test isdss 2.6)."""
    element = add(distribution, "gmd:distributionFormat", "gmd:MD_Format")
    add_label(element, "gmd:name", found.name)
    add_required_text(element, "gmd:version", found.version, reason="inapplicable")


def _add_quality(root: Element, content: RecordContent) -> None:
    """Add the one DQ_DataQuality (tests ds 1.9 and 1.11, sds 3.8)."""
    quality = add(root, "gmd:dataQualityInfo", "gmd:DQ_DataQuality")
    scope = add(quality, "gmd:scope", "gmd:DQ_Scope")
    add_code(scope, "gmd:level", "gmd:MD_ScopeCode", content.kind)
    if content.kind is RecordKind.SERVICE:
        described = add(scope, "gmd:levelDescription", "gmd:MD_ScopeDescription")
        add_text(described, "gmd:other", content.level_name)
    for conformance in content.conformance:
        _add_conformance(quality, conformance)
    if content.lineage:
        lineage = add(quality, "gmd:lineage", "gmd:LI_Lineage")
        add_text(lineage, "gmd:statement", content.lineage)


def _add_conformance(quality: Element, conformance: Conformance) -> None:
    """Add DQ_DomainConsistency (tests C.20 to C.22)."""
    report = add(quality, "gmd:report", "gmd:DQ_DomainConsistency")
    result = add(report, "gmd:result", "gmd:DQ_ConformanceResult")
    add_citation(result, "gmd:specification", conformance.specification)
    add_text(result, "gmd:explanation", conformance.explanation)
    if conformance.passed is None:
        add(result, "gmd:pass").set(NIL_REASON, "unknown")
    else:
        add_value(result, "gmd:pass", "gco:Boolean", str(conformance.passed).lower())
