"""The one path where bytes flow: items, one item, and everything as a file.

Features come out of the silo as GeoJSON text and pass through untouched; what
is added here are the members around them. Small pages are one answer, larger
ones are streamed with their links at the end.

References
----------
OGC API Features Part 1 (17-069r4), clauses 7.15, 7.16 and 8.3; Part 2
(18-058r1), clause 6.3 (``Content-Crs``); RFC 7946.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from metadata.crs import CRS84, Crs
from metadata.finding import Language, Text
from providers.features import FeatureSource, FeatureStream
from providers.query import Query
from service import pages
from service.item_links import Links
from service.links import Link
from service.negotiation import GEOJSON, HTML, Offer, chosen_format
from service.parameters import (
    DEFAULT_LIMIT,
    DOWNLOAD_PARAMETERS,
    ITEM_PARAMETERS,
    SHOWN_LIMIT,
    ItemsRequest,
    read_crs,
    read_items,
    read_pairs,
    require_geojson,
    require_known,
)
from service.problems import not_found
from service.snapshot import ServedCollection
from service.streaming import FeatureStreamResponse

COUNT_BUDGET = 500
"""Milliseconds that counting may add to a page; then the number is left out."""
STREAMED_FROM = 1_000
"""Pages of more features than this are streamed."""
OFFERS = (GEOJSON, HTML, Offer("geojson", GEOJSON.media_type))
_OPENING = b'{"type":"FeatureCollection","features":['


async def get_items(
    request: Request, served: ServedCollection, root: str, language: Language
) -> Response:
    """Answer ``/collections/{id}/items``."""
    pairs = read_pairs(request.scope["query_string"])
    offer = chosen_format(request.query_params, request.headers, OFFERS)
    default = SHOWN_LIMIT if offer is HTML else DEFAULT_LIMIT
    asked = read_items(pairs, served.collection, limit=default)
    links = Links(root, served.id, pairs, language)
    headers = _headers(asked.query.crs, language)
    if asked.limit > STREAMED_FROM and offer is not HTML and not asked.hits:
        return await _streamed(served.features, asked, links, headers)
    content = await run_in_threadpool(_page, served.features, asked, links)
    if offer is HTML:
        return await run_in_threadpool(
            pages.items_page, request, served, root, language, content, headers=headers
        )
    return Response(content, media_type=GEOJSON.media_type, headers=headers)


async def get_item(
    request: Request, served: ServedCollection, root: str, language: Language
) -> Response:
    """Answer ``/collections/{id}/items/{fid}``."""
    pairs = read_pairs(request.scope["query_string"])
    given = require_known(pairs, ITEM_PARAMETERS, served.collection)
    crs = read_crs(given, served.collection)
    offer = chosen_format(request.query_params, request.headers, OFFERS)
    key = raw_item(request)
    feature = await run_in_threadpool(served.features.feature, key, crs)
    if feature is None:
        raise not_found(
            Text(f"La collection n'a pas d'objet « {unquote(key)[:80]} ».",
                 f"The collection has no feature “{unquote(key)[:80]}”.")
        )  # fmt: skip
    links = Links(root, served.id, pairs, language).of_item(key)
    content = f'{feature[:-1]},"links":{_json(links)}}}'.encode()
    headers = _headers(crs, language)
    if offer is HTML:
        return await run_in_threadpool(
            pages.item_page, request, served, root, language, content, headers=headers
        )
    return Response(content, media_type=GEOJSON.media_type, headers=headers)


async def get_download(
    request: Request,
    served: ServedCollection,
    root: str,  # noqa: ARG001  (every handler of this path has the same signature)
    language: Language,
) -> Response:
    """Answer ``/collections/{id}/download/{id}.geojson``: everything, by key."""
    name = f"{served.id}.geojson"
    file = request.path_params["file"]
    if file != name:
        raise not_found(
            Text(f"Il n'y a pas de fichier « {file[:80]} ».",
                 f"There is no file “{file[:80]}”.")
        )  # fmt: skip
    pairs = read_pairs(request.scope["query_string"])
    given = require_known(pairs, DOWNLOAD_PARAMETERS, served.collection)
    require_geojson(given)
    stream, first = await run_in_threadpool(_begin, served.features, Query())
    return FeatureStreamResponse(
        opening=_OPENING,
        first=first,
        stream=stream,
        closing=lambda: b"]}",
        headers={
            **_headers(CRS84, language),
            "Content-Type": GEOJSON.media_type,
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        },
    )


def raw_item(request: Request) -> str:
    """Return the identifier as it stands in the path, still percent-encoded."""
    raw: bytes = request.scope.get("raw_path") or b""
    path = raw.decode("latin-1").split("?", 1)[0]
    _, found, item = path.partition("/items/")
    return item if found else quote(request.path_params["item"], safe="")


async def _streamed(
    source: FeatureSource, asked: ItemsRequest, links: Links, headers: dict[str, str]
) -> Response:
    stream, first = await run_in_threadpool(_begin, source, asked.query)

    def closing() -> bytes:
        matched = _matched(source, asked.query, stream.count, more=stream.has_more)
        found = links.of_items(asked.query, stream.next_cursor, more=stream.has_more)
        return b"]," + _members(matched, stream.count, found) + b"}"

    return FeatureStreamResponse(
        opening=_OPENING,
        first=first,
        stream=stream,
        closing=closing,
        headers={**headers, "Content-Type": GEOJSON.media_type},
    )


def _begin(source: FeatureSource, query: Query) -> tuple[FeatureStream, bytes]:
    """Return a stream and its first batch, so that errors still have a status."""
    stream = source.stream(query)
    return stream, next(stream, b"")


def _page(source: FeatureSource, asked: ItemsRequest, links: Links) -> bytes:
    """Return one page as a FeatureCollection."""
    query = asked.query
    if asked.hits:
        found = links.of_items(query, None, more=False)
        return _collection((), _members(source.count(query), 0, found))
    page = source.page(query)
    number = len(page.features)
    matched = _matched(source, query, number, more=page.has_more)
    found = links.of_items(query, page.next_cursor, more=page.has_more)
    return _collection(page.features, _members(matched, number, found))


def _collection(features: Sequence[str], members: bytes) -> bytes:
    return b"".join(
        (_OPENING, ",".join(features).encode(), b"],", members, b"}"),
    )


def _matched(
    source: FeatureSource, query: Query, number: int, *, more: bool
) -> int | None:
    """Return how many features match; counted only where the page cannot tell."""
    if not query.cursor and not more and (number or not query.offset):
        return query.offset + number
    return source.count(query, budget_ms=COUNT_BUDGET)


def _members(matched: int | None, returned: int, links: Sequence[Link]) -> bytes:
    """Return the members after the features, without brackets."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    total = "" if matched is None else f'"numberMatched":{matched},'
    rest = f'"numberReturned":{returned},"timeStamp":"{now}","links":{_json(links)}'
    return (total + rest).encode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _headers(crs: Crs, language: Language) -> dict[str, str]:
    return {
        "Content-Crs": f"<{crs.uri}>",
        "Content-Language": str(language),
        "Vary": "Accept, Accept-Language",
    }
