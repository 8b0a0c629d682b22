"""The forms of items as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Final

from service.links import Document
from service.negotiation import GEOJSON, HTML, JSONFG

ITEM_FORMS: Final = ("json", "geojson", JSONFG.name, HTML.name)
"""Values of `f` of items and of one item, the first unasked."""


def items_content() -> Document:
    """Return what a page of items may be, but for HTML."""
    return {
        GEOJSON.media_type: _content("featureCollection"),
        JSONFG.media_type: _content("jsonfgFeatureCollection"),
    }


def item_content() -> Document:
    """Return what one item may be, but for HTML."""
    return {
        GEOJSON.media_type: _content("feature"),
        JSONFG.media_type: _content("jsonfgFeature"),
    }


def _content(schema: str) -> Document:
    return {"schema": {"$ref": f"#/components/schemas/{schema}"}}
