"""Writes MD_DataIdentification and SV_ServiceIdentification.

References
----------
ISO 19115:2003, B.2.2; ISO 19119:2005/Amd 1:2008, annex C.
"""

from __future__ import annotations

import re
from typing import Final

from metadata.content import (
    Box,
    DataIdentification,
    Identification,
    KeywordBlock,
    LegalConstraints,
    OperatedData,
    Operation,
    ServiceIdentification,
)
from metadata.iso19139_citation import (
    add_citation,
    add_dates,
    add_online,
    add_party,
)
from metadata.iso19139_elements import (
    HREF,
    NAME,
    Element,
    add,
    add_code,
    add_label,
    add_language,
    add_required_text,
    add_text,
    add_value,
)
from metadata.measured import TemporalExtent

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_.-]")


def add_data_identification(
    parent: Element, data: DataIdentification, *, record_identifier: str
) -> None:
    """Add MD_DataIdentification; the identifier makes ``gml:id`` unique."""
    element = add(parent, "gmd:MD_DataIdentification")
    _add_common(element, data)
    for kind in data.representations:
        code = "gmd:MD_SpatialRepresentationTypeCode"
        add_code(element, "gmd:spatialRepresentationType", code, kind)
    _add_resolutions(element, data)
    add_language(element, "gmd:language", data.language)
    add_code(element, "gmd:characterSet", "gmd:MD_CharacterSetCode", "utf8")
    for topic in data.topics:
        add_value(element, "gmd:topicCategory", "gmd:MD_TopicCategoryCode", topic)
    _add_extent(element, "gmd:extent", data, record_identifier)


def add_service_identification(
    parent: Element, service: ServiceIdentification, *, record_identifier: str
) -> None:
    """Add SV_ServiceIdentification (tests sds 3.2 to 3.6, ns 4.1)."""
    element = add(parent, "srv:SV_ServiceIdentification")
    _add_common(element, service)
    add_value(element, "srv:serviceType", "gco:LocalName", service.type)
    for version in service.versions:
        add_text(element, "srv:serviceTypeVersion", version)
    _add_extent(element, "srv:extent", service, record_identifier)
    add_code(element, "srv:couplingType", "srv:SV_CouplingType", "tight")
    for operation in service.operations:
        _add_operation(element, operation)
    for data in service.operates_on:
        _add_operated_data(element, data)


def _add_common(element: Element, resource: Identification) -> None:
    """Add the part that both kinds share, in the order of the schema."""
    _add_resource_citation(element, resource)
    add_required_text(element, "gmd:abstract", resource.abstract)
    add_text(element, "gmd:purpose", resource.purpose)
    for party in resource.contacts:
        add_party(element, "gmd:pointOfContact", party)
    _add_maintenance(element, resource)
    _add_thumbnail(element, resource.thumbnail)
    for block in resource.keywords:
        _add_keywords(element, block)
    for text in resource.limitations:
        limits = add(element, "gmd:resourceConstraints", "gmd:MD_Constraints")
        add_text(limits, "gmd:useLimitation", text)
    for constraints in resource.constraints:
        _add_constraints(element, constraints)


def _add_resource_citation(element: Element, resource: Identification) -> None:
    """Add title, dates and identifier: the http URI as plain text, no codeSpace."""
    citation = add(element, "gmd:citation", "gmd:CI_Citation")
    add_required_text(citation, "gmd:title", resource.title)
    add_dates(citation, resource.dates)
    if resource.identifier:
        identifier = add(citation, "gmd:identifier", "gmd:MD_Identifier")
        add_text(identifier, "gmd:code", resource.identifier)


def _add_maintenance(element: Element, resource: Identification) -> None:
    if resource.frequency:
        names = ("gmd:resourceMaintenance", "gmd:MD_MaintenanceInformation")
        add_code(
            add(element, *names),
            "gmd:maintenanceAndUpdateFrequency",
            "gmd:MD_MaintenanceFrequencyCode",
            resource.frequency,
        )


def _add_thumbnail(element: Element, url: str) -> None:
    if url:
        graphic = add(element, "gmd:graphicOverview", "gmd:MD_BrowseGraphic")
        add_text(graphic, "gmd:fileName", url)


