"""What udata reads of our DCAT, property by property.

It is read from the very nodes that are written (`metadata.dcat.resource_node`), so
that whatever is changed there is seen here.

References
----------
udata, ``core/dataset/rdf.py`` and ``rdf.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from metadata.content import RecordContent
from metadata.dcat import Facts, resource_node
from metadata.dcat_terms import AUTHORITY, INSPIRE_THEMES, MEDIA_TYPES
from metadata.measured import Extent, TemporalExtent
from metadata.preview.from_iso import in_order
from metadata.preview.guessing import written
from metadata.preview.making import Reading
from metadata.preview.platform import Platform
from metadata.preview.shown import ShownContact, ShownResource
from metadata.rdf import Iri, Literal, Node, Value

_FRENCH: Final = "fr"
_STANDARDS: Final = "http://www.opengeospatial.org/standards/"
_FILE_TYPES: Final = f"{AUTHORITY}file-type/"
_MOST_DIGITS: Final = 100_000_000


def read_dcat(content: RecordContent, facts: Facts, known: Platform) -> Reading:
    """Return what udata reads of a dataset in our feed."""
    dataset = resource_node(content, facts)
    return Reading(
        identifier=first(dataset, "dct:identifier"),
        title=first(dataset, "dct:title"),
        description=written(first(dataset, "dct:description")),
        licences=tuple(_labelled(dataset, "dct:license")),
        rights=tuple(_labelled(dataset, "dct:rights")),
        access=tuple(_labelled(dataset, "dct:accessRights")),
        frequency=first(dataset, "dct:accrualPeriodicity"),
        spatial=_spatial(dataset),
        temporal=_temporal(dataset),
        words=tuple(_words(dataset, known)),
        contacts=tuple(_contacts(dataset, known)),
        resources=tuple(_resources(dataset)),
        created=first(dataset, "dct:created"),
        issued=first(dataset, "dct:issued"),
        modified=first(dataset, "dct:modified"),
        landing_page=first(dataset, "dcat:landingPage"),
        lineage=next(_labelled(dataset, "dct:provenance"), ""),
        resolution=_resolution(dataset),
    )


def values(node: Node, name: str) -> Iterator[Value]:
    """Yield the values of a property, in the order written."""
    return (value for found, value in node.properties if found == name)


def first(node: Node, name: str) -> str:
    """Return the French value of a property, else the first; empty without any."""
    found = tuple(values(node, name))
    french = (v for v in found if isinstance(v, Literal) and v.language == _FRENCH)
    chosen = next(french, found[0] if found else None)
    return _said(chosen) if chosen is not None else ""


def _said(value: Value) -> str:
    if isinstance(value, Literal):
        return value.text
    return value.value if isinstance(value, Iri) else value.iri


def _labelled(node: Node, name: str) -> Iterator[str]:
    """Yield values by their label, else their description, else their address."""
    for value in values(node, name):
        if isinstance(value, Node):
            label = first(value, "rdfs:label") or first(value, "dct:description")
            yield label or value.iri
        else:
            yield _said(value)


def _nodes(node: Node, name: str) -> Iterator[Node]:
    return (value for value in values(node, name) if isinstance(value, Node))


def _spatial(dataset: Node) -> Extent | None:
    for place in _nodes(dataset, "dct:spatial"):
        for _, value in place.properties:
            if isinstance(value, Literal) and value.datatype.endswith("geoJSONLiteral"):
                (ring,) = json.loads(value.text)["coordinates"]
                (west, south), (east, north) = ring[0], ring[2]
                return Extent(west, south, east, north)
    return None


def _temporal(dataset: Node) -> TemporalExtent | None:
    for period in _nodes(dataset, "dct:temporal"):
        start, end = first(period, "dcat:startDate"), first(period, "dcat:endDate")
        if start or end:
            return in_order(TemporalExtent(start=start, end=end))
    return None


def _words(dataset: Node, known: Platform) -> Iterator[str]:
    for value in values(dataset, "dcat:keyword"):
        if isinstance(value, Literal):
            yield value.text
    for theme in _nodes(dataset, "dcat:theme"):
        if theme.iri in known.categories:
            yield from ("hvd", known.categories[theme.iri])
            continue
        if theme.iri.startswith(INSPIRE_THEMES):
            yield "inspire"
        yield first(theme, "skos:prefLabel")


def _contacts(dataset: Node, known: Platform) -> Iterator[ShownContact]:
    for name, role in known.agents.items():
        for party in _nodes(dataset, name):
            is_card = role == "contact"
            yield _of_card(party) if is_card else _of_agent(party, role)


def _of_card(card: Node) -> ShownContact:
    return ShownContact(
        name=_joined(first(card, "vcard:fn"), first(card, "vcard:organization-name")),
        email=first(card, "vcard:hasEmail").removeprefix("mailto:").strip(),
        form=first(card, "vcard:hasURL"),
    )


def _of_agent(agent: Node, role: str) -> ShownContact:
    parent = next(_nodes(agent, "org:memberOf"), None)
    name = first(agent, "foaf:name")
    return ShownContact(
        name=_joined(name, first(parent, "foaf:name")) if parent else name,
        email=first(agent, "foaf:mbox").removeprefix("mailto:").strip(),
        role=role,
    )


def _joined(name: str, organisation: str) -> str:
    return f"{name} ({organisation})" if name and organisation else name or organisation


def _resources(dataset: Node) -> Iterator[ShownResource]:
    for found in _nodes(dataset, "dcat:distribution"):
        yield _distribution(found)
    for found in _nodes(dataset, "dct:hasPart"):
        if found.iri:
            yield ShownResource(
                title=first(found, "dct:title") or _file_name(found.iri),
                url=found.iri,
                kind="other",
                description=written(first(found, "dct:description")),
            )


def _distribution(found: Node) -> ShownResource:
    url = first(found, "dcat:downloadURL") or first(found, "dcat:accessURL")
    size = first(found, "dcat:byteSize")
    checksum = next(_nodes(found, "spdx:checksum"), None)
    service = next(_nodes(found, "dcat:accessService"), None)
    return ShownResource(
        title=first(found, "dct:title") or _file_name(url),
        url=url,
        kind="api" if service else "main",
        format=_format(found, service),
        media_type=first(found, "dcat:mediaType").removeprefix(MEDIA_TYPES),
        description=written(first(found, "dct:description")),
        size=int(size) if size else None,
        sha256=first(checksum, "spdx:checksumValue") if checksum else "",
        modified=first(found, "dct:modified"),
    )


def _format(found: Node, service: Node | None) -> str:
    """Return the standard of the service, else the format that is stated."""
    for standard in _nodes(service, "dct:conformsTo") if service else ():
        if standard.iri.startswith(_STANDARDS):
            return standard.iri.removeprefix(_STANDARDS).lower()
    return next(_labelled(found, "dct:format"), "").removeprefix(_FILE_TYPES).lower()


def _file_name(url: str) -> str:
    """Return the last part of an address where it looks like a file's name."""
    last = url.rsplit("/", 1)[-1]
    return last if "." in last and "?" not in last else "Ressource sans nom"


def _resolution(dataset: Node) -> str:
    metres = first(dataset, "dcat:spatialResolutionInMeters")
    if metres:
        return f"{metres} m"
    for measurement in _nodes(dataset, "dqv:hasQualityMeasurement"):
        return _scale(first(measurement, "dqv:value"))
    return ""


def _scale(fraction: str) -> str:
    return str(Fraction(fraction).limit_denominator(_MOST_DIGITS))
