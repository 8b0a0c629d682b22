"""What a client may send of a feature: its receivables, as schemas say them.

References
----------
OGC API Features Part 4 (20-002, draft), /req/features/schema: whatever meets the
schema is accepted, so the schema tells all bounds that it can; OGC API Features
Part 5 (23-058r2), “Returnables and Receivables” (``readOnly``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from metadata.dataset import Collection, PublishedColumn, published_columns
from metadata.editing import is_given
from metadata.measured import FieldType, GeometryColumn, GeometryType
from providers.edited_values import INTEGERS, is_writable, longest_text
from service.links import Document

_NESTED: Final[Mapping[GeometryType, tuple[int, ...]]] = {
    GeometryType.POINT: (),
    GeometryType.MULTI_POINT: (1,),
    GeometryType.LINE_STRING: (2,),
    GeometryType.MULTI_LINE_STRING: (1, 2),
    GeometryType.POLYGON: (1, 4),
    GeometryType.MULTI_POLYGON: (1, 1, 4),
}
"""How many members each list has at least, from the outside inwards to positions."""


def with_receivables(document: Document, collection: Collection) -> Document:
    """Return the schema of a collection's features, with what edits are held to."""
    properties = dict(document["properties"])
    for column in published_columns(collection):
        properties[column.name] = {
            **properties[column.name],
            **bounds(column),
            **({"readOnly": True} if is_read_only(collection, column) else {}),
        }
    return {**document, "properties": properties, "additionalProperties": False}


def is_read_only(collection: Collection, column: PublishedColumn) -> bool:
    """Tell whether a column's values are only ever read."""
    return is_given(collection, column) or not is_writable(column)


def bounds(column: PublishedColumn) -> Document:
    """Return what the values of a column are within, in the words of JSON Schema."""
    bits = INTEGERS.get(column.field.native_type)
    if column.field.type is FieldType.INTEGER and bits is not None:
        return {"minimum": -(2**bits), "maximum": 2**bits - 1}
    longest = longest_text(column)
    return {} if longest is None else {"maxLength": longest}


def geometry_schema(geometry: GeometryColumn) -> Document:
    """Return the schema of a geometry that may be sent (OpenAPI 3.0)."""
    nested = _NESTED.get(geometry.type)
    if nested is None:
        return {"$ref": "#/components/schemas/geometry"}
    numbers = len("xyz") if geometry.dimension > len("xy") else len("xy")
    coordinates: Document = {
        "type": "array",
        "items": {"type": "number"},
        "minItems": numbers,
        "maxItems": numbers,
    }
    for least in reversed(nested):
        coordinates = {"type": "array", "items": coordinates, "minItems": least}
    return {
        "type": "object",
        "nullable": True,
        "required": ["type", "coordinates"],
        "properties": {
            "type": {"type": "string", "enum": [geometry.type.value]},
            "coordinates": coordinates,
        },
    }
