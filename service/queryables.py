"""`/queryables`, `/sortables` and `/schema` of a collection as JSON Schema.

References
----------
OGC API Features Part 3, clause 6; OGC API Common Part 3 / Features Part 5
(23-058r2), clauses 7, 8 and 10 to 12.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from metadata.dataset import Collection, PublishedColumn, published_columns
from metadata.distributions import collection_title
from metadata.finding import Language
from metadata.measured import FieldType, GeometryType
from providers.cql2_arrays import element_kind
from providers.cql2_tree import Kind
from providers.query import SORTABLE
from service.edited_schema import with_receivables
from service.links import Document
from service.messages import say
from service.parameters import ITEMS_PARAMETERS
from service.snapshot import ServedCollection

JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
GEOMETRY = "geometry"
"""The name of the geometry outside: GeoJSON has no other."""
_TYPES: Mapping[FieldType, Document] = {
    FieldType.STRING: {"type": "string"},
    FieldType.INTEGER: {"type": "integer"},
    FieldType.NUMBER: {"type": "number"},
    FieldType.BOOLEAN: {"type": "boolean"},
    FieldType.DATE: {"type": "string", "format": "date"},
    FieldType.DATETIME: {"type": "string", "format": "date-time"},
    FieldType.TIME: {"type": "string", "format": "time"},
    FieldType.UUID: {"type": "string", "format": "uuid"},
    FieldType.JSON: {
        "type": ["object", "array", "string", "number", "boolean", "null"]
    },
    FieldType.ARRAY: {"type": "array"},
    FieldType.BINARY: {"type": "string", "contentEncoding": "base64"},
    FieldType.OTHER: {"type": "string"},
}
_ELEMENTS: Mapping[Kind, Document] = {
    Kind.TEXT: {"type": "string"},
    Kind.NUMBER: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.DATETIME: {"type": "string", "format": "date-time"},
    Kind.UUID: {"type": "string", "format": "uuid"},
}
_IDENTIFYING = frozenset({FieldType.STRING, FieldType.INTEGER, FieldType.UUID})
"""Types that an identifier may have (/req/schemas/role-id)."""
_TEMPORAL = frozenset({FieldType.DATE, FieldType.DATETIME})
_FORMATS = {
    GeometryType.POINT: "point",
    GeometryType.LINE_STRING: "linestring",
    GeometryType.POLYGON: "polygon",
    GeometryType.MULTI_POINT: "multipoint",
    GeometryType.MULTI_LINE_STRING: "multilinestring",
    GeometryType.MULTI_POLYGON: "multipolygon",
    GeometryType.GEOMETRY_COLLECTION: "geometrycollection",
    GeometryType.GEOMETRY: "any",
}


def queryables_document(
    served: ServedCollection, root: str, language: Language
) -> Document:
    """Return what a filter may name. Anything else is refused."""
    collection = served.collection
    queryable = [
        column
        for column in published_columns(collection)
        if column.field.type in SORTABLE or element_kind(column)
    ]
    document = _schema(served, f"{root}/collections/{served.id}/queryables")
    document["additionalProperties"] = False
    document["properties"] = {
        **dict(_geometry(collection, language)),
        **{c.name: _queryable(collection, c, language) for c in queryable},
    }
    return document


def sortables_document(
    served: ServedCollection,
    root: str,
    language: Language,  # noqa: ARG001  (one signature for all schemas)
) -> Document:
    """Return what `sortby` may name. Anything else is refused."""
    collection = served.collection
    document = _schema(served, f"{root}/collections/{served.id}/sortables")
    document["additionalProperties"] = False
    document["properties"] = {
        column.name: _property(collection, column)
        for column in published_columns(collection)
        if column.field.type in SORTABLE
    }
    return document


def schema_document(
    served: ServedCollection, root: str, language: Language
) -> Document:
    """Return the schema of a feature's properties and geometry."""
    collection = served.collection
    columns = published_columns(collection)
    document = _schema(served, f"{root}/collections/{served.id}/schema")
    document["properties"] = {
        **dict(_geometry(collection, language)),
        **{
            column.name: {**_property(collection, column), "x-ogc-propertySeq": number}
            for number, column in enumerate(columns, start=1)
        },
    }
    document["required"] = [c.name for c in columns if not c.field.nullable]
    is_open = served.editor is not None
    return with_receivables(document, collection) if is_open else document


def property_type(column: PublishedColumn) -> Document:
    """Return the JSON Schema of a column's values."""
    found = dict(_TYPES[column.field.type])
    kind = element_kind(column)
    return {**found, "items": dict(_ELEMENTS[kind])} if kind else found


def _schema(served: ServedCollection, url: str) -> Document:
    return {
        "$schema": JSON_SCHEMA,
        "$id": url,
        "type": "object",
        "title": collection_title(served.dataset, served.collection),
    }


def _geometry(
    collection: Collection, language: Language
) -> Iterator[tuple[str, Document]]:
    """Yield the geometry, if there is one."""
    geometry = collection.geometry
    if geometry is not None:
        yield (
            GEOMETRY,
            {
                "title": say(language, "field.geometry"),
                "format": f"geometry-{_FORMATS[geometry.type]}",
                "x-ogc-role": "primary-geometry",
            },
        )


def _property(collection: Collection, column: PublishedColumn) -> Document:
    """Return the schema of one column, with its role."""
    document = property_type(column)
    if column.field.values:
        document["enum"] = list(column.field.values)
    document["title"] = column.name
    if column.description:
        document["description"] = column.description
    role = _role(collection, column)
    if role:
        document["x-ogc-role"] = role
    return document


def _role(collection: Collection, column: PublishedColumn) -> str:
    """Return what a column is to its feature; empty for most."""
    found = column.field
    if collection.key == (found.name,) and found.type in _IDENTIFYING:
        return "id"
    is_time = found.name == collection.time_field and found.type in _TEMPORAL
    return "primary-instant" if is_time else ""


def _queryable(
    collection: Collection, column: PublishedColumn, language: Language
) -> Document:
    """Return one queryable; say so where a parameter of its name wins."""
    document = _property(collection, column)
    if column.name in ITEMS_PARAMETERS:
        note = say(language, "queryable.reserved", name=column.name)
        document["description"] = f"{column.description} {note}".strip()
    return document
