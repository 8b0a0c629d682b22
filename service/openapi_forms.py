"""The forms of items as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Final

from service.links import Document
from service.negotiation import CSV, GEOJSON, GML, HTML, JSONFG, XSD

ITEM_FORMS: Final = ("json", "geojson", JSONFG.name, GML.name, CSV.name, HTML.name)
"""Values of `f` of items and of one item, the first unasked."""

SCHEMA_FORMS: Final = ("json", HTML.name, XSD.name)
"""Values of `f` of the schema of a collection."""
_TEXT: Final[Document] = {"schema": {"type": "string"}}


def items_content() -> Document:
    """Return what a page of items may be, but for HTML."""
    return {
        GEOJSON.media_type: _content("featureCollection"),
        JSONFG.media_type: _content("jsonfgFeatureCollection"),
        GML.media_type: _TEXT,
        CSV.media_type: _TEXT,
    }


def item_content() -> Document:
    """Return what one item may be, but for HTML."""
    return {
        GEOJSON.media_type: _content("feature"),
        JSONFG.media_type: _content("jsonfgFeature"),
        GML.media_type: _TEXT,
        CSV.media_type: _TEXT,
    }


def schema_content() -> Document:
    """Return what the schema of a collection may be besides JSON and HTML."""
    return {XSD.media_type: _TEXT}


def _content(schema: str) -> Document:
    return {"schema": {"$ref": f"#/components/schemas/{schema}"}}
