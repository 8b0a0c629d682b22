"""A record as GeoJSON, as OGC API Records has it.

As in `metadata.dcat`, it is the content of the published record that is encoded.
Nothing is invented: a member of which the record says nothing is absent, but for
`geometry` and `time`, which the standard wants and which are null then.

References
----------
OGC API Records Part 1 (20-004r1), clause 8 (record core) and table 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from metadata.content import (
    Box,
    DataIdentification,
    DateType,
    Online,
    OnlineFunction,
    Party,
    RecordContent,
)
from metadata.dcat_distributions import is_api
from metadata.dcat_rights import hvd_categories, is_public, licence_of
from metadata.dcat_terms import HVD_SCHEME, INSPIRE_THEMES, file_type, themes_named
from metadata.finding import Language
from metadata.language_tags import language_tag
from metadata.measured import TemporalExtent

Document = dict[str, Any]
RECORD_CORE: Final = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"


def ogc_record(content: RecordContent, updated: date) -> Document:
    """Return a record as a GeoJSON Feature, without links to other forms of it.

    Parameters
    ----------
    updated
        The day written in the record.
    """
    about = content.identification
    return {
        "id": content.identifier,
        "type": "Feature",
        "conformsTo": [RECORD_CORE],
        "geometry": _polygon(about.extent) if about.extent else None,
        "time": {"interval": _interval(about.temporal)} if about.temporal else None,
        "properties": {n: v for n, v in _properties(content, updated) if v},
        "links": list(_links(content)),
    }


def _properties(content: RecordContent, updated: date) -> Iterator[tuple[str, Any]]:
    about = content.identification
    days = {found.type: found.day for found in about.dates}
    licence = licence_of(content)
    yield "type", content.kind.value
    yield "title", about.title
    yield "description", about.abstract
    yield "updated", updated.isoformat()
    yield "language", {"code": language_tag(content.language)}
    if isinstance(about, DataIdentification) and about.language:
        yield "resourceLanguages", [{"code": language_tag(about.language)}]
    yield "keywords", list(_keywords(content))
    yield "themes", list(_themes(content))
    yield "externalIds", [{"value": about.identifier}]
    yield "formats", list(_formats(content))
    yield "contacts", [_contact(party) for party in about.contacts]
    yield "license", licence.uri if licence else ""
    yield "accessRights", "open" if is_public(content) else "restricted"
    yield "resourceCreated", days.get(DateType.CREATION)
    yield "resourcePublished", days.get(DateType.PUBLICATION)
    yield "resourceUpdated", days.get(DateType.REVISION)
    yield "lineage", content.lineage


def _polygon(box: Box) -> Document:
    west, south = float(box.west), float(box.south)
    east, north = float(box.east), float(box.north)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _interval(period: TemporalExtent) -> list[str]:
    return [period.start or "..", period.end or ".."]


def _keywords(content: RecordContent) -> Iterator[str]:
    words = (
        label.text
        for block in content.identification.keywords
        if block.thesaurus is None
        for label in block.keywords
        if not label.href
    )
    yield from dict.fromkeys(words)


def _themes(content: RecordContent) -> Iterator[Document]:
    """Yield the concepts of each vocabulary."""
    french = content.language == "fre"
    language = Language.FRENCH if french else Language.ENGLISH
    labels = [k for block in content.identification.keywords for k in block.keywords]
    schemes = (
        (INSPIRE_THEMES, themes_named(label.href for label in labels)),
        (HVD_SCHEME, hvd_categories(content)),
    )
    for scheme, values in schemes:
        concepts = [
            {"id": v.code, "title": v.label_in(language), "url": v.uri} for v in values
        ]
        if concepts:
            yield {"concepts": concepts, "scheme": scheme}
    if isinstance(content.identification, DataIdentification):
        topics = [{"id": code} for code in content.identification.topics]
        if topics:
            yield {"concepts": topics, "scheme": "https://schemas.isotc211.org/19115"}


def _formats(content: RecordContent) -> Iterator[Document]:
    kinds = (
        file_type(online.url)
        for online in content.online
        if online.function is OnlineFunction.DOWNLOAD and not is_api(online)
    )
    for kind in dict.fromkeys(kind for kind in kinds if kind):
        known = {"name": kind.ending, "mediaType": kind.media_type}
        yield {name: value for name, value in known.items() if value}


def _contact(party: Party) -> Document:
    made: Document = {"organization": party.organisation, "roles": [party.role.value]}
    if party.position:
        made["position"] = party.position
    if party.email:
        made["emails"] = [{"value": party.email}]
    if party.phone:
        made["phones"] = [{"value": party.phone}]
    if party.url:
        made["links"] = [{"href": party.url, "rel": "about", "type": "text/html"}]
    return made


def _links(content: RecordContent) -> Iterator[Document]:
    """Yield the ways to the data, what is about them, and the licence."""
    for online in content.online:
        yield {n: v for n, v in _link(online).items() if v}
    licence = licence_of(content)
    if licence is not None:
        title = licence.fr if content.language == "fre" else licence.en
        yield {"href": licence.uri, "rel": "license", "title": title}
    if content.identification.thumbnail:
        yield {"href": content.identification.thumbnail, "rel": "preview"}


def _link(online: Online) -> Document:
    kind = file_type(online.url)
    link = {"href": online.url, "rel": "related", "type": "", "title": online.name}
    if is_api(online):
        link |= {"rel": "service", "type": "application/json"}
    elif online.function is OnlineFunction.DOWNLOAD:
        link |= {"rel": "enclosure", "type": kind.media_type if kind else ""}
    elif online.function is OnlineFunction.INFORMATION:
        link |= {"rel": "about"}
    elif online.function is None:
        link |= {"rel": "alternate", "type": "text/html"}
    return link
