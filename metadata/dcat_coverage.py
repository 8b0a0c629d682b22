"""Where, when, how fine and by which standard: the measurable side of a dataset.

Two forms are not the first that one would write. A reference system or a
specification is a blank node with its address as identifier: data.gouv.fr would
show an IRI there as the *schema* of the dataset. A period is one too, because an
IRI there is fetched over the network. Days are written without their time.

References
----------
GeoDCAT-AP 3.0.0; DCAT 3, clauses 6.4 and 6.12 to 6.15.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from metadata.content import (
    Box,
    Conformance,
    DataIdentification,
    DateType,
    Identification,
    Label,
    RecordContent,
)
from metadata.dcat_terms import CONFORMITY
from metadata.iso19139_terms import NO_CRS
from metadata.language_tags import language_tag
from metadata.measured import TemporalExtent
from metadata.rdf import Iri, Literal, Node, Statement, node, text, typed

_DATES: Final = {
    DateType.CREATION: "dct:created",
    DateType.PUBLICATION: "dct:issued",
    DateType.REVISION: "dct:modified",
}
_DEGREES: Final = {
    True: "conformant",
    False: "notConformant",
    None: "notEvaluated",
}
_DAY: Final = len("2024-02-29")


def dates(identification: Identification) -> Iterator[Statement]:
    """Yield the dates of the data as whole days."""
    for found in identification.dates:
        yield typed(_DATES[found.type], found.day[:_DAY], "xsd:date")


def coverage(identification: Identification) -> Iterator[Statement]:
    """Yield where and when the data are about."""
    if identification.extent is not None:
        yield "dct:spatial", _location(identification.extent)
    if identification.temporal is not None:
        yield "dct:temporal", _period(identification.temporal)


def resolutions(identification: Identification) -> Iterator[Statement]:
    """Yield the ground distance in metres, and the scale as a fraction."""
    if not isinstance(identification, DataIdentification):
        return
    if identification.resolution is not None:
        metres = identification.resolution
        yield typed("dcat:spatialResolutionInMeters", metres, "xsd:decimal")
    if identification.scale:
        yield "dqv:hasQualityMeasurement", _scale(identification.scale)


def standards(content: RecordContent) -> Iterator[Statement]:
    """Yield the reference systems and the specifications, and how they are met."""
    for system in content.reference_systems:
        if system.href and system.href != NO_CRS:
            yield "dct:conformsTo", _standard(system)
    for found in content.conformance:
        if found.passed:
            title = found.specification.title
            yield "dct:conformsTo", _standard(title, language_tag(content.language))
        yield "prov:wasUsedBy", _test(found, language_tag(content.language))


def _location(box: Box) -> Node:
    """Return a box as WKT and as GeoJSON, counter-clockwise, longitude first."""
    ring = (
        (box.west, box.south),
        (box.east, box.south),
        (box.east, box.north),
        (box.west, box.north),
        (box.west, box.south),
    )
    wkt = ", ".join(f"{_number(x)} {_number(y)}" for x, y in ring)
    coordinates = [[[float(x), float(y)] for x, y in ring]]
    geojson = json.dumps({"type": "Polygon", "coordinates": coordinates})
    return node(
        "dct:Location",
        [
            typed("dcat:bbox", f"POLYGON(({wkt}))", "geosparql:wktLiteral"),
            typed("locn:geometry", geojson, "geosparql:geoJSONLiteral"),
        ],
    )


def _number(degrees: Decimal) -> str:
    return format(degrees.normalize() + 0, "f")


def _period(extent: TemporalExtent) -> Node:
    ends = (("dcat:startDate", extent.start), ("dcat:endDate", extent.end))
    days = [typed(name, end[:_DAY], "xsd:date") for name, end in ends if end]
    return node("dct:PeriodOfTime", days)


def _scale(denominator: int) -> Node:
    """Return an equivalent scale; DQV has it as a decimal fraction."""
    fraction = Decimal(1) / Decimal(denominator)
    metric = Iri("http://data.europa.eu/930/spatialResolutionAsScale")
    return node(
        "dqv:QualityMeasurement",
        [
            ("dqv:isMeasurementOf", metric),
            typed("dqv:value", fraction, "xsd:decimal"),
        ],
    )


def _standard(title: Label, language: str = "") -> Node:
    address = Literal(title.href, datatype="xsd:anyURI")
    return node(
        "dct:Standard",
        [
            text("dct:title", title.text, language),
            ("dct:identifier", address) if title.href else None,
        ],
    )


def _test(found: Conformance, language: str) -> Node:
    """Return how far a specification is met, as the activity that found it out."""
    plan = node(
        "prov:Plan",
        [("prov:wasDerivedFrom", _standard(found.specification.title, language))],
    )
    degree = node(
        "prov:Entity",
        [
            ("dct:type", Iri(f"{CONFORMITY}{_DEGREES[found.passed]}")),
            text("dct:description", found.explanation, language),
        ],
    )
    association = node("prov:Association", [("prov:hadPlan", plan)])
    return node(
        "prov:Activity",
        [("prov:qualifiedAssociation", association), ("prov:generated", degree)],
    )
