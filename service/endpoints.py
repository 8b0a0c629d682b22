"""The handlers of every document, under the service's root and each dataset's.

Those that make documents are no coroutines: they run in threads, so that a long
list of collections holds nobody up.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from metadata.codelists import THEMES
from metadata.distributions import collection_title
from metadata.finding import Language
from providers.store import Store
from service.collections import (
    collection_document,
    collections_document,
    root_links,
)
from service.conformance import conformance_document
from service.folder import last_modified, structured_data
from service.gml_schema import schema_content
from service.health import health_document
from service.landing import datasets_document, landing_document
from service.links import Document
from service.listing import PARAMETERS as LISTING_PARAMETERS
from service.listing import Listed, listed, listing_links, read_listing
from service.negotiation import HTML, JSON, OPENAPI, SCHEMA, XSD, Offer
from service.openapi import openapi_document, operations
from service.openapi_edits import edited_collections
from service.pages import page_response, reader, render
from service.queryables import (
    queryables_document,
    schema_document,
    sortables_document,
)
from service.records import record_content
from service.snapshot import Made, ServedCollection
from service.visit import (
    Visit,
    visit,
)

Endpoint = Callable[[Request], Awaitable[Response]]
_XML = Offer("xml", "application/xml", ("text/xml",))


def landing(request: Request) -> Response:
    """Answer `/`."""
    seen = visit(request, (JSON, HTML))
    if seen.offer is not HTML:
        return _document(
            seen, "/", lambda: landing_document(seen.root, seen.snapshot, seen.language)
        )
    if seen.root.dataset is None:
        return _page(seen, "landing.html")
    dataset = seen.root.dataset.dataset
    themes = [THEMES[code].label_in(seen.language) for code in dataset.themes]
    return _page(
        seen,
        "dataset.html",
        served=seen.root.dataset,
        themes=themes,
        structured_data=structured_data(seen.snapshot, dataset.id),
    )


def datasets(request: Request) -> Response:
    """Answer `/datasets/`."""
    seen = visit(request, (JSON, HTML))
    if seen.offer is HTML:
        return _page(seen, "datasets.html")
    return _document(
        seen, "datasets", lambda: datasets_document(seen.snapshot, seen.language)
    )


def conformance(request: Request) -> Response:
    """Answer `/conformance`."""
    seen = visit(request, (JSON, HTML))
    editing = any(edited_collections(seen.root))
    if seen.offer is HTML:
        document = conformance_document(editing=editing)
        return _page(seen, "conformance.html", document=document)
    return _document(seen, "conformance", lambda: conformance_document(editing=editing))


def api(request: Request) -> Response:
    """Answer `/api` and `/openapi`."""
    seen = visit(request, (OPENAPI, HTML))

    def make() -> Document:
        return openapi_document(seen.root, seen.snapshot.configuration, seen.language)

    if seen.offer is HTML:
        return _page(seen, "api.html", operations=operations(make()))
    return _document(seen, "api", make)


def collections(request: Request) -> Response:
    """Answer `/collections`: all of them, or those that are searched for."""
    seen = visit(request, (JSON, HTML), LISTING_PARAMETERS)
    given = dict(request.query_params)
    listing = read_listing(given, seen.offer)
    page = listed(seen.root.collections.values(), listing)
    links = listing_links(f"{seen.root.url}/collections", given, page, seen.language)
    if seen.offer is HTML:
        around = {link["rel"]: f"?{urlsplit(link['href']).query}" for link in links}
        return _page(
            seen, "collections.html", titled=_titled(page), page=page, around=around
        )

    def make() -> bytes:
        entries = (_entry(seen, served).content for served in page.collections)
        all_links = [*links, *root_links(seen.root, seen.language)]
        return collections_document(all_links, page, entries)

    if given.keys() - {"f", "lang"}:
        return _answer(seen, make())
    key = (seen.root.url, "collections", str(seen.language), *sorted(given))
    return _made(seen, seen.snapshot.documents.get(key, make))


def collection(request: Request) -> Response:
    """Answer `/collections/{id}`."""
    seen = visit(request, (JSON, HTML))
    served = seen.collection()
    if seen.offer is not HTML:
        return _made(seen, _entry(seen, served))
    schema = schema_document(served, seen.root.url, seen.language)
    document = collection_document(served, seen.root.url, seen.language)
    return _page(
        seen, "collection.html", served=served, document=document, schema=schema
    )


def _entry(seen: Visit, served: ServedCollection) -> Made:
    """Return the document of one collection, made once per snapshot and root."""
    key = (seen.root.url, f"collections/{served.id}", str(seen.language))

    def make() -> bytes:
        return _dumped(collection_document(served, seen.root.url, seen.language))

    return seen.snapshot.documents.get(key, make)


def queryables(request: Request) -> Response:
    """Answer `/collections/{id}/queryables`."""
    return _schema(request, "queryables", queryables_document)


def sortables(request: Request) -> Response:
    """Answer `/collections/{id}/sortables`."""
    return _schema(request, "sortables", sortables_document)


def schema(request: Request) -> Response:
    """Answer `/collections/{id}/schema`: as JSON, as a page, and as XML of GML."""
    seen = visit(request, (SCHEMA, HTML, XSD))
    if seen.offer is not XSD:
        return _schema(request, "schema", schema_document)
    served = seen.collection()
    key = (seen.root.url, f"collections/{served.id}/xsd", str(seen.language))
    made = seen.snapshot.documents.get(key, lambda: schema_content(served))
    return _made(seen, made)


def _schema(
    request: Request,
    name: str,
    make: Callable[[ServedCollection, str, Language], Document],
) -> Response:
    """Answer with a JSON Schema of a collection, or with its page."""
    seen = visit(request, (SCHEMA, HTML))
    served = seen.collection()

    def made() -> Document:
        return make(served, seen.root.url, seen.language)

    if seen.offer is HTML:
        return _page(seen, "schema.html", served=served, document=made(), name=name)
    return _document(seen, f"collections/{served.id}/{name}", made)


def record_endpoint(
    store: Callable[[], Store | None],
) -> Callable[[Request], Response]:
    """Return the endpoint of `/records/{name}.xml`.

    Parameters
    ----------
    store
        Returns the store, or `None` while it cannot be read.
    """

    def record(request: Request) -> Response:
        seen = visit(request, (_XML,))
        name = request.path_params["name"]
        content = record_content(name, seen.snapshot, store())
        headers = last_modified(seen.snapshot, name)
        return Response(content, media_type="application/xml", headers=headers)

    return record


def health(request: Request) -> Response:
    """Answer `/health`."""
    seen = visit(request, (JSON,))
    document = health_document(seen.snapshot, request, seen.language)
    return Response(
        _dumped(document),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _document(seen: Visit, name: str, make: Callable[[], Document]) -> Response:
    """Answer with a JSON document, made once per snapshot, root and language."""
    key = (seen.root.url, name, str(seen.language))
    return _made(seen, seen.snapshot.documents.get(key, lambda: _dumped(make())))


def _made(seen: Visit, made: Made) -> Response:
    """Answer with a document that was made before, and its tag."""
    answer = _answer(seen, made.content)
    answer.headers["ETag"] = made.tag
    return answer


def _answer(seen: Visit, content: bytes) -> Response:
    return Response(
        content,
        headers={
            "Content-Type": seen.offer.media_type,
            "Content-Language": str(seen.language),
            "Vary": "Accept, Accept-Language",
        },
    )


def _dumped(document: Document) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _page(seen: Visit, template: str, **values: object) -> Response:
    """Answer with a page."""
    reading = reader(seen.request, seen.language, seen.root.url)
    content = render(
        template, reading, snapshot=seen.snapshot, root=seen.root, **values
    )
    return page_response(content, seen.language)


def _titled(page: Listed) -> list[tuple[str, ServedCollection]]:
    """Return the collections of a page with their titles, in their order."""
    return [
        (collection_title(served.dataset, served.collection), served)
        for served in page.collections
    ]
