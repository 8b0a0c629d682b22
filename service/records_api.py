"""`/collections/catalogue`: the published records by OGC API Records.

Answered directly and not through a record provider of pygeoapi: those page by
offset, count at each page and know no catalogue that changes while it is read. Here
a page goes on after the last identifier of the one before (`next`), as in the DCAT
feed. The collection is linked from the landing page and not listed among the
feature collections, which are those of the INSPIRE download service.

Left out: filters by CQL2, sorting.

References
----------
OGC API Records Part 1 (20-004r1), clauses 7 to 9.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from metadata.distributions import GEOJSON
from metadata.finding import Language
from metadata.ogcrecord import ogc_record
from metadata.record import RecordKind
from metadata.record_facets import FACETS
from service.catalogue import Catalogue, Published
from service.csw.entry import Entry
from service.csw.keeper import Keeper
from service.dcat import Clock, read_limit, record_url, require_whole
from service.landing import service_title
from service.links import QUERYABLES_REL, SCHEMA_JSON, Document
from service.messages import say, text
from service.negotiation import HTML, JSON, SCHEMA, Offer
from service.problems import not_found
from service.queryables import JSON_SCHEMA
from service.records_facets import counted, facets_document, read_facets
from service.records_pages import SHOWN, by_title, catalogue_page, record_page
from service.records_search import PARAMETERS, Search, matching, read_search
from service.snapshot import Snapshot
from service.visit import COMMON, Visit, visit

PAGE_SIZE: Final = 10
MOST: Final = 1000
_FACETS: Final = Offer(
    "json",
    "application/facets+json",
    ("application/json", "application/schema+json"),
)
FACETS_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/facets"
_EVERYTHING: Final[Mapping[str, str]] = MappingProxyType({})
_OF_DATA: Final[Mapping[str, str]] = MappingProxyType({"type": "dataset,series"})
"""What people look for first: services have records of their own."""
_RECORD: Final = Offer("json", GEOJSON, ("application/json",))


class RecordsApi:
    """The endpoints of the collection.

    Parameters
    ----------
    keeper
        Keeps the index that searches ask.
    clock
        Returns the present moment with its time zone.
    """

    def __init__(self, keeper: Keeper, clock: Clock) -> None:
        self._keeper = keeper
        self._clock = clock

    def collection(self, request: Request) -> Response:
        """Answer `/collections/catalogue`; people get the search itself."""
        seen = visit(request, (JSON, HTML))
        if seen.offer is HTML:
            return self._searched(request, (HTML,), _OF_DATA)
        return _answer(seen, _collection(seen))

    def queryables(self, request: Request) -> Response:
        """Answer `/collections/catalogue/queryables`."""
        seen = visit(request, (SCHEMA,))
        return _answer(seen, _queryables(seen))

    def facets(self, request: Request) -> Response:
        """Answer `/collections/catalogue/facets`: by what is counted."""
        seen = visit(request, (_FACETS,))
        return _answer(seen, facets_document("catalogue", _title(seen)))

    def items(self, request: Request) -> Response:
        """Answer `/collections/catalogue/items`.

        Raises
        ------
        metadata.errors.QueryError, HttpProblem
            A parameter that cannot be read; what `service.dcat.require_whole`
            raises: harvesters delete what is not listed any more.
        """
        return self._searched(request, (_RECORD, HTML))

    def _searched(
        self,
        request: Request,
        offers: Sequence[Offer],
        asked: Mapping[str, str] = _EVERYTHING,
    ) -> Response:
        seen = visit(request, offers, COMMON | PARAMETERS)
        given = {**asked, **request.query_params}
        search, facets = read_search(given), read_facets(given.get("facets"))
        limit = _limit(given.get("limit"), SHOWN if seen.offer is HTML else PAGE_SIZE)
        require_whole(seen.snapshot, self._clock())
        found = self._found(seen.snapshot.catalogue, search)
        shown = _following(found, given.get("after", ""), seen.offer)[: limit + 1]
        more, shown = len(shown) > limit, shown[:limit]
        following = {**given, "after": shown[-1].identifier} if more and shown else {}
        records = [seen.snapshot.catalogue.records[e.identifier] for e in shown]
        document: Document = {
            "type": "FeatureCollection",
            "facets": counted(found, facets),
            "features": [_feature(each, seen) for each in records],
            "numberMatched": len(found),
            "numberReturned": len(records),
            "links": _page_links(seen, given, following),
        }
        if seen.offer is HTML:
            return catalogue_page(seen, given, document, following)
        return _answer(seen, document)

    def _found(self, catalogue: Catalogue, search: Search) -> list[Entry]:
        """Return the records found, of those that are there still."""
        index = self._keeper.index(catalogue.stored)
        return [
            entry
            for entry in matching(index, search)
            if entry.identifier in catalogue.records
        ]

    def item(self, request: Request) -> Response:
        """Answer `/collections/catalogue/items/{id}`.

        Raises
        ------
        HttpProblem
            404: there is no such record.
        """
        seen = visit(request, (_RECORD, HTML))
        name = request.path_params["item"]
        published = seen.snapshot.catalogue.records.get(name)
        if published is None:
            raise not_found(text("catalogue.no-record", name=name[:80]))
        record = _feature(published, seen)
        if seen.offer is HTML:
            return record_page(seen, published, record)
        return _answer(seen, record)


def _limit(given: str | None, default: int) -> int:
    """Return how many records are wanted on a page; 0 where only their number is."""
    return 0 if given == "0" else read_limit(given, default, MOST)


def _following(found: Sequence[Entry], after: str, offer: Offer) -> Sequence[Entry]:
    """Return the records after one, by title for people, else by identifier.

    Pages by identifier hold each record once while the catalogue changes.
    """
    if offer is HTML:
        return by_title(found, after)
    return found[bisect_right(found, after, key=lambda entry: entry.identifier) :]


def _base(snapshot: Snapshot) -> str:
    return f"{snapshot.configuration.service.url}/collections/catalogue"


def _feature(published: Published, seen: Visit) -> Document:
    """Return a record with the links to its other forms."""
    base = _base(seen.snapshot)
    record = ogc_record(published.content, published.revision.date_stamp)
    own = f"{base}/items/{quote(published.identifier, safe='')}"
    record["links"] = [
        _link(f"{own}?f=json", "self", GEOJSON, say(seen.language, "link.self")),
        _link(base, "collection", "application/json", _title(seen)),
        _link(
            record_url(seen.snapshot, published),
            "alternate",
            "application/xml",
            "ISO 19139",
        ),
        *record["links"],
    ]
    return record


def _page_links(
    seen: Visit, given: dict[str, str], following: dict[str, str]
) -> list[Document]:
    items = f"{_base(seen.snapshot)}/items"
    here = f"{items}?{urlencode(given)}" if given else items
    links = [
        _link(here, "self", GEOJSON, say(seen.language, "link.self")),
        _link(_base(seen.snapshot), "collection", "application/json", _title(seen)),
    ]
    if following:
        address = f"{items}?{urlencode(following)}"
        links.append(_link(address, "next", GEOJSON, say(seen.language, "page.next")))
    return links


def _collection(seen: Visit) -> Document:
    snapshot, language = seen.snapshot, seen.language
    base, url = _base(snapshot), snapshot.configuration.service.url
    about = snapshot.configuration.service.description
    title = service_title(snapshot.configuration)
    document: Document = {
        "id": "catalogue",
        "type": "Collection",
        "itemType": "record",
        "title": _title(seen),
        "description": about or say(language, "catalogue.about", title=title),
        "links": [
            _link(f"{base}?f=json", "self", "application/json", _title(seen)),
            _link(f"{base}/items", "items", GEOJSON, _title(seen)),
            _link(
                f"{base}/queryables",
                QUERYABLES_REL,
                SCHEMA_JSON,
                say(language, "link.queryables"),
            ),
            _link(
                f"{base}/facets",
                FACETS_REL,
                _FACETS.media_type,
                say(language, "link.facets"),
            ),
            _link(f"{url}/dcat/catalog.ttl", "alternate", "text/turtle", "DCAT-AP"),
            _link(
                f"{url}/dcat/catalog.jsonld",
                "alternate",
                "application/ld+json",
                "DCAT-AP",
            ),
        ],
    }
    changed = snapshot.catalogue.changed_at
    if changed is not None:
        document["updated"] = changed.isoformat(timespec="seconds")
    return document


def _queryables(seen: Visit) -> Document:
    """Return what can be searched for; each by a parameter of its own."""
    language: Language = seen.language
    properties: dict[str, Any] = {
        "geometry": {"format": "geometry-polygon", "x-ogc-role": "primary-geometry"},
        "time": {"type": "string", "format": "date-time"},
        "type": {"type": "string", "enum": [kind.value for kind in RecordKind]},
        "id": {"type": "string", "x-ogc-role": "id"},
        "externalIds": {"type": "string"},
    }
    properties |= {
        name: {**properties.get(name, {"type": "string"}), "facet": True}
        for name in FACETS
    }
    by = {"geometry": "bbox", "time": "datetime", "id": "ids"}
    for name, schema in properties.items():
        parameter = by.get(name, name)
        schema["description"] = say(language, "catalogue.by", parameter=parameter)
    return {
        "$schema": JSON_SCHEMA,
        "$id": f"{_base(seen.snapshot)}/queryables",
        "type": "object",
        "title": _title(seen),
        "properties": properties,
        "additionalProperties": False,
    }


def _title(seen: Visit) -> str:
    title = service_title(seen.snapshot.configuration)
    return say(seen.language, "catalogue.title", title=title)


def _link(href: str, rel: str, media_type: str, title: str) -> Document:
    return {"href": href, "rel": rel, "type": media_type, "title": title}


def _answer(seen: Visit, document: Document) -> Response:
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Response(
        content.encode(),
        headers={
            "Content-Type": seen.offer.media_type,
            "Content-Language": str(seen.language),
            "Vary": "Accept, Accept-Language",
        },
    )
