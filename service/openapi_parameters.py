"""Parameters as the OpenAPI document describes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from metadata.dataset import Collection, published_columns
from metadata.finding import Language
from providers.query import SORTABLE, served_crs
from service.links import Document
from service.listing import DEFAULT_LIMIT as LISTED
from service.messages import say
from service.openapi_forms import ITEM_FORMS, SCHEMA_FORMS
from service.parameters import DEFAULT_LIMIT, ITEMS_PARAMETERS, MAXIMUM_LIMIT
from service.queryables import property_type

_BOX: Document = {
    "type": "array",
    "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
    "items": {"type": "number"},
}
_WORDS: Document = {"type": "array", "items": {"type": "string"}}
_ITEMS: dict[str, Document] = {
    "limit": {
        "type": "integer",
        "minimum": 1,
        "maximum": MAXIMUM_LIMIT,
        "default": DEFAULT_LIMIT,
    },
    "offset": {"type": "integer", "minimum": 0, "default": 0},
    "cursor": {"type": "string", "minLength": 1},
    "bbox": _BOX,
    "bbox-crs": {"type": "string", "format": "uri"},
    "crs": {"type": "string", "format": "uri"},
    "datetime": {"type": "string"},
    "properties": _WORDS,
    "sortby": _WORDS,
    "skipGeometry": {"type": "boolean", "default": False},
    "resulttype": {
        "type": "string",
        "enum": ["results", "hits"],
        "default": "results",
    },
    "filter": {"type": "string"},
    "filter-lang": {
        "type": "string",
        "enum": ["cql2-text", "cql2-json", "cql-text"],
        "default": "cql2-text",
    },
    "filter-crs": {"type": "string", "format": "uri"},
}
OWN_PARAMETERS = tuple(_ITEMS)
"""Names of the parameters of `/items`, `f` and `lang` left out."""
LISTING_PARAMETERS = ("listingLimit", "offset", "bbox", "q")
"""Components that are parameters of `/collections`, `f` and `lang` left out."""
_LISTS = {"bbox", "properties", "sortby"}
_STATED = {*_LISTS, "limit", "datetime"}
"""Those whose style Part 1 states (/req/core/fc-limit-definition and the like)."""


def shared_parameters(
    languages: Sequence[Language], language: Language
) -> dict[str, Document]:
    """Return the parameters that stand under `components`, by name."""
    found = {
        name: query(name, schema, say(language, f"parameter.{name}"))
        for name, schema in _ITEMS.items()
    }
    found["listingLimit"] = query(
        "limit",
        {**_ITEMS["limit"], "default": LISTED},
        say(language, "parameter.listingLimit"),
    )
    found["q"] = query("q", {"type": "string"}, say(language, "parameter.q"))
    spoken = {"type": "string", "enum": [str(each) for each in languages]}
    found["downloadForm"] = query(
        "f",
        {"type": "string", "enum": ["json", "geojson"], "default": "json"},
        say(language, "parameter.f"),
    )
    found["lang"] = query("lang", spoken, say(language, "parameter.lang"))
    formats = {"type": "string", "enum": ["json", "html"], "default": "json"}
    found["f"] = query("f", formats, say(language, "parameter.f"))
    forms = {"type": "string", "enum": [*ITEM_FORMS], "default": ITEM_FORMS[0]}
    found["itemForm"] = query("f", forms, say(language, "parameter.f"))
    schemas = {"type": "string", "enum": [*SCHEMA_FORMS], "default": SCHEMA_FORMS[0]}
    found["schemaForm"] = query("f", schemas, say(language, "parameter.f"))
    found["featureId"] = _path("featureId", language)
    return found


def collection_id(ids: Iterable[str], language: Language) -> Document:
    """Return the path parameter that names a collection, with all values it has."""
    parameter = _path("collectionId", language)
    known = sorted(ids)
    if known:
        parameter["schema"] = {"type": "string", "enum": known}
    return parameter


def property_parameters(collection: Collection) -> list[Document]:
    """Return one parameter for each column that equality can be asked of."""
    return [
        query(column.name, property_type(column), column.description)
        for column in published_columns(collection)
        if column.field.type in SORTABLE and column.name not in ITEMS_PARAMETERS
    ]


def crs_parameter(name: str, collection: Collection, language: Language) -> Document:
    """Return a parameter that names one of the CRS of a collection."""
    known = [crs.uri for crs in served_crs(collection)]
    schema: Document = {"type": "string", "enum": known, "default": known[0]}
    return query(name, schema, say(language, f"parameter.{name}"))


def query(name: str, schema: Document, description: str) -> Document:
    """Return a query parameter that may be left out."""
    parameter: Document = {
        "name": name,
        "in": "query",
        "required": False,
        "schema": schema,
    }
    if description:
        parameter["description"] = description
    if name in _STATED:
        parameter |= {"style": "form", "explode": False}
    return parameter


def _path(name: str, language: Language) -> Document:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": say(language, f"parameter.{name}"),
        "schema": {"type": "string"},
    }
