"""The OpenAPI 3.0 document of an API root, complete in itself.

The service's root describes its collections by one path with a parameter, so
that the document stays small with a thousand of them; the root of a dataset
spells out each collection with its own columns and reference systems.

References
----------
OGC API Features Part 1, clause 9 (conformance class oas30); INSPIRE good practice
on download services, Annex C (title, description, licence and contact in `info`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from metadata.codelists import LICENCES
from metadata.distributions import GEOJSON, collection_title
from metadata.file_formats import FORMATS, FileFormat
from metadata.finding import Language
from providers.configuration import Configuration
from service.landing import service_title
from service.links import SCHEMA_JSON, Document
from service.messages import say
from service.negotiation import OPENAPI
from service.openapi_edits import add_edits, edited_collections
from service.openapi_forms import item_content, items_content, schema_content
from service.openapi_headers import answer_headers, shared_headers
from service.openapi_outlets import outlet_paths
from service.openapi_parameters import (
    LISTING_PARAMETERS,
    OWN_PARAMETERS,
    collection_id,
    crs_parameter,
    property_parameters,
    shared_parameters,
)
from service.posted import FILTER_TYPES, FORM
from service.problems import PROBLEM_JSON
from service.snapshot import ServedCollection
from service.visit import Root

_JSON = "application/json"
_CRS = ("bbox-crs", "crs", "filter-crs")
_ERRORS = ("400", "404", "406", "500", "503")
_BINARY = {"type": "string", "format": "binary"}
_POST_ERRORS = ("408", "413", "415")
_NONE: Document = {"content": ()}
"""An answer without a body."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation, as its page shows it."""

    path: str
    method: str
    id: str
    summary: str
    parameters: tuple[Document, ...]
    media_types: tuple[str, ...]
    tag: str


def openapi_document(
    root: Root, configuration: Configuration, language: Language
) -> Document:
    """Return the document of an API root."""
    document: Document = {
        "openapi": "3.0.3",
        "info": _info(root, configuration, language),
        "servers": [{"url": root.url}],
        "tags": [
            {"name": name, "description": say(language, f"tag.{name}")}
            for name in ("service", "data", "records")
            if name != "records" or root.dataset is None
        ],
        "paths": _paths(root, language),
        "components": _components(root, configuration, language),
    }
    while _drop_unused(document):
        pass
    add_edits(document, root, language)
    return document


