"""The operations that edit features, as the OpenAPI document describes them.

They stand there for collections that are open for editing, each with its own
columns; a document of an API that edits nothing does not mention them.

References
----------
OGC API Features Part 4 (20-002, draft); OpenAPI 3.0.3, “Security Scheme Object”.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from metadata.dataset import Collection, PublishedColumn, published_columns
from metadata.finding import Language
from metadata.measured import FieldType
from providers.query import served_crs
from service.edited_schema import bounds, geometry_schema, is_read_only
from service.edits_request import FEATURE, PATCH
from service.keys import KEY_HEADER
from service.links import Document
from service.messages import say
from service.openapi_forms import item_content
from service.problems import PROBLEM_JSON
from service.queryables import property_type
from service.snapshot import ServedCollection
from service.visit import Root

_KEY: Final = "key"
_REFUSED: Final = ("400", "401", "403", "404", "406", "409", "500", "503")
_OF_BODIES: Final = ("408", "413", "415", "422")
_OF_STATES: Final = ("412", "428")
_PLAIN: Final[dict[FieldType, Document]] = {
    FieldType.JSON: {},
    FieldType.ARRAY: {"type": "array", "items": {}},
    FieldType.BINARY: {"type": "string", "format": "byte"},
}
"""Types that OpenAPI 3.0 says in other words than JSON Schema 2020-12."""


def edited_collections(root: Root) -> Iterator[ServedCollection]:
    """Yield the collections of a root that are open for editing."""
    for served in root.collections.values():
        if served.editor is not None:
            yield served


def add_edits(document: Document, root: Root, language: Language) -> None:
    """Add the operations of all collections that are open, and the key they take."""
    for served in edited_collections(root):
        items = f"/collections/{served.id}/items"
        one = f"{items}/{{featureId}}"
        _add_create(document["paths"][items], served, language)
        document["paths"][one] |= _of_one(served, language)
        document["components"]["securitySchemes"] = {
            _KEY: {"type": "apiKey", "in": "header", "name": KEY_HEADER}
        }


def _add_create(path: Document, served: ServedCollection, language: Language) -> None:
    """Add a feature to what may be posted, beside a long question."""
    asked = path["post"]
    body = asked["requestBody"]
    content = {FEATURE: _whole(served.collection), **body["content"]}
    crs = _content_crs(served.collection, language)
    path["post"] = {
        **asked,
        "requestBody": {**body, "content": content},
        "parameters": [*asked["parameters"], crs, _prefer(language)],
        "security": [{}, {_KEY: []}],
        "responses": {
            **asked["responses"],
            "201": _feature(
                {
                    "description": say(language, "operation.create"),
                    "headers": _headers("Location", "ETag"),
                }
            ),
            **_responses((*_REFUSED, *_OF_BODIES), language),
        },
    }


def _of_one(served: ServedCollection, language: Language) -> Document:
    collection = served.collection
    about = _content_crs(collection, language), _prefer(language)
    whole, part = _whole(collection), _part(collection)
    return {
        "put": _operation(served, "replace", language, about, {FEATURE: whole}),
        "patch": _operation(served, "update", language, about, {PATCH: part}),
        "delete": _operation(served, "delete", language, (), {}),
    }


def _operation(
    served: ServedCollection,
    key: str,
    language: Language,
    parameters: Sequence[Document],
    content: Document,
) -> Document:
    """Return an operation that changes one feature."""
    summary = say(language, f"operation.{key}")
    statuses = (*_REFUSED, *_OF_STATES, *(_OF_BODIES if content else ()))
    body = {"requestBody": {"required": True, "content": content}} if content else {}
    done: Document = {"description": summary}
    if content:
        done["headers"] = _headers("ETag")
    return {
        "operationId": f"{key}.{served.id}",
        "summary": f"{served.id} – {summary}",
        "tags": ["data"],
        "security": [{_KEY: []}],
        "parameters": [
            {"$ref": "#/components/parameters/featureId"},
            {"$ref": "#/components/parameters/lang"},
            _header("If-Match", {"type": "string"}, language),
            *parameters,
        ],
        **body,
        "responses": {
            "204": done,
            **({"200": _feature(done)} if content else {}),
            **_responses(statuses, language),
        },
    }


def _whole(collection: Collection) -> Document:
    """Return the media type object of a feature."""
    part = _part(collection)["schema"]["properties"]
    return {
        "schema": {
            "type": "object",
            "required": ["type", *part],
            "properties": {
                "type": {"type": "string", "enum": ["Feature"]},
                **part,
                "properties": {**part["properties"], "nullable": True},
            },
        }
    }


def _part(collection: Collection) -> Document:
    """Return the media type object of a merge patch of a feature."""
    geometry = collection.geometry
    found = {"geometry": geometry_schema(geometry)} if geometry else {}
    members = {**found, "properties": _properties(collection)}
    return {"schema": {"type": "object", "properties": members}}


def _properties(collection: Collection) -> Document:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            column.name: _property(column)
            for column in published_columns(collection)
            if not is_read_only(collection, column)
        },
    }


def _property(column: PublishedColumn) -> Document:
    """Return the schema of one property that may be sent."""
    found = {**_PLAIN.get(column.field.type, property_type(column)), **bounds(column)}
    values = column.field.values
    if values:
        found["enum"] = [*values, *([None] if column.field.nullable else [])]
    if column.field.nullable:
        found["nullable"] = True
    return found


def _content_crs(collection: Collection, language: Language) -> Document:
    known = [crs.uri for crs in served_crs(collection)]
    schema: Document = {"type": "string", "enum": known, "default": known[0]}
    return _header("Content-Crs", schema, language)


def _prefer(language: Language) -> Document:
    return _header("Prefer", {"type": "string"}, language)


def _feature(done: Document) -> Document:
    """Return an answer that holds the feature, where it is preferred."""
    html: Document = {"text/html": {"schema": {"type": "string"}}}
    return {**done, "content": {**item_content(), **html}}


def _header(name: str, schema: Document, language: Language) -> Document:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": say(language, f"parameter.{name.lower()}"),
        "schema": schema,
    }


def _headers(*names: str) -> Document:
    return {name: {"schema": {"type": "string"}} for name in names}


def _responses(statuses: Sequence[str], language: Language) -> Document:
    """Return how refusals are answered."""
    problem = {"schema": {"$ref": "#/components/schemas/problem"}}
    return {
        status: {
            "description": say(language, f"status.{status}"),
            "content": {PROBLEM_JSON: problem},
        }
        for status in statuses
    }
