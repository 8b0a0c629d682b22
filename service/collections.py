"""`/collections` and `/collections/{id}`.

References
----------
OGC API Features Part 1, clauses 7.13 and 7.14; Part 2, clause 6.2; and the
INSPIRE good practice on download services (see `service.links`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from metadata.crs import CRS84_URI, UnknownCrs, epsg
from metadata.dataset import Collection
from metadata.distributions import GEOJSON, collection_title
from metadata.finding import Language
from metadata.measured import Extent, TemporalExtent
from providers.query import served_crs
from service.links import (
    QUERYABLES_REL,
    SCHEMA_JSON,
    SCHEMA_REL,
    SORTABLES_REL,
    Document,
    Link,
    dataset_links,
    enclosures,
    self_links,
)
from service.listing import Listed
from service.messages import say
from service.negotiation import CSV, GML, JSONFG, XSD
from service.snapshot import ServedCollection
from service.visit import Root

HTML = "text/html"
GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
_SCHEMAS = {
    "queryables": QUERYABLES_REL,
    "sortables": SORTABLES_REL,
    "schema": SCHEMA_REL,
}
"""Schemas of a collection and how it links to them."""
_ITEMS = (
    (GEOJSON, "json", ""),
    (HTML, "html", "?f=html"),
    (JSONFG.media_type, JSONFG.name, f"?f={JSONFG.name}"),
    (GML.media_type, GML.name, f"?f={GML.name}"),
    (CSV.media_type, CSV.name, f"?f={CSV.name}"),
)
"""Forms of the items: media type, name of the title, and how one is asked for."""
_DAY = 10
"""Characters of a date without time."""


def collections_document(
    links: Sequence[Link], page: Listed, entries: Iterable[bytes]
) -> bytes:
    """Return the document of a page of collections, as JSON.

    Parameters
    ----------
    links
        Those of the page and of its root.
    entries
        The document of each collection on it, as JSON.
    """
    head = {
        "links": [*links],
        "numberMatched": page.matched,
        "numberReturned": len(page.collections),
    }
    opening = json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1]
    return b'%b,"collections":[%b]}' % (opening.encode(), b",".join(entries))


def root_links(root: Root, language: Language) -> list[Link]:
    """Return what `/collections` links to beside itself: record, licence, files."""
    if root.dataset is None:
        return []
    found = dataset_links(root.dataset.dataset, language)
    return [
        *found,
        *(link for c in root.dataset.collections for link in enclosures(c, language)),
    ]


def collection_document(
    served: ServedCollection, root: str, language: Language
) -> Document:
    """Return the document of one collection.

    Parameters
    ----------
    root
        Address of the API root, without a final slash.
    """
    collection, dataset = served.collection, served.dataset
    document: Document = {
        "id": served.id,
        "title": collection_title(dataset, collection),
        "description": dataset.abstract,
        "keywords": list(dataset.description.keywords),
        "attribution": dataset.description.producer or dataset.organisation.name,
        "itemType": "feature",
        "crs": [crs.uri for crs in served_crs(collection)],
        "links": [*_links(served, root, language)],
    }
    extent = extent_document(collection)
    if extent:
        document["extent"] = extent
    storage = storage_crs(collection)
    if storage:
        document["storageCrs"] = storage
    return document


def storage_crs(collection: Collection) -> str:
    """Return the URI of the CRS that the data are stored in; empty if unknown."""
    geometry = collection.geometry
    try:
        return epsg(geometry.srid).uri if geometry and geometry.srid else ""
    except UnknownCrs:
        return ""


def extent_document(collection: Collection) -> Document:
    """Return where and when the features are; `{}` if neither is known."""
    document: Document = {}
    extent, temporal = collection.extent, collection.temporal
    if extent is not None:
        document["spatial"] = {"bbox": [bbox(extent)], "crs": CRS84_URI}
    if temporal is not None and collection.time_field:
        document["temporal"] = {"interval": [interval(temporal)], "trs": GREGORIAN}
    return document


def bbox(extent: Extent) -> list[float]:
    """Return west, south, east, north in degrees, as they are in the survey."""
    return [extent.west, extent.south, extent.east, extent.north]


def interval(temporal: TemporalExtent) -> list[str | None]:
    """Return first and last moment as RFC 3339 times; an open end is `None`."""
    return [
        _moment(temporal.start, "T00:00:00Z"),
        _moment(temporal.end, "T23:59:59Z"),
    ]


def _moment(text: str, time: str) -> str | None:
    """Complete a date, as the schema of a collection allows nothing shorter."""
    if not text:
        return None
    if len(text) == _DAY:
        return text + time
    moment = text.replace(" ", "T", 1)
    return moment if moment.endswith("Z") or "+" in moment[_DAY:] else f"{moment}Z"


def _links(served: ServedCollection, root: str, language: Language) -> Iterable[Link]:
    url = f"{root}/collections/{served.id}"
    yield from self_links(url, language, "application/json")
    # GeoJSON is what comes unasked; GDAL finds the path of an address that has no
    # query in the API definition, and with it the parameters and the page size.
    for media_type, name, asked in _ITEMS:
        yield Link(
            href=f"{url}/items{asked}",
            rel="items",
            type=media_type,
            title=say(language, f"link.items-{name}"),
        )
    for name, rel in _SCHEMAS.items():
        title = say(language, f"link.{name}")
        yield Link(href=f"{url}/{name}", rel=rel, type=SCHEMA_JSON, title=title)
    yield Link(
        href=f"{url}/schema?f={XSD.name}",
        rel=SCHEMA_REL,
        type=XSD.media_type,
        title=say(language, "link.xsd"),
    )
    yield from enclosures(served, language)
    yield from dataset_links(served.dataset, language)
