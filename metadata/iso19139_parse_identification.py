"""Reads MD_DataIdentification and SV_ServiceIdentification."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, TypedDict

from metadata.content import (
    Box,
    CitationDate,
    DataIdentification,
    KeywordBlock,
    LegalConstraints,
    OperatedData,
    Operation,
    Party,
    ServiceIdentification,
)
from metadata.iso19139_parse import (
    Element,
    child,
    children,
    citation,
    code,
    codes,
    dates,
    labels,
    language,
    online,
    party,
    text,
    texts,
    value,
)
from metadata.measured import TemporalExtent
from metadata.stated import Frequency
from metadata.xml import qualified

_CITATION: Final = "gmd:citation/gmd:CI_Citation"
_RESOLUTION: Final = "gmd:spatialResolution/gmd:MD_Resolution"
_HREF: Final = qualified("xlink:href")


class _Common(TypedDict):
    """The members of `metadata.content.Identification`."""

    title: str
    identifier: str
    dates: tuple[CitationDate, ...]
    abstract: str
    contacts: tuple[Party, ...]
    keywords: tuple[KeywordBlock, ...]
    limitations: tuple[str, ...]
    constraints: tuple[LegalConstraints, ...]
    purpose: str
    frequency: Frequency | None
    thumbnail: str
    extent: Box | None
    temporal: TemporalExtent | None


def data_identification(element: Element) -> DataIdentification:
    """Read MD_DataIdentification."""
    scale = value(
        element,
        f"{_RESOLUTION}/gmd:equivalentScale/gmd:MD_RepresentativeFraction"
        "/gmd:denominator/gco:Integer",
    )
    distance = value(element, f"{_RESOLUTION}/gmd:distance/gco:Distance")
    return DataIdentification(
        **_common(element, "gmd:extent"),
        representations=codes(element, "gmd:spatialRepresentationType"),
        scale=int(scale) if scale else None,
        resolution=Decimal(distance) if distance else None,
        language=language(element, "gmd:language"),
        topics=tuple(
            (found.text or "").strip()
            for found in children(element, "gmd:topicCategory/gmd:MD_TopicCategoryCode")
        ),
    )


def service_identification(element: Element) -> ServiceIdentification:
    """Read SV_ServiceIdentification."""
    operations = "srv:containsOperations/srv:SV_OperationMetadata"
    return ServiceIdentification(
        **_common(element, "srv:extent"),
        type=value(element, "srv:serviceType/gco:LocalName"),
        versions=texts(element, "srv:serviceTypeVersion"),
        operations=tuple(map(_operation, children(element, operations))),
        operates_on=tuple(
            OperatedData(identifier=found.get("uuidref", ""), href=found.get(_HREF, ""))
            for found in children(element, "srv:operatesOn")
        ),
    )


def _common(element: Element, extent: str) -> _Common:
    cited = child(element, _CITATION)
    box = child(element, f"{extent}/gmd:EX_Extent/gmd:geographicElement/*")
    period = child(
        element,
        f"{extent}/gmd:EX_Extent/gmd:temporalElement/gmd:EX_TemporalExtent"
        "/gmd:extent/gml:TimePeriod",
    )
    return _Common(
        title=text(element, f"{_CITATION}/gmd:title"),
        identifier=text(element, f"{_CITATION}/gmd:identifier/*/gmd:code"),
        dates=() if cited is None else dates(cited),
        abstract=text(element, "gmd:abstract"),
        contacts=_contacts(element),
        keywords=_keywords(element),
        limitations=texts(
            element,
            "gmd:resourceConstraints/gmd:MD_Constraints/gmd:useLimitation",
        ),
        constraints=_constraints(element),
        purpose=text(element, "gmd:purpose"),
        frequency=_frequency(element),
        thumbnail=text(
            element, "gmd:graphicOverview/gmd:MD_BrowseGraphic/gmd:fileName"
        ),
        extent=None if box is None else _box(box),
        temporal=None if period is None else _period(period),
    )


def _contacts(element: Element) -> tuple[Party, ...]:
    found = children(element, "gmd:pointOfContact/gmd:CI_ResponsibleParty")
    return tuple(map(party, found))


def _frequency(element: Element) -> Frequency | None:
    found = code(
        element,
        "gmd:resourceMaintenance/gmd:MD_MaintenanceInformation"
        "/gmd:maintenanceAndUpdateFrequency",
    )
    return Frequency(found) if found else None


def _keywords(element: Element) -> tuple[KeywordBlock, ...]:
    return tuple(
        KeywordBlock(
            keywords=labels(found, "gmd:keyword"),
            thesaurus=None
            if child(found, "gmd:thesaurusName") is None
            else citation(found, "gmd:thesaurusName/gmd:CI_Citation"),
        )
        for found in children(element, "gmd:descriptiveKeywords/gmd:MD_Keywords")
    )


def _constraints(element: Element) -> tuple[LegalConstraints, ...]:
    return tuple(
        LegalConstraints(
            others=labels(found, "gmd:otherConstraints"),
            on_access=code(found, "gmd:accessConstraints") == "otherRestrictions",
            on_use=code(found, "gmd:useConstraints") == "otherRestrictions",
        )
        for found in children(
            element, "gmd:resourceConstraints/gmd:MD_LegalConstraints"
        )
    )


def _box(element: Element) -> Box:
    return Box(
        west=Decimal(value(element, "gmd:westBoundLongitude/gco:Decimal")),
        east=Decimal(value(element, "gmd:eastBoundLongitude/gco:Decimal")),
        south=Decimal(value(element, "gmd:southBoundLatitude/gco:Decimal")),
        north=Decimal(value(element, "gmd:northBoundLatitude/gco:Decimal")),
    )


def _period(element: Element) -> TemporalExtent:
    return TemporalExtent(
        start=value(element, "gml:beginPosition"),
        end=value(element, "gml:endPosition"),
    )


def _operation(element: Element) -> Operation:
    found = child(element, "srv:connectPoint/gmd:CI_OnlineResource")
    if found is None:
        message = "an operation has no connectPoint"
        raise ValueError(message)
    return Operation(
        name=text(element, "srv:operationName"), connect_point=online(found)
    )