def _add_keywords(element: Element, block: KeywordBlock) -> None:
    keywords = add(element, "gmd:descriptiveKeywords", "gmd:MD_Keywords")
    for keyword in block.keywords:
        add_label(keywords, "gmd:keyword", keyword)
    add_code(keywords, "gmd:type", "gmd:MD_KeywordTypeCode", "theme")
    if block.thesaurus:
        add_citation(keywords, "gmd:thesaurusName", block.thesaurus)


def _add_constraints(element: Element, constraints: LegalConstraints) -> None:
    """Add MD_LegalConstraints (tests C.17 and C.18)."""
    legal = add(element, "gmd:resourceConstraints", "gmd:MD_LegalConstraints")
    code = ("gmd:MD_RestrictionCode", "otherRestrictions")
    if constraints.on_access:
        add_code(legal, "gmd:accessConstraints", *code)
    if constraints.on_use:
        add_code(legal, "gmd:useConstraints", *code)
    for label in constraints.others:
        add_label(legal, "gmd:otherConstraints", label)


def _add_resolutions(element: Element, data: DataIdentification) -> None:
    """Add scale and distance, each in an MD_Resolution of its own (test ds 1.5)."""
    names = ("gmd:spatialResolution", "gmd:MD_Resolution")
    if data.scale is not None:
        scale = add(element, *names, "gmd:equivalentScale")
        fraction = add(scale, "gmd:MD_RepresentativeFraction")
        add_value(fraction, "gmd:denominator", "gco:Integer", str(data.scale))
    if data.resolution is not None:
        distance = add(element, *names, "gmd:distance", "gco:Distance")
        distance.set("uom", "m")
        distance.text = f"{data.resolution:f}"


def _add_extent(
    element: Element, name: str, resource: Identification, record_identifier: str
) -> None:
    if resource.extent is None and resource.temporal is None:
        return
    extent = add(element, name, "gmd:EX_Extent")
    if resource.extent:
        _add_box(extent, resource.extent)
    if resource.temporal:
        _add_period(extent, resource.temporal, record_identifier)


def _add_box(extent: Element, box: Box) -> None:
    """Add the bounding box: degrees with four decimals (test C.19)."""
    element = add(extent, "gmd:geographicElement", "gmd:EX_GeographicBoundingBox")
    for name, degrees in (
        ("gmd:westBoundLongitude", box.west),
        ("gmd:eastBoundLongitude", box.east),
        ("gmd:southBoundLatitude", box.south),
        ("gmd:northBoundLatitude", box.north),
    ):
        add_value(element, name, "gco:Decimal", f"{degrees:f}")


def _add_period(extent: Element, period: TemporalExtent, identifier: str) -> None:
    """Add the temporal extent (test C.14).

    Its ``gml:id`` is made of the record's identifier, so that it stays the same
    and is unique even where many records stand in one answer.
    """
    names = ("gmd:temporalElement", "gmd:EX_TemporalExtent", "gmd:extent")
    element = add(extent, *names, "gml:TimePeriod")
    element.set(NAME("gml:id"), f"period-{_NOT_IN_NAMES.sub('-', identifier)}")
    _add_position(element, "gml:beginPosition", period.start, "unknown")
    _add_position(element, "gml:endPosition", period.end, "now")


def _add_position(element: Element, name: str, moment: str, otherwise: str) -> None:
    position = add(element, name)
    if moment:
        position.text = moment
    else:
        position.set("indeterminatePosition", otherwise)


def _add_operation(element: Element, operation: Operation) -> None:
    contained = add(element, "srv:containsOperations", "srv:SV_OperationMetadata")
    add_text(contained, "srv:operationName", operation.name)
    add_code(contained, "srv:DCP", "srv:DCPList", "WebServices")
    add_online(contained, "srv:connectPoint", operation.connect_point)


def _add_operated_data(element: Element, data: OperatedData) -> None:
    operated = add(element, "srv:operatesOn")
    operated.set("uuidref", data.identifier)
    operated.set(HREF, data.href)