def operations(document: Document) -> list[Operation]:
    """Return every operation of a document, its references followed."""
    shared = document["components"]["parameters"]
    return [
        Operation(
            path=path,
            method=method.upper(),
            id=operation["operationId"],
            summary=operation["summary"],
            parameters=tuple(
                shared[p["$ref"].rsplit("/", 1)[1]] if "$ref" in p else p
                for p in operation["parameters"]
            ),
            media_types=tuple(operation["responses"].get("200", _NONE)["content"]),
            tag=operation["tags"][0],
        )
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _info(root: Root, configuration: Configuration, language: Language) -> Document:
    """Return title, description, contact and licence."""
    organisation, service = configuration.organisation, configuration.service
    contact: Document = {"name": organisation.name, "email": organisation.email}
    if organisation.url:
        contact["url"] = organisation.url
    info: Document = {
        "title": service_title(configuration),
        "description": service.description or service_title(configuration),
        "version": version("passerelle"),
        "contact": contact,
    }
    if root.dataset is None:
        return info
    dataset = root.dataset.dataset
    info["title"] = dataset.description.title
    info["description"] = dataset.description.abstract
    licence = LICENCES.get(dataset.licence)
    if licence is not None:
        info["license"] = {"name": licence.label_in(language), "url": licence.uri}
    return info


def _paths(root: Root, language: Language) -> Document:
    """Return every path of the root."""
    paths: Document = {
        "/": _get("landingPage", "service", language, _json_html("landingPage")),
        "/conformance": _get(
            "conformance", "service", language, _json_html("confClasses")
        ),
        "/api": _get(
            "api",
            "service",
            language,
            {OPENAPI.media_type: _content("jsonSchema"), **_HTML},
        ),
        "/collections": _get(
            "collections",
            "data",
            language,
            _json_html("collections"),
            parameters=[_ref(name) for name in ("f", "lang", *LISTING_PARAMETERS)],
        ),
    }
    if root.dataset is None:
        generic = [{"$ref": "#/components/parameters/collectionId"}]
        everywhere = [_ref(name) for name in OWN_PARAMETERS]
        anywhere = [_ref("crs")]
        paths |= _collection_paths(
            "{collectionId}", "", generic, everywhere, anywhere, _files(root), language
        )
        for served in edited_collections(root):
            paths |= _one_collection(served, language)
        paths |= outlet_paths(_get, language)
        return paths
    for served in root.dataset.collections:
        paths |= _one_collection(served, language)
    return paths


def _files(root: Root) -> tuple[FileFormat, ...]:
    """Return the forms of file that some collection has."""
    had = {
        form
        for served in root.collections.values()
        for form in served.dataset.formats(served.collection)
    }
    return tuple(form for form in FORMATS if form in had)


def _one_collection(served: ServedCollection, language: Language) -> Document:
    """Return the paths of one collection, with its own parameters spelled out."""
    in_crs = {n: crs_parameter(n, served.collection, language) for n in _CRS}
    items = [_ref(name) for name in OWN_PARAMETERS if name not in _CRS]
    items += [*in_crs.values(), *property_parameters(served.collection)]
    title = collection_title(served.dataset, served.collection)
    files = served.dataset.formats(served.collection)
    crs = [in_crs["crs"]]
    return _collection_paths(served.id, title, [], items, crs, files, language)


def _collection_paths(
    name: str,
    title: str,
    fixed: Sequence[Document],
    items: Sequence[Document],
    item: Sequence[Document],
    files: Iterable[FileFormat],
    language: Language,
) -> Document:
    """Return the paths of one collection, or of all by a parameter.

    Parameters
    ----------
    fixed
        Path parameters.
    items, item
        Parameters of `/items` and of one item.
    files
        Forms of file that there are.
    """
    suffix = "" if "{" in name else f".{name}"
    paths = {
        f"/collections/{name}{path}": _get(
            key,
            "data",
            language,
            content,
            parameters=[*fixed, *own, _ref("lang")],
            suffix=suffix,
            title=title,
        )
        for key, path, content, own in _collection_operations(name, items, item, files)
    }
    asked = paths[f"/collections/{name}/items"]
    asked["post"] = _post(asked["get"], f"postItems{suffix}", title, language)
    return paths


def _post(get: Document, name: str, title: str, language: Language) -> Document:
    """Return the operation that asks the same with the filter in the body."""
    summary = say(language, "operation.postItems")
    return {
        **get,
        "operationId": name,
        "summary": f"{title} – {summary}" if title else summary,
        "parameters": [p for p in get["parameters"] if not _is_posted(p)],
        "requestBody": {
            "required": True,
            "description": say(language, "parameter.posted"),
            "content": {
                **{kind: _content("cql2") for kind in FILTER_TYPES},
                FORM: _content("filterForm"),
            },
        },
        "responses": {
            "200": {
                "description": summary,
                "content": items_content(),
                **answer_headers("items"),
            },
            **_errors(*_ERRORS, *_POST_ERRORS),
        },
    }


def _is_posted(parameter: Document) -> bool:
    """Tell whether a parameter is in the body of a POST."""
    return parameter.get("$ref", "").rsplit("/", 1)[-1] in {"filter", "filter-lang"}


def _errors(*statuses: str) -> Document:
    return {s: {"$ref": f"#/components/responses/{s}"} for s in statuses}


def _collection_operations(
    name: str,
    items: Sequence[Document],
    item: Sequence[Document],
    files: Iterable[FileFormat],
) -> Iterator[tuple[str, str, Document, Sequence[Document]]]:
    """Yield operation, path, content and own parameters of a collection's paths."""
    form = _ref("f")
    schema = {SCHEMA_JSON: _content("jsonSchema"), **_HTML}
    features: Document = {GEOJSON: _content("featureCollection")}
    yield "collection", "", _json_html("collection"), (form,)
    yield "queryables", "/queryables", schema, (form,)
    yield "sortables", "/sortables", schema, (form,)
    xsd = {**schema, **schema_content()}
    yield "schema", "/schema", xsd, (_ref("schemaForm"),)
    own, every, each_one = _ref("itemForm"), items_content(), item_content()
    yield "items", "/items", {**every, **_HTML}, (own, *items)
    one = (_ref("featureId"), own, *item)
    yield "item", "/items/{featureId}", {**each_one, **_HTML}, one
    yield "download", f"/download/{name}.geojson", features, (_ref("downloadForm"),)
    for each in files:
        whole: Document = {FORMATS[each].media_type: {"schema": _BINARY}}
        if each is not FileFormat.GEOJSON:
            yield f"download_{each}", f"/download/{name}.{each}", whole, ()


def _get(
    key: str,
    tag: str,
    language: Language,
    content: Document,
    *,
    parameters: Sequence[Document] | None = None,
    suffix: str = "",
    title: str = "",
) -> Document:
    """Return one GET operation."""
    summary = say(language, f"operation.{key}")
    given = [_ref("f"), _ref("lang")] if parameters is None else list(parameters)
    return {
        "get": {
            "operationId": f"{key}{suffix}",
            "summary": f"{title} – {summary}" if title else summary,
            "tags": [tag],
            "parameters": given,
            "responses": {
                "200": {
                    "description": summary,
                    "content": content,
                    **answer_headers(key),
                },
                **_errors(*_ERRORS),
            },
        }
    }


def _components(
    root: Root, configuration: Configuration, language: Language
) -> Document:
    """Return schemas, parameters and responses that paths refer to."""
    parameters = shared_parameters(configuration.service.languages, language)
    if root.dataset is None:
        parameters["collectionId"] = collection_id(root.collections, language)
    return {
        "schemas": dict(_schemas()),
        "parameters": parameters,
        "headers": shared_headers(language),
        "responses": dict(_error_responses(language)),
    }


def _drop_unused(document: Document) -> bool:
    """Drop components that nothing refers to; tell if there were any."""
    used = set(_references(document))
    dropped = False
    for kind, parts in document["components"].items():
        for name in tuple(parts):
            if f"#/components/{kind}/{name}" not in used:
                del parts[name]
                dropped = True
    return dropped


def _references(value: object) -> Iterator[str]:
    """Yield every reference inside a document."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _references(inner)


def _error_responses(language: Language) -> Iterator[tuple[str, Document]]:
    for status in (*_ERRORS, *_POST_ERRORS, "403"):
        yield (
            status,
            {
                "description": say(language, f"status.{status}"),
                "content": {PROBLEM_JSON: _content("problem")},
            },
        )


@lru_cache(maxsize=1)
def _schemas() -> Any:
    text = files("service").joinpath("openapi_components.json").read_text("utf-8")
    return json.loads(text)


_HTML: Document = {"text/html": {"schema": {"type": "string"}}}


def _json_html(schema: str) -> Document:
    return {_JSON: _content(schema), **_HTML}


def _content(schema: str) -> Document:
    return {"schema": {"$ref": f"#/components/schemas/{schema}"}}


def _ref(parameter: str) -> Document:
    return {"$ref": f"#/components/parameters/{parameter}"}
