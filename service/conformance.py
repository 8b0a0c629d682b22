"""`/conformance`: what the service holds itself to, and nothing more."""

from __future__ import annotations

from typing import Final

from service.item_forms import JSONFG_CLASSES
from service.links import Document

_COMMON_1 = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/"
_COMMON_2 = "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/"
_COMMON_3 = "http://www.opengis.net/spec/ogcapi-common-3/1.0/conf/"
_FEATURES_1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
_FEATURES_2 = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/"
_FEATURES_3 = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/"
_COMMON_5 = "http://www.opengis.net/spec/ogcapi-common-5/1.0/conf/"
_FEATURES_4 = "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/"
_FEATURES_5 = "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/"
_RECORDS_1 = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/"
_RECORDS_2 = "http://www.opengis.net/spec/ogcapi-records-2/1.0/conf/"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/"
_SCHEMAS = ("schemas", "returnables-and-receivables", "queryables", "sortables")
"""Of 23-058r2, under its own address and under that of its drafts, which most
clients look for.
"""
_CQL2_CLASSES = (
    "cql2-text",
    "cql2-json",
    "basic-cql2",
    "advanced-comparison-operators",
    "case-insensitive-comparison",
    "accent-insensitive-comparison",
    "basic-spatial-functions",
    "basic-spatial-functions-plus",
    "spatial-functions",
    "temporal-functions",
    "array-functions",
    "property-property",
    "arithmetic",
)
"""All of CQL2 but functions of one's own (`providers.cql2`)."""

CONFORMANCE_CLASSES: Final[tuple[str, ...]] = (
    *(
        f"{_COMMON_1}{name}"
        for name in ("core", "landing-page", "json", "html", "oas30")
    ),
    f"{_COMMON_2}collections",
    *(f"{_FEATURES_1}{name}" for name in ("core", "oas30", "geojson", "html")),
    f"{_FEATURES_2}crs",
    *(
        f"{_FEATURES_3}{name}"
        for name in (
            "queryables",
            "queryables-query-parameters",
            "filter",
            "features-filter",
        )
    ),
    *(f"{_COMMON_3}{name}" for name in ("advanced-property-roles", *_SCHEMAS)),
    *(f"{_FEATURES_5}{name}" for name in ("core-roles-features", *_SCHEMAS)),
    *(f"{_CQL2}{name}" for name in _CQL2_CLASSES),
    *JSONFG_CLASSES,
    *(
        f"{_RECORDS_1}{name}"
        for name in ("record-core", "record-core-query-parameters")
    ),
    *(f"{_RECORDS_2}{name}" for name in ("simple", "advanced")),
)
"""Conformance classes, in a fixed order."""


_CRUD = (
    "create-replace-delete",
    "update",
    "optimistic-locking-etags",
    "return-resource-representation-in-response",
    "handling",
)
"""Of 20-002, under the address of Part 4 and under that of its newest draft."""
EDITING_CLASSES: Final[tuple[str, ...]] = (
    *(f"{_FEATURES_4}{name}" for name in (*_CRUD, "features")),
    *(f"{_COMMON_5}{name}" for name in _CRUD),
)
"""Conformance classes of an API in which some collection is open for editing."""


def conformance_document(*, editing: bool) -> Document:
    """Return the document.

    Parameters
    ----------
    editing
        Whether some collection of the API is open for editing.
    """
    return {"conformsTo": [*CONFORMANCE_CLASSES, *(EDITING_CLASSES if editing else ())]}
